/* What the members of the init family share: distributions with a given spread. */
#ifndef GRADUS_NN_INITIAL_H
#define GRADUS_NN_INITIAL_H
#include "net.h"

typedef enum gradus_distribution { GRADUS_NORMAL, GRADUS_UNIFORM_DISTRIBUTION } gradus_distribution;

/* Normal with the standard deviation, or uniform with the same: between -sqrt(3) and sqrt(3) times it. */
void gradus_init_spread(gradus_distribution distribution, double deviation, const gradus_init_tensor *tensor,
                        float *destination);

#define GRADUS_DISTRIBUTION_ARGUMENT(which)                                                            \
    {                                                                                                  \
        .name = "distribution", .kind = GRADUS_WORD, .words = "normal|uniform", .initial = which,      \
        .flags = GRADUS_NAMED, .help = "how the numbers are drawn; the standard deviation is the same" \
    }

#endif
