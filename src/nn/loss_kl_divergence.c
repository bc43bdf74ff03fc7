/* kl_divergence: how far the net's probabilities are from probabilities that are given: of a teacher, of several people who judged.
 * Kullback and Leibler, "On information and sufficiency" (1951). */
#include "loss.h"

enum { REDUCTION };

/* sum(t log t) - sum(t log p), log p = output - largest - log(sum); the slope is sum(t) p - t. 0 log 0 is 0. */
static double example(const gradus_loss *loss, const float *output, int32_t target, const float *numbers, float scale,
                      float *gradient)
{
    (void)target;
    double all = 0, own = 0, wanted = 0;
    for (int64_t i = 0; i < loss->width; i++) {
        const double t = numbers[i];
        all += t;
        own += t > 0 ? t * log(t) : 0;
        wanted += t * output[i];
    }
    const gradus_softmax_sum sum = loss->kernels->softmax(output, gradient, loss->width);
    for (int64_t i = 0; i < loss->width; i++) gradient[i] = scale * (float)(all * gradient[i] - numbers[i]);
    return own + all * (sum.largest + log(sum.sum)) - wanted;
}

static void predict(const gradus_loss *loss, float *output) { loss->kernels->softmax(output, output, loss->width); }

static const gradus_argument arguments[] = {GRADUS_REDUCTION_ARGUMENT, {.name = NULL}};

const gradus_loss_row gradus_loss_kl_divergence = {
    .member = {.name = "kl_divergence",
               .summary = "for probabilities as targets: how far the net's are from them",
               .formula = "sum of t (log t - log softmax(output))",
               .paper = "Kullback & Leibler 1951, On information and sufficiency",
               .also = "kl, kl_div, kldivloss, kullback_leibler, soft_cross_entropy",
               .arguments = arguments,
               .notes = "Targets are a probability for each output, given as numbers; those of a file as they are with "
                        "target_scale=none. It applies softmax itself: the net ends in plain outputs. Its mean is over "
                        "the examples (PyTorch: batchmean)."},
    .abi = GRADUS_ABI,
    .targets = 1 << GRADUS_TARGET_NUMBERS,
    .applies = "softmax",
    .probabilities = true,
    .reduction = REDUCTION,
    .example = example,
    .predict = predict,
};
