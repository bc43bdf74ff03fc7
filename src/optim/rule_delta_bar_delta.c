/* Delta-bar-delta: a rate for each value, raised by a little while its gradient agrees with the mean of those before, lowered by a share
 * when it does not (Jacobs, 1988). The ancestor of adaptive rates.
 *
 *     e <- e + kappa where m g > 0, e (1 - phi) where m g < 0, at least least        m the mean before this gradient
 *     m <- theta m + (1 - theta) g
 *     b <- momentum b + e g
 *     x <- x - rate b                               e, which starts at 1, is a factor of the rate */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { KAPPA, PHI, THETA, LEAST, MOMENTUM };
enum { SCALE, RAISE, LOWER, FLOOR, RISE, KEEP, STEP, CONSTANTS };
enum { MEAN, OWN, BUFFER };

#define RULE "rule_delta_bar_delta.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[RAISE] = hyper[KAPPA];
    constants[LOWER] = 1 - hyper[PHI];
    constants[FLOOR] = hyper[LEAST];
    constants[RISE] = 1 - hyper[THETA];
    constants[KEEP] = hyper[MOMENTUM];
    constants[STEP] = now->rate;
}

static double usual_rate(const double *hyper) { return 0.1 * (1 - hyper[MOMENTUM]); }

const gradus_rule_row gradus_rule_delta_bar_delta = {
    .member =
        {.name = "delta_bar_delta",
         .summary = "a rate for each value, by whether its gradient keeps its direction",
         .formula =
             "e <- e + kappa where m g > 0, e (1 - phi) where m g < 0; m <- theta m + (1 - theta) g; x <- x - rate "
             "e g",
         .paper = "Jacobs 1988",
         .also = "dbd, gains",
         .arguments =
             (const gradus_argument[]){
                 [KAPPA] = RULE_AMOUNT("kappa", "0.05", "added to a value's factor while directions agree",
                                       .search = "loguniform(0.005, 0.5)", .also = "up"),
                 [PHI] = RULE_SHARE("phi", "0.2", "share of the factor that is lost when they do not",
                                    .search = "uniform(0.05, 0.5)", .also = "down"),
                 [THETA] = RULE_SHARE("theta", "0.7", "part of the mean gradient that is kept",
                                      .search = "uniform(0.5, 0.95)"),
                 [LEAST] = RULE_AMOUNT("least", "0.01", "no factor is smaller", .also = "min_gain"),
                 [MOMENTUM] = RULE_SHARE("momentum", "0", "part of the last movement that is kept",
                                         .search = "uniform(0.5, 0.95)"),
                 {0}},
         .notes = "With kappa=0.2, phi=0.2 and momentum it is what t-SNE is fitted with."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[MEAN] = {.name = "delta_bar"},
                                   [OWN] = {.name = "gain", .non_negative = true, .initial = 1},
                                   [BUFFER] = {.name = "momentum_buffer", .only_if = "momentum"},
                                   {0}},
    .constants = "scale, raise, lower, floor, rise, keep, step",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(delta_bar_delta), .twin = delta_bar_delta_double}},
    .usual_rate = usual_rate,
};

#else /* once for each instruction set */

static inline void ISA(delta_bar_delta_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE], agree = sign(c->s[MEAN]) * sign(g);
    const lane other = choose(above(all(0), agree), c->s[OWN] * k[LOWER], c->s[OWN]);
    c->s[OWN] = larger(choose(above(agree, all(0)), c->s[OWN] + k[RAISE], other), k[FLOOR]);
    c->s[MEAN] = c->s[MEAN] + k[RISE] * (g - c->s[MEAN]);
    lane movement = c->s[OWN] * g;
    if (c->has & SLOT(BUFFER)) movement = c->s[BUFFER] = k[KEEP] * c->s[BUFFER] + movement;
    c->x = c->x - k[STEP] * movement;
}

static void ISA(delta_bar_delta)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(OWN), ALL = STATE | SLOT(BUFFER) };
    if (spans->state[BUFFER])
        walk(ISA(delta_bar_delta_element), VALUES | GRADIENT | ALL, VALUES | ALL, CONSTANTS, 0, spans, how_many, k);
    else
        walk(ISA(delta_bar_delta_element), VALUES | GRADIENT | STATE, VALUES | STATE, CONSTANTS, 0, spans, how_many, k);
}
#endif
