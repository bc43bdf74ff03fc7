/* D-Adaptation for Adam: the rate is an estimate of the distance to the best values, from how each gradient lies to the
 * mean of those before it (Defazio and Mishchenko, 2023).
 *
 *     w = d rate c                                   c = sqrt(1 - beta2^k) / (1 - beta1^k), or 1;  q = sqrt(beta2)
 *     N <- q N + (1 - q) w g s / (sqrt(v) + epsilon)              over all tensors, s and v as they were
 *     m <- beta1 m + (1 - beta1) w g;  v <- beta2 v + (1 - beta2) g g;  s <- q s + (1 - q) w g
 *     d <- max(d, N / ((1 - q) |s|)), growing by no more than `growth`
 *     x <- x - m / (sqrt(v) + epsilon)               decoupled decay: x <- x - w weight_decay x first */
#ifndef RULE
#include "adapt.h"
#include "kernel.h"

enum { BETA1 = ADAPT_SHARED, BETA2, EPSILON, BIAS_CORRECTION, DECAY };
enum { SCALE, COUPLED, WEIGHT, KEEP1, RISE1, KEEP2, RISE2, KEEP_SUM, RISE_SUM, OUTSIDE, SHRINK, CONSTANTS };
enum { SUM, MEAN, SQUARE };
enum { ALONG, SIZE };

#define RULE "rule_dadapt_adam.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double keep = sqrt(hyper[BETA2]),
                 correction =
                     hyper[BIAS_CORRECTION] ? gradus_adapt_correction(hyper[BETA1], hyper[BETA2], now->update) : 1,
                 weight = gradus_adapt_distance(hyper, memory) * now->rate * correction;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[ADAPT_WEIGHT_DECAY] : 0;
    constants[WEIGHT] = weight;
    constants[KEEP1] = hyper[BETA1];
    constants[RISE1] = (1 - hyper[BETA1]) * weight;
    constants[KEEP2] = hyper[BETA2];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[KEEP_SUM] = keep;
    constants[RISE_SUM] = (1 - keep) * weight;
    constants[OUTSIDE] = hyper[EPSILON];
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? weight * hyper[ADAPT_WEIGHT_DECAY] : 0;
}

static void learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    gradus_adapt_by_mean(hyper, now, sqrt(hyper[BETA2]), sums[ALONG], sums[SIZE], memory);
}

const gradus_rule_row gradus_rule_dadapt_adam = {
    .member = {.name = "dadapt_adam",
               .summary = "adam whose rate is a lower bound of the distance to the best values",
               .formula = "d <- max(d, mean of d g s / (sqrt(v) + epsilon) / |s|); s: mean of d g; x <- x - rate d m / "
                          "(sqrt(v) + epsilon)",
               .paper = "Defazio and Mishchenko 2023",
               .also = "d_adaptation, dadaptation, d_adapt, dadapt_adamw",
               .arguments = (const gradus_argument[]){ADAPT_ARGUMENTS,
                                                      [BETA1] = RULE_BETA1,
                                                      [BETA2] = RULE_BETA2,
                                                      [EPSILON] = RULE_EPSILON("1e-8", .open = "("),
                                                      [BIAS_CORRECTION] = RULE_BIAS_CORRECTION,
                                                      [DECAY] = ADAPT_DECAY_ARGUMENT("decoupled"),
                                                      {0}},
               .like =
                   (const gradus_like[]){
                       {"dadaptation", "DAdaptAdam",
                        "eps=epsilon, d0=first, growth_rate=growth, use_bias_correction=bias_correction, "
                        "decouple=decay coupled|decoupled",
                        "bias_correction=false, decay=coupled"},
                       {"optax", "contrib.dadapt_adamw", "eps=epsilon, estim_lr0=first", NULL},
                       {"pytorch_optimizer", "DAdaptAdam",
                        "eps=epsilon, d0=first, growth_rate=growth, weight_decouple=decay coupled|decoupled",
                        "bias_correction=false, decay=coupled"},
                       {0}},
               .notes = ADAPT_NOTE
               "Its authors leave\n"
               "bias_correction off, which makes the first steps three times too long. prodigy finds the "
               "distance sooner."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[SUM] = {.name = "s", .exact = true}, RULE_MEANS(MEAN, SQUARE), {0}},
    .constants = "scale, coupled, weight, keep1, rise1, keep2, rise2, keep_sum, rise_sum, outside, shrink",
    .memory = "distance, numerator",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(measure), .twin = measure_double, .sums = 2, .over_all = true, .learn = learn},
             {.kernel = EVERY_ISA(step), .twin = step_double}},
    .effective_rate = gradus_adapt_effective_rate,
    .usual = 1,
};

#else /* once for each instruction set */

static inline lane ISA(below)(const cell *c, const lane *k) { return root(c->s[SQUARE]) + k[OUTSIDE]; }

static inline void ISA(measure_element)(cell *c, const lane *k)
{
    const lane g = c->has & VALUES ? c->g * k[SCALE] + c->x * k[COUPLED] : c->g * k[SCALE];
    c->sum[ALONG] = k[WEIGHT] * g;
    c->times[ALONG] = c->s[SUM] / ISA(below)(c, k);
    c->s[MEAN] = k[KEEP1] * c->s[MEAN] + k[RISE1] * g;
    c->s[SQUARE] = k[KEEP2] * c->s[SQUARE] + k[RISE2] * (g * g);
    c->s[SUM] = k[KEEP_SUM] * c->s[SUM] + k[RISE_SUM] * g;
    c->sum[SIZE] = absolute(c->s[SUM]);
    c->times[SIZE] = all(1);
}

static void ISA(measure)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(SUM) | SLOT(MEAN) | SLOT(SQUARE) };
    if (k[COUPLED] > 0)
        walk(ISA(measure_element), VALUES | GRADIENT | STATE, STATE, CONSTANTS, 2, spans, how_many, k);
    else
        walk(ISA(measure_element), GRADIENT | STATE, STATE, CONSTANTS, 2, spans, how_many, k);
}

static inline void ISA(step_element)(cell *c, const lane *k)
{
    c->x = c->x - (k[SHRINK] * c->x + c->s[MEAN] / ISA(below)(c, k));
}

static void ISA(step)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(step_element), VALUES | SLOT(MEAN) | SLOT(SQUARE), VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
