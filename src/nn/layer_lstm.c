/* lstm: a recurrent layer with a memory of its own beside the state; gates say what is forgotten, written and shown. The sums lie in
 * PyTorch's order: input, forget, new, output. The extras are the memory and its tanh. */
#include "recurrent.h"

static void forward(const gradus_cell_step *step)
{
    step->kernels->lstm(step->units, step->gates, step->extra_before, step->extra, step->extra + step->units,
                        step->state);
}

/* Each step leaves the gradient of the memory before it in the place of its own memory, which no step needs any more. */
static void backward(const gradus_cell_step *step)
{
    step->kernels->lstm_backward(step->units, step->gates, step->extra_before, step->extra_after, step->gradient,
                                 step->extra, step->extra + step->units);
}

static const gradus_cell cell = {.gates = 4,
                                 .extras = 2,
                                 .forward = forward,
                                 .backward = backward,
                                 .becomes = {GRADUS_SIGMOID, GRADUS_SIGMOID, GRADUS_TANH, GRADUS_SIGMOID},
                                 .onnx = "LSTM",
                                 .onnx_places = {0, 3, 1, 2}};

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
