/* Tiger: Lion whose direction and mean are one, which is signsgd with a long mean; made to need no more memory than the gradients of
 * an accumulated batch (Su, 2023). The kernel is signsgd's.
 *
 *     m <- beta m + (1 - beta) g
 *     x <- x - rate (sign(m) + weight_decay x) */
#include "kernel.h"
#include "rules.h"
#include "signs.h"

const gradus_rule_row gradus_rule_tiger = {
    .member = {.name = "tiger",
               .summary = "signsgd with a long mean: lion with one mean in place of two",
               .formula = "m <- momentum m + (1 - momentum) g; x <- x - rate (sign(m) + weight_decay x)",
               .paper = "Su 2023, Tiger: a tight-fisted optimizer",
               .arguments =
                   (const gradus_argument[]){
                       [SIGNS_MOMENTUM] = RULE_SHARE("momentum", "0.965", "part of the mean gradient that is kept",
                                                     .search = "uniform(0.9, 0.99)", .also = "beta"),
                       [SIGNS_WEIGHT_DECAY] = RULE_WEIGHT_DECAY("0.01", "loguniform(1e-3, 10)"),
                       {0}},
               .like = (const gradus_like[]){{"pytorch_optimizer", "Tiger", "beta=momentum", NULL}, {0}}},
    .abi = GRADUS_ABI,
    .slots = SIGNS_SLOTS,
    .constants = SIGNS_CONSTANTS,
    .prepare = gradus_signs_prepare,
    .pass = {{.kernel = EVERY_ISA(gradus_signs), .twin = gradus_signs_double}},
    .usual = 0.0003,
};
