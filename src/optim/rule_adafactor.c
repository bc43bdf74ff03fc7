/* Adafactor: a mean square of the gradient that is kept as a row and a column for each matrix, so that the state of a
 * large net takes next to no memory (Shazeer and Stern, 2018).
 *
 *     beta2 = min(beta2_max, 1 - k^-decay_rate)                               k: updates so far less decay_offset
 *     r <- beta2 r + (1 - beta2) mean(g g + epsilon) of each row, c of each column;  v = r c / mean(r)
 *     what is no matrix, or too small, has v <- beta2 v + (1 - beta2) (g g + epsilon)
 *     u = g / sqrt(v), divided by max(1, rms(u) / clip)
 *     step = rate max(scale_least, rms(x)), or the rate alone; relative_step: min(rate, 1/sqrt(k)) in its place
 *     x <- x - step u                        momentum: a mean of u (outside), or of the steps (inside)
 *     floor in place of added: nothing is added to g g; mean(r) is at least epsilon, and v epsilon^2   (PyTorch)
 *     x <- x - rate weight_decay x           with x before the step; absolute: without the rate        (Optax) */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum {
    DECAY_RATE,
    DECAY_OFFSET,
    BETA2_MAX,
    EPSILON,
    PLACE,
    CLIP,
    SCALE_PARAMETER,
    SCALE_LEAST,
    RELATIVE_STEP,
    MOMENTUM,
    FORM,
    DIMENSIONS,
    FACTOR_FROM,
    WEIGHT_DECAY,
    DECAY
};
enum { PLACE_ADDED, PLACE_FLOOR };
enum { OUTSIDE, INSIDE };
enum { LAST, LARGEST, LEADING };
enum { DECOUPLED, ABSOLUTE };
enum { RISE, RATE, SHRINK, ADDED, FLOOR, MEAN_FLOOR, KEEP, CONSTANTS };
enum { ROW, COLUMN, SQUARE, MEAN };

/* ---- which two dimensions become rows and columns ---- */

/* A tensor as [outer][row][between][column][inner]. */
typedef struct factors {
    bool factored;
    int64_t outer, row, between, column, inner;
} factors;

static void choose_dimensions(const double *hyper, const gradus_shape *shape, int dims[2])
{
    dims[0] = shape->rank - 2, dims[1] = shape->rank - 1;
    if (hyper[DIMENSIONS] == LEADING && shape->rank > 2 && shape->size[0] >= hyper[FACTOR_FROM] &&
        shape->size[1] >= hyper[FACTOR_FROM])
        dims[0] = 0, dims[1] = 1;
    if (hyper[DIMENSIONS] != LARGEST) return;
    for (int d = shape->rank - 3; d >= 0; d--) { /* of equals the last ones */
        const int least = shape->size[dims[0]] <= shape->size[dims[1]] ? 0 : 1;
        if (shape->size[d] <= shape->size[dims[least]]) continue;
        if (least == 1) dims[1] = dims[0];
        dims[0] = d;
    }
}

static factors factors_of(const double *hyper, const gradus_shape *shape)
{
    factors f = {.outer = 1, .between = 1, .inner = 1};
    int dims[2];
    if (shape->rank < 2) return f;
    choose_dimensions(hyper, shape, dims);
    f.row = shape->size[dims[0]], f.column = shape->size[dims[1]];
    f.factored = f.row >= hyper[FACTOR_FROM] && f.column >= hyper[FACTOR_FROM];
    for (int d = 0; d < shape->rank; d++) {
        if (d < dims[0]) f.outer *= shape->size[d];
        if (d > dims[0] && d < dims[1]) f.between *= shape->size[d];
        if (d > dims[1]) f.inner *= shape->size[d];
    }
    return f;
}

static int64_t row_size(const double *hyper, const gradus_shape *shape)
{
    const factors f = factors_of(hyper, shape);
    return f.factored ? f.outer * f.row * f.between * f.inner : 0;
}

static int64_t column_size(const double *hyper, const gradus_shape *shape)
{
    const factors f = factors_of(hyper, shape);
    return f.factored ? f.outer * f.between * f.column * f.inner : 0;
}

static int64_t square_size(const double *hyper, const gradus_shape *shape)
{
    return factors_of(hyper, shape).factored ? 0 : shape->count;
}

