/* exponential: multiplies the rate by a constant over every period, smoothly or in stairs. */
#include "rate.h"

enum { FACTOR, EVERY, STAIRCASE, FROM, TO };

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    double every = call->number[EVERY];
    double periods = call->number[STAIRCASE] != 0 ? rate_periods(t, every) : t / every;
    double rate = call->number[FROM] * pow(call->number[FACTOR], periods);
    if (!call->counts[TO]) return rate;
    return call->number[FACTOR] < 1 ? fmax(rate, call->number[TO]) : fmin(rate, call->number[TO]);
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
    {.name = "from",
     .kind = GRADUS_SHARE,
     .initial = "1",
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED,
     .help = "share of the rate at the start",
     .also = "initial_learning_rate, init_value"},
    {.name = "to",
     .kind = GRADUS_SHARE,
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "share of the rate at which it stops; without it it goes on",
     .also = "end_value, min_lr"},
    {0}};

static const gradus_like like[] = {
    {"torch", "ExponentialLR", "gamma=factor", "every=1"},
    {"keras", "ExponentialDecay",
     "initial_learning_rate=from absolute, decay_steps=every, decay_rate=factor, staircase=staircase", NULL},
    {"optax", "exponential_decay",
     "init_value=from absolute, transition_steps=every, decay_rate=factor, transition_begin=begin, "
     "staircase=staircase, "
     "end_value=to absolute",
     NULL},
    {"optax", "warmup_exponential_decay_schedule",
     "init_value=ramp_from absolute, peak_value=from absolute, warmup_steps=ramp, transition_steps=every, "
     "decay_rate=factor, transition_begin=begin, staircase=staircase, end_value=to absolute",
     NULL},
    {0}};

const gradus_schedule_row gradus_schedule_exponential = {
    .member = {.name = "exponential",
               .summary = "multiplies the rate by a constant over every period",
               .formula = "from factor^(t / every), no further than to",
               .also = "ExponentialLR, ExponentialDecay, geometric, warmup_exponential_decay_schedule",
               .example = "exponential(0.9, 50)",
               .arguments = arguments,
               .like = like},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING,
    .factor = factor};
