/* step: multiplies the rate by a constant every so many updates or epochs. The new rate holds at the boundary itself. */
#include "rate.h"

enum { EVERY, FACTOR };

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    return pow(call->number[FACTOR], rate_periods(t, call->number[EVERY]));
}

static const gradus_argument arguments[] = {{.name = "every",
                                             .kind = GRADUS_LENGTH,
                                             .high = INFINITY,
                                             .open = "(",
                                             .help = "how long each stair lasts",
                                             .also = "step_size, decay_t, period"},
                                            {.name = "factor",
                                             .kind = GRADUS_SHARE,
                                             .initial = "10%",
                                             .high = INFINITY,
                                             .open = "(",
                                             .help = "what the rate is multiplied by",
                                             .search = "choice(10%, 20%, 50%)",
                                             .also = "gamma, decay_rate, drop"},
                                            {0}};

static const gradus_like like[] = {
    {"torch", "StepLR", "step_size=every, gamma=factor", "factor=10%"},
    {"timm", "StepLRScheduler", "decay_t=every, decay_rate=factor, " RATE_LIKE_TIMM, "factor=1, ramp_to=peak"},
    {0}};

const gradus_schedule_row gradus_schedule_step = {
    .member = {.name = "step",
               .summary = "multiplies the rate by a constant every so many epochs or updates",
               .formula = "factor ^ floor(t / every)",
               .also = "step_decay, staircase, StepLR, StepLRScheduler",
               .arguments = arguments,
               .like = like},
    .abi = GRADUS_ABI,
    .promises = GRADUS_FALLING,
    .factor = factor};
