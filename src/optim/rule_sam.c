/* sam: the gradient is taken where the loss is worst nearby, so that training ends in flat places (Foret, Kleiner, Mobahi
 * and Neyshabur, 2021). Two evaluations an update: at the values, then at the trial point.
 *
 *     y = x + rho g(x) / (|g(x)| + 1e-12)                 |.| over all tensors
 *     x <- what the wrapped rule makes of x with g(y)
 *
 * adaptive (ASAM; Kwon, Kim, Park and Choi, 2021): nearby is measured in shares of each value,
 *     y = x + rho T^2 g / (|T g| + 1e-12),  T = |x| + eta
 * so that a net whose layers are scaled against each other has the same neighbours. Its usual rho is ten times larger.
 *
 * With a penalty on the norm of the gradient, loss + penalty |g| (Zhao, Zhang and Hu, 2022), the wrapped rule sees the gradient of that: the
 * second derivatives along g are the difference of both gradients over rho, exact for a quadratic,
 *
 *     (1 - a) g(x) + a g(y),  a = penalty / rho
 *
 * so that sam is the penalty rho. */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { INNER, RHO, ADAPTIVE, ETA, PENALTY };
enum { SCALE, SHARE, REST, REACH, CONSTANTS };
enum { KEPT, GRADIENT_THERE };
enum { STAGE };
enum { AT_VALUES, AT_TRIAL, INSIDE }; /* STAGE: where the gradient at hand was taken; INSIDE: the wrapped rule says */
enum { MEASURE, CLIMB, RETURN };      /* passes */

#define RULE "rule_sam.c"
#include "every_isa.h"

static gradus_outcome drive(gradus_drive *d)
{
    double *stage = &d->memory[STAGE];
    if (*stage == AT_VALUES) {
        d->pass(d, MEASURE);
        d->pass(d, CLIMB);
        *stage = AT_TRIAL;
        return GRADUS_EVALUATE;
    }
    if (*stage == AT_TRIAL && d->abandon) {
        d->pass(d, RETURN);
        *stage = AT_VALUES;
        return GRADUS_SKIPPED;
    }
    const gradus_outcome outcome = d->inner(d, *stage == AT_TRIAL ? RETURN : -1, -1);
    *stage = outcome == GRADUS_EVALUATE ? INSIDE : AT_VALUES;
    return outcome;
}

/* Of the gradient at the trial point. */
static double share(const double *hyper, const double *memory)
{
    return memory[STAGE] == AT_TRIAL && hyper[PENALTY] > 0 && hyper[RHO] > 0 ? hyper[PENALTY] / hyper[RHO] : 1;
}

static const gradus_blend blend = {GRADIENT_THERE, share};

/* T = SHARE |x| + REST. */
static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[SHARE] = hyper[ADAPTIVE];
    constants[REST] = hyper[ADAPTIVE] ? hyper[ETA] : 1;
}

static void conclude(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                     double *constants)
{
    (void)now, (void)memory;
    constants[REACH] = hyper[RHO] / (sqrt(sums[0]) + 1e-12);
}

const gradus_rule_row gradus_rule_sam = {
    .member =
        {.name = "sam",
         .summary = "takes the gradient where the loss is worst nearby; two evaluations an update",
         .formula = "y = x + rho g / |g|; x <- rule(x, g(y))",
         .paper = "Foret, Kleiner, Mobahi and Neyshabur 2021; Kwon, Kim, Park and Choi 2021; Zhao, Zhang and Hu 2022",
         .also = "asam, sharpness_aware, sharpness_aware_minimization, gnp, gradient_norm_penalty, gradient_penalty",
         .arguments =
             (const gradus_argument[]){
                 [INNER] = {"rule", GRADUS_PIPELINE, .help = "the rule that makes the updates"},
                 [RHO] = RULE_AMOUNT("rho", "0.05", "how far away the gradient is taken; 0.5 where it is adaptive",
                                     .search = "loguniform(0.01, 1)"),
                 [ADAPTIVE] = RULE_FLAG("adaptive", "false", "measures distances in shares of each value (ASAM)"),
                 [ETA] =
                     RULE_AMOUNT("eta", "0.01", "added to a value's size where it is adaptive, so that a 0 can move"),
                 [PENALTY] = RULE_AMOUNT("penalty", "0",
                                         "strength of a penalty on the norm of the gradient; 0: rho, which is sam",
                                         .search = "loguniform(0.001, 0.1)"),
                 {0}},
         .like = (const gradus_like[]){{"pytorch_optimizer", "SAM", "base_optimizer=rule", "eta=0"}, {0}},
         .notes = "Each update evaluates the batch twice and takes about twice the time. What is reported of the "
                  "batch is how\n"
                  "it was at the values themselves. Optax takes a rule of its own for the way to the trial "
                  "point: its normalised\n"
                  "sgd with a rate of rho is this one. The adaptive form of pytorch_optimizer is ASAM without "
                  "eta.\n"
                  "sam(sgd, rho=0.05, penalty=0.04) minimises the loss and 0.04 times the norm of its gradient; the "
                  "rule then sees 0.2\n"
                  "of the gradient at the values and 0.8 of that nearby, and the caller's gradients are changed into "
                  "that.",
         .example = "sam(sgd(momentum=0.9))"},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[KEPT] = {.name = "kept", .exact = true},
                                   [GRADIENT_THERE] = {.name = "kept_gradient", .exact = true, .only_if = "penalty"},
                                   {0}},
    .constants = "scale, share, rest, reach",
    .memory = "stage",
    .prepare = prepare,
    .pass = {[MEASURE] = {.kernel = EVERY_ISA(measure),
                          .twin = measure_double,
                          .sums = 1,
                          .over_all = true,
                          .conclude = conclude},
             [CLIMB] = {.kernel = EVERY_ISA(climb), .twin = climb_double},
             [RETURN] = {.kernel = EVERY_ISA(go_back), .twin = go_back_double}},
    .drive = drive,
    .blend = &blend,
};

#else /* once for each instruction set */

static inline lane ISA(measured_in)(const cell *c, const lane *k) { return k[SHARE] * absolute(c->x) + k[REST]; }

static inline void ISA(measure_element)(cell *c, const lane *k)
{
    c->sum[0] = c->times[0] = ISA(measured_in)(c, k) * (c->g * k[SCALE]);
}

static void ISA(measure)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(measure_element), VALUES | GRADIENT, 0, CONSTANTS, 1, spans, how_many, k);
}

static inline void ISA(climb_element)(cell *c, const lane *k)
{
    const lane size = ISA(measured_in)(c, k);
    c->s[KEPT] = c->x;
    c->x = c->x + k[REACH] * (size * size * (c->g * k[SCALE]));
}

static void ISA(climb)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(climb_element), VALUES | GRADIENT, VALUES | SLOT(KEPT), CONSTANTS, 0, spans, how_many, k);
}

static inline void ISA(go_back_element)(cell *c, const lane *k)
{
    (void)k;
    c->x = c->s[KEPT];
}

static void ISA(go_back)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(go_back_element), SLOT(KEPT), VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
