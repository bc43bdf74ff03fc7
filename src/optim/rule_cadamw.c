/* Cautious AdamW: only values whose step goes against the gradient at hand move, and move further by as much as the others stand still
 * (Liang et al., 2024). Grams: every value moves against the gradient at hand, by the size of AdamW's step (Cao et al., 2024).
 *
 *     m, v as in adam
 *     mask    u = m where m g > 0, else 0, times 1 / max(share that moves, 0.001) of each tensor
 *     size    u = |m| sign(g)
 *     x <- x - rate (weight_decay x + u/c1 / (sqrt(v/c2) + epsilon)) */
#ifndef RULE
#include "cautious.h"
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, EPSILON, WEIGHT_DECAY, MASKED };
enum { SCALE, RISE1, KEEP2, RISE2, ROOT, OUTSIDE, STEP, SHRINK, TURNED, CONSTANTS };
enum { MEAN, SQUARE };

#define RULE "rule_cadamw.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[KEEP2] = hyper[BETA2];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[ROOT] = 1 / sqrt(1 - gradus_power(hyper[BETA2], now->update));
    constants[OUTSIDE] = hyper[EPSILON];
    constants[STEP] = now->rate / (1 - gradus_power(hyper[BETA1], now->update));
    constants[SHRINK] = now->rate * hyper[WEIGHT_DECAY];
    constants[TURNED] = hyper[MASKED] == 0;
}

static void weigh(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                  double *constants)
{
    (void)hyper, (void)memory;
    constants[STEP] *= gradus_cautious_gain(now, sums[0]);
}

const gradus_rule_row gradus_rule_cadamw = {
    .member = {.name = "cadamw",
               .summary = "adamw that only moves against the gradient at hand",
               .formula =
                   "u = m where m g > 0, else 0, over the share that moves; x <- x - rate (weight_decay x + u/(1 - "
                   "beta1^k) / (sqrt(v/(1 - beta2^k)) + epsilon))",
               .paper = "Liang et al. 2024; Cao et al. 2024",
               .also = "cautious_adamw, grams",
               .arguments =
                   (const gradus_argument[]){[BETA1] = RULE_BETA1,
                                             [BETA2] = RULE_BETA2,
                                             [EPSILON] = RULE_EPSILON("1e-8", .search = "loguniform(1e-10, 1e-4)"),
                                             [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0.01", "loguniform(1e-4, 1)"),
                                             [MASKED] =
                                                 RULE_FLAG("masked", "true",
                                                           "what would go along the gradient stands still; false: it "
                                                           "turns round, as Grams has it"),
                                             {0}},
               .like = (const gradus_like[]){{"timm", "cadamw", "eps=epsilon", NULL},
                                             {"pytorch_optimizer", "Grams", "eps=epsilon",
                                              "epsilon=1e-6, weight_decay=0, masked=false"},
                                             {0}}},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){RULE_MEANS(MEAN, SQUARE), {0}},
    .constants = "scale, rise1, keep2, rise2, root, outside, step, shrink, turned",
    .prepare = prepare,
    .pass =
        {{.kernel = EVERY_ISA(agreement), .twin = agreement_double, .sums = 1, .only_if = "masked", .conclude = weigh},
         {.kernel = EVERY_ISA(cadamw), .twin = cadamw_double}},
    .usual = 0.003,
};

#else /* once for each instruction set */

static inline lane ISA(mean)(const cell *c, lane g, const lane *k) { return c->s[MEAN] + k[RISE1] * (g - c->s[MEAN]); }

static inline void ISA(agreement_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE];
    c->sum[0] = choose(above(sign(ISA(mean)(c, g, k)) * sign(g), all(0)), all(1), all(0));
    c->times[0] = all(1);
}

static void ISA(agreement)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(agreement_element), GRADIENT | SLOT(MEAN), 0, CONSTANTS, 1, spans, how_many, k);
}

static inline void ISA(cadamw_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE];
    c->s[MEAN] = ISA(mean)(c, g, k);
    c->s[SQUARE] = k[KEEP2] * c->s[SQUARE] + k[RISE2] * (g * g);
    const lane below = root(c->s[SQUARE]) * k[ROOT] + k[OUTSIDE];
    const lane kept = choose(above(sign(c->s[MEAN]) * sign(g), all(0)), c->s[MEAN], all(0));
    const lane u = choose(above(k[TURNED], all(0)), absolute(c->s[MEAN]) * sign(g), kept);
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * u / below);
}

static void ISA(cadamw)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(SQUARE) };
    walk(ISA(cadamw_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
