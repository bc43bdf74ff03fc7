/* groupnorm: the channels of an example in groups, each with mean 0 and variance 1, then scaled and shifted as learnt. It asks nothing
 * of the other examples, so that small batches do it no harm. (Wu, He 2018.)
 *
 * The loops are batch norm's, one example at a time: the moments of a group's channels are merged, and every channel of a group
 * is handed its group's. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "arguments.h"
#include "onnx.h"

enum { GROUPS, EPSILON };
enum { WEIGHT, OFFSET };                                                       /* tensors */
enum { WEIGHT_SUM, BIAS_SUM, MEAN, SPREAD, SCALE, SUM, PRODUCT, ZERO, PARTS }; /* arrays of each slot in layer->sums */

typedef struct groupnorm {
    double epsilon;
    int64_t groups, channels, width; /* channels of a group; all in memory, the filling of the last block included */
    gradus_form form;                /* of what is normalised: an example, of a sequence a step */
    int64_t steps;                   /* such of an example */
} groupnorm;

typedef struct group_moments { /* kept for each group, for the way back */
    float mean, inverse;       /* one over the root of the variance */
} group_moments;

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    const gradus_value *values = layer->item->values;
    const int64_t *shape = layer->input->shape;
    const bool sequence = layer->input->sequence;
    const int32_t rank = gradus_shape_rank(shape);
    if (rank != 1 && rank != 3 && !sequence)
        return gradus_layer_misfit(layer, "an image, a flat input or a sequence", "put flatten between them", error);
    const int64_t channels = shape[sequence], groups = (int64_t)values[GROUPS].number;
    char what[60];
    snprintf(what, sizeof what, "%lld %s", (long long)channels, rank == 3 ? "channels" : "values");
    if (gradus_layer_divides(layer, groups, channels, what, error)) return (gradus_status)error->status;
    if (gradus_shape_size(shape + sequence) == groups)
        return gradus_layer_fail(layer, "makes groups of a single value, which vary in nothing; take fewer", error);
    *(groupnorm *)layer->state =
        (groupnorm){.epsilon = values[EPSILON].number, .groups = groups, .channels = channels / groups};
    layer->output->untouched = false;
    gradus_tensor *tensor;
    if (gradus_layer_add_tensor(layer, "weight", (int64_t[]){channels, 0}, &tensor, error))
        return (gradus_status)error->status;
    tensor->fill = 1;
    return gradus_layer_add_tensor(layer, "bias", (int64_t[]){channels, 0}, &tensor, error);
}

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    groupnorm *state = layer->state;
    const int64_t *shape = layer->input->shape;
    state->steps = layer->input->sequence ? shape[0] : 1;
    state->form = gradus_shape_rank(shape) == 3 ? layer->input->form
                                                : (gradus_form){1, 1, gradus_shape_size(shape) / state->steps};
    state->width = state->form.blocks * state->form.width;
    for (int32_t i = WEIGHT; i <= OFFSET; i++) gradus_layer_tensor(layer, i)->count = state->width;
    layer->parts = PARTS * state->width;
    layer->kept = state->steps * state->groups * (int64_t)sizeof(group_moments);
    return GRADUS_OK;
}

static float *part(const gradus_layer *layer, const gradus_piece *piece, int32_t which)
{
    return layer->sums + piece->slot * layer->parts + which * ((const groupnorm *)layer->state)->width;
}

static group_moments *kept(const gradus_layer *layer, const gradus_piece *piece, int64_t index)
{
    const int64_t first = piece->first * ((const groupnorm *)layer->state)->steps + index;
    return (group_moments *)(void *)layer->memory + first * ((const groupnorm *)layer->state)->groups;
}

/* Equally many values each: their mean is the mean of their means, their squared distances from it are those from their own and how
 * far these are from it (Chan, Golub, LeVeque 1983). */
static group_moments merged(const groupnorm *state, const float *mean, const float *squares)
{
    const double pixels = (double)state->form.pixels;
    double middle = 0, square = 0;
    for (int64_t i = 0; i < state->channels; i++) middle += mean[i];
    middle /= (double)state->channels;
    for (int64_t i = 0; i < state->channels; i++)
        square += squares[i] + pixels * (mean[i] - middle) * (mean[i] - middle);
    return (group_moments){(float)middle,
                           (float)(1 / sqrt(square / (pixels * (double)state->channels) + state->epsilon))};
}

