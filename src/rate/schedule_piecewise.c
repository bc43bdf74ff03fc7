/* piecewise: what was given at a list of moments, held until the next one or interpolated. Unless a point lies at 0 it starts at `from`;
 * the value of a point holds at its moment itself. */
#include "rate.h"
#include <stdio.h>

enum { POINTS, INTERPOLATE, FROM, BOUNDARIES, VALUES, SCALES };
enum { NONE, LINEAR, COSINE }; /* as the words of `interpolate` */

typedef struct point {
    double at, value;
} point;

typedef struct piecewise {
    int32_t count; /* the first lies at 0 */
    const point *points;
} piecewise;

/* Keras keeps the old value at the boundary itself. */
static bool has_come(const gradus_call *call, double boundary, double t)
{
    return call->counts[BOUNDARIES] ? boundary < t - 2 * DBL_EPSILON * t : rate_has_come(boundary, t);
}

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    const piecewise *made = call->made;
    int32_t first = 0, last = made->count - 1;
    while (first < last) {
        int32_t middle = first + (last - first + 1) / 2;
        if (has_come(call, made->points[middle].at, t))
            first = middle;
        else
            last = middle - 1;
    }
    const point *now = &made->points[first], *next = now + 1;
    int between = (int)call->number[INTERPOLATE];
    if (between == NONE || first == made->count - 1) return now->value;
    double p = fmax(t - now->at, 0) / (next->at - now->at);
    return rate_between(now->value, next->value, between == COSINE ? 0.5 - 0.5 * cos(rate_pi * p) : p);
}

/* ---- the points ---- */

/* Optax: scales that multiply what was there before, in the order of time. */
static int32_t fill_scales(const gradus_call *call, point *points)
{
    int32_t count = call->counts[SCALES] / 2;
    for (int32_t i = 0; i < count; i++)
        points[i + 1] = (point){call->numbers[SCALES][2 * i], call->numbers[SCALES][2 * i + 1]};
    gradus_rate_sort((double *)(points + 1), count, 2);
    for (int32_t i = 1; i <= count; i++) points[i].value *= points[i - 1].value;
    return count + 1;
}

static int32_t fill_points(const gradus_call *call, point *points)
{
    int32_t count = call->counts[POINTS] / 2, before = call->numbers[POINTS][0] > 0;
    for (int32_t i = 0; i < count; i++)
        points[before + i] = (point){call->numbers[POINTS][2 * i], call->numbers[POINTS][2 * i + 1]};
    return before + count;
}

static int32_t fill_values(const gradus_call *call, point *points)
{
    points[0].value = call->numbers[VALUES][0];
    for (int32_t i = 0; i < call->counts[BOUNDARIES]; i++)
        points[i + 1] = (point){call->numbers[BOUNDARIES][i], call->numbers[VALUES][i + 1]};
    return call->counts[BOUNDARIES] + 1;
}

static bool refuse(gradus_preparation *preparation, double late, double early)
{
    char one[32], other[32];
    gradus_number_print(late, one), gradus_number_print(early, other);
    preparation->code = GRADUS_CODE_RANGE_ORDER;
    snprintf(preparation->message, sizeof preparation->message,
             "the points come in the order of time; the one at %s stands behind the one at %s", one, other);
    return false;
}

static bool prepare(const gradus_call *call, gradus_preparation *preparation, const void **made)
{
    size_t most = 1 + (size_t)(call->counts[POINTS] + call->counts[SCALES]) / 2 + (size_t)call->counts[BOUNDARIES];
    piecewise *whole = preparation->take(preparation, sizeof *whole);
    point *points = preparation->take(preparation, most * sizeof *points);
    if (!whole || !points) return false;
    points[0] = (point){0, call->number[FROM]};
    *whole = (piecewise){.points = points,
                         .count = call->counts[POINTS]       ? fill_points(call, points)
                                  : call->counts[BOUNDARIES] ? fill_values(call, points)
                                                             : fill_scales(call, points)};
    for (int32_t i = 1; i < whole->count; i++)
        if (points[i].at < points[i - 1].at) return refuse(preparation, points[i].at, points[i - 1].at);
    *made = whole;
    return true;
}

static const char *check(const gradus_call *call)
{
    int32_t boundaries = call->counts[BOUNDARIES], values = call->counts[VALUES];
    if (boundaries || values)
        return values == boundaries + 1 && boundaries
                   ? NULL
                   : "values takes one more than boundaries, which takes at least one";
    return call->counts[POINTS] || call->counts[SCALES] ? NULL : "give it at least one point, such as [30ep, 10%]";
}

static const gradus_argument arguments[] = {
    {.name = "points",
     .kind = GRADUS_POINT,
     .high = INFINITY,
     .flags = GRADUS_MANY | GRADUS_OPTIONAL,
     .help = "[when, share of the rate], in the order of time, from the beginning of the phase",
     .also = "milestones_values, schedule"},
    {.name = "interpolate",
     .kind = GRADUS_WORD,
     .initial = "none",
     .words = "none|linear|cosine",
     .flags = GRADUS_NAMED,
     .help = "how it goes from one point to the next; none: a step at each",
     .also = "interpolate_type"},
    {.name = "from",
     .kind = GRADUS_SHARE,
     .initial = "1",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "share of the rate at the start, unless a point lies there",
     .also = "init_value"},
    {.name = "boundaries",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .flags = GRADUS_LIST | GRADUS_NAMED | GRADUS_OPTIONAL | GRADUS_FOREIGN,
     .help = "after which moments the next of `values` holds; ours stand with their values in `points`"},
    {.name = "values",
     .kind = GRADUS_SHARE,
     .high = INFINITY,
     .flags = GRADUS_LIST | GRADUS_NAMED | GRADUS_OPTIONAL | GRADUS_FOREIGN,
     .help = "share of the rate until the first boundary, until the second, ..., and after the last"},
    {.name = "scales",
     .kind = GRADUS_POINT,
     .high = INFINITY,
     .flags = GRADUS_LIST | GRADUS_NAMED | GRADUS_OPTIONAL | GRADUS_FOREIGN,
     .help = "[when, what the rate is multiplied by], each on top of those before"},
    {0}};

static const gradus_like like[] = {
    {"keras", "PiecewiseConstantDecay", "boundaries=boundaries, values=values absolute", NULL},
    {"optax", "piecewise_constant_schedule", "init_value=from absolute, boundaries_and_scales=scales", NULL},
    {"optax", "piecewise_interpolate_schedule",
     "interpolate_type=interpolate, init_value=from absolute, boundaries_and_scales=scales", NULL},
    {0}};

const gradus_schedule_row gradus_schedule_piecewise = {
    .member =
        {.name = "piecewise",
         .summary = "shares of the rate at given moments, held or interpolated",
         .formula = "the last point's value that is <= t; linear: a + (b - a) p between two points; cosine: a + (b - "
                    "a) (1 - cos(pi p)) / 2",
         .also =
             "piecewise_constant, piecewise_linear, piecewise_interpolate, PiecewiseConstantDecay, PiecewiseLinear, "
             "piecewise_constant_schedule, piecewise_interpolate_schedule, points",
         .example = "piecewise([0, 0], [30, 1], [200, 0.2], interpolate=linear)",
         .arguments = arguments,
         .like = like},
    .abi = GRADUS_ABI,
    .factor = factor,
    .check = check,
    .prepare = prepare};
