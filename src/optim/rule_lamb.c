/* LAMB: Adam's step, made as long as a share of its tensor's values, so that very large batches can be trained with one
 * rate for all layers (You et al., 2020).
 *
 *     m, v as in adam; u = m/c1 / (sqrt(v/c2 + epsilon_root) + epsilon) + weight_decay x
 *     ratio = |x| / (|u| + ratio_epsilon) of each tensor, 1 where one of them is 0
 *     x <- x - rate ratio u
 *     decoupled: the decay is no part of u; x <- x - rate weight_decay x first, which the ratio sees     (Keras)
 *     max_norm: all gradients are shrunk first when their norm is above it                               (timm) */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum {
    BETA1,
    BETA2,
    EPSILON,
    EPSILON_ROOT,
    BIAS_CORRECTION,
    WEIGHT_DECAY,
    DECAY,
    ADAPT,
    RATIO_MOST,
    NORM_MOST,
    RATIO_EPSILON,
    MAX_NORM,
    STEP_CORRECTION
};
enum { INSIDE_STEP, DECOUPLED };
enum { ALWAYS, DECAYED };
enum { SCALE, RISE1, KEEP2, RISE2, INSIDE, ROOT, OUTSIDE, MEAN, PULL, STEP, SHRINK, CONSTANTS };
enum { FIRST, SECOND };
enum { SIZE, LENGTH };

#define RULE "rule_lamb.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const bool correct = hyper[BIAS_CORRECTION] != 0;
    const double c1 = correct ? 1 - gradus_power(hyper[BETA1], now->update) : 1;
    const double c2 = correct ? 1 - gradus_power(hyper[BETA2], now->update) : 1;
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[KEEP2] = hyper[BETA2];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[INSIDE] = hyper[EPSILON_ROOT] * c2;
    constants[ROOT] = 1 / sqrt(c2);
    constants[OUTSIDE] = hyper[EPSILON];
    constants[MEAN] = 1 / c1;
    constants[PULL] = hyper[DECAY] == INSIDE_STEP ? hyper[WEIGHT_DECAY] : 0;
    constants[STEP] = now->rate;
    constants[SHRINK] = hyper[DECAY] == DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

static void clip(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                 double *constants)
{
    (void)now, (void)memory;
    constants[SCALE] *= fmin(1, hyper[MAX_NORM] / sqrt(sums[0]));
}

static void adapt(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                  double *constants)
{
    double size = sqrt(sums[SIZE]) * (1 - constants[SHRINK]);
    const double length = sqrt(sums[LENGTH]);
    (void)memory;
    if (hyper[NORM_MOST] > 0) size = fmin(size, hyper[NORM_MOST]);
    double ratio = size > 0 && length > 0 ? size / (length + hyper[RATIO_EPSILON]) : 1;
    if (hyper[RATIO_MOST] > 0) ratio = fmin(ratio, hyper[RATIO_MOST]);
    if (hyper[ADAPT] == DECAYED && hyper[WEIGHT_DECAY] == 0) ratio = 1;
    if (hyper[STEP_CORRECTION]) ratio /= 1 - gradus_power(hyper[BETA1], now->update);
    constants[STEP] = now->rate * ratio;
}

