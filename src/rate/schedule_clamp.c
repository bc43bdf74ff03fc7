/* clamp: a schedule kept between two shares of the rate. */
#include "rate.h"

enum { SCHEDULE, LOW, HIGH };

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    double inner = gradus_schedule_at(call->inner[SCHEDULE][0], t);
    return fmin(fmax(inner, call->number[LOW]), call->number[HIGH]);
}

static const char *check(const gradus_call *call)
{
    return call->number[LOW] > call->number[HIGH] ? "low must not be above high" : NULL;
}

static const gradus_argument arguments[] = {
    {.name = "schedule", .kind = GRADUS_PIPELINE, .help = "what is kept in bounds; a chain goes in whole"},
    {.name = "low",
     .kind = GRADUS_SHARE,
     .initial = "0",
     .high = INFINITY,
     .help = "never below this share",
     .also = "lower, least"},
    {.name = "high",
     .kind = GRADUS_SHARE,
     .initial = "1",
     .high = INFINITY,
     .help = "never above this share",
     .also = "upper, most"},
    {0}};

const gradus_schedule_row gradus_schedule_clamp = {.member = {.name = "clamp",
                                                              .summary = "a schedule kept between two shares",
                                                              .formula = "min(max(schedule(t), low), high)",
                                                              .also = "clip, bounded",
                                                              .example = "clamp(cosine, 10%, 80%)",
                                                              .arguments = arguments},
                                                   .abi = GRADUS_ABI,
                                                   .factor = factor,
                                                   .check = check};
