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

#define RULE "rule_dog.c"
#include "every_isa.h"

void gradus_distance_prepare(const gradus_now *now, double weight_decay, double *constants)
{
    constants[DISTANCE_SCALE] = now->gradient_scale;
    constants[DISTANCE_COUPLED] = weight_decay;
    constants[DISTANCE_STEP] = now->rate;
}

void gradus_dog_learn(const double *hyper, const double *sums, double *memory)
{
    if (memory[DOG_UPDATES]++ == 0) {
        if (hyper[DOG_START] == DOG_SHARE) memory[DOG_MOST] = hyper[DOG_FIRST] * (1 + sqrt(sums[DISTANCE_SIZE]));
        if (hyper[DOG_START] == DOG_DISTANCE) memory[DOG_MOST] = hyper[DOG_FIRST];
    }
    memory[DOG_MOST] = fmax(memory[DOG_MOST], sqrt(sums[DISTANCE_MOVED]));
    memory[DOG_GRADIENTS] += sums[DISTANCE_GRADIENT];
}

double gradus_dog_rate(const double *hyper, const gradus_now *now, const double *memory)
{
    if (memory[DOG_UPDATES] <= 1 && hyper[DOG_START] == DOG_RATE) return now->rate * hyper[DOG_FIRST];
    return now->rate * memory[DOG_MOST] / sqrt(memory[DOG_GRADIENTS] + hyper[DOG_EPSILON]);
}

void gradus_dog_prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    gradus_distance_prepare(now, hyper[DOG_WEIGHT_DECAY], constants);
}

/* ---- dog ---- */

static void learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    (void)now;
    gradus_dog_learn(hyper, sums, memory);
}

static void conclude(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                     double *constants)
{
    (void)sums;
    constants[DISTANCE_STEP] = gradus_dog_rate(hyper, now, memory);
}

const gradus_rule_row gradus_rule_dog = {
    .member = {.name = "dog",
               .summary = "a step as long as the way come so far over the root of all gradients",
               .formula = "d = max |x - x0|; G = sum |g|^2; x <- x - rate d / sqrt(G + epsilon) g",
               .paper = "Ivgi, Hinder and Carmon 2023",
               .arguments = (const gradus_argument[]){DOG_ARGUMENTS, {0}},
               .like =
                   (const gradus_like[]){
                       {"optax", "contrib.dog", "eps=epsilon, init_step1=start, init_step2=first", NULL}, {0}},
               .notes = "The rate is a factor of what the rule finds: 1, or a schedule that falls. An average of the "
                        "values belongs to it:\n"
                        "average=polynomial."},
    .abi = GRADUS_ABI,
    .slots = DISTANCE_SLOTS,
    .constants = DISTANCE_CONSTANT_NAMES,
    .memory = DOG_MEMORY,
    .prepare = gradus_dog_prepare,
    .pass = {{.kernel = EVERY_ISA(gradus_distance_measure),
              .twin = gradus_distance_measure_double,
              .sums = DISTANCE_SUMS,
              .over_all = true,
              .learn = learn,
              .conclude = conclude},
             {.kernel = EVERY_ISA(gradus_distance_step), .twin = gradus_distance_step_double}},
    .effective_rate = gradus_dog_rate,
    .usual = 1,
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
