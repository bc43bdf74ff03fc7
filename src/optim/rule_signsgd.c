/* SignSGD: the sign of the gradient, or of its mean (Signum), so that every value moves by the rate (Bernstein et al., 2018).
 *
 *     m <- momentum m + (1 - momentum) g
 *     x <- x - rate (sign(m) + weight_decay x) */
#ifndef RULE
#include "kernel.h"
#include "rules.h"
#include "signs.h"

enum { SCALE, RISE, STEP, SHRINK, CONSTANTS };
enum { BUFFER };

#define RULE "rule_signsgd.c"
#include "every_isa.h"

void gradus_signs_prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[RISE] = 1 - hyper[SIGNS_MOMENTUM];
    constants[STEP] = now->rate;
    constants[SHRINK] = now->rate * hyper[SIGNS_WEIGHT_DECAY];
}

const gradus_rule_row gradus_rule_signsgd = {
    .member = {.name = "signsgd",
               .summary = "steps of one size along the sign of the gradient or of its mean",
               .formula = "m <- momentum m + (1 - momentum) g; x <- x - rate (sign(m) + weight_decay x)",
               .paper = "Bernstein et al. 2018",
               .also = "signum, sign_sgd",
               .arguments =
                   (const gradus_argument[]){[SIGNS_MOMENTUM] =
                                                 RULE_SHARE("momentum", "0", "part of the mean gradient that is kept",
                                                            .search = "uniform(0.8, 0.99)", .also = "beta"),
                                             [SIGNS_WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-3, 10)"),
                                             {0}},
               .like = (const gradus_like[]){{"optax", "sign_sgd", NULL, NULL},
                                             {"pytorch_optimizer", "SignSGD", NULL, "momentum=0.9"},
                                             {0}}},
    .abi = GRADUS_ABI,
    .slots = SIGNS_SLOTS,
    .constants = SIGNS_CONSTANTS,
    .prepare = gradus_signs_prepare,
    .pass = {{.kernel = EVERY_ISA(gradus_signs), .twin = gradus_signs_double}},
    .usual = 0.0003,
};

#else /* once for each instruction set */

static inline void ISA(signs_element)(cell *c, const lane *k)
{
    lane g = c->g * k[SCALE];
    if (c->has & SLOT(BUFFER)) g = c->s[BUFFER] = c->s[BUFFER] + k[RISE] * (g - c->s[BUFFER]);
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * sign(g));
}

void ISA(gradus_signs)(const span *spans, size_t how_many, const number *k)
{
    if (spans->state[BUFFER])
        walk(ISA(signs_element), VALUES | GRADIENT | SLOT(BUFFER), VALUES | SLOT(BUFFER), CONSTANTS, 0, spans, how_many,
             k);
    else
        walk(ISA(signs_element), VALUES | GRADIENT, VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