/* Sums of rows and columns, then the rows over their mean. */
static int64_t scratch(const double *hyper, const gradus_shape *shape)
{
    return 2 * row_size(hyper, shape) + column_size(hyper, shape);
}

/* ---- a walk goes along columns, or along what is inside of them: a run ---- */

typedef struct run {
    int64_t length, count;
} run;

static run run_of(const factors *f, const gradus_shape *shape)
{
    if (!f->factored) return (run){shape->count, 1};
    const int64_t length = f->inner == 1 ? f->column : f->inner;
    return (run){length, shape->count / length};
}

/* Where a run's row and column stand in theirs. */
static void place_run(const factors *f, int64_t index, int64_t *row, int64_t *column)
{
    const int64_t along = f->inner == 1 ? 1 : f->column, at = index / along; /* ((outer, row), between) */
    const int64_t outer = at / (f->row * f->between), between = at % f->between;
    *row = at * f->inner;
    *column = ((outer * f->between + between) * f->column + (f->inner == 1 ? 0 : index % along)) * f->inner;
}

#define RULE "rule_adafactor.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double k = fmax(1, (double)now->update - hyper[DECAY_OFFSET]);
    const double rate = hyper[RELATIVE_STEP] ? fmin(now->rate, 1 / sqrt((double)now->update)) : now->rate;
    (void)memory;
    constants[RISE] = fmax(1 - hyper[BETA2_MAX], pow(k, -fabs(hyper[DECAY_RATE])));
    constants[RATE] = rate;
    constants[SHRINK] = hyper[DECAY] == ABSOLUTE ? hyper[WEIGHT_DECAY] : now->rate * hyper[WEIGHT_DECAY];
    constants[ADDED] = hyper[PLACE] == PLACE_ADDED ? hyper[EPSILON] : 0;
    constants[FLOOR] = hyper[PLACE] == PLACE_FLOOR ? hyper[EPSILON] * hyper[EPSILON] : 0;
    constants[MEAN_FLOOR] = hyper[PLACE] == PLACE_FLOOR ? hyper[EPSILON] : 0;
    constants[KEEP] = hyper[MOMENTUM];
}

static double usual_rate(const double *hyper) { return hyper[SCALE_PARAMETER] ? 0.01 : 0.003; }

