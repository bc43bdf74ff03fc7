/* min: of several schedules the one that is lowest at the moment. Each runs over the whole phase on its own clock. */
#include "rate.h"

enum { SCHEDULES };

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    double lowest = gradus_schedule_at(call->inner[SCHEDULES][0], t);
    for (int32_t i = 1; i < call->counts[SCHEDULES]; i++)
        lowest = fmin(lowest, gradus_schedule_at(call->inner[SCHEDULES][i], t));
    return lowest;
}

static const gradus_argument arguments[] = {
    {.name = "schedules",
     .kind = GRADUS_PIPELINE,
     .flags = GRADUS_MANY,
     .help = "of which the lowest holds; a chain goes in whole: warmup(500) > hold"},
    {0}};

const gradus_schedule_row gradus_schedule_min = {.member = {.name = "min",
                                                            .summary = "the lowest of several schedules",
                                                            .formula = "min(a(t), b(t), ...)",
                                                            .also = "minimum, lowest",
                                                            .example = "min(cosine, step(100, 0.5))",
                                                            .arguments = arguments},
                                                 .abi = GRADUS_ABI,
                                                 .factor = factor};
