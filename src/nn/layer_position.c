/* position: tells what follows where in a sequence a step stands, by values that are added to it: a table that is learnt, or waves. */
#include <math.h>
#include <string.h>
#include "arguments.h"
#include "onnx.h"

enum { KIND, INIT };

static bool is_learnt(const gradus_layer *layer) { return layer->item->values[KIND].number == 0; }

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    const int64_t *from = layer->input->shape;
    gradus_tensor *tensor;
    if (!layer->input->sequence)
        return gradus_layer_misfit(layer, "a sequence, steps x values,", "put embedding(64) before it", error);
    layer->output->untouched = false;
    if (!is_learnt(layer)) return GRADUS_OK;
    if (gradus_layer_add_tensor(layer, "weight", (int64_t[]){from[0], from[1], 0}, &tensor, error))
        return (gradus_status)error->status;
    tensor->fan_in = from[1];
    tensor->fan_out = from[0];
    tensor->deviation = 1;
    return GRADUS_OK;
}

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    if (!is_learnt(layer)) layer->shared = gradus_shape_size(layer->input->shape);
    return GRADUS_OK;
}

/* p[t, 2i] = sin(t / 10000^(2i / width)), p[t, 2i + 1] = cos of the same. */
static void begin(const gradus_layer *layer, const gradus_walk *walk)
{
    (void)walk;
    const int64_t steps = layer->input->shape[0], width = layer->input->shape[1];
    if (is_learnt(layer) || layer->numbers[1 % (steps * width)] != 0)
        return; /* cos 0 stands there once this was done */
    for (int64_t t = 0; t < steps; t++)
        for (int64_t i = 0; i < width; i++) {
            const double angle = (double)t * pow(10000, -(double)(i - i % 2) / (double)width);
            layer->numbers[t * width + i] = (float)(i % 2 ? cos(angle) : sin(angle));
        }
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    const int64_t size = gradus_shape_size(layer->input->shape);
    const float *input = gradus_values(layer->input, piece),
                *table = is_learnt(layer) ? gradus_layer_tensor(layer, 0)->values : layer->numbers;
    float *output = gradus_values(layer->output, piece);
    for (int64_t i = 0; i < piece->count; i++) {
        memcpy(output + i * size, table, (size_t)size * sizeof(float));
        layer->net->kernels->add(output + i * size, input + i * size, size);
    }
}

/* The input's gradient is the output's, in the same memory. */
static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    if (!is_learnt(layer)) return;
    const int64_t size = gradus_shape_size(layer->input->shape);
    float *sum = gradus_layer_tensor(layer, 0)->gradient;
    if (!piece->walk->accumulate) memset(sum, 0, (size_t)size * sizeof(float));
    layer->net->kernels->add_bias_backward(GRADUS_LINEAR, NULL, gradus_gradient(layer->output, piece), sum,
                                           piece->count, size);
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    begin(layer, NULL);
    const char *input = gradus_onnx_input(onnx, layer);
    const char *table = is_learnt(layer)
                            ? gradus_onnx_tensor(onnx, layer, 0)
                            : gradus_onnx_numbers(onnx, layer, "waves", layer->input->shape, layer->numbers);
    gradus_onnx_node(onnx, "Add", gradus_onnx_output(onnx, layer), input, table, NULL);
}

static const gradus_argument arguments[] = {
    {.name = "kind",
     .kind = GRADUS_WORD,
     .words = "learned|waves",
     .initial = "learned",
     .flags = GRADUS_NAMED,
     .help = "a table that is learnt, or sines and cosines of falling frequency, which are not"},
    GRADUS_INIT_ARGUMENT,
    {.name = NULL},
};

const gradus_layer_row gradus_layer_position = {
    .member = {.name = "position",
               .summary = "adds to each step of a sequence values that tell where it stands",
               .formula = "y[t] = x[t] + P[t]",
               .paper = "Gehring and others 2017, Convolutional sequence to sequence learning; waves: Vaswani and "
                        "others 2017, Attention is all you need",
               .also = "positional_encoding, position_embedding, positional_embedding",
               .arguments = arguments,
               .notes = "The table begins normally distributed with deviation 1, as PyTorch's embeddings, unless an "
                        "init is given."},
    .abi = GRADUS_ABI,
    .traits = GRADUS_IN_PLACE,
    .infer = infer,
    .prepare = prepare,
    .begin = begin,
    .forward = {{.run = forward}},
    .backward = {{.run = backward, .whole = true}},
    .onnx = write_onnx,
};
