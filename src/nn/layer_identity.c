/* identity: the signal as it is, for a branch that lets it through. */
#include "onnx.h"

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    gradus_onnx_node(onnx, "Identity", gradus_onnx_output(onnx, layer), gradus_onnx_input(onnx, layer), NULL);
}

const gradus_layer_row gradus_layer_identity = {
    .member = {.name = "identity",
               .summary = "the signal as it is, for a branch that lets it through",
               .formula = "y = x",
               .also = "pass, noop, linear_activation",
               .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    .traits = GRADUS_ANY_ORDER | GRADUS_BLOCKS | GRADUS_SAME_MEMORY,
    .onnx = write_onnx,
};
