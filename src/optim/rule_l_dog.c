/* L-DoG: dog for each tensor on its own, so that layers have rates of their own (Ivgi, Hinder and Carmon, 2023). The
 * kernels and the formula are dog's (rule_dog.c), with sums over one tensor. */
#include "distance.h"
#include "kernel.h"
#include "rules.h"

static void conclude(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                     double *constants)
{
    (void)memory;
    gradus_dog_learn(hyper, sums, now->own);
    constants[DISTANCE_STEP] = gradus_dog_rate(hyper, now, now->own);
}

const gradus_rule_row gradus_rule_l_dog = {
    .member = {.name = "l_dog",
               .summary = "dog with a rate for each tensor",
               .formula = "of each tensor: d = max |x - x0|; G = sum |g|^2; x <- x - rate d / sqrt(G + epsilon) g",
               .paper = "Ivgi, Hinder and Carmon 2023",
               .also = "ldog, layer_wise_dog",
               .arguments = (const gradus_argument[]){DOG_ARGUMENTS, {0}},
               .notes = "The rate is a factor of what the rule finds: 1, or a schedule that falls. An average of the "
                        "values belongs to it:\n"
                        "average=polynomial. On tasks where a net is tuned further it comes closer to adam than dog "
                        "does."},
    .abi = GRADUS_ABI,
    .slots = DISTANCE_SLOTS,
    .constants = DISTANCE_CONSTANT_NAMES,
    .own = DOG_MEMORY,
    .prepare = gradus_dog_prepare,
    .pass = {{.kernel = EVERY_ISA(gradus_distance_measure),
              .twin = gradus_distance_measure_double,
              .sums = DISTANCE_SUMS,
              .conclude = conclude},
             {.kernel = EVERY_ISA(gradus_distance_step), .twin = gradus_distance_step_double}},
    .usual = 1,
};
