/* What adam and adamw share: their arguments, one kernel, and the constants that it takes. */
#ifndef GRADUS_OPTIM_ADAM_H
#define GRADUS_OPTIM_ADAM_H
#include "arguments.h"

/* Both rows begin with these; what differs are the defaults of the last, and what adam adds behind them. */
enum {
    ADAM_BETA1,
    ADAM_BETA2,
    ADAM_EPSILON,
    ADAM_PLACE,
    ADAM_EPSILON_ROOT,
    ADAM_BIAS_CORRECTION,
    ADAM_WEIGHT_DECAY,
    ADAM_SHARED
};
enum { ADAM_CORRECTED, ADAM_RAW };

#define ADAM_ARGUMENTS                                                                                              \
    [ADAM_BETA1] = RULE_BETA1, [ADAM_BETA2] = RULE_BETA2,                                                           \
    [ADAM_EPSILON] = RULE_EPSILON("1e-8", .search = "loguniform(1e-10, 1e-4)"), [ADAM_PLACE] = RULE_PLACE,          \
    [ADAM_EPSILON_ROOT] =                                                                                           \
        RULE_AMOUNT("epsilon_root", "0", "added under the root, to the corrected mean square", .also = "eps_root"), \
    [ADAM_BIAS_CORRECTION] = RULE_BIAS_CORRECTION

#define ADAM_DECAY_ARGUMENT(initially, searched) [ADAM_WEIGHT_DECAY] = RULE_WEIGHT_DECAY(initially, searched)

/* The largest of the mean squares before their correction, as PyTorch and Keras have it. */
#define ADAM_AMSGRAD_ARGUMENT(initially) \
    RULE_FLAG("amsgrad", initially, "divides by the largest mean square so far, which never falls")

enum { ADAM_MEAN, ADAM_SQUARE, ADAM_LARGEST };
#define ADAM_MEAN_SLOT   [ADAM_MEAN] = {.name = "exp_avg", .only_if = "beta1"}
#define ADAM_SQUARE_SLOT [ADAM_SQUARE] = {.name = "exp_avg_sq", .non_negative = true}
#define ADAM_SLOTS                              \
    (const gradus_slot[])                       \
    {                                           \
        ADAM_MEAN_SLOT, ADAM_SQUARE_SLOT, { 0 } \
    }
#define ADAM_LARGEST_SLOT [ADAM_LARGEST] = {.name = "max_exp_avg_sq", .non_negative = true, .only_if = "amsgrad"}
#define ADAM_SLOTS_AMSGRAD                                         \
    (const gradus_slot[])                                          \
    {                                                              \
        ADAM_MEAN_SLOT, ADAM_SQUARE_SLOT, ADAM_LARGEST_SLOT, { 0 } \
    }

#define ADAM_CONSTANTS "scale, coupled, rise1, beta2, rise2, inside, root, outside, step, shrink, taken"
enum {
    ADAM_SCALE,
    ADAM_COUPLED,
    ADAM_RISE1,
    ADAM_KEEP2,
    ADAM_RISE2,
    ADAM_INSIDE,
    ADAM_ROOT,
    ADAM_OUTSIDE,
    ADAM_STEP,
    ADAM_SHRINK,
    ADAM_TAKEN, /* what a mean square is multiplied by before it is compared with the largest */
    ADAM_CONSTANT_COUNT
};

/* `decay` is DECAY_COUPLED or DECAY_DECOUPLED. */
void gradus_adam_prepare(const double *hyper, const gradus_now *now, int decay, double *constants);

gradus_kernel gradus_adam_scalar, gradus_adam_sse2, gradus_adam_avx2, gradus_adam_avx512, gradus_adam_neon;
gradus_twin gradus_adam_double;

/* Rates of single values: rate / (sqrt(v/c2) + epsilon). */
void gradus_adam_rate(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                      double *constants);
gradus_kernel gradus_adam_rates_scalar, gradus_adam_rates_sse2, gradus_adam_rates_avx2, gradus_adam_rates_avx512,
    gradus_adam_rates_neon;
gradus_twin gradus_adam_rates_double;
#define ADAM_RATES                                                                                             \
    {                                                                                                          \
        .kernel = EVERY_ISA(gradus_adam_rates), .twin = gradus_adam_rates_double, .conclude = gradus_adam_rate \
    }

#endif

#ifdef ISA
/* Once for each instruction set, by files whose kernels take adam's step. */

static inline lane ISA(adam_below)(const cell *c, const lane *k)
{
    const lane square = c->has & SLOT(ADAM_LARGEST) ? c->s[ADAM_LARGEST] : c->s[ADAM_SQUARE];
    return root(square + k[ADAM_INSIDE]) * k[ADAM_ROOT] + k[ADAM_OUTSIDE];
}

/* The means, with the gradient at hand; the mean gradient. */
static inline lane ISA(adam_means)(cell *c, lane g, const lane *k)
{
    lane mean = g; /* with beta1=0 */
    if (c->has & SLOT(ADAM_MEAN)) c->s[ADAM_MEAN] = mean = c->s[ADAM_MEAN] + k[ADAM_RISE1] * (g - c->s[ADAM_MEAN]);
    c->s[ADAM_SQUARE] = k[ADAM_KEEP2] * c->s[ADAM_SQUARE] + k[ADAM_RISE2] * (g * g);
    if (c->has & SLOT(ADAM_LARGEST)) c->s[ADAM_LARGEST] = larger(c->s[ADAM_LARGEST], c->s[ADAM_SQUARE] * k[ADAM_TAKEN]);
    return mean;
}

static inline void ISA(adam_element)(cell *c, const lane *k)
{
    const lane mean = ISA(adam_means)(c, c->g * k[ADAM_SCALE] + c->x * k[ADAM_COUPLED], k);
    c->x = c->x - (k[ADAM_SHRINK] * c->x + k[ADAM_STEP] * mean / ISA(adam_below)(c, k));
}

/* An element that begins with adam's, over as much of its state as there is; literals: what more it reads and writes, and
 * how many constants come behind adam's. */
static inline __attribute__((always_inline)) void ISA(adam_walk)(element *rule, unsigned more, int constants,
                                                                 const span *spans, size_t how_many, const number *k)
{
    enum { SOME = VALUES | SLOT(ADAM_SQUARE), ALL = SOME | SLOT(ADAM_MEAN), MOST = SLOT(ADAM_LARGEST) };
    enum { SQUARES = SLOT(ADAM_SQUARE) | MOST };
    const bool mean = has_slot(spans, ADAM_MEAN), largest = has_slot(spans, ADAM_LARGEST);
    const int few = constants ? ADAM_CONSTANT_COUNT + constants : ADAM_TAKEN, many = ADAM_CONSTANT_COUNT + constants;
    if (mean && !largest)
        walk_stored(rule, GRADIENT | ALL | more, ALL | more, SQUARES, few, spans, how_many, k);
    else if (mean)
        walk_stored(rule, GRADIENT | ALL | MOST | more, ALL | MOST | more, SQUARES, many, spans, how_many, k);
    else if (!largest)
        walk_stored(rule, GRADIENT | SOME | more, SOME | more, SQUARES, few, spans, how_many, k);
    else
        walk_stored(rule, GRADIENT | SOME | MOST | more, SOME | MOST | more, SQUARES, many, spans, how_many, k);
}
#endif
