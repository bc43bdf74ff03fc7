/* L-BFGS: the direction of Newton's method from how the gradient has changed over the last few steps, and a step along it
 * whose length a line search finds, so that the rate is 1 (Nocedal, 1980; Liu and Nocedal, 1989). For full batches, and for
 * large ones: where a line search has evaluated a step's end, how the gradient has changed is told by one and the same
 * batch (Berahas, Nocedal and Takac, 2016).
 *
 *     d = -H g     H from pairs s (a step), y (the change of g over it), newest last, by two loops over them:
 *                    q = -g;  newest to oldest: a = s.q / s.y, q <- q - a y
 *                    d = q s.y / y.y of the newest;  oldest to newest: d <- d + (a - y.d / s.y) s
 *     x <- x + t d                                             first t: rate, at the very first step min(1, 1 / |g|_1) rate
 *
 * Pairs are kept divided by sqrt(s.y), which leaves H as it is and s.y = 1. A pair whose s.y is 1e-10 or less is left out.
 * Where a group's rate is c times the others' its values are taken for sqrt(c) z, and the method is that of z. */
#ifndef RULE
#include "kernel.h"
#include "line_search.h"
#include "rules.h"

enum { SEARCH, HISTORY, ITERATIONS, EVALUATIONS, DECREASE, CURVATURE, FLAT, STILL };
enum { SCALE, ROOT, FACTOR, TURN, LENGTH, CONSTANTS };
enum { STEPS, CHANGES, DIRECTION, START, GRADIENT_BEFORE }; /* slots */
enum { HISTORY_AT_MOST = 100 };

/* Memory: what of an update is under way, then how far the method is, what the passes need, and the line search. */
enum {
    STAGE,     /* where the gradient at hand was taken */
    ITERATION, /* of this update, from 1 */
    SPENT,     /* evaluations of this update */
    LOSS,      /* where this iteration began */
    MADE,      /* iterations since the history is empty */
    COUNT,     /* pairs */
    NEXT,      /* where in the ring the next pair goes */
    PENDING,   /* there is a step whose pair is not made */
    GAMMA,     /* s.y / y.y of the newest pair */
    RATE,      /* without a group's */
    T,         /* length of the step, in ... */
    LONG,      /* ... lengths of the direction, which is this long */
    COEFFICIENT,
    SUMS, /* of the last pass */
    SEARCHED = SUMS + GRADUS_SUMS
};
enum { AT_VALUES, SEARCHING, ARRIVING };                              /* STAGE */
enum { BEGIN, DOWN, MIDDLE, UP, LAST, MOVE, SLOPE, PAIR, NORMALISE }; /* passes */

#define RULE "rule_lbfgs.c"
#include "every_isa.h"

static int64_t history_arrays(const double *hyper) { return (int64_t)hyper[HISTORY] + 1; /* one to write a pair to */ }

/* What a pass multiplies by is in memory; `prepare` runs whenever that has changed. */
static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)hyper;
    const double share = memory[RATE] > 0 ? now->rate / memory[RATE] : 1;
    constants[ROOT] = sqrt(share);
    constants[SCALE] = now->gradient_scale * constants[ROOT];
    constants[FACTOR] = memory[COEFFICIENT];
    constants[TURN] = memory[GAMMA];
    constants[LENGTH] = memory[T];
}

static void learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    (void)hyper, (void)now;
    memcpy(memory + SUMS, sums, GRADUS_SUMS * sizeof *sums);
}

static void pass_with(gradus_drive *d, int32_t pass, double coefficient)
{
    d->memory[COEFFICIENT] = coefficient;
    d->prepare(d);
    d->pass(d, pass);
}

/* ---- the direction ---- */

/* Where the k-th newest pair lies. */
static int32_t place_of(const gradus_drive *d, int32_t k)
{
    const int32_t ring = (int32_t)d->hyper[HISTORY] + 1;
    return ((int32_t)d->memory[NEXT] - 1 - k + 2 * ring) % ring;
}

