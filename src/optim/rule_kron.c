/* Kron: a preconditioner for each dimension that is learnt by its own gradient, so that what it makes of gradients is white (Li, 2018; Pooladzandi
 * and Li, 2024: PSGD with Kronecker products).
 *
 *     m <- momentum m + (1 - momentum) g,  G = m / (1 - momentum^k)
 *     A = G multiplied by Q along each dimension,  B = v divided by Q along each, v: normal numbers        Q: upper triangles
 *     Q <- Q - precondition_rate triangle(A A^T - B B^T) Q / |A A^T + B B^T|      of each dimension, with products over the others
 *     u = G multiplied by Q^T Q along each dimension, no longer than a root mean square of 1.1
 *     u <- u + weight_decay x                       where decay is coupled
 *     x <- x - rate u
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step
 *
 * A vector, and a dimension that is longer than max_size, has a diagonal for Q. Q is learnt in every update at first, then ever more seldom,
 * once in 33. */
#ifndef RULE
#include "arguments.h"
#include "gradus/base.h"
#include "kernel.h"
#include "rules.h"

enum { MOMENTUM, PRECONDITION_RATE, INITIAL, MAX_SIZE, WEIGHT_DECAY, DECAY };
enum { RISE, CORRECT, COUPLED, STEP, SHRINK, CONSTANTS };
enum { MEAN, FACTORS };
enum { SINCE }; /* of each tensor: updates since it was learnt */

/* A dimension, the tensor as [outer][size][inner], with its triangle or diagonal. */
typedef struct axis {
    int64_t outer, size, inner, first;
    bool diagonal;
} axis;
typedef struct axes {
    int32_t count;
    int64_t room, longest;
    axis at[8];
} axes;

static axes axes_of(const double *hyper, const gradus_shape *shape)
{
    axes a = {0};
    int64_t outer = 1;
    for (int32_t d = 0; d < shape->rank; d++) {
        const int64_t size = shape->size[d];
        axis *at = &a.at[a.count++];
        *at = (axis){.outer = outer, .size = size, .inner = shape->count / outer / size, .first = a.room};
        at->diagonal = shape->rank == 1 || size == 1 || (double)size > hyper[MAX_SIZE];
        a.room += at->diagonal ? size : size * size;
        if (!at->diagonal && size > a.longest) a.longest = size;
        outer *= size;
    }
    return a;
}

static int64_t factors_size(const double *hyper, const gradus_shape *shape) { return axes_of(hyper, shape).room; }

static int64_t longest_diagonal(const gradus_shape *shape)
{
    int64_t longest = 1;
    for (int32_t d = 0; d < shape->rank; d++) longest = shape->size[d] > longest ? shape->size[d] : longest;
    return longest;
}

/* G, A, B and room to turn; two products, their difference times Q. */
static int64_t scratch(const double *hyper, const gradus_shape *shape)
{
    const axes a = axes_of(hyper, shape);
    return 4 * shape->count + 3 * a.longest * a.longest + 2 * longest_diagonal(shape);
}

#define RULE "rule_kron.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[RISE] = 1 - hyper[MOMENTUM];
    constants[CORRECT] = 1 / (1 - gradus_power(hyper[MOMENTUM], now->update));
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[STEP] = now->rate;
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

const gradus_rule_row gradus_rule_kron = {
    .member = {.name = "kron",
               .summary = "learns for each dimension what makes gradients white",
               .formula =
                   "Q <- Q - rate_q triangle(A A^T - B B^T) Q, A = Q g, B = noise Q^-1; x <- x - rate Q^T Q momentum",
               .paper = "Li 2018; Pooladzandi and Li 2024",
               .also = "psgd, psgd_kron",
               .arguments =
                   (const gradus_argument[]){
                       [MOMENTUM] = RULE_SHARE("momentum", "0.9", "part of the mean gradient that is kept",
                                               .search = "uniform(0.8, 0.99)", .also = "b1, beta1"),
                       [PRECONDITION_RATE] = RULE_AMOUNT("precondition_rate", "0.1", "the rate at which Q is learnt",
                                                         .search = "loguniform(0.01, 0.5)",
                                                         .also = "precond_lr, precondition_lr, preconditioner_lr"),
                       [INITIAL] = {"initial", GRADUS_NUMBER, .initial = "1", .low = 0, .high = INFINITY, .open = "(",
                                    .help = "what gradients are multiplied by at first is its square",
                                    .flags = GRADUS_NAMED, .also = "precond_init_scale, precondition_init_scale"},
                       [MAX_SIZE] = {"max_size", GRADUS_INTEGER, .initial = "512", .low = 1, .high = 1e9,
                                     .help = "a longer dimension has a diagonal", .flags = GRADUS_NAMED,
                                     .also = "max_size_triangular"},
                       [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-3, 1)"),
                       [DECAY] = RULE_DECAY("decoupled"),
                       {0}},
               .like = (const gradus_like[]){{"timm", "kron",
                                              "precond_lr=precondition_rate, precond_init_scale=initial, "
                                              "max_size_triangular=max_size, decoupled_decay=decay coupled|decoupled",
                                              "max_size=2048, decay=coupled"},
                                             {"pytorch_optimizer", "Kron",
                                              "precondition_lr=precondition_rate, precondition_init_scale=initial, "
                                              "max_size_triangular=max_size, weight_decouple=decay coupled|decoupled",
                                              "max_size=8192"},
                                             {0}},
               .notes = "Q is learnt against random numbers, which come from the optimizer's seed and the tensor's "
                        "name: the frameworks draw others, so "
                        "that their\n"
                        "trajectories are others too."},
    .abi = GRADUS_ABI,
    .slots =
        (const gradus_slot[]){
            [MEAN] = {.name = "momentum_buffer"}, [FACTORS] = {.name = "Q", .exact = true, .size = factors_size}, {0}},
    .constants = "rise, correct, coupled, step, shrink",
    .own = "since",
    .prepare = prepare,
    .update = EVERY_ISA(kron),
    .update_twin = kron_double,
    .scratch = scratch,
    .usual = 0.001,
};

