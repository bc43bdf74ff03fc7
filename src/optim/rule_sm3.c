/* SM3: Adagrad whose sums of squares are kept as one number for each index of each dimension, so that the state of a matrix
 * is a row and a column (Anil, Gupta, Koren and Singer, 2019; the second of its two algorithms).
 *
 *     v = keep min(a of each of its indices) + rise g g          keep = rise = 1; with beta: keep = beta, rise = 1 - beta
 *     a <- max(a, v of all values with this index)
 *     u = g / sqrt(v + epsilon), 0 where v is 0
 *     m <- momentum m + (1 - momentum) u                         x <- x - rate m, or rate u */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { MOMENTUM, BETA, EPSILON };
enum { RATE, KEEP, RISE, ADDED, MOVED, CONSTANTS };
enum { INDICES, MEAN };
enum { LAST, BUFFER, NEXT, SQUARE }; /* what a run along the last dimension has for state */

static int64_t index_count(const double *hyper, const gradus_shape *shape)
{
    int64_t count = 0;
    (void)hyper;
    for (int d = 0; d < shape->rank; d++) count += shape->size[d];
    return count;
}

/* What the indices are going to have, and v along the last dimension. */
static int64_t scratch(const double *hyper, const gradus_shape *shape)
{
    return index_count(hyper, shape) + shape->size[shape->rank - 1];
}

/* A run goes along the last dimension; this is where it stands in the others. */
typedef struct place {
    int64_t at[8];
} place;

static void go_on(place *p, const gradus_shape *shape)
{
    for (int d = shape->rank - 2; d >= 0; d--) {
        if (++p->at[d] < shape->size[d]) return;
        p->at[d] = 0;
    }
}

#define RULE "rule_sm3.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[RATE] = now->rate;
    constants[KEEP] = hyper[BETA] > 0 ? hyper[BETA] : 1;
    constants[RISE] = 1 - hyper[BETA];
    constants[ADDED] = hyper[EPSILON];
    constants[MOVED] = hyper[MOMENTUM];
}

const gradus_rule_row gradus_rule_sm3 = {
    .member = {.name = "sm3",
               .summary = "adagrad with one sum for each row and each column",
               .formula = "v = min of the row's and the column's a, + g^2; a <- max of v; x <- x - rate g / sqrt(v)",
               .paper = "Anil, Gupta, Koren and Singer 2019",
               .arguments =
                   (const gradus_argument[]){
                       [MOMENTUM] =
                           RULE_SHARE("momentum", "0.9", "part of the mean step that is kept; 0: there is none",
                                      .search = "uniform(0.8, 0.99)", .also = "beta1, b1"),
                       [BETA] =
                           RULE_SHARE("beta", "0", "part of the squares that is kept, where they are a mean; 0: a sum",
                                      .also = "beta2, b2"),
                       [EPSILON] = RULE_AMOUNT("epsilon", "0", "is added under the root", .also = "eps"),
                       {0}},
               .like = (const gradus_like[]){{"optax", "sm3", NULL, "epsilon=1e-8"},
                                             {"pytorch_optimizer", "SM3", "eps=epsilon", "momentum=0, epsilon=1e-30"},
                                             {0}},
               .notes = "The sums never fall, as adagrad's: a rate that starts higher than Adam's, and a warmup. Each "
                        "dimension of a tensor\n"
                        "has its sums, also of more than two."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[INDICES] = {.name = "accumulators", .non_negative = true, .size = index_count},
                                   [MEAN] = {.name = "momentum_buffer", .only_if = "momentum"},
                                   {0}},
    .constants = "rate, keep, rise, added, moved",
    .prepare = prepare,
    .update = EVERY_ISA(sm3),
    .update_twin = sm3_double,
    .scratch = scratch,
    .usual = 0.1,
};

#else /* once for each instruction set */

#define LEAST CONSTANTS /* a constant behind the others: the least of a run's indices but the last */

static inline void ISA(sm3_element)(cell *c, const lane *k)
{
    const lane v = k[KEEP] * smaller(k[LEAST], c->s[LAST]) + k[RISE] * (c->g * c->g);
    lane step = choose(above(v, all(0)), c->g / root(v + k[ADDED]), all(0));
    c->s[NEXT] = larger(c->s[NEXT], v);
    c->s[SQUARE] = v;
    if (c->has & SLOT(BUFFER)) {
        c->s[BUFFER] = k[MOVED] * c->s[BUFFER] + (all(1) - k[MOVED]) * step;
        step = c->s[BUFFER];
    }
    c->x = c->x - k[RATE] * step;
}

static void ISA(step_run)(const span *at, const number *k)
{
    enum { X = VALUES, G = GRADIENT, L = SLOT(LAST), B = SLOT(BUFFER), N = SLOT(NEXT), S = SLOT(SQUARE) };
    if (at->state[BUFFER])
        walk(ISA(sm3_element), X | G | L | B | N | S, X | B | N | S, CONSTANTS + 1, 0, at, 1, k);
    else
        walk(ISA(sm3_element), X | G | L | N | S, X | N | S, CONSTANTS + 1, 0, at, 1, k);
}

static number ISA(largest)(const number *numbers, int64_t count)
{
    number parts[LANES], most = 0;
    lane found = all(0);
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) found = larger(found, load(numbers + i));
    store(parts, found);
    for (int l = 0; l < LANES; l++) most = parts[l] > most ? parts[l] : most;
    for (; i < count; i++) most = numbers[i] > most ? numbers[i] : most;
    return most;
}

/* The least of what a run's indices have, but for the last. */
static number ISA(least)(const gradus_shape *shape, const place *p, const number *indices)
{
    number least = (number)INFINITY;
    for (int d = 0; d < shape->rank - 1; indices += shape->size[d++])
        if (indices[p->at[d]] < least) least = indices[p->at[d]];
    return least;
}

static void ISA(raise)(const gradus_shape *shape, const place *p, number to, number *indices)
{
    for (int d = 0; d < shape->rank - 1; indices += shape->size[d++])
        if (indices[p->at[d]] < to) indices[p->at[d]] = to;
}

static void ISA(sm3)(const work *w)
{
    const gradus_shape *shape = w->shape;
    const int64_t indices = index_count(w->hyper, shape), length = shape->size[shape->rank - 1];
    number k[GRADUS_CONSTANTS], *next = w->scratch;
    place p = {{0}};
    memcpy(k, w->constants, sizeof k);
    memcpy(next, w->state[INDICES], (size_t)indices * sizeof *next);
    for (int64_t start = 0; start < shape->count; start += length) {
        span at = {.count = (size_t)length, .values = w->values + start, .gradient = w->gradient + start};
        at.state[LAST] = w->state[INDICES] + indices - length;
        at.state[NEXT] = next + indices - length;
        at.state[SQUARE] = next + indices;
        if (w->state[MEAN]) at.state[BUFFER] = w->state[MEAN] + start;
        k[LEAST] = ISA(least)(shape, &p, w->state[INDICES]);
        ISA(step_run)(&at, k);
        ISA(raise)(shape, &p, ISA(largest)(next + indices, length), next);
        go_on(&p, shape);
    }
    memcpy(w->state[INDICES], next, (size_t)indices * sizeof *next);
}
#undef LEAST
#endif
