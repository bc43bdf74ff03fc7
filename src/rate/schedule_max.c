/* max: of several schedules the one that is highest at the moment. Each runs over the whole phase on its own clock. */
#include "rate.h"

enum { SCHEDULES };

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    double highest = gradus_schedule_at(call->inner[SCHEDULES][0], t);
    for (int32_t i = 1; i < call->counts[SCHEDULES]; i++)
        highest = fmax(highest, gradus_schedule_at(call->inner[SCHEDULES][i], t));
    return highest;
}

static const gradus_argument arguments[] = {
    {.name = "schedules",
     .kind = GRADUS_PIPELINE,
     .flags = GRADUS_MANY,
     .help = "of which the highest holds; a chain goes in whole: warmup(500) > hold"},
    {0}};

const gradus_schedule_row gradus_schedule_max = {.member = {.name = "max",
                                                            .summary = "the highest of several schedules",
                                                            .formula = "max(a(t), b(t), ...)",
                                                            .also = "maximum, highest",
                                                            .example = "max(cosine, constant(20%))",
                                                            .arguments = arguments},
                                                 .abi = GRADUS_ABI,
                                                 .factor = factor};
