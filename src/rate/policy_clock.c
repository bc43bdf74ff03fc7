/* The clock of a policy: it moves when an update has been applied and never otherwise. Whatever can be counted is computed
 * from counts, not added up, so that the end of an epoch falls exactly on an update. */
#include "policy.h"

double gradus_rate_clock_on(const gradus_clock *clock, int32_t axis)
{
    switch (axis) {
    case GRADUS_SAMPLES: return clock->samples;
    case GRADUS_TOKENS: return clock->tokens;
    case GRADUS_EPOCHS: return clock->epochs;
    case GRADUS_SECONDS: return clock->seconds;
    default: return (double)clock->updates;
    }
}

/* Epochs that usual samples or updates make. */
static double usual_epochs(const gradus_units *units, const gradus_clock *clock)
{
    if (!(units->updates_per_epoch > 0)) return 0;
    if (units->samples_per_epoch > 0) return clock->samples / units->samples_per_epoch;
    if (units->samples_per_update > 0) return clock->samples / (units->samples_per_update * units->updates_per_epoch);
    return (double)clock->updates / units->updates_per_epoch;
}

void gradus_rate_clock_advance(gradus_policy *policy, const gradus_progress *progress)
{
    const gradus_progress usual = {0}, *made = progress ? progress : &usual;
    const gradus_units *units = &policy->config.units;
    gradus_clock *now = &policy->now;
    rate_extra *extra = &policy->extra;
    double epochs = usual_epochs(units, now);
    now->updates++;
    if (made->samples > 0) extra->samples += made->samples - units->samples_per_update;
    if (made->tokens > 0) extra->tokens += made->tokens - units->tokens_per_update;
    now->samples = (double)now->updates * units->samples_per_update + extra->samples;
    now->tokens = (double)now->updates * units->tokens_per_update + extra->tokens;
    if (made->epochs > 0) extra->epochs += made->epochs - (usual_epochs(units, now) - epochs);
    now->epochs = usual_epochs(units, now) + extra->epochs;
    if (made->seconds > 0) now->seconds += made->seconds;
}

void gradus_rate_clock_set(gradus_policy *policy, int64_t update, const gradus_progress *made)
{
    const gradus_progress usual = {0};
    const gradus_units *units = &policy->config.units;
    gradus_clock *now = &policy->now;
    rate_extra *extra = &policy->extra;
    if (!made) made = &usual;
    now->updates = update > 0 ? update : 0;
    double samples = (double)now->updates * units->samples_per_update,
           tokens = (double)now->updates * units->tokens_per_update;
    *extra = (rate_extra){.samples = made->samples > 0 ? made->samples - samples : 0,
                          .tokens = made->tokens > 0 ? made->tokens - tokens : 0};
    now->samples = samples + extra->samples;
    now->tokens = tokens + extra->tokens;
    if (made->epochs > 0) extra->epochs = made->epochs - usual_epochs(units, now);
    now->epochs = usual_epochs(units, now) + extra->epochs;
    if (made->seconds > 0) now->seconds = made->seconds;
}

/* What one usual update is worth on the axis. */
static double update_on(const gradus_units *units, int32_t axis)
{
    double worth = gradus_length_convert(units, 1, GRADUS_IN_UPDATES, axis);
    return worth > 0 ? worth : 0;
}

/* Whether `end` on the axis is passed; a billionth of an update is rounding. */
static bool is_past(const gradus_policy *policy, double end, int32_t axis, int64_t ahead)
{
    double update = update_on(&policy->config.units, axis);
    return gradus_rate_clock_on(&policy->now, axis) + (double)ahead * update >= end - 1e-9 * update;
}

bool gradus_rate_run_is_done(const gradus_policy *policy, int64_t ahead)
{
    const rate_timeline *timeline = policy->timeline;
    double total = timeline->units.total;
    if (total > 0 && is_past(policy, total, timeline->units.total_unit, ahead)) return true;
    const gradus_schedule *ending = timeline->tail                                          ? timeline->tail
                                    : gradus_rate_schedule_refuses_past(timeline->schedule) ? timeline->schedule
                                                                                            : NULL;
    if (!ending) return false;
    double end = gradus_rate_schedule_length(ending) + (timeline->tail ? timeline->tail_start : 0);
    return is_past(policy, end, gradus_schedule_axis(ending), ahead);
}
