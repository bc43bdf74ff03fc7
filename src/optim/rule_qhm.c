/* QHM: quasi-hyperbolic momentum, a mean of the gradient at hand and of the mean of all (Ma and Yarats, 2019).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     m <- momentum m + (1 - momentum) g
 *     x <- x - rate ((1 - nu) g + nu m)
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { MOMENTUM, NU, WEIGHT_DECAY, DECAY };
enum { SCALE, COUPLED, RISE, OLD, NEW, SHRINK, CONSTANTS };
enum { MEAN };

#define RULE "rule_qhm.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[RISE] = 1 - hyper[MOMENTUM];
    constants[OLD] = now->rate * hyper[NU];
    constants[NEW] = now->rate * (1 - hyper[NU]);
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

const gradus_rule_row gradus_rule_qhm = {
    .member = {.name = "qhm",
               .summary = "steps along a mean of the gradient and its momentum",
               .formula = "m <- momentum m + (1 - momentum) g; x <- x - rate ((1 - nu) g + nu m)",
               .paper = "Ma and Yarats 2019",
               .also = "quasi_hyperbolic_momentum",
               .arguments =
                   (const gradus_argument[]){
                       [MOMENTUM] = RULE_SHARE("momentum", "0.999", "part of the mean gradient that is kept",
                                               .search = "uniform(0.9, 0.9999)", .also = "beta"),
                       [NU] = {"nu", GRADUS_NUMBER, .initial = "0.7", .low = 0, .high = 1,
                               .help = "part of the mean in the step; the rest is the gradient",
                               .flags = GRADUS_NAMED | GRADUS_SCHEDULED, .search = "uniform(0.5, 1)"},
                       [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-5, 1e-2)"),
                       [DECAY] = RULE_DECAY("coupled"),
                       {0}},
               .like = (const gradus_like[]){{"pytorch_optimizer", "QHM", NULL, "momentum=0, nu=1"}, {0}},
               .notes =
                   "nu=0 is plain gradient descent, nu=1 a mean in place of momentum's sum: rates are those of plain "
                   "gradient descent."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[MEAN] = {.name = "momentum_buffer"}, {0}},
    .constants = "scale, coupled, rise, old, new, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(qhm), .twin = qhm_double}},
    .usual = 0.5,
};

#else /* once for each instruction set */

static inline void ISA(qhm_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED];
    c->s[MEAN] = c->s[MEAN] + k[RISE] * (g - c->s[MEAN]);
    c->x = c->x - (k[SHRINK] * c->x + (k[NEW] * g + k[OLD] * c->s[MEAN]));
}

static void ISA(qhm)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(qhm_element), VALUES | GRADIENT | SLOT(MEAN), VALUES | SLOT(MEAN), CONSTANTS, 0, spans, how_many, k);
}
#endif