const gradus_rule_row gradus_rule_adafactor = {
    .member =
        {.name = "adafactor",
         .summary = "the root of a mean square that is kept as one row and one column",
         .formula = "r, c <- row and column means of g^2; u = g / sqrt(r c / mean(r)); x <- x - rate rms(x) u / max(1, "
                    "rms(u))",
         .paper = "Shazeer and Stern 2018",
         .arguments =
             (const gradus_argument[]){
                 [DECAY_RATE] = {"decay_rate", GRADUS_NUMBER, .initial = "0.8", .low = -1, .high = 1,
                                 .help = "the mean square keeps 1 - k^-decay_rate in update k; the sign does not "
                                         "matter",
                                 .flags = GRADUS_NAMED | GRADUS_SCHEDULED, .search = "uniform(0.5, 1)"},
                 [DECAY_OFFSET] = {"decay_offset", GRADUS_INTEGER, .initial = "0", .low = 0, .high = 1e15,
                                   .help = "updates that do not count in k", .flags = GRADUS_NAMED},
                 [BETA2_MAX] = {"beta2_max", GRADUS_NUMBER, .initial = "1", .low = 0, .high = 1,
                                .help = "most that the mean square keeps", .flags = GRADUS_NAMED | GRADUS_SCHEDULED,
                                .also = "beta2_cap"},
                 [EPSILON] = RULE_AMOUNT("epsilon", "1e-30", "keeps the division finite", .also = "eps, epsilon_1"),
                 [PLACE] = {"place", GRADUS_WORD, .initial = "added", .words = "added|floor",
                            .help = "epsilon is added to each square, or is the least that means may be",
                            .flags = GRADUS_NAMED},
                 [CLIP] = RULE_AMOUNT(
                     "clip",
                     "1", "root mean square that a tensor's step does not exceed before the rate; 0: any",
                     .also = "clip_threshold, clipping_threshold, d"),
                 [SCALE_PARAMETER] = {"scale_parameter", GRADUS_FLAG, .initial = "true",
                                      .help = "the rate is a share of the root mean square of a tensor's values",
                                      .flags = GRADUS_NAMED, .also = "multiply_by_parameter_scale"},
                 [SCALE_LEAST] = RULE_AMOUNT("scale_least", "1e-3", "least root mean square that counts there",
                                             .also = "eps_scale, epsilon_2"),
                 [RELATIVE_STEP] = RULE_FLAG("relative_step", "false", "the rate is never above 1/sqrt(k)"),
                 [MOMENTUM] = RULE_SHARE("momentum", "0", "part of the mean step that is kept; 0: there is none",
                                         .search = "uniform(0, 0.95)", .also = "beta1"),
                 [FORM] = {"form", GRADUS_WORD, .initial = "outside", .words = "outside|inside",
                           .help = "the rate stands outside the mean, or inside", .flags = GRADUS_NAMED},
                 [DIMENSIONS] = {"dimensions", GRADUS_WORD, .initial = "last", .words = "last|largest|leading",
                                 .help = "which two of more than two dimensions are rows and columns",
                                 .flags = GRADUS_NAMED},
                 [FACTOR_FROM] =
                     {"factor_from", GRADUS_INTEGER, .initial = "1", .low = 1, .high = 1e15,
                      .help = "rows and columns that a matrix must have to be kept by them", .flags = GRADUS_NAMED,
                      .also = "min_dim_size_to_factor"},
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-5, 1e-1)"),
                 [DECAY] = {"decay", GRADUS_WORD, .initial = "decoupled", .words = "decoupled|absolute",
                            .help = "times the rate, or not", .flags = GRADUS_NAMED},
                 {0}},
         .like =
             (const gradus_like[]){
                 {"torch", "Adafactor", "beta2_decay=decay_rate, eps1=epsilon, eps2=scale_least, d=clip",
                  "epsilon=1.1920929e-7, place=floor, relative_step=true"},
                 {"keras", "Adafactor",
                  "beta_2_decay=decay_rate, epsilon_1=epsilon, epsilon_2=scale_least, clip_threshold=clip",
                  "relative_step=true"},
                 {"optax", "adafactor",
                  "min_dim_size_to_factor=factor_from, multiply_by_parameter_scale=scale_parameter, "
                  "clipping_threshold=clip, weight_decay_rate=weight_decay, eps=epsilon",
                  "factor_from=128, dimensions=largest, form=inside, decay=absolute"},
                 {"timm", "adafactor",
                  "eps=epsilon, eps_scale=scale_least, clip_threshold=clip, beta1=momentum, "
                  "min_dim_size_to_factor=factor_from",
                  "scale_parameter=false, form=inside, dimensions=leading, factor_from=17"},
                 {"timm", "adafactorbv",
                  "beta2_cap=beta2_max, eps=epsilon, clipping_threshold=clip, min_dim_size_to_factor=factor_from",
                  "beta2_max=0.999, momentum=0.9, scale_parameter=false, clip=0, dimensions=largest, "
                  "factor_from=16"},
                 {0}},
         .notes = "The rate is a share of the values' size, so that 0.01 is a usual one; scale_parameter=false makes "
                  "it "
                  "one like Adam's.\n"
                  "PyTorch and Keras never go above 1/sqrt(k) and always scale by the values; timm does neither. timm "
                  "keeps the momentum\n"
                  "of adafactorbv in bfloat16, which is float32 here."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[ROW] = {.name = "row_var", .non_negative = true, .size = row_size},
                                   [COLUMN] = {.name = "col_var", .non_negative = true, .size = column_size},
                                   [SQUARE] = {.name = "variance", .non_negative = true, .size = square_size},
                                   [MEAN] = {.name = "exp_avg", .only_if = "momentum"},
                                   {0}},
    .constants = "rise, rate, shrink, added, floor, mean_floor, keep",
    .prepare = prepare,
    .update = EVERY_ISA(adafactor),
    .update_twin = adafactor_double,
    .scratch = scratch,
    .usual_rate = usual_rate,
};

#else                            /* once for each instruction set */

/* Behind the constants of the update: what is a tensor's own, and a run's. */
#define OVER_ROW (CONSTANTS + 0) /* the row over the mean of rows, where a run has one */
#define INTO     (CONSTANTS + 1) /* what a step is multiplied by on its way into the mean */
#define ALONG    (CONSTANTS + 2) /* and behind it */
#define ALL      (CONSTANTS + 3)

