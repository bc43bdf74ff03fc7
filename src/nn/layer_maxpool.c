/* maxpool: the largest value of each window. Forward remembers which pixel that was, a byte for each output. */
#include "onnx.h"
#include "pool.h"

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

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    gradus_pool_onnx(layer, onnx, "MaxPool", gradus_onnx_output(onnx, layer));
}

const gradus_layer_row gradus_layer_maxpool = {
    .member = {.name = "maxpool",
               .summary = "keeps the largest value of each window",
               .formula = "y[c, i, j] = max over u, v of x[c, i stride + u - pad, j stride + v - pad]",
               .paper = "Ranzato et al. 2007, Unsupervised learning of invariant feature hierarchies",
               .also = "max_pool, maxpool2d, maxpooling2d, max_pooling2d",
               .arguments = gradus_pool_arguments,
               .notes = "No pixel of the padding is ever the largest."},
    .abi = GRADUS_ABI,
    .traits = GRADUS_BLOCKS,
    .state_size = sizeof(gradus_window),
    .infer = gradus_pool_infer,
    .prepare = prepare,
    .forward = {{.run = forward}},
    .backward = {{.run = backward}},
    .onnx = write_onnx,
};
