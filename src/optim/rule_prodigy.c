/* Prodigy: Adam whose rate is an estimate of the distance to the best values, from how the gradients lie to the way come
 * so far (Mishchenko and Defazio, 2024).
 *
 *     w = d d rate c / first                         c = sqrt(1 - beta2^k) / (1 - beta1^k), or 1
 *     r <- beta3 r + w g y                           over all tensors; y = x0 - x: the way come so far
 *     s <- beta3 s + w g                             with safeguard: w without rate c
 *     m <- beta1 m + (1 - beta1) d g;  v <- beta2 v + (1 - beta2) d d g g
 *     d <- max(d, coefficient r / |s|), and no more than growth d once it has left `first`
 *     x <- x - rate c d' (m / (sqrt(v) + d epsilon) + weight_decay x)      with d' as it was before
 *
 * beta3 is the root of beta2. What is kept is y, to which each step is added, and not x0: the first steps are so short
 * that most of them is lost when x is rounded. With `slice`, r and |s| are of every so many values of each tensor, and
 * only those have y and s. */
#ifndef RULE
#include "adapt.h"
#include "kernel.h"

enum { BETA1 = ADAPT_SHARED, BETA2, BETA3, EPSILON, COEFFICIENT, BIAS_CORRECTION, SAFEGUARD, DECAY, SLICE };
enum { SCALE, COUPLED, WEIGHT, SUM_WEIGHT, KEEP3, KEEP1, RISE1, KEEP2, RISE2, OUTSIDE, STEP, SHRINK, EVERY, CONSTANTS };
enum { MOST = ADAPT_NUMERATOR + 1 };
enum { WAY, SUM, MEAN, SQUARE };
enum { ALONG, SIZE };
enum { MEANS = SLOT(MEAN) | SLOT(SQUARE), SUMMED = SLOT(SUM) | MEANS, MOVED = VALUES | SLOT(WAY) }; /* of a walk */

#define RULE "rule_prodigy.c"
#include "every_isa.h"

static double beta3(const double *hyper) { return hyper[BETA3] > 0 ? hyper[BETA3] : sqrt(hyper[BETA2]); }

/* The rate with its correction, before it is multiplied by d. */
static double corrected(const double *hyper, const gradus_now *now)
{
    if (!hyper[BIAS_CORRECTION]) return now->rate;
    return now->rate * gradus_adapt_correction(hyper[BETA1], hyper[BETA2], now->update);
}

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double d = gradus_adapt_distance(hyper, memory), rate = corrected(hyper, now);
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[ADAPT_WEIGHT_DECAY] : 0;
    constants[WEIGHT] = d / hyper[ADAPT_FIRST] * d * rate;
    constants[SUM_WEIGHT] = hyper[SAFEGUARD] ? d / hyper[ADAPT_FIRST] * d : constants[WEIGHT];
    constants[KEEP3] = beta3(hyper);
    constants[KEEP1] = hyper[BETA1];
    constants[RISE1] = d * (1 - hyper[BETA1]);
    constants[KEEP2] = hyper[BETA2];
    constants[RISE2] = d * d * (1 - hyper[BETA2]);
    constants[STEP] = d * rate;
    constants[EVERY] = hyper[SLICE];
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? d * rate * hyper[ADAPT_WEIGHT_DECAY] : 0;
}

static void learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    double d = gradus_adapt_distance(hyper, memory);
    if (sums[SIZE] == 0) return;
    memory[ADAPT_NUMERATOR] = beta3(hyper) * memory[ADAPT_NUMERATOR] + sums[ALONG];
    const double estimate = hyper[COEFFICIENT] * memory[ADAPT_NUMERATOR] / sums[SIZE];
    if (now->rate > 0 && isfinite(estimate)) {
        if (d == hyper[ADAPT_FIRST]) d = fmax(d, estimate);
        memory[MOST] = fmax(fmax(memory[MOST], hyper[ADAPT_FIRST]), estimate);
        d = fmin(memory[MOST], d * gradus_adapt_growth(hyper));
    }
    memory[ADAPT_DISTANCE] = d;
}

static void conclude(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                     double *constants)
{
    (void)now, (void)sums;
    constants[OUTSIDE] = gradus_adapt_distance(hyper, memory) * hyper[EPSILON];
}

