/* RMSprop: the gradient over the root of its mean square, which gives every value a rate of its own.
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     v <- alpha v + (1 - alpha) g g, v = initial at first           (Tieleman and Hinton, 2012)
 *     centered: a <- alpha a + (1 - alpha) g, and v - a a in the place of v            (Graves, 2013)
 *     d = g / (sqrt(v) + epsilon), or g / sqrt(v + epsilon) where epsilon is inside
 *     heavy_ball   b <- momentum b + d          x <- x - rate b                        (as PyTorch)
 *     rate_inside  b <- momentum b + rate d     x <- x - b                             (as Keras and Optax)
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step
 *
 * What is kept is the mean without `initial`. */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { ALPHA, EPSILON, PLACE, INITIAL, CENTERED, MOMENTUM, FORM, WEIGHT_DECAY, DECAY };
enum { PLACE_OUTSIDE, PLACE_INSIDE };
enum { HEAVY_BALL, RATE_INSIDE };
enum { SCALE, COUPLED, KEEP_SQUARE, RISE, INSIDE, OUTSIDE, STEP, KEEP, INTO, ALONG, SHRINK, CONSTANTS };
enum { SQUARE, MEAN, BUFFER };

#define RULE "rule_rmsprop.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[KEEP_SQUARE] = hyper[ALPHA];
    constants[RISE] = 1 - hyper[ALPHA];
    constants[INSIDE] = hyper[PLACE] == PLACE_INSIDE ? hyper[EPSILON] : 0;
    if (hyper[INITIAL] > 0) constants[INSIDE] += hyper[INITIAL] * gradus_power(hyper[ALPHA], now->update);
    constants[OUTSIDE] = hyper[PLACE] == PLACE_INSIDE ? 0 : hyper[EPSILON];
    constants[STEP] = now->rate;
    constants[KEEP] = hyper[MOMENTUM];
    constants[INTO] = hyper[FORM] == RATE_INSIDE ? now->rate : 1;
    constants[ALONG] = hyper[FORM] == RATE_INSIDE ? 1 : now->rate;
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

/* Of a value; with momentum that of a direction that lasts. */
static void rate(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                 double *constants)
{
    (void)hyper, (void)sums, (void)memory;
    constants[STEP] = now->rate;
}

const gradus_rule_row gradus_rule_rmsprop = {
    .member = {.name = "rmsprop",
               .summary = "divides the gradient by the root of its mean square",
               .formula = "v <- alpha v + (1 - alpha) g^2; x <- x - rate g / (sqrt(v) + epsilon)",
               .paper = "Tieleman and Hinton 2012; Graves 2013",
               .also = "rms_prop",
               .arguments =
                   (const gradus_argument[]){
                       [ALPHA] = RULE_SHARE("alpha", "0.99", "part of the mean square that is kept",
                                            .search = "uniform(0.9, 0.999)", .also = "rho"),
                       [EPSILON] = RULE_AMOUNT("epsilon", "1e-8", "keeps the division finite",
                                               .search = "loguniform(1e-10, 1e-4)", .also = "eps"),
                       [PLACE] = {"place", GRADUS_WORD, .initial = "outside", .words = "outside|inside",
                                  .help = "epsilon is added to the root, or under it", .flags = GRADUS_NAMED},
                       [INITIAL] = RULE_AMOUNT("initial", "0", "what the mean square starts at",
                                               .also = "initial_accumulator_value"),
                       [CENTERED] = RULE_FLAG("centered", "false", "divides by the root of the variance instead"),
                       [MOMENTUM] = RULE_SHARE("momentum", "0", "part of the last movement that is kept",
                                               .search = "uniform(0, 0.95)"),
                       [FORM] = {"form", GRADUS_WORD, .initial = "heavy_ball", .words = "heavy_ball|rate_inside",
                                 .help = "the momentum sums directions, or steps", .flags = GRADUS_NAMED},
                       [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-5, 1e-2)"),
                       [DECAY] = RULE_DECAY("coupled"),
                       {0}},
               .like =
                   (const gradus_like[]){{"torch", "RMSprop", "eps=epsilon", NULL},
                                         {"keras", "RMSprop", "rho=alpha",
                                          "alpha=0.9, epsilon=1e-7, place=inside, form=rate_inside, decay=decoupled"},
                                         {"optax", "rmsprop",
                                          "decay=alpha, eps=epsilon, eps_in_sqrt=place outside|inside",
                                          "alpha=0.9, place=inside, form=rate_inside"},
                                         {"timm", "rmsprop", "eps=epsilon", "alpha=0.9"},
                                         {"timm", "rmsproptf",
                                          "eps=epsilon, lr_in_momentum=form heavy_ball|rate_inside, "
                                          "decoupled_decay=decay coupled|decoupled",
                                          "alpha=0.9, epsilon=1e-10, place=inside, initial=1, form=rate_inside"},
                                         {0}},
               .notes = "What some texts call the variance is the raw second moment here; with `centered` it is the "
                        "variance.\n"
                        "The place of epsilon matters for small gradients: at a steady |g| of 1e-4 PyTorch's outside "
                        "gives steps of\n"
                        "0.9999 of the rate, Optax' inside 0.707, Keras' inside 0.3015."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[SQUARE] = {.name = "square_avg", .non_negative = true},
                                   [MEAN] = {.name = "grad_avg", .only_if = "centered"},
                                   [BUFFER] = {.name = "momentum_buffer", .only_if = "momentum"},
                                   {0}},
    .constants = "scale, coupled, keep_square, rise, inside, outside, step, keep, into, along, shrink",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(rmsprop), .twin = rmsprop_double, .reads_bytes = true}},
    .rates = {.kernel = EVERY_ISA(rates), .twin = rates_double, .conclude = rate},
    .usual = 0.001,
};

