/* What all group rules share that give tensors hyperparameters of their own: any number of the rule by its name, the factor
 * of the rate, and a name. */
#ifndef GRADUS_OPTIM_GROUP_H
#define GRADUS_OPTIM_GROUP_H
#include "gradus/extend.h"
#include <math.h>

#define GROUP_LR_SCALE                                                                                       \
    {                                                                                                        \
        "lr_scale", GRADUS_NUMBER, .initial = "1", .low = 0, .high = INFINITY,                               \
                                   .help = "what the rate is multiplied by here",                            \
                                   .flags = GRADUS_NAMED | GRADUS_SCHEDULED, .search = "loguniform(0.1, 10)" \
    }
#define GROUP_NAME                                                                  \
    {                                                                               \
        "name", GRADUS_TEXT, .help = "what settings of this group are called by",   \
                             .flags = GRADUS_NAMED | GRADUS_OPTIONAL | GRADUS_LABEL \
    }
#define GROUP_OPEN                                                                                                     \
    (const gradus_argument[])                                                                                          \
    {                                                                                                                  \
        {"hyperparameter", GRADUS_NUMBER, .help = "any number of the rule", .flags = GRADUS_NAMED | GRADUS_SCHEDULED}, \
        {                                                                                                              \
            0                                                                                                          \
        }                                                                                                              \
    }
#define GROUP_REFUSES                                                                                                \
    (const gradus_refusal[])                                                                                         \
    {                                                                                                                \
        {"lr", "write lr_scale=%s"}, {"learning_rate", "write lr_scale=%s"}, {"lr_mult", "write lr_scale=%s"}, { 0 } \
    }

#endif
