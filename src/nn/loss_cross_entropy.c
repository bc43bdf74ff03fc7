/* cross_entropy: softmax and the log of the right class's probability in one, which is exact where a probability is tiny. */
#include <math.h>
#include "loss.h"

enum { REDUCTION, SMOOTHING, WEIGHTS };

/* q[k] = (1 - smoothing) weight[k] [k = target] + smoothing / width weight[k]; loss = -sum(q log p), slope = sum(q) p - q. */
static double weighted(const gradus_loss *loss, const float *output, int32_t target, float scale, float *gradient)
{
    const double smoothing = loss->values[SMOOTHING].number, spread = smoothing / (double)loss->width;
    const double own = (1 - smoothing) * loss->weights[target];
    double all = own, wanted = own * output[target];
    for (int64_t i = 0; smoothing > 0 && i < loss->width; i++) {
        all += spread * loss->weights[i];
        wanted += spread * loss->weights[i] * output[i];
    }
    const gradus_softmax_sum sum = loss->kernels->softmax(output, gradient, loss->width);
    for (int64_t i = 0; i < loss->width; i++)
        gradient[i] = scale * (float)(all * gradient[i] - spread * loss->weights[i]);
    gradient[target] -= scale * (float)own;
    return all * (sum.largest + log(sum.sum)) - wanted;
}

/* With q = (1 - smoothing) [k = target] + smoothing / width: loss = -sum(q log p), slope = p - q, p = softmax(output).
 * log p[k] = output[k] - largest - log(sum). */
static double example(const gradus_loss *loss, const float *output, int32_t target, const float *numbers, float scale,
                      float *gradient)
{
    (void)numbers;
    if (loss->weights) return weighted(loss, output, target, scale, gradient);
    const double smoothing = loss->values[SMOOTHING].number, spread = smoothing / (double)loss->width;
    double mean = 0; /* of all outputs, which smoothing asks for */
    for (int64_t i = 0; smoothing > 0 && i < loss->width; i++) mean += output[i] / (double)loss->width;
    const double wanted = (1 - smoothing) * output[target] + smoothing * mean;
    const gradus_softmax_sum sum = loss->kernels->softmax(output, gradient, loss->width);
    loss->kernels->scale(scale, (float)spread, gradient, loss->width);
    gradient[target] -= scale * (float)(1 - smoothing);
    return sum.largest + log(sum.sum) - wanted;
}

static void predict(const gradus_loss *loss, float *output) { loss->kernels->softmax(output, output, loss->width); }

static const gradus_argument arguments[] = {
    GRADUS_REDUCTION_ARGUMENT,
    {.name = "smoothing",
     .kind = GRADUS_SHARE,
     .initial = "0",
     .low = 0,
     .high = 1,
     .flags = GRADUS_NAMED,
     .help = "share of the target that is spread over all classes",
     .search = "uniform(0, 0.2)",
     .also = "label_smoothing"},
    GRADUS_CLASS_WEIGHTS_ARGUMENT("class_weights", "class_weight, weights"),
    {.name = NULL},
};

static const gradus_refusal refuses[] = {
    {"from_logits", "outputs are always taken as they are, before any softmax: leave the softmax layer out"},
    {NULL, NULL},
};

const gradus_loss_row gradus_loss_cross_entropy = {
    .member =
        {.name = "cross_entropy",
         .summary = "for classes: minus the log of the probability of the right one",
         .formula = "-log softmax(output)[target]",
         .also = "crossentropy, categorical_crossentropy, sparse_categorical_crossentropy, nll, log_loss, "
                 "softmax_cross_entropy",
         .arguments = arguments,
         .refuses = refuses,
         .notes =
             "It applies softmax itself: the net ends in plain outputs, one for each class. With class weights the "
             "mean is the sum of weight times loss over the sum of the weights, as PyTorch has it."},
    .abi = GRADUS_ABI,
    .targets = 1 << GRADUS_TARGET_CLASS,
    .applies = "softmax",
    .reduction = REDUCTION,
    .class_weights = WEIGHTS,
    .weighted_mean = true,
    .example = example,
    .predict = predict,
};
