/* scale: a schedule times a constant. */
#include "rate.h"

enum { SCHEDULE, BY };

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    return call->number[BY] * gradus_schedule_at(call->inner[SCHEDULE][0], t);
}

static const gradus_argument arguments[] = {
    {.name = "schedule", .kind = GRADUS_PIPELINE, .help = "what is scaled; a chain goes in whole"},
    {.name = "by", .kind = GRADUS_SHARE, .high = INFINITY, .help = "what it is multiplied by", .also = "factor, scale"},
    {0}};

const gradus_schedule_row gradus_schedule_scale = {.member = {.name = "scale",
                                                              .summary = "a schedule times a constant",
                                                              .formula = "by schedule(t)",
                                                              .also = "times, scaled",
                                                              .example = "scale(cosine, 50%)",
                                                              .arguments = arguments},
                                                   .abi = GRADUS_ABI,
                                                   .factor = factor};
