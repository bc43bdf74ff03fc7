/* polynomial: a power of what is left of the phase: power 1 is a straight line, 2 falls fast early, 0.5 fast at the end. */
#include "rate.h"

enum { POWER, TO, FROM };

static double factor(const gradus_call *call, double t, double length)
{
    double left = pow(1 - rate_progress(t, length), call->number[POWER]);
    return rate_between(call->number[TO], call->number[FROM], left);
}

static const gradus_argument arguments[] = {{.name = "power",
                                             .kind = GRADUS_NUMBER,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .open = "(",
                                             .help = "exponent of what is left of the phase",
                                             .search = "choice(0.5, 1, 2)",
                                             .also = "order, exponent"},
                                            {.name = "to",
                                             .kind = GRADUS_SHARE,
                                             .initial = "0",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "share of the rate at the end",
                                             .also = "end_learning_rate, lr_end, end_value, lr_min"},
                                            {.name = "from",
                                             .kind = GRADUS_SHARE,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "share of the rate at the start"},
                                            {0}};

static const gradus_like like[] = {{"torch", "PolynomialLR", "total_iters=length, power=power", "length=5"}, {0}};

const gradus_schedule_row gradus_schedule_polynomial = {
    .member = {.name = "polynomial",
               .summary = "falls as a power of what is left",
               .formula = "to + (from - to) (1 - t / length)^power",
               .also = "poly, PolynomialLR, PolynomialDecay, PolyLRScheduler, polynomial_schedule",
               .arguments = arguments,
               .like = like},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING | GRADUS_NEEDS_LENGTH,
    .factor = factor};