/* Every channel has its group's; what fills up the last block keeps zeros. */
static gradus_norm_forward norm_of(const gradus_layer *layer, const gradus_piece *piece, const group_moments *groups)
{
    const groupnorm *state = layer->state;
    const float *weight = gradus_layer_tensor(layer, WEIGHT)->values;
    float *mean = part(layer, piece, MEAN), *spread = part(layer, piece, SPREAD), *scale = part(layer, piece, SCALE);
    const int64_t used = state->groups * state->channels;
    for (int64_t i = 0; i < state->width; i++) {
        const group_moments group = i < used ? groups[i / state->channels] : (group_moments){0, 0};
        mean[i] = group.mean;
        spread[i] = group.inverse;
        scale[i] = weight[i] * group.inverse;
    }
    return (gradus_norm_forward){mean, scale, gradus_layer_tensor(layer, OFFSET)->values};
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    const groupnorm *state = layer->state;
    const gradus_kernels *kernels = layer->net->kernels;
    const int64_t size = gradus_form_size(state->form);
    const float *input = gradus_values(layer->input, piece);
    float *output = gradus_values(layer->output, piece), *mean = part(layer, piece, MEAN),
          *squares = part(layer, piece, SPREAD);
    for (int64_t i = 0; i < piece->count * state->steps; i++, input += size) {
        group_moments *groups = kept(layer, piece, i);
        kernels->moments(state->form, input, 1, mean, squares);
        for (int64_t k = 0; k < state->groups; k++)
            groups[k] = merged(state, mean + k * state->channels, squares + k * state->channels);
        kernels->normalise(state->form, layer->activation, norm_of(layer, piece, groups), input, output + i * size, 1);
    }
    if (layer->activation == GRADUS_SIGMOID) gradus_signal_clear_filling(layer->output, output, piece->count);
}

/* The two means below of each group, in place of the sums of dy and of dy (x - mean) of each channel. */
static void share_sums(const gradus_layer *layer, const group_moments *groups, float *sum, float *product)
{
    const groupnorm *state = layer->state;
    const float *weight = gradus_layer_tensor(layer, WEIGHT)->values;
    const double count = (double)(state->channels * state->form.pixels);
    for (int64_t k = 0; k < state->groups; k++) {
        const double inverse = groups[k].inverse;
        const int64_t first = k * state->channels;
        double all = 0, along = 0;
        for (int64_t i = first; i < first + state->channels; i++) {
            all += (double)weight[i] * sum[i];
            along += (double)weight[i] * product[i];
        }
        for (int64_t i = first; i < first + state->channels; i++) {
            sum[i] = (float)(all / count);
            product[i] = (float)(along * inverse * inverse / count);
        }
    }
}

/* With n = (x - mean) inverse and d = weight dy: dx = inverse (d - mean(d) - n mean(d n)), the means over the group. */
static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    const groupnorm *state = layer->state;
    const gradus_kernels *kernels = layer->net->kernels;
    const int64_t size = gradus_form_size(state->form);
    const float *x = gradus_values(layer->input, piece), *zero = part(layer, piece, ZERO);
    float *gradient = gradus_gradient(layer->output, piece), *weight_sum = part(layer, piece, WEIGHT_SUM),
          *bias_sum = part(layer, piece, BIAS_SUM), *spread = part(layer, piece, SPREAD),
          *sum = part(layer, piece, SUM), *product = part(layer, piece, PRODUCT);
    if (piece->opens) memset(weight_sum, 0, (size_t)layer->parts * sizeof *weight_sum);
    for (int64_t i = 0; i < piece->count * state->steps; i++, x += size, gradient += size) {
        const group_moments *groups = kept(layer, piece, i);
        const gradus_norm_forward norm = norm_of(layer, piece, groups);
        kernels->normalise_sums(state->form, layer->activation, norm, x, gradient, 1, sum, product);
        for (int64_t k = 0; k < state->width; k++) {
            weight_sum[k] += product[k] * spread[k];
            bias_sum[k] += sum[k];
        }
        if (!layer->input->trained) continue;
        share_sums(layer, groups, sum, product);
        kernels->normalise(state->form, GRADUS_LINEAR,
                           (gradus_norm_forward){zero, gradus_layer_tensor(layer, WEIGHT)->values, zero}, gradient,
                           gradient, 1);
        kernels->normalise_backward(state->form, (gradus_norm_backward){norm.mean, spread, sum, product}, x, gradient,
                                    1);
    }
}

