/* SWATS: begins as Adam and goes on as gradient descent with momentum, whose rate it has learnt from Adam's steps: the one at which the
 * gradient's own direction would have come as far as their projection (Keskar and Socher, 2017).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     m <- beta1 m + (1 - beta1) g
 *     adam   v <- beta2 v + (1 - beta2) g g;  p = rate sqrt(c2)/c1 m / (sqrt(v) + epsilon);  x <- x - p            c = 1 - beta^k
 *            y = p.p / (p.g rate) over all tensors;  f <- beta2 f + (1 - beta2) y
 *            from the next update on it is sgd, if f/c2 > 0 is y but for a share of `tolerance`, and k > 1
 *     sgd    x <- x - rate (f/c2) m                 m begins at 0 again
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step
 *
 * The paper's f is a rate. Here it is a factor of the rate, which a schedule may change before and after. */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, EPSILON, EPSILON_ROOT, TOLERANCE, WEIGHT_DECAY, DECAY };
enum { SCALE, COUPLED, KEEP1, RISE1, KEEP2, RISE2, INSIDE, OUTSIDE, STEP, SHRINK, SWITCHED, CONSTANTS };
enum { MEAN, SQUARE };
enum { SIZE, ALONG, SUMS };
enum { AVERAGE, FACTOR, SINCE }; /* factor 0: it is adam; since: updates of sgd */

#define RULE "rule_swats.c"
#include "every_isa.h"

static double rate(const double *hyper, const gradus_now *now, const double *memory)
{
    (void)hyper;
    return memory[FACTOR] > 0 ? now->rate * memory[FACTOR] : now->rate;
}

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double c1 = 1 - gradus_power(hyper[BETA1], now->update), c2 = 1 - gradus_power(hyper[BETA2], now->update);
    const bool switched = memory[FACTOR] > 0, fresh = switched && memory[SINCE] == 0;
    constants[SCALE] = now->gradient_scale;
    constants[COUPLED] = hyper[DECAY] == DECAY_COUPLED ? hyper[WEIGHT_DECAY] : 0;
    constants[KEEP1] = fresh ? 0 : hyper[BETA1];
    constants[RISE1] = 1 - hyper[BETA1];
    constants[KEEP2] = hyper[BETA2];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[INSIDE] = hyper[EPSILON_ROOT];
    constants[OUTSIDE] = hyper[EPSILON];
    constants[STEP] = rate(hyper, now, memory) * (switched ? 1 : sqrt(c2) / c1);
    constants[SHRINK] = hyper[DECAY] == DECAY_DECOUPLED ? rate(hyper, now, memory) * hyper[WEIGHT_DECAY] : 0;
    constants[SWITCHED] = switched;
}

static void learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    const double factor = sums[SIZE] / (sums[ALONG] * now->rate);
    memory[SINCE] += memory[FACTOR] > 0;
    if (memory[FACTOR] > 0 || !isfinite(factor)) return;
    memory[AVERAGE] = hyper[BETA2] * memory[AVERAGE] + (1 - hyper[BETA2]) * factor;
    const double corrected = memory[AVERAGE] / (1 - gradus_power(hyper[BETA2], now->update));
    if (now->update > 1 && corrected > 0 && fabs(corrected - factor) <= hyper[TOLERANCE] * corrected)
        memory[FACTOR] = corrected;
}

/* The mean gradient as it is made up for its start is what a value's rate is a factor of. */
static void conclude_rates(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                           double *constants)
{
    (void)sums, (void)memory;
    if (constants[SWITCHED] == 0) constants[STEP] = now->rate * sqrt(1 - gradus_power(hyper[BETA2], now->update));
}

