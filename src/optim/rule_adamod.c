/* AdaMod: Adam whose rate of each value never exceeds the mean of those that it had, which tames the first updates without a warmup
 * (Ding et al., 2019).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g g
 *     r = rate sqrt(c2)/c1 / (sqrt(v) + epsilon)                     c = 1 - beta^k
 *     e <- beta3 e + (1 - beta3) r
 *     x <- x - min(r, e) m
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, BETA3, EPSILON, WEIGHT_DECAY, DECAY };
enum { SCALE, COUPLED, RISE1, KEEP2, RISE2, RISE3, OUTSIDE, STEP, SHRINK, CONSTANTS };
enum { MEAN, SQUARE, BOUND };

#define RULE "rule_adamod.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double c1 = 1 - gradus_power(hyper[BETA1], now->update), c2 = 1 - gradus_power(hyper[BETA2], now->update);
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[KEEP2] = hyper[BETA2];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[RISE3] = 1 - hyper[BETA3];
    constants[OUTSIDE] = hyper[EPSILON];
    constants[STEP] = now->rate * sqrt(c2) / c1;
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

const gradus_rule_row gradus_rule_adamod = {
    .member =
        {.name = "adamod",
         .summary = "adam whose rate of each value is bounded by the mean of those it had",
         .formula = "r = rate / (sqrt(v) + epsilon); e <- beta3 e + (1 - beta3) r; x <- x - min(r, e) m",
         .paper = "Ding et al. 2019",
         .arguments =
             (const gradus_argument[]){[BETA1] = RULE_BETA1,
                                       [BETA2] = RULE_BETA2,
                                       [BETA3] = RULE_SHARE("beta3", "0.999", "part of the mean rate that is kept",
                                                            .search = "uniform(0.99, 0.9999)", .also = "beta_3"),
                                       [EPSILON] = RULE_EPSILON("1e-8", .search = "loguniform(1e-10, 1e-4)"),
                                       [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-4, 1)"),
                                       [DECAY] = RULE_DECAY("decoupled"),
                                       {0}},
         .like = (const gradus_like[]){{"pytorch_optimizer", "AdaMod", "eps=epsilon", "beta2=0.99, beta3=0.9999"}, {0}},
         .notes =
             "The bound begins at 0 and rises by 1 - beta3 an update: the first 1 / (1 - beta3) updates are a warmup."},
    .abi = GRADUS_ABI,
    .slots =
        (const gradus_slot[]){
            RULE_MEANS(MEAN, SQUARE), [BOUND] = {.name = "exp_avg_lr", .non_negative = true, .exact = true}, {0}},
    .constants = "scale, coupled, rise1, keep2, rise2, rise3, outside, step, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(adamod), .twin = adamod_double}},
    .usual = 0.003,
};

#else /* once for each instruction set */

static inline void ISA(adamod_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED];
    c->s[MEAN] = c->s[MEAN] + k[RISE1] * (g - c->s[MEAN]);
    c->s[SQUARE] = k[KEEP2] * c->s[SQUARE] + k[RISE2] * (g * g);
    const lane below = root(c->s[SQUARE]) + k[OUTSIDE];
    const lane rate = choose(above(below, all(0)), k[STEP] / below, all(0));
    c->s[BOUND] = c->s[BOUND] + k[RISE3] * (rate - c->s[BOUND]);
    c->x = c->x - (k[SHRINK] * c->x + smaller(rate, c->s[BOUND]) * c->s[MEAN]);
}

static void ISA(adamod)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(SQUARE) | SLOT(BOUND) };
    walk(ISA(adamod_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
