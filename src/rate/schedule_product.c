/* product: several schedules at once, their factors multiplied. Each runs over the whole phase on its own clock. */
#include "rate.h"

enum { SCHEDULES };

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    double product = 1;
    for (int32_t i = 0; i < call->counts[SCHEDULES]; i++) product *= gradus_schedule_at(call->inner[SCHEDULES][i], t);
    return product;
}

static const gradus_argument arguments[] = {{.name = "schedules",
                                             .kind = GRADUS_PIPELINE,
                                             .flags = GRADUS_MANY,
                                             .help = "what is multiplied; a chain goes in whole: warmup(500) > hold"},
                                            {0}};

const gradus_schedule_row gradus_schedule_product = {
    .member = {.name = "product",
               .summary = "several schedules multiplied",
               .formula = "a(t) b(t) ...",
               .also = "multiply, chained, ChainedScheduler",
               .example = "product(warmup(50) > constant, exponential(0.9, 100))",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .factor = factor};
