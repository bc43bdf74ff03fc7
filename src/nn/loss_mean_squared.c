/* mean_squared: the squared distance from the target. */
#include "arguments.h"
#include "net.h"

enum { REDUCTION };

static double example(const gradus_loss *loss, const float *output, int32_t target, const float *numbers, float scale,
                      float *gradient)
{
    (void)target;
    const float slope = scale * 2 * (float)loss->share;
    double sum = 0;
    for (int64_t i = 0; i < loss->width; i++) {
        const float far = output[i] - numbers[i];
        sum += (double)far * far;
        gradient[i] = slope * far;
    }
    return sum * loss->share;
}

static const gradus_argument arguments[] = {GRADUS_REDUCTION_ARGUMENT, {.name = NULL}};

const gradus_loss_row gradus_loss_mean_squared = {
    .member = {.name = "mean_squared",
               .summary = "for numbers: the squared distance from the target",
               .formula = "(output - target)^2, averaged over outputs and examples",
               .also = "mse, mean_squared_error, l2, l2_loss, squared_error",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .targets = 1 << GRADUS_TARGET_NUMBERS,
    .reduction = REDUCTION,
    .example = example,
};
