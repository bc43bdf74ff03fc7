/* avgpool: the mean of each window. As in PyTorch the zeros of the padding count. */
#include <string.h>
#include "onnx.h"
#include "pool.h"

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    const gradus_window *over = layer->state;
    layer->output->form.pixels = over->output[0] * over->output[1];
    return GRADUS_OK;
}

/* The rows, or columns, of window `at` that are in the image: first, end. Returns how many there are with those of the padding. */
static int64_t inside(const gradus_window *over, int direction, int64_t at, int64_t range[2])
{
    const int64_t pad = over->pad[direction], input = over->input[direction],
                  first = at * over->stride[direction] - pad, end = first + over->size[direction];
    range[0] = first < 0 ? 0 : first;
    range[1] = end > input ? input : end;
    return (end > input + pad ? input + pad : end) - first;
}

/* One window of one block: its mean into `to`, or a share of `to` to all of its pixels. */
static void window(const gradus_window *over, int64_t row, int64_t column, int64_t width, float *from, float *to,
                   bool back)
{
    int64_t rows[2], columns[2];
    const int64_t down = inside(over, 0, row, rows), across = inside(over, 1, column, columns);
    const float share = 1 / (float)(down * across);
    if (!back) memset(to, 0, (size_t)width * sizeof *to);
    for (int64_t i = rows[0]; i < rows[1]; i++) {
        for (int64_t k = columns[0] * width; k < columns[1] * width; k++) {
            float *pixel = from + i * over->input[1] * width + k;
            if (back)
                *pixel += share * to[k % width];
            else
                to[k % width] += share * *pixel;
        }
    }
}

static void each_window(const gradus_layer *layer, int64_t count, float *input, float *output, bool back)
{
    const gradus_window *over = layer->state;
    const gradus_form from = layer->input->form, to = layer->output->form;
    for (int64_t block = 0; block < count * from.blocks; block++) {
        float *in = input + block * from.pixels * from.width, *out = output + block * to.pixels * to.width;
        for (int64_t i = 0; i < over->output[0]; i++)
            for (int64_t k = 0; k < over->output[1]; k++)
                window(over, i, k, from.width, in, out + (i * over->output[1] + k) * to.width, back);
    }
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    each_window(layer, piece->count, gradus_values(layer->input, piece), gradus_values(layer->output, piece), false);
}

static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    float *input = gradus_gradient(layer->input, piece);
    memset(input, 0, (size_t)(piece->count * gradus_form_size(layer->input->form)) * sizeof *input);
    each_window(layer, piece->count, input, gradus_gradient(layer->output, piece), true);
}

/* The operator divides by a whole window everywhere; of those that reach over the padding, less counts. */
static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const gradus_window *over = layer->state;
    const int64_t *shape = over->output, count = shape[0] * shape[1], whole = over->size[0] * over->size[1];
    float *shares = gradus_allocate(NULL, (size_t)count * sizeof *shares);
    int64_t range[2], smaller = 0;
    for (int64_t i = 0; shares && i < count; i++) {
        const int64_t counts = inside(over, 0, i / shape[1], range) * inside(over, 1, i % shape[1], range);
        shares[i] = (float)((double)whole / (double)counts);
        smaller += counts < whole;
    }
    const char *output = gradus_onnx_output(onnx, layer),
               *mean = smaller ? gradus_onnx_inside(onnx, layer, "mean") : output;
    gradus_pool_onnx(layer, onnx, "AveragePool", mean);
    gradus_onnx_int(onnx, "count_include_pad", 1);
    if (smaller) {
        const char *scale = gradus_onnx_numbers(onnx, layer, "shares", (int64_t[]){shape[0], shape[1], 0}, shares);
        gradus_onnx_node(onnx, "Mul", output, mean, scale, NULL);
    }
    gradus_release(NULL, shares, (size_t)count * sizeof *shares);
}

const gradus_layer_row gradus_layer_avgpool = {
    .member = {.name = "avgpool",
               .summary = "the mean of each window",
               .formula = "y[c, i, j] = mean over u, v of x[c, i stride + u - pad, j stride + v - pad]",
               .paper = "LeCun et al. 1989, Backpropagation applied to handwritten zip code recognition",
               .also = "avg_pool, avgpool2d, averagepooling2d, average_pooling2d, avg_pool2d",
               .arguments = gradus_pool_arguments,
               .notes = "The zeros of the padding count, as in PyTorch; Keras leaves them out."},
    .abi = GRADUS_ABI,
    .traits = GRADUS_BLOCKS,
    .state_size = sizeof(gradus_window),
    .infer = gradus_pool_infer,
    .prepare = prepare,
    .forward = {{.run = forward}},
    .backward = {{.run = backward}},
    .onnx = write_onnx,
};
