/* What dog, l_dog and dowg share: how far the values have come from where they started and how large the gradient is, then a
 * plain step. The kernels are in rule_dog.c. */
#ifndef GRADUS_OPTIM_DISTANCE_H
#define GRADUS_OPTIM_DISTANCE_H
#include "arguments.h"

enum { DISTANCE_SCALE, DISTANCE_COUPLED, DISTANCE_STEP, DISTANCE_CONSTANTS };
#define DISTANCE_CONSTANT_NAMES "scale, coupled, step"
enum { DISTANCE_START };
#define DISTANCE_SLOTS                                                   \
    (const gradus_slot[])                                                \
    {                                                                    \
        [DISTANCE_START] = {.name = "start", .from_values = true}, { 0 } \
    }
/* Sums over all tensors: squares of the movement, of the gradient, of the values. */
enum { DISTANCE_MOVED, DISTANCE_GRADIENT, DISTANCE_SIZE, DISTANCE_SUMS };

#define DISTANCE_DECAY_ARGUMENT                                                             \
    RULE_AMOUNT("weight_decay", "0", "pull of the values towards 0, added to the gradient", \
                .search = "loguniform(1e-5, 1e-2)", .also = "wd, l2")

gradus_kernel gradus_distance_measure_scalar, gradus_distance_measure_sse2, gradus_distance_measure_avx2,
    gradus_distance_measure_avx512, gradus_distance_measure_neon;
gradus_twin gradus_distance_measure_double;
gradus_kernel gradus_distance_step_scalar, gradus_distance_step_sse2, gradus_distance_step_avx2,
    gradus_distance_step_avx512, gradus_distance_step_neon;
gradus_twin gradus_distance_step_double;

void gradus_distance_prepare(const gradus_now *now, double weight_decay, double *constants);

/* ---- dog and l_dog: over all tensors, and of each ---- */

enum { DOG_FIRST, DOG_START, DOG_EPSILON, DOG_WEIGHT_DECAY };
enum { DOG_SHARE, DOG_DISTANCE, DOG_RATE };

#define DOG_ARGUMENTS                                                                                        \
    [DOG_FIRST] = {"first",                                                                                  \
                   GRADUS_NUMBER,                                                                            \
                   .initial = "1e-6",                                                                        \
                   .low = 0,                                                                                 \
                   .high = INFINITY,                                                                         \
                   .open = "(",                                                                              \
                   .help = "how far the first step reaches, as `start` says; 1e-4 with batch normalisation", \
                   .flags = GRADUS_NAMED,                                                                    \
                   .search = "loguniform(1e-8, 1e-3)",                                                       \
                   .also = "reps_rel"},                                                                      \
    [DOG_START] = {"start",                                                                                  \
                   GRADUS_WORD,                                                                              \
                   .initial = "share",                                                                       \
                   .words = "share|distance|rate",                                                           \
                   .help = "what `first` is: a share of the values' norm, a distance, or a rate",            \
                   .flags = GRADUS_NAMED},                                                                   \
    [DOG_EPSILON] = RULE_AMOUNT("epsilon", "1e-8", "keeps the division finite", .also = "eps"),              \
    [DOG_WEIGHT_DECAY] = DISTANCE_DECAY_ARGUMENT

#define DOG_MEMORY "most, gradients, updates"
enum { DOG_MOST, DOG_GRADIENTS, DOG_UPDATES };

void gradus_dog_prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants);
void gradus_dog_learn(const double *hyper, const double *sums, double *memory);
double gradus_dog_rate(const double *hyper, const gradus_now *now, const double *memory);

#endif
