/* zero_non_finite: a gradient value that is not finite is none; the others are used.
 *
 *     g <- g where it is finite, else 0  */
#ifndef RULE
#include "kernel.h"
#include "rules.h"

enum { SCALE, CONSTANTS };

#define NO_TWIN
#define RULE "gradient_zero_non_finite.c"
#include "every_isa.h"

static void prepare(const double *arguments, double scale, double *constants)
{
    (void)arguments;
    constants[SCALE] = scale;
}

static const gradus_argument arguments[] = {{0}};

static const gradus_like like[] = {{"optax", "zero_nans", NULL, NULL}, {0}};

const gradus_gradient_row gradus_gradient_zero_non_finite = {
    .member = {.name = "zero_non_finite",
               .summary = "takes gradient values that are not finite for 0",
               .formula = "g <- g where it is finite, else 0",
               .also = "zero_nans, nan_to_num, nan_to_zero",
               .arguments = arguments,
               .like = like,
               .notes = "It hides what is wrong: skip_non_finite, or the guard of a run, leaves the whole update out. "
                        "Optax lets infinite\n"
                        "values through."},
    .kernel = EVERY_ISA(finite),
    .prepare = prepare,
};

#else /* once for each instruction set */

/* g - g is 0 for every finite one. */
static inline void ISA(finite_element)(cell *c, const lane *k)
{
    c->x = choose(same(c->g - c->g, all(0)), c->g * k[SCALE], all(0));
}

static void ISA(finite)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(finite_element), GRADIENT, VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
