/* AdamP: AdamW without the part of a step along the values, where a weight has no length of its own because what follows normalizes it:
 * that part only makes it grow, and steps with it short (Heo et al., 2021).
 *
 *     m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g g
 *     u = m / (sqrt(v/c2) + epsilon), or m / ((sqrt(v) + epsilon) / sqrt(c2)) where epsilon is raw;  c = 1 - beta^k
 *     nesterov: beta1 m + (1 - beta1) g in place of m
 *     |cos(g, x)| < delta / sqrt(size) for all outputs, or for the tensor:  u <- u - <u, x/|x|> x/|x|, a share of the decay
 *     x <- x - rate share weight_decay x - rate u/c1 */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, EPSILON, PLACE, DELTA, SHARE, NESTEROV, WEIGHT_DECAY };
enum { CORRECTED, RAW };
enum { RISE1, KEEP2, RISE2, ROOT, OUTSIDE, ALONG, ACROSS, STEP, SHRINK, CONSTANTS };
enum { MEAN, SQUARE };

static int64_t scratch(const double *hyper, const gradus_shape *shape)
{
    (void)hyper;
    return shape->count;
}

#define RULE "rule_adamp.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double c1 = 1 - gradus_power(hyper[BETA1], now->update),
                 root2 = sqrt(1 - gradus_power(hyper[BETA2], now->update));
    (void)memory;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[KEEP2] = hyper[BETA2];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[ROOT] = 1 / root2;
    constants[OUTSIDE] = hyper[PLACE] == RAW ? hyper[EPSILON] / root2 : hyper[EPSILON];
    constants[ALONG] = hyper[NESTEROV] ? hyper[BETA1] : 1;
    constants[ACROSS] = hyper[NESTEROV] ? 1 - hyper[BETA1] : 0;
    constants[STEP] = now->rate / c1;
    constants[SHRINK] = now->rate * hyper[WEIGHT_DECAY];
}

const gradus_rule_row gradus_rule_adamp = {
    .member = {.name = "adamp",
               .summary = "adamw without the part of a step that only makes normalized weights grow",
               .formula =
                   "u = m / (sqrt(v) + epsilon); |cos(g, x)| < delta / sqrt(size): u <- u - <u, x/|x|> x/|x|; x <- x - "
                   "rate u",
               .paper = "Heo et al. 2021",
               .arguments =
                   (const gradus_argument[]){
                       [BETA1] = RULE_BETA1,
                       [BETA2] = RULE_BETA2,
                       [EPSILON] = RULE_EPSILON("1e-8", .search = "loguniform(1e-10, 1e-4)"),
                       [PLACE] = RULE_PLACE,
                       [DELTA] = RULE_AMOUNT("delta", "0.1",
                                             "a cosine below delta / sqrt(size) is that of a normalized weight"),
                       [SHARE] = RULE_AMOUNT("decay_share", "0.1", "of the decay that those weights have",
                                             .also = "wd_ratio"),
                       [NESTEROV] = RULE_NESTEROV("false"),
                       [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-4, 1)"),
                       {0}},
               .like =
                   (const gradus_like[]){
                       {"timm", "adamp", "eps=epsilon, wd_ratio=decay_share", "decay_share=0.01, nesterov=true"},
                       {"pytorch_optimizer", "AdamP", "eps=epsilon, wd_ratio=decay_share", "place=raw"},
                       {0}}},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){RULE_MEANS(MEAN, SQUARE), {0}},
    .constants = "rise1, keep2, rise2, root, outside, along, across, step, shrink",
    .prepare = prepare,
    .update = EVERY_ISA(adamp),
    .update_twin = adamp_double,
    .scratch = scratch,
    .usual = 0.003,
};

#else /* once for each instruction set */
#include "project.h"

static void ISA(adamp)(const work *w)
{
    const number *k = w->constants;
    number *u = w->scratch;
    for (int64_t i = 0; i < w->shape->count; i++) {
        const number g = w->gradient[i];
        number *m = &w->state[MEAN][i], *v = &w->state[SQUARE][i];
        *m = *m + k[RISE1] * (g - *m);
        *v = k[KEEP2] * *v + k[RISE2] * (g * g);
        const number below = (number)sqrt((double)*v) * k[ROOT] + k[OUTSIDE];
        u[i] = below > 0 ? (k[ALONG] * *m + k[ACROSS] * g) / below : 0;
    }
    const bool projected = ISA(project)(w, w->hyper[DELTA], w->hyper[EPSILON], u);
    const number shrink = projected ? k[SHRINK] * (number)w->hyper[SHARE] : k[SHRINK];
    for (int64_t i = 0; i < w->shape->count; i++)
        w->values[i] = w->values[i] - (shrink * w->values[i] + k[STEP] * u[i]);
}
#endif