const gradus_rule_row gradus_rule_swats = {
    .member =
        {.name = "swats",
         .summary = "adam that becomes sgd once the rate that it amounts to has settled",
         .formula = "p = rate sqrt(1 - beta2^k)/(1 - beta1^k) m / (sqrt(v) + epsilon); x <- x - p; f <- beta2 f + (1 - "
                    "beta2) p.p / (p.g rate); once f/(1 - beta2^k) has settled: x <- x - rate f/(1 - beta2^k) m",
         .paper = "Keskar and Socher 2017",
         .also = "switch, adam_to_sgd",
         .arguments =
             (const gradus_argument[]){[BETA1] = RULE_BETA1,
                                       [BETA2] = RULE_BETA2,
                                       [EPSILON] = RULE_EPSILON("1e-9", .search = "loguniform(1e-10, 1e-4)"),
                                       [EPSILON_ROOT] =
                                           RULE_AMOUNT("epsilon_root", "0", "added under the root", .also = "eps_root"),
                                       [TOLERANCE] = RULE_AMOUNT("tolerance", "1e-6",
                                                                 "share by which the rate of an update may differ from "
                                                                 "the mean so far at the switch; 0: as good as never",
                                                                 .search = "loguniform(1e-7, 1e-3)"),
                                       [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0", "loguniform(1e-6, 1e-2)"),
                                       [DECAY] = RULE_DECAY("coupled"),
                                       {0}},
         .like =
             (const gradus_like[]){{"pytorch_optimizer", "SWATS", "eps=epsilon", "epsilon=1e-6, epsilon_root=1e-15"},
                                   {0}},
         .notes =
             "All tensors switch at once, by one rate, as in the paper, whose threshold of 1e-9 is a share of 1e-6 "
             "where the rate\n"
             "is 0.001. pytorch_optimizer asks each tensor, and all switch to the rate of the last that is ready, "
             "to within 1e-8 and\n"
             "a share of eps; `tolerance` is not moved by its eps. What the switch has made of the rate is the "
             "effective rate."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){RULE_MEANS(MEAN, SQUARE), {0}},
    .constants = "scale, coupled, keep1, rise1, keep2, rise2, inside, outside, step, shrink, switched",
    .memory = "average, factor, since",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(swats), .twin = swats_double, .sums = SUMS, .over_all = true, .learn = learn}},
    .rates = {.kernel = EVERY_ISA(rates), .twin = rates_double, .conclude = conclude_rates},
    .effective_rate = rate,
    .usual = 0.003,
};

#else /* once for each instruction set */

static inline lane ISA(pulled)(const cell *c, const lane *k) { return c->g * k[SCALE] + c->x * k[COUPLED]; }

static inline lane ISA(below)(const cell *c, const lane *k) { return root(c->s[SQUARE] + k[INSIDE]) + k[OUTSIDE]; }

static inline void ISA(adam_element)(cell *c, const lane *k)
{
    const lane g = ISA(pulled)(c, k);
    c->s[MEAN] = k[KEEP1] * c->s[MEAN] + k[RISE1] * g;
    c->s[SQUARE] = k[KEEP2] * c->s[SQUARE] + k[RISE2] * (g * g);
    const lane p = k[STEP] * c->s[MEAN] / ISA(below)(c, k);
    c->sum[SIZE] = c->times[SIZE] = c->sum[ALONG] = p;
    c->times[ALONG] = g;
    c->x = c->x - (k[SHRINK] * c->x + p);
}

static inline void ISA(sgd_element)(cell *c, const lane *k)
{
    c->s[MEAN] = k[KEEP1] * c->s[MEAN] + k[RISE1] * ISA(pulled)(c, k);
    c->x = c->x - (k[SHRINK] * c->x + k[STEP] * c->s[MEAN]);
}

static void ISA(swats)(const span *spans, size_t how_many, const number *k)
{
    enum { SGD = VALUES | SLOT(MEAN), ADAM = SGD | SLOT(SQUARE) };
    if (k[SWITCHED] > 0)
        walk(ISA(sgd_element), GRADIENT | SGD, SGD, CONSTANTS, 0, spans, how_many, k);
    else
        walk(ISA(adam_element), GRADIENT | ADAM, ADAM, CONSTANTS, SUMS, spans, how_many, k);
}

static inline void ISA(rates_element)(cell *c, const lane *k)
{
    c->x = choose(above(k[SWITCHED], all(0)), k[STEP], k[STEP] / ISA(below)(c, k));
}

static void ISA(rates)(const span *spans, size_t how_many, const number *k)
{
    walk(ISA(rates_element), SLOT(SQUARE), VALUES, CONSTANTS, 0, spans, how_many, k);
}
#endif
