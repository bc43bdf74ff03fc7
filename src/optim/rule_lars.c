/* LARS: momentum whose gradients are scaled, tensor by tensor, to a share of the values' size, so that very large batches can be trained
 * with one rate for all layers (You, Gitman and Ginsburg, 2017).
 *
 *     r = trust |x| / (|g| + weight_decay |x| + epsilon) of each tensor, 1 where a norm is 0                 (below=parts)
 *     r = trust |x| / (|g + weight_decay x| + epsilon)                                                       (below=sum)
 *     clip: r <- min(r, rate) / rate                                                                         (LARC)
 *     heavy_ball   b <- momentum b + (1 - dampening) r (g + weight_decay x)     x <- x - rate b
 *     rate_inside  b <- momentum b + rate r (g + weight_decay x)                x <- x - b                   (Optax)
 *     nesterov: in place of b: momentum b + what the gradient adds to it */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { MOMENTUM, NESTEROV, DAMPENING, FORM, TRUST, EPSILON, WEIGHT_DECAY, BELOW, ADAPT, CLIP, MEAN_FIRST };
enum { HEAVY_BALL, RATE_INSIDE };
enum { PARTS, SUM };
enum { ALWAYS, DECAYED, MATRICES };
enum { SCALE, COUPLED, RATIO, KEEP, RISE, ALONG, ACROSS, CONSTANTS };
enum { BUFFER };
enum { SIZE, SLOPE, WHOLE };

#define RULE "rule_lars.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double rate = now->rate, momentum = hyper[MOMENTUM];
    const double inside = hyper[FORM] == RATE_INSIDE ? rate : 1, outside = hyper[FORM] == RATE_INSIDE ? 1 : rate;
    const bool whole = now->update == 1 && !hyper[MEAN_FIRST]; /* the first buffer is the gradient itself */
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[WEIGHT_DECAY];
    constants[RATIO] = 1;
    constants[KEEP] = momentum;
    constants[RISE] = inside * (whole ? 1 : 1 - hyper[DAMPENING]);
    constants[ALONG] = hyper[NESTEROV] ? outside * momentum : outside;
    constants[ACROSS] = hyper[NESTEROV] ? rate : 0;
}

/* The rank of a tensor is not known here: a bias is one row. */
static bool adapts(const double *hyper, const gradus_now *now)
{
    if (hyper[ADAPT] == DECAYED) return hyper[WEIGHT_DECAY] != 0;
    return hyper[ADAPT] == ALWAYS || now->rows > 1;
}

static void adapt(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                  double *constants)
{
    const double size = sqrt(sums[SIZE]), slope = sqrt(sums[SLOPE]), whole = sqrt(sums[WHOLE]);
    (void)memory;
    if (!adapts(hyper, now)) {
        if (hyper[ADAPT] == MATRICES) constants[COUPLED] = 0;
        return;
    }
    const double below = hyper[BELOW] == PARTS ? slope + hyper[WEIGHT_DECAY] * size : whole;
    double ratio = size > 0 && below > 0 ? hyper[TRUST] * size / (below + hyper[EPSILON]) : 1;
    if (hyper[CLIP]) ratio = now->rate > 0 ? fmin(ratio / now->rate, 1) : 1;
    constants[RATIO] = ratio;
}

static const char *check(const double *hyper)
{
    return hyper[NESTEROV] && hyper[MOMENTUM] == 0 ? "nesterov needs a momentum above 0" : NULL;
}

static double usual_rate(const double *hyper) { return hyper[CLIP] ? 0.1 : 10 * (1 - hyper[MOMENTUM]); }

