/* What schedules do over a run: the rate at each position, phase by phase, as a curve and as a table.
 * Where updates are counted the rate is that of whole updates; where they cannot be, it moves with the unit at hand. */
#include "schedule.h"
#include "progress.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 65536, POINTS = 4096 }; /* of a curve: in updates, in any other unit */

/* Positions that were converted are off by a rounding: 0.1 epochs of 30 updates are 3, not a little more. */
static const double rounding = 1e-12;

const char *schedule_unit_name(int32_t shown_in)
{
    static const char *const names[] = {"updates", "samples", "tokens", "epochs", "seconds", "per cent"};
    return names[shown_in];
}

double schedule_show(const schedule_run *run, double at)
{
    if (run->shown_in == GRADUS_IN_PERCENT) return 100 * at / run->length;
    return gradus_length_convert(&run->units, at, run->unit, run->shown_in);
}

double schedule_rate(const schedule_run *run, const schedule_shown *shown, double at)
{
    if (shown->chain->count == 0) return fmax(fmin(run->base, run->most), run->least);
    double position = gradus_length_convert(&run->units, at, run->unit, gradus_schedule_axis(shown->schedule));
    if (isnan(position)) return NAN;
    return fmax(fmin(run->base * gradus_schedule_at(shown->schedule, position), run->most), run->least);
}

/* The rate that a phase comes to, just before its end; at the end itself where nothing leaps there. */
static double rate_before(const schedule_run *run, const schedule_shown *shown, double end)
{
    double before = schedule_rate(run, shown, end * (1 - rounding)), at = schedule_rate(run, shown, end);
    return fabs(before - at) <= 1e-9 * run->base ? at : before;
}

/* ---- phases ---- */

/* Six digits are as many as one reads. */
static const char *short_number(double number, char text[CLI_SHORT])
{
    char digits[CLI_SHORT];
    int length = snprintf(digits, sizeof digits, "%.5e", number);
    if (isfinite(number)) gradus_number_read(digits, (size_t)length, &number);
    gradus_number_print(number, text);
    return text;
}

static const char *position_text(double position, char text[CLI_SHORT])
{
    gradus_number_print(nearbyint(position * 1e4) / 1e4, text);
    return text;
}

/* What happens when the last phase is over and the run is not. */
static void describe_past(const schedule_run *run, const schedule_shown *shown, double end, schedule_row *row)
{
    char rate[CLI_SHORT], at[CLI_SHORT], before[CLI_SHORT];
    const gradus_item *last = &shown->chain->items[shown->chain->count - 1];
    const gradus_value *past = gradus_item_value(last, "past");
    bool returns = past && past->text && (strcmp(past->text, "repeat") == 0 || strcmp(past->text, "mirror") == 0);
    if (!(end <= run->length * (1 + rounding))) return;
    if (returns && !(end < run->length * (1 - rounding))) return;
    short_number(schedule_rate(run, shown, end), rate);
    if (!returns && strcmp(rate, short_number(row->rate_to, before)) == 0) return;
    snprintf(row->past, sizeof row->past, "%s from %s on", returns ? past->text : rate,
             position_text(schedule_show(run, end), at));
}

bool schedule_phase(const schedule_run *run, const schedule_shown *shown, int32_t index, schedule_row *row)
{
    gradus_phase phase;
    if (!gradus_schedule_phase(shown->schedule, index, &phase)) return false;
    int32_t axis = gradus_schedule_axis(shown->schedule);
    double first = gradus_length_convert(&run->units, phase.start, axis, run->unit);
    double end = gradus_length_convert(&run->units, phase.start + phase.length, axis, run->unit);
    bool whole = run->unit == GRADUS_UPDATES, counted = whole && run->shown_in != GRADUS_IN_PERCENT;
    if (whole) first = ceil(first * (1 - rounding)), end = ceil(end * (1 - rounding));
    double last = fmin(end, run->length);
    *row = (schedule_row){.acts = first < last};
    snprintf(row->name, sizeof row->name, "%s", phase.name);
    if (row->acts) {
        row->from = schedule_show(run, first);
        row->to = schedule_show(run, run->shown_in == GRADUS_IN_UPDATES ? last - 1 : last);
        row->rate_from = schedule_rate(run, shown, first);
        row->rate_to = counted ? schedule_rate(run, shown, last - 1) : rate_before(run, shown, last);
    }
    if (row->acts && !gradus_schedule_phase(shown->schedule, index + 1, &phase)) describe_past(run, shown, end, row);
    return true;
}

