/* Arguments as most rules have them: numbers that go by name and may follow a schedule, and flags. What differs is written
 * behind them: .search, .also. */
#ifndef GRADUS_OPTIM_ARGUMENTS_H
#define GRADUS_OPTIM_ARGUMENTS_H
#include "gradus/extend.h"
#include <math.h>

/* A part of something that is kept: in [0, 1). */
#define RULE_SHARE(called, initially, about, ...)                                                     \
    {                                                                                                 \
        called, GRADUS_NUMBER, .initial = initially, .low = 0, .high = 1, .open = ")", .help = about, \
                               .flags = GRADUS_NAMED | GRADUS_SCHEDULED, __VA_ARGS__                  \
    }

/* Not below 0. */
#define RULE_AMOUNT(called, initially, about, ...)                                              \
    {                                                                                           \
        called, GRADUS_NUMBER, .initial = initially, .low = 0, .high = INFINITY, .help = about, \
                               .flags = GRADUS_NAMED | GRADUS_SCHEDULED, __VA_ARGS__            \
    }

/* Adam's, and what most rules have of it; what is searched goes behind an epsilon. */
#define RULE_BETA1                                                                                       \
    RULE_SHARE("beta1", "0.9", "part of the mean gradient that is kept", .search = "uniform(0.8, 0.99)", \
               .also = "beta_1, b1, momentum")
#define RULE_BETA2                                                                                         \
    RULE_SHARE("beta2", "0.999", "part of the mean square that is kept", .search = "uniform(0.9, 0.9999)", \
               .also = "beta_2, b2")

#define RULE_EPSILON(initially, ...) \
    RULE_AMOUNT("epsilon", initially, "keeps the division finite; added to the root", .also = "eps", __VA_ARGS__)
#define RULE_PLACE                                                                                                    \
    {                                                                                                                 \
        "place", GRADUS_WORD, .initial = "corrected", .words = "corrected|raw",                                       \
                              .help = "epsilon is added to the root of the corrected mean square, or of the raw one", \
                              .flags = GRADUS_NAMED                                                                   \
    }
#define RULE_BIAS_CORRECTION     RULE_FLAG("bias_correction", "true", "makes up for means that start at 0")
#define RULE_NESTEROV(initially) RULE_FLAG("nesterov", initially, "looks ahead along the momentum")

/* The slots of both means, as PyTorch calls them. */
#define RULE_MEANS(mean, square) [mean] = {.name = "exp_avg"}, [square] = {.name = "exp_avg_sq", .non_negative = true}

/* Decay of the values: how much, and where it enters (needs rules.h). */
#define RULE_WEIGHT_DECAY(initially, searched) \
    RULE_AMOUNT("weight_decay", initially, "pull of the values towards 0", .search = searched, .also = "wd, l2")
#define RULE_DECAY(initially)                                                                           \
    {                                                                                                   \
        "decay", GRADUS_WORD, .initial = initially, .words = DECAY_WORDS,                               \
                              .help = "added to the gradient, or taken from the values times the rate", \
                              .flags = GRADUS_NAMED                                                     \
    }

#define RULE_FLAG(called, initially, about)                                             \
    {                                                                                   \
        called, GRADUS_FLAG, .initial = initially, .help = about, .flags = GRADUS_NAMED \
    }

#endif
