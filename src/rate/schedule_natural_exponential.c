/* natural_exponential: falls as e to the minus rate times t; what older texts mean by exponential decay. */
#include "rate.h"

enum { RATE, EVERY, STAIRCASE };

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    double every = call->number[EVERY], periods = call->number[STAIRCASE] != 0 ? rate_periods(t, every) : t / every;
    return exp(-call->number[RATE] * periods);
}

static const gradus_argument arguments[] = {
    {.name = "rate",
     .kind = GRADUS_NUMBER,
     .high = INFINITY,
     .help = "how much the logarithm of the rate falls over each period",
     .search = "loguniform(1e-3, 1)",
     .also = "decay_rate, k, beta, gamma, decay"},
    {.name = "every",
     .kind = GRADUS_LENGTH,
     .initial = "1",
     .high = INFINITY,
     .open = "(",
     .help = "the period",
     .also = "decay_steps"},
    {.name = "staircase", .kind = GRADUS_FLAG, .initial = "false", .help = "only after whole periods"},
    {0}};

const gradus_schedule_row gradus_schedule_natural_exponential = {
    .member = {.name = "natural_exponential",
               .summary = "falls as e to the minus rate times time",
               .formula = "e ^ (-rate t / every)",
               .also = "natural_exp_decay, natural_exp, exp_decay",
               .arguments = arguments,
               .example = "natural_exponential(0.1, 30)",
               .notes = "The same as exponential(e^-rate, every)."},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING,
    .factor = factor};
