/* What momo and momo_adam share: a line under the loss, made of means of losses, gradients and products, says how long a
 * step may be (Schaipp, Ohana, Eickenberg, Defazio and Gower, 2024).
 *
 *     f, p: means of the loss and of g x, as the mean gradient d is one;  c = 1 - beta^k where means start at 0, else 1
 *     t = max(0, (1 + rate weight_decay) (f - c lower_bound - p) + d x) / |d|^2
 *     the step is min(rate / c, t) d */
#ifndef GRADUS_OPTIM_MOMO_H
#define GRADUS_OPTIM_MOMO_H
#include "arguments.h"
#include "rules.h"

/* Both begin with these arguments. */
enum { MOMO_LOWER_BOUND, MOMO_ADAPT, MOMO_WEIGHT_DECAY, MOMO_SHARED };

#define MOMO_ARGUMENTS                                                                                              \
    [MOMO_LOWER_BOUND] = {"lower_bound",         GRADUS_NUMBER,                                                     \
                          .initial = "0",        .help = "what the loss cannot fall below",                         \
                          .flags = GRADUS_NAMED, .also = "lb, f_star"},                                             \
    [MOMO_ADAPT] = RULE_FLAG("adapt_lower_bound", "false", "finds a higher bound from the losses while it trains"), \
    [MOMO_WEIGHT_DECAY] = RULE_AMOUNT("weight_decay", "0", "pull of the values towards 0, on its own",              \
                                      .search = "loguniform(1e-5, 1e-2)", .also = "wd, l2")

/* Sums over all tensors. */
enum { MOMO_LENGTH, MOMO_PRODUCT, MOMO_MEAN_PRODUCT, MOMO_SUMS };

#define MOMO_MEMORY "updates, loss, product, bound, most, correction"
enum { MOMO_UPDATES, MOMO_LOSS, MOMO_MEAN_OF_PRODUCTS, MOMO_BOUND, MOMO_MOST, MOMO_CORRECTION };

/* `keep` of the means; `correction` as c above. */
void gradus_momo_learn(const double *hyper, const gradus_now *now, double keep, double correction, const double *sums,
                       double *memory);
double gradus_momo_effective_rate(const double *hyper, const gradus_now *now, const double *memory);
/* The part of the values that an update takes away. */
double gradus_momo_shrink(const double *hyper, const gradus_now *now);

#define MOMO_NOTE                                                                                                    \
    "It must be told the loss of each batch. The rate is the longest step; as long as it is too long, the loss and " \
    "its "                                                                                                           \
    "bound\n"                                                                                                        \
    "say how long one is. With dropout or smoothed labels the loss has a higher bound than 0: say it, or "           \
    "adapt_lower_bound."

#endif
