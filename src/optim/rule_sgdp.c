/* SGDP: momentum without the part of a step along the values, where a weight has no length of its own because what follows normalizes it
 * (Heo et al., 2021).
 *
 *     b <- momentum b + (1 - dampening) g;  u = b, or momentum b + g (nesterov)
 *     |cos(g, x)| < delta / sqrt(size) for all outputs, or for the tensor:  u <- u - <u, x/|x|> x/|x|, a share of the decay
 *     x <- x - rate share weight_decay / (1 - momentum) x - rate u */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { MOMENTUM, NESTEROV, DAMPENING, DELTA, SHARE, EPSILON, WEIGHT_DECAY };
enum { KEEP, RISE, ALONG, ACROSS, STEP, SHRINK, CONSTANTS };
enum { BUFFER };

static int64_t scratch(const double *hyper, const gradus_shape *shape)
{
    (void)hyper;
    return shape->count;
}

#define RULE "rule_sgdp.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[KEEP] = hyper[MOMENTUM];
    constants[RISE] = 1 - hyper[DAMPENING];
    constants[ALONG] = hyper[NESTEROV] ? hyper[MOMENTUM] : 1;
    constants[ACROSS] = hyper[NESTEROV] != 0;
    constants[STEP] = now->rate;
    constants[SHRINK] = now->rate * hyper[WEIGHT_DECAY] / (1 - hyper[MOMENTUM]);
}

static double usual_rate(const double *hyper) { return 0.5 * (1 - hyper[MOMENTUM]); }

const gradus_rule_row gradus_rule_sgdp = {
    .member =
        {.name = "sgdp",
         .summary = "momentum without the part of a step that only makes normalized weights grow",
         .formula = "b <- momentum b + g; |cos(g, x)| < delta / sqrt(size): u = b - <b, x/|x|> x/|x|; x <- x - rate u",
         .paper = "Heo et al. 2021",
         .arguments =
             (const gradus_argument[]){
                 [MOMENTUM] = RULE_SHARE("momentum", "0.9", "part of the last movement that is kept",
                                         .search = "uniform(0.8, 0.99)"),
                 [NESTEROV] = RULE_NESTEROV("false"),
                 [DAMPENING] = {"dampening", GRADUS_NUMBER, .initial = "0", .low = 0, .high = 1,
                                .help = "part of each gradient that the momentum leaves out",
                                .flags = GRADUS_NAMED | GRADUS_SCHEDULED},
                 [DELTA] =
                     RULE_AMOUNT("delta", "0.1", "a cosine below delta / sqrt(size) is that of a normalized weight"),
                 [SHARE] =
                     RULE_AMOUNT("decay_share", "0.1", "of the decay that those weights have", .also = "wd_ratio"),
                 [EPSILON] = RULE_AMOUNT("epsilon", "1e-8", "no length counts as smaller", .also = "eps"),
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-6, 1e-2)"),
                 {0}},
         .like =
             (const gradus_like[]){{"timm", "sgdp", "eps=epsilon, wd_ratio=decay_share", "momentum=0, nesterov=true"},
                                   {"pytorch_optimizer", "SGDP", "eps=epsilon, wd_ratio=decay_share", "momentum=0"},
                                   {0}}},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[BUFFER] = {.name = "momentum_buffer"}, {0}},
    .constants = "keep, rise, along, across, step, shrink",
    .prepare = prepare,
    .update = EVERY_ISA(sgdp),
    .update_twin = sgdp_double,
    .scratch = scratch,
    .usual_rate = usual_rate,
};

#else /* once for each instruction set */
#include "project.h"

static void ISA(sgdp)(const work *w)
{
    const number *k = w->constants;
    number *u = w->scratch;
    for (int64_t i = 0; i < w->shape->count; i++) {
        number *b = &w->state[BUFFER][i];
        *b = k[KEEP] * *b + k[RISE] * w->gradient[i];
        u[i] = k[ALONG] * *b + k[ACROSS] * w->gradient[i];
    }
    const bool projected = ISA(project)(w, w->hyper[DELTA], w->hyper[EPSILON], u);
    const number shrink = projected ? k[SHRINK] * (number)w->hyper[SHARE] : k[SHRINK];
    for (int64_t i = 0; i < w->shape->count; i++)
        w->values[i] = w->values[i] - (shrink * w->values[i] + k[STEP] * u[i]);
}
#endif
