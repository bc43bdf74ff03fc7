/* AMSGrad: Adam whose divisor never falls, so that a rare large gradient is not forgotten (Reddi, Kale and Kumar, 2018). It is
 * adam(amsgrad) under the name of its paper; the kernel is adam's (rule_adam.c).
 *
 *     u <- max(u, v)                                x <- x - rate m/c1 / (sqrt(u/c2) + epsilon)         (PyTorch, Keras)
 *     of=corrected: u <- max(u, v/c2)               x <- x - rate m/c1 / (sqrt(u) + epsilon)                    (Optax) */
#include "kernel.h"
#include "adam.h"
#include "rules.h"

enum { DECAY = ADAM_SHARED, AMSGRAD, OF };
enum { OF_RAW, OF_CORRECTED };

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    gradus_adam_prepare(hyper, now, (int)hyper[DECAY], constants);
    if (hyper[OF] == OF_RAW) return;
    const double c2 = hyper[ADAM_BIAS_CORRECTION] ? 1 - gradus_power(hyper[ADAM_BETA2], now->update) : 1;
    constants[ADAM_TAKEN] = 1 / c2;
    constants[ADAM_INSIDE] = hyper[ADAM_EPSILON_ROOT];
    constants[ADAM_ROOT] = 1;
    constants[ADAM_OUTSIDE] = hyper[ADAM_EPSILON];
}

const gradus_rule_row gradus_rule_amsgrad = {
    .member = {.name = "amsgrad",
               .summary = "adam whose divisor never falls",
               .formula = "u <- max(u, v); x <- x - rate m/(1 - beta1^k) / (sqrt(u/(1 - beta2^k)) + epsilon)",
               .paper = "Reddi, Kale and Kumar 2018",
               .also = "ams_grad",
               .arguments =
                   (const gradus_argument[]){ADAM_ARGUMENTS,
                                             ADAM_DECAY_ARGUMENT("0", "loguniform(1e-6, 1e-2)"),
                                             [DECAY] = RULE_DECAY("coupled"),
                                             [AMSGRAD] = ADAM_AMSGRAD_ARGUMENT("true"),
                                             [OF] = {"of", GRADUS_WORD, .initial = "raw", .words = "raw|corrected",
                                                     .help = "the largest of the mean squares as they are kept, or as "
                                                             "they are made up for their start",
                                                     .flags = GRADUS_NAMED},
                                             {0}},
               .like = (const gradus_like[]){{"optax", "amsgrad",
                                              "b1=beta1, b2=beta2, eps=epsilon, eps_root=epsilon_root", "of=corrected"},
                                             {0}},
               .notes =
                   "PyTorch and Keras write Adam(amsgrad=True): here adam(amsgrad). Optax takes the largest of the "
                   "corrected mean\n"
                   "squares, which are far larger in the first updates: its first gradients count for longer."},
    .abi = GRADUS_ABI,
    .slots = ADAM_SLOTS_AMSGRAD,
    .constants = ADAM_CONSTANTS,
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(gradus_adam), .twin = gradus_adam_double}},
    .usual = 0.003,
};
