/* maxpool: the largest value of each window. Forward remembers which pixel that was, a byte for each output. */
#include <stdio.h>
#include <string.h>
#include "net.h"

enum { SIZE, STRIDE, PAD };

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    const int64_t *from = layer->input->shape;
    if (gradus_shape_rank(from) != 3)
        return gradus_layer_misfit(layer, "an image (channels x height x width)", "put it before flatten and dense",
                                   error);
    gradus_window *over = layer->state;
    if (gradus_layer_pair(layer, SIZE, over->size, error) || gradus_layer_pair(layer, PAD, over->pad, error))
        return (gradus_status)error->status;
    memcpy(over->stride, over->size, sizeof over->stride);
    if (layer->item->values[STRIDE].present && gradus_layer_pair(layer, STRIDE, over->stride, error))
        return (gradus_status)error->status;
    for (int i = 0; i < 2; i++) {
        over->input[i] = from[i + 1];
        if (2 * over->pad[i] > over->size[i]) return gradus_layer_fail(layer, "pads more than half a window", error);
        if (over->input[i] + 2 * over->pad[i] < over->size[i]) {
            char wanted[80];
            snprintf(wanted, sizeof wanted, "an image of at least %dx%d", (int)over->size[0], (int)over->size[1]);
            return gradus_layer_misfit(layer, wanted, "make the window smaller, or leave it out", error);
        }
        over->output[i] = (over->input[i] + 2 * over->pad[i] - over->size[i]) / over->stride[i] + 1;
        layer->output->shape[i + 1] = over->output[i];
    }
    layer->output->untouched = false;
    return GRADUS_OK;
}

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    const gradus_window *over = layer->state;
    layer->output->form.pixels = over->output[0] * over->output[1];
    layer->kept = gradus_form_size(layer->output->form);
    return GRADUS_OK;
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    layer->net->kernels->maxpool(layer->input->form, layer->output->form, layer->state,
                                 gradus_values(layer->input, piece), gradus_values(layer->output, piece),
                                 layer->memory + piece->first * layer->kept, piece->count);
}

static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    layer->net->kernels->maxpool_backward(
        layer->input->form, layer->output->form, layer->state, gradus_gradient(layer->output, piece),
        layer->memory + piece->first * layer->kept, gradus_gradient(layer->input, piece), piece->count);
}

static const gradus_argument arguments[] = {
    {.name = "size",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 15,
     .flags = GRADUS_LIST,
     .help = "of a window, in pixels: one number, or [height, width]",
     .also = "kernel_size, pool_size, window, kernel"},
    {.name = "stride",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 255,
     .flags = GRADUS_LIST | GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "pixels from one window to the next; without it windows lie side by side",
     .also = "strides, step"},
    {.name = "pad",
     .kind = GRADUS_INTEGER,
     .initial = "0",
     .low = 0,
     .high = 7,
     .flags = GRADUS_LIST | GRADUS_NAMED,
     .help = "pixels around the image that no window takes for the largest; at most half a window",
     .also = "border"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_maxpool = {
    .member = {.name = "maxpool",
               .summary = "keeps the largest value of each window",
               .formula = "y[c, i, j] = max over u, v of x[c, i stride + u - pad, j stride + v - pad]",
               .paper = "Ranzato et al. 2007, Unsupervised learning of invariant feature hierarchies",
               .also = "max_pool, maxpool2d, maxpooling2d, max_pooling2d",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .traits = GRADUS_BLOCKS,
    .state_size = sizeof(gradus_window),
    .infer = infer,
    .prepare = prepare,
    .forward = {{.run = forward}},
    .backward = {{.run = backward}},
};