static void make_pair(gradus_drive *d)
{
    double *m = d->memory;
    const int32_t history = (int32_t)d->hyper[HISTORY];
    if (m[PENDING] == 0) return;
    m[PENDING] = 0;
    d->at[STEPS] = d->at[CHANGES] = (int32_t)m[NEXT];
    pass_with(d, PAIR, 0);
    const double product = m[SUMS], squares = m[SUMS + 1];
    if (!(product > 1e-10)) return;
    m[GAMMA] = product / squares;
    pass_with(d, NORMALISE, 1 / sqrt(product));
    m[NEXT] = (int32_t)(m[NEXT] + 1) % (history + 1);
    m[COUNT] = fmin(m[COUNT] + 1, history);
}

/* The direction from the gradient at hand. Afterwards the sums are those of LAST: its slope and its squares. */
static void find_direction(gradus_drive *d, double *gradient_norm, double *gradient_sizes)
{
    double *m = d->memory, along[HISTORY_AT_MOST];
    const int32_t count = (int32_t)m[COUNT];
    d->at[STEPS] = place_of(d, 0);
    pass_with(d, BEGIN, 0);
    *gradient_norm = sqrt(m[SUMS + 1]);
    *gradient_sizes = m[SUMS + 2];
    if (count == 0) m[SUMS] = -m[SUMS + 1];
    for (int32_t k = 0; k < count; k++) {
        along[k] = m[SUMS];
        d->at[CHANGES] = place_of(d, k);
        d->at[STEPS] = place_of(d, k + 1);
        pass_with(d, k + 1 < count ? DOWN : MIDDLE, -along[k]);
    }
    for (int32_t k = count - 1; k >= 0; k--) {
        d->at[STEPS] = place_of(d, k);
        if (k > 0) d->at[CHANGES] = place_of(d, k - 1);
        pass_with(d, k > 0 ? UP : LAST, along[k] - m[SUMS]);
    }
}

/* ---- a step ---- */

static void move(gradus_drive *d, double t)
{
    d->memory[T] = t;
    pass_with(d, MOVE, 0);
}

static gradus_outcome end(gradus_drive *d, gradus_outcome outcome)
{
    d->memory[STAGE] = AT_VALUES;
    return outcome;
}

static gradus_outcome evaluate(gradus_drive *d, int stage, double evaluations)
{
    d->memory[STAGE] = stage;
    d->memory[SPENT] += evaluations;
    return GRADUS_EVALUATE;
}

static double evaluations_at_most(const double *hyper)
{
    return hyper[EVALUATIONS] > 0 ? hyper[EVALUATIONS] : floor(hyper[ITERATIONS] * 1.25);
}

static bool is_last(const gradus_drive *d)
{
    return d->memory[ITERATION] >= d->hyper[ITERATIONS] || d->memory[SPENT] >= evaluations_at_most(d->hyper);
}

/* From a point whose loss and gradient are known. */
static gradus_outcome iterate(gradus_drive *d)
{
    double *m = d->memory, norm, sizes;
    gradus_line search;
    find_direction(d, &norm, &sizes);
    const double slope = m[SUMS], length = sqrt(m[SUMS + 1]), first = fmin(1, 1 / sizes);
    const bool searches = d->hyper[SEARCH] != GRADUS_NO_SEARCH, moved = m[ITERATION] > 0;
    if (!isfinite(slope) || (searches && !isfinite(m[LOSS]))) return end(d, moved ? GRADUS_APPLIED : GRADUS_SKIPPED);
    if (norm <= d->hyper[FLAT] || slope > -d->hyper[STILL]) return end(d, moved ? GRADUS_APPLIED : GRADUS_CONVERGED);
    m[ITERATION]++;
    const double t = m[MADE]++ == 0 ? first * m[RATE] : m[RATE];
    m[LONG] = length;
    move(d, t);
    if (t == 0) return end(d, GRADUS_APPLIED);
    if (!searches) {
        m[PENDING] = 1;
        return m[ITERATION] >= d->hyper[ITERATIONS] ? end(d, GRADUS_APPLIED) : evaluate(d, ARRIVING, 1);
    }
    gradus_line_begin(&search, t, m[LOSS], slope, length);
    memcpy(m + SEARCHED, &search, sizeof search);
    return evaluate(d, SEARCHING, 1);
}

