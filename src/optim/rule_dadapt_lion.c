/* D-Adaptation for Lion: the rate is an estimate of the distance to the best values, from how each step lies to the mean
 * of those before it (Defazio and Mishchenko, 2023; Chen et al., 2023).
 *
 *     w = d rate;  q = sqrt(beta2)
 *     u = sign(beta1 m + (1 - beta1) g)
 *     x <- x - w u                                   decoupled decay: x <- x - w weight_decay x first
 *     m <- beta2 m + (1 - beta2) w g
 *     N <- q N + (1 - q) w u s;  s <- q s + (1 - q) w u           over all tensors, s as it was
 *     d <- max(d, N / ((1 - q) |s|)), for the next update, growing by no more than `growth` */
#ifndef RULE
#include "adapt.h"
#include "kernel.h"

enum { BETA1 = ADAPT_SHARED, BETA2, DECAY };
enum { SCALE, COUPLED, WEIGHT, SHRINK, KEEP1, RISE1, KEEP2, RISE2, KEEP_SUM, RISE_SUM, CONSTANTS };
enum { SUM, MEAN };
enum { ALONG, SIZE };

#define RULE "rule_dadapt_lion.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double keep = sqrt(hyper[BETA2]), weight = gradus_adapt_distance(hyper, memory) * now->rate;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[ADAPT_WEIGHT_DECAY] : 0;
    constants[WEIGHT] = weight;
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? weight * hyper[ADAPT_WEIGHT_DECAY] : 0;
    constants[KEEP1] = hyper[BETA1];
    constants[RISE1] = 1 - hyper[BETA1];
    constants[KEEP2] = hyper[BETA2];
    constants[RISE2] = (1 - hyper[BETA2]) * weight;
    constants[KEEP_SUM] = keep;
    constants[RISE_SUM] = (1 - keep) * weight;
}

static void learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    gradus_adapt_by_mean(hyper, now, sqrt(hyper[BETA2]), sums[ALONG], sums[SIZE], memory);
}

const gradus_rule_row gradus_rule_dadapt_lion = {
    .member =
        {.name = "dadapt_lion",
         .summary = "lion whose rate is a lower bound of the distance to the best values",
         .formula =
             "u = sign(beta1 m + (1 - beta1) g); x <- x - rate d u; d <- max(d, mean of d u s / |s|); s: mean of d u",
         .paper = "Defazio and Mishchenko 2023; Chen et al. 2023",
         .arguments =
             (const gradus_argument[]){ADAPT_ARGUMENTS,
                                       [BETA1] = RULE_SHARE("beta1", "0.9",
                                                            "weight of the mean gradient against the one at hand",
                                                            .search = "uniform(0.8, 0.99)", .also = "beta_1, b1"),
                                       [BETA2] = RULE_SHARE("beta2", "0.99", "part of the mean gradient that is kept",
                                                            .search = "uniform(0.9, 0.999)", .also = "beta_2, b2"),
                                       [DECAY] = ADAPT_DECAY_ARGUMENT("decoupled"),
                                       {0}},
         .like =
             (const gradus_like[]){{"dadaptation", "DAdaptLion", "d0=first", NULL},
                                   {"pytorch_optimizer", "DAdaptLion",
                                    "d0=first, weight_decouple=decay coupled|decoupled", "beta2=0.999, decay=coupled"},
                                   {0}},
         .notes = ADAPT_NOTE
         "On small\n"
         "nets its estimate may grow without end, as it does in its authors' code: prodigy and dadapt_adam are safer."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[SUM] = {.name = "s", .exact = true}, [MEAN] = {.name = "exp_avg"}, {0}},
    .constants = "scale, coupled, weight, shrink, keep1, rise1, keep2, rise2, keep_sum, rise_sum",
    .memory = "distance, numerator",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(step), .twin = step_double, .sums = 2, .over_all = true, .learn = learn}},
    .effective_rate = gradus_adapt_effective_rate,
    .usual = 1,
};

#else /* once for each instruction set */

static inline void ISA(step_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED], u = sign(k[KEEP1] * c->s[MEAN] + k[RISE1] * g);
    c->x = c->x - (k[SHRINK] * c->x + k[WEIGHT] * u);
    c->s[MEAN] = k[KEEP2] * c->s[MEAN] + k[RISE2] * g;
    c->sum[ALONG] = k[WEIGHT] * u;
    c->times[ALONG] = c->s[SUM];
    c->s[SUM] = k[KEEP_SUM] * c->s[SUM] + k[RISE_SUM] * u;
    c->sum[SIZE] = absolute(c->s[SUM]);
    c->times[SIZE] = all(1);
}

static void ISA(step)(const span *spans, size_t how_many, const number *k)
{
    enum { ALL = VALUES | SLOT(SUM) | SLOT(MEAN) };
    walk(ISA(step_element), GRADIENT | ALL, ALL, CONSTANTS, 2, spans, how_many, k);
}
#endif
