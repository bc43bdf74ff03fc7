/* StableAdamW: AdamW whose rate falls, tensor by tensor, where gradients are larger than their mean square says, which is where loss
 * spikes begin (Wortsman et al., 2023).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g g          b = beta (1 - beta^(k - 1)) / (1 - beta^k), so that means need
 *                                                               no making up for their start
 *     r = rate / max(1, sqrt(mean of g g / max(v, epsilon^2)))  of each tensor
 *     x <- x - r m / (sqrt(v) + epsilon)
 *     x <- x - r weight_decay x                     where decay is decoupled, with x before the step */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, EPSILON, WEIGHT_DECAY, DECAY };
enum { SCALE, COUPLED, RISE1, KEEP2, RISE2, FLOOR, OUTSIDE, STEP, SHRINK, CONSTANTS };
enum { MEAN, SQUARE };
enum { SURPRISE };

#define RULE "rule_stableadamw.c"
#include "every_isa.h"

static double share(double beta, int64_t update)
{
    const double power = gradus_power(beta, update);
    return (power - beta) / (power - 1);
}

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double keep2 = share(hyper[BETA2], now->update);
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[RISE1] = 1 - share(hyper[BETA1], now->update);
    constants[KEEP2] = keep2;
    constants[RISE2] = 1 - keep2;
    constants[FLOOR] = fmax(hyper[EPSILON] * hyper[EPSILON], 1e-37);
    constants[OUTSIDE] = hyper[EPSILON];
}

static void slow_down(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                      double *constants)
{
    const double surprise = sqrt(sums[SURPRISE] / (double)(now->rows * now->columns));
    (void)memory;
    constants[STEP] = now->rate / fmax(1, surprise);
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? constants[STEP] * hyper[WEIGHT_DECAY] : 0;
}

const gradus_rule_row gradus_rule_stableadamw = {
    .member = {.name = "stableadamw",
               .summary = "adamw that slows a tensor down while its gradients are larger than of late",
               .formula = "r = rate / max(1, rms(g / sqrt(v))) of each tensor; x <- x - r m / (sqrt(v) + epsilon)",
               .paper = "Wortsman et al. 2023",
               .also = "stable_adamw",
               .arguments =
                   (const gradus_argument[]){[BETA1] = RULE_BETA1,
                                             [BETA2] =
                                                 RULE_SHARE("beta2", "0.99", "part of the mean square that is kept",
                                                            .search = "uniform(0.9, 0.9999)", .also = "beta_2, b2"),
                                             [EPSILON] = RULE_EPSILON("1e-8", .search = "loguniform(1e-10, 1e-4)"),
                                             [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0.01", "loguniform(1e-4, 1)"),
                                             [DECAY] = RULE_DECAY("decoupled"),
                                             {0}},
               .like = (const gradus_like[]){{"pytorch_optimizer", "StableAdamW", "eps=epsilon", NULL}, {0}}},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){RULE_MEANS(MEAN, SQUARE), {0}},
    .constants = "scale, coupled, rise1, keep2, rise2, floor, outside, step, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(means), .twin = means_double, .sums = 1, .conclude = slow_down},
             {.kernel = EVERY_ISA(stableadamw), .twin = stableadamw_double}},
    .usual = 0.003,
};

#else /* once for each instruction set */

static inline void ISA(means_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED];
    c->s[MEAN] = c->s[MEAN] + k[RISE1] * (g - c->s[MEAN]);
    c->s[SQUARE] = k[KEEP2] * c->s[SQUARE] + k[RISE2] * (g * g);
    c->sum[SURPRISE] = g;
    c->times[SURPRISE] = g / larger(c->s[SQUARE], k[FLOOR]);
}

static void ISA(means)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(SQUARE) };
    walk(ISA(means_element), VALUES | GRADIENT | STATE, STATE, CONSTANTS, 1, spans, how_many, k);
}

static inline void ISA(stableadamw_element)(cell *c, const lane *k)
{
    const lane below = root(c->s[SQUARE]) + k[OUTSIDE];
    const lane n = choose(above(below, all(0)), c->s[MEAN] / below, all(0));
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * n);
}

static void ISA(stableadamw)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(SQUARE) };
    walk(ISA(stableadamw_element), VALUES | STATE, VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
