/* softplus: a relu with a round corner, above 0 everywhere: for outputs that must be positive. */
#include "onnx.h"
#include <math.h>

enum { BETA };

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    *(gradus_bend *)layer->state =
        (gradus_bend){.curve = GRADUS_SOFTPLUS, .parameter = (float)layer->item->values[BETA].number};
    return GRADUS_OK;
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const char *x = gradus_onnx_input(onnx, layer),
               *beta = gradus_onnx_number(onnx, layer, "beta", ((const gradus_bend *)layer->state)->parameter);
    const char *steep = gradus_onnx_node(onnx, "Mul", gradus_onnx_inside(onnx, layer, "steep"), x, beta, NULL);
    const char *plus = gradus_onnx_node(onnx, "Softplus", gradus_onnx_inside(onnx, layer, "softplus"), steep, NULL);
    gradus_onnx_node(onnx, "Div", gradus_onnx_output(onnx, layer), plus, beta, NULL);
}

static const gradus_argument arguments[] = {
    {.name = "beta",
     .kind = GRADUS_NUMBER,
     .initial = "1",
     .low = 0,
     .high = INFINITY,
     .open = "(",
     .help = "how sharp the corner is"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_softplus = {
    .member = {.name = "softplus",
               .summary = "a relu with a round corner, above 0 everywhere",
               .formula = "y = log(1 + exp(beta x)) / beta",
               .paper = "Dugas, Bengio, Belisle, Nadeau, Garcia 2001, Incorporating second-order functional knowledge "
                        "for better option pricing",
               .also = "soft_plus, smooth_relu",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    GRADUS_BENDS,
    .onnx = write_onnx,
};
