/* MADGRAD: dual averaging with the cube root of a weighted sum of squares, and momentum as a mean of its points (Defazio and Jelassi,
 * 2021).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     l = (rate + epsilon) sqrt(k)
 *     s <- s + l g, v <- v + l g g
 *     z = x0 - s / (cbrt(v) + epsilon)              x0: where the values began
 *     x <- momentum x + (1 - momentum) z
 *     x <- x - rate weight_decay x                  where decay is decoupled, before the rest */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { MOMENTUM, EPSILON, WEIGHT_DECAY, DECAY };
enum { COUPLED, LEFT, WEIGHT, OUTSIDE, RISE, CONSTANTS };
enum { SUM, SQUARES, START };

#define RULE "rule_madgrad.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[LEFT] = hyper[DECAY] == DECAY_DECOUPLED ? 1 - now->rate * hyper[WEIGHT_DECAY] : 1;
    constants[WEIGHT] = now->rate > 0 ? (now->rate + hyper[EPSILON]) * sqrt((double)now->update) : 0;
    constants[OUTSIDE] = hyper[EPSILON];
    constants[RISE] = 1 - hyper[MOMENTUM];
}

const gradus_rule_row gradus_rule_madgrad = {
    .member =
        {.name = "madgrad",
         .summary = "dual averaging over the cube root of a sum of squares",
         .formula =
             "s <- s + rate sqrt(k) g; v <- v + rate sqrt(k) g^2; z = x0 - s / (cbrt(v) + epsilon); x <- momentum x "
             "+ (1 - momentum) z",
         .paper = "Defazio and Jelassi 2021",
         .also = "madgradw",
         .arguments =
             (const gradus_argument[]){
                 [MOMENTUM] =
                     RULE_SHARE("momentum", "0.9", "part of the values that is kept", .search = "uniform(0.5, 0.99)"),
                 [EPSILON] = RULE_AMOUNT("epsilon", "1e-6", "keeps the division finite, and is added to the rate",
                                         .search = "loguniform(1e-8, 1e-4)", .also = "eps"),
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-6, 1e-2)"),
                 [DECAY] = RULE_DECAY("coupled"),
                 {0}},
         .like =
             (const gradus_like[]){
                 {"timm", "madgrad", "eps=epsilon, decoupled_decay=decay coupled|decoupled", NULL},
                 {"timm", "madgradw", "eps=epsilon, decoupled_decay=decay coupled|decoupled", "decay=decoupled"},
                 {"pytorch_optimizer", "MADGRAD", "eps=epsilon, weight_decouple=decay coupled|decoupled", NULL},
                 {0}},
         .notes = "It wants little or no weight decay, and a schedule that it has no other reason to follow."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[SUM] = {.name = "s", .exact = true},
                                   [SQUARES] = {.name = "grad_sum_sq", .non_negative = true, .exact = true},
                                   [START] = {.name = "x0", .from_values = true},
                                   {0}},
    .constants = "coupled, left, weight, outside, rise",
    .prepare = prepare,
    .update = EVERY_ISA(madgrad),
    .update_twin = madgrad_double,
    .usual = 0.01,
};

#else /* once for each instruction set */

static void ISA(madgrad)(const work *w)
{
    const number *k = w->constants;
    for (int64_t i = 0; i < w->shape->count; i++) {
        number *s = &w->state[SUM][i], *v = &w->state[SQUARES][i], *x = &w->values[i];
        const number g = w->gradient[i] + k[COUPLED] * *x;
        *s = *s + k[WEIGHT] * g;
        *v = *v + k[WEIGHT] * (g * g);
        const number below = (number)gradus_root((double)*v, 3) + k[OUTSIDE];
        const number z = below > 0 ? w->state[START][i] - *s / below : w->state[START][i];
        *x = *x * k[LEFT];
        *x = *x + k[RISE] * (z - *x);
    }
}
#endif
