/* huber: squared near the target, absolute beyond `delta`: exact where it can be, unmoved by a few wild targets. */
#include <math.h>
#include "arguments.h"
#include "net.h"

enum { DELTA, REDUCTION };

static double example(const gradus_loss *loss, const float *output, int32_t target, const float *numbers, float scale,
                      float *gradient)
{
    (void)target;
    const double delta = loss->values[DELTA].number;
    const float slope = scale * (float)loss->share;
    double sum = 0;
    for (int64_t i = 0; i < loss->width; i++) {
        const double far = (double)output[i] - numbers[i], size = fabs(far);
        sum += size > delta ? delta * (size - delta / 2) : far * far / 2;
        gradient[i] = slope * (float)(size > delta ? copysign(delta, far) : far);
    }
    return sum * loss->share;
}

static const gradus_argument arguments[] = {
    {.name = "delta",
     .kind = GRADUS_NUMBER,
     .initial = "1",
     .low = 0,
     .high = 1e9,
     .open = "(",
     .help = "distance from the target at which it turns from squared to absolute",
     .also = "beta, threshold"},
    GRADUS_REDUCTION_ARGUMENT,
    {.name = NULL},
};

const gradus_loss_row gradus_loss_huber = {
    .member = {.name = "huber",
               .summary = "for numbers: squared near the target, absolute far from it",
               .formula = "d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2); d = output - target",
               .paper = "Huber 1964, Robust estimation of a location parameter",
               .also = "huber_loss, smooth_l1, smoothl1, smooth_l1_loss",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .targets = 1 << GRADUS_TARGET_NUMBERS,
    .reduction = REDUCTION,
    .example = example,
};
