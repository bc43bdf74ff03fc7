/* CAME: Adafactor that trusts a step as far as it is like the mean of steps, with that trust too kept as a row and a column (Luo et al.,
 * 2023).
 *
 *     r, c <- beta2 r + (1 - beta2) mean(g g + epsilon) of each row, of each column
 *     u = g / sqrt(r c / mean(r)), divided by max(1, rms(u) / clip)
 *     m <- beta1 m + (1 - beta1) u
 *     R, C <- beta3 R + (1 - beta3) mean((u - m)^2 + epsilon_trust) of each row, of each column
 *     x <- x - rate m / sqrt(R C / mean(R))
 *     x <- x - rate weight_decay x                  with x before the step
 *
 * A vector keeps its mean square as it is, and is moved by rate m. */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, BETA3, EPSILON, TRUST, CLIP, WEIGHT_DECAY };
enum { RISE1, RISE2, RISE3, RATE, SHRINK, CONSTANTS };
enum { MEAN, ROW, COLUMN, TRUST_ROW, TRUST_COLUMN, SQUARE };

static int64_t row_size(const double *hyper, const gradus_shape *shape)
{
    (void)hyper;
    return shape->rank > 1 ? shape->matrices * shape->rows : 0;
}

static int64_t column_size(const double *hyper, const gradus_shape *shape)
{
    (void)hyper;
    return shape->rank > 1 ? shape->matrices * shape->columns : 0;
}

static int64_t square_size(const double *hyper, const gradus_shape *shape)
{
    (void)hyper;
    return shape->rank > 1 ? 0 : shape->count;
}

/* The step, and the sums of a matrix's columns. */
static int64_t scratch(const double *hyper, const gradus_shape *shape)
{
    (void)hyper;
    return shape->count + shape->columns;
}

#define RULE "rule_came.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[RISE3] = 1 - hyper[BETA3];
    constants[RATE] = now->rate;
    constants[SHRINK] = now->rate * hyper[WEIGHT_DECAY];
}

const gradus_rule_row gradus_rule_came = {
    .member =
        {.name = "came",
         .summary = "adafactor that trusts a step as far as it is like the mean of steps",
         .formula =
             "u = g / sqrt(v) as adafactor; m <- beta1 m + (1 - beta1) u; x <- x - rate m / sqrt(mean of (u - m)^2)",
         .paper = "Luo et al. 2023",
         .arguments =
             (const gradus_argument[]){
                 [BETA1] = RULE_BETA1,
                 [BETA2] = RULE_BETA2,
                 [BETA3] = RULE_SHARE("beta3", "0.9999", "part of the mean distrust that is kept",
                                      .search = "uniform(0.999, 0.99999)", .also = "beta_3"),
                 [EPSILON] = RULE_AMOUNT("epsilon", "1e-30", "added to each square of a gradient", .also = "eps1"),
                 [TRUST] =
                     RULE_AMOUNT("epsilon_trust", "1e-16", "added to each square of a step's distance", .also = "eps2"),
                 [CLIP] = RULE_AMOUNT("clip", "1", "root mean square that a tensor's step does not exceed; 0: any",
                                      .also = "clip_threshold"),
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-4, 1)"),
                 {0}},
         .like = (const gradus_like[]){{"pytorch_optimizer", "CAME", "eps1=epsilon, eps2=epsilon_trust", NULL}, {0}},
         .notes = "Of more than two dimensions the last two are rows and columns."},
    .abi = GRADUS_ABI,
    .slots =
        (const gradus_slot[]){[MEAN] = {.name = "exp_avg"},
                              [ROW] = {.name = "exp_avg_sq_row", .non_negative = true, .size = row_size},
                              [COLUMN] = {.name = "exp_avg_sq_col", .non_negative = true, .size = column_size},
                              [TRUST_ROW] = {.name = "exp_avg_res_row", .non_negative = true, .size = row_size},
                              [TRUST_COLUMN] = {.name = "exp_avg_res_col", .non_negative = true, .size = column_size},
                              [SQUARE] = {.name = "exp_avg_sq", .non_negative = true, .size = square_size},
                              {0}},
    .constants = "rise1, rise2, rise3, rate, shrink",
    .prepare = prepare,
    .update = EVERY_ISA(came),
    .update_twin = came_double,
    .scratch = scratch,
    .usual = 0.0005,
};