#else /* once for each instruction set */

static inline lane ISA(below)(const cell *c, const lane *k)
{
    lane v = c->s[SQUARE]; /* rounding can take a variance below 0; a NaN stays */
    if (c->has & SLOT(MEAN)) v = larger(all(0), v - c->s[MEAN] * c->s[MEAN]);
    return root(v + k[INSIDE]) + k[OUTSIDE];
}

static inline void ISA(rates_element)(cell *c, const lane *k) { c->x = k[STEP] / ISA(below)(c, k); }

static void ISA(rates)(const span *spans, size_t how_many, const number *k)
{
    if (spans->state[MEAN])
        walk(ISA(rates_element), SLOT(SQUARE) | SLOT(MEAN), VALUES, CONSTANTS, 0, spans, how_many, k);
    else
        walk(ISA(rates_element), SLOT(SQUARE), VALUES, CONSTANTS, 0, spans, how_many, k);
}

static inline void ISA(rmsprop_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED];
    c->s[SQUARE] = k[KEEP_SQUARE] * c->s[SQUARE] + k[RISE] * (g * g);
    if (c->has & SLOT(MEAN)) c->s[MEAN] = c->s[MEAN] + k[RISE] * (g - c->s[MEAN]);
    const lane direction = g / ISA(below)(c, k);
    lane movement = k[STEP] * direction;
    if (c->has & SLOT(BUFFER)) {
        c->s[BUFFER] = k[KEEP] * c->s[BUFFER] + k[INTO] * direction;
        movement = k[ALONG] * c->s[BUFFER];
    }
    c->x = c->x - (k[SHRINK] * c->x + movement);
}

static void ISA(rmsprop)(const span *spans, size_t how_many, const number *k)
{
    enum { X = VALUES, V = SLOT(SQUARE), A = SLOT(MEAN), B = SLOT(BUFFER) };
    if (has_slot(spans, MEAN) && has_slot(spans, BUFFER))
        walk_stored(ISA(rmsprop_element), GRADIENT | X | V | A | B, X | V | A | B, V, CONSTANTS, spans, how_many, k);
    else if (has_slot(spans, MEAN))
        walk_stored(ISA(rmsprop_element), GRADIENT | X | V | A, X | V | A, V, CONSTANTS, spans, how_many, k);
    else if (has_slot(spans, BUFFER))
        walk_stored(ISA(rmsprop_element), GRADIENT | X | V | B, X | V | B, V, CONSTANTS, spans, how_many, k);
    else
        walk_stored(ISA(rmsprop_element), GRADIENT | X | V, X | V, V, CONSTANTS, spans, how_many, k);
}
#endif
