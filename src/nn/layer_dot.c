/* dot: how well the steps of a sequence agree, two by two, as their inner products. Behind an embedding of a user and an item it is what
 * factorizes a matrix of ratings (Koren, Bell, Volinsky 2009); of more fields, the interactions of a recommender (Naumov and others
 * 2019). */
#include <string.h>
#include "onnx.h"

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    const int64_t *from = layer->input->shape;
    if (!layer->input->sequence || from[0] < 2)
        return gradus_layer_misfit(layer, "a sequence of two steps or more,", "put embedding(64) before it", error);
    const int64_t pairs = from[0] * (from[0] - 1) / 2;
    memset(layer->output->shape, 0, sizeof layer->output->shape);
    layer->output->shape[0] = pairs;
    layer->output->sequence = false;
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
    const int64_t steps = layer->input->shape[0], width = layer->input->shape[1];
    const float *input = gradus_values(layer->input, piece);
    float *output = gradus_values(layer->output, piece);
    for (int64_t example = 0; example < piece->count; example++, input += steps * width)
        for (int64_t i = 0; i < steps; i++)
            for (int64_t k = i + 1; k < steps; k++) {
                double sum = 0;
                for (int64_t j = 0; j < width; j++) sum += (double)input[i * width + j] * input[k * width + j];
                *output++ = (float)sum;
            }
}

static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    const int64_t steps = layer->input->shape[0], width = layer->input->shape[1];
    const float *input = gradus_values(layer->input, piece), *gradient = gradus_gradient(layer->output, piece);
    float *to = gradus_gradient(layer->input, piece);
    if (!to) return;
    memset(to, 0, (size_t)(piece->count * steps * width) * sizeof *to);
    for (int64_t example = 0; example < piece->count; example++, input += steps * width, to += steps * width)
        for (int64_t i = 0; i < steps; i++)
            for (int64_t k = i + 1; k < steps; k++, gradient++)
                for (int64_t j = 0; j < width; j++) {
                    to[i * width + j] += *gradient * input[k * width + j];
                    to[k * width + j] += *gradient * input[i * width + j];
                }
}

static const char *write_side(const gradus_layer *layer, gradus_onnx *onnx, const char *input, bool second)
{
    const int64_t steps = layer->input->shape[0], pairs = layer->output->shape[0];
    const size_t bytes = (size_t)pairs * sizeof(int64_t);
    int64_t *sides = gradus_allocate(NULL, bytes), at = 0;
    for (int64_t i = 0; sides && i < steps; i++)
        for (int64_t k = i + 1; k < steps; k++) sides[at++] = second ? k : i;
    const char *places = gradus_onnx_whole(onnx, layer, second ? "seconds" : "firsts", (int64_t[]){pairs, 0}, sides);
    gradus_release(NULL, sides, bytes);
    const char *side = gradus_onnx_inside(onnx, layer, second ? "second" : "first");
    gradus_onnx_node(onnx, "Gather", side, input, places, NULL);
    gradus_onnx_int(onnx, "axis", 1);
    return side;
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const char *input = gradus_onnx_input(onnx, layer);
    const char *first = write_side(layer, onnx, input, false), *second = write_side(layer, onnx, input, true),
               *values = gradus_onnx_whole(onnx, layer, "values", (int64_t[]){1, 0}, (int64_t[]){2});
    gradus_onnx_node(onnx, "Mul", gradus_onnx_inside(onnx, layer, "products"), first, second, NULL);
    gradus_onnx_node(onnx, "ReduceSum", gradus_onnx_output(onnx, layer), gradus_onnx_inside(onnx, layer, "products"),
                     values, NULL);
    gradus_onnx_int(onnx, "keepdims", 0);
}

const gradus_layer_row gradus_layer_dot = {
    .member = {.name = "dot",
               .summary = "the inner products of a sequence's steps, each with each",
               .formula = "y = x[i] . x[k] for i < k",
               .paper = "Koren, Bell, Volinsky 2009, Matrix factorization techniques for recommender systems; Naumov "
                        "and others 2019, Deep learning recommendation model",
               .also = "inner_product, dot_product, interaction, pairwise",
               .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    .traits = GRADUS_KEEPS_INPUT,
    .infer = infer,
    .prepare = prepare,
    .forward = {{.run = forward}},
    .backward = {{.run = backward}},
    .onnx = write_onnx,
};
