/* silu: a value times its sigmoid. */
#include "onnx.h"

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    *(gradus_bend *)layer->state = (gradus_bend){.curve = GRADUS_SILU};
    return GRADUS_OK;
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const char *x = gradus_onnx_input(onnx, layer);
    const char *share = gradus_onnx_node(onnx, "Sigmoid", gradus_onnx_inside(onnx, layer, "sigmoid"), x, NULL);
    gradus_onnx_node(onnx, "Mul", gradus_onnx_output(onnx, layer), x, share, NULL);
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
    .onnx = write_onnx,
};
