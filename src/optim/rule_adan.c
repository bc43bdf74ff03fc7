/* Adan: Nesterov's momentum written with the change of the gradient, which needs no gradient at a point ahead (Xie et al., 2022).
 *
 *     e = g - h;  h <- g                            h the last gradient; no change at first
 *     m <- beta1 m + (1 - beta1) g
 *     d <- beta2 d + (1 - beta2) e
 *     n <- beta3 n + (1 - beta3) (g + ahead e)^2    ahead = beta2, or 1 - beta2 (Optax, the paper's table)
 *     u = (m/c1 + ahead d/c2) / (sqrt(n/c3 + epsilon_root) + epsilon)
 *     proximal   x <- (x - rate u) / (1 + rate weight_decay)
 *     decoupled  x <- x - rate u - rate weight_decay x */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, BETA3, EPSILON, EPSILON_ROOT, AHEAD_BY, WEIGHT_DECAY, DECAY };
enum { BY_BETA2, BY_REST };
enum { PROXIMAL, DECOUPLED };
enum { SCALE, CHANGE, RISE1, RISE2, KEEP3, RISE3, FAR, INSIDE, ROOT, OUTSIDE, STEP, TURN, SHRINK, DIVIDE, CONSTANTS };
enum { MEAN, DIFFERENCE, SQUARE, LAST };

#define RULE "rule_adan.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double c1 = 1 - gradus_power(hyper[BETA1], now->update), c2 = 1 - gradus_power(hyper[BETA2], now->update);
    const double c3 = 1 - gradus_power(hyper[BETA3], now->update), pull = now->rate * hyper[WEIGHT_DECAY];
    const double ahead = hyper[AHEAD_BY] == BY_BETA2 ? hyper[BETA2] : 1 - hyper[BETA2];
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[CHANGE] = now->update > 1;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[KEEP3] = hyper[BETA3];
    constants[RISE3] = 1 - hyper[BETA3];
    constants[FAR] = ahead;
    constants[INSIDE] = hyper[EPSILON_ROOT] * c3;
    constants[ROOT] = 1 / sqrt(c3);
    constants[OUTSIDE] = hyper[EPSILON];
    constants[STEP] = now->rate / c1;
    constants[TURN] = now->rate * ahead / c2;
    constants[SHRINK] = hyper[DECAY] == DECOUPLED ? pull : 0;
    constants[DIVIDE] = hyper[DECAY] == PROXIMAL ? 1 / (1 + pull) : 1;
}

#define ADAN_NO_PROX "no_prox=decay proximal|decoupled"

const gradus_rule_row gradus_rule_adan = {
    .member = {.name = "adan",
               .summary = "adam that looks ahead along the change of the gradient",
               .formula =
                   "m, d, n: means of g, of its change e, of (g + beta2 e)^2; x <- (x - rate (m/c1 + beta2 d/c2) / "
                   "(sqrt(n/c3) + epsilon)) / (1 + rate weight_decay)",
               .paper = "Xie et al. 2022",
               .also = "adanw",
               .arguments =
                   (const gradus_argument[]){
                       [BETA1] = RULE_SHARE("beta1", "0.98", "part of the mean gradient that is kept",
                                            .search = "uniform(0.9, 0.99)", .also = "b1"),
                       [BETA2] = RULE_SHARE("beta2", "0.92", "part of its mean change that is kept",
                                            .search = "uniform(0.8, 0.99)", .also = "b2"),
                       [BETA3] = RULE_SHARE("beta3", "0.99", "part of the mean square that is kept",
                                            .search = "uniform(0.9, 0.999)", .also = "b3"),
                       [EPSILON] = RULE_EPSILON("1e-8"),
                       [EPSILON_ROOT] = RULE_AMOUNT("epsilon_root", "0", "added under the root", .also = "eps_root"),
                       [AHEAD_BY] = {"ahead", GRADUS_WORD, .initial = "beta2", .words = "beta2|rest",
                                     .help = "how far it looks along the change: beta2, or 1 - beta2",
                                     .flags = GRADUS_NAMED},
                       [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-4, 1)"),
                       [DECAY] = {"decay", GRADUS_WORD, .initial = "proximal", .words = "proximal|decoupled",
                                  .help = "by what is left after the step, or before it", .flags = GRADUS_NAMED},
                       {0}},
               .like =
                   (const gradus_like[]){
                       {"timm", "adan", "eps=epsilon, " ADAN_NO_PROX, NULL},
                       {"timm", "adanw", "eps=epsilon, " ADAN_NO_PROX, "decay=decoupled"},
                       {"optax", "adan", "b1=beta1, b2=beta2, b3=beta3, eps=epsilon, eps_root=epsilon_root",
                        "epsilon_root=1e-8, ahead=rest, decay=decoupled"},
                       {"pytorch_optimizer", "Adan", "eps=epsilon, weight_decouple=decay proximal|decoupled", NULL},
                       {0}},
               .notes = "The authors' code and timm look ahead by beta2 (0.92), Optax by 1 - beta2 (0.08)."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[MEAN] = {.name = "exp_avg"},
                                   [DIFFERENCE] = {.name = "exp_avg_diff"},
                                   [SQUARE] = {.name = "exp_avg_sq", .non_negative = true},
                                   [LAST] = {.name = "previous_gradient"},
                                   {0}},
    .constants = "scale, change, rise1, rise2, keep3, rise3, far, inside, root, outside, step, turn, shrink, divide",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(adan), .twin = adan_double}},
    .usual = 0.003,
};

#else /* once for each instruction set */

static inline void ISA(adan_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE], e = k[CHANGE] * (g - c->s[LAST]), ahead = g + k[FAR] * e;
    c->s[LAST] = g;
    c->s[MEAN] = c->s[MEAN] + k[RISE1] * (g - c->s[MEAN]);
    c->s[DIFFERENCE] = c->s[DIFFERENCE] + k[RISE2] * (e - c->s[DIFFERENCE]);
    c->s[SQUARE] = k[KEEP3] * c->s[SQUARE] + k[RISE3] * (ahead * ahead);
    const lane below = root(c->s[SQUARE] + k[INSIDE]) * k[ROOT] + k[OUTSIDE];
    const lane step = (k[STEP] * c->s[MEAN] + k[TURN] * c->s[DIFFERENCE]) / below;
    c->x = (c->x - (k[SHRINK] * c->x + step)) * k[DIVIDE];
}

static void ISA(adan)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(DIFFERENCE) | SLOT(SQUARE) | SLOT(LAST) };
    walk(ISA(adan_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
