/* dropout: while training, each value is dropped at random, and the others are scaled up so that the expectation stays. Which ones
 * is a function of seed, layer, update and place alone: backward finds the same ones again, and nothing need be kept. */
#include <stdio.h>
#include <string.h>
#include "onnx.h"

enum { SHARE };

void gradus_dropout_print(double share, char *text, size_t size)
{
    char number[32];
    gradus_number_print(share, number);
    *text = 0;
    if (share > 0) snprintf(text, size, " > dropout(%s)", number);
}

typedef struct dropout {
    uint32_t threshold; /* of 2^32 */
    float scale;
    uint64_t stream;
} dropout;

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    const double share = layer->item->values[SHARE].number, threshold = share * 0x1p32;
    *(dropout *)layer->state = (dropout){.threshold = threshold < UINT32_MAX ? (uint32_t)threshold : UINT32_MAX,
                                         .scale = (float)(1 / (1 - share)),
                                         .stream = gradus_checksum(1, layer->name, strlen(layer->name))};
    return GRADUS_OK;
}

static void drop(const gradus_layer *layer, const gradus_piece *piece, const float *input, float *output)
{
    const dropout *state = layer->state;
    const int64_t size = gradus_form_size(layer->input->form);
    const uint64_t key = gradus_random_bits(layer->net->seed, state->stream, (uint64_t)piece->walk->update);
    layer->net->kernels->dropout(key, state->threshold, state->scale, piece->first * size, input, output,
                                 piece->count * size);
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    const float *input = gradus_values(layer->input, piece);
    float *output = gradus_values(layer->output, piece);
    if (piece->walk->purpose == GRADUS_WALK_EVALUATE)
        memcpy(output, input, (size_t)(piece->count * gradus_form_size(layer->input->form)) * sizeof(float));
    else
        drop(layer, piece, input, output);
}

static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    float *gradient = gradus_gradient(layer->output, piece);
    drop(layer, piece, gradient, gradient);
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    gradus_onnx_node(onnx, "Identity", gradus_onnx_output(onnx, layer), gradus_onnx_input(onnx, layer), NULL);
}

static const gradus_argument arguments[] = {
    {.name = "share",
     .kind = GRADUS_SHARE,
     .initial = "0.5",
     .low = 0,
     .high = 1,
     .open = ")",
     .help = "of the values that are dropped",
     .search = "uniform(0, 0.5)",
     .also = "p, rate, probability, prob"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_dropout = {
    .member = {.name = "dropout",
               .summary = "drops values at random while training",
               .formula = "y = 0 with probability share, else x / (1 - share)",
               .paper = "Srivastava et al. 2014, Dropout: a simple way to prevent neural networks from overfitting",
               .also = "dropout2d",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .traits = GRADUS_ANY_ORDER | GRADUS_BLOCKS | GRADUS_IN_PLACE,
    .state_size = sizeof(dropout),
    .infer = infer,
    .forward = {{.run = forward}},
    .backward = {{.run = backward}},
    .onnx = write_onnx,
};
