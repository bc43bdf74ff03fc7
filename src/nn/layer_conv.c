/* conv: each filter is laid over every place of the image. The back end computes it on pieces of the batch, one thread each; the
 * weights' gradients of the pieces are added up in their order, so that the sum has the same bits on any number of threads. */
#include <stdio.h>
#include <string.h>
#include "arguments.h"
#include "onnx.h"

extern const gradus_layer_row gradus_layer_conv;

enum { CHANNELS, SIZE, STRIDE, PAD, DILATION, GROUPS, BIAS, INIT, TIE };
enum { SAME = -1 };      /* pad=same */
enum { DEPTHWISE = -1 }; /* groups=depthwise */

typedef struct conv {
    gradus_convolution_config config;
    gradus_convolution *convolution;
    int64_t weights, filters; /* values of the weights and of the bias in memory; 0: no bias */
} conv;

static gradus_tensor *weight_of(const gradus_layer *layer)
{
    return gradus_layer_tensor(layer->tied ? layer->tied : layer, 0);
}

/* Which of its tensors the bias is. */
static int offset_of(const gradus_layer *layer) { return layer->tied ? 0 : 1; }

/* NULL: none. */
static gradus_tensor *bias_of(const gradus_layer *layer)
{
    return ((const conv *)layer->state)->config.bias ? gradus_layer_tensor(layer, offset_of(layer)) : NULL;
}

/* Pixels from the first that a filter sees to the last. */
static int64_t reach(const gradus_convolution_config *config, int direction)
{
    return (config->size[direction] - 1) * config->dilation[direction] + 1;
}

/* Where windows fit, with so much padding before and behind; pad=same: one for every stride-th pixel, the odd pixel of padding behind.
 * False: none fits. */
static bool fit(gradus_convolution_config *config, int direction, int64_t pad)
{
    const int64_t input = config->input[direction], size = reach(config, direction), stride = config->stride[direction];
    int64_t *output = &config->output[direction], all = 2 * pad;
    if (pad == SAME) {
        *output = (input + stride - 1) / stride;
        all = (*output - 1) * stride + size - input;
        if (all < 0) all = 0;
    } else {
        *output = input + all < size ? 0 : (input + all - size) / stride + 1;
    }
    config->before[direction] = all / 2;
    config->after[direction] = all - all / 2;
    return *output > 0;
}

static gradus_status too_small(const gradus_layer *layer, const gradus_convolution_config *config, gradus_error *error)
{
    char wanted[80];
    snprintf(wanted, sizeof wanted, "an image of at least %dx%d", (int)(reach(config, 0) - 2 * config->before[0]),
             (int)(reach(config, 1) - 2 * config->before[1]));
    return gradus_layer_misfit(layer, wanted, "make the filter smaller or write pad=same", error);
}

static int64_t common_divisor(int64_t a, int64_t b) { return b ? common_divisor(b, a % b) : a; }

static gradus_status set_groups(const gradus_layer *layer, gradus_convolution_config *config, gradus_error *error)
{
    const int64_t channels = config->channels, filters = config->filters;
    char text[160];
    config->groups = (int64_t)layer->item->values[GROUPS].number;
    if (config->groups != DEPTHWISE) {
        snprintf(text, sizeof text, "%lld channels and %lld filters", (long long)channels, (long long)filters);
        return gradus_layer_divides(layer, config->groups, common_divisor(channels, filters), text, error);
    }
    config->groups = channels;
    if (filters % channels == 0) return GRADUS_OK;
    snprintf(text, sizeof text, "has so many filters for each of its %lld channels: %lld, or a multiple of that",
             (long long)channels, (long long)channels);
    return gradus_layer_fail(layer, text, error);
}

static gradus_status share(gradus_layer *layer, const int64_t *shape, gradus_error *error)
{
    const gradus_layer *tied = layer->tied;
    char sentence[GRADUS_LAYER_NAME + 320], own[120], other[120];
    if (tied->row != &gradus_layer_conv)
        return gradus_layer_fail(layer, "can share the weights of another conv alone", error);
    gradus_tensor *weight = weight_of(layer);
    const int64_t groups = ((const conv *)layer->state)->config.groups,
                  others = ((const conv *)tied->state)->config.groups;
    if (memcmp(weight->shape, shape, 5 * sizeof *shape) != 0 || groups != others) {
        gradus_shape_print(shape, own, sizeof own);
        gradus_shape_print(weight->shape, other, sizeof other);
        snprintf(sentence, sizeof sentence,
                 "wants weights of %s in groups=%lld, but those of '%s' are %s in groups=%lld", own, (long long)groups,
                 tied->name, other, (long long)others);
        return gradus_layer_fail(layer, sentence, error);
    }
    weight->begun_by = layer;
    return GRADUS_OK;
}

