/* relu: zero where a value is below zero. */
#include "onnx.h"

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    gradus_onnx_node(onnx, "Relu", gradus_onnx_output(onnx, layer), gradus_onnx_input(onnx, layer), NULL);
}

const gradus_layer_row gradus_layer_relu = {
    .member = {.name = "relu",
               .summary = "zero where a value is below zero",
               .formula = "y = max(x, 0)",
               .paper = "Nair, Hinton 2010, Rectified linear units improve restricted Boltzmann machines",
               .also = "rectifier, rectified_linear",
               .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    .activation = GRADUS_RELU,
    .traits = GRADUS_KEEPS_OUTPUT | GRADUS_ANY_ORDER | GRADUS_BLOCKS | GRADUS_IN_PLACE,
    .forward = {{.run = gradus_activation_forward}},
    .backward = {{.run = gradus_activation_backward}},
    .onnx = write_onnx,
};
