/* uncertainty: each loss is divided by a variance that is learnt with the weights, so that what is noisy counts less. */
#include <math.h>
#include "balance.h"

enum { LOG_VARIANCE };

/* A squared error is that of a Gaussian, which has the half; a class's is that of a softmax, which has none. */
static double part_of(const gradus_balance *it, int32_t task)
{
    return it->targets[task] == GRADUS_TARGET_NUMBERS ? 0.5 : 1;
}

static void weigh(const gradus_balance *it, double epoch, double *factors)
{
    (void)epoch;
    for (int32_t i = 0; i < it->tasks; i++) factors[i] = part_of(it, i) * exp(-(double)it->kept[LOG_VARIANCE][i]);
}

static double learn(const gradus_balance *it, double epoch, const double *losses, bool accumulate)
{
    (void)epoch;
    double sum = 0;
    for (int32_t i = 0; i < it->tasks; i++) {
        const double log_variance = it->kept[LOG_VARIANCE][i];
        const float slope = (float)(0.5 - part_of(it, i) * exp(-log_variance) * losses[i]);
        it->gradient[LOG_VARIANCE][i] = (accumulate ? it->gradient[LOG_VARIANCE][i] : 0) + slope;
        sum += log_variance / 2;
    }
    return sum;
}

static const gradus_argument arguments[] = {{.name = NULL}};

const gradus_balance_row gradus_balance_uncertainty = {
    .member = {.name = "uncertainty",
               .summary = "divides each loss by a variance that is learnt with the weights",
               .formula =
                   "sum(exp(-s) L + s / 2), of numbers sum(exp(-s) L / 2 + s / 2); the s begin at 0 and are trained",
               .paper = "Kendall, Gal, Cipolla 2018, Multi-task learning using uncertainty to weigh losses",
               .also = "homoscedastic, learned_weights, learnt_weights, kendall",
               .arguments = arguments,
               .notes = "The s are one more tensor of the net (log_variance), and moved by the optimizer at the run's "
                        "rate. What is reported as loss is the sum with the fixed weights, without them."},
    .abi = GRADUS_ABI,
    .tensors = {{.name = "log_variance", .each = 1, .trained = true}},
    .weigh = weigh,
    .learn = learn,
};
