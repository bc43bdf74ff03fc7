/* What the passes of several layers share: activations, sums over the slots of a walk, and the filling of blocks. */
#include <string.h>
#include "net.h"

/* Channels that only fill up the last block must stay zero, which f(0) = 1/2 would not leave them. */
void gradus_signal_clear_filling(const gradus_signal *signal, float *values, int64_t count)
{
    const gradus_form form = signal->form;
    const int64_t channels = form.pixels > 1 ? gradus_shape_size(signal->shape) / form.pixels : 0;
    const int64_t used = channels % form.width;
    if (gradus_form_size(form) == gradus_shape_size(signal->shape) || !used) return;
    for (int64_t example = 0; example < count; example++) {
        float *block = values + (example + 1) * gradus_form_size(form) - form.pixels * form.width;
        for (int64_t pixel = 0; pixel < form.pixels; pixel++)
            memset(block + pixel * form.width + used, 0, (size_t)(form.width - used) * sizeof(float));
    }
}

void gradus_layer_activate(const gradus_layer *layer, float *values, int64_t count)
{
    if (layer->activation == GRADUS_LINEAR) return;
    layer->net->kernels->activate(layer->activation, values, values, count * gradus_form_size(layer->output->form));
    if (layer->activation == GRADUS_SIGMOID) gradus_signal_clear_filling(layer->output, values, count);
}

/* ---- an activation on its own ---- */

const gradus_argument gradus_no_arguments[] = {{.name = NULL}};

void gradus_activation_forward(const gradus_layer *layer, const gradus_piece *piece)
{
    float *output = gradus_values(layer->output, piece);
    layer->net->kernels->activate(layer->row->activation, gradus_values(layer->input, piece), output,
                                  piece->count * gradus_form_size(layer->output->form));
    if (layer->row->activation == GRADUS_SIGMOID) gradus_signal_clear_filling(layer->output, output, piece->count);
}

/* In place: the input's gradient has the output's memory. */
void gradus_activation_backward(const gradus_layer *layer, const gradus_piece *piece)
{
    layer->net->kernels->activate_backward(layer->row->activation, gradus_values(layer->output, piece),
                                           gradus_gradient(layer->output, piece),
                                           piece->count * gradus_form_size(layer->output->form));
}

/* ---- one whose derivative needs the input ---- */

void gradus_bend_forward(const gradus_layer *layer, const gradus_piece *piece)
{
    const gradus_bend *state = layer->state;
    float *output = gradus_values(layer->output, piece);
    layer->net->kernels->bend(state->curve, state->parameter, gradus_values(layer->input, piece), output,
                              piece->count * gradus_form_size(layer->output->form));
    if (state->curve == GRADUS_SOFTPLUS) gradus_signal_clear_filling(layer->output, output, piece->count);
}

/* In place, as above. */
void gradus_bend_backward(const gradus_layer *layer, const gradus_piece *piece)
{
    const gradus_bend *state = layer->state;
    layer->net->kernels->bend_backward(state->curve, state->parameter, gradus_values(layer->input, piece),
                                       gradus_gradient(layer->output, piece),
                                       piece->count * gradus_form_size(layer->output->form));
}

/* ---- sums ---- */

enum { PIECE = 1 << 14 }; /* values that are added up by one thread at a time */

typedef struct gathering {
    const gradus_walk *walk;
    bool adds;
    const float *sums;
    int64_t stride, count;
    float *gradient;
} gathering;

static void gather_piece(void *job, int64_t index)
{
    const gathering *what = job;
    const int64_t first = index * PIECE, left = what->count - first, count = left < PIECE ? left : PIECE;
    int32_t slot = 0;
    if (!what->adds)
        memcpy(what->gradient + first, what->sums + slot++ * what->stride + first, (size_t)count * sizeof(float));
    for (; slot < what->walk->slots; slot++)
        what->walk->net->kernels->add(what->gradient + first, what->sums + slot * what->stride + first, count);
}

void gradus_layer_gather(const gradus_layer *layer, const gradus_walk *walk, const float *sums, int64_t count,
                         const gradus_tensor *into)
{
    gathering what = {walk, gradus_tensor_adds(into, layer, walk), sums, layer->parts, count, into->gradient};
    const int64_t pieces = (count + PIECE - 1) / PIECE;
    if (pieces > 4)
        gradus_parallel(NULL, pieces, gather_piece, &what);
    else
        for (int64_t i = 0; i < pieces; i++) gather_piece(&what, i);
}
