/* dense: every output is a weighted sum of all inputs; of a sequence, of those of its step. One product each way; bias and activation follow in one pass, while the
 * outputs are in the cache. */
#include <string.h>
#include "arguments.h"
#include "net.h"

enum { UNITS, BIAS, INIT, TIE };
enum { WEIGHT, OFFSET }; /* tensors */

typedef struct dense {
    int64_t steps;         /* of a sequence; else 1 */
    int64_t inputs, units; /* inputs: places in memory, where channels lie in blocks */
    bool bias;
} dense;

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    const gradus_value *values = layer->item->values;
    const int64_t *from = layer->input->shape;
    const bool sequence = layer->input->sequence;
    if (!layer->input->untouched && !sequence && gradus_shape_rank(from) != 1)
        return gradus_layer_misfit(layer, "a flat input", "put flatten between them", error);
    dense *state = layer->state;
    const int64_t steps = sequence ? from[0] : 1, inputs = gradus_shape_size(from) / steps;
    *state = (dense){steps, inputs, (int64_t)values[UNITS].number, values[BIAS].number != 0};
    memset(layer->output->shape, 0, sizeof layer->output->shape);
    layer->output->shape[sequence] = state->units;
    if (sequence) layer->output->shape[0] = steps;
    layer->output->untouched = false;
    gradus_tensor *tensor;
    if (gradus_layer_add_tensor(layer, "weight", (int64_t[]){state->units, inputs, 0}, &tensor, error))
        return (gradus_status)error->status;
    tensor->fan_in = inputs;
    tensor->fan_out = state->units;
    tensor->layout = GRADUS_TURNED;
    if (!state->bias) return GRADUS_OK;
    if (gradus_layer_add_tensor(layer, "bias", (int64_t[]){state->units, 0}, &tensor, error))
        return (gradus_status)error->status;
    tensor->fan_in = inputs;
    tensor->fan_out = state->units;
    return GRADUS_OK;
}

static gradus_status prepare(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    dense *state = layer->state;
    gradus_tensor *weight = gradus_layer_tensor(layer, WEIGHT);
    state->inputs = gradus_form_size(layer->input->form) / state->steps;
    weight->form = layer->input->sequence ? gradus_form_plain((int64_t[]){state->inputs, 0}) : layer->input->form;
    weight->count = state->inputs * state->units;
    layer->output->form = gradus_form_plain(layer->output->shape);
    return GRADUS_OK;
}

static void forward(const gradus_layer *layer, const gradus_piece *piece)
{
    const dense *state = layer->state;
    const gradus_kernels *kernels = layer->net->kernels;
    const int64_t rows = piece->count * state->steps;
    const gradus_product shape = {.rows = rows, .columns = state->units, .inner = state->inputs};
    float *output = gradus_values(layer->output, piece);
    gradus_backend_multiply(layer->net->backend, &shape, gradus_values(layer->input, piece),
                            gradus_layer_tensor(layer, WEIGHT)->values, output);
    if (state->bias)
        kernels->add_bias(layer->activation, output, gradus_layer_tensor(layer, OFFSET)->values, rows, state->units);
    else if (layer->activation != GRADUS_LINEAR)
        kernels->activate(layer->activation, output, output, rows * state->units);
}

static void backward(const gradus_layer *layer, const gradus_piece *piece)
{
    const dense *state = layer->state;
    const gradus_kernels *kernels = layer->net->kernels;
    const bool accumulate = piece->walk->accumulate;
    const int64_t rows = piece->count * state->steps;
    const gradus_tensor *weight = gradus_layer_tensor(layer, WEIGHT);
    float *gradient = gradus_gradient(layer->output, piece), *input_gradient = gradus_gradient(layer->input, piece);
    const float *output = gradus_values(layer->output, piece);
    if (state->bias) {
        float *bias_gradient = gradus_layer_tensor(layer, OFFSET)->gradient;
        if (!accumulate) memset(bias_gradient, 0, (size_t)state->units * sizeof(float));
        kernels->add_bias_backward(layer->activation, output, gradient, bias_gradient, rows, state->units);
    } else if (layer->activation != GRADUS_LINEAR) {
        kernels->activate_backward(layer->activation, output, gradient, rows * state->units);
    }
    const gradus_product for_weight = {
        .turn_a = true, .add = accumulate, .rows = state->inputs, .columns = state->units, .inner = rows};
    gradus_backend_multiply(layer->net->backend, &for_weight, gradus_values(layer->input, piece), gradient,
                            weight->gradient);
    if (!input_gradient) return;
    const gradus_product for_input = {.turn_b = true, .rows = rows, .columns = state->inputs, .inner = state->units};
    gradus_backend_multiply(layer->net->backend, &for_input, gradient, weight->values, input_gradient);
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
    .forward = {{.run = forward, .whole = true}},
    .backward = {{.run = backward, .whole = true}},
};