#else /* once for each instruction set */

/* ---- along an axis ---- */

/* Each of the axis's rows by Q, or by Q transposed. */
static void ISA(times)(const work *w, const axis *a, bool transposed, const number *from, number *to)
{
    const number *q = w->state[FACTORS] + a->first;
    const int64_t n = a->size, inner = a->inner;
    for (int64_t i = 0; a->diagonal && i < w->shape->count; i++) to[i] = from[i] * q[i / inner % n];
    for (int64_t o = 0; o < a->outer && !a->diagonal && inner > 1; o++)
        w->multiply(w, transposed ? GRADUS_TRANSPOSED : GRADUS_AS_IT_IS, GRADUS_AS_IT_IS, n, inner, n, 1, q, n,
                    from + o * n * inner, inner, 0, to + o * n * inner, inner);
    if (!a->diagonal && inner == 1)
        w->multiply(w, GRADUS_AS_IT_IS, transposed ? GRADUS_AS_IT_IS : GRADUS_TRANSPOSED, a->outer, n, n, 1, from, n, q,
                    n, 0, to, n);
}

/* b <- b Q^-1 along the axis, in place. */
static void ISA(divide)(const work *w, const axis *a, number *b)
{
    const number *q = w->state[FACTORS] + a->first;
    const int64_t n = a->size, inner = a->inner;
    for (int64_t o = 0; o < a->outer; o++) {
        number *of = b + o * n * inner;
        for (int64_t j = 0; j < n; j++) {
            for (int64_t k = 0; k < j && !a->diagonal; k++)
                for (int64_t i = 0; i < inner; i++) of[j * inner + i] -= q[k * n + j] * of[k * inner + i];
            const number over = 1 / (a->diagonal ? q[j] : q[j * n + j]);
            for (int64_t i = 0; i < inner; i++) of[j * inner + i] *= over;
        }
    }
}

/* into <- a a^T along the axis, summed over the others; of a diagonal its diagonal. */
static void ISA(product)(const work *w, const axis *at, const number *a, number *into)
{
    const int64_t n = at->size, inner = at->inner;
    memset(into, 0, (size_t)(at->diagonal ? n : n * n) * sizeof *into);
    for (int64_t i = 0; at->diagonal && i < w->shape->count; i++) into[i / inner % n] += a[i] * a[i];
    for (int64_t o = 0; o < at->outer && !at->diagonal && inner > 1; o++)
        w->multiply(w, GRADUS_AS_IT_IS, GRADUS_TRANSPOSED, n, n, inner, 1, a + o * n * inner, inner, a + o * n * inner,
                    inner, 1, into, n);
    if (!at->diagonal && inner == 1)
        w->multiply(w, GRADUS_TRANSPOSED, GRADUS_AS_IT_IS, n, n, at->outer, 1, a, n, a, n, 0, into, n);
}

/* ---- learning Q ---- */

static double ISA(largest)(const number *a, int64_t count)
{
    double largest = 0;
    for (int64_t i = 0; i < count; i++) largest = fmax(largest, fabs((double)a[i]));
    return largest;
}

/* A symmetric matrix's norm from below: one step of the power method from its longest row, |s s_i| / |s_i|. */
static double ISA(norm_of)(const number *s, int64_t n)
{
    double best = -1, squares = 0;
    int64_t row = 0;
    for (int64_t i = 0; i < n; i++) {
        double size = 0;
        for (int64_t j = 0; j < n; j++) size += (double)s[i * n + j] * (double)s[i * n + j];
        if (size > best) best = size, row = i;
    }
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < n; j++) sum += (double)s[i * n + j] * (double)s[row * n + j];
        squares += sum * sum;
    }
    return best > 0 ? sqrt(squares / best) : 0;
}

