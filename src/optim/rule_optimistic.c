/* Optimistic gradient descent: goes on as if the gradient would change once more as it just has; for games of two, whose plain gradient
 * steps circle about the solution (Popov, 1980; Daskalakis et al., 2018).
 *
 *     x <- x - rate ((alpha + beta) g - beta h);  h <- g       h the last gradient, g at first */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { ALPHA, BETA };
enum { SCALE, NEW, OLD, CONSTANTS };
enum { LAST };

#define RULE "rule_optimistic.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double ahead = now->update == 1 ? 0 : hyper[BETA];
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[NEW] = now->rate * (hyper[ALPHA] + ahead);
    constants[OLD] = now->rate * ahead;
}

static double usual_rate(const double *hyper) { return 0.5 / fmax(hyper[ALPHA], 0.1); }

const gradus_rule_row gradus_rule_optimistic = {
    .member = {.name = "optimistic",
               .summary = "goes on as if the gradient would change as it just has; for games of two",
               .formula = "x <- x - rate ((alpha + beta) g - beta h); h <- g",
               .paper = "Popov 1980; Daskalakis et al. 2018",
               .also = "ogd, optimistic_gradient, optimistic_gradient_descent",
               .arguments = (const gradus_argument[]){[ALPHA] = RULE_AMOUNT("alpha", "1", "weight of the gradient"),
                                                      [BETA] = RULE_AMOUNT("beta", "1", "weight of its last change"),
                                                      {0}},
               .like = (const gradus_like[]){{"optax", "optimistic_gradient_descent", NULL, NULL}, {0}}},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[LAST] = {.name = "previous_gradient"}, {0}},
    .constants = "scale, new, old",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(optimistic), .twin = optimistic_double}},
    .usual_rate = usual_rate,
};

#else /* once for each instruction set */

static inline void ISA(optimistic_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE];
    c->x = c->x - (k[NEW] * g - k[OLD] * c->s[LAST]);
    c->s[LAST] = g;
}

static void ISA(optimistic)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(optimistic_element), VALUES | GRADIENT | SLOT(LAST), VALUES | SLOT(LAST), CONSTANTS, 0, spans, how_many,
         k);
}
#endif
