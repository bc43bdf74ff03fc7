/* MARS: AdamW on gradients whose variance is reduced by their last change, kept to length 1 (Yuan et al., 2024).
 *
 *     c = g + gamma beta1 / (1 - beta1) (g - h);  h <- g          h the last gradient, g at first
 *     c <- c / max(1, |c|) of each tensor
 *     m, v as in adam, of c
 *     x <- x - rate (weight_decay x + m/c1 / (sqrt(v/c2) + epsilon))
 *
 * Tensors of one dimension (biases, scales) are given to plain AdamW with betas of their own, unless `vectors` is mars. */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum {
    BETA1,
    BETA2,
    GAMMA,
    EPSILON,
    WEIGHT_DECAY,
    VECTORS,
    VECTOR_BETA1,
    VECTOR_BETA2,
    VECTOR_DECAY,
    FROM_NOTHING,
    RAW,
    EPSILON_ROOT
};
enum { BY_ADAMW, BY_MARS };
enum { SCALE, CHANGE, LENGTH, RISE1, KEEP2, RISE2, INSIDE, ROOT, OUTSIDE, STEP, SHRINK, CONSTANTS };
enum { MEAN, SQUARE, LAST };

#define RULE "rule_mars.c"
#include "every_isa.h"

static bool is_reduced(const double *hyper, const gradus_now *now)
{
    return hyper[VECTORS] == BY_MARS || now->rows > 1;
}

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const bool reduced = is_reduced(hyper, now);
    const double beta1 = hyper[reduced ? BETA1 : VECTOR_BETA1], beta2 = hyper[reduced ? BETA2 : VECTOR_BETA2];
    const bool changed = reduced && (now->update > 1 || hyper[FROM_NOTHING]);
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[CHANGE] = changed ? hyper[GAMMA] * beta1 / (1 - beta1) : 0;
    constants[LENGTH] = 1;
    constants[RISE1] = 1 - beta1;
    constants[KEEP2] = beta2;
    constants[RISE2] = 1 - beta2;
    constants[ROOT] = 1 / sqrt(1 - gradus_power(beta2, now->update));
    constants[INSIDE] = hyper[EPSILON_ROOT];
    constants[OUTSIDE] = hyper[EPSILON] * (hyper[RAW] ? constants[ROOT] : 1);
    constants[STEP] = now->rate / (1 - gradus_power(beta1, now->update));
    constants[SHRINK] = now->rate * hyper[reduced || hyper[VECTOR_DECAY] < 0 ? WEIGHT_DECAY : VECTOR_DECAY];
}

static void shorten(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                    double *constants)
{
    (void)memory;
    if (is_reduced(hyper, now)) constants[LENGTH] = 1 / fmax(1, sqrt(sums[0]));
}

const gradus_rule_row gradus_rule_mars = {
    .member =
        {.name = "mars",
         .summary = "adamw on gradients made less noisy by their last change",
         .formula =
             "c = g + gamma beta1/(1 - beta1) (g - h), of length 1 at most; m, v of c; x <- x - rate (weight_decay x + "
             "m/(1 - beta1^k) / (sqrt(v/(1 - beta2^k)) + epsilon))",
         .paper = "Yuan et al. 2024",
         .arguments =
             (const gradus_argument[]){
                 [BETA1] = RULE_SHARE("beta1", "0.95", "part of the mean gradient that is kept",
                                      .search = "uniform(0.9, 0.99)", .also = "b1"),
                 [BETA2] = RULE_SHARE("beta2", "0.99", "part of the mean square that is kept",
                                      .search = "uniform(0.9, 0.999)", .also = "b2"),
                 [GAMMA] = RULE_AMOUNT("gamma", "0.025", "how much of the change is added",
                                       .search = "loguniform(0.005, 0.1)"),
                 [EPSILON] = RULE_EPSILON("1e-8"),
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-4, 1)"),
                 [VECTORS] = {"vectors", GRADUS_WORD, .initial = "adamw", .words = "adamw|mars",
                              .help = "what moves tensors of one dimension", .flags = GRADUS_NAMED},
                 [VECTOR_BETA1] = RULE_SHARE("vector_beta1", "0.9", "adamw's beta1 for those"),
                 [VECTOR_BETA2] = RULE_SHARE("vector_beta2", "0.95", "adamw's beta2 for those"),
                 [VECTOR_DECAY] = {"vector_weight_decay", GRADUS_NUMBER, .initial = "-1", .low = -1, .high = INFINITY,
                                   .help = "adamw's weight decay for those; below 0: as for all",
                                   .flags = GRADUS_NAMED | GRADUS_FOREIGN},
                 [FROM_NOTHING] = {"from_nothing", GRADUS_FLAG, .initial = "false",
                                   .help = "before the first gradient there was one of 0",
                                   .flags = GRADUS_NAMED | GRADUS_FOREIGN},
                 [RAW] = {"raw", GRADUS_FLAG, .initial = "false",
                          .help = "epsilon is added to the root of the mean square as it is kept",
                          .flags = GRADUS_NAMED | GRADUS_FOREIGN},
                 [EPSILON_ROOT] = {"epsilon_root", GRADUS_NUMBER, .initial = "0", .low = 0, .high = INFINITY,
                                   .help = "added under the root", .flags = GRADUS_NAMED | GRADUS_FOREIGN},
                 {0}},
         .like =
             (const gradus_like[]){
                 {"timm", "mars",
                  "eps=epsilon, optimize_1d=vectors adamw|mars, betas_1d1=vector_beta1, betas_1d2=vector_beta2",
                  "beta1=0.9, vector_beta2=0.99"},
                 {"pytorch_optimizer", "MARS",
                  "eps=epsilon, optimize_1d=vectors adamw|mars, weight_decay_1d=vector_weight_decay",
                  "vector_weight_decay=0.1, from_nothing=true, raw=true, epsilon_root=1e-15"},
                 {0}}},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){RULE_MEANS(MEAN, SQUARE), [LAST] = {.name = "last_grad"}, {0}},
    .constants = "scale, change, length, rise1, keep2, rise2, inside, root, outside, step, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(measure), .twin = measure_double, .sums = 1, .conclude = shorten},
             {.kernel = EVERY_ISA(mars), .twin = mars_double}},
    .usual = 0.003,
};

#else /* once for each instruction set */

static inline lane ISA(reduced)(const cell *c, lane g, const lane *k) { return g + k[CHANGE] * (g - c->s[LAST]); }

static inline void ISA(measure_element)(cell *c, const lane *k)
{
    c->sum[0] = c->times[0] = ISA(reduced)(c, c->g * k[SCALE], k);
}

static void ISA(measure)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(measure_element), GRADIENT | SLOT(LAST), 0, CONSTANTS, 1, spans, how_many, k);
}

static inline void ISA(mars_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE], r = ISA(reduced)(c, g, k) * k[LENGTH];
    c->s[LAST] = g;
    c->s[MEAN] = c->s[MEAN] + k[RISE1] * (r - c->s[MEAN]);
    c->s[SQUARE] = k[KEEP2] * c->s[SQUARE] + k[RISE2] * (r * r);
    const lane below = root(c->s[SQUARE] + k[INSIDE]) * k[ROOT] + k[OUTSIDE];
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * c->s[MEAN] / below);
}

static void ISA(mars)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(SQUARE) | SLOT(LAST) };
    walk(ISA(mars_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
