/* What group rules share that keep weights within limits after each update: which tensors they are for. */
#ifndef GRADUS_OPTIM_CONSTRAINT_H
#define GRADUS_OPTIM_CONSTRAINT_H
#include "rules.h"

#define CONSTRAINT_PATTERN                                                                                      \
    {                                                                                                           \
        "pattern", GRADUS_TEXT, .help = "name of tensors or of a group, with * and ?; absent: all but vectors", \
                                .flags = GRADUS_LIST | GRADUS_OPTIONAL                                          \
    }

#define CONSTRAINT_NOTES                                                                                             \
    "Of a weight, the part of each output has a norm of its own; of a vector, all of it. It is done once an update " \
    "is "                                                                                                            \
    "made, and\n"                                                                                                    \
    "after averages have seen it, as in Keras. Several hold in the order in which they stand."

#endif
