/* Which part of the numbers a plot shows, on which scale, and where its axes have ticks. */
#include "plot.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- ranges ---- */

static bool is_point(const gradus_curve *curve, int64_t i) { return isfinite(curve->x[i]) && isfinite(curve->y[i]); }

typedef struct extent {
    double low, high, least; /* least: above 0 */
    bool any;
} extent;

static void see(extent *seen, double value)
{
    seen->low = seen->any ? fmin(seen->low, value) : value;
    seen->high = seen->any ? fmax(seen->high, value) : value;
    if (value > 0) seen->least = fmin(seen->least, value);
    seen->any = true;
}

static extent extent_of(const gradus_plot *plot, bool of_x)
{
    extent seen = {.least = INFINITY};
    for (int32_t c = 0; c < plot->count; c++)
        for (int64_t i = 0; i < plot->curves[c].count; i++)
            if (is_point(&plot->curves[c], i)) see(&seen, of_x ? plot->curves[c].x[i] : plot->curves[c].y[i]);
    return seen;
}

static int compare(const void *a, const void *b)
{
    const double *first = a, *second = b;
    return (*first > *second) - (*first < *second);
}

enum { SLICES = 400 };

/* The curve's values above 0 at the middles of equal slices of x, as a picture shows them; returns how many. */
static int32_t sample(const gradus_curve *curve, const plot_range *x, double values[SLICES])
{
    int32_t count = 0;
    int64_t at = 0;
    for (int32_t slice = 0; slice < SLICES; slice++) {
        double middle = x->low + (x->high - x->low) * (slice + 0.5) / SLICES;
        while (at + 1 < curve->count && !(curve->x[at + 1] > middle)) at++;
        if (at < curve->count && curve->x[at] <= middle && is_point(curve, at) && curve->y[at] > 0)
            values[count++] = curve->y[at];
    }
    return count;
}

/* The value above 0 below which `share` of the picture's width lies, of the curve that goes lowest; infinite: there is none. */
static double quantile(const gradus_plot *plot, double share)
{
    double values[SLICES], lowest = INFINITY;
    plot_range x = gradus_plot_range_x(plot);
    for (int32_t c = 0; c < plot->count; c++) {
        int32_t count = sample(&plot->curves[c], &x, values);
        if (!count) continue;
        qsort(values, (size_t)count, sizeof *values, compare);
        lowest = fmin(lowest, values[(int32_t)(share * count)]);
    }
    return lowest;
}

bool gradus_plot_is_log(const gradus_plot *plot)
{
    extent y = extent_of(plot, false);
    if (!y.any || !isfinite(y.least) || plot->y_scale == GRADUS_SCALE_LINEAR) return false;
    if (plot->y_scale == GRADUS_SCALE_LOG) return true;
    return y.low >= 0 && y.high >= 1000 * y.least && y.high >= 300 * quantile(plot, 0.1);
}

/* Both ends apart, whatever was seen: a flat curve lies between 0 and itself. */
static plot_range linear_range(const extent *seen, bool from_zero)
{
    plot_range range = {.low = seen->any ? seen->low : 0, .high = seen->any ? seen->high : 1};
    bool flat = range.high - range.low <= 1e-9 * fmax(fabs(range.low), fabs(range.high));
    if (from_zero || flat) {
        range.low = fmin(range.low, 0);
        range.high = fmax(range.high, 0);
    }
    if (!(range.high - range.low > 0x1p-1000)) range.high = range.low + 1;
    if (!isfinite(range.high - range.low)) range.low /= 2, range.high /= 2; /* further apart than a number can be */
    return range;
}

static plot_range log_range(double low, double high)
{
    plot_range range = {low, high, .log = true};
    if (high <= 1.0001 * low) {
        if (low / 2 > 0) range.low = low / 2;
        if (high * 2 <= DBL_MAX) range.high = high * 2;
    }
    return range;
}

plot_range gradus_plot_range_x(const gradus_plot *plot)
{
    extent seen = extent_of(plot, true);
    plot_range range = linear_range(&seen, false);
    if (plot->x_scale == GRADUS_SCALE_LOG && isfinite(seen.least)) range = log_range(seen.least, seen.high);
    if (seen.any && seen.low == seen.high) { /* the one value at the left, or what is too large for that at the right */
        double width = fmax(1, fabs(seen.low) / 1000), low = seen.low + width <= DBL_MAX ? seen.low : seen.low - width;
        range = (plot_range){.low = low, .high = low + width};
    }
    range.whole = plot->x_whole;
    return range;
}

plot_range gradus_plot_range_y(const gradus_plot *plot)
{
    extent seen = extent_of(plot, false);
    if (!gradus_plot_is_log(plot)) return linear_range(&seen, plot->from_zero);
    /* the last stretch of a fall to 0 would take most of the picture */
    return log_range(fmax(seen.least, fmin(quantile(plot, 0.02) / 10, seen.high)), seen.high);
}

