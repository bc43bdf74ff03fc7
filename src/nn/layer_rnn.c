/* rnn: the plain recurrent layer, whose state is a function of the step's values and of the state before. */
#include "recurrent.h"

enum { ACTIVATION = GRADUS_RECURRENT_OWN };

static void forward(const gradus_cell_step *step)
{
    step->kernels->activate(step->activation, step->gates, step->state, step->units);
}

/* The derivative is told from the state. */
static void backward(const gradus_cell_step *step)
{
    for (int64_t i = 0; i < step->units; i++) step->gates[i] = step->gradient[i];
    step->kernels->activate_backward(step->activation, step->state, step->gates, step->units);
}

static const gradus_cell cell = {.gates = 1, .forward = forward, .backward = backward, .onnx = "RNN"};

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    const bool relu = layer->item->values[ACTIVATION].number != 0;
    return gradus_recurrent_infer(layer, &cell, relu ? GRADUS_RELU : GRADUS_TANH, error);
}

static const gradus_argument arguments[] = {
    GRADUS_RECURRENT_ARGUMENTS,
    {.name = "activation",
     .kind = GRADUS_WORD,
     .words = "tanh|relu",
     .initial = "tanh",
     .flags = GRADUS_NAMED,
     .help = "what makes a state of the sums",
     .also = "nonlinearity"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_rnn = {
    .member = {.name = "rnn",
               .summary = "reads a sequence step by step, with a state that goes from each to the next",
               .formula = "h[t] = tanh(W x[t] + b + U h[t-1] + c), h[-1] = 0",
               .paper = "Elman 1990, Finding structure in time",
               .also = "simple_rnn, simplernn, elman, recurrent",
               .arguments = arguments},
    GRADUS_RECURRENT_ROW,
    .infer = infer,
};
