/* D-Adaptation for gradient descent: the rate is an estimate of the distance to the best values over the first gradient
 * (Defazio and Mishchenko, 2023).
 *
 *     w = d rate / |g0|                              g0: the first gradient, of all tensors
 *     N <- N + w g s;  s <- s + w g                  over all tensors, s as it was
 *     d <- max(d, 2 N / |s|), growing by no more than `growth`
 *     x <- momentum x + (1 - momentum) (x0 - s)
 *
 * |g0| is only known when the first gradients have been seen: s is kept times |g0|, and N times its square. */
#ifndef RULE
#include "adapt.h"
#include "kernel.h"

enum { MOMENTUM = ADAPT_SHARED, DECAY };
enum { SCALE, COUPLED, WEIGHT, SHRINK, KEEP, RISE, BACK, CONSTANTS };
enum { FIRST_NORM = ADAPT_NUMERATOR + 1 };
enum { START, SUM };
enum { ALONG, LENGTH, GRADIENTS };

#define RULE "rule_dadapt_sgd.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[ADAPT_WEIGHT_DECAY] : 0;
    constants[WEIGHT] = gradus_adapt_distance(hyper, memory) * now->rate;
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? constants[WEIGHT] * hyper[ADAPT_WEIGHT_DECAY] : 0;
    constants[KEEP] = hyper[MOMENTUM];
    constants[RISE] = 1 - hyper[MOMENTUM];
}

static void learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    if (memory[FIRST_NORM] == 0) memory[FIRST_NORM] = sqrt(sums[GRADIENTS]);
    if (sums[LENGTH] == 0) return;
    memory[ADAPT_NUMERATOR] += sums[ALONG];
    gradus_adapt_grow(hyper, now, 2 * memory[ADAPT_NUMERATOR] / (memory[FIRST_NORM] * sqrt(sums[LENGTH])), memory);
}

static void conclude(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                     double *constants)
{
    (void)hyper, (void)now, (void)sums;
    constants[BACK] = memory[FIRST_NORM] > 0 ? 1 / memory[FIRST_NORM] : 0;
    constants[SHRINK] *= constants[BACK];
}

static double effective_rate(const double *hyper, const gradus_now *now, const double *memory)
{
    return gradus_adapt_effective_rate(hyper, now, memory) / memory[FIRST_NORM];
}

const gradus_rule_row gradus_rule_dadapt_sgd = {
    .member =
        {.name = "dadapt_sgd",
         .summary = "gradient descent whose rate is a lower bound of the distance to the best values",
         .formula =
             "d <- max(d, 2 sum of d g s / |s|); s: sum of d g / |g0|; x <- momentum x + (1 - momentum) (x0 - s)",
         .paper = "Defazio and Mishchenko 2023",
         .arguments = (const gradus_argument[]){ADAPT_ARGUMENTS,
                                                [MOMENTUM] = RULE_SHARE("momentum", "0",
                                                                        "part of the values that stays where it was",
                                                                        .search = "uniform(0.8, 0.99)"),
                                                [DECAY] = ADAPT_DECAY_ARGUMENT("coupled"),
                                                {0}},
         .like = (const gradus_like[]){{"dadaptation", "DAdaptSGD", "d0=first, growth_rate=growth", NULL},
                                       {"pytorch_optimizer", "DAdaptSGD",
                                        "d0=first, growth_rate=growth, weight_decouple=decay coupled|decoupled",
                                        "momentum=0.9"},
                                       {0}},
         .notes = ADAPT_NOTE
         "With\n"
         "momentum=0.9 it may overshoot for good: growth=1.02 keeps it from that and makes it the better of the two."},
    .abi = GRADUS_ABI,
    .slots =
        (const gradus_slot[]){
            [START] = {.name = "start", .from_values = true}, [SUM] = {.name = "s", .exact = true}, {0}},
    .constants = "scale, coupled, weight, shrink, keep, rise, back",
    .memory = "distance, numerator, first_norm",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(measure),
              .twin = measure_double,
              .sums = 3,
              .over_all = true,
              .learn = learn,
              .conclude = conclude},
             {.kernel = EVERY_ISA(step), .twin = step_double}},
    .effective_rate = effective_rate,
    .usual = 1,
};

#else /* once for each instruction set */

static inline void ISA(measure_element)(cell *c, const lane *k)
{
    const lane scaled = c->g * k[SCALE];
    lane g = scaled;
    if (c->has & VALUES) g = g + c->x * k[COUPLED];
    const lane step = k[WEIGHT] * g;
    c->sum[ALONG] = step;
    c->times[ALONG] = c->s[SUM];
    c->s[SUM] = c->s[SUM] + step;
    c->sum[LENGTH] = c->times[LENGTH] = c->s[SUM];
    c->sum[GRADIENTS] = c->times[GRADIENTS] = scaled;
}

static void ISA(measure)(const span *spans, size_t how_many, const number *k)
{
    enum { READ = GRADIENT | SLOT(SUM) };
    if (k[COUPLED] > 0)
        walk(ISA(measure_element), VALUES | READ, SLOT(SUM), CONSTANTS, 3, spans, how_many, k);
    else
        walk(ISA(measure_element), READ, SLOT(SUM), CONSTANTS, 3, spans, how_many, k);
}

static inline void ISA(step_element)(cell *c, const lane *k)
{
    c->x = k[KEEP] * (c->x - k[SHRINK] * c->x) + k[RISE] * (c->s[START] - k[BACK] * c->s[SUM]);
}

static void ISA(step)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(step_element), VALUES | SLOT(START) | SLOT(SUM), VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
