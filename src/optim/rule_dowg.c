/* DoWG: dog whose gradients weigh as the square of the way that was come when they were met, which makes its steps longer
 * (Khaled, Mishchenko and Jin, 2023). The kernels are dog's (rule_dog.c).
 *
 *     d = max(d, |x - x0|^2)             of all tensors together; at first `first`
 *     V <- V + d |g|^2
 *     x <- x - rate d / (sqrt(V) + epsilon) g  */
#include "distance.h"
#include "kernel.h"
#include "rules.h"

enum { FIRST, EPSILON, WEIGHT_DECAY };
enum { MOST, WEIGHTED };

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)memory;
    gradus_distance_prepare(now, hyper[WEIGHT_DECAY], constants);
}

static void learn(const double *hyper, const gradus_now *now, const double *sums, double *memory)
{
    (void)now;
    memory[MOST] = fmax(fmax(memory[MOST], hyper[FIRST]), sums[DISTANCE_MOVED]);
    memory[WEIGHTED] += memory[MOST] * sums[DISTANCE_GRADIENT];
}

static double effective_rate(const double *hyper, const gradus_now *now, const double *memory)
{
    return now->rate * memory[MOST] / (sqrt(memory[WEIGHTED]) + hyper[EPSILON]);
}

static void conclude(const double *hyper, const gradus_now *now, const double *sums, const double *memory,
                     double *constants)
{
    (void)sums;
    constants[DISTANCE_STEP] = effective_rate(hyper, now, memory);
}

const gradus_rule_row gradus_rule_dowg = {
    .member = {.name = "dowg",
               .summary = "dog that weighs later gradients more",
               .formula = "d = max |x - x0|^2; V = sum d |g|^2; x <- x - rate d / (sqrt(V) + epsilon) g",
               .paper = "Khaled, Mishchenko and Jin 2023",
               .arguments =
                   (const gradus_argument[]){
                       [FIRST] = {"first", GRADUS_NUMBER, .initial = "1e-4", .low = 0, .high = INFINITY, .open = "(",
                                  .help = "square of the distance that the first step goes by", .flags = GRADUS_NAMED,
                                  .search = "loguniform(1e-8, 1e-2)"},
                       [EPSILON] = RULE_AMOUNT("epsilon", "1e-4", "keeps the division finite", .also = "eps"),
                       [WEIGHT_DECAY] = DISTANCE_DECAY_ARGUMENT,
                       {0}},
               .like =
                   (const gradus_like[]){{"optax", "contrib.dowg", "eps=epsilon, init_estim_sq_dist=first", NULL}, {0}},
               .notes = "The rate is a factor of what the rule finds: 1, or a schedule that falls."},
    .abi = GRADUS_ABI,
    .slots = DISTANCE_SLOTS,
    .constants = DISTANCE_CONSTANT_NAMES,
    .memory = "most, weighted",
    .prepare = prepare,
    .pass = {{.kernel = EVERY_ISA(gradus_distance_measure),
              .twin = gradus_distance_measure_double,
              .sums = DISTANCE_SUMS,
              .over_all = true,
              .learn = learn,
              .conclude = conclude},
             {.kernel = EVERY_ISA(gradus_distance_step), .twin = gradus_distance_step_double}},
    .effective_rate = effective_rate,
    .usual = 1,
};
