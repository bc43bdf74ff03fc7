/* SOAP: Adam in the eigenbasis of Shampoo's products, where the axes along which a weight is learnt are the ones that have rates of their
 * own (Vyas et al., 2024).
 *
 *     G <- beta_product G + (1 - beta_product) g g^T        of each dimension, summed over the others; Q: its eigenvectors
 *     m <- beta1 m + (1 - beta1) g
 *     v <- beta2 v + (1 - beta2) (Q^T g)^2                  Q^T: turned along each dimension by its own
 *     x <- (x - rate sqrt(c2)/c1 Q (Q^T m / (sqrt(v) + epsilon))) (1 - rate weight_decay)     c = 1 - beta^(k - 1)
 *     every few updates Q <- orthonormal(G Q), its columns by falling eigenvalue, v along with them
 *
 * The first update moves nothing: it makes G and Q. A vector, and a dimension longer than max_size, is not turned. */
#ifndef RULE
#include "arguments.h"
#include "axes.h"
#include "dense.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, BETA_PRODUCT, EVERY, MAX_SIZE, EPSILON, BIAS_CORRECTION, WEIGHT_DECAY };
enum { RISE1, RISE2, KEEP, OUTSIDE, STEP, LEFT, CONSTANTS };
enum { MEAN, SQUARE, PRODUCTS, BASES };

static axes axes_of(const double *hyper, const gradus_shape *shape)
{
    return gradus_axes(shape, shape->rank > 1 ? hyper[MAX_SIZE] : 0);
}

static int64_t matrices_size(const double *hyper, const gradus_shape *shape) { return axes_of(hyper, shape).room; }

static int64_t scratch(const double *hyper, const gradus_shape *shape)
{
    const axes a = axes_of(hyper, shape);
    return gradus_axes_scratch(&a) + 2 * shape->count + a.longest * a.longest;
}

#define RULE "rule_soap.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const int64_t made = now->update > 1 ? now->update - 1 : 1;
    const double c1 = 1 - gradus_power(hyper[BETA1], made), c2 = 1 - gradus_power(hyper[BETA2], made);
    (void)memory;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[KEEP] = hyper[BETA_PRODUCT];
    constants[OUTSIDE] = hyper[EPSILON];
    constants[STEP] = hyper[BIAS_CORRECTION] ? now->rate * sqrt(c2) / c1 : now->rate;
    constants[LEFT] = 1 - now->rate * hyper[WEIGHT_DECAY];
}

const gradus_rule_row gradus_rule_soap = {
    .member =
        {.name = "soap",
         .summary = "adam along the axes in which a weight is learnt, matrix by matrix",
         .formula = "G <- mean of g g^T of each dimension, Q its eigenvectors; x <- x - rate Q (adam of Q^T g)",
         .paper = "Vyas et al. 2024",
         .arguments =
             (const gradus_argument[]){
                 [BETA1] = RULE_SHARE("beta1", "0.95", "part of the mean gradient that is kept",
                                      .search = "uniform(0.8, 0.99)", .also = "beta_1, b1, momentum"),
                 [BETA2] = RULE_SHARE("beta2", "0.95", "part of the mean square that is kept",
                                      .search = "uniform(0.9, 0.999)", .also = "beta_2, b2"),
                 [BETA_PRODUCT] = RULE_SHARE("beta_product", "0.95", "part of the mean products that is kept",
                                             .search = "uniform(0.9, 0.999)", .also = "shampoo_beta"),
                 [EVERY] = {"every", GRADUS_INTEGER, .initial = "10", .low = 1, .high = 1e9,
                            .help = "updates after which the axes are found anew", .flags = GRADUS_NAMED,
                            .also = "precondition_frequency"},
                 [MAX_SIZE] = {"max_size", GRADUS_INTEGER, .initial = "512", .low = 1, .high = 1e9,
                               .help = "a longer dimension is not turned", .flags = GRADUS_NAMED,
                               .also = "max_precondition_dim"},
                 [EPSILON] = RULE_EPSILON("1e-8", .search = "loguniform(1e-10, 1e-4)"),
                 [BIAS_CORRECTION] = RULE_BIAS_CORRECTION,
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0.01", "loguniform(1e-4, 1)"),
                 {0}},
         .like = (const gradus_like[]){{"pytorch_optimizer", "SOAP",
                                        "eps=epsilon, precondition_frequency=every, max_precondition_dim=max_size, "
                                        "correct_bias=bias_correction",
                                        "max_size=10000"},
                                       {0}},
         .notes =
             "It keeps two square matrices for each dimension of a weight, and takes the time of a few products with "
             "them;\n"
             "max_size bounds both."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){RULE_MEANS(MEAN, SQUARE),
                                   [PRODUCTS] = {.name = "GG", .exact = true, .size = matrices_size},
                                   [BASES] = {.name = "Q", .exact = true, .size = matrices_size},
                                   {0}},
    .constants = "rise1, rise2, keep, outside, step, left",
    .prepare = prepare,
    .update = EVERY_ISA(soap),
    .update_twin = soap_double,
    .scratch = scratch,
    .usual = 0.003,
};

#else /* once for each instruction set */

#include "axes.h"

