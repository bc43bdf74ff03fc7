/* Lion: steps of one size, along the sign of a mean of the gradients that leans towards the newest (Chen et al., 2023).
 *
 *     u = sign(beta1 m + (1 - beta1) g)
 *     cautious: u is 0 where it points along the gradient, and the rest larger by as much: u / max(share kept, 0.001)
 *                                                                                      (Liang et al., 2024)
 *     m <- beta2 m + (1 - beta2) g
 *     x <- x - rate (u + weight_decay x) */
#ifndef RULE
#include "arguments.h"
#include "cautious.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, WEIGHT_DECAY, CAUTIOUS };
enum { SCALE, LEAN, RISE, STEP, SHRINK, BOLD, GAIN, CONSTANTS };
enum { MEAN };

#define RULE "rule_lion.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[LEAN] = 1 - hyper[BETA1];
    constants[RISE] = 1 - hyper[BETA2];
    constants[STEP] = now->rate;
    constants[SHRINK] = now->rate * hyper[WEIGHT_DECAY];
    constants[BOLD] = hyper[CAUTIOUS] == 0;
    constants[GAIN] = 1;
}

static void weigh(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                  double *constants)
{
    (void)hyper, (void)memory;
    constants[GAIN] = gradus_cautious_gain(now, sums[0]);
}

const gradus_rule_row gradus_rule_lion = {
    .member =
        {.name = "lion",
         .summary = "steps of one size along the sign of a mean of the gradients",
         .formula = "x <- x - rate (sign(beta1 m + (1 - beta1) g) + weight_decay x); m <- beta2 m + (1 - beta2) g",
         .paper = "Chen et al. 2023",
         .also = "clion",
         .arguments =
             (const gradus_argument[]){
                 [BETA1] = RULE_SHARE("beta1", "0.9", "part of the mean in the direction; the rest is the gradient",
                                      .search = "uniform(0.8, 0.99)", .also = "beta_1, b1"),
                 [BETA2] = RULE_SHARE("beta2", "0.99", "part of the mean gradient that is kept",
                                      .search = "uniform(0.9, 0.999)", .also = "beta_2, b2"),
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-3, 10)"),
                 [CAUTIOUS] = GRADUS_CAUTIOUS_ARGUMENT,
                 {0}},
         .like = (const gradus_like[]){{"optax", "lion", "b1=beta1, b2=beta2", "weight_decay=1e-3"},
                                       {"keras", "Lion", "beta_1=beta1, beta_2=beta2", NULL},
                                       {"timm", "lion", "caution=cautious", NULL},
                                       {"timm", "clion", "caution=cautious", "cautious=true"},
                                       {"pytorch_optimizer", "Lion", NULL, NULL},
                                       {0}},
         .notes = "Every value moves by the rate: it takes a rate 3 to 10 times smaller than adamw, and as much more "
                  "decay."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[MEAN] = {.name = "exp_avg"}, {0}},
    .constants = "scale, lean, rise, step, shrink, bold, gain",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(agreement),
              .twin = agreement_double,
              .sums = 1,
              .only_if = "cautious",
              .conclude = weigh},
             {.kernel = EVERY_ISA(lion), .twin = lion_double, .reads_bytes = true}},
    .usual = 0.0003, /* a tenth of what suits adamw, with ten times its decay */
};

#else /* once for each instruction set */

static inline lane ISA(direction)(const cell *c, lane g, const lane *k)
{
    return sign(c->s[MEAN] + k[LEAN] * (g - c->s[MEAN]));
}

static inline void ISA(agreement_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE];
    c->sum[0] = choose(above(ISA(direction)(c, g, k) * sign(g), all(0)), all(1), all(0));
    c->times[0] = all(1);
}

static void ISA(agreement)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(agreement_element), GRADIENT | SLOT(MEAN), 0, CONSTANTS, 1, spans, how_many, k);
}

static inline void ISA(lion_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE];
    const lane u = ISA(direction)(c, g, k);
    const mask kept = either(above(u * sign(g), all(0)), above(k[BOLD], all(0)));
    c->s[MEAN] = c->s[MEAN] + k[RISE] * (g - c->s[MEAN]);
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * choose(kept, k[GAIN] * u, all(0)));
}

static void ISA(lion)(const span *spans, size_t how_many, const number *k)
{
    walk_stored(ISA(lion_element), VALUES | GRADIENT | SLOT(MEAN), VALUES | SLOT(MEAN), 0, CONSTANTS, spans, how_many,
                k);
}
#endif
