/* Shampoo: each dimension of a gradient over the root of its products with itself, so that directions that are steep together become one
 * (Gupta, Koren and Singer, 2018), as long as the gradient itself (Anil et al., 2020).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     G <- beta2 G + (1 - beta2) g g^T              of each dimension, summed over the others; form=sum: + g g^T; epsilon at first
 *     u = g times G^(-1 / (2 dimensions)) along each dimension, the powers of every few updates
 *     u <- u |g| / |u|                              graft=gradient; before update `start`: u = g
 *     u <- u + weight_decay x                       where decay is of the direction
 *     b <- momentum b + u                           nesterov: u + momentum b in place of b
 *     x <- x - rate b
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step */
#ifndef RULE
#include "arguments.h"
#include "axes.h"
#include "dense.h"
#include "kernel.h"
#include "rules.h"

enum { MOMENTUM, NESTEROV, BETA2, FORM, EVERY, START, GRAFT, VECTORS, MAX_SIZE, EPSILON, WEIGHT_DECAY, DECAY };
enum { MEAN_FORM, SUM_FORM };
enum { NONE, GRADIENT_NORM };
enum { COUPLED_DECAY, DECOUPLED_DECAY, OF_DIRECTION };
enum { COUPLED, KEEP2, RISE2, DIRECTION, KEEP, ALONG, ACROSS, STEP, SHRINK, CONSTANTS };
enum { BUFFER, PRODUCTS, ROOTS };

static axes axes_of(const double *hyper, const gradus_shape *shape)
{
    return gradus_axes(shape, shape->rank > 1 || hyper[VECTORS] ? hyper[MAX_SIZE] : 0);
}

static int64_t matrices_size(const double *hyper, const gradus_shape *shape) { return axes_of(hyper, shape).room; }

static int64_t scratch(const double *hyper, const gradus_shape *shape)
{
    const axes a = axes_of(hyper, shape);
    return gradus_axes_scratch(&a) + 3 * shape->count;
}

#define RULE "rule_shampoo.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[COUPLED] = hyper[DECAY] == COUPLED_DECAY ? hyper[WEIGHT_DECAY] : 0;
    constants[KEEP2] = hyper[FORM] == SUM_FORM ? 1 : hyper[BETA2];
    constants[RISE2] = hyper[FORM] == SUM_FORM ? 1 : 1 - hyper[BETA2];
    constants[DIRECTION] = hyper[DECAY] == OF_DIRECTION ? hyper[WEIGHT_DECAY] : 0;
    constants[KEEP] = hyper[MOMENTUM];
    constants[ALONG] = hyper[NESTEROV] ? hyper[MOMENTUM] : 1;
    constants[ACROSS] = hyper[NESTEROV] != 0;
    constants[STEP] = now->rate;
    constants[SHRINK] = hyper[DECAY] == DECOUPLED_DECAY ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

static const char *check(const double *hyper)
{
    return hyper[NESTEROV] && hyper[MOMENTUM] == 0 ? "nesterov needs a momentum above 0" : NULL;
}

static double usual_rate(const double *hyper) { return 0.5 * (1 - hyper[MOMENTUM]); }

const gradus_rule_row gradus_rule_shampoo = {
    .member =
        {.name = "shampoo",
         .summary = "each dimension of a gradient over the root of its products with itself",
         .formula =
             "G <- beta2 G + (1 - beta2) g g^T of each dimension; x <- x - rate momentum of (L^(-1/4) g R^(-1/4))",
         .paper = "Gupta, Koren and Singer 2018; Anil et al. 2020",
         .also = "scalable_shampoo, distributed_shampoo",
         .arguments =
             (const gradus_argument[]){
                 [MOMENTUM] = RULE_SHARE("momentum", "0.9", "part of the last movement that is kept",
                                         .search = "uniform(0.8, 0.99)", .also = "beta1"),
                 [NESTEROV] = RULE_NESTEROV("false"),
                 [BETA2] = RULE_SHARE("beta2", "0.999", "part of the mean products that is kept",
                                      .search = "uniform(0.9, 0.9999)"),
                 [FORM] = {"form", GRADUS_WORD, .initial = "mean", .words = "mean|sum",
                           .help = "products are averaged, or summed from the beginning", .flags = GRADUS_NAMED},
                 [EVERY] = {"every", GRADUS_INTEGER, .initial = "10", .low = 1, .high = 1e9,
                            .help = "updates after which the powers are found anew", .flags = GRADUS_NAMED,
                            .also = "preconditioning_compute_steps"},
                 [START] = {"start", GRADUS_INTEGER, .initial = "10", .low = 1, .high = 1e15,
                            .help = "the first update that uses them", .flags = GRADUS_NAMED,
                            .also = "start_preconditioning_step"},
                 [GRAFT] = {"graft", GRADUS_WORD, .initial = "gradient", .words = "none|gradient",
                            .help = "makes each tensor's direction as long as its gradient", .flags = GRADUS_NAMED,
                            .also = "graft_type"},
                 [VECTORS] = RULE_FLAG("vectors", "false", "vectors too have a matrix, of their length squared"),
                 [MAX_SIZE] = {"max_size", GRADUS_INTEGER, .initial = "512", .low = 1, .high = 1e9,
                               .help = "a longer dimension stays as it is", .flags = GRADUS_NAMED,
                               .also = "no_preconditioning_for_layers_with_dim_gt"},
                 [EPSILON] = RULE_AMOUNT("epsilon", "1e-6", "what the products begin with on their diagonals",
                                         .search = "loguniform(1e-12, 1e-3)", .also = "matrix_eps"),
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-6, 1e-2)"),
                 [DECAY] = {"decay", GRADUS_WORD, .initial = "decoupled", .words = "coupled|decoupled|direction",
                            .help = "added to the gradient, taken from the values times the rate, or added to the "
                                    "direction",
                            .flags = GRADUS_NAMED},
                 {0}},
         .like =
             (const gradus_like[]){
                 {"pytorch_optimizer", "Shampoo", "matrix_eps=epsilon, weight_decouple=decay coupled|decoupled",
                  "momentum=0, form=sum, every=1, start=1, graft=none, vectors=true, max_size=1000000, decay=coupled"},
                 {"pytorch_optimizer", "ScalableShampoo",
                  "beta1=momentum, decoupled_weight_decay=decay direction|decoupled, "
                  "start_preconditioning_step=start, preconditioning_compute_steps=every, matrix_eps=epsilon",
                  "nesterov=true, every=1000, start=25, max_size=8192, decay=direction"},
                 {0}},
         .notes =
             "It keeps two square matrices for each dimension of a weight, and every few updates takes the time of "
             "their\n"
             "eigenvectors; max_size bounds both. The momentum of pytorch_optimizer's Shampoo is one of its own: it "
             "mixes the last\n"
             "direction into the next gradient."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[BUFFER] = {.name = "momentum_buffer", .only_if = "momentum"},
                                   [PRODUCTS] = {.name = "statistics", .exact = true, .size = matrices_size},
                                   [ROOTS] = {.name = "preconditioners", .exact = true, .size = matrices_size},
                                   {0}},
    .constants = "coupled, keep2, rise2, direction, keep, along, across, step, shrink",
    .prepare = prepare,
    .update = EVERY_ISA(shampoo),
    .update_twin = shampoo_double,
    .scratch = scratch,
    .check = check,
    .usual_rate = usual_rate,
};

