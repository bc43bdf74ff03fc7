/* QHAdam: Adam that leans on the gradient at hand beside its means (Ma and Yarats, 2019).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     m, v as in adam, made up for their start
 *     x <- x - rate ((1 - nu1) g + nu1 m) / (sqrt((1 - nu2) g g + nu2 v) + epsilon)
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, NU1, NU2, EPSILON, WEIGHT_DECAY, DECAY };
enum { SCALE, COUPLED, RISE1, RISE2, OLD1, NEW1, OLD2, NEW2, OUTSIDE, STEP, SHRINK, CONSTANTS };
enum { MEAN, SQUARE };

#define RULE "rule_qhadam.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[RISE1] = (1 - hyper[BETA1]) / (1 - gradus_power(hyper[BETA1], now->update));
    constants[RISE2] = (1 - hyper[BETA2]) / (1 - gradus_power(hyper[BETA2], now->update));
    constants[OLD1] = hyper[NU1], constants[NEW1] = 1 - hyper[NU1];
    constants[OLD2] = hyper[NU2], constants[NEW2] = 1 - hyper[NU2];
    constants[OUTSIDE] = hyper[EPSILON];
    constants[STEP] = now->rate;
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

#define NU(called, initially, about)                                                                 \
    {                                                                                                \
        called, GRADUS_NUMBER, .initial = initially, .low = 0, .high = 1, .help = about,             \
                               .flags = GRADUS_NAMED | GRADUS_SCHEDULED, .search = "uniform(0.5, 1)" \
    }

const gradus_rule_row gradus_rule_qhadam = {
    .member = {.name = "qhadam",
               .summary = "adam that leans on the gradient at hand beside its means",
               .formula = "x <- x - rate ((1 - nu1) g + nu1 m/c1) / (sqrt((1 - nu2) g^2 + nu2 v/c2) + epsilon)",
               .paper = "Ma and Yarats 2019",
               .also = "quasi_hyperbolic_adam",
               .arguments =
                   (const gradus_argument[]){
                       [BETA1] = RULE_SHARE("beta1", "0.995", "part of the mean gradient that is kept",
                                            .search = "uniform(0.9, 0.999)", .also = "beta_1, b1"),
                       [BETA2] = RULE_BETA2,
                       [NU1] = NU("nu1", "0.7", "part of the mean in the numerator; the rest is the gradient"),
                       [NU2] = NU("nu2", "1", "part of the mean square in the divisor; the rest is the gradient's"),
                       [EPSILON] = RULE_EPSILON("1e-8"),
                       [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-5, 1e-2)"),
                       [DECAY] = RULE_DECAY("coupled"),
                       {0}},
               .like =
                   (const gradus_like[]){
                       {"pytorch_optimizer", "QHAdam", "eps=epsilon, nus1=nu1, nus2=nu2", "beta1=0.9, nu1=1"}, {0}},
               .notes = "nu1=1 and nu2=1 is adam."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){RULE_MEANS(MEAN, SQUARE), {0}},
    .constants = "scale, coupled, rise1, rise2, old1, new1, old2, new2, outside, step, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(qhadam), .twin = qhadam_double}},
    .usual = 0.003,
};

#else /* once for each instruction set */

static inline void ISA(qhadam_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED], square = g * g;
    c->s[MEAN] = c->s[MEAN] + k[RISE1] * (g - c->s[MEAN]);
    c->s[SQUARE] = c->s[SQUARE] + k[RISE2] * (square - c->s[SQUARE]);
    const lane below = root(larger(k[OLD2] * c->s[SQUARE] + k[NEW2] * square, all(0))) + k[OUTSIDE];
    const lane along = k[OLD1] * c->s[MEAN] + k[NEW1] * g;
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * choose(above(below, all(0)), along / below, all(0)));
}

static void ISA(qhadam)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(SQUARE) };
    walk(ISA(qhadam_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
