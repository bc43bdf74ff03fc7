/* dense: every output is a weighted sum of all inputs; of a sequence, of those of its step. One product each way; bias and activation follow in one pass, while the
 * outputs are in the cache. */
#include <stdio.h>
#include <string.h>
#include "arguments.h"
#include "onnx.h"

extern const gradus_layer_row gradus_layer_dense, gradus_layer_embedding;

enum { UNITS, BIAS, INIT, TIE };

typedef struct dense {
    int64_t steps;         /* of a sequence; else 1 */
    int64_t inputs, units; /* inputs: places in memory, where channels lie in blocks */
    bool bias;
    bool plain; /* the weights lie units x inputs, as another layer has them; else inputs x units */
} dense;

static gradus_tensor *weight_of(const gradus_layer *layer)
{
    return gradus_layer_tensor(layer->tied ? layer->tied : layer, 0);
}

/* NULL: none. */
static gradus_tensor *bias_of(const gradus_layer *layer)
{
    return ((const dense *)layer->state)->bias ? gradus_layer_tensor(layer, layer->tied ? 0 : 1) : NULL;
}

static gradus_status share(gradus_layer *layer, gradus_error *error)
{
    const gradus_layer_row *row = layer->tied->row;
    dense *state = layer->state;
    char sentence[GRADUS_LAYER_NAME + 200], shape[120];
    if (row != &gradus_layer_dense && row != &gradus_layer_embedding)
        return gradus_layer_fail(layer, "can share the weights of dense or of embedding alone", error);
    gradus_tensor *weight = weight_of(layer);
    if (weight->shape[0] != state->units || weight->shape[1] != state->inputs) {
        gradus_shape_print(weight->shape, shape, sizeof shape);
        snprintf(sentence, sizeof sentence, "wants weights of %lldx%lld, but those of '%s' are %s",
                 (long long)state->units, (long long)state->inputs, layer->tied->name, shape);
        return gradus_layer_fail(layer, sentence, error);
    }
    weight->begun_by = layer;
    state->plain = weight->layout == GRADUS_PLAIN;
    return GRADUS_OK;
}

static gradus_status add_tensors(gradus_layer *layer, gradus_error *error)
{
    dense *state = layer->state;
    gradus_tensor *tensor;
    if (layer->tied) {
        if (share(layer, error)) return (gradus_status)error->status;
    } else {
        if (gradus_layer_add_tensor(layer, "weight", (int64_t[]){state->units, state->inputs, 0}, &tensor, error))
            return (gradus_status)error->status;
        tensor->fan_in = state->inputs;
        tensor->fan_out = state->units;
        tensor->layout = GRADUS_TURNED;
    }
    if (!state->bias) return GRADUS_OK;
    if (gradus_layer_add_tensor(layer, "bias", (int64_t[]){state->units, 0}, &tensor, error))
        return (gradus_status)error->status;
    tensor->fan_in = state->inputs;
    tensor->fan_out = state->units;
    return GRADUS_OK;
}

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    const gradus_value *values = layer->item->values;
    const int64_t *from = layer->input->shape;
    const bool sequence = layer->input->sequence;
    if (!layer->input->untouched && !sequence && gradus_shape_rank(from) != 1)
        return gradus_layer_misfit(layer, "a flat input", "put flatten between them", error);
    dense *state = layer->state;
    const int64_t steps = sequence ? from[0] : 1, inputs = gradus_shape_size(from) / steps;
    *state = (dense){steps, inputs, (int64_t)values[UNITS].number, values[BIAS].number != 0, false};
    memset(layer->output->shape, 0, sizeof layer->output->shape);
    layer->output->shape[sequence] = state->units;
    if (sequence) layer->output->shape[0] = steps;
    layer->output->untouched = false;
    return add_tensors(layer, error);
}

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    dense *state = layer->state;
    gradus_tensor *weight = weight_of(layer);
    state->inputs = gradus_form_size(layer->input->form) / state->steps;
    layer->output->form = gradus_form_plain(layer->output->shape);
    layer->parts = state->bias && layer->input->sequence ? state->units : 0;
    const gradus_form form =
        layer->input->sequence ? gradus_form_plain((int64_t[]){state->inputs, 0}) : layer->input->form;
    if (!layer->tied) {
        weight->form = form;
        weight->count = state->inputs * state->units;
    } else if (state->plain ? form.width > 1 && form.pixels > 1 : memcmp(&weight->form, &form, sizeof form) != 0) {
        return gradus_layer_fail(layer, "cannot share weights whose inputs lie in another order in memory", error);
    }
    return GRADUS_OK;
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    const dense *state = layer->state;
    const gradus_kernels *kernels = layer->net->kernels;
    const int64_t rows = piece->count * state->steps;
    const gradus_product shape = {
        .turn_b = state->plain, .rows = rows, .columns = state->units, .inner = state->inputs};
    float *output = gradus_values(layer->output, piece);
    gradus_backend_multiply(layer->net->backend, &shape, gradus_values(layer->input, piece), weight_of(layer)->values,
                            output);
    if (state->bias)
        kernels->add_bias(layer->activation, output, bias_of(layer)->values, rows, state->units);
    else if (layer->activation != GRADUS_LINEAR)
        kernels->activate(layer->activation, output, output, rows * state->units);
}

