/* Adalite: Adam whose two means are kept as a row and a column for each matrix, with gradients as long as the values are (VatsaDev;
 * no paper describes it: these are the formulas of its code, as pytorch_optimizer has it).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     g <- g max(ratio_least, |x| / max(norm_least, |g|))               not of a single number
 *     m <- beta1 m + (1 - beta1) g
 *     v <- beta2 v + (1 - beta2) (g - m)^2
 *     m <- a m + (1 - a) g                          a = softmax(means of v's rows) softmax(means of v's columns); not of a vector
 *     u = beta1 m + (1 - beta1) g
 *     x <- x - rate u / sqrt(v / (1 - beta2^k) + epsilon)
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step
 *
 * Of a matrix the next update sees, with R and C the sums of v's rows and columns and S that of all,
 *
 *     v = R C / S^2
 *     m = (p.m.q) p q / (|p|^2 |q|^2),  p = m softmax(means of columns / temperature),  q = softmax(means of rows / temperature) m
 *
 * where S^2 is what the code does, though a mean square kept by its sums is R C / S: so that v sums to 1 before each update. Each sum
 * and each product of norms divides as if it were at least sum_least. */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, EPSILON, NORM_LEAST, RATIO_LEAST, TEMPERATURE, SUM_LEAST, WEIGHT_DECAY, DECAY };
enum { COUPLED, RISE1, RISE2, CORRECTED, INSIDE, RATE, SHRINK, CONSTANTS };
enum { MEAN, SQUARE, MEAN_ROWS, MEAN_COLUMNS, SQUARE_ROWS, SQUARE_COLUMNS };

/* All dimensions but the first are columns. */
static int64_t row_size(const double *hyper, const gradus_shape *shape)
{
    (void)hyper;
    return shape->rank > 1 ? shape->size[0] : 0;
}

static int64_t column_size(const double *hyper, const gradus_shape *shape)
{
    (void)hyper;
    return shape->rank > 1 ? shape->count / shape->size[0] : 0;
}

static int64_t vector_size(const double *hyper, const gradus_shape *shape)
{
    (void)hyper;
    return shape->rank > 1 ? 0 : shape->count;
}

/* Four numbers for each row and each column. */
static int64_t scratch(const double *hyper, const gradus_shape *shape)
{
    return 4 * (row_size(hyper, shape) + column_size(hyper, shape));
}

/* exp(x) of an x not above 0, from nothing but + and *: the same bits on every machine, unlike exp. */
static double exponential(double x)
{
    double sum = 1;
    if (x < -700) return 0;
    for (int i = 16; i > 0; i--) sum = 1 + sum * (x / 1024) / i;
    for (int i = 0; i < 10; i++) sum *= sum;
    return sum;
}

#define RULE "rule_adalite.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[CORRECTED] = 1 / (1 - gradus_power(hyper[BETA2], now->update));
    constants[INSIDE] = hyper[EPSILON];
    constants[RATE] = now->rate;
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

const gradus_rule_row gradus_rule_adalite = {
    .member =
        {.name = "adalite",
         .summary = "adam with both means kept as a row and a column, and gradients as long as the values",
         .formula = "g <- g |x|/|g|; m <- beta1 m + (1 - beta1) g; v <- beta2 v + (1 - beta2) (g - m)^2; x <- x - rate "
                    "(beta1 m + (1 - beta1) g) / sqrt(v/(1 - beta2^k) + epsilon)",
         .paper = "VatsaDev, github.com/VatsaDev/adalite",
         .arguments =
             (const gradus_argument[]){
                 [BETA1] = RULE_BETA1,
                 [BETA2] = RULE_BETA2,
                 [EPSILON] = RULE_AMOUNT("epsilon", "1e-6", "keeps the division finite; added under the root",
                                         .search = "loguniform(1e-8, 1e-3)", .also = "eps, eps1"),
                 [NORM_LEAST] = RULE_AMOUNT("norm_least", "1e-10", "least norm of a tensor's gradient that counts",
                                            .also = "g_norm_min"),
                 [RATIO_LEAST] =
                     RULE_AMOUNT("ratio_least", "1e-4", "least that a gradient is multiplied by", .also = "ratio_min"),
                 [TEMPERATURE] = {"temperature", GRADUS_NUMBER, .initial = "1", .low = 0, .high = INFINITY, .open = "(",
                                  .help = "the larger, the more alike rows and columns count in the mean that is kept",
                                  .flags = GRADUS_NAMED | GRADUS_SCHEDULED, .also = "tau"},
                 [SUM_LEAST] =
                     RULE_AMOUNT("sum_least", "1e-10", "least sum that divides where means are kept", .also = "eps2"),
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0.01", "loguniform(1e-4, 1)"),
                 [DECAY] = RULE_DECAY("decoupled"),
                 {0}},
         .like = (const gradus_like[]){{"pytorch_optimizer", "Adalite",
                                        "eps1=epsilon, eps2=sum_least, g_norm_min=norm_least, ratio_min=ratio_least, "
                                        "tau=temperature",
                                        NULL},
                                       {0}},
         .notes =
             "Of more than two dimensions all but the first are columns. A tensor whose values are all 0 is hardly "
             "moved until\n"
             "ratio_least times the rate has moved it: biases begin slowly. No paper describes the rule; the means "
             "of a matrix are\n"
             "made of its rows and columns as the author's code has it."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[MEAN] = {.name = "m_avg", .size = vector_size},
                                   [SQUARE] = {.name = "v_avg", .non_negative = true, .size = vector_size},
                                   [MEAN_ROWS] = {.name = "m_avg_c", .size = row_size},
                                   [MEAN_COLUMNS] = {.name = "m_avg_r", .size = column_size},
                                   [SQUARE_ROWS] = {.name = "v_avg_0", .non_negative = true, .size = row_size},
                                   [SQUARE_COLUMNS] = {.name = "v_avg_1", .non_negative = true, .size = column_size},
                                   {0}},
    .constants = "coupled, rise1, rise2, corrected, inside, rate, shrink",
    .prepare = prepare,
    .update = EVERY_ISA(adalite),
    .update_twin = adalite_double,
    .scratch = scratch,
    .usual = 0.003,
};

