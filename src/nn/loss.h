/* What losses share: arguments that mean the same in each of them, and the probability of a yes. */
#ifndef GRADUS_NN_LOSS_H
#define GRADUS_NN_LOSS_H
#include <math.h>
#include "arguments.h"
#include "net.h"

#define GRADUS_CLASS_WEIGHTS_ARGUMENT(called, others)                                                              \
    {                                                                                                              \
        .name = called, .kind = GRADUS_NUMBER, .words = "balanced", .low = 0, .high = 1e9,                         \
        .flags = GRADUS_NAMED | GRADUS_LIST | GRADUS_OPTIONAL, .also = others,                                     \
        .help = "what an example of each class counts: a number for each; of two classes the second's alone, the " \
                "first having the rest to 1; balanced: n / (classes x how many of n training examples are of it)"  \
    }

static inline double gradus_sigmoid(double x) { return 1 / (1 + exp(-x)); }

#endif
