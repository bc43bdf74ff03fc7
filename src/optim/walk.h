/* Walks a rule over a list of spans, a register at a time; what is left of a span goes through a padded copy.
 * Read once for each instruction set, so that the rule's element function is compiled into the walk. */

typedef struct cell {      /* one register of everything: what an element function reads and leaves behind */
    lane x, g, before;     /* value, gradient, value before the wrapped rule */
    lane s[GRADUS_SLOTS];  /* state */
    lane sum[GRADUS_SUMS]; /* to be added up: sum[j] * times[j], exact in double */
    lane times[GRADUS_SUMS];
    unsigned has; /* what the walk reads, known to the compiler: SLOT(j) is set where slot j exists */
} cell;
typedef void element(cell *at, const lane *constants);

static inline lane sign(lane a) { return choose(above(a, all(0)), all(1), choose(above(all(0), a), all(-1), a)); }

/* Unrolled by hand: an index that the compiler knows keeps a cell in registers at every level of optimisation. */
#define EACH_SLOT(act) act(0) act(1) act(2) act(3) act(4) act(5)
#define EACH_SUM(act)  act(0) act(1) act(2) act(3)
#define EACH_CONSTANT(act)                                                                                      \
    EACH_SLOT(act)                                                                                              \
    act(6) act(7) act(8) act(9) act(10) act(11) act(12) act(13) act(14) act(15) act(16) act(17) act(18) act(19) \
        act(20) act(21) act(22) act(23)

static inline __attribute__((always_inline)) void ISA(run)(element *rule, unsigned reads, unsigned writes,
                                                           const span *at, size_t i, const lane *k, cell *c)
{
    c->has = reads;
    if (reads & VALUES) c->x = load(at->values + i);
    if (reads & GRADIENT) c->g = load(at->gradient + i);
    if (reads & BEFORE) c->before = load(at->before + i);
#define ACT(j) \
    if (reads & SLOT(j)) c->s[j] = load(at->state[j] + i);
    EACH_SLOT(ACT)
#undef ACT
    rule(c, k);
    if (writes & VALUES) store(at->values + i, c->x);
#define ACT(j) \
    if (writes & SLOT(j)) store(at->state[j] + i, c->s[j]);
    EACH_SLOT(ACT)
#undef ACT
}

static inline void ISA(prefetch)(unsigned reads, const span *at, size_t i)
{
    if (reads & VALUES) __builtin_prefetch(at->values + i, 1);
    if (reads & GRADIENT) __builtin_prefetch(at->gradient + i);
#define ACT(j) \
    if (reads & SLOT(j)) __builtin_prefetch(at->state[j] + i, 1);
    EACH_SLOT(ACT)
#undef ACT
}

/* The last `rest` < LANES values of a span: padded with zeros, which reach neither the caller's memory nor a sum. */
static inline __attribute__((always_inline)) void ISA(finish)(element *rule, unsigned reads, unsigned writes, int sums,
                                                              const span *at, size_t i, size_t rest, const lane *k)
{
    number x[LANES] = {0}, g[LANES] = {0}, b[LANES] = {0}, s[GRADUS_SLOTS][LANES] = {{0}}, sum[LANES], times[LANES];
    const size_t bytes = rest * sizeof(number);
    const span padded = {.values = x, .gradient = g, .before = b, .state = {s[0], s[1], s[2], s[3], s[4], s[5]}};
    cell c;
    if (reads & VALUES) memcpy(x, at->values + i, bytes);
    if (reads & GRADIENT) memcpy(g, at->gradient + i, bytes);
    if (reads & BEFORE) memcpy(b, at->before + i, bytes);
#define ACT(j) \
    if (reads & SLOT(j)) memcpy(s[j], at->state[j] + i, bytes);
    EACH_SLOT(ACT)
#undef ACT
    ISA(run)(rule, reads, writes, &padded, 0, k, &c);
    if (writes & VALUES) memcpy(at->values + i, x, bytes);
#define ACT(j) \
    if (writes & SLOT(j)) memcpy(at->state[j] + i, s[j], bytes);
    EACH_SLOT(ACT)
#undef ACT
#define ACT(j)                                                                                                \
    if (j < sums) {                                                                                           \
        double *parts = at->sums + GRADUS_PARTS * j;                                                          \
        store(sum, c.sum[j]);                                                                                 \
        store(times, c.times[j]);                                                                             \
        for (size_t l = 0; l < rest; l++) parts[(i + l) % GRADUS_PARTS] += (double)sum[l] * (double)times[l]; \
    }
    EACH_SUM(ACT)
#undef ACT
}

