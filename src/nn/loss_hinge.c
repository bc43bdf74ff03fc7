/* hinge: only what is not right by a margin counts, as in a support vector machine.
 * Several classes: Weston and Watkins, "Support vector machines for multi-class pattern recognition" (1999); PyTorch's MultiMarginLoss. */
#include "loss.h"

enum { MARGIN, POWER, REDUCTION };

/* Not-a-number stays: it is not below 0. */
static double short_of(double distance, bool squared, double *slope)
{
    const double lacking = distance <= 0 ? 0 : distance;
    *slope = squared ? 2 * lacking : distance <= 0 ? 0 : distance > 0 ? 1 : distance;
    return squared ? lacking * lacking : lacking;
}

static double example(const gradus_loss *loss, const float *output, int32_t target, const float *numbers, float scale,
                      float *gradient)
{
    (void)numbers;
    const double margin = loss->values[MARGIN].number, wanted = output[loss->width == 1 ? 0 : target];
    const bool squared = loss->values[POWER].number == 2;
    double slope, sum = 0, slopes = 0;
    if (loss->width == 1) {
        const double side = target ? 1 : -1, lost = short_of(margin - side * wanted, squared, &slope);
        gradient[0] = scale * (float)(-side * slope);
        return lost;
    }
    for (int64_t i = 0; i < loss->width; i++) {
        if (i == target) continue;
        sum += short_of(margin - wanted + output[i], squared, &slope);
        slopes += slope;
        gradient[i] = scale * (float)(slope / (double)loss->width);
    }
    gradient[target] = scale * (float)(-slopes / (double)loss->width);
    return sum / (double)loss->width;
}

static const gradus_argument arguments[] = {
    {.name = "margin",
     .kind = GRADUS_NUMBER,
     .initial = "1",
     .low = 0,
     .high = 1e9,
     .open = "(",
     .help = "by how much the right class is to be ahead",
     .also = "delta"},
    {.name = "power",
     .kind = GRADUS_INTEGER,
     .initial = "1",
     .low = 1,
     .high = 2,
     .flags = GRADUS_NAMED,
     .help = "1, or 2: what lacks to the margin is squared",
     .also = "p, squared"},
    GRADUS_REDUCTION_ARGUMENT,
    {.name = NULL},
};

const gradus_loss_row gradus_loss_hinge = {
    .member = {.name = "hinge",
               .summary = "for classes: what lacks until the right one is ahead of all others by a margin",
               .formula = "sum over the others of max(0, margin - output[target] + output[i])^power / classes; of one "
                          "output max(0, margin - s output)^power, s = 1 for the second class, -1 for the first",
               .paper = "Weston & Watkins 1999, Support vector machines for multi-class pattern recognition",
               .also = "hinge_loss, multi_margin, multimarginloss, multi_margin_loss, squared_hinge, svm",
               .arguments = arguments,
               .notes = "It says which class, not how likely it is. For two classes the net may have one output, the "
                        "second's."},
    .abi = GRADUS_ABI,
    .targets = 1 << GRADUS_TARGET_CLASS,
    .one_output = GRADUS_ONE_OR_EACH,
    .reduction = REDUCTION,
    .example = example,
};