/* The gradient at hand is that at the end of a step. */
static gradus_outcome arrive(gradus_drive *d, double loss)
{
    double *m = d->memory;
    const double before = m[LOSS];
    m[LOSS] = loss;
    make_pair(d);
    const double still = d->hyper[STILL];
    if (is_last(d) || m[T] * m[LONG] <= still || fabs(loss - before) < still) return end(d, GRADUS_APPLIED);
    return iterate(d);
}

/* Nothing better along the direction: without the history it is another one. */
static gradus_outcome give_up(gradus_drive *d)
{
    double *m = d->memory;
    const bool forgets = m[COUNT] > 0;
    m[COUNT] = m[MADE] = 0;
    return end(d, forgets || m[ITERATION] > 1 ? GRADUS_APPLIED : GRADUS_CONVERGED);
}

static gradus_outcome search_on(gradus_drive *d, double loss)
{
    double *m = d->memory;
    gradus_line search;
    gradus_line_point chosen;
    memcpy(&search, m + SEARCHED, sizeof search);
    const double spent_before = m[SPENT] - 1 - search.tries;
    const gradus_line_rules rules = {.kind = (gradus_line_kind)d->hyper[SEARCH],
                                     .decrease = d->hyper[DECREASE],
                                     .curvature = d->hyper[CURVATURE],
                                     .shortest = d->hyper[STILL],
                                     .tries = evaluations_at_most(d->hyper) - spent_before};
    d->pass(d, SLOPE);
    const double here = search.t;
    const bool goes_on = gradus_line_goes_on(&search, &rules, d->abandon ? NAN : loss, m[SUMS], &chosen);
    memcpy(m + SEARCHED, &search, sizeof search);
    if (goes_on) {
        move(d, search.t);
        return evaluate(d, SEARCHING, 1);
    }
    if (chosen.t == 0) {
        move(d, 0);
        return give_up(d);
    }
    m[PENDING] = 1;
    if (chosen.t == here) return arrive(d, chosen.loss);
    move(d, chosen.t);
    return is_last(d) ? end(d, GRADUS_APPLIED) : evaluate(d, ARRIVING, 0);
}

static gradus_outcome drive(gradus_drive *d)
{
    double *m = d->memory;
    const double loss = d->now->loss;
    if (m[STAGE] == SEARCHING) return search_on(d, loss);
    if (m[STAGE] == ARRIVING && d->abandon) {
        move(d, 0);
        m[PENDING] = 0;
        return end(d, m[ITERATION] > 1 ? GRADUS_APPLIED : GRADUS_SKIPPED);
    }
    if (m[STAGE] == ARRIVING) return arrive(d, loss);
    m[RATE] = d->now->rate;
    m[ITERATION] = 0;
    m[SPENT] = 1;
    m[LOSS] = loss;
    make_pair(d);
    return iterate(d);
}

static const gradus_argument arguments[] = {
    [SEARCH] = {"search", GRADUS_WORD, .initial = "strong_wolfe", .words = GRADUS_LINE_WORDS,
                .help = "how the length of a step is found; none: it is the rate", .flags = GRADUS_NAMED,
                .also = "line_search, line_search_fn"},
    [HISTORY] = {"history", GRADUS_INTEGER, .initial = "10", .low = 1, .high = HISTORY_AT_MOST,
                 .help = "steps that are remembered, each in two arrays of all values", .flags = GRADUS_NAMED,
                 .also = "history_size, memory_size, m"},
    [ITERATIONS] = {"iterations", GRADUS_INTEGER, .initial = "1", .low = 1, .high = 1e9,
                    .help = "steps with one batch, which are one update", .flags = GRADUS_NAMED, .also = "max_iter"},
    [EVALUATIONS] = {"evaluations", GRADUS_INTEGER, .initial = "25", .low = 0, .high = 1e9,
                     .help = "evaluations of an update at most; 0: five quarters of `iterations`",
                     .flags = GRADUS_NAMED, .also = "max_eval"},
    [DECREASE] = {"decrease", GRADUS_NUMBER, .initial = "1e-4", .low = 0, .high = 1, .open = "()",
                  .help = "part of the promised fall of the loss that is enough", .flags = GRADUS_NAMED, .also = "c1"},
    [CURVATURE] = {"curvature", GRADUS_NUMBER, .initial = "0.9", .low = 0, .high = 1, .open = "()",
                   .help = "part of the slope that may be left at the end of a step", .flags = GRADUS_NAMED,
                   .also = "c2"},
    [FLAT] = {"flat", GRADUS_NUMBER, .initial = "1e-7", .low = 0, .high = INFINITY,
              .help = "norm of the gradient at which it has converged", .flags = GRADUS_NAMED,
              .also = "tolerance_grad, tol"},
    [STILL] = {"still", GRADUS_NUMBER, .initial = "1e-9", .low = 0, .high = INFINITY,
               .help = "promised fall of the loss at which it has converged; movement that is none",
               .flags = GRADUS_NAMED, .also = "tolerance_change"},
    {0}};