const gradus_rule_row gradus_rule_prodigy = {
    .member =
        {.name = "prodigy",
         .summary = "adam whose rate is an estimate of the distance to the best values",
         .formula = "d <- max(d, sum of d^2 g (x0 - x) / |sum of d^2 g|); x <- x - rate d m / (sqrt(v) + d epsilon)",
         .paper = "Mishchenko and Defazio 2024",
         .also = "prodigyopt",
         .arguments =
             (const gradus_argument[]){
                 ADAPT_ARGUMENTS,
                 [BETA1] = RULE_BETA1,
                 [BETA2] = RULE_BETA2,
                 [BETA3] =
                     RULE_SHARE("beta3", "0", "part of the sums for the distance that is kept; 0: the root of beta2"),
                 [EPSILON] =
                     RULE_AMOUNT("epsilon", "1e-8", "keeps the division finite; times the distance", .also = "eps"),
                 [COEFFICIENT] =
                     RULE_AMOUNT("coefficient", "1", "of the estimate: what to tune where the rate is too high",
                                 .search = "loguniform(0.25, 4)", .also = "d_coef, estim_lr_coef"),
                 [BIAS_CORRECTION] = RULE_BIAS_CORRECTION,
                 [SAFEGUARD] = RULE_FLAG("safeguard", "true",
                                         "the estimate does not see a warmup of the rate, which would raise it"),
                 [DECAY] = ADAPT_DECAY_ARGUMENT("decoupled"),
                 [SLICE] = {"slice", GRADUS_INTEGER, .initial = "1", .low = 1, .high = 1024,
                            .help = "only every so many values of a tensor are part of the estimate, which saves "
                                    "memory",
                            .flags = GRADUS_NAMED, .also = "slice_p"},
                 {0}},
         .like =
             (const gradus_like[]){
                 {"prodigy", "Prodigy",
                  "eps=epsilon, d0=first, d_coef=coefficient, growth_rate=growth, "
                  "use_bias_correction=bias_correction, safeguard_warmup=safeguard, slice_p=slice, decouple=decay "
                  "coupled|decoupled",
                  "bias_correction=false, safeguard=false"},
                 {"optax", "contrib.prodigy",
                  "eps=epsilon, estim_lr0=first, estim_lr_coef=coefficient, safeguard_warmup=safeguard",
                  "safeguard=false"},
                 {"pytorch_optimizer", "Prodigy",
                  "eps=epsilon, d0=first, d_coef=coefficient, growth_rate=growth, safeguard_warmup=safeguard",
                  "bias_correction=false, safeguard=false"},
                 {0}},
         .notes = ADAPT_NOTE "Its authors leave\n"
                             "bias_correction off, which makes the first steps three times too long and can saturate "
                             "a net, and safeguard,\n"
                             "without which a warmup raises the estimate. The distance never falls: where it was once "
                             "far too large, training\n"
                             "starts anew with a smaller coefficient."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[WAY] = {.name = "way", .every = "slice"},
                                   [SUM] = {.name = "s", .every = "slice"},
                                   RULE_MEANS(MEAN, SQUARE),
                                   {0}},
    .constants = "scale, coupled, weight, sum_weight, keep3, keep1, rise1, keep2, rise2, outside, step, shrink, every",
    .memory = "distance, numerator, most",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(measure),
              .twin = measure_double,
              .sums = 2,
              .over_all = true,
              .learn = learn,
              .conclude = conclude},
             {.kernel = EVERY_ISA(step), .twin = step_double}},
    .effective_rate = gradus_adapt_effective_rate,
    .usual = 1,
};

#else /* once for each instruction set */

/* ---- every value has a part in the estimate ---- */

static inline void ISA(means)(cell *c, lane g, const lane *k)
{
    c->s[MEAN] = k[KEEP1] * c->s[MEAN] + k[RISE1] * g;
    c->s[SQUARE] = k[KEEP2] * c->s[SQUARE] + k[RISE2] * (g * g);
}

static inline lane ISA(gradient_of)(const cell *c, const lane *k)
{
    return c->has & VALUES ? c->g * k[SCALE] + c->x * k[COUPLED] : c->g * k[SCALE];
}