#else /* once for each instruction set */

/* A tensor as a matrix, and the scratch memory for it. */
typedef struct ISA(factored) {
    int64_t rows, columns;
    number trust; /* what its gradient is multiplied by */
    double sum;   /* of the mean squares as they were kept */
    number *row_sums, *column_sums, *row_shares, *column_shares, *row_weights, *column_weights, *means_of_rows,
        *means_of_columns;
} ISA(factored);

/* One value's gradient and means. */
typedef struct ISA(place) {
    number g, mean, square;
} ISA(place);

static inline number ISA(gradient_at)(const work *w, number trust, int64_t i)
{
    return (w->gradient[i] + w->constants[COUPLED] * w->values[i]) * trust;
}

/* What the gradient is multiplied by, so as to be as long as the values. */
static number ISA(trust_of)(const work *w)
{
    double values = 0, gradients = 0;
    if (w->shape->rank < 2 && w->shape->count == 1) return 1;
    for (int64_t i = 0; i < w->shape->count; i++) {
        const double g = (double)ISA(gradient_at)(w, 1, i);
        values += (double)w->values[i] * (double)w->values[i];
        gradients += g * g;
    }
    const double below = fmax(sqrt(gradients), w->hyper[NORM_LEAST]);
    return (number)fmax(below > 0 ? sqrt(values) / below : 0, w->hyper[RATIO_LEAST]);
}

static inline void ISA(keep)(ISA(place) * at, const number *k)
{
    at->mean = at->mean + k[RISE1] * (at->g - at->mean);
    const number away = at->g - at->mean;
    at->square = at->square + k[RISE2] * (away * away - at->square);
}

static inline void ISA(move)(number *x, const ISA(place) * at, const number *k)
{
    const number u = at->mean + k[RISE1] * (at->g - at->mean);
    const number below = (number)sqrt((double)(at->square * k[CORRECTED] + k[INSIDE]));
    *x = *x - (k[SHRINK] * *x + (below > 0 ? k[RATE] * u / below : 0));
}

/* ---- a matrix: three times over it, so that nothing of its size is kept ---- */

static inline ISA(place) ISA(look)(const work *w, const ISA(factored) * a, int64_t i, int64_t j)
{
    ISA(place) at = {.g = ISA(gradient_at)(w, a->trust, i * a->columns + j)};
    at.mean = w->state[MEAN_ROWS][i] * w->state[MEAN_COLUMNS][j];
    at.square = w->state[SQUARE_ROWS][i] / (number)a->sum * w->state[SQUARE_COLUMNS][j];
    ISA(keep)(&at, w->constants);
    return at;
}

/* The same, with the mean gradient as much of it as the place is worth. */
static inline ISA(place) ISA(look_again)(const work *w, const ISA(factored) * a, int64_t i, int64_t j)
{
    ISA(place) at = ISA(look)(w, a, i, j);
    at.mean = at.mean + (1 - a->row_shares[i] * a->column_shares[j]) * (at.g - at.mean);
    return at;
}

static void ISA(add_squares)(const work *w, ISA(factored) * a)
{
    memset(a->column_sums, 0, (size_t)a->columns * sizeof *a->column_sums);
    for (int64_t i = 0; i < a->rows; i++) {
        double sum = 0;
        for (int64_t j = 0; j < a->columns; j++) {
            const number square = ISA(look)(w, a, i, j).square;
            a->column_sums[j] = a->column_sums[j] + square;
            sum += (double)square;
        }
        a->row_sums[i] = (number)sum;
    }
}