#else /* once for each instruction set */
#include "axes.h"

static void ISA(set_diagonal)(number *matrix, int64_t size, number value)
{
    memset(matrix, 0, (size_t)(size * size) * sizeof *matrix);
    for (int64_t i = 0; i < size; i++) matrix[i * size + i] = value;
}

/* G^(-1 / degree); what is not to be had stays as it was. */
static void ISA(find_power)(const work *w, const axes *a, int32_t axis)
{
    const int64_t n = a->at[axis].size;
    const number *products = w->state[PRODUCTS] + a->at[axis].first;
    number *power = w->state[ROOTS] + a->at[axis].first;
    double *vectors = (void *)w->scratch, *values = vectors + n * n;
    number *left = (number *)(values + 2 * n), *right = left + n * n;
    for (int64_t i = 0; i < n * n; i++) vectors[i] = (double)products[i];
    if (!gradus_eigen(n, vectors, values, values + n) || !(values[0] > 0)) return;
    const double least = values[0] * (sizeof(number) == sizeof(float) ? 1e-7 : 1e-15); /* below it all is rounding */
    for (int64_t j = 0; j < n; j++) {
        const double over = 1 / gradus_root(fmax(values[j], least), 2 * a->count);
        for (int64_t i = 0; i < n; i++) {
            left[j * n + i] = (number)(over * vectors[j * n + i]);
            right[j * n + i] = (number)vectors[j * n + i];
        }
    }
    w->multiply(w, GRADUS_TRANSPOSED, GRADUS_AS_IT_IS, n, n, n, 1, left, n, right, n, 0, power, n);
}

static void ISA(keep)(const work *w, const axes *a, const number *g)
{
    const number *k = w->constants;
    for (int32_t i = 0; i < a->count && w->now->update == 1; i++) {
        ISA(set_diagonal)(w->state[PRODUCTS] + a->at[i].first, a->at[i].size, (number)w->hyper[EPSILON]);
        ISA(set_diagonal)(w->state[ROOTS] + a->at[i].first, a->at[i].size, 1);
    }
    ISA(keep_products)(w, a, k[KEEP2], k[RISE2], g, w->state[PRODUCTS]);
    for (int32_t i = 0; i < a->count && w->now->update % (int64_t)w->hyper[EVERY] == 0; i++) ISA(find_power)(w, a, i);
}

static double ISA(norm)(const number *a, int64_t count)
{
    double squares = 0;
    for (int64_t i = 0; i < count; i++) squares += (double)a[i] * (double)a[i];
    return sqrt(squares);
}

static void ISA(shampoo)(const work *w)
{
    const axes a = axes_of(w->hyper, w->shape);
    const number *k = w->constants;
    const int64_t count = w->shape->count;
    number *g = w->scratch + gradus_axes_scratch(&a), *u = g + count, *other = u + count;
    for (int64_t i = 0; i < count; i++) u[i] = g[i] = w->gradient[i] + k[COUPLED] * w->values[i];
    ISA(keep)(w, &a, g);
    for (int32_t i = 0; i < a.count && (double)w->now->update >= w->hyper[START]; i++) {
        ISA(along_axis)(w, &a, i, w->state[ROOTS], true, u, other);
        number *last = u;
        u = other, other = last;
    }
    const double size = ISA(norm)(u, count);
    const number longer = (number)(w->hyper[GRAFT] == NONE || size == 0 ? 1 : ISA(norm)(g, count) / size);
    for (int64_t i = 0; i < count; i++) {
        number *x = &w->values[i], b = u[i] * longer + k[DIRECTION] * *x;
        if (w->state[BUFFER]) {
            number *buffer = &w->state[BUFFER][i];
            *buffer = k[KEEP] * *buffer + b;
            b = k[ALONG] * *buffer + k[ACROSS] * b;
        }
        *x = *x - (k[SHRINK] * *x + k[STEP] * b);
    }
}
#endif
