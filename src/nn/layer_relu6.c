/* relu6: a relu with a ceiling, so that what follows can count on a range. */
#include "net.h"

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    *(gradus_bend *)layer->state = (gradus_bend){.curve = GRADUS_RELU6};
    return GRADUS_OK;
}

const gradus_layer_row gradus_layer_relu6 = {
    .member = {.name = "relu6",
               .summary = "a relu that ends at 6",
               .formula = "y = min(max(x, 0), 6)",
               .paper = "Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10",
               .also = "relu_6, clipped_relu",
               .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    GRADUS_BENDS,
};
