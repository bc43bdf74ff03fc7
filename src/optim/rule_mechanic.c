/* Mechanic: learns one factor S for all that the rule inside it does, from how each gradient lies to the way that the rule
 * would have come with a factor of 1 (Cutkosky, Defazio and Mehta, 2023, with the clipping that its authors added).
 *
 *     D: the way, x = x0 - S D;  E = D S / (S + epsilon)
 *     h = g' E over all tensors, with g' = g + weight_decay S |g| / (|x| + epsilon) x
 *     for each b = 1 - 0.1^i, i = 1 .. betas:
 *         r <- b r + s clip(h, -m, m);  m <- max(b m, |h| + epsilon);  v <- b^2 v + h^2
 *         s = (first m / betas + max(r, 0)) / (sqrt(v) + epsilon)
 *     S' = sum of s;  D' = E + what the rule takes from x;  x <- x0 - S' D'
 *
 * x0 is not kept: x <- x - (S' D' - S D). Of the differences x0 - x most would be lost at first, when S is small. */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { INNER, FIRST, WEIGHT_DECAY, EPSILON, BETAS };
enum { SCALE, KEEP, FACTOR_BEFORE, FACTOR, CONSTANTS };
enum { WAY };
enum { ALONG, ALONG_VALUES, GRADIENTS, SIZE };
enum { BETAS_AT_MOST = 6 };
enum {
    LEARNT,
    INSIDE,
    BEFORE_FACTOR,
    NOW_FACTOR,
    REWARDS,
    LARGEST = REWARDS + BETAS_AT_MOST,
    SQUARES = LARGEST + BETAS_AT_MOST
};
enum { MEASURE, FOLLOW };

#define RULE "rule_mechanic.c"
#include "every_isa.h"

/* A rule inside that wants a second gradient for the same update is asked again: nothing is learnt then. */
static gradus_outcome drive(gradus_drive *d)
{
    if (!d->memory[INSIDE]) d->pass(d, MEASURE);
    const gradus_outcome outcome = d->inner(d, -1, FOLLOW);
    d->memory[INSIDE] = outcome == GRADUS_EVALUATE;
    return outcome;
}

static void set_factors(const double *hyper, const double *memory, double *constants)
{
    constants[FACTOR_BEFORE] = memory[BEFORE_FACTOR];
    constants[FACTOR] = memory[NOW_FACTOR];
    constants[KEEP] = memory[BEFORE_FACTOR] / (memory[BEFORE_FACTOR] + hyper[EPSILON]);
}

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    constants[SCALE] = now->gradient_scale;
    set_factors(hyper, memory, constants);
}

static double factor_of(const double *hyper, const double *memory, int i)
{
    if (!memory[LEARNT]) return hyper[FIRST];
    const double wealth = hyper[FIRST] / hyper[BETAS] * memory[LARGEST + i] + fmax(memory[REWARDS + i], 0);
    return wealth / (sqrt(memory[SQUARES + i]) + hyper[EPSILON]);
}

/* How the gradient lies to the way; that of the decay on top. */
static double reward(const double *hyper, const double *sums, double factor)
{
    const double decay = hyper[WEIGHT_DECAY] * factor * sqrt(sums[GRADIENTS]) / (sqrt(sums[SIZE]) + hyper[EPSILON]);
    return (sums[ALONG] + decay * sums[ALONG_VALUES]) * factor / (factor + hyper[EPSILON]);
}

static void learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    double factors[BETAS_AT_MOST], before = 0, after = 0, beta = 1;
    const int betas = (int)hyper[BETAS];
    (void)now;
    for (int i = 0; i < betas; i++) before += factors[i] = factor_of(hyper, memory, i);
    const double h = reward(hyper, sums, before);
    for (int i = 0; i < betas; i++) {
        double *r = &memory[REWARDS + i], *m = &memory[LARGEST + i], *v = &memory[SQUARES + i];
        beta *= 0.1;
        const double keep = 1 - beta;
        *r = keep * *r + factors[i] * fmin(fmax(h, -*m), *m);
        *m = fmax(keep * *m, fabs(h) + hyper[EPSILON]);
        *v = keep * keep * *v + h * h;
    }
    memory[LEARNT] = 1;
    for (int i = 0; i < betas; i++) after += factor_of(hyper, memory, i);
    memory[BEFORE_FACTOR] = before;
    memory[NOW_FACTOR] = after;
}

