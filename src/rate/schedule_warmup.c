/* warmup: rises in a straight line to the full rate. Unless `from` is given the first of W updates has 1/W of it and the last
 * all of it, so that no update is spent at rate 0. */
#include "rate.h"

enum { LENGTH, FROM };

static double factor(const gradus_call *call, double t, double length)
{
    if (call->counts[FROM]) return rate_between(call->number[FROM], 1, rate_progress(t, length));
    return fmin(rate_progress(t + call->update, length), 1);
}

static const gradus_argument arguments[] = {
    {.name = "length",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .help = "how long it takes to the full rate",
     .search = "choice(1%, 2%, 5%, 10%)",
     .also = "warmup_steps, num_warmup_steps, warmup_t, burn_in"},
    {.name = "from",
     .kind = GRADUS_SHARE,
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "share of the rate at the first update; without it the first of W updates has 1/W",
     .also = "start_factor, warmup_lr_init, init_value"},
    {0}};

const gradus_schedule_row gradus_schedule_warmup = {
    .member = {.name = "warmup",
               .summary = "rises to the full rate",
               .formula = "(t + 1) / length, or from + (1 - from) t / length",
               .paper = "Goyal et al. 2017, arXiv 1706.02677",
               .also = "warm_up, linear_warmup, burn_in",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_RISING,
    .factor = factor};
