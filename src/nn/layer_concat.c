/* concat: what branches make of a signal, one behind the other: the channels of images, the values of each step of a sequence, or all
 * values. And outputs, whose branches are what the net is to tell, each with a name; losses look at them by it (net_loss.c). The net
 * lays the branches out before this layer, which joins two (layer_residual.c says how). */
#include <stdio.h>
#include <string.h>
#include "arguments.h"
#include "onnx.h"

/* Of each row of the output, `first` values are the input's, the others those of the second. */
typedef struct concat {
    int64_t rows, first, second; /* rows of an example: the steps of a sequence, else 1 */
} concat;

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    const int64_t *one = layer->input->shape, *two = layer->second->shape;
    const bool sequence = layer->input->sequence;
    char first[120], second[120], sentence[400];
    bool fits = sequence == layer->second->sequence && gradus_shape_rank(one) == gradus_shape_rank(two);
    for (int i = 0; i < GRADUS_RANK; i++) fits = fits && (i == sequence || one[i] == two[i]);
    if (!fits) {
        gradus_shape_print(one, first, sizeof first);
        gradus_shape_print(two, second, sizeof second);
        snprintf(sentence, sizeof sentence, "cannot put %s behind %s: only %s may differ", second, first,
                 sequence ? "the values of a step" : "the first of their sizes");
        return gradus_layer_fail(layer, sentence, error);
    }
    const int64_t rows = sequence ? one[0] : 1;
    *(concat *)layer->state = (concat){rows, gradus_shape_size(one) / rows, gradus_shape_size(two) / rows};
    memcpy(layer->output->shape, one, sizeof layer->output->shape);
    layer->output->shape[sequence] = one[sequence] + two[sequence];
    layer->output->sequence = sequence;
    layer->output->untouched = false;
    return GRADUS_OK;
}

static gradus_status infer_outputs(gradus_layer *layer, gradus_error *error)
{
    const gradus_signal *const both[] = {layer->input, layer->second};
    for (int i = 0; i < 2; i++) {
        if (gradus_shape_rank(both[i]->shape) == 1 && !both[i]->sequence) continue;
        char shape[120], sentence[320];
        gradus_shape_print(both[i]->shape, shape, sizeof shape);
        snprintf(sentence, sizeof sentence,
                 "has an output of %s; each ends in plain values, as flatten > dense(1) does", shape);
        return gradus_layer_fail(layer, sentence, error);
    }
    return infer(layer, error);
}

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    layer->output->form = gradus_form_plain(layer->output->shape);
    return GRADUS_OK;
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    const concat *it = layer->state;
    const float *first = gradus_values(layer->input, piece), *second = gradus_values(layer->second, piece);
    float *output = gradus_values(layer->output, piece);
    for (int64_t row = 0; row < piece->count * it->rows; row++, output += it->first + it->second) {
        memcpy(output, first + row * it->first, (size_t)it->first * sizeof *output);
        memcpy(output + it->first, second + row * it->second, (size_t)it->second * sizeof *output);
    }
}

static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    const concat *it = layer->state;
    float *first = gradus_gradient(layer->input, piece), *second = gradus_gradient(layer->second, piece);
    const float *gradient = gradus_gradient(layer->output, piece);
    for (int64_t row = 0; row < piece->count * it->rows; row++, gradient += it->first + it->second) {
        if (first) memcpy(first + row * it->first, gradient, (size_t)it->first * sizeof *first);
        if (second) memcpy(second + row * it->second, gradient + it->first, (size_t)it->second * sizeof *second);
    }
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const char *first = gradus_onnx_input(onnx, layer), *second = gradus_onnx_second(onnx, layer);
    gradus_onnx_node(onnx, "Concat", gradus_onnx_output(onnx, layer), first, second, NULL);
    gradus_onnx_int(onnx, "axis", layer->input->sequence ? 2 : 1);
}

static const gradus_argument arguments[] = {GRADUS_BRANCHES_ARGUMENT, {.name = NULL}};

const gradus_layer_row gradus_layer_concat = {
    .member = {.name = "concat",
               .summary = "what several branches make of a signal, one behind the other",
               .formula = "y = [a(x), b(x), ...]",
               .paper = "Szegedy and others 2015, Going deeper with convolutions",
               .also = "concatenate, cat, join, stack, route",
               .arguments = arguments,
               .example = "concat(identity, tanh > sigmoid)",
               .notes = "Of images the channels are put one behind the other, of a sequence the values of each step."},
    .abi = GRADUS_ABI,
    .traits = GRADUS_JOINS,
    .state_size = sizeof(concat),
    .infer = infer,
    .prepare = prepare,
    .forward = {{.run = forward}},
    .backward = {{.run = backward}},
    .onnx = write_onnx,
};

/* Names of the user's own, each with the layers behind which its output stands. */
static const gradus_argument named[] = {
    {.name = "NAME", .kind = GRADUS_PIPELINE, .help = "the layers that end in what is told of that name"},
    {.name = NULL},
};
static const gradus_argument nothing[] = {{.name = NULL}};

const gradus_layer_row gradus_layer_outputs = {
    .member = {.name = "outputs",
               .summary = "several things that are told of an example, each by layers of its own",
               .formula = "y = [a(x), b(x), ...]",
               .paper = "Caruana 1997, Multitask learning",
               .also = "heads, multi_output, tasks, branches",
               .arguments = nothing,
               .open = named,
               .example = "outputs(digit=dense(10), angle=dense(1))",
               .notes =
                   "It stands last. Each name is that of something that the data tell: a column that target=[digit, "
                   "angle] lists. loss=sum(cross_entropy(output=digit), ...) gives each its loss; measures and groups "
                   "go by the names too: val_digit_accuracy, match(\"*.digit.*\")."},
    .abi = GRADUS_ABI,
    .traits = GRADUS_JOINS,
    .state_size = sizeof(concat),
    .infer = infer_outputs,
    .prepare = prepare,
    .forward = {{.run = forward}},
    .backward = {{.run = backward}},
    .onnx = write_onnx,
};
