/* mean_absolute: the distance from the target; far-off examples pull no harder than near ones. */
#include <math.h>
#include "arguments.h"
#include "net.h"

enum { REDUCTION };

static double example(const gradus_loss *loss, const float *output, int32_t target, const float *numbers, float scale,
                      float *gradient)
{
    (void)target;
    const float slope = scale * (float)loss->share;
    double sum = 0;
    for (int64_t i = 0; i < loss->width; i++) {
        const float far = output[i] - numbers[i];
        sum += fabsf(far);
        gradient[i] = far > 0 ? slope : far < 0 ? -slope : far; /* none where it is right; not-a-number stays */
    }
    return sum * loss->share;
}

static const gradus_argument arguments[] = {GRADUS_REDUCTION_ARGUMENT, {.name = NULL}};

const gradus_loss_row gradus_loss_mean_absolute = {
    .member = {.name = "mean_absolute",
               .summary = "for numbers: the distance from the target",
               .formula = "|output - target|, averaged over outputs and examples",
               .also = "mae, mean_absolute_error, l1, l1_loss, absolute_error",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .targets = 1 << GRADUS_TARGET_NUMBERS,
    .reduction = REDUCTION,
    .example = example,
};
