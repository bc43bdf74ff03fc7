/* swa: the plain mean of the values at the ends of some epochs late in the run, which lies in a flatter place than the
 * last ones do (Izmailov et al., 2018).
 *
 *     a <- a + (x - a) / n              for the n-th values taken: every `every`, from `from` on
 *
 * A rate that stays high while values are taken belongs to it: schedule='hold(75%) > hold'. */
#include "average.h"
#include "kernel.h"
#include "rules.h"

enum { EVERY, FROM };

static gradus_outcome drive(gradus_drive *d) { return gradus_average_drive(d, d->hyper[EVERY], d->hyper[FROM]); }

static void prepare(const double *hyper, const gradus_now *now, const double *memory, double *constants)
{
    (void)hyper, (void)now;
    constants[AVERAGE_RISE] = 1 / (memory[AVERAGE_TAKEN] + 1);
}

const gradus_rule_row gradus_average_swa = {
    .member = {.name = "swa",
               .summary = "the mean of the values at the ends of the last epochs",
               .formula = "a <- a + (x - a) / n",
               .paper = "Izmailov et al. 2018",
               .also = "stochastic_weight_averaging, mean",
               .arguments = (const gradus_argument[]){[EVERY] = {"every", GRADUS_LENGTH, .initial = "1ep", .low = 0,
                                                                 .high = INFINITY, .open = "(",
                                                                 .help = "how often the values are taken into it",
                                                                 .also = "frequency, freq, swa_freq, average_period"},
                                                      [FROM] = AVERAGE_FROM_ARGUMENT("75%"),
                                                      {0}},
               .like = (const gradus_like[]){{"torch", "SWA", "swa_start=from, swa_freq=every", NULL}, {0}},
               .notes = "Take it with a rate that stays up: the values have to move between two that are taken. "
                        "Statistics of batch\n"
                        "normalisation are those of the values: they are made anew before the average is measured.",
               .example = "swa(50, from=100)"},
    .abi = GRADUS_ABI,
    .slots = AVERAGE_SLOTS,
    .constants = AVERAGE_CONSTANTS,
    .memory = AVERAGE_MEMORY,
    .prepare = prepare,
    .pass = AVERAGE_PASS,
    .drive = drive,
    .show = AVERAGE_SHOW,
};
