/* leaky_relu: a relu that lets a little through below zero, so that no unit is dead for good. */
#include "onnx.h"
#include <math.h>

enum { SLOPE };

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    *(gradus_bend *)layer->state =
        (gradus_bend){.curve = GRADUS_LEAKY_RELU, .parameter = (float)layer->item->values[SLOPE].number};
    return GRADUS_OK;
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    gradus_onnx_node(onnx, "LeakyRelu", gradus_onnx_output(onnx, layer), gradus_onnx_input(onnx, layer), NULL);
    gradus_onnx_float(onnx, "alpha", ((const gradus_bend *)layer->state)->parameter);
}

static const gradus_argument arguments[] = {
    {.name = "slope",
     .kind = GRADUS_NUMBER,
     .initial = "0.01",
     .low = 0,
     .high = INFINITY,
     .help = "below 0",
     .also = "negative_slope, alpha, negative_slope_coefficient"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_leaky_relu = {
    .member = {.name = "leaky_relu",
               .summary = "lets a little through below zero",
               .formula = "y = x above 0, slope x below",
               .paper = "Maas, Hannun, Ng 2013, Rectifier nonlinearities improve neural network acoustic models",
               .also = "leakyrelu, lrelu",
               .arguments = arguments,
               .notes = "Keras and TensorFlow have a slope of 0.3 and 0.2."},
    .abi = GRADUS_ABI,
    GRADUS_BENDS,
    .onnx = write_onnx,
};
