/* demon: decaying momentum: the sum of all that a gradient will still do falls in a straight line, so that the momentum itself stays high for
 * long (Chen, Wolfe, Li, Kyrillidis 2022, arXiv 1910.04952). A value, for momentum=demon and beta1=demon; the rate has its own schedule. */
#include "rate.h"

enum { FROM };

static double factor(const gradus_call *call, double t, double length)
{
    double start = call->number[FROM], left = 1 - rate_progress(t, length);
    return start * left / (1 - start + start * left);
}

static const gradus_argument arguments[] = {{.name = "from",
                                             .kind = GRADUS_SHARE,
                                             .initial = "0.9",
                                             .high = 1,
                                             .open = ")",
                                             .help = "momentum at the start",
                                             .search = "choice(0.9, 0.95, 0.99)",
                                             .also = "momentum, beta, beta_init"},
                                            {0}};

const gradus_schedule_row gradus_schedule_demon = {
    .member = {.name = "demon",
               .summary = "a momentum that decays",
               .formula = "from (1 - p) / (1 - from + from (1 - p)), p = t / length",
               .paper = "Chen, Wolfe, Li, Kyrillidis 2022, arXiv 1910.04952",
               .also = "decaying_momentum, Demon, momentum_decay",
               .arguments = arguments,
               .notes = "Written where the momentum stands: sgd(momentum=demon), adamw(beta1=demon(0.95))."},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING | GRADUS_NEEDS_LENGTH,
    .factor = factor};
