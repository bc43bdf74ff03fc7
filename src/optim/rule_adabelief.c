/* AdaBelief: Adam that divides by how far a gradient is from what its mean foretold, so that steps are long where gradients are as
 * expected (Zhuang et al., 2020).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     m <- beta1 m + (1 - beta1) g
 *     s <- beta2 s + (1 - beta2) (g - m)^2 + floor                                   floor adds up: floor / (1 - beta2) in the end
 *     x <- x - rate m/c1 / (sqrt(s/c2) + epsilon)
 *     rectify: x <- x - rate r m / (sqrt(s) + epsilon) with radam's r, or x - rate m as long as s is worth little
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, EPSILON, FLOOR, RECTIFY, WEIGHT_DECAY, DECAY, TIMM };
enum { SCALE, COUPLED, RISE1, KEEP2, RISE2, ADDED, ROOT, OUTSIDE, STEP, SHRINK, CONSTANTS };
enum { MEAN, SURPRISE };

#define RULE "rule_adabelief.c"
#include "every_isa.h"

/* What the mean square is worth, and what that makes of the step (Liu et al., 2020, "On the variance of the adaptive learning rate"). */
static void rectify(const double *hyper, const gradus_now *now, double c1, double c2, double *constants)
{
    const double most = 2 / (1 - hyper[BETA2]) - 1, k = (double)now->update;
    const double worth = most - 2 * k * (1 - c2) / c2;
    const bool known = worth >= 5;
    double r = known ? sqrt(c2 * (worth - 4) / (most - 4) * (worth - 2) / worth * most / (most - 2)) : 1;
    if (hyper[TIMM]) r /= c1;
    constants[STEP] = now->rate * r;
    constants[ROOT] = known;
    if (!known) constants[OUTSIDE] = 1; /* divides by 1 */
}

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double c1 = 1 - gradus_power(hyper[BETA1], now->update), c2 = 1 - gradus_power(hyper[BETA2], now->update);
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[KEEP2] = hyper[BETA2];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[ADDED] = hyper[FLOOR];
    constants[ROOT] = 1 / sqrt(c2);
    constants[OUTSIDE] = hyper[EPSILON];
    constants[STEP] = now->rate / c1;
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
    if (hyper[RECTIFY]) rectify(hyper, now, c1, c2, constants);
}

const gradus_rule_row gradus_rule_adabelief = {
    .member =
        {.name = "adabelief",
         .summary = "adam that divides by how far gradients are from their mean",
         .formula =
             "s <- beta2 s + (1 - beta2) (g - m)^2 + floor; x <- x - rate m/(1 - beta1^k) / (sqrt(s/(1 - beta2^k)) + "
             "epsilon)",
         .paper = "Zhuang et al. 2020",
         .also = "radabelief, ada_belief",
         .arguments =
             (const gradus_argument[]){
                 [BETA1] = RULE_BETA1,
                 [BETA2] = RULE_BETA2,
                 [EPSILON] = RULE_EPSILON("1e-16", .search = "loguniform(1e-16, 1e-8)"),
                 [FLOOR] = RULE_AMOUNT("floor", "1e-16", "added to the mean square at each update", .also = "eps_root"),
                 [RECTIFY] = RULE_FLAG("rectify", "false", "waits with the division as radam does"),
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-4, 1)"),
                 [DECAY] = RULE_DECAY("decoupled"),
                 [TIMM] = {"corrected", GRADUS_FLAG, .initial = "false",
                           .help = "with rectify: the mean is made up for its start",
                           .flags = GRADUS_NAMED | GRADUS_FOREIGN},
                 {0}},
         .like = (const gradus_like[]){{"optax", "adabelief", "b1=beta1, b2=beta2, eps=epsilon, eps_root=floor", NULL},
                                       {"timm", "adabelief", "eps=epsilon, decoupled_decay=decay coupled|decoupled",
                                        "corrected=true"},
                                       {"timm", "radabelief", "eps=epsilon, decoupled_decay=decay coupled|decoupled",
                                        "rectify=true, corrected=true"},
                                       {"pytorch_optimizer", "AdaBelief", "eps=epsilon", NULL},
                                       {0}},
         .notes =
             "The floor is what the frameworks call epsilon a second time: it stands inside the mean square and adds "
             "up there."},
    .abi = GRADUS_ABI,
    .slots =
        (const gradus_slot[]){
            [MEAN] = {.name = "exp_avg"}, [SURPRISE] = {.name = "exp_avg_var", .non_negative = true}, {0}},
    .constants = "scale, coupled, rise1, keep2, rise2, added, root, outside, step, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(adabelief), .twin = adabelief_double}},
    .usual = 0.001,
};

#else /* once for each instruction set */

static inline void ISA(adabelief_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED];
    c->s[MEAN] = c->s[MEAN] + k[RISE1] * (g - c->s[MEAN]);
    const lane surprise = g - c->s[MEAN];
    c->s[SURPRISE] = k[KEEP2] * c->s[SURPRISE] + k[RISE2] * (surprise * surprise) + k[ADDED];
    const lane below = root(c->s[SURPRISE]) * k[ROOT] + k[OUTSIDE];
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * choose(above(below, all(0)), c->s[MEAN] / below, all(0)));
}

static void ISA(adabelief)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(SURPRISE) };
    walk(ISA(adabelief_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
