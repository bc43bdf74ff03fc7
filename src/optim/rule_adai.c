/* Adai: the rate is the same for all values, and what adapts is their inertia: a value whose gradients are larger than the others' keeps
 * less of its momentum (Xie et al., 2022).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     v <- beta2 v + (1 - beta2) g g,  v/c2 corrected for its start, a = the mean of v/c2 over all values of all tensors
 *     r = beta0 (v/c2) / a, kept between epsilon and 1                    1 - r is the inertia
 *     m <- m + r (g - m),  w <- w + r (1 - w)                             w: the weight of what m has seen
 *     x <- x - rate m / w
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA0, BETA2, EPSILON, WEIGHT_DECAY, DECAY, FLOORED };
enum { SCALE, COUPLED, KEEP2, RISE2, CORRECTED, SHARE, LEAST, STEP, SHRINK, CONSTANTS };
enum { MEAN, SQUARE, WEIGHT };
enum { SQUARES, COUNT, SUMS };
enum { AVERAGE };

#define RULE "rule_adai.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[KEEP2] = hyper[BETA2];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[CORRECTED] = 1 / (1 - gradus_power(hyper[BETA2], now->update));
    constants[SHARE] = 0; /* `compare` makes it */
    constants[LEAST] = hyper[EPSILON];
    constants[STEP] = now->rate;
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? now->rate * hyper[WEIGHT_DECAY] : 0;
}

static void learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    (void)hyper, (void)now;
    memory[AVERAGE] = sums[SQUARES] / fmax(sums[COUNT], 1);
}

static void compare(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                    double *constants)
{
    const double average = hyper[FLOORED] ? fmax(memory[AVERAGE], hyper[EPSILON]) : memory[AVERAGE];
    (void)now, (void)sums;
    constants[SHARE] = average > 0 ? hyper[BETA0] * constants[CORRECTED] / average : 0;
}

const gradus_rule_row gradus_rule_adai = {
    .member =
        {.name = "adai",
         .summary = "one rate for all values, and less inertia where gradients are large",
         .formula = "r = beta0 v/(1 - beta2^k) over its mean of all values, within epsilon and 1; m <- m + r (g - m); "
                    "w <- w + r (1 - w); x <- x - rate m/w",
         .paper = "Xie et al. 2022",
         .also = "adaiw, adaptive_inertia",
         .arguments =
             (const gradus_argument[]){
                 [BETA0] = RULE_SHARE("beta0", "0.1", "part of each gradient that a value of mean size takes",
                                      .search = "uniform(0.02, 0.5)", .also = "beta_0"),
                 [BETA2] = RULE_SHARE("beta2", "0.99", "part of the mean square that is kept",
                                      .search = "uniform(0.9, 0.999)", .also = "beta_2"),
                 [EPSILON] = {"epsilon", GRADUS_NUMBER, .initial = "1e-3", .low = 0, .high = 1, .open = ")",
                              .help = "least part of a gradient that any value takes",
                              .flags = GRADUS_NAMED | GRADUS_SCHEDULED, .also = "eps"},
                 [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-5, 1e-2)"),
                 [DECAY] =
                     RULE_DECAY("coupled"),
                 [FLOORED] = {"floored", GRADUS_FLAG, .initial = "false",
                              .help = "a mean over all values below epsilon counts as epsilon",
                              .flags = GRADUS_NAMED | GRADUS_FOREIGN},
                 {0}},
         .like = (const gradus_like[]){{"pytorch_optimizer", "Adai", "eps=epsilon", "floored=true"}, {0}},
         .notes = "Adaptive without a division by the gradients: its rate is one of sgd, for a momentum that is a mean "
                  "(ten times that of\n"
                  "sgd(momentum=0.9)). AdaiW is decay=decoupled. pytorch_optimizer takes no mean of squares to be less "
                  "than epsilon,\n"
                  "which the paper does not; gradients below 0.03 make that a slower rule."},
    .abi = GRADUS_ABI,
    .slots =
        (const gradus_slot[]){
            RULE_MEANS(MEAN, SQUARE), [WEIGHT] = {.name = "weight", .non_negative = true, .exact = true}, {0}},
    .constants = "scale, coupled, keep2, rise2, corrected, share, least, step, shrink",
    .memory = "average",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(measure),
              .twin = measure_double,
              .sums = SUMS,
              .over_all = true,
              .learn = learn,
              .conclude = compare},
             {.kernel = EVERY_ISA(adai), .twin = adai_double}},
    .usual = 0.5,
};

#else /* once for each instruction set */

static inline lane ISA(pulled)(const cell *c, const lane *k) { return c->g * k[SCALE] + c->x * k[COUPLED]; }

static inline void ISA(measure_element)(cell *c, const lane *k)
{
    const lane g = ISA(pulled)(c, k);
    c->s[SQUARE] = k[KEEP2] * c->s[SQUARE] + k[RISE2] * (g * g);
    c->sum[SQUARES] = c->s[SQUARE];
    c->times[SQUARES] = k[CORRECTED];
    c->sum[COUNT] = c->times[COUNT] = all(1);
}

static void ISA(measure)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(measure_element), VALUES | GRADIENT | SLOT(SQUARE), SLOT(SQUARE), CONSTANTS, SUMS, spans, how_many, k);
}

static inline void ISA(adai_element)(cell *c, const lane *k)
{
    const lane r = smaller(larger(c->s[SQUARE] * k[SHARE], k[LEAST]), all(1));
    c->s[MEAN] = c->s[MEAN] + r * (ISA(pulled)(c, k) - c->s[MEAN]);
    c->s[WEIGHT] = c->s[WEIGHT] + r * (all(1) - c->s[WEIGHT]);
    const lane m = choose(above(c->s[WEIGHT], all(0)), c->s[MEAN] / c->s[WEIGHT], all(0)); /* with epsilon=0 */
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * m);
}

static void ISA(adai)(const span *spans, size_t how_many, const number *k)
{
    enum { STATE = SLOT(MEAN) | SLOT(SQUARE) | SLOT(WEIGHT) };
    walk(ISA(adai_element), VALUES | GRADIENT | STATE, VALUES | SLOT(MEAN) | SLOT(WEIGHT), CONSTANTS, 0, spans,
         how_many, k);
}
#endif
