/* D-Adaptation for Adagrad: the rate is an estimate of the distance to the best values, from all gradients so far and
 * their sum (Defazio and Mishchenko, 2023).
 *
 *     w = d rate
 *     a <- a + g g;  s <- s + w g;  b = sqrt(a) + epsilon         a is 1e-6 at first
 *     G <- G + w w sum of g g / b;  S = sum of s s / b            over all tensors
 *     d <- max(d, (S - G) / |s|), growing by no more than `growth`
 *     x <- momentum x + (1 - momentum) (x0 - s / b) */
#ifndef RULE
#include "adapt.h"
#include "kernel.h"

enum { MOMENTUM = ADAPT_SHARED, EPSILON };
enum { SCALE, COUPLED, WEIGHT, OUTSIDE, KEEP, RISE, CONSTANTS };
enum { SIZE = ADAPT_NUMERATOR + 1 };
enum { START, SUM, SQUARES };
enum { SUMS, SUMS_BEFORE, GRADIENTS, SIZE_CHANGE };

#define RULE "rule_dadapt_adagrad.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[ADAPT_WEIGHT_DECAY];
    constants[WEIGHT] = gradus_adapt_distance(hyper, memory) * now->rate;
    constants[OUTSIDE] = hyper[EPSILON];
    constants[KEEP] = hyper[MOMENTUM];
    constants[RISE] = 1 - hyper[MOMENTUM];
}

/* Changes are added up, because tensors without a gradient have a part in S and |s| too. */
static void learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    memory[ADAPT_NUMERATOR] += sums[SUMS] - sums[SUMS_BEFORE] - sums[GRADIENTS];
    memory[SIZE] += sums[SIZE_CHANGE];
    if (memory[SIZE] > 0) gradus_adapt_grow(hyper, now, memory[ADAPT_NUMERATOR] / memory[SIZE], memory);
}

const gradus_rule_row gradus_rule_dadapt_adagrad = {
    .member = {.name = "dadapt_adagrad",
               .summary = "adagrad whose rate is a lower bound of the distance to the best values",
               .formula = "b = sqrt(sum of g^2) + epsilon; s: sum of d g; d <- max(d, (s^2/b - sum of d^2 g^2/b) / "
                          "|s|); x <- x0 - s / b",
               .paper = "Defazio and Mishchenko 2023",
               .arguments = (const gradus_argument[]){ADAPT_ARGUMENTS,
                                                      [MOMENTUM] = RULE_SHARE(
                                                          "momentum", "0", "part of the values that stays where it was",
                                                          .search = "uniform(0.8, 0.99)"),
                                                      [EPSILON] = RULE_EPSILON("1e-6"),
                                                      {0}},
               .like =
                   (const gradus_like[]){
                       {"dadaptation", "DAdaptAdaGrad", "eps=epsilon, d0=first, growth_rate=growth", NULL},
                       {"pytorch_optimizer", "DAdaptAdaGrad", "eps=epsilon, d0=first, growth_rate=growth", "epsilon=0"},
                       {0}},
               .notes = ADAPT_NOTE "Weight decay is\n"
                                   "added to the gradient."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[START] = {.name = "start", .from_values = true},
                                   [SUM] = {.name = "s", .exact = true},
                                   [SQUARES] = {.name = "sum", .non_negative = true, .initial = 1e-6, .exact = true},
                                   {0}},
    .constants = "scale, coupled, weight, outside, keep, rise",
    .memory = "distance, numerator, size",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(measure), .twin = measure_double, .sums = 4, .over_all = true, .learn = learn},
             {.kernel = EVERY_ISA(step), .twin = step_double}},
    .effective_rate = gradus_adapt_effective_rate,
    .usual = 1,
};

#else /* once for each instruction set */

static inline lane ISA(below)(const cell *c, const lane *k) { return root(c->s[SQUARES]) + k[OUTSIDE]; }

static inline void ISA(measure_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED], step = k[WEIGHT] * g, before = c->s[SUM];
    c->sum[SUMS_BEFORE] = before;
    c->times[SUMS_BEFORE] = before / ISA(below)(c, k);
    c->s[SQUARES] = c->s[SQUARES] + g * g;
    c->s[SUM] = before + step;
    c->sum[SUMS] = c->s[SUM];
    c->times[SUMS] = c->s[SUM] / ISA(below)(c, k);
    c->sum[GRADIENTS] = step;
    c->times[GRADIENTS] = step / ISA(below)(c, k);
    c->sum[SIZE_CHANGE] = absolute(c->s[SUM]) - absolute(before);
    c->times[SIZE_CHANGE] = all(1);
}

static void ISA(measure)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(SUM) | SLOT(SQUARES) };
    walk(ISA(measure_element), GRADIENT | VALUES | STATE, STATE, CONSTANTS, 4, spans, how_many, k);
}

static inline void ISA(step_element)(cell *c, const lane *k)
{
    c->x = k[KEEP] * c->x + k[RISE] * (c->s[START] - c->s[SUM] / ISA(below)(c, k));
}

static void ISA(step)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(step_element), VALUES | SLOT(START) | SLOT(SUM) | SLOT(SQUARES), VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