static inline void ISA(measure_element)(cell *c, const lane *k)
{
    const lane g = ISA(gradient_of)(c, k);
    ISA(means)(c, g, k);
    c->s[SUM] = k[KEEP3] * c->s[SUM] + k[SUM_WEIGHT] * g;
    c->sum[ALONG] = k[WEIGHT] * g;
    c->times[ALONG] = c->s[WAY];
    c->sum[SIZE] = absolute(c->s[SUM]);
    c->times[SIZE] = all(1);
}

static inline lane ISA(step_of)(const cell *c, const lane *k)
{
    return k[SHRINK] * c->x + k[STEP] * c->s[MEAN] / (root(c->s[SQUARE]) + k[OUTSIDE]);
}

static inline void ISA(step_element)(cell *c, const lane *k)
{
    const lane step = ISA(step_of)(c, k);
    c->x = c->x - step;
    c->s[WAY] = c->s[WAY] + step;
}

/* ---- some values have ---- */

static inline void ISA(sliced_measure_element)(cell *c, const lane *k) { ISA(means)(c, ISA(gradient_of)(c, k), k); }

static inline void ISA(sliced_step_element)(cell *c, const lane *k) { c->x = c->x - ISA(step_of)(c, k); }

/* How far a span's first value is from the next that has a part. */
static inline size_t ISA(until)(const span *at, size_t every) { return (every - at->first % every) % every; }

static void ISA(measure_slices)(const span *at, const number *k)
{
    const size_t every = (size_t)k[EVERY];
    double *along = at->sums + GRADUS_PARTS * ALONG, *size = at->sums + GRADUS_PARTS * SIZE;
    number *way = at->state[WAY], *s = at->state[SUM];
    for (size_t i = ISA(until)(at, every); i < at->count; i += every, way++, s++) {
        const number scaled = at->gradient[i] * k[SCALE],
                     g = k[COUPLED] > 0 ? scaled + at->values[i] * k[COUPLED] : scaled;
        *s = k[KEEP3] * *s + k[SUM_WEIGHT] * g;
        along[i % GRADUS_PARTS] += (double)(k[WEIGHT] * g) * (double)*way;
        size[i % GRADUS_PARTS] += fabs((double)*s);
    }
}

/* Before the values are changed. */
static void ISA(step_slices)(const span *at, const number *k)
{
    const size_t every = (size_t)k[EVERY];
    number *way = at->state[WAY], below[LANES];
    for (size_t i = ISA(until)(at, every); i < at->count; i += every, way++) {
        store(below, root(all(at->state[SQUARE][i])));
        *way = *way + (k[SHRINK] * at->values[i] + k[STEP] * at->state[MEAN][i] / (below[0] + k[OUTSIDE]));
    }
}

/* ---- both ---- */

static void ISA(measure)(const span *spans, size_t how_many, const number *k)
{
    const bool coupled = k[COUPLED] > 0;
    if (k[EVERY] > 1) {
        for (size_t i = 0; i < how_many; i++) ISA(measure_slices)(&spans[i], k);
        if (coupled)
            walk(ISA(sliced_measure_element), VALUES | GRADIENT | MEANS, MEANS, CONSTANTS, 0, spans, how_many, k);
        else
            walk(ISA(sliced_measure_element), GRADIENT | MEANS, MEANS, CONSTANTS, 0, spans, how_many, k);
    } else if (coupled)
        walk(ISA(measure_element), MOVED | GRADIENT | SUMMED, SUMMED, CONSTANTS, 2, spans, how_many, k);
    else
        walk(ISA(measure_element), SLOT(WAY) | GRADIENT | SUMMED, SUMMED, CONSTANTS, 2, spans, how_many, k);
}

static void ISA(step)(const span *spans, size_t how_many, const number *k)
{
    if (k[EVERY] > 1) {
        for (size_t i = 0; i < how_many; i++) ISA(step_slices)(&spans[i], k);
        walk(ISA(sliced_step_element), VALUES | MEANS, VALUES, CONSTANTS, 0, spans, how_many, k);
    } else
        walk(ISA(step_element), MOVED | MEANS, MOVED, CONSTANTS, 0, spans, how_many, k);
}
#endif
