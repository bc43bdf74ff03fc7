/* sigmoid: falls along the logistic function, evenly around the middle of the phase or of any other moment. */
#include "rate.h"

enum { LENGTH, MIDDLE, STEEPNESS, TO, FROM };

static double factor(const gradus_call *call, double t, double length)
{
    const double *of = call->number;
    double past = of[STEEPNESS] * (rate_progress(t, length) - of[MIDDLE]);
    return rate_between(of[TO], of[FROM], 1 / (1 + exp(past)));
}

static const gradus_argument arguments[] = {{.name = "length",
                                             .kind = GRADUS_LENGTH,
                                             .high = INFINITY,
                                             .flags = GRADUS_OPTIONAL,
                                             .help = "how long it lasts; without it what is left of the run"},
                                            {.name = "middle",
                                             .kind = GRADUS_SHARE,
                                             .initial = "50%",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "share of the phase after which half of the way is done",
                                             .search = "uniform(0.2, 0.8)",
                                             .also = "step, stepsize, midpoint"},
                                            {.name = "steepness",
                                             .kind = GRADUS_NUMBER,
                                             .initial = "12",
                                             .high = INFINITY,
                                             .open = "(",
                                             .flags = GRADUS_NAMED,
                                             .help = "how fast it falls there; it starts and ends that much nearer",
                                             .search = "loguniform(5, 50)",
                                             .also = "gamma, slope"},
                                            {.name = "to",
                                             .kind = GRADUS_SHARE,
                                             .initial = "0",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "share of the rate that it comes near to",
                                             .search = "choice(0, 1%, 10%)",
                                             .also = "min_lr, eta_min"},
                                            {.name = "from",
                                             .kind = GRADUS_SHARE,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "share of the rate that it starts near"},
                                            {0}};

const gradus_schedule_row gradus_schedule_sigmoid = {
    .member = {.name = "sigmoid",
               .summary = "falls along the logistic function",
               .formula = "to + (from - to) / (1 + exp(steepness (t / length - middle)))",
               .also = "sig, logistic, sigmoid_decay",
               .arguments = arguments,
               .notes = "Darknet and Caffe count in updates: steepness is their gamma, its sign turned for Caffe, "
                        "times the length, and "
                        "middle their step, divided by it."},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING | GRADUS_NEEDS_LENGTH,
    .factor = factor};