static void conclude(const gradus_layer *layer, const gradus_walk *walk)
{
    const int64_t width = ((const groupnorm *)layer->state)->width;
    gradus_layer_gather(layer, walk, layer->sums + WEIGHT_SUM * width, width, gradus_layer_tensor(layer, WEIGHT));
    gradus_layer_gather(layer, walk, layer->sums + BIAS_SUM * width, width, gradus_layer_tensor(layer, OFFSET));
}

/* ---- as ONNX, whose own operator of that name is younger: its InstanceNormalization, of groups for channels ---- */

/* A number for each group. */
static const char *write_same(const gradus_layer *layer, gradus_onnx *onnx, const char *what, float number)
{
    const int64_t groups = ((const groupnorm *)layer->state)->groups;
    const size_t bytes = (size_t)groups * sizeof number;
    float *numbers = gradus_allocate(NULL, bytes);
    for (int64_t i = 0; numbers && i < groups; i++) numbers[i] = number;
    const char *name = gradus_onnx_numbers(onnx, layer, what, (int64_t[]){groups, 0}, numbers);
    gradus_release(NULL, numbers, bytes);
    return name;
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const groupnorm *state = layer->state;
    const int64_t *shape = layer->input->shape, size = gradus_shape_size(shape) / state->steps / state->groups;
    const int64_t back[] = {-1, shape[0], shape[1], shape[1] ? shape[2] : 0, 0};
    const char *input = gradus_onnx_input(onnx, layer), *ones = write_same(layer, onnx, "ones", 1),
               *zeros = write_same(layer, onnx, "zeros", 0), *weight = gradus_onnx_channels(onnx, layer, WEIGHT),
               *bias = gradus_onnx_channels(onnx, layer, OFFSET);
    const char *grouped = gradus_onnx_shaped(onnx, layer, "grouped", input, (int64_t[]){-1, state->groups, size, 0});
    const char *normal = gradus_onnx_inside(onnx, layer, "normal");
    gradus_onnx_node(onnx, "InstanceNormalization", normal, grouped, ones, zeros, NULL);
    gradus_onnx_float(onnx, "epsilon", (float)state->epsilon);
    const char *whole = gradus_onnx_shaped(onnx, layer, "whole", normal, back);
    const char *scaled = gradus_onnx_node(onnx, "Mul", gradus_onnx_inside(onnx, layer, "scaled"), whole, weight, NULL);
    gradus_onnx_node(onnx, "Add", gradus_onnx_output(onnx, layer), scaled, bias, NULL);
}

static const gradus_argument arguments[] = {
    {.name = "groups",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 1 << 16,
     .help = "equal parts of the channels, neighbours together",
     .also = "num_groups, group"},
    GRADUS_EPSILON_ARGUMENT,
    {.name = NULL},
};

const gradus_layer_row gradus_layer_groupnorm = {
    .member = {.name = "groupnorm",
               .summary = "groups of channels with mean 0 and variance 1 in each example, then scaled and shifted as "
                          "learnt",
               .formula = "y = weight (x - mean) / sqrt(variance + epsilon) + bias",
               .paper = "Wu, He 2018, Group normalization",
               .also = "group_norm, gn, groupnormalization, group_normalization",
               .arguments = arguments,
               .notes = "As many groups as channels is instance norm. Of a sequence each step is normalised by itself. "
                        "The paper takes 32 groups."},
    .abi = GRADUS_ABI,
    .traits = GRADUS_KEEPS_INPUT | GRADUS_BLOCKS | GRADUS_RUNS_ACTIVATION | GRADUS_IN_PLACE,
    .state_size = sizeof(groupnorm),
    .infer = infer,
    .prepare = prepare,
    .forward = {{.run = forward}},
    .backward = {{.run = backward, .conclude = conclude}},
    .onnx = write_onnx,
};