/* ---- the curve ---- */

static int compare(const void *a, const void *b)
{
    const double *first = a, *second = b;
    return (*first > *second) - (*first < *second);
}

/* Positions evenly over the run, and both sides of each place where a phase begins, in order; returns how many. */
static int64_t choose_positions(const schedule_run *run, const schedule_shown *shown, double *at, int64_t even)
{
    gradus_phase phase;
    bool whole = run->unit == GRADUS_UPDATES;
    int64_t count = 0, kept = 0;
    for (; count < even; count++) at[count] = (double)count * run->length / (double)even;
    for (int32_t i = 0; gradus_schedule_phase(shown->schedule, i, &phase); i++) {
        double start =
            gradus_length_convert(&run->units, phase.start, gradus_schedule_axis(shown->schedule), run->unit);
        if (!(start < run->length)) continue;
        if (whole) start = ceil(start * (1 - rounding));
        at[count++] = fmax(whole ? start - 1 : start * (1 - rounding), 0);
        at[count++] = fmin(start, whole ? run->length - 1 : run->length);
    }
    if (whole)
        for (int64_t i = 0; i < count; i++) at[i] = floor(at[i]);
    qsort(at, (size_t)count, sizeof *at, compare);
    for (int64_t i = 0; i < count; i++)
        if (!kept || at[i] > at[kept - 1]) at[kept++] = at[i];
    return kept;
}

static bool sample(const schedule_run *run, schedule_shown *shown)
{
    bool whole = run->unit == GRADUS_UPDATES;
    int64_t even = whole ? (int64_t)fmin(run->length, SAMPLES) : POINTS, phases = 0;
    gradus_phase phase;
    while (gradus_schedule_phase(shown->schedule, (int32_t)phases, &phase)) phases++;
    size_t room = (size_t)(even + 2 * phases + 1);
    shown->x = calloc(room, sizeof *shown->x);
    shown->y = calloc(room, sizeof *shown->y);
    if (!shown->x || !shown->y) return false;
    shown->count = choose_positions(run, shown, shown->x, even);
    for (int64_t i = 0; i < shown->count; i++) {
        shown->y[i] = schedule_rate(run, shown, shown->x[i]);
        shown->x[i] = schedule_show(run, shown->x[i]);
    }
    shown->x[shown->count] = schedule_show(run, run->length);
    shown->y[shown->count] = whole ? shown->y[shown->count - 1] : rate_before(run, shown, run->length);
    shown->count++;
    return true;
}

static char *canonical(const gradus_spec *spec)
{
    size_t size = spec ? gradus_spec_print(spec, GRADUS_PRINT_CANONICAL, NULL, 0) + 1 : sizeof "none";
    char *text = malloc(size);
    if (text && spec) gradus_spec_print(spec, GRADUS_PRINT_CANONICAL, text, size);
    if (text && !spec) strcpy(text, "none");
    return text;
}

bool schedule_open(schedule_shown *shown, const gradus_spec *spec, const char *text, const char *folder,
                   const schedule_run *run, gradus_error *error)
{
    static const gradus_chain nothing;
    gradus_reader reader = {.folder = folder};
    *shown = (schedule_shown){.chain = spec ? gradus_spec_chain(spec) : &nothing, .name = canonical(spec)};
    shown->context =
        gradus_context_create(&(gradus_context_config){.read = gradus_reader_read, .user = &reader}, error);
    if (spec) shown->schedule = gradus_schedule_compile(shown->chain, text, &run->units, shown->context, error);
    if (!error->status && (!shown->name || !sample(run, shown)))
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    return !error->status;
}

void schedule_clear(schedule_shown *shown)
{
    gradus_schedule_destroy(shown->schedule);
    gradus_context_destroy(shown->context);
    free(shown->name);
    free(shown->x);
    free(shown->y);
    *shown = (schedule_shown){0};
}

