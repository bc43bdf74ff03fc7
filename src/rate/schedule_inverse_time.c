/* inverse_time: falls as one over the time, smoothly or in stairs: the rate of stochastic approximation.
 * Its sum is infinite and the sum of its squares is not, which is what Robbins and Monro's proof of convergence asks for. */
#include "rate.h"

enum { DECAY, EVERY, STAIRCASE, FROM };

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    double every = call->number[EVERY];
    double periods = call->number[STAIRCASE] != 0 ? rate_periods(t, every) : t / every;
    return call->number[FROM] / (1 + call->number[DECAY] * periods);
}

static const gradus_argument arguments[] = {
    {.name = "decay",
     .kind = GRADUS_NUMBER,
     .high = INFINITY,
     .open = "(",
     .help = "after one period the rate is 1 / (1 + decay) of what it was",
     .search = "loguniform(0.01, 10)",
     .also = "decay_rate, lr_decay, gamma"},
    {.name = "every",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .open = "(",
     .help = "the period",
     .also = "decay_steps"},
    {.name = "staircase", .kind = GRADUS_FLAG, .initial = "false", .help = "only after whole periods"},
    {.name = "from",
     .kind = GRADUS_SHARE,
     .initial = "1",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "share of the rate at the start",
     .also = "initial_learning_rate"},
    {0}};

static const gradus_like like[] = {
    {"keras", "InverseTimeDecay",
     "initial_learning_rate=from absolute, decay_steps=every, decay_rate=decay, staircase=staircase", NULL},
    {0}};

const gradus_schedule_row gradus_schedule_inverse_time = {
    .member = {.name = "inverse_time",
               .summary = "falls as one over the time",
               .formula = "from / (1 + decay t / every)",
               .paper = "Robbins, Monro 1951, Annals of Mathematical Statistics 22",
               .also = "harmonic, inverse_time_decay, InverseTimeDecay, time_based_decay, hyperbolic",
               .example = "inverse_time(0.5, 50)",
               .arguments = arguments,
               .like = like},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING,
    .factor = factor};
