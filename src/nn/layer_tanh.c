/* tanh: the hyperbolic tangent: between -1 and 1. */
#include "onnx.h"

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    gradus_onnx_node(onnx, "Tanh", gradus_onnx_output(onnx, layer), gradus_onnx_input(onnx, layer), NULL);
}

const gradus_layer_row gradus_layer_tanh = {
    .member = {.name = "tanh",
               .summary = "the hyperbolic tangent: between -1 and 1",
               .formula = "y = (exp(x) - exp(-x)) / (exp(x) + exp(-x))",
               .paper = NULL,
               .also = "hyperbolic_tangent",
               .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    .activation = GRADUS_TANH,
    .traits = GRADUS_KEEPS_OUTPUT | GRADUS_ANY_ORDER | GRADUS_BLOCKS | GRADUS_IN_PLACE,
    .forward = {{.run = gradus_activation_forward}},
    .backward = {{.run = gradus_activation_backward}},
    .onnx = write_onnx,
};
