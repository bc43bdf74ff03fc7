/* Adam: a mean gradient over the root of a mean square, both made up for their start at 0 (Kingma and Ba, 2015).
 * AdamW is the same kernel with other constants (rule_adamw.c).
 *
 *     g <- g + weight_decay x                       where decay is coupled
 *     m <- m + (1 - beta1) (g - m)                                   c1 = 1 - beta1^k
 *     v <- beta2 v + (1 - beta2) g g                                 c2 = 1 - beta2^k
 *     corrected  x <- x - rate m/c1 / (sqrt(v/c2 + epsilon_root) + epsilon)                         (PyTorch, Optax)
 *     raw        x <- x - rate m/c1 / ((sqrt(v + epsilon_root c2) + epsilon) / sqrt(c2))            (Keras)
 *     amsgrad    the largest v so far in the place of v                              (Reddi, Kale and Kumar, 2018)
 *     x <- x - rate weight_decay x                  where decay is decoupled, with x before the step */
#ifndef RULE
#include "kernel.h"
#include "adam.h"
#include "rules.h"

enum { DECAY = ADAM_SHARED, AMSGRAD };

#define RULE "rule_adam.c"
#include "every_isa.h"

void gradus_adam_prepare(const double *hyper, const gradus_now *now, int decay, double *constants)
{
    const bool correct = hyper[ADAM_BIAS_CORRECTION] != 0;
    const double c1 = correct ? 1 - gradus_power(hyper[ADAM_BETA1], now->update) : 1;
    const double c2 = correct ? 1 - gradus_power(hyper[ADAM_BETA2], now->update) : 1;
    constants[ADAM_SCALE] = now->gradient_scale;
    constants[ADAM_COUPLED] = decay == DECAY_COUPLED ? hyper[ADAM_WEIGHT_DECAY] : 0;
    constants[ADAM_RISE1] = 1 - hyper[ADAM_BETA1];
    constants[ADAM_KEEP2] = hyper[ADAM_BETA2];
    constants[ADAM_RISE2] = 1 - hyper[ADAM_BETA2];
    constants[ADAM_INSIDE] = hyper[ADAM_EPSILON_ROOT] * c2;
    constants[ADAM_ROOT] = 1 / sqrt(c2);
    constants[ADAM_OUTSIDE] = hyper[ADAM_PLACE] == ADAM_RAW ? hyper[ADAM_EPSILON] / sqrt(c2) : hyper[ADAM_EPSILON];
    constants[ADAM_STEP] = now->rate / c1;
    constants[ADAM_TAKEN] = 1;
    constants[ADAM_SHRINK] = decay == DECAY_DECOUPLED ? now->rate * hyper[ADAM_WEIGHT_DECAY] : 0;
}

void gradus_adam_rate(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                      double *constants)
{
    (void)hyper, (void)sums, (void)memory;
    constants[ADAM_STEP] = now->rate;
}

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    gradus_adam_prepare(hyper, now, (int)hyper[DECAY], constants);
}

const gradus_rule_row gradus_rule_adam = {
    .member = {.name = "adam",
               .summary = "a mean gradient over the root of a mean square",
               .formula = "m <- beta1 m + (1 - beta1) g; v <- beta2 v + (1 - beta2) g^2; "
                          "x <- x - rate m/(1 - beta1^k) / (sqrt(v/(1 - beta2^k)) + epsilon)",
               .paper = "Kingma and Ba 2015",
               .arguments =
                   (const gradus_argument[]){
                       ADAM_ARGUMENTS,
                       ADAM_DECAY_ARGUMENT("0", "loguniform(1e-6, 1e-2)"),
                       [DECAY] = {"decay", GRADUS_WORD, .initial = "coupled", .words = DECAY_WORDS,
                                  .help = "added to the gradient, or as adamw has it", .flags = GRADUS_NAMED},
                       [AMSGRAD] = ADAM_AMSGRAD_ARGUMENT("false"),
                       {0}},
               .like =
                   (const gradus_like[]){
                       {"torch", "Adam", "eps=epsilon", NULL},
                       {"keras", "Adam", "beta_1=beta1, beta_2=beta2", "epsilon=1e-7, place=raw, decay=decoupled"},
                       {"timm", "adam", "eps=epsilon", NULL},
                       {"optax", "adam", "b1=beta1, b2=beta2, eps=epsilon, eps_root=epsilon_root", NULL},
                       {0}},
               .notes = "With place=raw, as in Keras, epsilon acts as if it were 1/sqrt(1 - beta2^k) times larger: 32 "
                        "times in the\n"
                        "first update, 10 times in the tenth. Coupled weight decay passes through both means, so that "
                        "it pulls all\n"
                        "values alike; adamw decays in proportion."},
    .abi = GRADUS_ABI,
    .slots = ADAM_SLOTS_AMSGRAD,
    .constants = ADAM_CONSTANTS,
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(gradus_adam), .twin = gradus_adam_double, .reads_bytes = true}},
    .rates = ADAM_RATES,
    .usual = 0.003,
};

#else /* once for each instruction set */

#include "adam.h"

static inline void ISA(rates_element)(cell *c, const lane *k) { c->x = k[ADAM_STEP] / ISA(adam_below)(c, k); }

void ISA(gradus_adam_rates)(const span *spans, size_t how_many, const number *k)
{
    if (spans->state[ADAM_LARGEST])
        walk(ISA(rates_element), SLOT(ADAM_SQUARE) | SLOT(ADAM_LARGEST), VALUES, ADAM_TAKEN, 0, spans, how_many, k);
    else
        walk(ISA(rates_element), SLOT(ADAM_SQUARE), VALUES, ADAM_TAKEN, 0, spans, how_many, k);
}

void ISA(gradus_adam)(const span *spans, size_t how_many, const number *k)
{
    ISA(adam_walk)(ISA(adam_element), 0, 0, spans, how_many, k);
}
#endif
