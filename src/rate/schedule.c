/* Schedules at work: the factor at a position, and what may be asked of a compiled schedule. Nothing here allocates or
 * changes anything, so any number of threads may ask. */
#include "schedule.h"
#include <float.h>
#include <string.h>

/* The factor of a phase's curve at 0 <= t <= its length. */
static double curve_at(const rate_phase *phase, double t)
{
    const rate_lead *lead = phase->lead;
    double factor = phase->row->factor(phase->call, t, phase->curve);
    if (lead) factor = rate_between(lead->least, lead->peak, fmin(factor, DBL_MAX));
    if (factor < phase->floor) factor = phase->floor;
    return factor <= DBL_MAX ? factor : DBL_MAX; /* a rising exponential, long past any run */
}

/* Only the last phase has a time past its end. */
static double curve_past(const rate_phase *phase, double t)
{
    double length = phase->curve;
    switch (length > 0 ? phase->past : RATE_PAST_HOLD) {
    case RATE_PAST_REPEAT: return curve_at(phase, fmod(t, length));
    case RATE_PAST_MIRROR: {
        double there_and_back = fmod(t, 2 * length);
        return curve_at(phase, there_and_back > length ? 2 * length - there_and_back : there_and_back);
    }
    case RATE_PAST_PEAK: return 1;
    default: return curve_at(phase, length);
    }
}

static double curve_from(const rate_phase *phase, double t)
{
    t = fmax(t - phase->begin, 0);
    return t < phase->curve || phase->endless ? curve_at(phase, t) : curve_past(phase, t);
}

/* With a rise of its own; a ramp whose clock is behind has not begun at first, and the rate is 0. */
static double led_at(const rate_phase *phase, const rate_lead *lead, double t)
{
    t = fmax(t + lead->ahead, 0);
    double rise = t + lead->ramp_ahead;
    if (rise >= lead->ramp) return curve_from(phase, t);
    if (rise < 0) return 0;
    double top = lead->to_peak ? lead->peak : curve_at(phase, lead->at_ramp);
    double p = lead->log_rise > 0 ? log1p(rise / lead->update) * lead->log_rise : rise / lead->ramp;
    return fmax(rate_between(lead->from, top, p), 0);
}

/* The factor at t >= 0 of a phase. */
static double phase_at(const rate_phase *phase, double t)
{
    const rate_lead *lead = phase->lead;
    if (!lead) return curve_from(phase, t);
    double factor = led_at(phase, lead, t);
    return lead->noise ? gradus_rate_noisy(lead->noise, t, factor) : factor;
}

/* past= belongs to the last phase alone, so that what one before it has reached is the end of its curve. */
double gradus_rate_phase_end(const rate_phase *phase) { return phase_at(phase, phase->length); }

double gradus_schedule_at(const gradus_schedule *schedule, double position)
{
    if (!schedule || schedule->count == 0) return 1;
    double at = position > 0 ? fmin(position, DBL_MAX) : 0; /* not a number: the start */
    int32_t first = 0, last = schedule->count - 1;
    while (first < last) { /* the last phase that starts no later; phases of no length are passed over */
        int32_t middle = first + (last - first + 1) / 2;
        if (rate_has_come(schedule->phases[middle].start, at))
            first = middle;
        else
            last = middle - 1;
    }
    const rate_phase *phase = &schedule->phases[first];
    return phase_at(phase, fmax(at - phase->start, 0));
}

int32_t gradus_schedule_axis(const gradus_schedule *schedule) { return schedule ? schedule->axis : GRADUS_UPDATES; }

double gradus_rate_schedule_length(const gradus_schedule *schedule) { return schedule->length; }

bool gradus_rate_schedule_refuses_past(const gradus_schedule *schedule)
{
    return schedule->count > 0 && schedule->phases[schedule->count - 1].past == RATE_PAST_ERROR;
}

bool gradus_schedule_phase(const gradus_schedule *schedule, int32_t index, gradus_phase *phase)
{
    if (!schedule || !phase || index < 0 || index >= schedule->count) return false;
    const rate_phase *found = &schedule->phases[index];
    *phase = (gradus_phase){.name = found->row->member.name, .start = found->start, .length = found->length};
    return true;
}

size_t gradus_schedule_print(const gradus_schedule *schedule, char *text, size_t size)
{
    const char *spec = schedule ? schedule->text : "none";
    size_t length = strlen(spec), kept = length < size ? length : size - 1;
    if (size == 0) return length;
    memcpy(text, spec, kept);
    text[kept] = 0;
    return length;
}

/* ---- into allocated memory, or into the caller's ---- */

static const gradus_units no_units;

gradus_schedule *gradus_schedule_compile(const gradus_chain *chain, const char *text, const gradus_units *units,
                                         gradus_context *context, gradus_error *error)
{
    if (gradus_failed(error)) return NULL;
    gradus_arena arena;
    gradus_arena_open(&arena, context);
    gradus_schedule *schedule = gradus_rate_schedule_compile(
        &(rate_schedule_config){
            .chain = chain, .text = text, .units = units ? units : &no_units, .reached = 1, .context = context},
        &arena, error);
    if (schedule)
        schedule->arena = arena;
    else
        gradus_arena_close(&arena);
    return schedule;
}

gradus_schedule *gradus_schedule_create(const char *spec, const gradus_units *units, gradus_context *context,
                                        gradus_error *error)
{
    if (gradus_failed(error)) return NULL;
    const char *text = spec ? spec : "constant";
    gradus_language language = gradus_rate_language(context);
    gradus_spec *bound = gradus_spec_create(
        text, &(gradus_spec_config){.family = "schedule", .language = &language, .context = context}, error);
    if (!bound) return NULL;
    gradus_schedule *schedule = gradus_schedule_compile(gradus_spec_chain(bound), text, units, context, error);
    gradus_spec_destroy(bound);
    return schedule;
}

const gradus_schedule *gradus_schedule_place(gradus_schedule_storage *storage, const char *spec,
                                             const gradus_units *units, gradus_error *error)
{
    enum { BINDING = 24576 };
    _Alignas(16) unsigned char binding[BINDING];
    if (gradus_failed(error)) return NULL;
    if (!storage) {
        gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_NONE, "a schedule needs a place to live in");
        return NULL;
    }
    gradus_error own = {0};
    gradus_arena arena;
    gradus_arena_over(&arena, binding, sizeof binding);
    const char *text = spec ? spec : "constant";
    gradus_language language = gradus_rate_language(NULL);
    gradus_spec_config how = {.family = "schedule", .language = &language};
    const gradus_chain *chain = gradus_spec_bind(text, &how, &arena, &own);
    gradus_schedule *schedule = NULL;
    if (chain) {
        gradus_arena_over(&arena, storage->bytes, sizeof storage->bytes);
        schedule = gradus_rate_schedule_compile(
            &(rate_schedule_config){.chain = chain, .text = text, .units = units ? units : &no_units, .reached = 1},
            &arena, &own);
    }
    if (own.status == GRADUS_ERROR_MEMORY)
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_TOO_LONG,
                    "the schedule is too long for a gradus_schedule_storage; gradus_schedule_create takes any");
    else if (own.status && error)
        *error = own;
    return schedule;
}

void gradus_schedule_destroy(gradus_schedule *schedule)
{
    if (!schedule || schedule->arena.fixed) return;
    gradus_arena arena = schedule->arena; /* the schedule lives in it */
    gradus_arena_close(&arena);
}
