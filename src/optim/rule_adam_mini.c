/* Adam-mini: Adam with one mean square for all weights of an output, or of a tensor, in place of one each, which takes half of the state
 * away (Zhang et al., 2024).
 *
 *     m <- beta1 m + (1 - beta1) g
 *     v <- beta2 v + (1 - beta2) mean(g g)          of each output of a weight; of a vector
 *     x <- x - rate m/c1 / (sqrt(v/c2) + epsilon)   c = 1 - beta^k
 *     x <- x - rate weight_decay x                  with x before the step */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"
#include "rules.h"

enum { BETA1, BETA2, EPSILON, BLOCK_SIZE, WEIGHT_DECAY };
enum { OUTPUT, TENSOR };
enum { RISE1, RISE2, ROOT, OUTSIDE, STEP, SHRINK, CONSTANTS };
enum { MEAN, SQUARE };

static gradus_cut blocks_of(const double *hyper, const gradus_shape *shape)
{
    return hyper[BLOCK_SIZE] == TENSOR ? gradus_cut_whole() : gradus_cut_outputs(shape);
}

static int64_t square_size(const double *hyper, const gradus_shape *shape) { return blocks_of(hyper, shape).units; }

#define RULE "rule_adam_mini.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    const double c1 = 1 - gradus_power(hyper[BETA1], now->update), c2 = 1 - gradus_power(hyper[BETA2], now->update);
    (void)memory;
    constants[RISE1] = 1 - hyper[BETA1];
    constants[RISE2] = 1 - hyper[BETA2];
    constants[ROOT] = 1 / sqrt(c2);
    constants[OUTSIDE] = hyper[EPSILON];
    constants[STEP] = now->rate / c1;
    constants[SHRINK] = now->rate * hyper[WEIGHT_DECAY];
}

const gradus_rule_row gradus_rule_adam_mini = {
    .member = {.name = "adam_mini",
               .summary = "adamw with one mean square for all weights of an output",
               .formula = "v <- beta2 v + (1 - beta2) mean(g^2) of each output; x <- x - rate m/(1 - beta1^k) / "
                          "(sqrt(v/(1 - beta2^k)) + epsilon)",
               .paper = "Zhang et al. 2024",
               .also = "adammini",
               .arguments =
                   (const gradus_argument[]){
                       [BETA1] = RULE_BETA1,
                       [BETA2] = RULE_BETA2,
                       [EPSILON] = RULE_EPSILON("1e-8", .search = "loguniform(1e-10, 1e-4)"),
                       [BLOCK_SIZE] = {"block", GRADUS_WORD, .initial = "output", .words = "output|tensor",
                                       .help = "what has one mean square: all that leads to an output, or a tensor",
                                       .flags = GRADUS_NAMED},
                       [WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0.01", "loguniform(1e-4, 1)"),
                       {0}},
               .notes = "The authors also cut the weights of attention by heads: a tensor for each head does that."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[MEAN] = {.name = "exp_avg"},
                                   [SQUARE] = {.name = "exp_avg_sq", .non_negative = true, .size = square_size},
                                   {0}},
    .constants = "rise1, rise2, root, outside, step, shrink",
    .prepare = prepare,
    .update = EVERY_ISA(adam_mini),
    .update_twin = adam_mini_double,
    .usual = 0.003,
};

#else /* once for each instruction set */

static void ISA(adam_mini)(const work *w)
{
    const gradus_cut cut = blocks_of(w->hyper, w->shape);
    const int64_t size = w->shape->count / cut.units;
    const int64_t apart = cut.strided ? cut.units : 1, next = cut.strided ? 1 : size;
    const number *k = w->constants;
    for (int64_t unit = 0; unit < cut.units; unit++) {
        const number *g = w->gradient + unit * next;
        number *m = w->state[MEAN] + unit * next, *x = w->values + unit * next, *v = &w->state[SQUARE][unit];
        double squares = 0;
        for (int64_t i = 0; i < size; i++) squares += (double)g[i * apart] * (double)g[i * apart];
        *v = *v + k[RISE2] * ((number)(squares / (double)size) - *v);
        const number below = (number)sqrt((double)*v) * k[ROOT] + k[OUTSIDE], step = below > 0 ? k[STEP] / below : 0;
        for (int64_t i = 0; i < size; i++) {
            m[i * apart] = m[i * apart] + k[RISE1] * (g[i * apart] - m[i * apart]);
            x[i * apart] = x[i * apart] - (k[SHRINK] * x[i * apart] + step * m[i * apart]);
        }
    }
}
#endif
