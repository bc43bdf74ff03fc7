/* polynomial: an average over the whole run in which later values weigh more, by a power of their number
 * (Shamir and Zhang, 2013). It needs no length of the run and no decay; dog is meant to have it.
 *
 *     a <- a + (1 + power) / (n + power) (x - a)              for the n-th values taken */
#include "average.h"
#include "kernel.h"
#include "rules.h"

enum { POWER, EVERY, FROM };

static gradus_outcome drive(gradus_drive *d) { return gradus_average_drive(d, d->hyper[EVERY], d->hyper[FROM]); }

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)now;
    constants[AVERAGE_RISE] = (1 + hyper[POWER]) / (memory[AVERAGE_TAKEN] + 1 + hyper[POWER]);
}

const gradus_rule_row gradus_average_polynomial = {
    .member = {.name = "polynomial",
               .summary = "an average over the whole run in which later values weigh more",
               .formula = "a <- a + (1 + power) / (n + power) (x - a)",
               .paper = "Shamir and Zhang 2013",
               .also = "polynomial_decay, poly",
               .arguments =
                   (const gradus_argument[]){
                       [POWER] = {"power", GRADUS_NUMBER, .initial = "8", .low = 0, .high = INFINITY,
                                  .help = "of its number that values weigh with; 0: all the same",
                                  .flags = GRADUS_NAMED, .search = "uniform(0, 16)", .also = "eta, gamma"},
                       [EVERY] = {"every", GRADUS_LENGTH, .initial = "1", .low = 0, .high = INFINITY, .open = "(",
                                  .help = "how often the values are taken into it", .flags = GRADUS_NAMED},
                       [FROM] = AVERAGE_FROM_ARGUMENT("0"),
                       {0}}},
    .abi = GRADUS_ABI,
    .slots = AVERAGE_SLOTS,
    .constants = AVERAGE_CONSTANTS,
    .memory = AVERAGE_MEMORY,
    .prepare = prepare,
    .pass = AVERAGE_PASS,
    .drive = drive,
    .show = AVERAGE_SHOW,
};
