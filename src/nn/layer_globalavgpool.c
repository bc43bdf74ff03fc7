/* globalavgpool: the mean of each channel, which makes an image flat. */
#include <string.h>
#include "onnx.h"

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    if (gradus_shape_rank(layer->input->shape) != 3)
        return gradus_layer_misfit(layer, "an image (channels x height x width)", "put it before flatten and dense",
                                   error);
    layer->output->shape[1] = layer->output->shape[2] = 0;
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
    const gradus_form form = layer->input->form;
    const int64_t channels = layer->input->shape[0];
    const float *input = gradus_values(layer->input, piece);
    float *output = gradus_values(layer->output, piece);
    for (int64_t i = 0; i < piece->count * channels; i++) {
        const int64_t channel = i % channels;
        const float *at = input + i / channels * gradus_form_size(form) +
                          channel / form.width * form.pixels * form.width + channel % form.width;
        double sum = 0;
        for (int64_t pixel = 0; pixel < form.pixels; pixel++) sum += at[pixel * form.width];
        output[i] = (float)(sum / (double)form.pixels);
    }
}

static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    const gradus_form form = layer->input->form;
    const int64_t channels = layer->input->shape[0], all = piece->count * gradus_form_size(form);
    const float *gradient = gradus_gradient(layer->output, piece);
    float *input = gradus_gradient(layer->input, piece);
    memset(input, 0, (size_t)all * sizeof *input);
    for (int64_t i = 0; i < piece->count * channels; i++) {
        const int64_t channel = i % channels;
        float *at = input + i / channels * gradus_form_size(form) + channel / form.width * form.pixels * form.width +
                    channel % form.width;
        const float share = gradient[i] / (float)form.pixels;
        for (int64_t pixel = 0; pixel < form.pixels; pixel++) at[pixel * form.width] = share;
    }
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const char *input = gradus_onnx_input(onnx, layer);
    const char *mean =
        gradus_onnx_node(onnx, "GlobalAveragePool", gradus_onnx_inside(onnx, layer, "mean"), input, NULL);
    gradus_onnx_node(onnx, "Flatten", gradus_onnx_output(onnx, layer), mean, NULL);
}

const gradus_layer_row gradus_layer_globalavgpool = {
    .member = {.name = "globalavgpool",
               .summary = "the mean of each channel: an image becomes flat",
               .formula = "y[c] = mean over i, j of x[c, i, j]",
               .paper = "Lin, Chen, Yan 2014, Network in network",
               .also = "global_avg_pool, globalaveragepooling2d, global_average_pooling2d, adaptiveavgpool2d",
               .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    .traits = GRADUS_BLOCKS,
    .infer = infer,
    .prepare = prepare,
    .forward = {{.run = forward}},
    .backward = {{.run = backward}},
    .onnx = write_onnx,
};
