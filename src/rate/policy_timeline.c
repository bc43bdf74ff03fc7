/* Timelines: the schedules of a run and the events that changed them while it ran. An event is recorded with the clock at which
 * it came; from the configuration and the list of events the schedules are compiled, at the event and again on resume. */
#include "policy.h"
#include <string.h>

/* ---- compiling ---- */

typedef struct request {
    const char *spec, *place; /* place: what an error is said of */
    const gradus_units *units;
    double reached;
    double elapsed; /* of the run, in its own unit, when the schedule begins */
} request;

static gradus_schedule *compile(const gradus_policy *policy, const request *wanted, gradus_arena *arena,
                                gradus_error *error)
{
    if (gradus_failed(error)) return NULL;
    gradus_error own = {0};
    gradus_schedule *schedule = NULL;
    const char *text = wanted->spec ? wanted->spec : "constant";
    gradus_language language = gradus_rate_language(policy->context);
    gradus_spec *bound = gradus_spec_create(
        text, &(gradus_spec_config){.family = "schedule", .language = &language, .context = policy->context}, &own);
    if (bound) {
        rate_schedule_config how = {.chain = gradus_spec_chain(bound),
                                    .text = text,
                                    .units = wanted->units,
                                    .reached = wanted->reached,
                                    .elapsed = wanted->elapsed,
                                    .sizes_vary = policy->sizes_vary,
                                    .context = policy->context};
        schedule = gradus_rate_schedule_compile(&how, arena, &own);
    }
    gradus_spec_destroy(bound);
    if (own.status) gradus_rate_prefix(&own, wanted->place);
    if (own.status && error) *error = own;
    return schedule;
}

static gradus_status compile_tail(const gradus_policy *policy, rate_timeline *timeline, const rate_event *event,
                                  gradus_error *error)
{
    request wanted = {event->text, "cool-down", &timeline->units, gradus_rate_schedule_factor(timeline, &event->at),
                      gradus_rate_clock_on(&event->at, timeline->units.total_unit)};
    gradus_schedule *tail = compile(policy, &wanted, &timeline->arena, error);
    if (!tail) return GRADUS_ERROR_SPEC;
    timeline->tail = tail;
    timeline->tail_start = gradus_rate_clock_on(&event->at, gradus_schedule_axis(tail));
    return GRADUS_OK;
}

static gradus_status compile_scheduled(const gradus_policy *policy, rate_timeline *timeline, gradus_error *error)
{
    for (int32_t i = 0; i < policy->scheduled_count; i++) {
        const gradus_scheduled *one = &policy->config.scheduled[i];
        gradus_units units = timeline->units;
        units.base = one->base;
        request wanted = {one->schedule, one->name, &units, 1, 0};
        timeline->scheduled[i] = compile(policy, &wanted, &timeline->arena, error);
        if (!timeline->scheduled[i]) return GRADUS_ERROR_SPEC;
    }
    return GRADUS_OK;
}

/* Copies the events and takes from them the length and the base in force; NULL: no memory. */
static const rate_event *copy_events(rate_timeline *timeline, const rate_event *events, int32_t count)
{
    timeline->events = gradus_arena_take(&timeline->arena, (size_t)count * sizeof *events, sizeof(void *));
    if (!timeline->events) return NULL;
    timeline->event_count = count;
    for (int32_t i = 0; i < count; i++) {
        rate_event *copy = &timeline->events[i];
        *copy = events[i];
        copy->text = gradus_arena_text(&timeline->arena, events[i].text, strlen(events[i].text));
        if (!copy->text) return NULL;
        if (copy->kind == RATE_EXTEND) timeline->units.total = copy->value;
        if (copy->kind == RATE_REBASE) timeline->units.base = copy->value;
    }
    return timeline->events;
}

static gradus_status fill(const gradus_policy *policy, rate_timeline *timeline, gradus_error *error)
{
    request main = {policy->config.schedule, "schedule", &timeline->units, 1, 0};
    timeline->schedule = compile(policy, &main, &timeline->arena, error);
    if (!timeline->schedule) return GRADUS_ERROR_SPEC;
    for (int32_t i = 0; i < timeline->event_count; i++) {
        if (timeline->events[i].kind != RATE_COOL_DOWN) continue;
        gradus_status status = compile_tail(policy, timeline, &timeline->events[i], error);
        if (status != GRADUS_OK) return status;
    }
    return compile_scheduled(policy, timeline, error);
}

rate_timeline *gradus_rate_timeline_make(const gradus_policy *policy, const rate_event *events, int32_t count,
                                         gradus_error *error)
{
    gradus_arena arena;
    gradus_arena_open(&arena, policy->context);
    rate_timeline *timeline = gradus_arena_take(&arena, sizeof *timeline, sizeof(void *));
    gradus_status status = GRADUS_ERROR_MEMORY;
    if (timeline) {
        *timeline = (rate_timeline){.arena = arena, .units = policy->config.units};
        timeline->units.base = policy->config.base;
        timeline->scheduled = gradus_arena_take(
            &timeline->arena, (size_t)policy->scheduled_count * sizeof *timeline->scheduled, sizeof(void *));
        if (timeline->scheduled && copy_events(timeline, events, count)) status = fill(policy, timeline, error);
        arena = timeline->arena;
    }
    if (status == GRADUS_OK) return timeline;
    if (status == GRADUS_ERROR_MEMORY)
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for the schedules of a policy");
    gradus_arena_close(&arena);
    return NULL;
}

