/* noise.h - how noisy a gradient is: estimated from the norms of a batch's two halves and of the whole, for feedbacks that tell it
 * or act on it. */
#ifndef GRADUS_RATE_NOISE_H
#define GRADUS_RATE_NOISE_H
#include "rate.h"

#define RATE_NOISE_METRICS "half_gradient_norm, gradient_norm"

typedef struct rate_noise { /* all of it is state of the feedback that keeps it */
    /* squared norms of the gradient at hand, and of the update handed out last: they count once that has been applied */
    int64_t has_half, has_whole, held;
    double half, whole, held_half, held_whole, held_samples;
    /* averages over the latest updates: |G|^2, tr(Sigma) of one example's gradient, examples of an update */
    int64_t looks;
    double signal, variance, samples;
} rate_noise;

/* The fields of a `rate_noise noise` inside a state. */
#define RATE_NOISE_FIELD(state, kind, field)          \
    {                                                 \
#field, kind, offsetof(state, noise.field), 0 \
    }
#define RATE_NOISE_FIELDS(state)                                                                                  \
    RATE_NOISE_FIELD(state, GRADUS_INT64, has_half), RATE_NOISE_FIELD(state, GRADUS_INT64, has_whole),            \
        RATE_NOISE_FIELD(state, GRADUS_INT64, held), RATE_NOISE_FIELD(state, GRADUS_DOUBLE, half),                \
        RATE_NOISE_FIELD(state, GRADUS_DOUBLE, whole), RATE_NOISE_FIELD(state, GRADUS_DOUBLE, held_half),         \
        RATE_NOISE_FIELD(state, GRADUS_DOUBLE, held_whole), RATE_NOISE_FIELD(state, GRADUS_DOUBLE, held_samples), \
        RATE_NOISE_FIELD(state, GRADUS_INT64, looks), RATE_NOISE_FIELD(state, GRADUS_DOUBLE, signal),             \
        RATE_NOISE_FIELD(state, GRADUS_DOUBLE, variance), RATE_NOISE_FIELD(state, GRADUS_DOUBLE, samples)

void gradus_rate_noise_hear(rate_noise *noise, const char *metric, double value);
/* In decide: takes over the update before this one, if it was applied, and keeps what is at hand for the next call. */
void gradus_rate_noise_look(rate_noise *noise, double window, const gradus_clock *now);

#endif
