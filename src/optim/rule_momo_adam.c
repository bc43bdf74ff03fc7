/* MoMo-Adam: Adam whose steps are no longer than a line under the loss allows (Schaipp et al., 2024).
 *
 *     d <- beta1 d + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g g;  b = sqrt(v / (1 - beta2^k)) + epsilon
 *     f, p: means of the loss and of g x like d;  |d|^2 = sum of d d / b
 *     x <- x - min(rate / (1 - beta1^k), t) d / b - rate weight_decay / (1 + rate weight_decay) x     t as in momo.h */
#ifndef RULE
#include "momo.h"
#include "kernel.h"

enum { BETA1 = MOMO_SHARED, BETA2, EPSILON };
enum { SCALE, KEEP1, RISE1, KEEP2, RISE2, ROOT, OUTSIDE, SHRINK, STEP, CONSTANTS };
enum { MEAN, SQUARE };

#define RULE "rule_momo_adam.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[KEEP1] = hyper[BETA1];
    constants[RISE1] = 1 - hyper[BETA1];
    constants[KEEP2] = hyper[BETA2];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[ROOT] = 1 / sqrt(1 - gradus_power(hyper[BETA2], now->update));
    constants[OUTSIDE] = hyper[EPSILON];
    constants[SHRINK] = gradus_momo_shrink(hyper, now);
}

static void learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    gradus_momo_learn(hyper, now, hyper[BETA1], 1 - gradus_power(hyper[BETA1], now->update), sums, memory);
}

static void conclude(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                     double *constants)
{
    (void)sums;
    constants[STEP] = gradus_momo_effective_rate(hyper, now, memory);
}

const gradus_rule_row gradus_rule_momo_adam = {
    .member =
        {.name = "momo_adam",
         .summary = "adam with steps as long as the loss allows",
         .formula =
             "t = max(0, mean of (loss - g x) - c lower_bound + d x) / sum of d^2/b; x <- x - min(rate / c, t) d / b",
         .paper = "Schaipp, Ohana, Eickenberg, Defazio and Gower 2024",
         .arguments =
             (const gradus_argument[]){
                 MOMO_ARGUMENTS, [BETA1] = RULE_BETA1, [BETA2] = RULE_BETA2, [EPSILON] = RULE_EPSILON("1e-8"), {0}},
         .like = (const gradus_like[]){{"optax", "contrib.momo_adam", "b1=beta1, b2=beta2, eps=epsilon", NULL}, {0}},
         .notes = MOMO_NOTE},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){RULE_MEANS(MEAN, SQUARE), {0}},
    .constants = "scale, keep1, rise1, keep2, rise2, root, outside, shrink, step",
    .memory = MOMO_MEMORY,
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(measure),
              .twin = measure_double,
              .sums = MOMO_SUMS,
              .over_all = true,
              .learn = learn,
              .conclude = conclude},
             {.kernel = EVERY_ISA(step), .twin = step_double}},
    .effective_rate = gradus_momo_effective_rate,
    .usual = 0.01,
};

#else /* once for each instruction set */

static inline lane ISA(direction)(const cell *c, const lane *k)
{
    return c->s[MEAN] / (root(c->s[SQUARE]) * k[ROOT] + k[OUTSIDE]);
}

static inline void ISA(measure_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE];
    c->s[MEAN] = k[KEEP1] * c->s[MEAN] + k[RISE1] * g;
    c->s[SQUARE] = k[KEEP2] * c->s[SQUARE] + k[RISE2] * (g * g);
    c->sum[MOMO_LENGTH] = c->sum[MOMO_MEAN_PRODUCT] = c->s[MEAN];
    c->times[MOMO_LENGTH] = ISA(direction)(c, k);
    c->sum[MOMO_PRODUCT] = g;
    c->times[MOMO_PRODUCT] = c->times[MOMO_MEAN_PRODUCT] = c->x;
}

static void ISA(measure)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(SQUARE) };
    walk(ISA(measure_element), GRADIENT | VALUES | STATE, STATE, CONSTANTS, MOMO_SUMS, spans, how_many, k);
}

static inline void ISA(step_element)(cell *c, const lane *k)
{
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * ISA(direction)(c, k));
}

static void ISA(step)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(step_element), VALUES | SLOT(MEAN) | SLOT(SQUARE), VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
