/* AdEMAMix: Adam with a second, much slower mean beside the first, so that old gradients are still of use (Pagliardini, Ablin and
 * Grangier, 2024).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     m, v as in adam;  l <- b l + (1 - b) g
 *     x <- x - rate (m/c1 + a l) / (sqrt(v/c2 + epsilon_root) + epsilon)
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step
 *
 * a = alpha and b = beta3, or, while warmup lasts, with t the share of it that is over: a = alpha t, and b such that the time in which a
 * gradient is half forgotten grows evenly: ln b = ln beta1 ln beta3 / ((1 - t) ln beta3 + t ln beta1). */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, BETA3, ALPHA, WARMUP, EPSILON, EPSILON_ROOT, WEIGHT_DECAY, DECAY };
enum { SCALE, COUPLED, RISE1, KEEP2, RISE2, RISE3, INSIDE, ROOT, OUTSIDE, STEP, LONG, SHRINK, CONSTANTS };
enum { MEAN, SQUARE, SLOW };

#define RULE "rule_ademamix.c"
#include "every_isa.h"

static double slow_beta(const double *hyper, double over)
{
    const double short_log = log(hyper[BETA1]), long_log = log(hyper[BETA3]);
    if (over >= 1 || hyper[BETA1] <= 0 || hyper[BETA3] <= hyper[BETA1]) return hyper[BETA3];
    return fmin(exp(short_log * long_log / ((1 - over) * long_log + over * short_log)), hyper[BETA3]);
}

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double c1 = 1 - gradus_power(hyper[BETA1], now->update), c2 = 1 - gradus_power(hyper[BETA2], now->update);
    const double over = hyper[WARMUP] > 0 ? fmin((double)now->update / hyper[WARMUP], 1) : 1;
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[KEEP2] = hyper[BETA2];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[RISE3] = 1 - slow_beta(hyper, over);
    constants[INSIDE] = hyper[EPSILON_ROOT] * c2;
    constants[ROOT] = 1 / sqrt(c2);
    constants[OUTSIDE] = hyper[EPSILON];
    constants[STEP] = now->rate / c1;
    constants[LONG] = now->rate * hyper[ALPHA] * over;
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

const gradus_rule_row gradus_rule_ademamix = {
    .member =
        {.name = "ademamix",
         .summary = "adam with a second, much slower mean beside the first",
         .formula = "l <- beta3 l + (1 - beta3) g; x <- x - rate (m/(1 - beta1^k) + alpha l) / (sqrt(v/(1 - beta2^k)) "
                    "+ epsilon)",
         .paper = "Pagliardini, Ablin and Grangier 2024",
         .arguments =
             (const gradus_argument[]){
                 [BETA1] = RULE_BETA1,
                 [BETA2] = RULE_BETA2,
                 [BETA3] = RULE_SHARE("beta3", "0.9999", "part of the slow mean that is kept",
                                      .search = "uniform(0.999, 0.9999)", .also = "b3"),
                 [ALPHA] = RULE_AMOUNT("alpha", "5", "weight of the slow mean", .search = "uniform(2, 10)"),
                 [WARMUP] = {"warmup", GRADUS_LENGTH, .initial = "0", .low = 0, .high = INFINITY,
                             .help = "how long the slow mean and its weight take to come to their full values",
                             .flags = GRADUS_NAMED, .also = "t_alpha_beta3"},
                 [EPSILON] = RULE_EPSILON("1e-8"),
                 [EPSILON_ROOT] = RULE_AMOUNT("epsilon_root", "0", "added under the root", .also = "eps_root"),
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-4, 1)"),
                 [DECAY] =
                     RULE_DECAY("decoupled"),
                 {0}},
         .like =
             (const gradus_like[]){
                 {"optax", "contrib.ademamix", "b1=beta1, b2=beta2, b3=beta3, eps=epsilon, eps_root=epsilon_root",
                  NULL},
                 {"pytorch_optimizer", "AdEMAMix",
                  "eps=epsilon, t_alpha_beta3=warmup, weight_decouple=decay coupled|decoupled", "decay=coupled"},
                 {0}},
         .notes =
             "The slow mean needs thousands of updates to be of use: in short runs take a smaller beta3, and warmup as "
             "long as the run."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){RULE_MEANS(MEAN, SQUARE), [SLOW] = {.name = "exp_avg_slow"}, {0}},
    .constants = "scale, coupled, rise1, keep2, rise2, rise3, inside, root, outside, step, long, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(ademamix), .twin = ademamix_double}},
    .usual = 0.001,
};

#else /* once for each instruction set */

static inline void ISA(ademamix_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED];
    c->s[MEAN] = c->s[MEAN] + k[RISE1] * (g - c->s[MEAN]);
    c->s[SQUARE] = k[KEEP2] * c->s[SQUARE] + k[RISE2] * (g * g);
    c->s[SLOW] = c->s[SLOW] + k[RISE3] * (g - c->s[SLOW]);
    const lane below = root(c->s[SQUARE] + k[INSIDE]) * k[ROOT] + k[OUTSIDE];
    c->x = c->x - (k[SHRINK] * c->x + (k[STEP] * c->s[MEAN] + k[LONG] * c->s[SLOW]) / below);
}

static void ISA(ademamix)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(SQUARE) | SLOT(SLOW) };
    walk(ISA(ademamix_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
