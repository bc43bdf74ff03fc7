/* cooldown: falls from the value reached as a power of what is left: (1 - t)^p of the infinite schedules that can be ended anywhere. */
#include "rate.h"

enum { LENGTH, POWER, TO, FROM };

static double factor(const gradus_call *call, double t, double length)
{
    double left = pow(1 - rate_progress(t, length), call->number[POWER]);
    return rate_between(call->number[TO], call->number[FROM], left);
}

static const gradus_argument arguments[] = {
    {.name = "length",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .flags = GRADUS_OPTIONAL,
     .help = "how long it lasts; without it what is left of the run",
     .search = "choice(10%, 20%, 40%)",
     .also = "decay_steps, cooldown_steps"},
    {.name = "power",
     .kind = GRADUS_NUMBER,
     .initial = "1",
     .high = INFINITY,
     .open = "(",
     .help = "exponent of what is left; 2 falls fast early, 0.5 fast at the end",
     .search = "choice(0.5, 1, 2)",
     .also = "exponent, p"},
    {.name = "to",
     .kind = GRADUS_SHARE,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "share of the rate at the end",
     .search = "choice(0, 1%, 10%)",
     .also = "min_lr_ratio"},
    {.name = "from",
     .kind = GRADUS_SHARE,
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "share of the rate at the start; without it what the phase before reached"},
    {0}};

const gradus_schedule_row gradus_schedule_cooldown = {
    .member = {.name = "cooldown",
               .summary = "falls from the value reached as a power of what is left",
               .formula = "to + (reached - to) (1 - t / length)^power",
               .paper = "Zhai et al. 2022, arXiv 2106.04560",
               .also = "power_cooldown, anneal_to_zero",
               .example = "cooldown(power=2)",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING | GRADUS_NEEDS_LENGTH | GRADUS_FROM_REACHED,
    .factor = factor};
