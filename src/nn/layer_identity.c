/* identity: the signal as it is, for a branch that lets it through. */
#include "net.h"

const gradus_layer_row gradus_layer_identity = {
    .member = {.name = "identity",
               .summary = "the signal as it is, for a branch that lets it through",
               .formula = "y = x",
               .also = "pass, noop, linear_activation",
               .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    .traits = GRADUS_ANY_ORDER | GRADUS_BLOCKS | GRADUS_SAME_MEMORY,
};
