/* Averaged SGD: a rate that falls by a law of its own, and the mean of the values from some update on, which is what is shown
 * (Polyak and Juditsky, 1992; in the form of Bottou and of PyTorch).
 *
 *     e = rate / (1 + lambda rate (k - 1))^alpha
 *     g <- g + weight_decay x
 *     x <- (1 - lambda e) x - e g
 *     a <- a + (x - a) / max(1, k - 1 - start)        shown */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { LAMBDA, ALPHA, START, WEIGHT_DECAY };
enum { SCALE, COUPLED, STEP, SHRINK, RISE, CONSTANTS };
enum { AVERAGE };

#define RULE "rule_asgd.c"
#include "every_isa.h"

static double own_rate(const double *hyper, const gradus_now *now)
{
    return now->rate / pow(1 + hyper[LAMBDA] * now->rate * (double)(now->update - 1), hyper[ALPHA]);
}

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double rate = own_rate(hyper, now);
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[WEIGHT_DECAY];
    constants[STEP] = rate;
    constants[SHRINK] = rate * hyper[LAMBDA];
    constants[RISE] = 1 / fmax(1, (double)(now->update - 1) - hyper[START]);
}

const gradus_rule_row gradus_rule_asgd = {
    .member =
        {.name = "asgd",
         .summary = "gradient descent with a falling rate, which shows the mean of its values",
         .formula =
             "e = rate / (1 + lambda rate (k - 1))^alpha; x <- (1 - lambda e) x - e g; a <- a + (x - a) / max(1, k - 1 "
             "- start)",
         .paper = "Polyak and Juditsky 1992",
         .also = "averaged_sgd, averaged_stochastic_gradient_descent",
         .arguments =
             (const gradus_argument[]){
                 [LAMBDA] = RULE_AMOUNT("lambda", "1e-4", "pull of the values towards 0, and how fast the rate falls",
                                        .search = "loguniform(1e-6, 1e-2)", .also = "lambd"),
                 [ALPHA] = RULE_AMOUNT("alpha", "0.75", "power by which the rate falls"),
                 [START] = RULE_AMOUNT("start", "1e6",
                                       "update from which on the mean is taken; before it the mean is the "
                                       "values",
                                       .also = "t0"),
                 [WEIGHT_DECAY] = RULE_AMOUNT("weight_decay", "0", "added to the gradient, times the values",
                                              .search = "loguniform(1e-5, 1e-2)", .also = "wd, l2"),
                 {0}},
         .like = (const gradus_like[]){{"torch", "ASGD", "lambd=lambda, t0=start", NULL}, {0}},
         .notes =
             "PyTorch keeps the mean but does not show it. The law of its rate works on the schedule's rate of each "
             "update; PyTorch's\n"
             "own takes up a change of the rate one update later."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[AVERAGE] = {.name = "ax", .from_values = true}, {0}},
    .constants = "scale, coupled, step, shrink, rise",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(asgd), .twin = asgd_double}},
    .show = {.kernel = EVERY_ISA(average), .twin = average_double},
    .effective_rate = NULL,
    .usual = 0.5,
};

#else /* once for each instruction set */

static inline void ISA(asgd_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED];
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * g);
    c->s[AVERAGE] = choose(same(k[RISE], all(1)), c->x, c->s[AVERAGE] + k[RISE] * (c->x - c->s[AVERAGE]));
}

static void ISA(asgd)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(asgd_element), VALUES | GRADIENT | SLOT(AVERAGE), VALUES | SLOT(AVERAGE), CONSTANTS, 0, spans, how_many,
         k);
}

static inline void ISA(average_element)(cell *c, const lane *k)
{
    (void)k;
    c->x = c->s[AVERAGE];
}

static void ISA(average)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(average_element), VALUES | SLOT(AVERAGE), VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
