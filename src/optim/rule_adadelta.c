/* Adadelta: steps in the units of the values themselves, as large as the latest steps were, so that the usual rate is 1.
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     v <- rho v + (1 - rho) g g                                                       (Zeiler, 2012)
 *     d = sqrt(u + epsilon) / sqrt(v + epsilon) g
 *     u <- rho u + (1 - rho) d d
 *     x <- x - rate d
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { RHO, EPSILON, WEIGHT_DECAY, DECAY };
enum { SCALE, COUPLED, KEEP, RISE, INSIDE, STEP, SHRINK, CONSTANTS };
enum { SQUARE, MOVED };

#define RULE "rule_adadelta.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[KEEP] = hyper[RHO];
    constants[RISE] = 1 - hyper[RHO];
    constants[INSIDE] = hyper[EPSILON];
    constants[STEP] = now->rate;
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

const gradus_rule_row gradus_rule_adadelta = {
    .member =
        {.name = "adadelta",
         .summary = "steps as large as the latest ones were, in the units of the values",
         .formula =
             "v <- rho v + (1 - rho) g^2; d = sqrt(u + epsilon) / sqrt(v + epsilon) g; u <- rho u + (1 - rho) d^2; "
             "x <- x - rate d",
         .paper = "Zeiler 2012",
         .also = "ada_delta",
         .arguments =
             (const gradus_argument[]){[RHO] = RULE_SHARE("rho", "0.9", "part of both mean squares that is kept",
                                                          .search = "uniform(0.9, 0.99)", .also = "decay_rate"),
                                       [EPSILON] = RULE_AMOUNT("epsilon", "1e-6",
                                                               "keeps the division finite, and makes the first steps",
                                                               .search = "loguniform(1e-8, 1e-4)", .also = "eps"),
                                       [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-5, 1e-2)"),
                                       [DECAY] = RULE_DECAY("coupled"),
                                       {0}},
         .like = (const gradus_like[]){{"torch", "Adadelta", "eps=epsilon", NULL},
                                       {"keras", "Adadelta", NULL, "rho=0.95, epsilon=1e-7, decay=decoupled"},
                                       {"optax", "adadelta", "eps=epsilon", NULL},
                                       {"timm", "adadelta", "eps=epsilon", NULL},
                                       {0}},
         .notes =
             "Its rate is a share of its own steps: 1 is usual here and in PyTorch. Keras's default of 0.001 makes "
             "it a thousand\n"
             "times slower than the paper has it."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[SQUARE] = {.name = "square_avg", .non_negative = true},
                                   [MOVED] = {.name = "acc_delta", .non_negative = true},
                                   {0}},
    .constants = "scale, coupled, keep, rise, inside, step, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(adadelta), .twin = adadelta_double}},
    .usual = 1,
};

#else /* once for each instruction set */

static inline void ISA(adadelta_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED];
    c->s[SQUARE] = k[KEEP] * c->s[SQUARE] + k[RISE] * (g * g);
    const lane d = root(c->s[MOVED] + k[INSIDE]) / root(c->s[SQUARE] + k[INSIDE]) * g;
    c->s[MOVED] = k[KEEP] * c->s[MOVED] + k[RISE] * (d * d);
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * d);
}

static void ISA(adadelta)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(SQUARE) | SLOT(MOVED) };
    walk(ISA(adadelta_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
