/* Polyak's step: as long as would bring a loss that is a line down to its lower bound, and never longer than a limit
 * (Polyak, 1987; Loizou, Vaswani, Laradji and Lacoste-Julien, 2021). The feedback polyak sets the rate of any rule so.
 *
 *     t = min((loss - lower_bound) / (|g|^2 + epsilon), cap)         g of all tensors together
 *     x <- x - rate t g
 *     sps+ in place of sps: no step where the loss is below the bound    (Garrigos, Gower and Schaipp, 2023) */
#ifndef RULE
#include "distance.h"
#include "kernel.h"
#include "rules.h"

enum { CAP, LOWER_BOUND, EPSILON, VARIANT };
enum { SPS_PLUS, SPS };
enum { STEP }; /* what is kept: t */

#define RULE "rule_polyak_sgd.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)hyper, (void)memory;
    gradus_distance_prepare(now, 0, constants);
}

static void learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    const double under = sums[0] + hyper[EPSILON], gap = now->loss - hyper[LOWER_BOUND];
    const double step = fmin((hyper[VARIANT] == SPS_PLUS ? fmax(gap, 0) : gap) / under, hyper[CAP]);
    memory[STEP] = under <= 2.220446049250313e-16 ? 0 : step;
}

static double effective_rate(const double *hyper, const gradus_now *now, const double *memory)
{
    (void)hyper;
    return now->rate * memory[STEP];
}

static void conclude(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                     double *constants)
{
    (void)sums;
    constants[DISTANCE_STEP] = effective_rate(hyper, now, memory);
}

const gradus_rule_row gradus_rule_polyak_sgd = {
    .member =
        {.name = "polyak_sgd",
         .summary = "steps as long as the loss and the gradient say, and no longer than a limit",
         .formula = "t = min((loss - lower_bound) / (|g|^2 + epsilon), cap); x <- x - rate t g",
         .paper = "Polyak 1987; Loizou, Vaswani, Laradji and Lacoste-Julien 2021; Garrigos, Gower and Schaipp 2023",
         .also = "sps, polyak_step, stochastic_polyak",
         .arguments =
             (const gradus_argument[]){[CAP] = RULE_AMOUNT("cap", "1", "longest step", .search = "loguniform(1e-2, 10)",
                                                           .also = "max_lr, gamma_max"),
                                       [LOWER_BOUND] = {"lower_bound", GRADUS_NUMBER, .initial = "0",
                                                        .help = "what the loss cannot fall below",
                                                        .flags = GRADUS_NAMED | GRADUS_SCHEDULED, .also = "lb, f_star"},
                                       [EPSILON] =
                                           RULE_AMOUNT("epsilon", "0", "keeps the division finite", .also = "eps"),
                                       [VARIANT] = {"variant", GRADUS_WORD, .initial = "sps+", .words = "sps+|sps",
                                                    .help = "where the loss is below its bound: no step, or one uphill",
                                                    .flags = GRADUS_NAMED},
                                       {0}},
         .like =
             (const gradus_like[]){
                 {"optax", "polyak_sgd", "max_learning_rate=cap, f_min=lower_bound, eps=epsilon", "variant=sps"}, {0}},
         .notes =
             "It must be told the loss of each batch. The rate is a factor of what the rule finds: 1, or a schedule "
             "that falls;\n"
             "Optax calls it scaling. feedback=polyak does the same for the rate of any other rule, and momo with a "
             "mean of gradients.\n"
             "Optax steps uphill where the loss is below its bound (variant=sps)."},
    .abi = GRADUS_ABI,
    .constants = DISTANCE_CONSTANT_NAMES,
    .memory = "step",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(slope),
              .twin = slope_double,
              .sums = 1,
              .over_all = true,
              .learn = learn,
              .conclude = conclude},
             {.kernel = EVERY_ISA(gradus_distance_step), .twin = gradus_distance_step_double}},
    .effective_rate = effective_rate,
    .usual = 1,
};

#else /* once for each instruction set */

static inline void ISA(slope_element)(cell *c, const lane *k) { c->sum[0] = c->times[0] = c->g * k[DISTANCE_SCALE]; }

static void ISA(slope)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(slope_element), GRADIENT, 0, DISTANCE_CONSTANTS, 1, spans, how_many, k);
}
#endif
