/* focal: cross-entropy that all but forgets the examples which are told right already, so that the few hard ones are heard among many
 * easy ones. Lin, Goyal, Girshick, He and Dollar, "Focal loss for dense object detection" (2017). */
#include "loss.h"

enum { GAMMA, ALPHA, REDUCTION };

typedef struct focal {
    double loss;
    double pull; /* minus the slope of the loss by log p: each output of a softmax is moved by pull (p - [right]) */
} focal;

/* With p of the right class and q = 1 - p: loss = -alpha q^gamma log p; pull = alpha q^gamma (1 - gamma p log p / q), where
 * log p / q goes to -1 as q goes to 0. */
static focal of_log_probability(const gradus_loss *loss, double log_p, int32_t target)
{
    const double gamma = loss->values[GAMMA].number, alpha = loss->weights ? loss->weights[target] : 1;
    const double q = -expm1(log_p), faded = alpha * pow(q, gamma);
    return (focal){-faded * log_p, faded * (1 + gamma * exp(log_p) * (q > 0 ? -log_p / q : 1))};
}

/* One output x is worth x for the second class and -x for the first: log p = -log(1 + exp(-worth)). */
static double one_output(const gradus_loss *loss, double x, int32_t target, float scale, float *gradient)
{
    const double worth = target ? x : -x;
    const double log_p = (worth < 0 ? worth : 0) - log1p(exp(-fabs(worth)));
    const focal it = of_log_probability(loss, log_p, target);
    *gradient = scale * (float)(it.pull * (gradus_sigmoid(x) - target));
    return it.loss;
}

static double example(const gradus_loss *loss, const float *output, int32_t target, const float *numbers, float scale,
                      float *gradient)
{
    (void)numbers;
    if (loss->width == 1) return one_output(loss, output[0], target, scale, gradient);
    const double wanted = output[target];
    const gradus_softmax_sum sum = loss->kernels->softmax(output, gradient, loss->width);
    const focal it = of_log_probability(loss, fmin(wanted - sum.largest - log(sum.sum), 0), target);
    gradient[target] -= 1;
    for (int64_t i = 0; i < loss->width; i++) gradient[i] *= scale * (float)it.pull;
    return it.loss;
}

static void predict(const gradus_loss *loss, float *output)
{
    if (loss->width == 1)
        output[0] = (float)gradus_sigmoid(output[0]);
    else
        loss->kernels->softmax(output, output, loss->width);
}

static const gradus_argument arguments[] = {
    {.name = "gamma",
     .kind = GRADUS_NUMBER,
     .initial = "2",
     .low = 0,
     .high = 100,
     .help = "how fast an example fades as it is told right; 0: not at all, which is cross-entropy",
     .search = "uniform(0.5, 5)",
     .also = "focusing, exponent"},
    GRADUS_CLASS_WEIGHTS_ARGUMENT("alpha", "class_weights, class_weight, weight, balance"),
    GRADUS_REDUCTION_ARGUMENT,
    {.name = NULL},
};

const gradus_loss_row gradus_loss_focal = {
    .member = {.name = "focal",
               .summary = "for classes: cross-entropy in which what is told right already hardly counts",
               .formula = "-alpha (1 - p)^gamma log p; p = softmax(output)[target], or of one output its sigmoid",
               .paper = "Lin et al. 2017, Focal loss for dense object detection",
               .also = "focal_loss, sigmoid_focal_loss, binary_focal_crossentropy, categorical_focal_crossentropy",
               .arguments = arguments,
               .notes = "It applies softmax itself: the net ends in plain outputs, one for each class, or for two "
                        "classes in one, the second's. Its mean is over the examples, whatever alpha is. The paper has "
                        "alpha=0.25."},
    .abi = GRADUS_ABI,
    .targets = 1 << GRADUS_TARGET_CLASS,
    .applies = "softmax",
    .one_output = GRADUS_ONE_OR_EACH,
    .reduction = REDUCTION,
    .class_weights = ALPHA,
    .example = example,
    .predict = predict,
};
