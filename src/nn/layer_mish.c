/* mish: a value times the tanh of its softplus: like silu, a little nearer to a relu. */
#include "net.h"

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    *(gradus_bend *)layer->state = (gradus_bend){.curve = GRADUS_MISH};
    return GRADUS_OK;
}

const gradus_layer_row gradus_layer_mish = {
    .member = {.name = "mish",
               .summary = "a value times the tanh of its softplus",
               .formula = "y = x tanh(log(1 + exp(x)))",
               .paper = "Misra 2020, Mish: a self regularized non-monotonic activation function",
               .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    GRADUS_BENDS,
};
