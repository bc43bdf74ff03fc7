/* elu: smooth below zero, down to a bound, so that means are near zero. */
#include "onnx.h"
#include <math.h>

enum { ALPHA };

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    *(gradus_bend *)layer->state =
        (gradus_bend){.curve = GRADUS_ELU, .parameter = (float)layer->item->values[ALPHA].number};
    return GRADUS_OK;
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    gradus_onnx_node(onnx, "Elu", gradus_onnx_output(onnx, layer), gradus_onnx_input(onnx, layer), NULL);
    gradus_onnx_float(onnx, "alpha", ((const gradus_bend *)layer->state)->parameter);
}

static const gradus_argument arguments[] = {
    {.name = "alpha",
     .kind = GRADUS_NUMBER,
     .initial = "1",
     .low = 0,
     .high = INFINITY,
     .help = "how far down it goes",
     .also = "a"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_elu = {
    .member = {.name = "elu",
               .summary = "smooth below zero, down to a bound",
               .formula = "y = x above 0, alpha (exp(x) - 1) below",
               .paper = "Clevert, Unterthiner, Hochreiter 2016, Fast and accurate deep network learning by exponential "
                        "linear units",
               .also = "exponential_linear",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    GRADUS_BENDS,
    .onnx = write_onnx,
};
