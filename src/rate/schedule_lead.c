/* Conventions that only other frameworks have: a ramp inside the schedule, a delay, a clock that stands elsewhere, noise. They are read
 * here, once, from arguments that all members share and that go by those frameworks' names alone. */
#include "schedule.h"

enum { CLOCK_BEFORE, CLOCK_WITHIN, CLOCK_BENEATH }; /* as the words of `ramp_clock` */
enum { TO_CURVE, TO_PEAK, TO_EITHER };              /* of `ramp_to` */
enum { SHAPE_STRAIGHT, SHAPE_LINEAR, SHAPE_LOG };   /* of `ramp_shape` */

/* Of noise that is worked out ahead: units, units behind the curve where the run's end is not known, and draws, which narrow
 * noise needs many of. At most 8 MiB, made in a quarter of a second. */
enum { NOISE_UNITS = 1 << 20, NOISE_BEHIND = 1 << 14, NOISE_DRAWS = 1 << 22 };
#define NOISE_RAREST 1e-4 /* of draws that are near enough to 0, or there would be no end to them */

typedef struct lead_lengths {
    double begin, ramp;
    int32_t clock;
} lead_lengths;

static const gradus_value *value_of(const rate_lead_source *source, const char *name)
{
    const gradus_value *value = gradus_item_value(source->item, name);
    return value && value->present ? value : NULL;
}

static double number_of(const rate_lead_source *source, const char *name)
{
    const gradus_value *value = value_of(source, name);
    return value ? value->number : 0;
}

static gradus_status length_on_axis(const rate_lead_source *source, const gradus_value *value, double *length,
                                    gradus_error *error)
{
    *length = 0;
    if (!value || (!value->given && value->number == 0)) return GRADUS_OK;
    *length = gradus_rate_length(source->axis, value->number, value->unit);
    return isnan(*length) ? gradus_rate_length_fail(source->axis, value, source->text, error) : GRADUS_OK;
}

gradus_status gradus_rate_lead_length(const rate_lead_source *source, const char *name, double *length,
                                      gradus_error *error)
{
    return length_on_axis(source, value_of(source, name), length, error);
}

static gradus_status read_share(const rate_lead_source *source, const char *name, double *share, gradus_error *error)
{
    return gradus_rate_number(share, gradus_item_value(source->item, name), source->text, source->axis, error);
}

static gradus_status read_lengths(const rate_lead_source *source, lead_lengths *lengths, gradus_error *error)
{
    int32_t shape = (int32_t)number_of(source, "ramp_shape");
    *lengths = (lead_lengths){.clock = (int32_t)number_of(source, "ramp_clock")};
    gradus_status status = gradus_rate_lead_length(source, "begin", &lengths->begin, error);
    if (status == GRADUS_OK) status = gradus_rate_lead_length(source, "ramp", &lengths->ramp, error);
    if (shape != SHAPE_STRAIGHT) lengths->ramp = fmax(lengths->ramp, 2 * source->update);
    return status;
}

gradus_status gradus_rate_lead_before(const rate_lead_source *source, double *before, gradus_error *error)
{
    lead_lengths lengths;
    gradus_status status = read_lengths(source, &lengths, error);
    *before = lengths.clock == CLOCK_BEFORE ? lengths.begin + lengths.ramp : 0;
    return status;
}

/* ---- noise ---- */

static uint32_t noise_seed(const rate_drawn_noise *noise, double unit)
{
    return (uint32_t)fmod(noise->seed + unit, 4294967296.0);
}

double gradus_rate_noisy(const rate_drawn_noise *noise, double t, double factor)
{
    double unit = rate_periods(t, 1), place = unit - noise->first;
    if (unit < noise->from || unit >= noise->to) return factor;
    if (place >= 0 && place < noise->count) return fmax(factor + factor * noise->table[(int32_t)place], 0);
    return fmax(factor + factor * gradus_rate_torch_normal(noise_seed(noise, unit), noise->deviation, noise->share), 0);
}

/* Of the numbers drawn, those that are used. */
static double noise_kept(const rate_drawn_noise *noise)
{
    return noise->deviation > 0 ? erf(noise->share / (sqrt(2) * noise->deviation)) : 1;
}

static double noise_end(const rate_drawn_noise *noise, double length, double reach)
{
    if (!isfinite(reach)) reach = (isfinite(length) ? length : noise->first) + NOISE_BEHIND;
    return fmin(noise->to, reach + 1);
}

