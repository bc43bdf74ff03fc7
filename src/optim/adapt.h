/* What prodigy and the dadapt rules share: an estimate d of how far it is from the start to the best values, which only
 * grows and is the rate (Defazio and Mishchenko, 2023). */
#ifndef GRADUS_OPTIM_ADAPT_H
#define GRADUS_OPTIM_ADAPT_H
#include "arguments.h"
#include "rules.h"

/* All of them begin with these arguments. */
enum { ADAPT_FIRST, ADAPT_GROWTH, ADAPT_WEIGHT_DECAY, ADAPT_SHARED };

#define ADAPT_ARGUMENTS                                                                                             \
    [ADAPT_FIRST] = {"first",                                                                                       \
                     GRADUS_NUMBER,                                                                                 \
                     .initial = "1e-6",                                                                             \
                     .low = 0,                                                                                      \
                     .high = INFINITY,                                                                              \
                     .open = "(",                                                                                   \
                     .help = "the distance that is assumed at first, which must not be too large",                  \
                     .flags = GRADUS_NAMED,                                                                         \
                     .search = "loguniform(1e-7, 1e-3)",                                                            \
                     .also = "d0, estim_lr0"},                                                                      \
    [ADAPT_GROWTH] = {"growth",                                                                                     \
                      GRADUS_NUMBER,                                                                                \
                      .initial = "inf",                                                                             \
                      .low = 1,                                                                                     \
                      .high = INFINITY,                                                                             \
                      .words = "inf",                                                                               \
                      .help = "the distance grows by no more than this factor in an update; 1.02 acts as a warmup", \
                      .flags = GRADUS_NAMED,                                                                        \
                      .also = "growth_rate"},                                                                       \
    [ADAPT_WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-4, 1)")

#define ADAPT_DECAY_ARGUMENT(initially)                                                                  \
    {                                                                                                    \
        "decay", GRADUS_WORD, .initial = initially, .words = DECAY_WORDS,                                \
                              .help = "added to the gradient, or as adamw has it", .flags = GRADUS_NAMED \
    }

/* Their memory begins with these; a distance of 0: as it was at first. */
enum { ADAPT_DISTANCE, ADAPT_NUMERATOR };

static inline double gradus_adapt_distance(const double *hyper, const double *memory)
{
    return memory[ADAPT_DISTANCE] > 0 ? memory[ADAPT_DISTANCE] : hyper[ADAPT_FIRST];
}

static inline double gradus_adapt_growth(const double *hyper)
{
    return hyper[ADAPT_GROWTH] < 0 ? INFINITY : hyper[ADAPT_GROWTH]; /* the word is -1 */
}

/* d <- max(d, min(estimate, growth d)), unless nothing moves; an estimate that is not finite changes nothing. */
static inline void gradus_adapt_grow(const double *hyper, const gradus_now *now, double estimate, double *memory)
{
    const double distance = gradus_adapt_distance(hyper, memory);
    if (now->rate > 0 && isfinite(estimate))
        memory[ADAPT_DISTANCE] = fmax(distance, fmin(estimate, distance * gradus_adapt_growth(hyper)));
}

/* N <- keep N + (1 - keep) along; the estimate is N / ((1 - keep) size). */
static inline void gradus_adapt_by_mean(const double *hyper, const gradus_now *now, double keep, double along,
                                        double size, double *memory)
{
    if (size == 0) return;
    memory[ADAPT_NUMERATOR] = keep * memory[ADAPT_NUMERATOR] + (1 - keep) * along;
    gradus_adapt_grow(hyper, now, memory[ADAPT_NUMERATOR] / ((1 - keep) * size), memory);
}

/* What Adam's bias correction makes of the rate. */
static inline double gradus_adapt_correction(double beta1, double beta2, int64_t update)
{
    return sqrt(1 - gradus_power(beta2, update)) / (1 - gradus_power(beta1, update));
}

static inline double gradus_adapt_effective_rate(const double *hyper, const gradus_now *now, const double *memory)
{
    return now->rate * gradus_adapt_distance(hyper, memory);
}

#define ADAPT_NOTE "The rate is a factor of what the rule finds: 1, or a schedule that falls. "

#endif