/* The product of inputs and gradients, in the order in which the weights lie. */
static void weigh(const gradus_layer *layer, const gradus_piece *piece, const float *gradient)
{
    const dense *state = layer->state;
    const gradus_tensor *weight = weight_of(layer);
    const float *input = gradus_values(layer->input, piece);
    const gradus_product shape = {.turn_a = true,
                                  .add = gradus_tensor_adds(weight, layer, piece->walk),
                                  .rows = state->plain ? state->units : state->inputs,
                                  .columns = state->plain ? state->inputs : state->units,
                                  .inner = piece->count * state->steps};
    gradus_backend_multiply(layer->net->backend, &shape, state->plain ? gradient : input,
                            state->plain ? input : gradient, weight->gradient);
}

/* Through the activation, and summed up for the bias: of sequences for each stretch of the batch, else at once. */
static void sum_bias(const gradus_layer *layer, const gradus_piece *piece)
{
    const dense *state = layer->state;
    const bool apart = layer->input->sequence;
    float *sum = apart ? layer->sums + piece->slot * layer->parts : bias_of(layer)->gradient;
    if (apart ? piece->opens : !piece->walk->accumulate) memset(sum, 0, (size_t)state->units * sizeof *sum);
    layer->net->kernels->add_bias_backward(layer->activation, gradus_values(layer->output, piece),
                                           gradus_gradient(layer->output, piece), sum, piece->count * state->steps,
                                           state->units);
}

static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    const dense *state = layer->state;
    const int64_t rows = piece->count * state->steps;
    float *gradient = gradus_gradient(layer->output, piece), *input_gradient = gradus_gradient(layer->input, piece);
    if (state->bias)
        sum_bias(layer, piece);
    else if (layer->activation != GRADUS_LINEAR)
        layer->net->kernels->activate_backward(layer->activation, gradus_values(layer->output, piece), gradient,
                                               rows * state->units);
    if (!input_gradient) return;
    const gradus_product for_input = {
        .turn_b = !state->plain, .rows = rows, .columns = state->inputs, .inner = state->units};
    gradus_backend_multiply(layer->net->backend, &for_input, gradient, weight_of(layer)->values, input_gradient);
}

static void weights(const gradus_layer *layer, const gradus_piece *piece)
{
    const dense *state = layer->state;
    if (layer->parts) gradus_layer_gather(layer, piece->walk, layer->sums, state->units, bias_of(layer));
    weigh(layer, piece, gradus_gradient(layer->output, piece));
}

static void write_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const char *input = layer->input->sequence ? gradus_onnx_input(onnx, layer) : gradus_onnx_flat(onnx, layer),
               *weight = gradus_onnx_tensor(onnx, layer->tied ? layer->tied : layer, 0),
               *bias = gradus_onnx_tensor(onnx, layer, layer->tied ? 0 : 1), *output = gradus_onnx_output(onnx, layer);
    if (layer->input->sequence) {
        gradus_onnx_product(onnx, input, weight, bias, output);
        return;
    }
    gradus_onnx_node(onnx, "Gemm", output, input, weight, bias, NULL);
    gradus_onnx_int(onnx, "transB", 1);
}

static const gradus_argument arguments[] = {
    {.name = "units",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 1 << 20,
     .help = "how many outputs it has",
     .search = "int(16, 1024, log)",
     .also = "out_features, width, neurons, n, hidden, outputs"},
    GRADUS_BIAS_ARGUMENT,
    GRADUS_INIT_ARGUMENT,
    GRADUS_TIE_ARGUMENT,
    {.name = NULL},
};

static const gradus_refusal refuses[] = {
    {"", "input sizes are inferred: dense(%s)"},
    {"in_features", "input sizes are inferred"},
    {"input_dim", "input sizes are inferred"},
    {"activation", "an activation is a layer of its own: dense(10) > %s"},
    {NULL, NULL},
};

const gradus_layer_row gradus_layer_dense = {
    .member = {.name = "dense",
               .summary = "every output is a weighted sum of all inputs",
               .formula = "y = W x + b",
               .also = "linear, fully_connected, fc, inner_product, affine, perceptron",
               .arguments = arguments,
               .refuses = refuses,
               .notes =
                   "The input must be flat: put flatten before it, unless it is the first to look at the data. Of a "
                   "sequence, each step is an input of its own, and all have the same weights."},
    .abi = GRADUS_ABI,
    .traits = GRADUS_KEEPS_INPUT | GRADUS_ANY_ORDER | GRADUS_RUNS_ACTIVATION | GRADUS_KEEPS_ACTIVATED,
    .state_size = sizeof(dense),
    .infer = infer,
    .prepare = prepare,
    .forward = {{.run = forward, .whole = true, .steps_apart = true}},
    .backward = {{.run = backward, .whole = true, .steps_apart = true}, {.run = weights, .whole = true}},
    .onnx = write_onnx,
};