/* Where there is no room for it each number is worked out when it is asked for, which takes most of a microsecond. */
static void fill_table(rate_drawn_noise *noise, double end, gradus_arena *arena)
{
    double most = fmin(NOISE_UNITS, NOISE_DRAWS * noise_kept(noise));
    int32_t count = (int32_t)fmin(fmax(ceil(end - noise->first), 0), most);
    double *table = gradus_arena_take(arena, (size_t)count * sizeof *table, sizeof(double));
    if (!table) return;
    gradus_rate_torch_normals(noise_seed(noise, noise->first), count, noise->deviation, noise->share, table);
    noise->count = count, noise->table = table;
}

static gradus_status no_room(gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no room for the schedule");
}

static gradus_status fill_noise(const rate_lead_source *source, gradus_arena *arena, double length, rate_lead *lead,
                                gradus_error *error)
{
    const gradus_value *range = value_of(source, "noise_range");
    if (!range) return GRADUS_OK;
    if (range->count > 2)
        return gradus_spec_fail(error, source->text, range->place, GRADUS_CODE_TOO_MANY,
                                "noise has a beginning and an end");
    rate_drawn_noise *noise = gradus_arena_take(arena, sizeof *noise, sizeof(double));
    if (!noise) return no_room(error);
    *noise = (rate_drawn_noise){.to = INFINITY,
                                .share = number_of(source, "noise_share"),
                                .deviation = number_of(source, "noise_width"),
                                .seed = (uint32_t)number_of(source, "noise_seed")};
    gradus_status status = length_on_axis(source, &range->items[0], &noise->from, error);
    if (status == GRADUS_OK && range->count == 2) status = length_on_axis(source, &range->items[1], &noise->to, error);
    if (status != GRADUS_OK) return status;
    if (noise_kept(noise) < NOISE_RAREST)
        return gradus_spec_fail(error, source->text, value_of(source, "noise_width")->place, GRADUS_CODE_OUT_OF_RANGE,
                                "noise that is so much wider than what is kept of it would be drawn for ever");
    lead->noise = noise;
    noise->first = ceil(noise->from);
    fill_table(noise, noise_end(noise, length, source->reach), arena);
    return GRADUS_OK;
}

/* ---- all of it ---- */

/* The line that has `start` at the first of the ramp's updates and the whole rate at the last. */
static void start_at(rate_lead *lead, double start)
{
    lead->ramp = fmax(lead->ramp, 2 * lead->update);
    lead->from = start - (1 - start) * lead->update / (lead->ramp - lead->update);
}

gradus_status gradus_rate_lead_fill(const rate_lead_source *source, gradus_arena *arena, rate_phase *phase,
                                    gradus_error *error)
{
    lead_lengths lengths;
    double least = 0, peak = 1, ahead = number_of(source, "ahead") * source->update;
    gradus_status status = read_lengths(source, &lengths, error);
    if (status == GRADUS_OK) status = read_share(source, "least", &least, error);
    if (status == GRADUS_OK) status = read_share(source, "peak", &peak, error);
    bool beneath = lengths.clock == CLOCK_BENEATH;
    phase->begin = lengths.begin + (beneath ? 0 : lengths.ramp);
    phase->curve = fmax(phase->length - phase->begin, 0);
    phase->endless = number_of(source, "endless") != 0;
    bool plain = lengths.ramp == 0 && ahead == 0 && least == 0 && peak == 1 && !value_of(source, "noise_range");
    if (status != GRADUS_OK || plain) return status;
    rate_lead *lead = gradus_arena_take(arena, sizeof *lead, sizeof(double));
    if (!lead) return no_room(error);
    *lead = (rate_lead){.ramp = lengths.ramp, .at_ramp = beneath ? lengths.ramp : 0, .ahead = ahead};
    lead->least = lead->from = least, lead->peak = peak;
    lead->update = source->update > 0 ? source->update : 1;
    lead->ramp_ahead = lead->ramp > 0 ? number_of(source, "ramp_ahead") * source->update : 0;
    int32_t to = (int32_t)number_of(source, "ramp_to");
    lead->to_peak = to == TO_PEAK || (to == TO_EITHER && !beneath);
    if (number_of(source, "ramp_shape") == SHAPE_LOG && lead->ramp > 0)
        lead->log_rise = 1 / log(fmax(lead->ramp / lead->update, 2));
    if (value_of(source, "ramp_from")) status = read_share(source, "ramp_from", &lead->from, error);
    const gradus_value *start = value_of(source, "ramp_start");
    if (start) start_at(lead, start->number);
    phase->lead = lead;
    return status == GRADUS_OK ? fill_noise(source, arena, phase->length, lead, error) : status;
}
