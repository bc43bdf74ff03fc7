/* hardswish: silu made of straight pieces. */
#include "onnx.h"

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    *(gradus_bend *)layer->state = (gradus_bend){.curve = GRADUS_HARDSWISH};
    return GRADUS_OK;
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    gradus_onnx_node(onnx, "HardSwish", gradus_onnx_output(onnx, layer), gradus_onnx_input(onnx, layer), NULL);
}

const gradus_layer_row gradus_layer_hardswish = {
    .member = {.name = "hardswish",
               .summary = "silu made of straight pieces",
               .formula = "y = x min(max(x + 3, 0), 6) / 6",
               .paper = "Howard et al. 2019, Searching for MobileNetV3",
               .also = "hard_swish, hswish",
               .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    GRADUS_BENDS,
    .onnx = write_onnx,
};