/* Of sums over so many each, the softmax of their means over a temperature. */
static void ISA(softmax)(const number *sums, int64_t count, double over, number *shares)
{
    double most = 0, all_of_them = 0;
    for (int64_t i = 0; i < count; i++) most = fmax(most, (double)sums[i]);
    for (int64_t i = 0; i < count; i++) all_of_them += exponential(((double)sums[i] - most) / over);
    for (int64_t i = 0; i < count; i++)
        shares[i] = (number)(exponential(((double)sums[i] - most) / over) / all_of_them);
}

static void ISA(add_means)(const work *w, ISA(factored) * a)
{
    memset(a->means_of_columns, 0, (size_t)a->columns * sizeof *a->means_of_columns);
    for (int64_t i = 0; i < a->rows; i++) {
        double sum = 0;
        for (int64_t j = 0; j < a->columns; j++) {
            const number mean = ISA(look_again)(w, a, i, j).mean;
            a->means_of_columns[j] = a->means_of_columns[j] + mean * a->row_weights[i];
            sum += (double)mean * (double)a->column_weights[j];
        }
        a->means_of_rows[i] = (number)sum;
    }
}

/* How much of the mean gradient lies along its rows' means times its columns'; the values are moved on the way. */
static double ISA(step)(const work *w, const ISA(factored) * a)
{
    double along = 0;
    for (int64_t i = 0; i < a->rows; i++) {
        double sum = 0;
        for (int64_t j = 0; j < a->columns; j++) {
            const ISA(place) at = ISA(look_again)(w, a, i, j);
            sum += (double)at.mean * (double)a->means_of_columns[j];
            ISA(move)(&w->values[i * a->columns + j], &at, w->constants);
        }
        along += (double)a->means_of_rows[i] * sum;
    }
    return along;
}

static double ISA(squares)(const number *numbers, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (double)numbers[i] * (double)numbers[i];
    return sum;
}

static double ISA(total)(const number *numbers, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (double)numbers[i];
    return sum;
}

/* What divides: a sum, but not less than sum_least, nor 0. */
static double ISA(divisor)(const work *w, double sum)
{
    const double least = fmax(sum, w->hyper[SUM_LEAST]);
    return least > 0 ? least : 1;
}

static void ISA(keep_matrix)(const work *w, const ISA(factored) * a, double along)
{
    const double sum = ISA(divisor)(w, ISA(total)(a->row_sums, a->rows));
    const double norms = ISA(squares)(a->means_of_rows, a->rows) * ISA(squares)(a->means_of_columns, a->columns);
    const double part = along / ISA(divisor)(w, norms);
    for (int64_t i = 0; i < a->rows; i++) {
        w->state[SQUARE_ROWS][i] = a->row_sums[i];
        w->state[MEAN_ROWS][i] = (number)(part * (double)a->means_of_rows[i]);
    }
    for (int64_t j = 0; j < a->columns; j++) {
        w->state[SQUARE_COLUMNS][j] = (number)((double)a->column_sums[j] / sum);
        w->state[MEAN_COLUMNS][j] = a->means_of_columns[j];
    }
}

static void ISA(update_matrix)(const work *w, number trust)
{
    ISA(factored) a = {row_size(w->hyper, w->shape), column_size(w->hyper, w->shape), .trust = trust};
    number **parts[] = {&a.row_sums,    &a.column_sums,    &a.row_shares,    &a.column_shares,
                        &a.row_weights, &a.column_weights, &a.means_of_rows, &a.means_of_columns};
    number *at = w->scratch;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) *parts[i] = at, at += i % 2 ? a.columns : a.rows;
    a.sum = ISA(divisor)(w, ISA(total)(w->state[SQUARE_ROWS], a.rows));
    ISA(add_squares)(w, &a);
    ISA(softmax)(a.row_sums, a.rows, (double)a.columns, a.row_shares);
    ISA(softmax)(a.column_sums, a.columns, (double)a.rows, a.column_shares);
    ISA(softmax)(a.row_sums, a.rows, (double)a.columns * w->hyper[TEMPERATURE], a.row_weights);
    ISA(softmax)(a.column_sums, a.columns, (double)a.rows * w->hyper[TEMPERATURE], a.column_weights);
    ISA(add_means)(w, &a);
    ISA(keep_matrix)(w, &a, ISA(step)(w, &a));
}

static void ISA(update_vector)(const work *w, number trust)
{
    for (int64_t i = 0; i < w->shape->count; i++) {
        ISA(place) at = {ISA(gradient_at)(w, trust, i), w->state[MEAN][i], w->state[SQUARE][i]};
        ISA(keep)(&at, w->constants);
        ISA(move)(&w->values[i], &at, w->constants);
        w->state[MEAN][i] = at.mean, w->state[SQUARE][i] = at.square;
    }
}

static void ISA(adalite)(const work *w)
{
    const number trust = ISA(trust_of)(w);
    if (w->shape->rank > 1)
        ISA(update_matrix)(w, trust);
    else
        ISA(update_vector)(w, trust);
}
#endif
