/* sigmoid: the logistic function: between 0 and 1. */
#include "onnx.h"

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    gradus_onnx_node(onnx, "Sigmoid", gradus_onnx_output(onnx, layer), gradus_onnx_input(onnx, layer), NULL);
}

const gradus_layer_row gradus_layer_sigmoid = {
    .member = {.name = "sigmoid",
               .summary = "the logistic function: between 0 and 1",
               .formula = "y = 1 / (1 + exp(-x))",
               .paper = NULL,
               .also = "logistic, expit",
               .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    .activation = GRADUS_SIGMOID,
    .traits = GRADUS_KEEPS_OUTPUT | GRADUS_ANY_ORDER | GRADUS_BLOCKS | GRADUS_IN_PLACE,
    .forward = {{.run = gradus_activation_forward}},
    .backward = {{.run = gradus_activation_backward}},
    .onnx = write_onnx,
};
