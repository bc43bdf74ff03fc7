/* What signsgd and tiger share: one kernel, and the constants that it takes. */
#ifndef GRADUS_OPTIM_SIGNS_H
#define GRADUS_OPTIM_SIGNS_H
#include "arguments.h"

/* Both rows begin with these. */
enum { SIGNS_MOMENTUM, SIGNS_WEIGHT_DECAY };

#define SIGNS_SLOTS                                               \
    (const gradus_slot[])                                         \
    {                                                             \
        {.name = "momentum_buffer", .only_if = "momentum"}, { 0 } \
    }
#define SIGNS_CONSTANTS "scale, rise, step, shrink"

void gradus_signs_prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants);

gradus_kernel gradus_signs_scalar, gradus_signs_sse2, gradus_signs_avx2, gradus_signs_avx512, gradus_signs_neon;
gradus_twin gradus_signs_double;

#endif
