/* residual: what its body makes of a signal is added to the signal itself, or to what a shortcut makes of it, so that a deep net can
 * begin as a shallow one (He, Zhang, Ren, Sun 2016). And sum, which adds what any number of branches make of it. The net lays the
 * branches out before this layer, which adds two; the fork in front of one has the signal's values, and in the other direction adds
 * what comes through the branch to the signal's gradient, which the last branch has begun. */
#include <stdio.h>
#include <string.h>
#include "arguments.h"
#include "onnx.h"

extern const gradus_layer_row gradus_layer_residual;

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    char body[120], straight[120], sentence[400];
    layer->output->untouched = false;
    if (memcmp(layer->input->shape, layer->second->shape, sizeof layer->input->shape) == 0) return GRADUS_OK;
    gradus_shape_print(layer->input->shape, body, sizeof body);
    gradus_shape_print(layer->second->shape, straight, sizeof straight);
    if (layer->row == &gradus_layer_residual)
        snprintf(sentence, sizeof sentence,
                 "cannot add what its body gives, %s, to %s; shortcut=conv(CHANNELS, 1, stride=N) brings them together",
                 body, straight);
    else
        snprintf(sentence, sizeof sentence, "cannot add what its branches give, %s and %s", body, straight);
    return gradus_layer_fail(layer, sentence, error);
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    const int64_t count = piece->count * gradus_form_size(layer->output->form);
    float *output = gradus_values(layer->output, piece);
    memcpy(output, gradus_values(layer->input, piece), (size_t)count * sizeof *output);
    layer->net->kernels->add(output, gradus_values(layer->second, piece), count);
}

/* The body's gradient has the output's memory. */
static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    float *straight = gradus_gradient(layer->second, piece);
    const int64_t count = piece->count * gradus_form_size(layer->output->form);
    if (straight) memcpy(straight, gradus_gradient(layer->output, piece), (size_t)count * sizeof *straight);
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const char *body = gradus_onnx_input(onnx, layer), *straight = gradus_onnx_second(onnx, layer);
    gradus_onnx_node(onnx, "Add", gradus_onnx_output(onnx, layer), body, straight, NULL);
}

static const gradus_argument arguments[] = {
    {.name = "body", .kind = GRADUS_PIPELINE, .help = "the layers that are gone round"},
    {.name = "shortcut",
     .kind = GRADUS_PIPELINE,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "the layers on the way round; without it the signal itself",
     .also = "skip, projection, downsample"},
    {.name = "activation",
     .kind = GRADUS_PIPELINE,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "the layers behind the sum: activation=relu",
     .also = "act"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_residual = {
    .member = {.name = "residual",
               .summary = "adds what layers make of a signal to the signal itself",
               .formula = "y = body(x) + x, or body(x) + shortcut(x)",
               .paper = "He, Zhang, Ren, Sun 2016, Deep residual learning for image recognition",
               .also = "skip, res, resblock, shortcut",
               .arguments = arguments,
               .example = "residual(relu)"},
    .abi = GRADUS_ABI,
    .traits = GRADUS_JOINS | GRADUS_ANY_ORDER | GRADUS_BLOCKS | GRADUS_IN_PLACE,
    .infer = infer,
    .forward = {{.run = forward}},
    .backward = {{.run = backward}},
    .onnx = write_onnx,
};

static const gradus_argument branches[] = {GRADUS_BRANCHES_ARGUMENT, {.name = NULL}};

const gradus_layer_row gradus_layer_sum = {
    .member = {.name = "sum",
               .summary = "adds what several branches make of a signal",
               .formula = "y = a(x) + b(x) + ...",
               .also = "add, plus, addition, merge",
               .arguments = branches,
               .example = "sum(tanh, sigmoid > relu)"},
    .abi = GRADUS_ABI,
    .traits = GRADUS_JOINS | GRADUS_ANY_ORDER | GRADUS_BLOCKS | GRADUS_IN_PLACE,
    .infer = infer,
    .forward = {{.run = forward}},
    .backward = {{.run = backward}},
    .onnx = write_onnx,
};

/* ---- in front of a branch ---- */

static void join(const gradus_layer *layer, const gradus_piece *piece)
{
    float *gradient = gradus_gradient(layer->input, piece);
    if (gradient)
        layer->net->kernels->add(gradient, gradus_gradient(layer->output, piece),
                                 piece->count * gradus_form_size(layer->input->form));
}

const gradus_layer_row gradus_layer_fork = {
    .member = {.name = "fork", .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    .traits = GRADUS_ANY_ORDER | GRADUS_BLOCKS,
    .backward = {{.run = join}},
};
