/* trapezoid: a straight rise, the full rate, a straight fall to the end. Where both would meet, the lower line holds: a triangle. */
#include "rate.h"

enum { RISE, FALL, TO, FROM };

static double factor(const gradus_call *call, double t, double length)
{
    double rise = call->number[RISE], fall = call->number[FALL];
    double up = call->counts[FROM] ? rate_between(call->number[FROM], 1, fmin(rate_progress(t, rise), 1))
                                   : fmin(rate_progress(t + call->update, rise), 1);
    double down = fmax(rate_progress(t - (length - fall), fall), 0);
    return fmin(up, rate_between(1, call->number[TO], fall > 0 ? down : t >= length));
}

/* Per cents that are defaults are not known to be convertible before. */
static bool prepare(const gradus_call *call, gradus_preparation *preparation, const void **made)
{
    (void)made;
    return !isnan(call->number[RISE] + call->number[FALL]) || gradus_rate_needs_run("rise and fall", preparation);
}

static const gradus_argument arguments[] = {
    {.name = "rise",
     .kind = GRADUS_LENGTH,
     .initial = "5%",
     .high = INFINITY,
     .help = "how long the way up is",
     .search = "choice(1%, 5%, 10%)",
     .also = "warmup, warmup_steps"},
    {.name = "fall",
     .kind = GRADUS_LENGTH,
     .initial = "20%",
     .high = INFINITY,
     .help = "how long the way down is",
     .search = "choice(10%, 20%, 40%)",
     .also = "warmdown, cooldown, decay, warmdown_iters"},
    {.name = "to",
     .kind = GRADUS_SHARE,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "share of the rate at the end"},
    {.name = "from",
     .kind = GRADUS_SHARE,
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "share of the rate at the first update; without it the first of the way up has one part of it"},
    {0}};

const gradus_schedule_row gradus_schedule_trapezoid = {
    .member = {.name = "trapezoid",
               .summary = "a straight rise, the full rate, a straight fall",
               .formula = "min((t + 1) / rise, 1, to + (1 - to) (length - t) / fall)",
               .paper = "Xing et al. 2018, arXiv 1802.08770",
               .also = "trapezoidal, warmdown",
               .example = "trapezoid(5%, 20%)",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_NEEDS_LENGTH,
    .factor = factor,
    .prepare = prepare};