/* Along all of them; the result is in one of the two, which is returned. */
static number *ISA(turn_all)(const work *w, const axes *a, bool back, number *from, number *to)
{
    for (int32_t i = 0; i < a->count; i++) {
        ISA(along_axis)(w, a, i, w->state[BASES], back, from, to);
        number *other = from;
        from = to, to = other;
    }
    return from;
}

/* ---- bases ---- */

static void ISA(store_columns)(const double *columns, int64_t size, number *q)
{
    for (int64_t j = 0; j < size; j++)
        for (int64_t i = 0; i < size; i++) q[i * size + j] = (number)columns[j * size + i];
}

static void ISA(begin_bases)(const work *w, const axes *a)
{
    double *matrix = (void *)w->scratch;
    for (int32_t i = 0; i < a->count; i++) {
        const int64_t size = a->at[i].size;
        const number *products = w->state[PRODUCTS] + a->at[i].first;
        double *values = matrix + size * size;
        for (int64_t j = 0; j < size * size; j++) matrix[j] = (double)products[j];
        const bool found = gradus_eigen(size, matrix, values, values + size);
        for (int64_t j = 0; j < size * size && !found; j++) matrix[j] = j % (size + 1) == 0;
        ISA(store_columns)(matrix, size, w->state[BASES] + a->at[i].first);
    }
}

/* The mean squares of an axis in another order; `room` holds as many. */
static void ISA(reorder)(const work *w, const axes *a, int32_t axis, const double *order, number *room)
{
    const int64_t size = a->at[axis].size, inner = a->at[axis].inner;
    number *v = w->state[SQUARE];
    memcpy(room, v, (size_t)w->shape->count * sizeof *room);
    for (int64_t i = 0; i < w->shape->count; i++) {
        const int64_t at = i / inner % size, start = i - at * inner;
        v[i] = room[start + (int64_t)order[at] * inner];
    }
}

/* G Q with its columns by falling eigenvalue, and made orthonormal. */
static void ISA(follow_axis)(const work *w, const axes *a, int32_t axis, number *room)
{
    const int64_t n = a->at[axis].size;
    const number *products = w->state[PRODUCTS] + a->at[axis].first;
    number *q = w->state[BASES] + a->at[axis].first;
    double *columns = (void *)w->scratch, *other = columns + n * n, *values = other + n * n, *order = values + n;
    number *product = room + w->shape->count;
    for (int64_t j = 0; j < n; j++) { /* `other`: columns of Q, a row each */
        for (int64_t i = 0; i < n; i++) other[j * n + i] = (double)q[i * n + j];
        order[j] = (double)j;
    }
    w->multiply(w, GRADUS_AS_IT_IS, GRADUS_AS_IT_IS, n, n, n, 1, products, n, q, n, 0, product, n);
    for (int64_t j = 0; j < n; j++) {
        values[j] = 0;
        for (int64_t i = 0; i < n; i++) {
            columns[j * n + i] = (double)product[i * n + j];
            values[j] += columns[j * n + i] * other[j * n + i];
        }
    }
    for (int64_t i = 1; i < n; i++) /* few are out of order, so by insertion; of equals the first stays first */
        for (int64_t j = i; j > 0 && values[(int64_t)order[j]] > values[(int64_t)order[j - 1]]; j--) {
            const double at = order[j];
            order[j] = order[j - 1], order[j - 1] = at;
        }
    for (int64_t j = 0; j < n; j++) memcpy(other + j * n, columns + (int64_t)order[j] * n, (size_t)n * sizeof *other);
    ISA(reorder)(w, a, axis, order, room);
    gradus_orthonormal(n, other, columns);
    ISA(store_columns)(other, n, q);
}

/* ---- the update ---- */

static void ISA(soap)(const work *w)
{
    const axes a = axes_of(w->hyper, w->shape);
    const number *k = w->constants, *g = w->gradient;
    const int64_t count = w->shape->count;
    number *one = w->scratch + gradus_axes_scratch(&a), *two = one + count, *m = w->state[MEAN], *v = w->state[SQUARE];
    if (w->now->update == 1) {
        ISA(keep_products)(w, &a, k[KEEP], 1 - k[KEEP], g, w->state[PRODUCTS]);
        ISA(begin_bases)(w, &a);
        return;
    }
    memcpy(one, g, (size_t)count * sizeof *one);
    const number *turned = ISA(turn_all)(w, &a, false, one, two);
    for (int64_t i = 0; i < count; i++) {
        m[i] = m[i] + k[RISE1] * (g[i] - m[i]);
        v[i] = v[i] + k[RISE2] * (turned[i] * turned[i] - v[i]);
    }
    memcpy(one, m, (size_t)count * sizeof *one);
    number *step = ISA(turn_all)(w, &a, false, one, two);
    for (int64_t i = 0; i < count; i++) {
        const number below = (number)sqrt((double)v[i]) + k[OUTSIDE];
        step[i] = below > 0 ? step[i] / below : 0;
    }
    step = ISA(turn_all)(w, &a, true, step, step == one ? two : one);
    for (int64_t i = 0; i < count; i++) w->values[i] = (w->values[i] - k[STEP] * step[i]) * k[LEFT];
    ISA(keep_products)(w, &a, k[KEEP], 1 - k[KEEP], g, w->state[PRODUCTS]);
    for (int32_t i = 0; i < a.count && (w->now->update - 1) % (int64_t)w->hyper[EVERY] == 0; i++)
        ISA(follow_axis)(w, &a, i, one);
}
#endif
