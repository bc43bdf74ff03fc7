/* PID: momentum seen as a controller, with the gradient as its error: a sum of what was, and a smoothed change of what is, which brakes
 * before the valley's floor is passed (An et al., 2018).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     i <- momentum i + (1 - dampening) g
 *     d <- momentum d + (1 - momentum) (g - h);  h <- g        h the last gradient; no change at first
 *     x <- x - rate (g + integral i + derivative d)
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { MOMENTUM, INTEGRAL, DERIVATIVE, DAMPENING, WEIGHT_DECAY, DECAY };
enum { SCALE, COUPLED, KEEP, RISE, CHANGE, STEP, SUMMED, CHANGED, SHRINK, CONSTANTS };
enum { LAST, SUM, DIFFERENCE };

#define RULE "rule_pid.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[KEEP] = hyper[MOMENTUM];
    constants[RISE] = 1 - hyper[DAMPENING];
    constants[CHANGE] = now->update == 1 ? 0 : 1 - hyper[MOMENTUM];
    constants[STEP] = now->rate;
    constants[SUMMED] = hyper[INTEGRAL];
    constants[CHANGED] = hyper[DERIVATIVE];
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

/* What momentum 0.9 adds up to, and integral times it. */
static double usual_rate(const double *hyper)
{
    return hyper[MOMENTUM] > 0 ? 0.5 * (1 - hyper[MOMENTUM]) / (1 - hyper[MOMENTUM] + hyper[INTEGRAL]) : 0.5;
}

const gradus_rule_row gradus_rule_pid = {
    .member = {.name = "pid",
               .summary = "the gradient, its sum and its change, as a controller adds them up",
               .formula = "i <- momentum i + g; d <- momentum d + (1 - momentum) (g - h); x <- x - rate (g + integral "
                          "i + derivative "
                          "d)",
               .paper = "An et al. 2018",
               .arguments =
                   (const gradus_argument[]){
                       [MOMENTUM] = RULE_SHARE("momentum", "0.9",
                                               "part of the sum and of the change that is kept; 0: neither is",
                                               .search = "uniform(0.8, 0.99)"),
                       [INTEGRAL] =
                           RULE_AMOUNT("integral", "5", "weight of the sum", .search = "uniform(1, 10)", .also = "ki"),
                       [DERIVATIVE] = RULE_AMOUNT("derivative", "10", "weight of the change",
                                                  .search = "uniform(1, 100)", .also = "kd"),
                       [DAMPENING] = {"dampening", GRADUS_NUMBER, .initial = "0",
                                      .low = 0, .high = 1, .help = "part of each gradient that the sum leaves out",
                                      .flags = GRADUS_NAMED | GRADUS_SCHEDULED},
                       [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-5, 1e-2)"),
                       [DECAY] = RULE_DECAY("coupled"),
                       {0}},
               .like = (const gradus_like[]){{"pytorch_optimizer", "PID", NULL, "momentum=0"}, {0}},
               .notes = "With momentum=0, the default of pytorch_optimizer, it is plain gradient descent."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[LAST] = {.name = "grad_buffer", .only_if = "momentum"},
                                   [SUM] = {.name = "i_buffer", .only_if = "momentum"},
                                   [DIFFERENCE] = {.name = "d_buffer", .only_if = "momentum"},
                                   {0}},
    .constants = "scale, coupled, keep, rise, change, step, summed, changed, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(pid), .twin = pid_double}},
    .usual_rate = usual_rate,
};

#else /* once for each instruction set */

static inline void ISA(pid_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED];
    lane d = g;
    if (c->has & SLOT(LAST)) {
        c->s[SUM] = k[KEEP] * c->s[SUM] + k[RISE] * g;
        c->s[DIFFERENCE] = k[KEEP] * c->s[DIFFERENCE] + k[CHANGE] * (g - c->s[LAST]);
        c->s[LAST] = g;
        d = g + k[SUMMED] * c->s[SUM] + k[CHANGED] * c->s[DIFFERENCE];
    }
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * d);
}

static void ISA(pid)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(LAST) | SLOT(SUM) | SLOT(DIFFERENCE) };
    if (spans->state[LAST])
        walk(ISA(pid_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
    else
        walk(ISA(pid_element), VALUES | GRADIENT, VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
