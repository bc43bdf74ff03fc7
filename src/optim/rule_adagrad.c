/* Adagrad: the gradient over the root of the sum of its squares, so that what has moved often moves little.
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     s <- s + g g,  s = initial at first                                              (Duchi, Hazan and Singer, 2011)
 *     d = g / (sqrt(s) + epsilon), or g / sqrt(s + epsilon) where epsilon is inside; 0 where g and s are 0
 *     x <- x - rate / (1 + rate_decay (k - 1)) d
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step
 *
 * What is kept is the sum without `initial`. */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { EPSILON, PLACE, INITIAL, RATE_DECAY, WEIGHT_DECAY, DECAY };
enum { OUTSIDE_ROOT, INSIDE_ROOT };
enum { SCALE, COUPLED, INSIDE, OUTSIDE, STEP, SHRINK, CONSTANTS };
enum { SUM };

#define RULE "rule_adagrad.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[INSIDE] = hyper[INITIAL] + (hyper[PLACE] == INSIDE_ROOT ? hyper[EPSILON] : 0);
    constants[OUTSIDE] = hyper[PLACE] == INSIDE_ROOT ? 0 : hyper[EPSILON];
    constants[STEP] = now->rate / (1 + hyper[RATE_DECAY] * (double)(now->update - 1));
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

const gradus_rule_row gradus_rule_adagrad = {
    .member = {.name = "adagrad",
               .summary = "divides the gradient by the root of the sum of its squares",
               .formula = "s <- s + g^2; x <- x - rate g / (sqrt(s) + epsilon)",
               .paper = "Duchi, Hazan and Singer 2011",
               .also = "ada_grad",
               .arguments =
                   (const gradus_argument[]){
                       [EPSILON] = RULE_AMOUNT("epsilon", "1e-10", "keeps the division finite",
                                               .search = "loguniform(1e-12, 1e-6)", .also = "eps"),
                       [PLACE] = {"place", GRADUS_WORD, .initial = "outside", .words = "outside|inside",
                                  .help = "epsilon is added to the root, or under it", .flags = GRADUS_NAMED},
                       [INITIAL] = RULE_AMOUNT("initial", "0", "what the sum of squares starts at",
                                               .also = "initial_accumulator_value, init_acc"),
                       [RATE_DECAY] = RULE_AMOUNT("rate_decay", "0",
                                                  "how much of the rate is lost an update: rate / (1 + "
                                                  "rate_decay k)",
                                                  .also = "lr_decay"),
                       [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-5, 1e-2)"),
                       [DECAY] = RULE_DECAY("coupled"),
                       {0}},
               .like =
                   (const gradus_like[]){{"torch", "Adagrad",
                                          "eps=epsilon, initial_accumulator_value=initial, lr_decay=rate_decay", NULL},
                                         {"keras", "Adagrad", "initial_accumulator_value=initial",
                                          "epsilon=1e-7, place=inside, initial=0.1, decay=decoupled"},
                                         {"optax", "adagrad", "eps=epsilon, initial_accumulator_value=initial",
                                          "epsilon=1e-7, place=inside, initial=0.1"},
                                         {"timm", "adagrad",
                                          "eps=epsilon, initial_accumulator_value=initial, lr_decay=rate_decay",
                                          "epsilon=1e-8"},
                                         {0}},
               .notes =
                   "The sum only grows: the rate falls as 1 / sqrt(k) by itself, and a schedule falls on top of it.\n"
                   "Keras and Optax start the sum at 0.1, which makes the first steps smaller."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[SUM] = {.name = "sum", .non_negative = true}, {0}},
    .constants = "scale, coupled, inside, outside, step, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(adagrad), .twin = adagrad_double, .reads_bytes = true}},
    .rates = {.kernel = EVERY_ISA(rates), .twin = rates_double},
    .usual = 0.01,
};

#else /* once for each instruction set */

static inline lane ISA(below)(const cell *c, const lane *k) { return root(c->s[SUM] + k[INSIDE]) + k[OUTSIDE]; }

/* A value that never had a gradient has no rate. */
static inline void ISA(rates_element)(cell *c, const lane *k)
{
    const lane below = ISA(below)(c, k);
    c->x = choose(above(below, all(0)), k[STEP] / below, all(0));
}

static void ISA(rates)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(rates_element), SLOT(SUM), VALUES, CONSTANTS, 0, spans, how_many, k);
}

static inline void ISA(adagrad_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED];
    c->s[SUM] = c->s[SUM] + g * g;
    const lane below = ISA(below)(c, k);
    const lane d = choose(above(below, all(0)), g / below, all(0));
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * d);
}

static void ISA(adagrad)(const span *spans, size_t how_many, const number *k)
{
    walk_stored(ISA(adagrad_element), VALUES | GRADIENT | SLOT(SUM), VALUES | SLOT(SUM), SLOT(SUM), CONSTANTS, spans,
                how_many, k);
}
#endif