const gradus_rule_row gradus_rule_lars = {
    .member = {.name = "lars",
               .summary = "momentum with gradients as long as a share of each tensor's values",
               .formula =
                   "b <- momentum b + trust |x| / (|g| + weight_decay |x|) (g + weight_decay x); x <- x - rate b",
               .paper = "You, Gitman and Ginsburg 2017",
               .also = "larc, nlars, nlarc",
               .arguments =
                   (const gradus_argument[]){
                       [MOMENTUM] = RULE_SHARE("momentum", "0.9", "part of the last movement that is kept",
                                               .search = "uniform(0.8, 0.99)"),
                       [NESTEROV] = RULE_NESTEROV("false"),
                       [DAMPENING] = {"dampening", GRADUS_NUMBER, .initial = "0", .low = 0, .high = 1,
                                      .help = "part of each gradient after the first that the momentum leaves out",
                                      .flags = GRADUS_NAMED | GRADUS_SCHEDULED},
                       [FORM] = {"form", GRADUS_WORD, .initial = "heavy_ball", .words = "heavy_ball|rate_inside",
                                 .help = "how the momentum is kept: a sum of directions, or of steps",
                                 .flags = GRADUS_NAMED},
                       [TRUST] =
                           RULE_AMOUNT("trust", "0.001", "share of the values' size that a gradient is made as long as",
                                       .search = "loguniform(1e-4, 1e-1)",
                                       .also = "trust_coefficient, trust_coeff, eta"),
                       [EPSILON] = RULE_AMOUNT("epsilon", "1e-8", "keeps the division finite", .also = "eps"),
                       [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-5, 1e-2)"),
                       [BELOW] = {"below", GRADUS_WORD, .initial = "parts", .words = "parts|sum",
                                  .help = "the norms of gradient and decay added up, or the norm of their sum",
                                  .flags = GRADUS_NAMED},
                       [ADAPT] =
                           {"adapt", GRADUS_WORD, .initial = "always", .words = "always|decayed|matrices",
                            .help = "which tensors have a length of their own: all, those that decay, or those of two "
                                    "dimensions and more, which alone decay then",
                            .flags = GRADUS_NAMED},
                       [CLIP] = RULE_FLAG("clip", "false", "never a longer step than without it (LARC)"),
                       [MEAN_FIRST] = {"mean_first", GRADUS_FLAG, .initial = "false",
                                       .help = "the first gradient is dampened too",
                                       .flags = GRADUS_NAMED | GRADUS_FOREIGN},
                       {0}},
               .like =
                   (const gradus_like[]){
                       {"timm", "lars",
                        "trust_coeff=trust, eps=epsilon, trust_clip=clip, always_adapt=adapt decayed|always",
                        "momentum=0, adapt=decayed"},
                       {"timm", "larc",
                        "trust_coeff=trust, eps=epsilon, trust_clip=clip, always_adapt=adapt decayed|always",
                        "momentum=0, adapt=decayed, clip=true"},
                       {"timm", "nlars",
                        "trust_coeff=trust, eps=epsilon, trust_clip=clip, always_adapt=adapt decayed|always",
                        "adapt=decayed, nesterov=true"},
                       {"optax", "lars", "trust_coefficient=trust, eps=epsilon",
                        "epsilon=0, below=sum, form=rate_inside"},
                       {"pytorch_optimizer", "LARS", "trust_coefficient=trust",
                        "epsilon=0, adapt=matrices, mean_first=true"},
                       {0}},
               .notes = "timm scales only what decays, so that without weight_decay it is plain momentum. Optax takes "
                        "the norm "
                        "of gradient and decay\n"
                        "together, and keeps the rate inside the momentum."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[BUFFER] = {.name = "momentum_buffer", .only_if = "momentum"}, {0}},
    .constants = "scale, coupled, ratio, keep, rise, along, across",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(norms), .twin = norms_double, .sums = 3, .conclude = adapt},
             {.kernel = EVERY_ISA(lars), .twin = lars_double}},
    .check = check,
    .usual_rate = usual_rate,
};

#else /* once for each instruction set */

static inline void ISA(norms_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE];
    c->sum[SIZE] = c->times[SIZE] = c->x;
    c->sum[SLOPE] = c->times[SLOPE] = g;
    c->sum[WHOLE] = c->times[WHOLE] = g + k[COUPLED] * c->x;
}

static void ISA(norms)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(norms_element), VALUES | GRADIENT, 0, CONSTANTS, 3, spans, how_many, k);
}

static inline void ISA(lars_element)(cell *c, const lane *k)
{
    const lane g = (c->g * k[SCALE] + c->x * k[COUPLED]) * k[RATIO];
    lane movement = k[ALONG] * g;
    if (c->has & SLOT(BUFFER)) {
        c->s[BUFFER] = k[KEEP] * c->s[BUFFER] + k[RISE] * g;
        movement = k[ALONG] * c->s[BUFFER] + k[ACROSS] * g;
    } else {
        movement = movement * k[RISE];
    }
    c->x = c->x - movement;
}

static void ISA(lars)(const span *spans, size_t how_many, const number *k)
{
    enum { PLAIN = VALUES | GRADIENT };
    if (spans->state[BUFFER])
        walk(ISA(lars_element), PLAIN | SLOT(BUFFER), VALUES | SLOT(BUFFER), CONSTANTS, 0, spans, how_many, k);
    else
        walk(ISA(lars_element), PLAIN, VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
