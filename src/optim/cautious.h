/* The cautious mask: only what goes down along the gradient at hand moves, and moves further by as much as the rest stands still
 * (Liang et al., 2024, "Cautious optimizers: improving training with one line of code"). */
#ifndef GRADUS_OPTIM_CAUTIOUS_H
#define GRADUS_OPTIM_CAUTIOUS_H
#include "arguments.h"

#define GRADUS_CAUTIOUS_ARGUMENT \
    RULE_FLAG("cautious", "false", "only values whose step goes against the gradient at hand move, and move further")

/* What those that move are multiplied by; `agreeing` of the tensor's values do. */
static inline double gradus_cautious_gain(const gradus_now *now, double agreeing)
{
    return 1 / fmax(agreeing / ((double)now->rows * (double)now->columns), 1e-3);
}

#endif
