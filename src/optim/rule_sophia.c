/* Sophia: momentum over the curvature of each value, no step longer than the rate (Liu et al., 2023). Every few updates the curvature is
 * estimated anew, from a second gradient at the same values: Gauss, Newton and Bartlett's, of the mean loss of a batch whose labels were
 * drawn from what the net itself predicts.
 *
 *     m <- beta1 m + (1 - beta1) g
 *     h <- beta2 h + (1 - beta2) batch e e          in updates 1, 1 + every, ...: e is the gradient that was asked for
 *     x <- x - rate weight_decay x - rate u         u = m / max(rho h, epsilon), within -+ 1 */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, RHO, EVERY, BATCH, EPSILON, WEIGHT_DECAY };
enum { SCALE, RISE1, KEEP2, RISE2, RHO_OF_IT, FLOOR, STEP, SHRINK, CONSTANTS };
enum { MEAN, CURVATURE };
enum { STAGE };
enum { AT_GRADIENT, AT_ESTIMATE };
enum { LEARN, ESTIMATE, MOVE }; /* passes */

#define RULE "rule_sophia.c"
#include "every_isa.h"

static gradus_outcome drive(gradus_drive *d)
{
    double *stage = &d->memory[STAGE];
    const bool asks = (d->now->update - 1) % (int64_t)d->hyper[EVERY] == 0;
    if (*stage == AT_GRADIENT) {
        d->pass(d, LEARN);
        if (asks) *stage = AT_ESTIMATE;
        if (asks) return GRADUS_EVALUATE;
    } else {
        if (!d->abandon) d->pass(d, ESTIMATE); /* else what is known serves */
        *stage = AT_GRADIENT;
    }
    d->pass(d, MOVE);
    return GRADUS_APPLIED;
}

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[KEEP2] = hyper[BETA2];
    constants[RISE2] = (1 - hyper[BETA2]) * hyper[BATCH];
    constants[RHO_OF_IT] = hyper[RHO];
    constants[FLOOR] = fmax(hyper[EPSILON], 1e-30);
    constants[STEP] = now->rate;
    constants[SHRINK] = now->rate * hyper[WEIGHT_DECAY];
}

const gradus_rule_row gradus_rule_sophia = {
    .member =
        {.name = "sophia",
         .summary = "momentum over each value's curvature, of which a second gradient tells now and then",
         .formula =
             "m <- beta1 m + (1 - beta1) g; h <- beta2 h + (1 - beta2) batch e^2; x <- x - rate clip(m / max(rho h, "
             "epsilon), 1)",
         .paper = "Liu et al. 2023",
         .also = "sophiag, sophiah",
         .arguments =
             (const gradus_argument[]){
                 [BETA1] = RULE_SHARE("beta1", "0.965", "part of the mean gradient that is kept",
                                      .search = "uniform(0.9, 0.99)", .also = "beta_1, b1, momentum"),
                 [BETA2] = RULE_SHARE("beta2", "0.99", "part of the mean curvature that is kept",
                                      .search = "uniform(0.9, 0.999)", .also = "beta_2, b2"),
                 [RHO] = RULE_AMOUNT("rho", "0.04", "share of the curvature that is divided by",
                                     .search = "loguniform(0.01, 0.2)", .also = "p, gamma"),
                 [EVERY] = {"every", GRADUS_INTEGER, .initial = "10", .low = 1, .high = 1e9,
                            .help = "updates between two estimates of the curvature", .flags = GRADUS_NAMED,
                            .also = "update_period, k"},
                 [BATCH] = RULE_AMOUNT("batch", "64", "examples that the gradient of an estimate is the mean of",
                                       .also = "bs"),
                 [EPSILON] = RULE_AMOUNT("epsilon", "1e-12", "no curvature counts as less", .also = "eps"),
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0.1", "loguniform(1e-3, 1)"),
                 {0}},
         .notes =
             "An update with an estimate takes two evaluations: the second gradient is that of labels drawn from the "
             "net's own\n"
             "predictions. Where the same batch with its true labels is evaluated again, as `gradus train` does, the "
             "estimate is the\n"
             "empirical one, which is right near the end of training and too small before."},
    .abi = GRADUS_ABI,
    .slots =
        (const gradus_slot[]){
            [MEAN] = {.name = "exp_avg"}, [CURVATURE] = {.name = "hessian", .non_negative = true}, {0}},
    .constants = "scale, rise1, keep2, rise2, rho, floor, step, shrink",
    .memory = "stage",
    .prepare = prepare,
    .pass = {[LEARN] = {.kernel = EVERY_ISA(learn), .twin = learn_double},
             [ESTIMATE] = {.kernel = EVERY_ISA(estimate), .twin = estimate_double},
             [MOVE] = {.kernel = EVERY_ISA(move), .twin = move_double}},
    .drive = drive,
    .usual = 0.001,
};

#else /* once for each instruction set */

static inline void ISA(learn_element)(cell *c, const lane *k)
{
    c->s[MEAN] = c->s[MEAN] + k[RISE1] * (c->g * k[SCALE] - c->s[MEAN]);
}

static void ISA(learn)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(learn_element), GRADIENT | SLOT(MEAN), SLOT(MEAN), CONSTANTS, 0, spans, how_many, k);
}

static inline void ISA(estimate_element)(cell *c, const lane *k)
{
    const lane e = c->g * k[SCALE];
    c->s[CURVATURE] = k[KEEP2] * c->s[CURVATURE] + k[RISE2] * (e * e);
}

static void ISA(estimate)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(estimate_element), GRADIENT | SLOT(CURVATURE), SLOT(CURVATURE), CONSTANTS, 0, spans, how_many, k);
}

static inline void ISA(move_element)(cell *c, const lane *k)
{
    const lane u = c->s[MEAN] / larger(k[RHO_OF_IT] * c->s[CURVATURE], k[FLOOR]);
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * smaller(larger(u, all(-1)), all(1)));
}

static void ISA(move)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(CURVATURE) };
    walk(ISA(move_element), VALUES | STATE, VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
