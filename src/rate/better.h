/* better.h - what feedbacks that watch a measure share: whether it has become better, and how a rate is lowered within bounds. */
#ifndef GRADUS_RATE_BETTER_H
#define GRADUS_RATE_BETTER_H
#include "rate.h"

/* How a margin is meant, in the order of the words; the last two only as torch has them, wrong for negative measures. */
enum { RATE_RELATIVE, RATE_ABSOLUTE, RATE_TORCH_RELATIVE, RATE_TORCH_ABSOLUTE };
#define RATE_MARGINS "relative|absolute|rel|abs"

enum { RATE_AUTO, RATE_MIN, RATE_MAX };
#define RATE_MODES "auto|min|max"

typedef struct rate_margin {
    double threshold, further; /* further: a difference besides */
    int mode;                  /* RATE_RELATIVE ... */
    bool rises;                /* more is better */
} rate_margin;

/* Whether more of a measure is better: what `mode` (RATE_AUTO ...) says, or else its name. */
bool gradus_rate_rises(const char *metric, double mode);

/* Whether `value` is better than `best` by the margin; what is not finite never is. */
bool gradus_rate_is_better(const rate_margin *margin, double value, double best);

/* Whether a measure is one of the gradient at hand, which may yet be skipped, and not of the model. */
bool gradus_rate_is_of_gradient(const char *metric);

/* A measure of a gradient counts once that was applied: it is held until the clock has moved. One of the model counts at once. */
typedef struct rate_held {
    double value;
    int64_t held, update; /* whether there is one; of which update */
} rate_held;
#define RATE_HELD_FIELDS(type, member)                                                       \
    {.name = "held_value", .kind = GRADUS_DOUBLE, .offset = offsetof(type, member.value)},   \
        {.name = "held", .kind = GRADUS_INT64, .offset = offsetof(type, member.held)},       \
    {                                                                                        \
        .name = "held_update", .kind = GRADUS_INT64, .offset = offsetof(type, member.update) \
    }

/* Takes a look in. True: *value is one that counts, made when *time updates were done. What is not finite never counts. */
bool gradus_rate_hold(rate_held *held, const char *metric, double *value, double *time, const gradus_clock *now);

/* Multiplies the factor of the verdict, never to below `floor`; false, and nothing: that would lower it by no more than `least`. */
bool gradus_rate_lower(gradus_verdict *verdict, double factor, double floor, double least);

/* Rows of the arguments that they have in common. */
#define RATE_METRIC_ROW(normal, text)                                                               \
    {                                                                                               \
        .name = "metric", .kind = GRADUS_METRIC, .initial = normal, .help = text, .also = "monitor" \
    }
#define RATE_FACTOR_ROW                                                                                           \
    {                                                                                                             \
        .name = "factor", .kind = GRADUS_SHARE, .initial = "10%", .high = 1, .open = "()", .flags = GRADUS_NAMED, \
        .help = "what the rate is multiplied by", .search = "choice(10%, 20%, 50%)", .also = "gamma"              \
    }
#define RATE_MODE_ROW                                                                                       \
    {                                                                                                       \
        .name = "mode", .kind = GRADUS_WORD, .initial = "auto", .words = RATE_MODES, .flags = GRADUS_NAMED, \
        .help = "whether lower or higher is better; auto: higher for accuracy, score and the like"          \
    }
#define RATE_FLOOR_ROW(normal)                                                                      \
    {                                                                                               \
        .name = "floor", .kind = GRADUS_SHARE, .initial = normal, .high = 1, .flags = GRADUS_NAMED, \
        .help = "the factor never falls below this", .also = "min_lr, min_scale, min_factor"        \
    }
#define RATE_WHOLE_ROW(title, normal, lowest, text)                                                \
    {                                                                                              \
        .name = title, .kind = GRADUS_INTEGER, .initial = normal, .low = lowest, .high = INFINITY, \
        .flags = GRADUS_NAMED, .help = text                                                        \
    }

static inline void gradus_rate_see(gradus_verdict *verdict, int index, const char *name, double value)
{
    verdict->seen[index].name = name;
    verdict->seen[index].value = value;
}

#endif
