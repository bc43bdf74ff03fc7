/* gru: a recurrent layer with two gates, which say how much of the state goes into a new one, and how much of it stays. The sums lie
 * in PyTorch's order: reset, update, new. */
#include "recurrent.h"

static void forward(const gradus_cell_step *step)
{
    const int64_t units = step->units;
    float *reset = step->gates, *update = reset + units, *fresh = update + units, *apart = step->extra;
    step->kernels->activate(GRADUS_SIGMOID, reset, reset, 2 * units);
    if (step->bias) step->kernels->add(apart, step->bias, units);
    for (int64_t i = 0; i < units; i++) fresh[i] += reset[i] * apart[i];
    step->kernels->activate(GRADUS_TANH, fresh, fresh, units);
    for (int64_t i = 0; i < units; i++) {
        const float before = step->before ? step->before[i] : 0;
        step->state[i] = fresh[i] + update[i] * (before - fresh[i]);
    }
}

static void backward(const gradus_cell_step *step)
{
    const int64_t units = step->units;
    float *reset = step->gates, *update = reset + units, *fresh = update + units, *apart = step->extra;
    for (int64_t i = 0; i < units; i++) {
        const float r = reset[i], z = update[i], n = fresh[i], slope = step->gradient[i];
        const float before = step->before ? step->before[i] : 0;
        const float of_new = slope * (1 - z) * (1 - n * n);
        reset[i] = of_new * apart[i] * r * (1 - r);
        update[i] = slope * (before - n) * z * (1 - z);
        fresh[i] = of_new;
        apart[i] = of_new * r;
        if (step->gradient_before) step->gradient_before[i] += slope * z;
    }
}

static const gradus_cell cell = {.gates = 3,
                                 .extras = 1,
                                 .apart = true,
                                 .forward = forward,
                                 .backward = backward,
                                 .becomes = {GRADUS_SIGMOID, GRADUS_SIGMOID, GRADUS_TANH},
                                 .onnx = "GRU",
                                 .onnx_places = {1, 0, 2}};

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    return gradus_recurrent_infer(layer, &cell, GRADUS_TANH, error);
}

static const gradus_argument arguments[] = {GRADUS_RECURRENT_ARGUMENTS, {.name = NULL}};

const gradus_layer_row gradus_layer_gru = {
    .member = {.name = "gru",
               .summary = "a recurrent layer with gates that say what of its state is used, and what stays",
               .formula = "r, z = sigmoid(W x[t] + U h[t-1]); n = tanh(V x[t] + r (Q h[t-1])); h[t] = (1 - z) n + z "
                          "h[t-1]",
               .paper = "Cho and others 2014, Learning phrase representations using RNN encoder-decoder for "
                        "statistical machine translation",
               .also = "gated_recurrent_unit",
               .arguments = arguments,
               .notes = "As in PyTorch, cuDNN and Keras (reset_after), the reset gate works on the product Q h[t-1] "
                        "and its bias, not on the state itself."},
    GRADUS_RECURRENT_ROW,
    .infer = infer,
};