static const char *check(const double *hyper)
{
    return hyper[DECREASE] < hyper[CURVATURE] ? NULL : "decrease must be below curvature, or no step may satisfy both";
}

static const gradus_like like[] = {
    {"torch", "LBFGS",
     "max_iter=iterations, max_eval=evaluations, tolerance_grad=flat, tolerance_change=still, history_size=history, "
     "line_search_fn=search",
     "search=none, iterations=20, evaluations=0, history=100"},
    {0}};

#define SUMMED(name, many)                                                                               \
    {                                                                                                    \
        .kernel = EVERY_ISA(name), .twin = name##_double, .sums = many, .over_all = true, .learn = learn \
    }
#define PLAIN(name)                                      \
    {                                                    \
        .kernel = EVERY_ISA(name), .twin = name##_double \
    }

const gradus_rule_row gradus_rule_lbfgs = {
    .member = {.name = "lbfgs",
               .summary = "Newton's direction from the last few steps, and a line search; for full or large batches",
               .formula = "d = -H g; x <- x + t d, H from the last steps and changes of the gradient",
               .paper = "Liu and Nocedal 1989; Nocedal and Wright 2006; Berahas, Nocedal and Takac 2016",
               .also = "l_bfgs, bfgs, quasi_newton",
               .arguments = arguments,
               .like = like,
               .notes = "The rate is the length of a first try: 1. An update evaluates its batch about twice, so take "
                        "the whole data "
                        "for one, or\n"
                        "batches so large that their gradients differ little. Clipping and noise mislead a line "
                        "search, which goes "
                        "by the loss.\n"
                        "PyTorch takes the largest gradient and movement for `flat` and `still`, where these are "
                        "norms, and its update "
                        "is 20 steps."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[STEPS] = {.name = "steps", .arrays = history_arrays},
                                   [CHANGES] = {.name = "changes", .arrays = history_arrays},
                                   [DIRECTION] = {.name = "direction", .exact = true},
                                   [START] = {.name = "start", .exact = true},
                                   [GRADIENT_BEFORE] = {.name = "gradient_before", .exact = true},
                                   {0}},
    .constants = "scale, root, factor, turn, length",
    .memory = "stage, iteration, spent, loss, made, count, next, pending, gamma, rate, step, long, coefficient, sum1, "
              "sum2, sum3, "
              "sum4, " GRADUS_LINE_NAMES,
    .prepare = prepare,
    .pass = {[BEGIN] = SUMMED(begin, 3),
             [DOWN] = SUMMED(go_down, 1),
             [MIDDLE] = SUMMED(turn, 1),
             [UP] = SUMMED(go_up, 1),
             [LAST] = SUMMED(last, 2),
             [MOVE] = PLAIN(move_to),
             [SLOPE] = SUMMED(slope, 1),
             [PAIR] = SUMMED(pair, 2),
             [NORMALISE] = PLAIN(normalise)},
    .drive = drive,
    .check = check,
    .usual = 1,
};

#else /* once for each instruction set */

static inline __attribute__((always_inline)) void ISA(dot)(cell *c, int sum, lane a, lane b)
{
    c->sum[sum] = a;
    c->times[sum] = b;
}

static inline void ISA(begin_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE];
    c->s[DIRECTION] = -g;
    c->s[GRADIENT_BEFORE] = g;
    c->s[START] = c->x;
    ISA(dot)(c, 0, c->s[STEPS], -g);
    ISA(dot)(c, 1, g, g);
    ISA(dot)(c, 2, absolute(g), all(1));
}

