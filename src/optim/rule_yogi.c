/* Yogi: Adam whose mean square grows and shrinks by steps of the gradient's square, so that it cannot fall at a blow (Zaheer et al.,
 * 2018).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     m <- beta1 m + (1 - beta1) g                  m = v = 1e-6 at first
 *     v <- v - (1 - beta2) sign(v - g g) g g
 *     x <- x - rate (weight_decay x + m/c1 / (sqrt(v/c2 + epsilon_root) + epsilon))       the decay where it is decoupled */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, EPSILON, EPSILON_ROOT, WEIGHT_DECAY, DECAY };
enum { SCALE, COUPLED, RISE1, RISE2, INSIDE, ROOT, OUTSIDE, STEP, SHRINK, CONSTANTS };
enum { MEAN, SQUARE };

#define RULE "rule_yogi.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double c2 = 1 - gradus_power(hyper[BETA2], now->update);
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[INSIDE] = hyper[EPSILON_ROOT] * c2;
    constants[ROOT] = 1 / sqrt(c2);
    constants[OUTSIDE] = hyper[EPSILON];
    constants[STEP] = now->rate / (1 - gradus_power(hyper[BETA1], now->update));
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

const gradus_rule_row gradus_rule_yogi = {
    .member = {.name = "yogi",
               .summary = "adam whose mean square changes by steps, not at a blow",
               .formula =
                   "v <- v - (1 - beta2) sign(v - g^2) g^2; x <- x - rate m/(1 - beta1^k) / (sqrt(v/(1 - beta2^k)) + "
                   "epsilon)",
               .paper = "Zaheer et al. 2018",
               .arguments =
                   (const gradus_argument[]){[BETA1] = RULE_BETA1,
                                             [BETA2] = RULE_BETA2,
                                             [EPSILON] = RULE_AMOUNT("epsilon", "1e-3", "bounds the steps from above",
                                                                     .search = "loguniform(1e-4, 1e-2)", .also = "eps"),
                                             [EPSILON_ROOT] = RULE_AMOUNT("epsilon_root", "0", "added under the root"),
                                             [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-4, 1)"),
                                             [DECAY] = RULE_DECAY("decoupled"),
                                             {0}},
               .like = (const gradus_like[]){{"optax", "yogi", "b1=beta1, b2=beta2, eps=epsilon", NULL},
                                             {"pytorch_optimizer", "Yogi", "eps=epsilon", NULL},
                                             {0}}},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[MEAN] = {.name = "exp_avg", .initial = 1e-6},
                                   [SQUARE] = {.name = "exp_avg_sq", .non_negative = true, .initial = 1e-6},
                                   {0}},
    .constants = "scale, coupled, rise1, rise2, inside, root, outside, step, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(yogi), .twin = yogi_double}},
    .usual = 0.01,
};

#else /* once for each instruction set */

static inline void ISA(yogi_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED], square = g * g;
    c->s[MEAN] = c->s[MEAN] + k[RISE1] * (g - c->s[MEAN]);
    c->s[SQUARE] = larger(c->s[SQUARE] - k[RISE2] * (sign(c->s[SQUARE] - square) * square), all(0));
    const lane below = root(c->s[SQUARE] + k[INSIDE]) * k[ROOT] + k[OUTSIDE];
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * c->s[MEAN] / below);
}

static void ISA(yogi)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(SQUARE) };
    walk(ISA(yogi_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
