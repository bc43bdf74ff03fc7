/* Fromage: each tensor moves by a share of its own size, and is shrunk by what that adds to it (Bernstein et al., 2020).
 *
 *     r = max(|x|, min_norm) / max(|g|, min_norm) of each tensor, 1 where one of them is 0
 *     x <- (x - rate r g) / sqrt(1 + rate^2) */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { MIN_NORM };
enum { SCALE, STEP, SHRUNK, CONSTANTS };
enum { SIZE, SLOPE };

#define RULE "rule_fromage.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)hyper, (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[STEP] = now->rate;
    constants[SHRUNK] = 1 / sqrt(1 + now->rate * now->rate);
}

static void adapt(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                  double *constants)
{
    const double size = fmax(sqrt(sums[SIZE]), hyper[MIN_NORM]), slope = fmax(sqrt(sums[SLOPE]), hyper[MIN_NORM]);
    (void)memory;
    constants[STEP] = now->rate * (size > 0 && slope > 0 ? size / slope : 1);
}

const gradus_rule_row gradus_rule_fromage = {
    .member = {.name = "fromage",
               .summary = "each tensor moves by a share of its own size",
               .formula = "x <- (x - rate |x|/|g| g) / sqrt(1 + rate^2)",
               .paper = "Bernstein et al. 2020",
               .arguments =
                   (const gradus_argument[]){[MIN_NORM] = RULE_AMOUNT("min_norm", "0", "no norm counts as smaller"),
                                             {0}},
               .like = (const gradus_like[]){{"optax", "fromage", NULL, "min_norm=1e-6"},
                                             {"pytorch_optimizer", "Fromage", NULL, NULL},
                                             {0}}},
    .abi = GRADUS_ABI,
    .constants = "scale, step, shrunk",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(norms), .twin = norms_double, .sums = 2, .conclude = adapt},
             {.kernel = EVERY_ISA(fromage), .twin = fromage_double}},
    .usual = 0.01,
};

#else /* once for each instruction set */

static inline void ISA(norms_element)(cell *c, const lane *k)
{
    c->sum[SIZE] = c->times[SIZE] = c->x;
    c->sum[SLOPE] = c->times[SLOPE] = c->g * k[SCALE];
}

static void ISA(norms)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(norms_element), VALUES | GRADIENT, 0, CONSTANTS, 2, spans, how_many, k);
}

static inline void ISA(fromage_element)(cell *c, const lane *k)
{
    c->x = (c->x - k[STEP] * (c->g * k[SCALE])) * k[SHRUNK];
}

static void ISA(fromage)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(fromage_element), VALUES | GRADIENT, VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
