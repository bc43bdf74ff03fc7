/* silu: a value times its sigmoid. */
#include "net.h"

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    *(gradus_bend *)layer->state = (gradus_bend){.curve = GRADUS_SILU};
    return GRADUS_OK;
}

const gradus_layer_row gradus_layer_silu = {
    .member = {.name = "silu",
               .summary = "a value times its sigmoid",
               .formula = "y = x / (1 + exp(-x))",
               .paper = "Elfwing, Uchibe, Doya 2018, Sigmoid-weighted linear units for neural network function "
                        "approximation; Ramachandran, Zoph, Le 2017",
               .also = "swish",
               .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    GRADUS_BENDS,
};