static void ISA(begin)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(begin_element), VALUES | GRADIENT | SLOT(STEPS), SLOT(DIRECTION) | SLOT(GRADIENT_BEFORE) | SLOT(START),
         CONSTANTS, 3, spans, how_many, k);
}

static inline void ISA(go_down_element)(cell *c, const lane *k)
{
    c->s[DIRECTION] = c->s[DIRECTION] + k[FACTOR] * c->s[CHANGES];
    ISA(dot)(c, 0, c->s[STEPS], c->s[DIRECTION]);
}

static void ISA(go_down)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(go_down_element), SLOT(DIRECTION) | SLOT(CHANGES) | SLOT(STEPS), SLOT(DIRECTION), CONSTANTS, 1, spans,
         how_many, k);
}

static inline void ISA(turn_element)(cell *c, const lane *k)
{
    c->s[DIRECTION] = k[TURN] * (c->s[DIRECTION] + k[FACTOR] * c->s[CHANGES]);
    ISA(dot)(c, 0, c->s[CHANGES], c->s[DIRECTION]);
}

static void ISA(turn)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(turn_element), SLOT(DIRECTION) | SLOT(CHANGES), SLOT(DIRECTION), CONSTANTS, 1, spans, how_many, k);
}

static inline void ISA(go_up_element)(cell *c, const lane *k)
{
    c->s[DIRECTION] = c->s[DIRECTION] + k[FACTOR] * c->s[STEPS];
    ISA(dot)(c, 0, c->s[CHANGES], c->s[DIRECTION]);
}

static void ISA(go_up)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(go_up_element), SLOT(DIRECTION) | SLOT(CHANGES) | SLOT(STEPS), SLOT(DIRECTION), CONSTANTS, 1, spans,
         how_many, k);
}

static inline void ISA(last_element)(cell *c, const lane *k)
{
    c->s[DIRECTION] = c->s[DIRECTION] + k[FACTOR] * c->s[STEPS];
    ISA(dot)(c, 0, c->s[GRADIENT_BEFORE], c->s[DIRECTION]);
    ISA(dot)(c, 1, c->s[DIRECTION], c->s[DIRECTION]);
}

static void ISA(last)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(last_element), SLOT(DIRECTION) | SLOT(GRADIENT_BEFORE) | SLOT(STEPS), SLOT(DIRECTION), CONSTANTS, 2, spans,
         how_many, k);
}

static inline void ISA(move_to_element)(cell *c, const lane *k)
{
    c->x = c->s[START] + k[LENGTH] * (k[ROOT] * c->s[DIRECTION]);
}

static void ISA(move_to)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(move_to_element), SLOT(DIRECTION) | SLOT(START), VALUES, CONSTANTS, 0, spans, how_many, k);
}

static inline void ISA(slope_element)(cell *c, const lane *k) { ISA(dot)(c, 0, c->g * k[SCALE], c->s[DIRECTION]); }

static void ISA(slope)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(slope_element), GRADIENT | SLOT(DIRECTION), 0, CONSTANTS, 1, spans, how_many, k);
}

static inline void ISA(pair_element)(cell *c, const lane *k)
{
    c->s[STEPS] = k[LENGTH] * c->s[DIRECTION];
    c->s[CHANGES] = c->g * k[SCALE] - c->s[GRADIENT_BEFORE];
    ISA(dot)(c, 0, c->s[STEPS], c->s[CHANGES]);
    ISA(dot)(c, 1, c->s[CHANGES], c->s[CHANGES]);
}

static void ISA(pair)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(pair_element), GRADIENT | SLOT(DIRECTION) | SLOT(GRADIENT_BEFORE), SLOT(STEPS) | SLOT(CHANGES), CONSTANTS,
         2, spans, how_many, k);
}

static inline void ISA(normalise_element)(cell *c, const lane *k)
{
    c->s[STEPS] = k[FACTOR] * c->s[STEPS];
    c->s[CHANGES] = k[FACTOR] * c->s[CHANGES];
}

static void ISA(normalise)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(normalise_element), SLOT(STEPS) | SLOT(CHANGES), SLOT(STEPS) | SLOT(CHANGES), CONSTANTS, 0, spans,
         how_many, k);
}
#endif
