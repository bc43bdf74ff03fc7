/* diffGrad: Adam whose step of a value is halved where its gradient stays as it was, so that it slows down where the ground is even and
 * does not oscillate about a valley's floor (Dubey et al., 2020).
 *
 *     f = 1 / (1 + exp(-|h - g|));  h <- g          h the last gradient, 0 at first
 *     x <- x - rate f m/c1 / (sqrt(v/c2) + epsilon)                                         m, v, c1 and c2 as in adam */
#ifndef RULE
#include "kernel.h"
#include "adam.h"
#include "rules.h"

enum { DECAY = ADAM_SHARED, AMSGRAD };
enum { LAST = ADAM_LARGEST + 1 };

#define RULE "rule_diffgrad.c"
#include "every_isa.h"

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    gradus_adam_prepare(hyper, now, (int)hyper[DECAY], constants);
    if (hyper[ADAM_PLACE] == ADAM_RAW) constants[ADAM_INSIDE] = hyper[ADAM_EPSILON_ROOT];
}

const gradus_rule_row gradus_rule_diffgrad = {
    .member = {.name = "diffgrad",
               .summary = "adam that slows down where gradients stay as they were",
               .formula = "f = 1 / (1 + exp(-|h - g|)); h <- g; x <- x - rate f m/(1 - beta1^k) / (sqrt(v/(1 - "
                          "beta2^k)) + epsilon)",
               .paper = "Dubey et al. 2020",
               .also = "diff_grad",
               .arguments =
                   (const gradus_argument[]){
                       [ADAM_BETA1] = RULE_BETA1,
                       [ADAM_BETA2] = RULE_BETA2,
                       [ADAM_EPSILON] = RULE_EPSILON("1e-8", .search = "loguniform(1e-10, 1e-4)"),
                       [ADAM_PLACE] = RULE_PLACE,
                       [ADAM_EPSILON_ROOT] = RULE_AMOUNT(
                           "epsilon_root", "0", "added under the root, to the same mean square", .also = "eps_root"),
                       [ADAM_BIAS_CORRECTION] = RULE_BIAS_CORRECTION,
                       ADAM_DECAY_ARGUMENT("0", "loguniform(1e-4, 1)"),
                       [DECAY] = RULE_DECAY("decoupled"),
                       [AMSGRAD] = ADAM_AMSGRAD_ARGUMENT("false"),
                       {0}},
               .like = (const gradus_like[]){{"pytorch_optimizer", "DiffGrad", "eps=epsilon, ams_bound=amsgrad",
                                              "place=raw, epsilon_root=1e-15"},
                                             {0}},
               .notes =
                   "The factor f is between 1/2 and 1, and knows the scale of the gradients, which the rest of the "
                   "step does not: where\n"
                   "they are all far below 1 it is 1/2 throughout, and this is adam at half the rate."},
    .abi = GRADUS_ABI,
    .slots =
        (const gradus_slot[]){
            ADAM_MEAN_SLOT, ADAM_SQUARE_SLOT, ADAM_LARGEST_SLOT, [LAST] = {.name = "previous_grad"}, {0}},
    .constants = ADAM_CONSTANTS,
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(diffgrad), .twin = diffgrad_double}},
    .usual = 0.005,
};

#else /* once for each instruction set */

#include "adam.h"

/* tanh(a) for a >= 0 to a few roundings, from nothing but + x /: the fraction of Lambert for an eighth of it, then what is known of
 * twice an angle, tanh(2 z) = 2 tanh(z) / (1 + tanh(z)^2), three times. Neither makes an error larger. */
static inline lane ISA(tanh)(lane a)
{
    const lane z = smaller(a, all(20)) * all(0.125f), q = z * z; /* from 20 on it is 1 */
    lane t = z * (all(945) + q * (all(105) + q)) / (all(945) + q * (all(420) + all(15) * q));
    for (int i = 0; i < 3; i++) t = (t + t) / (all(1) + t * t);
    return t;
}

static inline void ISA(diffgrad_element)(cell *c, const lane *k)
{
    const lane g = c->g * k[ADAM_SCALE] + c->x * k[ADAM_COUPLED], half = all(0.5f);
    const lane friction = half + half * ISA(tanh)(half * absolute(c->s[LAST] - g)), mean = ISA(adam_means)(c, g, k);
    c->s[LAST] = g;
    c->x = c->x - (k[ADAM_SHRINK] * c->x + k[ADAM_STEP] * friction * mean / ISA(adam_below)(c, k));
}

static void ISA(diffgrad)(const span *spans, size_t how_many, const number *k)
{
    ISA(adam_walk)(ISA(diffgrad_element), SLOT(LAST), 0, spans, how_many, k);
}
#endif
