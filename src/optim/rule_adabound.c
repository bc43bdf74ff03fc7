/* AdaBound: Adam whose rate of each value is held between two bounds that close on one rate, so that it ends as gradient descent with
 * momentum (Luo et al., 2019).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     m, v as in adam;  e = rate sqrt(c2) / c1 / (sqrt(v) + epsilon)
 *     f = final rate;  e <- e within f (1 - 1 / (gamma k + 1)) and f (1 + 1 / (gamma k))
 *     x <- x - e m
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, EPSILON, FINAL, GAMMA, WEIGHT_DECAY, DECAY, FINAL_RATE, EPSILON_ROOT };
enum { SCALE, COUPLED, RISE1, KEEP2, RISE2, INSIDE, OUTSIDE, STEP, LEAST, MOST, SHRINK, CONSTANTS };
enum { MEAN, SQUARE };

#define RULE "rule_adabound.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double c1 = 1 - gradus_power(hyper[BETA1], now->update), c2 = 1 - gradus_power(hyper[BETA2], now->update);
    const double final = hyper[FINAL_RATE] > 0 ? hyper[FINAL_RATE] : hyper[FINAL] * now->rate;
    const double near = hyper[GAMMA] * (double)now->update;
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[KEEP2] = hyper[BETA2];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[INSIDE] = hyper[EPSILON_ROOT];
    constants[OUTSIDE] = hyper[EPSILON];
    constants[STEP] = now->rate * sqrt(c2) / c1;
    constants[LEAST] = final * (1 - 1 / (near + 1));
    constants[MOST] = near > 0 ? final * (1 + 1 / near) : 1e30;
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

const gradus_rule_row gradus_rule_adabound = {
    .member =
        {.name = "adabound",
         .summary = "adam whose rates are held within bounds that close on one rate",
         .formula = "e = rate sqrt(1 - beta2^k) / (1 - beta1^k) / sqrt(v), within final rate (1 -+ 1 / (gamma k)); x "
                    "<- x - e m",
         .paper = "Luo et al. 2019",
         .also = "ada_bound",
         .arguments =
             (const gradus_argument[]){
                 [BETA1] = RULE_BETA1,
                 [BETA2] = RULE_BETA2,
                 [EPSILON] = RULE_EPSILON("1e-8"),
                 [FINAL] = RULE_AMOUNT("final", "100", "the last rate of each value, as a multiple of the rate",
                                       .search = "loguniform(10, 1000)"),
                 [GAMMA] = RULE_AMOUNT("gamma", "0.001", "how fast the bounds close: halfway after 1 / gamma updates",
                                       .search = "loguniform(1e-4, 1e-2)"),
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-4, 1)"),
                 [DECAY] = RULE_DECAY("decoupled"),
                 [FINAL_RATE] = {"final_rate", GRADUS_NUMBER, .initial = "0", .low = 0, .high = INFINITY,
                                 .help = "the last rate itself, which no schedule moves",
                                 .flags = GRADUS_NAMED | GRADUS_FOREIGN},
                 [EPSILON_ROOT] = {"epsilon_root", GRADUS_NUMBER, .initial = "0", .low = 0, .high = INFINITY,
                                   .help = "added under the root", .flags = GRADUS_NAMED | GRADUS_FOREIGN},
                 {0}},
         .like = (const gradus_like[]){{"pytorch_optimizer", "AdaBound", "eps=epsilon, final_lr=final_rate",
                                        "final_rate=0.1, epsilon_root=1e-15"},
                                       {0}},
         .notes =
             "The last rate follows the schedule here; elsewhere it is a number of its own (0.1), to which the rate of "
             "0.001 stands as\n"
             "1 to 100."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){RULE_MEANS(MEAN, SQUARE), {0}},
    .constants = "scale, coupled, rise1, keep2, rise2, inside, outside, step, least, most, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(adabound), .twin = adabound_double}},
    .usual = 0.001,
};

#else /* once for each instruction set */

static inline void ISA(adabound_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED];
    c->s[MEAN] = c->s[MEAN] + k[RISE1] * (g - c->s[MEAN]);
    c->s[SQUARE] = k[KEEP2] * c->s[SQUARE] + k[RISE2] * (g * g);
    const lane e = smaller(larger(k[STEP] / (root(c->s[SQUARE] + k[INSIDE]) + k[OUTSIDE]), k[LEAST]), k[MOST]);
    c->x = c->x - (k[SHRINK] * c->x + e * c->s[MEAN]);
}

static void ISA(adabound)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(SQUARE) };
    walk(ISA(adabound_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
