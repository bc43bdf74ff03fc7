/* binary_cross_entropy: each output is a yes or no of its own; sigmoid and the log of its probability in one. */
#include <math.h>
#include "loss.h"

enum { REDUCTION };

/* -t log p - (1 - t) log(1 - p), p = sigmoid(x), is max(x, 0) - t x + log(1 + exp(-|x|)): nothing in it overflows.
 * A class as target: yes is class 1. */
static double example(const gradus_loss *loss, const float *output, int32_t target, const float *numbers, float scale,
                      float *gradient)
{
    const float slope = scale * (float)loss->share;
    double sum = 0;
    for (int64_t i = 0; i < loss->width; i++) {
        const double x = output[i], wanted = numbers ? (double)numbers[i] : (double)(target == 1);
        sum += (x < 0 ? 0 : x) - wanted * x + log1p(exp(-fabs(x)));
        gradient[i] = slope * (float)(gradus_sigmoid(x) - wanted);
    }
    return sum * loss->share;
}

static void predict(const gradus_loss *loss, float *output)
{
    for (int64_t i = 0; i < loss->width; i++) output[i] = (float)gradus_sigmoid(output[i]);
}

static const gradus_argument arguments[] = {GRADUS_REDUCTION_ARGUMENT, {.name = NULL}};

const gradus_loss_row gradus_loss_binary_cross_entropy = {
    .member = {.name = "binary_cross_entropy",
               .summary = "for yes or no: minus the log of the probability of what is right, for each output",
               .formula = "-t log sigmoid(x) - (1 - t) log(1 - sigmoid(x))",
               .also = "bce, bce_with_logits, binary_crossentropy, bceloss, logistic_loss",
               .arguments = arguments,
               .notes =
                   "It applies the sigmoid itself: the net ends in plain outputs. With two classes the net has one "
                   "output, the second class's."},
    .abi = GRADUS_ABI,
    .targets = 1 << GRADUS_TARGET_CLASS | 1 << GRADUS_TARGET_NUMBERS,
    .applies = "sigmoid",
    .one_output = GRADUS_ONE_ONLY,
    .probabilities = true,
    .reduction = REDUCTION,
    .example = example,
    .predict = predict,
};