/* Whole lines with sums, which stay in registers because their parts are known; returns how far it came. */
static inline __attribute__((always_inline)) size_t ISA(add_lines)(element *rule, unsigned reads, unsigned writes,
                                                                   int sums, const span *at, size_t reach, size_t ahead,
                                                                   const lane *k)
{
    double parts[GRADUS_SUMS][GRADUS_PARTS];
    size_t i = 0;
    memcpy(parts, at->sums, sizeof *parts * (size_t)sums);
    for (; i + LINE <= at->count; i += LINE) {
        if (i < reach) ISA(prefetch)(reads, at, i + ahead);
        UNROLLED
        for (size_t j = 0; j < LINE; j += LANES) {
            cell c;
            ISA(run)(rule, reads, writes, at, i + j, k, &c);
#define ACT(s) \
    if (s < sums) add(parts[s] + j, c.sum[s], c.times[s]);
            EACH_SUM(ACT)
#undef ACT
        }
    }
    memcpy(at->sums, parts, sizeof *parts * (size_t)sums);
    return i;
}

/* Runs `rule` over every value of every span. `reads` and `writes` are bits of GRADIENT, VALUES, BEFORE and SLOT(j); the
 * first `constants` of k and the first `sums` sums are used. All but the last three must be literals, so that only
 * what is needed is compiled. */
static inline __attribute__((always_inline)) void walk(element *rule, unsigned reads, unsigned writes, int constants,
                                                       int sums, const span *spans, size_t how_many, const number *k)
{
    lane constant[GRADUS_CONSTANTS];
#define ACT(j) \
    if (j < constants) constant[j] = all(k[j]);
    EACH_CONSTANT(ACT)
#undef ACT
    for (size_t n = 0; n < how_many; n++) {
        /* A copy, member by member, that no store can change: it stays in registers. */
        const span *given = &spans[n];
        if (n + SPANS_AHEAD < how_many) __builtin_prefetch(given + SPANS_AHEAD);
        span here = {.count = given->count, .sums = given->sums};
        const span *at = &here;
        here.values = given->values;
        ALONE(here.values);
        here.gradient = given->gradient;
        ALONE(here.gradient);
        here.before = given->before;
        ALONE(here.before);
#define ACT(j)                           \
    if ((reads | writes) & SLOT(j)) {    \
        here.state[j] = given->state[j]; \
        ALONE(here.state[j]);            \
    }
        EACH_SLOT(ACT)
#undef ACT
        /* Behind a whole chunk or piece there mostly is another. */
        const size_t ahead = AHEAD / (size_t)__builtin_popcount(reads & ~BEFORE), count = at->count;
        const size_t reach = count % PIECE == 0 ? count : count < ahead ? 0 : count - ahead;
        size_t i = sums ? ISA(add_lines)(rule, reads, writes, sums, at, reach, ahead, constant) : 0;
        for (; i + LANES <= count; i += LANES) {
            cell c;
            if (i < reach && i % LINE == 0) ISA(prefetch)(reads, at, i + ahead);
            ISA(run)(rule, reads, writes, at, i, constant, &c);
#define ACT(j) \
    if (j < sums) add(at->sums + GRADUS_PARTS * j + i % GRADUS_PARTS, c.sum[j], c.times[j]);
            EACH_SUM(ACT)
#undef ACT
        }
        if (i < count) ISA(finish)(rule, reads, writes, sums, at, i, count - i, constant);
    }
}

/* ---- over state that is kept in bytes ---- */

#ifdef BYTES /* said by the instruction sets from AVX2 on: with the others state is converted for all rules */
#include "walk_bytes.h"
#endif

static inline bool has_slot(const span *at, int slot)
{
#ifdef BYTES
    if (at->bytes) return at->bytes[slot].from.code;
#endif
    return at->state[slot];
}

/* As `walk`, without sums, over state in float32 or in bytes: the slots of `non_negative` are the rows'. */
static inline __attribute__((always_inline)) void walk_stored(element *rule, unsigned reads, unsigned writes,
                                                              unsigned non_negative, int constants, const span *spans,
                                                              size_t how_many, const number *k)
{
#ifdef BYTES
    if (spans->bytes) {
        ISA(walk_bytes)(rule, reads, writes, non_negative, constants, spans, how_many, k);
        return;
    }
#endif
    (void)non_negative;
    walk(rule, reads, writes, constants, 0, spans, how_many, k);
}
#undef EACH_SLOT
#undef EACH_SUM
#undef EACH_CONSTANT
