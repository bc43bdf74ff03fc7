/* relu6: a relu with a ceiling, so that what follows can count on a range. */
#include "onnx.h"

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    *(gradus_bend *)layer->state = (gradus_bend){.curve = GRADUS_RELU6};
    return GRADUS_OK;
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const char *x = gradus_onnx_input(onnx, layer), *zero = gradus_onnx_number(onnx, layer, "zero", 0),
               *six = gradus_onnx_number(onnx, layer, "six", 6);
    gradus_onnx_node(onnx, "Clip", gradus_onnx_output(onnx, layer), x, zero, six, NULL);
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
    .onnx = write_onnx,
};