static void conclude(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                     double *constants)
{
    (void)now, (void)sums;
    set_factors(hyper, memory, constants);
}

static double effective_rate(const double *hyper, const gradus_now *now, const double *memory)
{
    (void)hyper;
    return now->rate * memory[NOW_FACTOR];
}

const gradus_rule_row gradus_rule_mechanic = {
    .member =
        {.name = "mechanic",
         .summary = "learns the rate of any rule while it trains",
         .formula = "x = x0 - S D; D: what the rule would have taken with S = 1; S grows where gradients lie along D",
         .paper = "Cutkosky, Defazio and Mehta 2023",
         .also = "mechanize",
         .arguments =
             (const gradus_argument
                  []){[INNER] = {"rule", GRADUS_PIPELINE, .help = "the rule whose rate is learnt"},
                      [FIRST] = {"first", GRADUS_NUMBER, .initial = "1e-6", .low = 0, .high = INFINITY, .open = "(",
                                 .help = "the factor at first, and of what is won back later", .flags = GRADUS_NAMED,
                                 .search = "loguniform(1e-8, 1e-3)", .also = "s_init"},
                      [WEIGHT_DECAY] =
                          RULE_AMOUNT("weight_decay", "0.01",
                                      "pull of the values towards 0 that the factor sees; no step has it",
                                      .search = "loguniform(1e-3, 1)"),
                      [EPSILON] = RULE_AMOUNT("epsilon", "1e-8", "keeps the divisions finite", .also = "eps"),
                      [BETAS] = {"betas", GRADUS_INTEGER, .initial = "6", .low = 1, .high = BETAS_AT_MOST,
                                 .help = "how many factors are learnt, that look back over 10, 100, ... updates",
                                 .flags = GRADUS_NAMED, .also = "num_betas"},
                      {0}},
         .like = (const gradus_like[]){{"optax", "mechanize", "eps=epsilon, s_init=first, num_betas=betas", NULL}, {0}},
         .notes = "The rate is a factor of what is found: 1, or a schedule that falls. It is not for rules whose steps "
                  "have a length of\n"
                  "their own, such as lamb.",
         .example = "mechanic(adamw)"},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[WAY] = {.name = "way", .exact = true}, {0}},
    .constants = "scale, keep, factor_before, factor",
    .memory = "learnt, inside, factor_before, factor, r1, r2, r3, r4, r5, r6, m1, m2, m3, m4, m5, m6, v1, v2, v3, v4, "
              "v5, v6",
    .prepare = prepare,
    .pass = {[MEASURE] = {.kernel = EVERY_ISA(measure),
                          .twin = measure_double,
                          .sums = 4,
                          .over_all = true,
                          .learn = learn,
                          .conclude = conclude},
             [FOLLOW] = {.kernel = EVERY_ISA(follow), .twin = follow_double}},
    .drive = drive,
    .effective_rate = effective_rate,
    .usual = 1,
};

#else /* once for each instruction set */

static inline void ISA(measure_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE];
    c->sum[ALONG] = g;
    c->sum[ALONG_VALUES] = c->x;
    c->times[ALONG] = c->times[ALONG_VALUES] = c->s[WAY];
    c->sum[GRADIENTS] = c->times[GRADIENTS] = g;
    c->sum[SIZE] = c->times[SIZE] = c->x;
}

static void ISA(measure)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(measure_element), GRADIENT | VALUES | SLOT(WAY), 0, CONSTANTS, 4, spans, how_many, k);
}

static inline void ISA(follow_element)(cell *c, const lane *k)
{
    const lane way = k[KEEP] * c->s[WAY] + (c->before - c->x);
    c->x = c->before - (k[FACTOR] * way - k[FACTOR_BEFORE] * c->s[WAY]);
    c->s[WAY] = way;
}

static void ISA(follow)(const span *spans, size_t how_many, const number *k)
{
    enum { BOTH = VALUES | SLOT(WAY) };
    walk(ISA(follow_element), BEFORE | BOTH, BOTH, CONSTANTS, 0, spans, how_many, k);
}
#endif