#else /* once for each instruction set */

/* Means of the squares of a matrix's numbers, of each row and each column. */
static void ISA(keep_means)(const work *w, const number *a, double added, number rise, number *rows, number *columns)
{
    const int64_t n = w->shape->columns, m = w->shape->rows;
    number *sums = w->scratch + w->shape->count;
    memset(sums, 0, (size_t)n * sizeof *sums);
    for (int64_t i = 0; i < m; i++) {
        double sum = 0;
        for (int64_t j = 0; j < n; j++) {
            const number square = a[i * n + j] * a[i * n + j];
            sums[j] = sums[j] + square;
            sum += (double)square;
        }
        rows[i] = rows[i] + rise * ((number)(sum / (double)n + added) - rows[i]);
    }
    for (int64_t j = 0; j < n; j++)
        columns[j] = columns[j] + rise * ((number)((double)sums[j] / (double)m + added) - columns[j]);
}

/* a over the root of what the means make of its place. */
static void ISA(divide)(const work *w, const number *a, const number *rows, const number *columns, number *into)
{
    const int64_t n = w->shape->columns, m = w->shape->rows;
    double sum = 0;
    for (int64_t i = 0; i < m; i++) sum += (double)rows[i];
    const double mean = sum / (double)m;
    for (int64_t i = 0; i < m; i++) {
        const number over = (number)(rows[i] > 0 ? sqrt(mean / (double)rows[i]) : 0);
        for (int64_t j = 0; j < n; j++) {
            const number below = (number)sqrt((double)columns[j]);
            into[i * n + j] = below > 0 ? a[i * n + j] * over / below : 0;
        }
    }
}

/* u, not longer than it may be. */
static void ISA(steps)(const work *w, number *u)
{
    const number *g = w->gradient, *k = w->constants;
    const int64_t count = w->shape->count, size = w->shape->rows * w->shape->columns;
    const double epsilon = w->hyper[EPSILON], clip = w->hyper[CLIP];
    for (int64_t i = 0; i < (w->state[ROW] ? w->shape->matrices : 0); i++) {
        number *rows = w->state[ROW] + i * w->shape->rows, *columns = w->state[COLUMN] + i * w->shape->columns;
        ISA(keep_means)(w, g + i * size, epsilon, k[RISE2], rows, columns);
        ISA(divide)(w, g + i * size, rows, columns, u + i * size);
    }
    for (int64_t i = 0; i < (w->state[SQUARE] ? count : 0); i++) {
        number *v = &w->state[SQUARE][i];
        *v = *v + k[RISE2] * (g[i] * g[i] + (number)epsilon - *v);
        u[i] = *v > 0 ? g[i] / (number)sqrt((double)*v) : 0;
    }
    double squares = 0;
    for (int64_t i = 0; i < count; i++) squares += (double)u[i] * (double)u[i];
    const double size_of_all = sqrt(squares / (double)count);
    const number shorter = (number)(clip > 0 ? 1 / fmax(1, size_of_all / clip) : 1);
    for (int64_t i = 0; i < count; i++) u[i] = u[i] * shorter;
}

static void ISA(came)(const work *w)
{
    const number *k = w->constants;
    const int64_t count = w->shape->count, size = w->shape->rows * w->shape->columns;
    number *u = w->scratch, *m = w->state[MEAN];
    ISA(steps)(w, u);
    for (int64_t i = 0; i < count; i++) {
        m[i] = m[i] + k[RISE1] * (u[i] - m[i]);
        u[i] = w->state[ROW] ? u[i] - m[i] : m[i];
    }
    for (int64_t i = 0; i < (w->state[ROW] ? w->shape->matrices : 0); i++) {
        number *rows = w->state[TRUST_ROW] + i * w->shape->rows,
               *columns = w->state[TRUST_COLUMN] + i * w->shape->columns;
        ISA(keep_means)(w, u + i * size, w->hyper[TRUST], k[RISE3], rows, columns);
        ISA(divide)(w, m + i * size, rows, columns, u + i * size);
    }
    for (int64_t i = 0; i < count; i++) w->values[i] = w->values[i] - (k[SHRINK] * w->values[i] + k[RATE] * u[i]);
}
#endif