static gradus_status add_tensors(gradus_layer *layer, const gradus_convolution_config *config, gradus_error *error)
{
    const int64_t window = config->size[0] * config->size[1], channels = config->channels / config->groups;
    const int64_t shape[] = {config->filters, channels, config->size[0], config->size[1], 0};
    gradus_tensor *tensor;
    if (layer->tied) {
        if (share(layer, shape, error)) return (gradus_status)error->status;
    } else {
        if (gradus_layer_add_tensor(layer, "weight", shape, &tensor, error)) return (gradus_status)error->status;
        tensor->fan_in = channels * window;
        tensor->fan_out = config->filters * window; /* as PyTorch counts, groups or not */
        tensor->layout = GRADUS_CONVOLUTION;
    }
    if (!config->bias) return GRADUS_OK;
    if (gradus_layer_add_tensor(layer, "bias", (int64_t[]){config->filters, 0}, &tensor, error))
        return (gradus_status)error->status;
    tensor->fan_in = channels * window;
    tensor->fan_out = config->filters * window;
    return GRADUS_OK;
}

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    const gradus_value *values = layer->item->values;
    const int64_t *from = layer->input->shape;
    if (gradus_shape_rank(from) != 3)
        return gradus_layer_misfit(layer, "an image (channels x height x width)",
                                   layer->input->from ? "put it before flatten and dense" : "take dense for such data",
                                   error);
    conv *state = layer->state;
    gradus_convolution_config *config = &state->config;
    *config = (gradus_convolution_config){.channels = from[0],
                                          .filters = (int64_t)values[CHANNELS].number,
                                          .input = {from[1], from[2]},
                                          .bias = values[BIAS].number != 0,
                                          .most = GRADUS_CHUNK};
    int64_t pad[2];
    if (gradus_layer_pair(layer, SIZE, config->size, error) ||
        gradus_layer_pair(layer, STRIDE, config->stride, error) || gradus_layer_pair(layer, PAD, pad, error) ||
        gradus_layer_pair(layer, DILATION, config->dilation, error) || set_groups(layer, config, error))
        return (gradus_status)error->status;
    const bool down = fit(config, 0, pad[0]), across = fit(config, 1, pad[1]);
    if (!down || !across) return too_small(layer, config, error);
    memcpy(layer->output->shape, (int64_t[]){config->filters, config->output[0], config->output[1]},
           3 * sizeof(int64_t));
    layer->output->untouched = false;
    return add_tensors(layer, config, error);
}

static void release(gradus_layer *layer) { gradus_convolution_destroy(((conv *)layer->state)->convolution); }

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    conv *state = layer->state;
    gradus_convolution_config *config = &state->config;
    config->input_gradient = layer->input->trained;
    config->kernels = layer->net->kernels;
    if (layer->tied) config->like = ((const conv *)layer->tied->state)->convolution;
    release(layer); /* of a first try, where the net has put the input in order since */
    state->convolution =
        gradus_convolution_create(layer->net->backend, config, layer->input->form, &layer->output->form, error);
    if (!state->convolution) return (gradus_status)error->status;
    layer->wants_plain = gradus_convolution_is_slow(state->convolution);
    state->weights = gradus_convolution_weights(state->convolution);
    if (!layer->tied) {
        gradus_tensor *weight = weight_of(layer);
        weight->convolution = state->convolution;
        weight->count = state->weights;
    }
    state->filters = config->bias ? config->filters : 0;
    layer->parts = 2 * (state->weights + state->filters);
    layer->work = (double)(config->filters * config->output[0] * config->output[1]) *
                  (double)(config->channels / config->groups * config->size[0] * config->size[1]) / 4;
    return GRADUS_OK;
}

static gradus_status ready(gradus_layer *layer, int64_t count, gradus_error *error)
{
    return gradus_convolution_ready(((conv *)layer->state)->convolution, count, error);
}

static void begin(const gradus_layer *layer, const gradus_walk *walk)
{
    gradus_convolution_turn(((conv *)layer->state)->convolution, weight_of(layer)->values,
                            walk->purpose == GRADUS_WALK_TRAIN);
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    const conv *state = layer->state;
    float *output = gradus_values(layer->output, piece);
    gradus_convolution_forward(state->convolution, piece->worker, piece->count, gradus_values(layer->input, piece),
                               weight_of(layer)->values, state->filters ? bias_of(layer)->values : NULL, output);
    gradus_layer_activate(layer, output, piece->count);
}

/* Each slot has room for what its pieces add up to, and behind it for one piece. */
static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    const conv *state = layer->state;
    const int64_t part = state->weights + state->filters;
    float *gradient = gradus_gradient(layer->output, piece), *input_gradient = gradus_gradient(layer->input, piece);
    float *sum = layer->sums + piece->slot * layer->parts, *added = piece->opens ? sum : sum + part;
    if (layer->activation != GRADUS_LINEAR)
        layer->net->kernels->activate_backward(layer->activation, gradus_values(layer->output, piece), gradient,
                                               piece->count * gradus_form_size(layer->output->form));
    gradus_convolution_backward_weights(state->convolution, piece->worker, piece->count,
                                        gradus_values(layer->input, piece), gradient, added, added + state->weights);
    if (!piece->opens) layer->net->kernels->add(sum, added, part);
    if (input_gradient)
        gradus_convolution_backward_input(state->convolution, piece->worker, piece->count, weight_of(layer)->values,
                                          gradient, input_gradient);
}

