/* AggMo: three momenta, of which the short ones damp the swings of the long one (Lucas, Sun, Zemel and Grosse, 2019).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     b_i <- beta_i b_i + g                         i = 1, 2, 3
 *     x <- x - rate (b_1 + b_2 + b_3) / 3
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, BETA3, WEIGHT_DECAY, DECAY };
enum { SCALE, COUPLED, KEEP1, KEEP2, KEEP3, STEP, SHRINK, CONSTANTS };
enum { SHORT, MIDDLE, LONG };

#define RULE "rule_aggmo.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[KEEP1] = hyper[BETA1], constants[KEEP2] = hyper[BETA2], constants[KEEP3] = hyper[BETA3];
    constants[STEP] = now->rate / 3;
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

const gradus_rule_row gradus_rule_aggmo = {
    .member = {.name = "aggmo",
               .summary = "the mean of three momenta, short and long",
               .formula = "b_i <- beta_i b_i + g; x <- x - rate (b_1 + b_2 + b_3) / 3",
               .paper = "Lucas, Sun, Zemel and Grosse 2019",
               .also = "aggregated_momentum",
               .arguments =
                   (const gradus_argument[]){[BETA1] = RULE_SHARE("beta1", "0", "part of the first that is kept"),
                                             [BETA2] = RULE_SHARE("beta2", "0.9", "part of the second"),
                                             [BETA3] = RULE_SHARE("beta3", "0.99", "part of the third"),
                                             [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-5, 1e-2)"),
                                             [DECAY] = RULE_DECAY("coupled"),
                                             {0}},
               .like = (const gradus_like[]){{"pytorch_optimizer", "AggMo", NULL, NULL}, {0}}},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[SHORT] = {.name = "momentum_buffer1"},
                                   [MIDDLE] = {.name = "momentum_buffer2"},
                                   [LONG] = {.name = "momentum_buffer3"},
                                   {0}},
    .constants = "scale, coupled, keep1, keep2, keep3, step, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(aggmo), .twin = aggmo_double}},
    .usual = 0.05,
};

#else /* once for each instruction set */

static inline void ISA(aggmo_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED];
    c->s[SHORT] = k[KEEP1] * c->s[SHORT] + g;
    c->s[MIDDLE] = k[KEEP2] * c->s[MIDDLE] + g;
    c->s[LONG] = k[KEEP3] * c->s[LONG] + g;
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * (c->s[SHORT] + c->s[MIDDLE] + c->s[LONG]));
}

static void ISA(aggmo)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(SHORT) | SLOT(MIDDLE) | SLOT(LONG) };
    walk(ISA(aggmo_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
