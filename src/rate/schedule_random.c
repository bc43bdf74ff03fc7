/* random: another share of the rate for every update, drawn by lot. A baseline that a schedule should beat. */
#include "drawn.h"

enum { LOW, HIGH, POWER, SEED, EVERY };

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    const double *of = call->number;
    double unit = gradus_random_unit((uint64_t)of[SEED], RATE_STREAM_RANDOM, rate_draw(call, t, of[EVERY]));
    return rate_between(of[LOW], of[HIGH], of[POWER] != 1 ? pow(unit, of[POWER]) : unit);
}

static const gradus_argument arguments[] = {{.name = "low",
                                             .kind = GRADUS_SHARE,
                                             .initial = "0",
                                             .high = INFINITY,
                                             .help = "least share of the rate",
                                             .search = "choice(0, 1%, 10%)",
                                             .also = "min"},
                                            {.name = "high",
                                             .kind = GRADUS_SHARE,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .help = "greatest share of the rate",
                                             .also = "max"},
                                            {.name = "power",
                                             .kind = GRADUS_NUMBER,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .open = "(",
                                             .flags = GRADUS_NAMED,
                                             .help = "of the even draw; above 1 low shares come more often",
                                             .search = "choice(1, 2, 4)"},
                                            {.name = "seed",
                                             .kind = GRADUS_INTEGER,
                                             .initial = "0",
                                             .high = 0x1p53,
                                             .flags = GRADUS_NAMED,
                                             .help = "which draws"},
                                            {.name = "every",
                                             .kind = GRADUS_LENGTH,
                                             .initial = "0",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "how long each draw holds; 0: one update"},
                                            {0}};

const gradus_schedule_row gradus_schedule_random = {
    .member = {.name = "random",
               .summary = "another share for every update, by lot",
               .formula = "low + (high - low) u^power, u even in [0, 1), a function of the seed and the update",
               .also = "RANDOM, random_lr, stochastic",
               .arguments = arguments,
               .example = "random(10%, 1, seed=7)",
               .notes = "A resumed run draws what an uninterrupted one would."},
    .abi = GRADUS_ABI,
    .factor = factor};
