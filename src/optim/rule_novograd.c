/* NovoGrad: momentum of gradients that each tensor divides by the root of the mean square of its gradient's norm, one number a tensor in
 * place of Adam's one a value (Ginsburg et al., 2019).
 *
 *     v <- beta2 v + (1 - beta2) |g|^2 of each tensor, first v = |g|^2
 *     u = g / (sqrt(v + epsilon_root) + epsilon) + weight_decay x               the decay where it is coupled
 *     averaged: u <- (1 - beta1) u
 *     m <- beta1 m + u
 *     x <- x - rate m
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, EPSILON, EPSILON_ROOT, WEIGHT_DECAY, DECAY, AVERAGED };
enum { SCALE, OVER, PULL, KEEP, RISE, STEP, SHRINK, CONSTANTS };
enum { MEAN };
enum { SQUARE };

#define RULE "rule_novograd.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[OVER] = 0; /* `divide` makes it */
    constants[PULL] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[KEEP] = hyper[BETA1];
    constants[RISE] = hyper[AVERAGED] ? 1 - hyper[BETA1] : 1;
    constants[STEP] = now->rate;
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

static void divide(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                   double *constants)
{
    double *square = &now->own[SQUARE];
    (void)memory;
    *square = *square == 0 ? sums[0] : hyper[BETA2] * *square + (1 - hyper[BETA2]) * sums[0];
    const double below = sqrt(*square + hyper[EPSILON_ROOT]) + hyper[EPSILON];
    constants[OVER] = below > 0 ? constants[SCALE] / below : 0;
}

static double usual_rate(const double *hyper) { return hyper[AVERAGED] ? 0.03 : 0.03 * (1 - hyper[BETA1]); }

const gradus_rule_row gradus_rule_novograd = {
    .member = {.name = "novograd",
               .summary = "momentum of gradients divided by the mean size of their tensor's",
               .formula = "v <- beta2 v + (1 - beta2) |g|^2; m <- beta1 m + g / (sqrt(v) + epsilon) + weight_decay x; "
                          "x <- x - rate m",
               .paper = "Ginsburg et al. 2019",
               .also = "nvnovograd, novo_grad",
               .arguments =
                   (const gradus_argument[]){
                       [BETA1] = RULE_SHARE("beta1", "0.95", "part of the momentum that is kept",
                                            .search = "uniform(0.8, 0.99)", .also = "beta_1, b1"),
                       [BETA2] = RULE_SHARE("beta2", "0.98", "part of the mean squared norm that is kept",
                                            .search = "uniform(0.2, 0.99)", .also = "beta_2, b2"),
                       [EPSILON] = RULE_EPSILON("1e-8"),
                       [EPSILON_ROOT] = RULE_AMOUNT("epsilon_root", "0", "added under the root", .also = "eps_root"),
                       [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-5, 1e-2)"),
                       [DECAY] = RULE_DECAY("coupled"),
                       [AVERAGED] = RULE_FLAG("averaged", "false", "the momentum is a mean in place of a sum"),
                       {0}},
               .like =
                   (const gradus_like[]){
                       {"optax", "novograd", "b1=beta1, b2=beta2, eps=epsilon, eps_root=epsilon_root",
                        "beta1=0.9, beta2=0.25, epsilon=1e-6"},
                       {"timm", "novograd",
                        "eps=epsilon, grad_averaging=averaged, decoupled_decay=decay coupled|decoupled", NULL},
                       {"pytorch_optimizer", "NovoGrad", "eps=epsilon, grad_averaging=averaged", NULL},
                       {0}}},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[MEAN] = {.name = "exp_avg"}, {0}},
    .constants = "scale, over, pull, keep, rise, step, shrink",
    .own = "exp_avg_sq",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(measure), .twin = measure_double, .sums = 1, .conclude = divide},
             {.kernel = EVERY_ISA(novograd), .twin = novograd_double}},
    .usual_rate = usual_rate,
};

#else /* once for each instruction set */

static inline void ISA(measure_element)(cell *c, const lane *k) { c->sum[0] = c->times[0] = c->g * k[SCALE]; }

static void ISA(measure)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(measure_element), GRADIENT, 0, CONSTANTS, 1, spans, how_many, k);
}

static inline void ISA(novograd_element)(cell *c, const lane *k)
{
    c->s[MEAN] = k[KEEP] * c->s[MEAN] + k[RISE] * (c->g * k[OVER] + k[PULL] * c->x);
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * c->s[MEAN]);
}

static void ISA(novograd)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(novograd_element), VALUES | GRADIENT | SLOT(MEAN), VALUES | SLOT(MEAN), CONSTANTS, 0, spans, how_many, k);
}
#endif