/* ---- rows and columns ---- */

static inline void ISA(squares_element)(cell *c, const lane *k)
{
    (void)k;
    const lane square = c->g * c->g;
    c->s[COLUMN] = c->s[COLUMN] + square;
    if (c->has & SLOT(ROW)) c->s[ROW] = c->s[ROW] + square;
    c->sum[0] = square;
    c->times[0] = all(1);
}

static void ISA(add_squares)(const work *w, const factors *f, number *rows, number *columns)
{
    const run runs = run_of(f, w->shape);
    for (int64_t i = 0; i < runs.count; i++) {
        double parts[GRADUS_PARTS] = {0};
        int64_t row, column;
        place_run(f, i, &row, &column);
        span at = {.count = (size_t)runs.length, .gradient = w->gradient + i * runs.length, .sums = parts};
        at.state[COLUMN] = columns + column;
        if (f->inner == 1)
            walk(ISA(squares_element), GRADIENT | SLOT(COLUMN), SLOT(COLUMN), 0, 1, &at, 1, w->constants);
        else {
            at.state[ROW] = rows + row;
            walk(ISA(squares_element), GRADIENT | SLOT(COLUMN) | SLOT(ROW), SLOT(COLUMN) | SLOT(ROW), 0, 0, &at, 1,
                 w->constants);
        }
        if (f->inner == 1) rows[row] = (number)gradus_gather(parts);
    }
}

static void ISA(keep_means)(const work *w, const number *sums, int64_t size, int64_t over, number *means)
{
    const number *k = w->constants;
    for (int64_t i = 0; i < size; i++) {
        const number mean = sums[i] / (number)over + k[ADDED];
        means[i] = means[i] + k[RISE] * (mean - means[i]);
    }
}

/* Each row over the mean of its matrix's rows. */
static void ISA(divide_rows)(const work *w, const factors *f, number *rows)
{
    const int64_t apart = f->between * f->inner;
    for (int64_t matrix = 0; matrix < f->outer * apart; matrix++) {
        const int64_t first = matrix / apart * f->row * apart + matrix % apart;
        double sum = 0;
        for (int64_t i = 0; i < f->row; i++) sum += (double)w->state[ROW][first + i * apart];
        const number mean = (number)(sum / (double)f->row), least = w->constants[MEAN_FLOOR];
        for (int64_t i = 0; i < f->row; i++)
            rows[first + i * apart] = w->state[ROW][first + i * apart] / (mean > least ? mean : least);
    }
}

static void ISA(take_means)(const work *w, const factors *f, number *rows)
{
    const int64_t row_count = f->outer * f->row * f->between * f->inner,
                  column_count = f->outer * f->between * f->column * f->inner;
    number *sums = w->scratch + row_count;
    memset(sums, 0, (size_t)(row_count + column_count) * sizeof *sums);
    ISA(add_squares)(w, f, sums, sums + row_count);
    ISA(keep_means)(w, sums, row_count, f->column, w->state[ROW]);
    ISA(keep_means)(w, sums + row_count, column_count, f->row, w->state[COLUMN]);
    ISA(divide_rows)(w, f, rows);
}

static inline void ISA(variance_element)(cell *c, const lane *k)
{
    c->s[SQUARE] = c->s[SQUARE] + k[RISE] * ((c->g * c->g + k[ADDED]) - c->s[SQUARE]);
}

/* ---- the step ---- */

static inline lane ISA(direction)(cell *c, const lane *k)
{
    lane v;
    if (c->has & SLOT(SQUARE))
        v = c->s[SQUARE];
    else
        v = (c->has & SLOT(ROW) ? c->s[ROW] : k[OVER_ROW]) * c->s[COLUMN];
    return c->g / root(larger(v, k[FLOOR]));
}

static inline void ISA(size_element)(cell *c, const lane *k)
{
    c->sum[0] = c->times[0] = ISA(direction)(c, k);
    c->sum[1] = c->times[1] = c->x;
}

static inline void ISA(step_element)(cell *c, const lane *k)
{
    lane step = k[INTO] * ISA(direction)(c, k);
    if (c->has & SLOT(MEAN)) {
        c->s[MEAN] = k[KEEP] * c->s[MEAN] + (all(1) - k[KEEP]) * step;
        step = c->s[MEAN];
    }
    c->x = c->x - (k[SHRINK] * c->x + k[ALONG] * step);
}

