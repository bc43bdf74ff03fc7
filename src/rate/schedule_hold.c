/* hold: stays at the value that the phase before it reached. */
#include "rate.h"

enum { LENGTH, FROM };

static double factor(const gradus_call *call, double t, double length)
{
    (void)t, (void)length;
    return call->number[FROM];
}

static const gradus_argument arguments[] = {{.name = "length",
                                             .kind = GRADUS_LENGTH,
                                             .high = INFINITY,
                                             .flags = GRADUS_OPTIONAL,
                                             .help = "how long it lasts; without it what is left of the run"},
                                            {.name = "from",
                                             .kind = GRADUS_SHARE,
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
                                             .help = "share of the rate; without it what the phase before reached"},
                                            {0}};

const gradus_schedule_row gradus_schedule_hold = {.member = {.name = "hold",
                                                             .summary = "stays at the value reached",
                                                             .formula = "reached",
                                                             .also = "stable, flat",
                                                             .arguments = arguments},
                                                  .abi = GRADUS_ABI,
                                                  .promises = GRADUS_CONTINUOUS | GRADUS_FALLING | GRADUS_RISING |
                                                              GRADUS_FROM_REACHED,
                                                  .factor = factor};