gradus_plot schedule_plot(const schedule_run *run, const schedule_shown *shown, int32_t count, gradus_curve *curves)
{
    for (int32_t i = 0; i < count; i++)
        curves[i] = (gradus_curve){.name = shown[i].name,
                                   .x = shown[i].x,
                                   .y = shown[i].y,
                                   .count = shown[i].count,
                                   .style = run->unit == GRADUS_UPDATES ? GRADUS_CURVE_STEPS : GRADUS_CURVE_LINE};
    return (gradus_plot){.title = count == 1 ? shown[0].name : NULL,
                         .x_title = schedule_unit_name(run->shown_in),
                         .y_title = run->is_share ? "share of the base rate" : "rate",
                         .curves = curves,
                         .count = count,
                         .from_zero = true,
                         .x_whole = run->shown_in == GRADUS_IN_UPDATES};
}

/* ---- the table ---- */

typedef struct table {
    const cli_call *call;
    const schedule_run *run;
    int32_t count, number, name, position; /* widths */
} table;

static int32_t wider(int32_t a, size_t b) { return a > (int32_t)b ? a : (int32_t)b; }

static void measure(table *t, const schedule_shown *shown)
{
    char text[CLI_SHORT];
    schedule_row row;
    for (int32_t i = 0; schedule_phase(t->run, shown, i, &row); i++) {
        snprintf(text, sizeof text, "%d", (int)i + 1);
        t->number = wider(t->number, strlen(text));
        t->name = wider(t->name, strlen(row.name) + 2);
    }
    t->position = wider(t->position, strlen(position_text(schedule_show(t->run, t->run->length), text)));
}

/* A line too long for the terminal is broken before what comes after the phase. */
static void print_with_past(const table *t, const char *line, const char *past, int32_t before)
{
    char text[640];
    int32_t width = t->call->terminal.width;
    size_t length = (size_t)snprintf(text, sizeof text, "%s%s%s", line, *past ? "; " : "", past);
    bool fits = !*past || before + cli_columns(text, length) <= width;
    if (!fits) snprintf(text, sizeof text, "%s;", line);
    cli_wrap(stdout, text, before, width);
    if (!fits) printf("%*s%s\n", (int)before, "", past);
}

static void print_row(const table *t, int32_t which, int32_t number, const schedule_row *row)
{
    char line[512], from[CLI_SHORT], to[CLI_SHORT], first[CLI_SHORT], last[CLI_SHORT];
    int before = t->count > 1 ? printf("%-2d ", (int)which) : 0;
    before += printf("phase %*d  ", (int)t->number, (int)number);
    int length = snprintf(line, sizeof line, "%-*s%s ", (int)t->name, row->name, schedule_unit_name(t->run->shown_in));
    if (!row->acts) {
        snprintf(line + length, sizeof line - (size_t)length, "  none; the run ends before it begins");
    } else {
        position_text(row->from, from);
        position_text(row->to, to);
        short_number(row->rate_from, first);
        short_number(row->rate_to, last);
        length += snprintf(line + length, sizeof line - (size_t)length, "%*s to %*s   %s", (int)t->position, from,
                           (int)t->position, to, first);
        if (strcmp(first, last) != 0) length += snprintf(line + length, sizeof line - (size_t)length, " to %s", last);
    }
    print_with_past(t, line, row->past, before);
}

static void print_none(const table *t, int32_t which, double rate)
{
    char text[CLI_SHORT];
    if (t->count > 1) printf("%-2d ", (int)which);
    printf("no phase: the rate stays %s\n", short_number(rate, text));
}

void schedule_print_phases(const cli_call *call, const schedule_run *run, const schedule_shown *shown, int32_t count)
{
    table t = {.call = call, .run = run, .count = count, .number = 1, .name = 11};
    for (int32_t i = 0; i < count; i++) measure(&t, &shown[i]);
    for (int32_t i = 0; i < count; i++) {
        schedule_row row;
        if (shown[i].chain->count == 0) print_none(&t, i + 1, schedule_rate(run, &shown[i], 0));
        for (int32_t j = 0; schedule_phase(run, &shown[i], j, &row); j++) print_row(&t, i + 1, j + 1, &row);
    }
}
