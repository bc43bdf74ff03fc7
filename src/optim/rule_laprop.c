/* LaProp: Adam that divides each gradient by the root of the mean square before it takes the mean, so that no old gradient is divided
 * by a mean square of later ones (Ziyin, Wang and Ueda, 2020).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     v <- beta2 v + (1 - beta2) g g
 *     n = g / (sqrt(v/c2) + epsilon), or g / ((sqrt(v) + epsilon) / sqrt(c2)) where epsilon is raw;  c = 1 - beta^k
 *                                                   epsilon_root is added under the root
 *     m <- beta1 m + (1 - beta1) n
 *     x <- (x - rate m/c1) (1 - rate weight_decay)  the decay where it is decoupled */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, EPSILON, PLACE, EPSILON_ROOT, WEIGHT_DECAY, DECAY };
enum { CORRECTED, RAW };
enum { SCALE, COUPLED, RISE1, RISE2, INSIDE, ROOT, OUTSIDE, STEP, LEFT, CONSTANTS };
enum { MEAN, SQUARE };

#define RULE "rule_laprop.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double c1 = 1 - gradus_power(hyper[BETA1], now->update),
                 root2 = sqrt(1 - gradus_power(hyper[BETA2], now->update));
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[INSIDE] = hyper[EPSILON_ROOT] * (hyper[PLACE] == RAW ? 1 : root2 * root2);
    constants[ROOT] = 1 / root2;
    constants[OUTSIDE] = hyper[PLACE] == RAW ? hyper[EPSILON] / root2 : hyper[EPSILON];
    constants[STEP] = now->rate / c1;
    constants[LEFT] = hyper[DECAY] == DECAY_DECOUPLED ? 1 - now->rate * hyper[WEIGHT_DECAY] : 1;
}

const gradus_rule_row gradus_rule_laprop = {
    .member =
        {.name = "laprop",
         .summary = "adam that divides each gradient before it takes the mean",
         .formula = "v <- beta2 v + (1 - beta2) g^2; m <- beta1 m + (1 - beta1) g / (sqrt(v/(1 - beta2^k)) + epsilon); "
                    "x <- x - rate m/(1 - beta1^k)",
         .paper = "Ziyin, Wang and Ueda 2020",
         .arguments =
             (const gradus_argument[]){[BETA1] = RULE_BETA1,
                                       [BETA2] = RULE_BETA2,
                                       [EPSILON] = RULE_EPSILON("1e-15", .search = "loguniform(1e-16, 1e-8)"),
                                       [PLACE] = RULE_PLACE,
                                       [EPSILON_ROOT] = RULE_AMOUNT("epsilon_root", "0",
                                                                    "added under the root, to the same mean square",
                                                                    .also = "eps_root"),
                                       [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-4, 1)"),
                                       [DECAY] = RULE_DECAY("decoupled"),
                                       {0}},
         .like = (const gradus_like[]){{"timm", "laprop", "eps=epsilon", NULL},
                                       {"pytorch_optimizer", "LaProp", "eps=epsilon", "place=raw, epsilon_root=1e-15"},
                                       {0}},
         .notes =
             "The frameworks keep the rate inside the mean and correct for its start: the same while the rate stays "
             "as it is."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){RULE_MEANS(MEAN, SQUARE), {0}},
    .constants = "scale, coupled, rise1, rise2, inside, root, outside, step, left",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(laprop), .twin = laprop_double}},
    .usual = 0.003,
};

#else /* once for each instruction set */

static inline void ISA(laprop_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED];
    c->s[SQUARE] = c->s[SQUARE] + k[RISE2] * (g * g - c->s[SQUARE]);
    const lane below = root(c->s[SQUARE] + k[INSIDE]) * k[ROOT] + k[OUTSIDE];
    const lane n = choose(above(below, all(0)), g / below, all(0));
    c->s[MEAN] = c->s[MEAN] + k[RISE1] * (n - c->s[MEAN]);
    c->x = (c->x - k[STEP] * c->s[MEAN]) * k[LEFT];
}

static void ISA(laprop)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(SQUARE) };
    walk(ISA(laprop_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
