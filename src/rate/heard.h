/* heard.h - what feedbacks share that listen to gradients: measures that belong to the gradient at hand, and an answer to it that
 * counts only once the update was applied, so that what is skipped or rolled back has never been. */
#ifndef GRADUS_RATE_HEARD_H
#define GRADUS_RATE_HEARD_H
#include <stddef.h>
#include <string.h>
#include "rate.h"

/* ---- measures of one gradient ---- */

enum { RATE_HEARD = 3 };

typedef struct rate_heard {
    double value[RATE_HEARD];
    int64_t has; /* bits of those that came, and are finite */
} rate_heard;

#define RATE_HEARD_FIELDS(type, member)                                  \
    {"heard", GRADUS_DOUBLE, offsetof(type, member.value), -RATE_HEARD}, \
    {                                                                    \
        "heard_which", GRADUS_INT64, offsetof(type, member.has), 0       \
    }

/* `names` are the row's metrics in the order of the values; others are passed over. */
static inline void rate_hear(rate_heard *heard, const char *const names[RATE_HEARD], const char *metric, double value)
{
    for (int i = 0; i < RATE_HEARD && names[i]; i++) {
        if (strcmp(names[i], metric) != 0) continue;
        heard->value[i] = value;
        heard->has = isfinite(value) ? heard->has | 1 << i : heard->has & ~(int64_t)(1 << i);
    }
}

/* Whether the first `count` came with the gradient at hand; the next one's are waited for. */
static inline bool rate_heard_all(rate_heard *heard, int count)
{
    bool all = heard->has == (1 << count) - 1;
    heard->has = 0;
    return all;
}

/* ---- gradient and last update ---- */

#define RATE_LAST_UPDATE "gradient_dot_last_update, update_norm, gradient_norm"
static const char *const rate_last_update[RATE_HEARD] = {"gradient_dot_last_update", "update_norm", "gradient_norm"};

/* Their cosine; NaN where one of them is 0. */
static inline double rate_cosine(const rate_heard *heard)
{
    double lengths = heard->value[1] * heard->value[2];
    return lengths > 0 ? heard->value[0] / lengths : NAN;
}

/* ---- trials ---- */

typedef struct rate_trial {
    double kept;    /* of the last update that was applied */
    double tried;   /* of the one that was handed out last */
    int64_t update; /* its index; -1: there is none */
} rate_trial;

#define RATE_TRIAL_FIELDS(type, member)                                \
    {"kept", GRADUS_DOUBLE, offsetof(type, member.kept), 0},           \
        {"tried", GRADUS_DOUBLE, offsetof(type, member.tried), 0},     \
    {                                                                  \
        "tried_update", GRADUS_INT64, offsetof(type, member.update), 0 \
    }

/* At the next look; true: what was tried counts from now on. */
static inline bool rate_trial_settle(rate_trial *trial, const gradus_clock *now)
{
    bool applied = trial->update >= 0 && now->updates == trial->update + 1;
    if (applied) trial->kept = trial->tried;
    trial->update = -1;
    return applied;
}

static inline double rate_trial_try(rate_trial *trial, double value, const gradus_clock *now)
{
    trial->update = now->updates;
    return trial->tried = value;
}

#endif