static void ISA(learn_axis)(const work *w, const axis *at, const number *a, const number *b, number *room)
{
    const int64_t n = at->size, count = at->diagonal ? n : n * n;
    number *q = w->state[FACTORS] + at->first, *one = room, *two = one + count;
    ISA(product)(w, at, a, one);
    ISA(product)(w, at, b, two);
    for (int64_t i = 0; i < count; i++) {
        const number left = one[i], right = two[i];
        one[i] = left - right, two[i] = left + right;
    }
    const double size = at->diagonal ? ISA(largest)(two, n) : ISA(norm_of)(two, n);
    const number share = (number)(w->hyper[PRECONDITION_RATE] / (size + 1e-30));
    for (int64_t i = 0; i < n && at->diagonal; i++) q[i] = q[i] - one[i] * share * q[i];
    if (at->diagonal) return;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) one[i * n + j] = j < i ? 0 : one[i * n + j] * share;
    memcpy(two, q, (size_t)count * sizeof *q);
    w->multiply(w, GRADUS_AS_IT_IS, GRADUS_AS_IT_IS, n, n, n, -1, one, n, two, n, 1, q, n);
}

/* The largest numbers of all Q made equal, which leaves their product as it is. */
static void ISA(balance)(const work *w, const axes *a)
{
    double sizes[8], product = 1;
    for (int32_t i = 0; i < a->count; i++) {
        const int64_t n = a->at[i].size;
        sizes[i] = ISA(largest)(w->state[FACTORS] + a->at[i].first, a->at[i].diagonal ? n : n * n);
        product *= sizes[i];
    }
    if (!(product > 0) || !isfinite(product)) return;
    const double size = gradus_root(product, a->count);
    for (int32_t i = 0; i < a->count; i++) {
        const int64_t n = a->at[i].size;
        number *q = w->state[FACTORS] + a->at[i].first;
        for (int64_t j = 0; j < (a->at[i].diagonal ? n : n * n); j++) q[j] *= (number)(size / sizes[i]);
    }
}

static void ISA(learn)(const work *w, const axes *a, const number *g, number *room)
{
    const int64_t count = w->shape->count;
    number *one = room, *two = one + count, *b = two + count;
    const number *turned = g;
    const uint64_t stream = w->key + (uint64_t)w->now->update;
    for (int32_t i = 0; i < a->count; i++) {
        ISA(times)(w, &a->at[i], false, turned, one);
        number *other = one;
        turned = one, one = two, two = other;
    }
    for (int64_t i = 0; i < count; i++) b[i] = (number)gradus_random_normal(w->now->seed, stream, (uint64_t)i);
    for (int32_t i = 0; i < a->count; i++) ISA(divide)(w, &a->at[i], b);
    for (int32_t i = 0; i < a->count; i++) ISA(learn_axis)(w, &a->at[i], turned, b, b + count);
}

static void ISA(begin)(const work *w, const axes *a)
{
    const number initial = (number)gradus_root(w->hyper[INITIAL], a->count);
    memset(w->state[FACTORS], 0, (size_t)a->room * sizeof(number));
    for (int32_t i = 0; i < a->count; i++) {
        const int64_t n = a->at[i].size;
        for (int64_t j = 0; j < n; j++)
            w->state[FACTORS][a->at[i].first + (a->at[i].diagonal ? j : j * (n + 1))] = initial;
    }
}

/* ---- the update ---- */

/* How seldom Q is learnt: in each of the first 500 updates, then 1.001 times more seldom after each. */
static double ISA(pause)(int64_t update)
{
    const double pause = update <= 500 ? 1 : 1 / gradus_power(0.999, update - 500);
    return fmin(pause, 33);
}

static void ISA(kron)(const work *w)
{
    const axes a = axes_of(w->hyper, w->shape);
    const number *k = w->constants;
    const int64_t count = w->shape->count;
    number *g = w->scratch, *room = g + count, *m = w->state[MEAN];
    if (w->now->update == 1) ISA(begin)(w, &a);
    for (int64_t i = 0; i < count; i++) {
        m[i] = m[i] + k[RISE] * (w->gradient[i] - m[i]);
        g[i] = m[i] * k[CORRECT];
    }
    w->now->own[SINCE] += 1;
    if (w->now->own[SINCE] >= ISA(pause)(w->now->update)) {
        w->now->own[SINCE] = 0;
        if (w->now->update % 100 == 0 && a.count > 1) ISA(balance)(w, &a);
        ISA(learn)(w, &a, g, room);
    }
    number *from = g, *to = room;
    for (int32_t i = 0; i < 2 * a.count; i++) {
        ISA(times)(w, &a.at[i / 2], i % 2, from, to);
        number *other = from;
        from = to, to = other;
    }
    double squares = 0;
    for (int64_t i = 0; i < count; i++) squares += (double)from[i] * (double)from[i];
    const number shorter = (number)fmin(1, 1.1 / (sqrt(squares / (double)count) + 1e-8));
    for (int64_t i = 0; i < count; i++) {
        number *x = &w->values[i];
        *x = *x - (k[SHRINK] * *x + k[STEP] * (from[i] * shorter + k[COUPLED] * *x));
    }
}
#endif
