/* D-Adaptation for Adan: the rate is an estimate of the distance to the best values, from means of the gradients and of
 * their squares (Defazio and Mishchenko, 2023; Xie et al., 2022).
 *
 *     w = d rate;  h = g - g before                  0 in the first update
 *     m <- beta1 m + (1 - beta1) w g;  n <- beta2 n + (1 - beta2) w h
 *     v <- beta3 v + (1 - beta3) (g + beta2 h)^2;  b = sqrt(v) + epsilon
 *     s <- beta3 s + (1 - beta3) w g
 *     G <- beta3 G + (1 - beta3) w w sum of g g / b               over all tensors
 *     d <- max(d, (sum of s s / b / (1 - beta3) - G) / |s|), growing by no more than `growth`
 *     proximal   x <- (x - (m + beta2 n) / b) / (1 + w weight_decay)
 *     decoupled  x <- x - w weight_decay x - (m + beta2 n) / b */
#ifndef RULE
#include "adapt.h"
#include "kernel.h"

enum { BETA1 = ADAPT_SHARED, BETA2, BETA3, EPSILON, DECAY };
enum { PROXIMAL, DECOUPLED };
enum {
    SCALE,
    WEIGHT,
    KEEP1,
    RISE1,
    KEEP2,
    RISE2,
    LOOK,
    KEEP3,
    RISE3,
    RISE_SUM,
    OUTSIDE,
    CHANGED,
    SHRINK,
    BACK,
    CONSTANTS
};
enum { SUM, MEAN, CHANGE, SQUARE, BEFORE_GRADIENT };
enum { SUMS, GRADIENTS, SIZE };

#define RULE "rule_dadapt_adan.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double weight = gradus_adapt_distance(hyper, memory) * now->rate, decay = weight * hyper[ADAPT_WEIGHT_DECAY];
    constants[SCALE] = now->gradient_scale;
    constants[WEIGHT] = weight;
    constants[KEEP1] = hyper[BETA1];
    constants[RISE1] = (1 - hyper[BETA1]) * weight;
    constants[KEEP2] = hyper[BETA2];
    constants[RISE2] = (1 - hyper[BETA2]) * weight;
    constants[LOOK] = hyper[BETA2];
    constants[KEEP3] = hyper[BETA3];
    constants[RISE3] = 1 - hyper[BETA3];
    constants[RISE_SUM] = (1 - hyper[BETA3]) * weight;
    constants[OUTSIDE] = hyper[EPSILON];
    constants[CHANGED] = now->update > 1;
    constants[SHRINK] = hyper[DECAY] == DECOUPLED ? decay : 0;
    constants[BACK] = hyper[DECAY] == PROXIMAL ? 1 + decay : 1;
}

static void learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    const double keep = hyper[BETA3];
    if (sums[SIZE] == 0) return;
    memory[ADAPT_NUMERATOR] = keep * memory[ADAPT_NUMERATOR] + (1 - keep) * sums[GRADIENTS];
    gradus_adapt_grow(hyper, now, (sums[SUMS] / (1 - keep) - memory[ADAPT_NUMERATOR]) / sums[SIZE], memory);
}

