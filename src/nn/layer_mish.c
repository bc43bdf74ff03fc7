/* mish: a value times the tanh of its softplus: like silu, a little nearer to a relu. */
#include "onnx.h"

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    *(gradus_bend *)layer->state = (gradus_bend){.curve = GRADUS_MISH};
    return GRADUS_OK;
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const char *x = gradus_onnx_input(onnx, layer);
    const char *plus = gradus_onnx_node(onnx, "Softplus", gradus_onnx_inside(onnx, layer, "softplus"), x, NULL);
    const char *share = gradus_onnx_node(onnx, "Tanh", gradus_onnx_inside(onnx, layer, "tanh"), plus, NULL);
    gradus_onnx_node(onnx, "Mul", gradus_onnx_output(onnx, layer), x, share, NULL);
}

const gradus_layer_row gradus_layer_mish = {
    .member = {.name = "mish",
               .summary = "a value times the tanh of its softplus",
               .formula = "y = x tanh(log(1 + exp(x)))",
               .paper = "Misra 2020, Mish: a self regularized non-monotonic activation function",
               .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    GRADUS_BENDS,
    .onnx = write_onnx,
};
