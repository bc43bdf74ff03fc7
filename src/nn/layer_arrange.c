/* Puts values that lie in blocks of channels into plain order. No layer of a user's: the net puts it in where one follows that
 * needs it (and at the end, for the loss). */
#include "net.h"

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    layer->output->form = gradus_form_plain(layer->output->shape);
    return GRADUS_OK;
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    const gradus_form form = layer->input->form;
    const int64_t size = gradus_shape_size(layer->input->shape), room = gradus_form_size(form);
    const float *input = gradus_values(layer->input, piece);
    float *output = gradus_values(layer->output, piece);
    for (int64_t example = 0; example < piece->count; example++)
        for (int64_t i = 0; i < size; i++)
            output[example * size + i] = input[example * room + gradus_form_place(form, i)];
}

static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    const gradus_form form = layer->input->form;
    const int64_t size = gradus_shape_size(layer->input->shape), room = gradus_form_size(form);
    const float *gradient = gradus_gradient(layer->output, piece);
    float *input_gradient = gradus_gradient(layer->input, piece);
    for (int64_t i = 0; room != size && i < piece->count * room; i++) input_gradient[i] = 0;
    for (int64_t example = 0; example < piece->count; example++)
        for (int64_t i = 0; i < size; i++)
            input_gradient[example * room + gradus_form_place(form, i)] = gradient[example * size + i];
}

const gradus_layer_row gradus_layer_arrange = {
    .member = {.name = "arrange", .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    .traits = GRADUS_ANY_ORDER | GRADUS_BLOCKS,
    .prepare = prepare,
    .forward = {{.run = forward}},
    .backward = {{.run = backward}},
};
