/* What prodigy and the d_adapt rules share: an estimate d of how far it is from the start to the best values, which only
 * grows and is the rate (Defazio and Mishchenko, 2023). */
#ifndef GRADUS_OPTIM_ADAPT_H
#define GRADUS_OPTIM_ADAPT_H
#include "arguments.h"
#include "rules.h"

#define ADAPT_FIRST                                                                                                \
    {                                                                                                              \
        "first", GRADUS_NUMBER, .initial = "1e-6", .low = 0, .high = INFINITY, .open = "(",                        \
                                .help = "the distance that is assumed at first, which must not be too large",      \
                                .flags = GRADUS_NAMED, .search = "loguniform(1e-7, 1e-3)", .also = "d0, estim_lr0" \
    }
#define ADAPT_GROWTH                                                                               \
    {                                                                                              \
        "growth", GRADUS_NUMBER,                                                                   \
            .initial = "inf", .low = 1, .high = INFINITY, .words = "inf",                          \
            .help = "the distance grows by no more than this factor in an update; 1.02 acts as a " \
                    "warmup",                                                                      \
            .flags = GRADUS_NAMED, .also = "growth_rate"                                           \
    }
static inline double gradus_adapt_growth(double growth) { return growth < 0 ? INFINITY : growth; } /* the word is -1 */

#define ADAPT_DECAY \
    RULE_AMOUNT("weight_decay", "0", "pull of the values towards 0", .search = "loguniform(1e-4, 1)", .also = "wd, l2")

/* Every rule's memory begins with it; 0: as it was at first. */
enum { ADAPT_DISTANCE };

static inline double gradus_adapt_distance(const double *memory, double first)
{
    return memory[ADAPT_DISTANCE] > 0 ? memory[ADAPT_DISTANCE] : first;
}

/* d <- max(d, min(estimate, growth d)); an estimate that is no number changes nothing. */
static inline void gradus_adapt_grow(double *memory, double first, double growth, double estimate)
{
    const double distance = gradus_adapt_distance(memory, first);
    memory[ADAPT_DISTANCE] = fmax(distance, fmin(estimate, distance * gradus_adapt_growth(growth)));
}

/* What Adam's bias correction makes of the rate. */
static inline double gradus_adapt_correction(double beta1, double beta2, int64_t update)
{
    return sqrt(1 - gradus_power(beta2, update)) / (1 - gradus_power(beta1, update));
}

#endif