plot_range gradus_plot_room(const plot_range *range)
{
    double room = 0.04 * (gradus_plot_measure(range, range->high) - gradus_plot_measure(range, range->low));
    plot_range wider = *range;
    if (range->log) {
        wider.low *= pow(10, -room);
        wider.high *= pow(10, room);
    } else {
        if (range->low != 0) wider.low -= room;
        if (range->high != 0) wider.high += room;
    }
    return isfinite(wider.high - wider.low) && (!wider.log || wider.low > 0) ? wider : *range;
}

double gradus_plot_measure(const plot_range *range, double value)
{
    if (!range->log) return value;
    return log10(value > range->low ? value : range->low);
}

double gradus_plot_place(const plot_range *range, double value)
{
    double low = gradus_plot_measure(range, range->low), high = gradus_plot_measure(range, range->high);
    double place = (gradus_plot_measure(range, value) - low) / (high - low);
    return place > 0 ? fmin(place, 1) : 0;
}

/* ---- ticks ---- */

/* 20k: where an axis goes beyond four digits, thousands are written so, and with them millions and billions. */
static bool print_large(const plot_tick *tick, const plot_range *range, char text[PLOT_SHORT])
{
    static const struct {
        double size;
        const char *letter;
    } units[] = {{1e9, "B"}, {1e6, "M"}, {1e3, "k"}};
    if (!(range->high >= 1e4) || tick->value >= 1e13) return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (tick->value < units[i].size) continue;
        size_t length = gradus_number_print(tick->value / units[i].size, text);
        snprintf(text + length, PLOT_SHORT - length, "%s", units[i].letter);
        return true;
    }
    return false;
}

void gradus_plot_tick(plot_tick *tick, const plot_range *range, int64_t multiple, int32_t mantissa, int32_t exponent)
{
    char text[PLOT_SHORT];
    int length = snprintf(text, sizeof text, "%llde%d", (long long)llabs(multiple * mantissa), (int)exponent);
    gradus_number_read(text, (size_t)length, &tick->value);
    if (multiple < 0) tick->value = -tick->value;
    if (print_large(tick, range, tick->text)) return;
    if (range->log && exponent < -3)
        snprintf(tick->text, sizeof tick->text, "%s", text);
    else
        gradus_number_print(tick->value, tick->text);
}

/* Every step * 10^exponent within the range; how many there are, and as many as fit into ticks. */
static int32_t linear_ticks(const plot_range *range, int32_t mantissa, int32_t exponent, plot_tick ticks[PLOT_TICKS])
{
    double step = mantissa * pow(10, exponent), first = ceil(range->low / step - 1e-9),
           last = floor(range->high / step + 1e-9);
    if (!(last - first < PLOT_TICKS)) return PLOT_TICKS + 1;
    int32_t count = 0;
    for (double i = first; i <= last; i++) gradus_plot_tick(&ticks[count++], range, (int64_t)i, mantissa, exponent);
    return count;
}

/* Powers of ten, every `apart`-th; apart 0: 1, 2 and 5 times each of them. */
static int32_t log_ticks(const plot_range *range, int32_t apart, plot_tick ticks[PLOT_TICKS])
{
    static const int32_t mantissas[] = {1, 2, 5};
    int32_t first = (int32_t)floor(log10(range->low)) - 1, last = (int32_t)ceil(log10(range->high)), count = 0;
    for (int32_t decade = first; decade <= last; decade++) {
        if (apart && decade % apart != 0) continue;
        for (int32_t i = 0; i < (apart ? 1 : 3); i++) {
            plot_tick tick;
            gradus_plot_tick(&tick, range, 1, mantissas[i], decade);
            if (!isfinite(tick.value) || tick.value < range->low * (1 - 1e-9) || tick.value > range->high * (1 + 1e-9))
                continue;
            if (count == PLOT_TICKS) return PLOT_TICKS + 1;
            ticks[count++] = tick;
        }
    }
    return count;
}

int32_t gradus_plot_ticks(const plot_range *range, int32_t most, plot_tick ticks[PLOT_TICKS])
{
    static const int32_t mantissas[] = {1, 2, 5};
    int32_t count = 0;
    if (range->log) {
        for (int32_t apart = 0; apart < 700; apart++) {
            count = log_ticks(range, apart, ticks);
            if (count > most) continue;
            if (count >= 2) return count;
            break;
        }
        /* so short a stretch that hardly any of them lies in it: as on a linear axis */
    }
    int32_t exponent = (int32_t)floor(log10(fmax((range->high - range->low) / most, 1e-300))) - 1;
    if (range->whole && exponent < 0) exponent = 0;
    for (;; exponent++) {
        for (int32_t i = 0; i < 3; i++) {
            count = linear_ticks(range, mantissas[i], exponent, ticks);
            if (count <= most) return count;
        }
    }
}
