/* lstm: a recurrent layer with a memory of its own beside the state; gates say what is forgotten, written and shown. The sums lie in
 * PyTorch's order: input, forget, new, output. The extras are the memory and its tanh. */
#include "recurrent.h"

static void forward(const gradus_cell_step *step)
{
    const int64_t units = step->units;
    float *input = step->gates, *forget = input + units, *fresh = forget + units, *output = fresh + units,
          *memory = step->extra, *shown = memory + units;
    step->kernels->activate(GRADUS_SIGMOID, input, input, 2 * units);
    step->kernels->activate(GRADUS_TANH, fresh, fresh, units);
    step->kernels->activate(GRADUS_SIGMOID, output, output, units);
    for (int64_t i = 0; i < units; i++)
        memory[i] = input[i] * fresh[i] + (step->extra_before ? forget[i] * step->extra_before[i] : 0);
    step->kernels->activate(GRADUS_TANH, memory, shown, units);
    for (int64_t i = 0; i < units; i++) step->state[i] = output[i] * shown[i];
}

/* Each step leaves the gradient of the memory before it in the place of its own memory, which no step needs any more. */
static void backward(const gradus_cell_step *step)
{
    const int64_t units = step->units;
    float *input = step->gates, *forget = input + units, *fresh = forget + units, *output = fresh + units,
          *memory = step->extra, *shown = memory + units;
    for (int64_t i = 0; i < units; i++) {
        const float in = input[i], keep = forget[i], new = fresh[i], out = output[i], show = shown[i];
        const float before = step->extra_before ? step->extra_before[i] : 0;
        const float slope =
            step->gradient[i] * out * (1 - show * show) + (step->extra_after ? step->extra_after[i] : 0);
        input[i] = slope * new *in *(1 - in);
        forget[i] = slope * before * keep * (1 - keep);
        fresh[i] = slope * in * (1 - new *new);
        output[i] = step->gradient[i] * show * out * (1 - out);
        memory[i] = slope * keep;
    }
}

static const gradus_cell cell = {
    .gates = 4, .extras = 2, .forward = forward, .backward = backward, .onnx = "LSTM", .onnx_places = {0, 3, 1, 2}};

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    return gradus_recurrent_infer(layer, &cell, GRADUS_TANH, error);
}

static const gradus_argument arguments[] = {GRADUS_RECURRENT_ARGUMENTS, {.name = NULL}};

const gradus_layer_row gradus_layer_lstm = {
    .member = {.name = "lstm",
               .summary = "a recurrent layer with a memory that gates write to, keep and show",
               .formula = "i, f, o = sigmoid(W x[t] + U h[t-1] + b); g = tanh(V x[t] + Q h[t-1] + d); c[t] = f c[t-1] "
                          "+ i g; h[t] = o tanh(c[t])",
               .paper = "Hochreiter, Schmidhuber 1997, Long short-term memory; Gers, Schmidhuber, Cummins 2000",
               .also = "long_short_term_memory",
               .arguments = arguments},
    GRADUS_RECURRENT_ROW,
    .infer = infer,
};
