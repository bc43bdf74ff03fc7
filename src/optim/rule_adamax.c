/* Adamax: Adam with the largest gradient of late in the place of the root of the mean square (Kingma and Ba, 2015, section 7).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     m <- beta1 m + (1 - beta1) g
 *     u <- max(beta2 u, |g| + epsilon)              or max(beta2 u, |g|), and u + epsilon below, where epsilon is outside
 *     x <- x - rate (weight_decay x + m / (1 - beta1^k) / u)     the decay where it is decoupled */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, EPSILON, PLACE, WEIGHT_DECAY, DECAY };
enum { WITHIN, OUTSIDE_MAXIMUM };
enum { SCALE, COUPLED, RISE1, KEEP2, INSIDE, OUTSIDE, STEP, SHRINK, CONSTANTS };
enum { MEAN, LARGEST };

#define RULE "rule_adamax.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[KEEP2] = hyper[BETA2];
    constants[INSIDE] = hyper[PLACE] == WITHIN ? hyper[EPSILON] : 0;
    constants[OUTSIDE] = hyper[PLACE] == WITHIN ? 0 : hyper[EPSILON];
    constants[STEP] = now->rate / (1 - gradus_power(hyper[BETA1], now->update));
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

const gradus_rule_row gradus_rule_adamax = {
    .member = {.name = "adamax",
               .summary = "adam that divides by the largest gradient of late",
               .formula = "u <- max(beta2 u, |g| + epsilon); x <- x - rate m/(1 - beta1^k) / u",
               .paper = "Kingma and Ba 2015",
               .also = "ada_max, adamaxw",
               .arguments =
                   (const gradus_argument[]){
                       [BETA1] = RULE_BETA1,
                       [BETA2] = RULE_SHARE("beta2", "0.999", "part of the largest gradient that is kept",
                                            .search = "uniform(0.9, 0.9999)", .also = "beta_2, b2"),
                       [EPSILON] = RULE_AMOUNT("epsilon", "1e-8", "keeps the division finite",
                                               .search = "loguniform(1e-10, 1e-4)", .also = "eps"),
                       [PLACE] = {"place", GRADUS_WORD, .initial = "within", .words = "within|outside",
                                  .help = "epsilon is added to each gradient, or to the largest",
                                  .flags = GRADUS_NAMED},
                       [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-5, 1e-1)"),
                       [DECAY] = RULE_DECAY("coupled"),
                       {0}},
               .like = (const gradus_like[]){{"torch", "Adamax", "eps=epsilon", NULL},
                                             {"keras", "Adamax", "beta_1=beta1, beta_2=beta2",
                                              "epsilon=1e-7, place=outside, decay=decoupled"},
                                             {"optax", "adamax", "b1=beta1, b2=beta2, eps=epsilon", NULL},
                                             {"optax", "adamaxw", "b1=beta1, b2=beta2, eps=epsilon",
                                              "weight_decay=1e-4, decay=decoupled"},
                                             {"timm", "adamax", "eps=epsilon", NULL},
                                             {0}},
               .notes = "A single large gradient makes steps small for about 1 / (1 - beta2) updates."},
    .abi = GRADUS_ABI,
    .slots =
        (const gradus_slot[]){[MEAN] = {.name = "exp_avg"}, [LARGEST] = {.name = "exp_inf", .non_negative = true}, {0}},
    .constants = "scale, coupled, rise1, keep2, inside, outside, step, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(adamax), .twin = adamax_double}},
    .usual = 0.003,
};

#else /* once for each instruction set */

static inline void ISA(adamax_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED];
    c->s[MEAN] = c->s[MEAN] + k[RISE1] * (g - c->s[MEAN]);
    c->s[LARGEST] = larger(k[KEEP2] * c->s[LARGEST], absolute(g) + k[INSIDE]);
    const lane below = c->s[LARGEST] + k[OUTSIDE];
    const lane d = choose(above(below, all(0)), c->s[MEAN] / below, all(0));
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * d);
}

static void ISA(adamax)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(LARGEST) };
    walk(ISA(adamax_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
