/* layernorm: each example (of a sequence, each place) with mean 0 and variance 1 over its values, then scaled and shifted as learnt. Unlike
 * batchnorm it asks nothing of the other examples, and does in use what it does in training. (Ba, Kiros, Hinton 2016.) */
#include <string.h>
#include "arguments.h"
#include "onnx.h"

enum { EPSILON, BIAS };
enum { WEIGHT, OFFSET }; /* tensors */

typedef struct layernorm {
    double epsilon;
    int64_t width; /* values that are normalised together */
} layernorm;

/* The last dimension of a sequence, else all of an example. */
static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    const int64_t *shape = layer->input->shape;
    const bool sequence = layer->input->sequence, image = gradus_shape_rank(shape) == 3;
    layernorm *state = layer->state;
    *state = (layernorm){.epsilon = layer->item->values[EPSILON].number,
                         .width = sequence ? shape[1] : gradus_shape_size(shape)};
    const int64_t whole[] = {sequence ? state->width : shape[0], image ? shape[1] : 0, image ? shape[2] : 0, 0};
    layer->output->untouched = false;
    gradus_tensor *tensor;
    if (gradus_layer_add_tensor(layer, "weight", whole, &tensor, error)) return (gradus_status)error->status;
    tensor->fill = 1;
    tensor->trained = true;
    if (layer->item->values[BIAS].number == 0) return GRADUS_OK;
    if (gradus_layer_add_tensor(layer, "bias", whole, &tensor, error)) return (gradus_status)error->status;
    tensor->fill = 0;
    tensor->trained = true;
    return GRADUS_OK;
}

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    layer->parts = 2 * ((const layernorm *)layer->state)->width;
    return GRADUS_OK;
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    const layernorm *state = layer->state;
    const int64_t rows = piece->count * gradus_form_size(layer->input->form) / state->width;
    const float *bias = layer->tensors > OFFSET ? gradus_layer_tensor(layer, OFFSET)->values : NULL;
    layer->net->kernels->normalise_rows(state->width, (float)state->epsilon, gradus_layer_tensor(layer, WEIGHT)->values,
                                        bias, gradus_values(layer->input, piece), gradus_values(layer->output, piece),
                                        rows);
}

static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    const layernorm *state = layer->state;
    const int64_t rows = piece->count * gradus_form_size(layer->input->form) / state->width;
    float *weight_sum = layer->sums + piece->slot * layer->parts, *bias_sum = weight_sum + state->width;
    if (piece->opens) memset(weight_sum, 0, (size_t)layer->parts * sizeof *weight_sum);
    layer->net->kernels->normalise_rows_backward(
        state->width, (float)state->epsilon, gradus_layer_tensor(layer, WEIGHT)->values,
        gradus_values(layer->input, piece), gradus_gradient(layer->output, piece), weight_sum, bias_sum, rows);
}

static void conclude(const gradus_layer *layer, const gradus_walk *walk)
{
    const int64_t width = ((const layernorm *)layer->state)->width;
    gradus_layer_gather(layer, walk, layer->sums, width, gradus_layer_tensor(layer, WEIGHT));
    if (layer->tensors > OFFSET)
        gradus_layer_gather(layer, walk, layer->sums + width, width, gradus_layer_tensor(layer, OFFSET));
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const char *input = gradus_onnx_input(onnx, layer), *weight = gradus_onnx_tensor(onnx, layer, WEIGHT);
    gradus_onnx_node(onnx, "LayerNormalization", gradus_onnx_output(onnx, layer), input, weight,
                     gradus_onnx_tensor(onnx, layer, OFFSET), NULL);
    gradus_onnx_int(onnx, "axis", layer->input->sequence ? 2 : 1);
    gradus_onnx_float(onnx, "epsilon", (float)((const layernorm *)layer->state)->epsilon);
}

static const gradus_argument arguments[] = {
    GRADUS_EPSILON_ARGUMENT,
    {.name = "bias",
     .kind = GRADUS_FLAG,
     .initial = "true",
     .flags = GRADUS_NAMED,
     .help = "whether a shift is learnt"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_layernorm = {
    .member = {.name = "layernorm",
               .summary = "each example with mean 0 and variance 1, then scaled and shifted as learnt",
               .formula = "y = weight (x - mean) / sqrt(variance + epsilon) + bias",
               .paper = "Ba, Kiros, Hinton 2016, Layer normalization",
               .also = "layer_norm, ln, layer_normalization",
               .arguments = arguments,
               .notes = "Of a sequence each place is normalised by itself, of an image all of it together."},
    .abi = GRADUS_ABI,
    .traits = GRADUS_KEEPS_INPUT | GRADUS_IN_PLACE,
    .state_size = sizeof(layernorm),
    .infer = infer,
    .prepare = prepare,
    .forward = {{.run = forward}},
    .backward = {{.run = backward, .conclude = conclude}},
    .onnx = write_onnx,
};
