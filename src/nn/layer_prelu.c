/* prelu: a leaky_relu that learns its slopes below zero, one for each channel (of flat data, and of a step of a sequence, one for each
 * value) or one for all. (He, Zhang, Ren, Sun 2015.) */
#include <math.h>
#include <string.h>
#include "onnx.h"

enum { SLOPE, SHARED };

typedef struct prelu {
    bool shared;
    gradus_form
        form;      /* as far as slopes go: of an example, of a sequence a step; all in one plane where they share one */
    int64_t parts; /* such of an example */
} prelu;

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    const gradus_value *values = layer->item->values;
    prelu *state = layer->state;
    gradus_tensor *tensor;
    *state = (prelu){.shared = values[SHARED].number != 0};
    const int64_t slopes = state->shared ? 1 : layer->input->shape[layer->input->sequence];
    if (gradus_layer_add_tensor(layer, "weight", (int64_t[]){slopes, 0}, &tensor, error))
        return (gradus_status)error->status;
    tensor->fill = (float)values[SLOPE].number;
    return GRADUS_OK;
}

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    prelu *state = layer->state;
    const gradus_form form = layer->input->form;
    const int64_t size = gradus_form_size(form), *shape = layer->input->shape;
    const bool image = gradus_shape_rank(shape) > 1 && !layer->input->sequence;
    state->parts = layer->input->sequence && !state->shared ? shape[0] : 1;
    state->form = state->shared ? (gradus_form){1, size, 1} : image ? form : (gradus_form){1, 1, size / state->parts};
    layer->parts = gradus_layer_tensor(layer, 0)->count = state->form.blocks * state->form.width;
    return GRADUS_OK;
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    const prelu *state = layer->state;
    layer->net->kernels->prelu(state->form, gradus_layer_tensor(layer, 0)->values, gradus_values(layer->input, piece),
                               gradus_values(layer->output, piece), piece->count * state->parts);
}

/* In place: the input's gradient has the output's memory. */
static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    const prelu *state = layer->state;
    float *sums = layer->sums + piece->slot * layer->parts;
    if (piece->opens) memset(sums, 0, (size_t)layer->parts * sizeof *sums);
    layer->net->kernels->prelu_backward(state->form, gradus_layer_tensor(layer, 0)->values,
                                        gradus_values(layer->input, piece), gradus_gradient(layer->output, piece), sums,
                                        piece->count * state->parts);
}

static void conclude(const gradus_layer *layer, const gradus_walk *walk)
{
    gradus_layer_gather(layer, walk, layer->sums, layer->parts, gradus_layer_tensor(layer, 0));
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const char *input = gradus_onnx_input(onnx, layer), *slopes = gradus_onnx_channels(onnx, layer, 0);
    gradus_onnx_node(onnx, "PRelu", gradus_onnx_output(onnx, layer), input, slopes, NULL);
}

static const gradus_argument arguments[] = {
    {.name = "slope",
     .kind = GRADUS_NUMBER,
     .initial = "0.25",
     .low = -INFINITY,
     .high = INFINITY,
     .help = "below 0 that it begins with",
     .also = "alpha, negative_slope"},
    {.name = "shared",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED,
     .help = "one slope for all, as PyTorch has it where nothing is said"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_prelu = {
    .member = {.name = "prelu",
               .summary = "learns what it lets through below zero",
               .formula = "y = x above 0, weight x below",
               .paper = "He, Zhang, Ren, Sun 2015, Delving deep into rectifiers: surpassing human-level performance on "
                        "ImageNet classification",
               .also = "parametric_relu",
               .arguments = arguments,
               .notes = "A slope for each channel, of flat data and of the steps of a sequence one for each value. "
                        "The paper lets no weight decay draw the slopes to 0."},
    .abi = GRADUS_ABI,
    .traits = GRADUS_KEEPS_INPUT | GRADUS_BLOCKS | GRADUS_IN_PLACE,
    .state_size = sizeof(prelu),
    .infer = infer,
    .prepare = prepare,
    .forward = {{.run = forward}},
    .backward = {{.run = backward, .conclude = conclude}},
    .onnx = write_onnx,
};
