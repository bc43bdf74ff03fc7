/* COCOB: each value is a gambler who bets on its next gradient what it has won so far, so that there is no rate at all
 * (Orabona and Tommasi, 2017, its Algorithm 2).
 *
 *     c = rate (g + weight_decay x)
 *     L <- max(L, |c|), at first epsilon;  G <- G + |c|;  R <- max(R - c (x - x0), 0);  T <- T - c
 *     x <- x0 + T / (L max(G + L, alpha L)) (L + R)
 *
 * A rate that stays the same changes nothing. */
#ifndef RULE
#include "arguments.h"
#include "kernel.h"

enum { ALPHA, EPSILON, WEIGHT_DECAY };
enum { SCALE, COUPLED, LEAST, SHARE, CONSTANTS };
enum { START, TENDENCY, LARGEST, SIZES, REWARD };

#define RULE "rule_cocob.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    constants[SCALE] = now->gradient_scale * now->rate;
    constants[COUPLED] = hyper[WEIGHT_DECAY] * now->rate;
    constants[LEAST] = hyper[EPSILON];
    constants[SHARE] = hyper[ALPHA];
}

const gradus_rule_row gradus_rule_cocob = {
    .member =
        {.name = "cocob",
         .summary = "bets what each value has won on its next gradient, so that there is no rate",
         .formula =
             "L = max |g|; G = sum |g|; R = sum of -g (x - x0); x <- x0 - sum of g / (L max(G + L, alpha L)) (L + R)",
         .paper = "Orabona and Tommasi 2017",
         .also = "coin_betting",
         .arguments =
             (const gradus_argument[]){
                 [ALPHA] = RULE_AMOUNT("alpha", "100", "the first bets are no larger than one part of so many",
                                       .search = "loguniform(10, 1000)"),
                 [EPSILON] = RULE_AMOUNT("epsilon", "1e-8", "the largest gradient that is assumed at first",
                                         .also = "eps", .open = "("),
                 [WEIGHT_DECAY] =
                     RULE_AMOUNT("weight_decay", "0", "pull of the values towards 0, added to the gradient",
                                 .search = "loguniform(1e-5, 1e-2)", .also = "wd, l2"),
                 {0}},
         .like = (const gradus_like[]){{"optax", "contrib.cocob", "eps=epsilon", NULL}, {0}},
         .notes =
             "The rate is a factor of all gradients, which does not matter while it stays the same: no schedule is "
             "needed."},
    .abi = GRADUS_ABI,
    .slots = (const gradus_slot[]){[START] = {.name = "start", .from_values = true},
                                   [TENDENCY] = {.name = "tendency", .exact = true},
                                   [LARGEST] = {.name = "largest", .non_negative = true},
                                   [SIZES] = {.name = "sizes", .non_negative = true, .exact = true},
                                   [REWARD] = {.name = "reward", .non_negative = true, .exact = true},
                                   {0}},
    .constants = "scale, coupled, least, share",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(bet), .twin = bet_double}},
    .usual = 1,
};

#else /* once for each instruction set */

static inline void ISA(bet_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[SCALE] + c->x * k[COUPLED], size = absolute(g);
    const lane largest = larger(larger(c->s[LARGEST], size), k[LEAST]), sizes = c->s[SIZES] + size,
               reward = larger(c->s[REWARD] - g * (c->x - c->s[START]), all(0)), tendency = c->s[TENDENCY] - g;
    c->s[LARGEST] = largest;
    c->s[SIZES] = sizes;
    c->s[REWARD] = reward;
    c->s[TENDENCY] = tendency;
    c->x = c->s[START] + tendency / (largest * larger(sizes + largest, k[SHARE] * largest)) * (largest + reward);
}

static void ISA(bet)(const span *spans, size_t how_many, const number *k)
{
    enum { WRITTEN = VALUES | SLOT(TENDENCY) | SLOT(LARGEST) | SLOT(SIZES) | SLOT(REWARD) };
    walk(ISA(bet_element), GRADIENT | SLOT(START) | WRITTEN, WRITTEN, CONSTANTS, 0, spans, how_many, k);
}
#endif
