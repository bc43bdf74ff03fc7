/* softmax: outputs that are positive and add up to one. Not for a net under cross_entropy, which applies its own. */
#include <string.h>
#include "onnx.h"

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    if (!layer->input->untouched && gradus_shape_rank(layer->input->shape) != 1)
        return gradus_layer_misfit(layer, "a flat input", "put flatten between them", error);
    const int64_t size = gradus_shape_size(layer->input->shape);
    memset(layer->output->shape, 0, sizeof layer->output->shape);
    layer->output->shape[0] = size;
    layer->output->untouched = false;
    return GRADUS_OK;
}

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    layer->output->form = gradus_form_plain(layer->output->shape);
    return GRADUS_OK;
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    const int64_t width = gradus_form_size(layer->input->form);
    const float *input = gradus_values(layer->input, piece);
    float *output = gradus_values(layer->output, piece);
    for (int64_t i = 0; i < piece->count * width; i += width)
        layer->net->kernels->softmax(input + i, output + i, width);
}

/* dx = y (dy - sum(y dy)), in place. */
static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    const int64_t width = gradus_form_size(layer->input->form);
    const float *output = gradus_values(layer->output, piece);
    float *gradient = gradus_gradient(layer->output, piece);
    for (int64_t i = 0; i < piece->count * width; i += width) {
        double sum = 0;
        for (int64_t k = i; k < i + width; k++) sum += (double)output[k] * gradient[k];
        for (int64_t k = i; k < i + width; k++) gradient[k] = output[k] * (gradient[k] - (float)sum);
    }
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const char *flat = gradus_onnx_flat(onnx, layer);
    gradus_onnx_node(onnx, "Softmax", gradus_onnx_output(onnx, layer), flat, NULL);
    gradus_onnx_int(onnx, "axis", -1);
}

const gradus_layer_row gradus_layer_softmax = {
    .member = {.name = "softmax",
               .summary = "outputs that are positive and add up to one",
               .formula = "y[k] = exp(x[k]) / sum over m of exp(x[m])",
               .paper = "Bridle 1990, Probabilistic interpretation of feedforward classification network outputs",
               .also = "normalized_exponential",
               .arguments = gradus_no_arguments,
               .notes = "cross_entropy applies it itself: a net that ends in softmax is refused there."},
    .abi = GRADUS_ABI,
    .traits = GRADUS_KEEPS_OUTPUT | GRADUS_IN_PLACE,
    .infer = infer,
    .prepare = prepare,
    .forward = {{.run = forward}},
    .backward = {{.run = backward}},
    .onnx = write_onnx,
};
