/* Stochastic gradient descent, plain and with momentum in its three forms: most of what is trained, and the measure
 * of the rest.
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     heavy_ball   b <- momentum b + (1 - dampening) g               x <- x - rate b       (Polyak, 1964; first b = g)
 *     ema          b <- momentum b + (1 - momentum) g                x <- x - rate b
 *     rate_inside  b <- momentum b + rate (1 - dampening) g          x <- x - b            (Sutskever et al., 2013)
 *     nesterov     in place of b: momentum b + what the gradient adds to it
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"
#include "sgd.h"

enum { MOMENTUM, NESTEROV, DAMPENING, FORM, WEIGHT_DECAY, DECAY };
enum { HEAVY_BALL, EMA, RATE_INSIDE };

#define RULE "rule_sgd.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double rate = now->rate, momentum = hyper[MOMENTUM], form = hyper[FORM];
    (void)memory;
    double rise = form == EMA ? 1 - momentum : 1 - hyper[DAMPENING];
    if (form == HEAVY_BALL && now->update == 1) rise = 1; /* the first buffer is the gradient itself */
    const double inside = form == RATE_INSIDE ? rate : 1, outside = form == RATE_INSIDE ? 1 : rate;
    const double fresh = form == EMA ? 1 - momentum : 1; /* what a gradient adds when it looks ahead */
    constants[SGD_SCALE] = now->gradient_scale;
    constants[SGD_COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[SGD_STEP] = rate;
    constants[SGD_KEEP] = momentum;
    constants[SGD_RISE] = rise * inside;
    constants[SGD_ALONG] = hyper[NESTEROV] ? outside * momentum : outside;
    constants[SGD_ACROSS] = hyper[NESTEROV] ? rate * fresh : 0;
    constants[SGD_SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? rate * hyper[WEIGHT_DECAY] : 0;
}

static const char *check(const double *hyper)
{
    if (hyper[NESTEROV] && (hyper[MOMENTUM] == 0 || hyper[DAMPENING] != 0))
        return "nesterov needs a momentum above 0 and no dampening";
    if (hyper[DAMPENING] != 0 && hyper[FORM] == EMA) return "form=ema dampens by the momentum; it takes no dampening=";
    return NULL;
}

/* 0.05 with momentum 0.9; the same rate / (1 - momentum) with any other. */
static double usual_rate(const double *hyper) { return hyper[FORM] == EMA ? 0.5 : 0.5 * (1 - hyper[MOMENTUM]); }

const gradus_rule_row gradus_rule_sgd = {
    .member = {.name = "sgd",
               .summary = "steps against the gradient, with momentum if asked for",
               .formula = "b <- momentum b + (1 - dampening) g; x <- x - rate b",
               .paper = "Robbins and Monro 1951; Polyak 1964; Nesterov 1983; Sutskever et al. 2013",
               .also = "momentum, nesterov, sgdm, gd, gradient_descent",
               .arguments =
                   (const gradus_argument[]){
                       [MOMENTUM] = RULE_SHARE("momentum", "0", "part of the last movement that is kept",
                                               .search = "uniform(0.8, 0.99)"),
                       [NESTEROV] = RULE_NESTEROV("false"),
                       [DAMPENING] = {"dampening", GRADUS_NUMBER, .initial = "0", .low = 0, .high = 1,
                                      .help = "part of each gradient after the first that the momentum leaves out",
                                      .flags = GRADUS_NAMED | GRADUS_SCHEDULED},
                       [FORM] = {"form", GRADUS_WORD, .initial = "heavy_ball", .words = "heavy_ball|ema|rate_inside",
                                 .help = "how the momentum is kept: a sum, a mean, or a sum of steps",
                                 .flags = GRADUS_NAMED},
                       [WEIGHT_DECAY] = RULE_AMOUNT("weight_decay", "0", "pull of the values towards 0",
                                                    .search = "loguniform(1e-5, 1e-2)", .also = "wd, l2, decay_rate"),
                       [DECAY] = RULE_DECAY("coupled"),
                       {0}},
               .like = (const gradus_like[]){{"torch", "SGD", NULL, NULL},
                                             {"keras", "SGD", NULL, "form=rate_inside, decay=decoupled"},
                                             {"optax", "sgd", NULL, NULL},
                                             {"timm", "sgd", NULL, "momentum=0.9, nesterov=true"},
                                             {"timm", "momentum", NULL, NULL},
                                             {"timm", "sgdw", NULL, "momentum=0.9, nesterov=true, decay=decoupled"},
                                             {"pytorch_optimizer", "SGDW", NULL, "decay=decoupled"},
                                             {"schedulefree", "SGDScheduleFree", NULL, NULL},
                                             {"optax", "contrib.schedule_free_sgd", NULL, NULL},
                                             {"pytorch_optimizer", "ScheduleFreeSGD", NULL, NULL},
                                             {0}},
               .notes =
                   "form=ema keeps a mean of the gradients instead of their sum, so that at the same rate it learns "
                   "1/(1 - momentum)\n"
                   "times slower (ten times with momentum=0.9): multiply the rate by that factor to compare the two.\n"
                   "form=rate_inside is the same as heavy_ball while the rate is constant; after a change of the rate "
                   "it goes on\n"
                   "with steps of the old one for about 1/(1 - momentum) updates."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[SGD_BUFFER] = {.name = "momentum_buffer", .only_if = "momentum"}, {0}},
    .constants = "scale, coupled, step, keep, rise, along, across, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(gradus_sgd), .twin = gradus_sgd_double, .reads_bytes = true}},
    .check = check,
    .usual_rate = usual_rate,
};

#else /* once for each instruction set */
#include "sgd.h"

void ISA(gradus_sgd)(const span *spans, size_t how_many, const number *k)
{
    ISA(sgd_walk)(ISA(sgd_element), 0, 0, spans, how_many, k);
}
#endif