/* One of the two walks over a run; literals, so that only what is needed is compiled. */
static void ISA(measure_run)(const span *at, bool inner, const number *k)
{
    if (at->state[SQUARE])
        walk(ISA(size_element), GRADIENT | VALUES | SLOT(SQUARE), 0, ALL, 2, at, 1, k);
    else if (inner)
        walk(ISA(size_element), GRADIENT | VALUES | SLOT(ROW) | SLOT(COLUMN), 0, ALL, 2, at, 1, k);
    else
        walk(ISA(size_element), GRADIENT | VALUES | SLOT(COLUMN), 0, ALL, 2, at, 1, k);
}

static void ISA(step_run)(const span *at, bool inner, const number *k)
{
    enum { X = VALUES, G = GRADIENT, M = SLOT(MEAN), V = SLOT(SQUARE), R = SLOT(ROW), C = SLOT(COLUMN) };
    const bool mean = at->state[MEAN];
    if (at->state[SQUARE] && mean)
        walk(ISA(step_element), G | X | V | M, X | M, ALL, 0, at, 1, k);
    else if (at->state[SQUARE])
        walk(ISA(step_element), G | X | V, X, ALL, 0, at, 1, k);
    else if (inner && mean)
        walk(ISA(step_element), G | X | R | C | M, X | M, ALL, 0, at, 1, k);
    else if (inner)
        walk(ISA(step_element), G | X | R | C, X, ALL, 0, at, 1, k);
    else if (mean)
        walk(ISA(step_element), G | X | C | M, X | M, ALL, 0, at, 1, k);
    else
        walk(ISA(step_element), G | X | C, X, ALL, 0, at, 1, k);
}

typedef void ISA(run_walk)(const span *at, bool inner, const number *k);

static void ISA(each_run)(const work *w, const factors *f, number *rows, number *k, double *parts, ISA(run_walk) * act)
{
    const run runs = run_of(f, w->shape);
    for (int64_t i = 0; i < runs.count; i++) {
        const int64_t start = i * runs.length;
        int64_t row = 0, column = 0;
        span at = {
            .count = (size_t)runs.length, .values = w->values + start, .gradient = w->gradient + start, .sums = parts};
        if (f->factored) place_run(f, i, &row, &column);
        if (f->factored) at.state[ROW] = rows + row, at.state[COLUMN] = w->state[COLUMN] + column;
        if (f->factored) k[OVER_ROW] = rows[row];
        if (!f->factored) at.state[SQUARE] = w->state[SQUARE];
        if (w->state[MEAN]) at.state[MEAN] = w->state[MEAN] + start;
        act(&at, f->factored && f->inner > 1, k);
    }
}

static void ISA(adafactor)(const work *w)
{
    const factors f = factors_of(w->hyper, w->shape);
    number k[GRADUS_CONSTANTS], *rows = w->scratch;
    double parts[2][GRADUS_PARTS] = {{0}};
    memcpy(k, w->constants, sizeof k);
    if (f.factored)
        ISA(take_means)(w, &f, rows);
    else {
        span whole = {.count = (size_t)w->shape->count, .gradient = w->gradient};
        whole.state[SQUARE] = w->state[SQUARE];
        walk(ISA(variance_element), GRADIENT | SLOT(SQUARE), SLOT(SQUARE), CONSTANTS, 0, &whole, 1, k);
    }
    ISA(each_run)(w, &f, rows, k, parts[0], ISA(measure_run));
    const double count = (double)w->shape->count, steps = sqrt(gradus_gather(parts[0]) / count),
                 values = sqrt(gradus_gather(parts[1]) / count), clip = w->hyper[CLIP];
    const double clipped = clip > 0 ? fmax(1, steps / clip) : 1;
    const double rate = (double)k[RATE] * (w->hyper[SCALE_PARAMETER] ? fmax(w->hyper[SCALE_LEAST], values) : 1);
    const bool inside = w->hyper[FORM] == INSIDE && w->state[MEAN];
    k[INTO] = (number)(inside ? rate / clipped : 1 / clipped);
    k[ALONG] = (number)(inside ? 1 : rate);
    ISA(each_run)(w, &f, rows, k, NULL, ISA(step_run));
}
#undef OVER_ROW
#undef INTO
#undef ALONG
#undef ALL
#endif