void gradus_rate_timeline_destroy(rate_timeline *timeline)
{
    if (!timeline) return;
    gradus_arena arena = timeline->arena;
    gradus_arena_close(&arena);
}

gradus_status gradus_rate_timeline_take(gradus_policy *policy, rate_timeline *timeline, gradus_error *error)
{
    if (!timeline) return GRADUS_ERROR_SPEC;
    gradus_status status = gradus_rate_feedback_fill(policy, timeline, error);
    rate_timeline *left_over = timeline;
    if (status == GRADUS_OK) {
        left_over = policy->timeline;
        policy->timeline = timeline;
    } else {
        gradus_rate_feedback_fill(policy, policy->timeline, NULL);
    }
    gradus_rate_timeline_destroy(left_over);
    return status;
}

double gradus_rate_schedule_factor(const rate_timeline *timeline, const gradus_clock *now)
{
    if (timeline->tail) {
        double t = gradus_rate_clock_on(now, gradus_schedule_axis(timeline->tail)) - timeline->tail_start;
        if (t >= 0) return gradus_schedule_at(timeline->tail, t);
    }
    return gradus_schedule_at(timeline->schedule, gradus_rate_clock_on(now, gradus_schedule_axis(timeline->schedule)));
}

/* ---- events while the run goes on ---- */

static gradus_status happen(gradus_policy *policy, rate_event event, const char *action, const gradus_verdict *what,
                            gradus_error *error)
{
    gradus_error own = {0};
    rate_timeline *old = policy->timeline;
    int32_t count = old->event_count;
    size_t size = ((size_t)count + 1) * sizeof(rate_event);
    rate_event *events = gradus_allocate(policy->context, size);
    if (!events) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for an event");
    if (count) memcpy(events, old->events, (size_t)count * sizeof *events);
    event.at = policy->now;
    events[count] = event;
    double factor = gradus_rate_feedback_factor(policy, NULL), rate = gradus_rate_of(policy, factor);
    gradus_rate_timeline_take(policy, gradus_rate_timeline_make(policy, events, count + 1, &own), &own);
    gradus_release(policy->context, events, size);
    if (own.status && error) *error = own;
    if (own.status) return (gradus_status)own.status;
    gradus_rate_tell(policy, &(rate_happening){.verdict = what,
                                               .action = action,
                                               .factor_before = factor,
                                               .factor_after = factor,
                                               .rate_before = rate,
                                               .rate_after = gradus_rate_of(policy, factor),
                                               .back_to = -1});
    return GRADUS_OK;
}

static gradus_status refuse(const gradus_policy *policy, bool bad_number, const char *what, gradus_error *error)
{
    if (gradus_failed(error)) return (gradus_status)error->status;
    if (!policy) return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_NONE, "there is no policy");
    if (bad_number)
        return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE, "%s must be a finite number above 0",
                           what);
    return GRADUS_OK;
}

gradus_status gradus_policy_extend(gradus_policy *policy, double total, gradus_error *error)
{
    gradus_status status = refuse(policy, !(total > 0) || !isfinite(total), "the length of a run", error);
    if (status != GRADUS_OK) return status;
    if (policy->timeline->tail)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED,
                           "the run is cooling down already; it can no longer be extended");
    const gradus_verdict what = {.rule = "the length of the run is {2}, it was {1}",
                                 .seen = {{"total_before", policy->timeline->units.total}, {"total", total}}};
    return happen(policy, (rate_event){.kind = RATE_EXTEND, .value = total, .text = ""}, "extend", &what, error);
}

gradus_status gradus_policy_cool_down(gradus_policy *policy, const char *schedule, gradus_error *error)
{
    gradus_status status = refuse(policy, false, "", error);
    if (status != GRADUS_OK) return status;
    if (policy->timeline->tail)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED, "the run is cooling down already");
    const char *text = schedule ? schedule : "decay(shape=1-sqrt)";
    const gradus_verdict what = {.rule = "the cool-down begins"};
    return happen(policy, (rate_event){.kind = RATE_COOL_DOWN, .text = text}, "cooldown", &what, error);
}

gradus_status gradus_policy_rebase(gradus_policy *policy, double base, gradus_error *error)
{
    gradus_status status = refuse(policy, !(base > 0) || !isfinite(base), "the base of the rate", error);
    if (status != GRADUS_OK) return status;
    const gradus_verdict what = {.rule = "the base is {2}, it was {1}",
                                 .seen = {{"base_before", policy->timeline->units.base}, {"base", base}}};
    return happen(policy, (rate_event){.kind = RATE_REBASE, .value = base, .text = ""}, "set_base", &what, error);
}
