/* exponential: multiplies the rate by a constant over every period, smoothly or in stairs. */
#include "rate.h"

enum { FACTOR, EVERY, STAIRCASE };

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    double every = call->number[EVERY];
    return pow(call->number[FACTOR], call->number[STAIRCASE] != 0 ? rate_periods(t, every) : t / every);
}

static const gradus_argument arguments[] = {
    {.name = "factor",
     .kind = GRADUS_SHARE,
     .high = INFINITY,
     .open = "(",
     .help = "what the rate is multiplied by over each period",
     .search = "uniform(0.8, 0.99)",
     .also = "gamma, decay_rate, rate"},
    {.name = "every",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .open = "(",
     .help = "the period",
     .also = "decay_steps, transition_steps"},
    {.name = "staircase", .kind = GRADUS_FLAG, .initial = "false", .help = "only after whole periods"},
    {0}};

static const gradus_like like[] = {
    {"torch", "ExponentialLR", "gamma=factor", "every=1"},
    {"keras", "ExponentialDecay", "decay_steps=every, decay_rate=factor, staircase=staircase", NULL},
    {"optax", "exponential_decay", "transition_steps=every, decay_rate=factor, staircase=staircase", NULL},
    {0}};

const gradus_schedule_row gradus_schedule_exponential = {
    .member = {.name = "exponential",
               .summary = "multiplies the rate by a constant over every period",
               .formula = "factor ^ (t / every)",
               .also = "ExponentialLR, ExponentialDecay, geometric",
               .arguments = arguments,
               .like = like},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING,
    .factor = factor};
