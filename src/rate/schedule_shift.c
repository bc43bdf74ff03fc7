/* shift: a schedule that stands elsewhere on its clock: begun earlier, as one that another run has started, or later. Either way it
 * ends when the phase does. */
#include "rate.h"

enum { SCHEDULE, BY, LATER };

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    double by = call->number[BY];
    return gradus_schedule_at(call->inner[SCHEDULE][0], call->number[LATER] != 0 ? t - by : t + by);
}

static double whole(const gradus_call *call, double length)
{
    double by = call->number[BY];
    return call->number[LATER] != 0 ? fmax(length - by, 0) : length + by;
}

static const gradus_argument arguments[] = {
    {.name = "schedule", .kind = GRADUS_PIPELINE, .help = "what is shifted; a chain goes in whole"},
    {.name = "by",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .help = "how much of it is over when the phase begins",
     .also = "offset"},
    {.name = "later",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .help = "it begins so much later instead, and stays at its first value until then"},
    {0}};

const gradus_schedule_row gradus_schedule_shift = {.member = {.name = "shift",
                                                              .summary = "a schedule begun earlier or later",
                                                              .formula = "schedule(t + by), or schedule(t - by)",
                                                              .also = "advance, delay, offset",
                                                              .example = "shift(cosine, 30)",
                                                              .arguments = arguments},
                                                   .abi = GRADUS_ABI,
                                                   .factor = factor,
                                                   .round = whole};
