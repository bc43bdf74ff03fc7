/* rate.h - what the files of this room share: rows of the built-in members, calls made of bound items, compiled schedules. */
#ifndef GRADUS_RATE_RATE_H
#define GRADUS_RATE_RATE_H
#include "gradus/base.h"
#include "gradus/spec.h"
#include <float.h>
#include <math.h>

#define GRADUS_MEMBER(name) extern const gradus_schedule_row gradus_schedule_##name;
#include "schedules.def"
#undef GRADUS_MEMBER
#define GRADUS_MEMBER(name) extern const gradus_feedback_row gradus_feedback_##name;
#include "feedbacks.def"
#undef GRADUS_MEMBER

static const double rate_pi = 3.141592653589793238463;

/* Where in its phase a schedule stands, from 0 to 1; a phase of no length is at its end. */
static inline double rate_progress(double t, double length) { return length > 0 ? t / length : 1; }

/* a at p = 0, b at p = 1, both exactly. */
static inline double rate_between(double a, double b, double p) { return a * (1 - p) + b * p; }

/* Whether t has come to a boundary. What falls short of it by rounding alone has: 0.1 + 0.2 epochs end at update 3 of 10. */
static inline bool rate_has_come(double boundary, double t) { return boundary <= t + 2 * DBL_EPSILON * t; }

/* How many whole periods lie in t, by the same rule. */
static inline double rate_periods(double t, double period)
{
    double whole = floor(t / period);
    return whole + (rate_has_come((whole + 1) * period, t) ? 1 : 0);
}

/* Sorts rows of `width` numbers by their first one; equal ones stay in their order. */
void gradus_rate_sort(double *rows, int32_t count, int32_t width);

/* For `prepare` of a row that cannot do without a length: says so; false. */
bool gradus_rate_needs_length(const gradus_call *call, gradus_preparation *preparation);
/* The same for `which` of its lengths ("rise and fall"), which are per cents of the run unless they are given. */
bool gradus_rate_needs_run(const char *which, gradus_preparation *preparation);

/* What timm's schedulers have in common, as names of a like row. */
#define RATE_LIKE_TIMM                                                                            \
    "warmup_t=ramp, warmup_lr_init=ramp_from absolute, warmup_prefix=ramp_clock beneath|before, " \
    "noise_range_t=noise_range, noise_pct=noise_share, noise_std=noise_width, noise_seed=noise_seed"

/* Whole updates of a window that an argument gives; where its default cannot be converted, 100. */
static inline int64_t rate_whole_window(double updates)
{
    return !isfinite(updates) ? 100 : updates > 1 ? (int64_t)(updates + 0.5) : 1;
}

/* A factor that moves a little with every update is told of when it has moved by half since it was told of last. */
static inline bool rate_is_noticeable(double told, double factor) { return factor > 1.5 * told || told > 1.5 * factor; }

/* The tables of this room, with the members of the user's own that live in `context`. */
gradus_language gradus_rate_language(const gradus_context *context);

/* ---- calls: bound items as rows want them ---- */

typedef struct rate_axis { /* what lengths are counted in */
    const gradus_units *units;
    int32_t unit;    /* enum gradus_unit */
    bool sizes_vary; /* what an update is worth is scheduled itself: nothing converts */
} rate_axis;

/* An amount of `unit` (enum gradus_length_unit) on the axis; NaN when the units do not tell. */
double gradus_rate_length(const rate_axis *axis, double amount, int32_t unit);

/* Says why that was so, at the value. */
gradus_status gradus_rate_length_fail(const rate_axis *axis, const gradus_value *value, const char *text,
                                      gradus_error *error);
const char *gradus_rate_unit_name(int32_t unit); /* enum gradus_unit: "updates" */

/* Makes the call of `item` in the arena. A length that was written and cannot be converted is an error; a default that cannot
 * is NaN. `text` is what the item was bound from. NULL and *error when it fails. */
gradus_call *gradus_rate_call_make(const gradus_item *item, const char *text, const rate_axis *axis,
                                   gradus_arena *arena, gradus_error *error);
/* The same numbers again into a call that exists: after the base or the length of the run has changed. */
gradus_status gradus_rate_call_fill(gradus_call *call, const gradus_item *item, const char *text, const rate_axis *axis,
                                    gradus_error *error);

/* A single number as calls have it: of a share that is given as a rate, the share. 0: absent. */
gradus_status gradus_rate_number(double *number, const gradus_value *value, const char *text, const rate_axis *axis,
                                 gradus_error *error);

/* ---- schedules ---- */

typedef struct rate_schedule_config {
    const gradus_chain *chain;
    const char *text; /* what the chain was bound from */
    const gradus_units *units;
    double reached; /* what the first phase finds reached: 1 */
    double elapsed; /* of the run, in its own unit, when the schedule begins: 0 */
    bool sizes_vary;
    const rate_axis *axis;         /* of the schedule that it stands in; NULL: it chooses its own */
    const gradus_context *context; /* whose files its rows may read; NULL: none */
} rate_schedule_config;

/* Compiles a chain into the arena, in which it lives and which must outlive it. NULL and *error when it cannot be. */
gradus_schedule *gradus_rate_schedule_compile(const rate_schedule_config *config, gradus_arena *arena,
                                              gradus_error *error);
double gradus_rate_schedule_length(const gradus_schedule *schedule); /* of all phases, on its axis; may be infinite */
bool gradus_rate_schedule_refuses_past(const gradus_schedule *schedule); /* past=error */
extern const gradus_member *const gradus_rate_schedule_phrases[];        /* schedule_phrases.c */
gradus_status gradus_rate_schedule_check(const char *text, const gradus_chain *chain, gradus_error *error);

#endif
