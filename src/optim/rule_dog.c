/* DoG: steps as long as the way that was come so far over the root of all gradients, so that no rate is to be found
 * (Ivgi, Hinder and Carmon, 2023).
 *
 *     d = max(d, |x - x0|)               of all tensors together
 *     G <- G + |g|^2
 *     x <- x - rate d / sqrt(G + epsilon) g
 *
 * The first d is `first` (1 + |x0|), or `first` itself; or `first` is the first rate. `rate` is 1 unless a schedule says
 * otherwise. */
#ifndef RULE
#include "distance.h"
#include "kernel.h"
#include "rules.h"

enum { FIRST, START, EPSILON, WEIGHT_DECAY };
enum { SHARE, DISTANCE, RATE };
enum { MOST, GRADIENTS, UPDATES };

#define RULE "rule_dog.c"
#include "every_isa.h"

void gradus_distance_prepare(const gradus_now *now, double weight_decay, double *constants)
{
    constants[DISTANCE_SCALE] = now->gradient_scale;
    constants[DISTANCE_COUPLED] = weight_decay;
    constants[DISTANCE_STEP] = now->rate;
}

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    gradus_distance_prepare(now, hyper[WEIGHT_DECAY], constants);
}

static void learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    (void)now;
    if (memory[UPDATES]++ == 0) {
        if (hyper[START] == SHARE) memory[MOST] = hyper[FIRST] * (1 + sqrt(sums[DISTANCE_SIZE]));
        if (hyper[START] == DISTANCE) memory[MOST] = hyper[FIRST];
    }
    memory[MOST] = fmax(memory[MOST], sqrt(sums[DISTANCE_MOVED]));
    memory[GRADIENTS] += sums[DISTANCE_GRADIENT];
}

static double effective_rate(const double *hyper, const gradus_now *now, const double *memory)
{
    if (memory[UPDATES] <= 1 && hyper[START] == RATE) return now->rate * hyper[FIRST];
    return now->rate * memory[MOST] / sqrt(memory[GRADIENTS] + hyper[EPSILON]);
}

static void conclude(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                     double *constants)
{
    (void)sums;
    constants[DISTANCE_STEP] = effective_rate(hyper, now, memory);
}

static double usual_rate(const double *hyper)
{
    (void)hyper;
    return 1;
}

const gradus_rule_row gradus_rule_dog = {
    .member = {.name = "dog",
               .summary = "a step as long as the way come so far over the root of all gradients",
               .formula = "d = max |x - x0|; G = sum |g|^2; x <- x - rate d / sqrt(G + epsilon) g",
               .paper = "Ivgi, Hinder and Carmon 2023",
               .arguments =
                   (const gradus_argument[]){
                       [FIRST] = {"first", GRADUS_NUMBER, .initial = "1e-6", .low = 0, .high = INFINITY, .open = "(",
                                  .help = "how far the first step reaches, as `start` says; 1e-4 with batch "
                                          "normalisation",
                                  .flags = GRADUS_NAMED, .search = "loguniform(1e-8, 1e-3)", .also = "reps_rel"},
                       [START] = {"start", GRADUS_WORD, .initial = "share", .words = "share|distance|rate",
                                  .help = "what `first` is: a share of the values' norm, a distance, or a rate",
                                  .flags = GRADUS_NAMED},
                       [EPSILON] = {"epsilon", GRADUS_NUMBER, .initial = "1e-8", .low = 0, .high = INFINITY,
                                    .help = "keeps the division finite", .flags = GRADUS_NAMED | GRADUS_SCHEDULED,
                                    .also = "eps"},
                       [WEIGHT_DECAY] = DISTANCE_DECAY_ARGUMENT,
                       {0}},
               .like =
                   (const gradus_like[]){
                       {"optax", "contrib.dog", "eps=epsilon, init_step1=start, init_step2=first", NULL}, {0}},
               .notes = "The rate is a factor of what the rule finds: 1, or a schedule that falls. An average of the "
                        "values belongs to it:\n"
                        "average=polynomial."},
    .abi = GRADUS_ABI,
    .slots = DISTANCE_SLOTS,
    .constants = DISTANCE_CONSTANT_NAMES,
    .memory = "most, gradients, updates",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(gradus_distance_measure),
              .twin = gradus_distance_measure_double,
              .sums = DISTANCE_SUMS,
              .over_all = true,
              .learn = learn,
              .conclude = conclude},
             {.kernel = EVERY_ISA(gradus_distance_step), .twin = gradus_distance_step_double}},
    .effective_rate = effective_rate,
    .usual_rate = usual_rate,
};

#else /* once for each instruction set */

static inline lane ISA(pulled)(const cell *c, const lane *k)
{
    return c->g * k[DISTANCE_SCALE] + c->x * k[DISTANCE_COUPLED];
}

static inline void ISA(measure_element)(cell *c, const lane *k)
{
    c->sum[DISTANCE_MOVED] = c->times[DISTANCE_MOVED] = c->x - c->s[DISTANCE_START];
    c->sum[DISTANCE_GRADIENT] = c->times[DISTANCE_GRADIENT] = ISA(pulled)(c, k);
    c->sum[DISTANCE_SIZE] = c->times[DISTANCE_SIZE] = c->x;
}

void ISA(gradus_distance_measure)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(measure_element), GRADIENT | VALUES | SLOT(DISTANCE_START), 0, DISTANCE_CONSTANTS, DISTANCE_SUMS, spans,
         how_many, k);
}

static inline void ISA(step_element)(cell *c, const lane *k) { c->x = c->x - k[DISTANCE_STEP] * ISA(pulled)(c, k); }

void ISA(gradus_distance_step)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(step_element), GRADIENT | VALUES, VALUES, DISTANCE_CONSTANTS, 0, spans, how_many, k);
}
#endif
