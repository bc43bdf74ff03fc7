/* Rprop: each value has a step of its own, which grows while its gradient keeps its sign and shrinks when that changes; how large the
 * gradient is does not matter. For whole batches (Riedmiller and Braun, 1993; the form without backtracking).
 *
 *     s <- s eta_plus where g h > 0, s eta_minus where g h < 0, within step_min and step_max; h the last gradient
 *     g <- 0 where g h < 0
 *     x <- x - s sign(g);  h <- g
 *
 * What is kept is s / rate, which starts at 1: a schedule of the rate is one of all steps. */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { ETA_MINUS, ETA_PLUS, STEP_MIN, STEP_MAX };
enum { SCALE, MINUS, PLUS, LEAST, MOST, STEP, CONSTANTS };
enum { LAST, OWN };

#define RULE "rule_rprop.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[MINUS] = hyper[ETA_MINUS];
    constants[PLUS] = hyper[ETA_PLUS];
    constants[LEAST] = now->rate > 0 ? hyper[STEP_MIN] / now->rate : 0;
    constants[MOST] = now->rate > 0 ? fmin(hyper[STEP_MAX] / now->rate, 1e30) : 1e30;
    constants[STEP] = now->rate;
}

static const char *check(const double *hyper)
{
    return hyper[STEP_MIN] <= hyper[STEP_MAX] ? NULL : "step_min is above step_max";
}

const gradus_rule_row gradus_rule_rprop = {
    .member =
        {.name = "rprop",
         .summary = "a step for each value, by how its gradient's sign changes; for whole batches",
         .formula =
             "s <- s (eta_plus where g keeps its sign, eta_minus where not); x <- x - s sign(g), 0 where it changed",
         .paper = "Riedmiller and Braun 1993",
         .also = "resilient, resilient_backpropagation, irprop",
         .arguments =
             (const gradus_argument[]){
                 [ETA_MINUS] = {"eta_minus", GRADUS_NUMBER, .initial = "0.5", .low = 0, .high = 1, .open = "()",
                                .help = "what a step is multiplied by when the sign changes",
                                .flags = GRADUS_NAMED | GRADUS_SCHEDULED, .search = "uniform(0.3, 0.8)"},
                 [ETA_PLUS] = {"eta_plus", GRADUS_NUMBER, .initial = "1.2", .low = 1, .high = INFINITY, .open = "(",
                               .help = "what a step is multiplied by while the sign stays",
                               .flags = GRADUS_NAMED | GRADUS_SCHEDULED, .search = "uniform(1.05, 1.5)"},
                 [STEP_MIN] = RULE_AMOUNT("step_min", "1e-6", "no step is smaller", .also = "delta_min"),
                 [STEP_MAX] = RULE_AMOUNT("step_max", "50", "no step is larger", .also = "delta_max"),
                 {0}},
         .like =
             (const gradus_like[]){
                 {"torch", "Rprop", "eta1=eta_minus, eta2=eta_plus, step_size1=step_min, step_size2=step_max", NULL},
                 {"optax", "rprop", "min_step_size=step_min, max_step_size=step_max", NULL},
                 {0}},
         .notes =
             "It takes the sign of each gradient for the truth: batches must be large enough for that. The rate is the "
             "first step of\n"
             "each value; a schedule of it is one of all steps, where PyTorch and Optax do not look at it again."},
    .abi = GRADUS_ABI,
    .slots =
        (const gradus_slot[]){[LAST] = {.name = "prev"},
                              [OWN] = {.name = "step_size", .non_negative = true, .exact = true, .initial = 1},
                              {0}},
    .constants = "scale, minus, plus, least, most, step",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(rprop), .twin = rprop_double}},
    .check = check,
    .usual = 0.001,
};

#else /* once for each instruction set */

static inline void ISA(rprop_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE], alike = sign(g) * sign(c->s[LAST]);
    const mask turned = above(all(0), alike);
    const lane factor = choose(turned, k[MINUS], choose(above(alike, all(0)), k[PLUS], all(1)));
    c->s[OWN] = smaller(larger(c->s[OWN] * factor, k[LEAST]), k[MOST]);
    c->s[LAST] = choose(turned, all(0), g);
    c->x = c->x - k[STEP] * c->s[OWN] * sign(c->s[LAST]);
}

static void ISA(rprop)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(LAST) | SLOT(OWN) };
    walk(ISA(rprop_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