const gradus_rule_row gradus_rule_dadapt_adan = {
    .member =
        {.name = "dadapt_adan",
         .summary = "adan whose rate is a lower bound of the distance to the best values",
         .formula =
             "b = sqrt(v) + epsilon; s: mean of d g; d <- max(d, (s^2/b / (1 - beta3) - mean of d^2 g^2/b) / |s|); "
             "x <- x - rate d (m + beta2 n) / b",
         .paper = "Defazio and Mishchenko 2023; Xie et al. 2022",
         .arguments =
             (const gradus_argument[]){
                 ADAPT_ARGUMENTS,
                 [BETA1] = RULE_SHARE("beta1", "0.98", "part of the mean gradient that is kept",
                                      .search = "uniform(0.9, 0.99)", .also = "beta_1, b1"),
                 [BETA2] = RULE_SHARE("beta2", "0.92", "part of the mean change of the gradient that is kept",
                                      .search = "uniform(0.8, 0.99)", .also = "beta_2, b2"),
                 [BETA3] = RULE_SHARE("beta3", "0.99", "part of the mean square that is kept",
                                      .search = "uniform(0.9, 0.999)", .also = "beta_3, b3"),
                 [EPSILON] = RULE_EPSILON("1e-8"),
                 [DECAY] = {"decay", GRADUS_WORD, .initial = "proximal", .words = "proximal|decoupled",
                            .help = "the values are divided after the step, or as adamw has it", .flags = GRADUS_NAMED},
                 {0}},
         .like = (const gradus_like[]){{"dadaptation", "DAdaptAdan",
                                        "eps=epsilon, d0=first, growth_rate=growth, no_prox=decay proximal|decoupled",
                                        "weight_decay=0.02"},
                                       {0}},
         .notes = ADAPT_NOTE},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[SUM] = {.name = "s", .exact = true},
                                   [MEAN] = {.name = "exp_avg"},
                                   [CHANGE] = {.name = "exp_avg_diff"},
                                   [SQUARE] = {.name = "exp_avg_sq", .non_negative = true},
                                   [BEFORE_GRADIENT] = {.name = "previous_gradient"},
                                   {0}},
    .constants =
        "scale, weight, keep1, rise1, keep2, rise2, ahead, keep3, rise3, rise_sum, outside, changed, shrink, back",
    .memory = "distance, gradients",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(measure), .twin = measure_double, .sums = 3, .over_all = true, .learn = learn},
             {.kernel = EVERY_ISA(step), .twin = step_double}},
    .effective_rate = gradus_adapt_effective_rate,
    .usual = 1,
};

#else /* once for each instruction set */

static inline lane ISA(below)(const cell *c, const lane *k) { return root(c->s[SQUARE]) + k[OUTSIDE]; }

static inline void ISA(measure_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE], change = choose(above(k[CHANGED], all(0)), g - c->s[BEFORE_GRADIENT], all(0)),
               ahead = g + k[LOOK] * change, step = k[WEIGHT] * g;
    c->s[MEAN] = k[KEEP1] * c->s[MEAN] + k[RISE1] * g;
    c->s[CHANGE] = k[KEEP2] * c->s[CHANGE] + k[RISE2] * change;
    c->s[SQUARE] = k[KEEP3] * c->s[SQUARE] + k[RISE3] * (ahead * ahead);
    c->s[SUM] = k[KEEP3] * c->s[SUM] + k[RISE_SUM] * g;
    c->s[BEFORE_GRADIENT] = g;
    c->sum[SUMS] = c->s[SUM];
    c->times[SUMS] = c->s[SUM] / ISA(below)(c, k);
    c->sum[GRADIENTS] = step;
    c->times[GRADIENTS] = step / ISA(below)(c, k);
    c->sum[SIZE] = absolute(c->s[SUM]);
    c->times[SIZE] = all(1);
}

static void ISA(measure)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(SUM) | SLOT(MEAN) | SLOT(CHANGE) | SLOT(SQUARE) | SLOT(BEFORE_GRADIENT) };
    walk(ISA(measure_element), GRADIENT | STATE, STATE, CONSTANTS, 3, spans, how_many, k);
}

static inline void ISA(step_element)(cell *c, const lane *k)
{
    const lane step = (c->s[MEAN] + k[LOOK] * c->s[CHANGE]) / ISA(below)(c, k);
    c->x = (c->x - (k[SHRINK] * c->x + step)) / k[BACK];
}

static void ISA(step)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(step_element), VALUES | SLOT(MEAN) | SLOT(CHANGE) | SLOT(SQUARE), VALUES, CONSTANTS, 0, spans, how_many,
         k);
}
#endif
