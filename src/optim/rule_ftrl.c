/* FTRL-proximal: follow the regularised leader, with a rate for each value as Adagrad has and exact zeros from l1; for sparse linear
 * models (McMahan et al., 2013).
 *
 *     q = sqrt(n) / rate;  n <- n + g g;  s = sqrt(n) / rate - q         n = initial at first, q with the rate of the update before
 *     z <- z + g + 2 l2_shrinkage x - s x
 *     x <- (clip(z, -l1, l1) - z) / ((beta + sqrt(n)) / rate + 2 l2 + curvature)
 *
 * s is computed as g g / (sqrt(n) before + after) / rate, and what a change of the rate adds: little is left of the difference. What is
 * kept is n without `initial`. A rate of 0 changes no value. */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { L1, L2, BETA, INITIAL, L2_SHRINKAGE, POWER, CURVATURE };
enum { SCALE, SHRINKAGE, FIRST, RATE_OVER, LEAST, MOST, PLAIN, FRESH, CONSTANTS };
enum { LINEAR, SQUARES, OVER };

#define RULE "rule_ftrl.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double over = now->rate > 0 ? 1 / now->rate : 0;
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[SHRINKAGE] = 2 * hyper[L2_SHRINKAGE];
    constants[FIRST] = hyper[INITIAL];
    constants[RATE_OVER] = over;
    constants[FRESH] = now->update == 1;
    constants[LEAST] = -hyper[L1];
    constants[MOST] = hyper[L1];
    constants[PLAIN] = hyper[BETA] * over + 2 * hyper[L2] + hyper[CURVATURE];
}

static const char *check(const double *hyper)
{
    return hyper[POWER] == -0.5 ? NULL
                                : "only the power -0.5 is there, a rate that falls by the root of the squares' sum";
}

const gradus_rule_row gradus_rule_ftrl = {
    .member =
        {.name = "ftrl",
         .summary = "follows the regularised leader: a rate for each value, and exact zeros",
         .formula =
             "z <- z + g - (sqrt(n + g^2) - sqrt(n)) / rate x; n <- n + g^2; x <- (clip(z, -l1, l1) - z) / ((beta + "
             "sqrt(n)) / rate + 2 l2)",
         .paper = "McMahan et al. 2013",
         .also = "ftrl_proximal, follow_the_regularized_leader",
         .arguments =
             (const gradus_argument[]){
                 [L1] = RULE_AMOUNT("l1", "0", "weight of the sum of sizes, which makes zeros",
                                    .search = "loguniform(1e-4, 10)", .also = "lambda1"),
                 [L2] = RULE_AMOUNT("l2", "0", "weight of the sum of squares", .search = "loguniform(1e-4, 10)",
                                    .also = "lambda2"),
                 [BETA] = RULE_AMOUNT("beta", "0", "added to the root of the squares' sum"),
                 [INITIAL] = RULE_AMOUNT("initial", "0.1", "what the sum of squares starts at",
                                         .also = "initial_accumulator_value"),
                 [L2_SHRINKAGE] = RULE_AMOUNT("l2_shrinkage", "0", "weight of squares that is added to the gradient"),
                 [POWER] = {"power", GRADUS_NUMBER, .initial = "-0.5", .low = -1, .high = 0,
                            .help = "of the squares' sum", .flags = GRADUS_NAMED | GRADUS_FOREIGN},
                 [CURVATURE] = {"curvature", GRADUS_NUMBER, .initial = "0", .low = 0, .high = INFINITY,
                                .help = "twice l2, as it stands below the fraction",
                                .flags = GRADUS_NAMED | GRADUS_FOREIGN},
                 {0}},
         .like =
             (const gradus_like[]){
                 {"keras", "Ftrl",
                  "learning_rate_power=power, initial_accumulator_value=initial, l1_regularization_strength=l1, "
                  "l2_regularization_strength=l2, l2_shrinkage_regularization_strength=l2_shrinkage",
                  NULL},
                 {"pytorch_optimizer", "FTRL", "lr_power=power, lambda_1=l1, lambda_2=curvature", "initial=0"},
                 {0}},
         .notes =
             "The values are made anew at each update from what is kept: what they start at is forgotten, so start at "
             "0."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[LINEAR] = {.name = "z", .exact = true},
                                   [SQUARES] = {.name = "n", .non_negative = true, .exact = true},
                                   [OVER] = {.name = "rate_over", .non_negative = true, .exact = true},
                                   {0}},
    .constants = "scale, shrinkage, first, rate_over, least, most, plain, fresh",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(ftrl), .twin = ftrl_double}},
    .check = check,
    .usual = 0.05,
};

#else /* once for each instruction set */

static inline void ISA(ftrl_element)(cell *c, const lane *k)
{
    const mask moves = above(k[RATE_OVER], all(0));
    const lane g = c->g * k[SCALE], before = root(c->s[SQUARES] + k[FIRST]);
    const lane last = choose(above(k[FRESH], all(0)), k[RATE_OVER], c->s[OVER]);
    c->s[SQUARES] = c->s[SQUARES] + g * g;
    const lane after = root(c->s[SQUARES] + k[FIRST]), both_roots = after + before;
    const lane grown = choose(above(both_roots, all(0)), g * g / both_roots, all(0));
    const lane s = grown * k[RATE_OVER] + before * (k[RATE_OVER] - last);
    const lane z = c->s[LINEAR] + (g + k[SHRINKAGE] * c->x) - s * c->x;
    const lane below = after * k[RATE_OVER] + k[PLAIN], clipped = smaller(larger(z, k[LEAST]), k[MOST]);
    const lane x = choose(above(below, all(0)), (clipped - z) / below, all(0));
    c->s[LINEAR] = choose(moves, z, c->s[LINEAR]);
    c->s[OVER] = choose(moves, k[RATE_OVER], last);
    c->x = choose(moves, x, c->x);
}

static void ISA(ftrl)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(LINEAR) | SLOT(SQUARES) | SLOT(OVER) };
    walk(ISA(ftrl_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
