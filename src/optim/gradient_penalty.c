/* penalty: what a penalty on the size of the weights adds to their gradient. That on their absolute values (l1) drives the ones that matter
 * little to 0, that on their squares (l2) pulls the large ones most (both: the elastic net of Zou and Hastie, 2005).
 *
 *     g <- g + l1 sign(x) + l2 x             the gradient of  l1 sum |x| + l2/2 sum x^2
 *
 * Biases and scales are left out, unless vectors are asked for. */
#include "rules.h"
#include <math.h>

enum { L1, L2, VECTORS };

static void change(const double *arguments, const gradus_spot *spot, double scale, const float *gradient, float *values,
                   size_t count)
{
    const bool counts = !spot->vector || arguments[VECTORS] != 0;
    const double l1 = counts ? arguments[L1] : 0, l2 = counts ? arguments[L2] : 0;
    for (size_t i = 0; i < count; i++) {
        const double x = (double)spot->values[i], sign = (x > 0) - (x < 0);
        values[i] = (float)(scale * (double)gradient[i] + l1 * sign + l2 * x);
    }
}

static const gradus_argument arguments[] = {
    [L1] = {"l1", GRADUS_NUMBER, .initial = "0", .low = 0, .high = INFINITY,
            .help = "strength of the penalty on absolute values", .flags = GRADUS_NAMED | GRADUS_SCHEDULED,
            .search = "loguniform(1e-7, 1e-2)", .also = "lasso, l1_regularization"},
    [L2] = {"l2", GRADUS_NUMBER, .initial = "0", .low = 0, .high = INFINITY,
            .help = "strength of the penalty on half the squares", .flags = GRADUS_NAMED | GRADUS_SCHEDULED,
            .search = "loguniform(1e-6, 1e-1)", .also = "ridge, l2_regularization"},
    [VECTORS] = {"vectors", GRADUS_FLAG, .initial = "false", .help = "biases and scales too", .flags = GRADUS_NAMED,
                 .also = "bias, all"},
    {0}};

const gradus_gradient_row gradus_gradient_penalty = {
    .member = {.name = "penalty",
               .summary = "adds the gradient of a penalty on the size of the weights",
               .formula = "g <- g + l1 sign(x) + l2 x",
               .paper = "Zou, Hastie 2005, Regularization and variable selection via the elastic net",
               .also = "l1, l2, elastic_net, regularization, regularizer, lasso, ridge",
               .arguments = arguments,
               .example = "penalty(l1=1e-5)",
               .notes =
                   "The loss that is reported is without it. Adaptive rules such as adam divide it by the size of the "
                   "gradients;\n"
                   "weight_decay of adamw, which they do not divide, is another thing."},
    .reads_values = true,
    .change = change,
};
