/* AdamW: Adam whose weight decay does not pass through the means (Loshchilov and Hutter, 2019).
 * The kernel and its formula are adam's (rule_adam.c); decay is always decoupled:
 *
 *     x <- x - rate (weight_decay x + m/c1 / (sqrt(v/c2) + epsilon))  */
#include "kernel.h"
#include "adam.h"
#include "rules.h"

enum { AMSGRAD = ADAM_SHARED };

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    gradus_adam_prepare(hyper, now, DECAY_DECOUPLED, constants);
}

const gradus_rule_row gradus_rule_adamw = {
    .member = {.name = "adamw",
               .summary = "adam, with a weight decay of its own",
               .formula = "x <- x - rate (weight_decay x + m/(1 - beta1^k) / (sqrt(v/(1 - beta2^k)) + epsilon))",
               .paper = "Loshchilov and Hutter 2019",
               .also = "adam_w",
               .arguments = (const gradus_argument[]){ADAM_ARGUMENTS,
                                                      ADAM_DECAY_ARGUMENT("0.01", "loguniform(1e-4, 1)"),
                                                      [AMSGRAD] = ADAM_AMSGRAD_ARGUMENT("false"),
                                                      {0}},
               .like =
                   (const gradus_like[]){
                       {"torch", "AdamW", "eps=epsilon", NULL},
                       {"keras", "AdamW", "beta_1=beta1, beta_2=beta2", "epsilon=1e-7, place=raw, weight_decay=0.004"},
                       {"timm", "adamw", "eps=epsilon", NULL},
                       {"optax", "adamw", "b1=beta1, b2=beta2, eps=epsilon, eps_root=epsilon_root",
                        "weight_decay=1e-4"},
                       {"schedulefree", "AdamWScheduleFree", "eps=epsilon", "weight_decay=0"},
                       {"keras", "ScheduleFreeAdamW", "beta_2=beta2", "weight_decay=0"},
                       {"optax", "contrib.schedule_free_adamw", "b2=beta2, eps=epsilon", "weight_decay=0"},
                       {"pytorch_optimizer", "ScheduleFreeAdamW", "eps=epsilon", "weight_decay=0, epsilon_root=1e-15"},
                       {0}},
               .refuses = (const gradus_refusal[]){{"nesterov", "that is nadam(decay=decoupled)"}, {0}},
               .notes = "The decay of an update is rate * weight_decay: a schedule of the rate is one of the decay "
                        "too. Defaults differ\n"
                        "between frameworks: 0.01 here and in PyTorch, 0.004 in Keras, 0.0001 in Optax."},
    .abi = GRADUS_ABI,
    .slots = ADAM_SLOTS_AMSGRAD,
    .constants = ADAM_CONSTANTS,
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(gradus_adam), .twin = gradus_adam_double, .reads_bytes = true}},
    .rates = ADAM_RATES,
    .usual = 0.003,
};
