/* ADOPT: Adam that divides a gradient by what was known before it, and before its mean is taken: it converges with any beta2 (Taniguchi
 * et al., 2024).
 *
 *     first update: v = g g, and nothing else
 *     g <- g + weight_decay x                       where decay is coupled
 *     n = g / max(sqrt(v), epsilon), within -+ (k - 1)^clip
 *     m <- beta1 m + (1 - beta1) n
 *     x <- x - rate (m + weight_decay x)            the decay where it is decoupled
 *     v <- beta2 v + (1 - beta2) g g */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, EPSILON, CLIP, WEIGHT_DECAY, DECAY, LATER };
enum { SCALE, COUPLED, RISE1, KEEP2, RISE2, FLOOR, LEAST, MOST, STEP, SHRINK, CONSTANTS };
enum { MEAN, SQUARE };

#define RULE "rule_adopt.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const bool first = now->update == 1;
    const double seen = (double)(now->update - 1) + hyper[LATER];
    const double most = hyper[CLIP] > 0 ? pow(seen, hyper[CLIP]) : 1e30;
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[RISE1] = first ? 0 : 1 - hyper[BETA1];
    constants[KEEP2] = first ? 0 : hyper[BETA2];
    constants[RISE2] = first ? 1 : 1 - hyper[BETA2];
    constants[FLOOR] = fmax(hyper[EPSILON], 1e-30);
    constants[LEAST] = -most;
    constants[MOST] = most;
    constants[STEP] = first ? 0 : now->rate;
    constants[SHRINK] =
        hyper[DECAY] == DECAY_DECOUPLED && (!first || hyper[LATER]) ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

const gradus_rule_row gradus_rule_adopt = {
    .member =
        {.name = "adopt",
         .summary = "adam that divides each gradient by what was known before it",
         .formula = "m <- beta1 m + (1 - beta1) clip(g / max(sqrt(v), epsilon)); x <- x - rate m; v <- beta2 v + (1 - "
                    "beta2) g^2",
         .paper = "Taniguchi et al. 2024",
         .also = "adoptw",
         .arguments =
             (const gradus_argument[]){
                 [BETA1] = RULE_BETA1,
                 [BETA2] = RULE_SHARE("beta2", "0.9999", "part of the mean square that is kept",
                                      .search = "uniform(0.99, 0.9999)", .also = "beta_2, b2"),
                 [EPSILON] = RULE_AMOUNT("epsilon", "1e-6", "no root counts as smaller", .also = "eps"),
                 [CLIP] = RULE_AMOUNT("clip", "0.25", "update k allows (k - 1)^clip of a divided gradient; 0: any",
                                      .also = "clip_exp"),
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-4, 1)"),
                 [DECAY] = RULE_DECAY("decoupled"),
                 [LATER] = {"later", GRADUS_FLAG, .initial = "false",
                            .help = "the bound is k^clip, and the first update decays",
                            .flags = GRADUS_NAMED | GRADUS_FOREIGN},
                 {0}},
         .like =
             (const gradus_like[]){
                 {"timm", "adopt", "eps=epsilon, clip_exp=clip, decoupled=decay coupled|decoupled",
                  "clip=0.333, decay=coupled"},
                 {"timm", "adoptw", "eps=epsilon, clip_exp=clip, decoupled=decay coupled|decoupled", "clip=0.333"},
                 {"optax", "contrib.adopt", "b1=beta1, b2=beta2, eps=epsilon", NULL},
                 {"pytorch_optimizer", "ADOPT", "eps=epsilon, weight_decouple=decay coupled|decoupled",
                  "decay=coupled, later=true"},
                 {0}},
         .notes = "The first update moves nothing: it only learns how large gradients are."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){RULE_MEANS(MEAN, SQUARE), {0}},
    .constants = "scale, coupled, rise1, keep2, rise2, floor, least, most, step, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(adopt), .twin = adopt_double}},
    .usual = 0.003,
};

#else /* once for each instruction set */

static inline void ISA(adopt_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED];
    const lane n = smaller(larger(g / larger(root(c->s[SQUARE]), k[FLOOR]), k[LEAST]), k[MOST]);
    const mask learns = above(k[RISE1], all(0)); /* in the first update n may be beyond all measure */
    c->s[MEAN] = choose(learns, c->s[MEAN] + k[RISE1] * (n - c->s[MEAN]), c->s[MEAN]);
    c->s[SQUARE] = k[KEEP2] * c->s[SQUARE] + k[RISE2] * (g * g);
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * c->s[MEAN]);
}

static void ISA(adopt)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(SQUARE) };
    walk(ISA(adopt_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
