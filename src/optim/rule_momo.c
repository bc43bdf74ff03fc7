/* MoMo: steps along a mean gradient that are no longer than a line under the loss allows (Schaipp et al., 2024). Without a
 * mean it is Polyak's step.
 *
 *     d <- beta d + (1 - beta) g;  f, p: means of the loss and of g x alike; all of them first as they are
 *     x <- x - min(rate, t) d - rate weight_decay / (1 + rate weight_decay) x            t as in momo.h */
#ifndef RULE
#include "momo.h"
#include "kernel.h"

enum { BETA = MOMO_SHARED };
enum { SCALE, KEEP, RISE, SHRINK, STEP, CONSTANTS };
enum { MEAN };

#define RULE "rule_momo.c"
#include "every_isa.h"

/* ---- for both ---- */

/* The bound of this update, and of the next: both from what the line says of the loss at its lowest. */
void gradus_momo_learn(const double *hyper, const gradus_now *now, double keep, double correction, const double *sums,
                       double *memory)
{
    const double grown = 1 + now->rate * hyper[MOMO_WEIGHT_DECAY], length = sums[MOMO_LENGTH];
    double bound = memory[MOMO_UPDATES]++ ? memory[MOMO_BOUND] : hyper[MOMO_LOWER_BOUND];
    if (isfinite(now->loss)) memory[MOMO_LOSS] = keep * memory[MOMO_LOSS] + (1 - keep) * now->loss;
    memory[MOMO_MEAN_OF_PRODUCTS] = keep * memory[MOMO_MEAN_OF_PRODUCTS] + (1 - keep) * sums[MOMO_PRODUCT];
    const double above = memory[MOMO_LOSS] - memory[MOMO_MEAN_OF_PRODUCTS],
                 line = grown * above + sums[MOMO_MEAN_PRODUCT];
    if (hyper[MOMO_ADAPT] && line < grown * correction * bound)
        bound = fmax(line / (2 * correction * grown), hyper[MOMO_LOWER_BOUND]);
    const double most = fmax(line - grown * correction * bound, 0) / length;
    memory[MOMO_MOST] = length <= 2.220446049250313e-16 ? 0 : most;
    memory[MOMO_CORRECTION] = correction;
    if (hyper[MOMO_ADAPT]) {
        const double step = fmin(now->rate / correction, memory[MOMO_MOST]),
                     next = (above + sums[MOMO_MEAN_PRODUCT] - step * length / 2) / correction;
        bound = fmax(next, hyper[MOMO_LOWER_BOUND]);
    }
    memory[MOMO_BOUND] = bound;
}

double gradus_momo_effective_rate(const double *hyper, const gradus_now *now, const double *memory)
{
    (void)hyper;
    return fmin(now->rate / memory[MOMO_CORRECTION], memory[MOMO_MOST]);
}

double gradus_momo_shrink(const double *hyper, const gradus_now *now)
{
    const double decay = now->rate * hyper[MOMO_WEIGHT_DECAY];
    return decay / (1 + decay);
}

/* ---- momo ---- */

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[KEEP] = now->update > 1 ? hyper[BETA] : 0;
    constants[RISE] = 1 - constants[KEEP];
    constants[SHRINK] = gradus_momo_shrink(hyper, now);
}

static void learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    gradus_momo_learn(hyper, now, memory[MOMO_UPDATES] ? hyper[BETA] : 0, 1, sums, memory);
}

static void conclude(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                     double *constants)
{
    (void)sums;
    constants[STEP] = gradus_momo_effective_rate(hyper, now, memory);
}

const gradus_rule_row gradus_rule_momo = {
    .member =
        {.name = "momo",
         .summary = "steps along a mean gradient, as long as the loss allows",
         .formula =
             "d: mean of g; t = max(0, mean of (loss - g x) - lower_bound + d x) / |d|^2; x <- x - min(rate, t) d",
         .paper = "Schaipp, Ohana, Eickenberg, Defazio and Gower 2024",
         .also = "model_based_momentum",
         .arguments = (const gradus_argument[]){MOMO_ARGUMENTS,
                                                [BETA] = RULE_SHARE("beta", "0.9",
                                                                    "part of the means that is kept; 0: Polyak's step",
                                                                    .search = "uniform(0.8, 0.99)", .also = "momentum"),
                                                {0}},
         .like = (const gradus_like[]){{"optax", "contrib.momo", NULL, NULL}, {0}},
         .notes = MOMO_NOTE},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[MEAN] = {.name = "exp_avg"}, {0}},
    .constants = "scale, keep, rise, shrink, step",
    .memory = MOMO_MEMORY,
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(measure),
              .twin = measure_double,
              .sums = MOMO_SUMS,
              .over_all = true,
              .learn = learn,
              .conclude = conclude},
             {.kernel = EVERY_ISA(step), .twin = step_double}},
    .effective_rate = gradus_momo_effective_rate,
    .usual = 1,
};

#else /* once for each instruction set */

static inline void ISA(measure_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE];
    c->s[MEAN] = k[KEEP] * c->s[MEAN] + k[RISE] * g;
    c->sum[MOMO_LENGTH] = c->times[MOMO_LENGTH] = c->s[MEAN];
    c->sum[MOMO_PRODUCT] = g;
    c->sum[MOMO_MEAN_PRODUCT] = c->s[MEAN];
    c->times[MOMO_PRODUCT] = c->times[MOMO_MEAN_PRODUCT] = c->x;
}

static void ISA(measure)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(measure_element), GRADIENT | VALUES | SLOT(MEAN), SLOT(MEAN), CONSTANTS, MOMO_SUMS, spans, how_many, k);
}

static inline void ISA(step_element)(cell *c, const lane *k)
{
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * c->s[MEAN]);
}

static void ISA(step)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(step_element), VALUES | SLOT(MEAN), VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