static void conclude(const gradus_layer *layer, const gradus_walk *walk)
{
    const conv *state = layer->state;
    gradus_layer_gather(layer, walk, layer->sums, state->weights, weight_of(layer));
    if (state->filters) gradus_layer_gather(layer, walk, layer->sums + state->weights, state->filters, bias_of(layer));
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const gradus_convolution_config *config = &((const conv *)layer->state)->config;
    const char *input = gradus_onnx_input(onnx, layer),
               *weight = gradus_onnx_tensor(onnx, layer->tied ? layer->tied : layer, 0);
    gradus_onnx_node(onnx, "Conv", gradus_onnx_output(onnx, layer), input, weight,
                     gradus_onnx_tensor(onnx, layer, offset_of(layer)), NULL);
    gradus_onnx_ints(onnx, "kernel_shape", config->size, 2);
    gradus_onnx_ints(onnx, "strides", config->stride, 2);
    gradus_onnx_ints(onnx, "dilations", config->dilation, 2);
    gradus_onnx_int(onnx, "group", config->groups);
    gradus_onnx_ints(onnx, "pads",
                     (int64_t[]){config->before[0], config->before[1], config->after[0], config->after[1]}, 4);
}

static const gradus_argument arguments[] = {
    {.name = "channels",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 1 << 16,
     .help = "how many filters it has, which is how many channels it gives",
     .search = "int(8, 256, log)",
     .also = "filters, out_channels, features, num_filters"},
    {.name = "size",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 255,
     .flags = GRADUS_LIST,
     .help = "of a filter, in pixels: one number, or [height, width]",
     .also = "kernel_size, kernel, filter_size, window"},
    {.name = "stride",
     .kind = GRADUS_INTEGER,
     .initial = "1",
     .low = 1,
     .high = 255,
     .flags = GRADUS_LIST | GRADUS_NAMED,
     .help = "pixels from one place to the next: one number, or [down, across]",
     .also = "strides, step, subsample"},
    {.name = "pad",
     .kind = GRADUS_INTEGER,
     .initial = "0",
     .low = 0,
     .high = 255,
     .words = "same",
     .flags = GRADUS_LIST | GRADUS_NAMED,
     .help = "zeros around the image, in pixels: one number, or [height, width]; same: as many as keep its size",
     .also = "border, zero_padding"},
    {.name = "dilation",
     .kind = GRADUS_INTEGER,
     .initial = "1",
     .low = 1,
     .high = 255,
     .flags = GRADUS_LIST | GRADUS_NAMED,
     .help = "pixels from one value of a filter to the next: one number, or [down, across]",
     .also = "dilation_rate, dilations, atrous"},
    {.name = "groups",
     .kind = GRADUS_INTEGER,
     .initial = "1",
     .low = 1,
     .high = 1 << 16,
     .words = "depthwise",
     .flags = GRADUS_NAMED,
     .help = "equal parts of the channels, each seen by its part of the filters alone; depthwise: as many as channels",
     .also = "feature_group_count, num_group, group"},
    GRADUS_BIAS_ARGUMENT,
    GRADUS_INIT_ARGUMENT,
    GRADUS_TIE_ARGUMENT,
    {.name = NULL},
};

static const gradus_refusal refuses[] = {
    {"in_channels", "input sizes are inferred"},
    {"activation", "an activation is a layer of its own: conv(16, 3) > %s"},
    {NULL, NULL},
};

const gradus_layer_row gradus_layer_conv = {
    .member = {.name = "conv",
               .summary = "lays filters over every place of an image",
               .formula = "y[f, i, j] = b[f] + sum over c, u, v of w[f, c, u, v] x[c, i stride + u dilation - pad, "
                          "j stride + v dilation - pad]",
               .paper = "LeCun et al. 1989, Backpropagation applied to handwritten zip code recognition; dilation: Yu, "
                        "Koltun 2016; groups: Krizhevsky, Sutskever, Hinton 2012; depthwise: Howard et al. 2017, "
                        "MobileNets",
               .also = "conv2d, convolution, convolution2d",
               .arguments = arguments,
               .refuses = refuses,
               .notes = "A depthwise layer and one that mixes its channels: conv(32, 3, pad=1, groups=depthwise) > "
                        "conv(64, 1)."},
    .abi = GRADUS_ABI,
    .traits = GRADUS_KEEPS_INPUT | GRADUS_BLOCKS | GRADUS_RUNS_ACTIVATION | GRADUS_KEEPS_ACTIVATED,
    .state_size = sizeof(conv),
    .infer = infer,
    .prepare = prepare,
    .ready = ready,
    .begin = begin,
    .forward = {{.run = forward}},
    .backward = {{.run = backward, .conclude = conclude}},
    .release = release,
    .onnx = write_onnx,
};
