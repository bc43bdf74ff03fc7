/* two_factor: falls as a product of two powers of what is left, of T updates and of T - 1, so that the last update has rate 0. What
 * would be negative after it is 0, and with one update alone the second factor counts for nothing. */
#include "rate.h"

enum { LENGTH, POWER, LAST };

static double left(double t, double length, double power)
{
    return length > 0 ? pow(fmax(1 - t / length, 0), power) : t <= 0;
}

static double factor(const gradus_call *call, double t, double length)
{
    return left(t, length, call->number[POWER]) * left(t, length - call->update, call->number[LAST]);
}

static const gradus_argument arguments[] = {{.name = "length",
                                             .kind = GRADUS_LENGTH,
                                             .high = INFINITY,
                                             .flags = GRADUS_OPTIONAL,
                                             .help = "how long it lasts; without it what is left of the run"},
                                            {.name = "power",
                                             .kind = GRADUS_NUMBER,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "exponent of what is left of all updates",
                                             .search = "choice(0.5, 1, 2)",
                                             .also = "beta, b"},
                                            {.name = "last",
                                             .kind = GRADUS_NUMBER,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "exponent of what is left until the last update",
                                             .search = "choice(0.5, 1, 2)",
                                             .also = "gamma, c"},
                                            {0}};

const gradus_schedule_row gradus_schedule_two_factor = {
    .member = {.name = "two_factor",
               .summary = "falls as a product of two powers of what is left",
               .formula = "(1 - t / T)^power (1 - t / (T - 1))^last, T = length in updates",
               .also = "double_polynomial",
               .example = "two_factor",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING | GRADUS_NEEDS_LENGTH,
    .factor = factor};