const gradus_rule_row gradus_rule_lamb = {
    .member =
        {.name = "lamb",
         .summary = "adam with steps as long as a share of each tensor's values",
         .formula = "u = m/(1 - beta1^k) / (sqrt(v/(1 - beta2^k)) + epsilon) + weight_decay x; x <- x - rate |x|/|u| u",
         .paper = "You et al. 2020",
         .arguments =
             (const gradus_argument[]){
                 [BETA1] = RULE_BETA1,
                 [BETA2] = RULE_BETA2,
                 [EPSILON] = RULE_EPSILON("1e-6", .search = "loguniform(1e-10, 1e-4)"),
                 [EPSILON_ROOT] = RULE_AMOUNT("epsilon_root", "0", "added under the root, to the corrected mean square",
                                              .also = "eps_root"),
                 [BIAS_CORRECTION] = RULE_BIAS_CORRECTION,
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0.01", "loguniform(1e-4, 1)"),
                 [DECAY] = {"decay", GRADUS_WORD, .initial = "inside", .words = "inside|decoupled",
                            .help = "a part of the step whose length counts, or on its own before it",
                            .flags = GRADUS_NAMED},
                 [ADAPT] = {"adapt", GRADUS_WORD, .initial = "always", .words = "always|decayed",
                            .help = "which tensors have steps of a length of their own: all, or those that decay",
                            .flags = GRADUS_NAMED},
                 [RATIO_MOST] = RULE_AMOUNT("ratio_most", "0", "the ratio is no larger than this; 0: any"),
                 [NORM_MOST] = RULE_AMOUNT("norm_most", "0", "a tensor's values count as no longer than this; 0: any"),
                 [RATIO_EPSILON] = RULE_AMOUNT("ratio_epsilon", "0", "added to the step's length in the ratio"),
                 [MAX_NORM] = RULE_AMOUNT("max_norm",
                                          "0", "norm of all gradients above which they are shrunk first; 0: none",
                                          .also = "max_grad_norm"),
                 [STEP_CORRECTION] = {"step_correction", GRADUS_FLAG, .initial = "false",
                                      .help = "the mean is made up for in the rate, where the ratio does not see it",
                                      .flags = GRADUS_NAMED | GRADUS_FOREIGN},
                 {0}},
         .like =
             (const gradus_like[]){
                 {"optax", "lamb", "b1=beta1, b2=beta2, eps=epsilon, eps_root=epsilon_root", "weight_decay=0"},
                 {"keras", "Lamb", "beta_1=beta1, beta_2=beta2", "epsilon=1e-7, weight_decay=0, decay=decoupled"},
                 {"timm", "lamb", "eps=epsilon, max_grad_norm=max_norm, always_adapt=adapt decayed|always",
                  "adapt=decayed, max_norm=1"},
                 {"timm", "lambc", "eps=epsilon, max_grad_norm=max_norm, always_adapt=adapt decayed|always",
                  "adapt=decayed, max_norm=1, ratio_most=1"},
                 {"pytorch_optimizer", "Lamb", "eps=epsilon",
                  "weight_decay=0, decay=decoupled, bias_correction=false, step_correction=true, norm_most=10, "
                  "ratio_epsilon=1e-6"},
                 {0}},
         .notes = "timm shrinks all gradients to a norm of 1 first, and adapts only what decays; lambc never makes a "
                  "step longer.\n"
                  "In Keras the decay is no part of the step whose length counts."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){RULE_MEANS(FIRST, SECOND), {0}},
    .constants = "scale, rise1, keep2, rise2, inside, root, outside, mean, pull, step, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(measure),
              .twin = measure_double,
              .sums = 1,
              .over_all = true,
              .conclude = clip,
              .only_if = "max_norm"},
             {.kernel = EVERY_ISA(means), .twin = means_double, .sums = 2, .conclude = adapt},
             {.kernel = EVERY_ISA(step), .twin = step_double}},
    .usual = 0.01,
};

#else /* once for each instruction set */

static inline void ISA(measure_element)(cell *c, const lane *k) { c->sum[0] = c->times[0] = c->g * k[SCALE]; }

static void ISA(measure)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(measure_element), GRADIENT, 0, CONSTANTS, 1, spans, how_many, k);
}

static inline lane ISA(direction)(const cell *c, const lane *k)
{
    const lane below = root(c->s[SECOND] + k[INSIDE]) * k[ROOT] + k[OUTSIDE];
    return k[MEAN] * c->s[FIRST] / below + k[PULL] * c->x;
}

static inline void ISA(means_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE];
    c->s[FIRST] = c->s[FIRST] + k[RISE1] * (g - c->s[FIRST]);
    c->s[SECOND] = k[KEEP2] * c->s[SECOND] + k[RISE2] * (g * g);
    c->sum[SIZE] = c->times[SIZE] = c->x;
    c->sum[LENGTH] = c->times[LENGTH] = ISA(direction)(c, k);
}

static void ISA(means)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(FIRST) | SLOT(SECOND) };
    walk(ISA(means_element), GRADIENT | VALUES | STATE, STATE, CONSTANTS, 2, spans, how_many, k);
}

static inline void ISA(step_element)(cell *c, const lane *k)
{
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * ISA(direction)(c, k));
}

static void ISA(step)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(step_element), VALUES | SLOT(FIRST) | SLOT(SECOND), VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
