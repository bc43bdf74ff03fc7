/* What all averages of the values share: when they take the values, the kernel that does it, and what is shown. The
 * kernels are in average_ema.c. */
#ifndef GRADUS_OPTIM_AVERAGE_H
#define GRADUS_OPTIM_AVERAGE_H
#include "gradus/extend.h"
#include <math.h>

/* Every average keeps one array, and how often it has taken the values. */
#define AVERAGE_SLOTS                                   \
    (const gradus_slot[])                               \
    {                                                   \
        {.name = "average", .from_values = true}, { 0 } \
    }
#define AVERAGE_MEMORY "taken"
enum { AVERAGE_TAKEN };
#define AVERAGE_CONSTANTS "rise"
enum { AVERAGE_RISE, AVERAGE_CONSTANT_COUNT }; /* average <- average + rise (x - average); exactly x where rise is 1 */

#define AVERAGE_FROM_ARGUMENT(initially)                                                                          \
    {                                                                                                             \
        "from", GRADUS_LENGTH, .initial = initially, .low = 0, .high = INFINITY,                                  \
                               .help = "where in the run the average begins; before it is the values themselves", \
                               .flags = GRADUS_NAMED, .also = "start, swa_start, start_averaging"                 \
    }

gradus_kernel gradus_average_take_scalar, gradus_average_take_sse2, gradus_average_take_avx2,
    gradus_average_take_avx512, gradus_average_take_neon;
gradus_twin gradus_average_take_double;
gradus_kernel gradus_average_show_scalar, gradus_average_show_sse2, gradus_average_show_avx2,
    gradus_average_show_avx512, gradus_average_show_neon;
gradus_twin gradus_average_show_double;

#define AVERAGE_PASS                                                                     \
    {                                                                                    \
        {                                                                                \
            .kernel = EVERY_ISA(gradus_average_take), .twin = gradus_average_take_double \
        }                                                                                \
    }
#define AVERAGE_SHOW                                                                                                   \
    {                                                                                                                  \
        .kernel = EVERY_ISA(gradus_average_show), .twin = gradus_average_show_double, .conclude = gradus_average_shown \
    }

/* What a drive does: the wrapped rule, and after it the values are taken if this update is one of every `every` that is
 * not before `from`. */
gradus_outcome gradus_average_drive(gradus_drive *drive, double every, double from);
void gradus_average_shown(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                          double *constants);

#endif
