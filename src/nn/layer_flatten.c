/* flatten: an image as one row of values. Nothing is moved: a dense layer that follows keeps its weights in the order in which the
 * image lies in memory; where another layer follows, the net puts the values in order first (layer_arrange.c). */
#include <string.h>
#include "onnx.h"

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    memset(layer->output->shape, 0, sizeof layer->output->shape);
    layer->output->shape[0] = gradus_shape_size(layer->input->shape);
    layer->output->sequence = false;
    return GRADUS_OK;
}

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    if (gradus_form_is_plain(layer->input->form, layer->input->shape))
        layer->output->form = gradus_form_plain(layer->output->shape);
    return GRADUS_OK;
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    gradus_onnx_node(onnx, "Flatten", gradus_onnx_output(onnx, layer), gradus_onnx_input(onnx, layer), NULL);
}

const gradus_layer_row gradus_layer_flatten = {
    .member = {.name = "flatten",
               .summary = "an image as one row of values",
               .formula = "y[(c height + i) width + j] = x[c, i, j]",
               .also = "reshape, view",
               .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    .traits = GRADUS_ANY_ORDER | GRADUS_BLOCKS | GRADUS_SAME_MEMORY,
    .infer = infer,
    .prepare = prepare,
    .onnx = write_onnx,
};
