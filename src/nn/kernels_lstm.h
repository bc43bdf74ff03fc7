/* What an lstm's cell does in one step of one example with the sums of its gates, which lie in PyTorch's order. */

/* In two loops: one alone would hold so much that the processor could not begin the next values before it is done with these. */
static void lstm(int64_t units, float *gates, const float *before, float *memory, float *shown, float *state)
{
    for (int64_t i = 0; i < units; i += LANES) {
        const int64_t left = units - i;
        const vector input = sigmoid_of(load_some(gates + i, left)),
                     forget = sigmoid_of(load_some(gates + units + i, left)),
                     fresh = tanh_of(load_some(gates + 2 * units + i, left));
        const vector kept = before ? forget * load_some(before + i, left) : all(0);
        store_some(gates + i, input, left);
        store_some(gates + units + i, forget, left);
        store_some(gates + 2 * units + i, fresh, left);
        store_some(memory + i, input * fresh + kept, left);
    }
    for (int64_t i = 0; i < units; i += LANES) {
        const int64_t left = units - i;
        const vector output = sigmoid_of(load_some(gates + 3 * units + i, left)),
                     seen = tanh_of(load_some(memory + i, left));
        store_some(gates + 3 * units + i, output, left);
        store_some(shown + i, seen, left);
        store_some(state + i, output * seen, left);
    }
}

static void lstm_backward(int64_t units, float *gates, const float *before, const float *after, const float *gradient,
                          float *memory, const float *shown)
{
    for (int64_t i = 0; i < units; i += LANES) {
        const int64_t left = units - i;
        const vector input = load_some(gates + i, left), forget = load_some(gates + units + i, left),
                     fresh = load_some(gates + 2 * units + i, left), output = load_some(gates + 3 * units + i, left),
                     seen = load_some(shown + i, left), of_state = load_some(gradient + i, left);
        const vector kept = before ? load_some(before + i, left) : all(0),
                     later = after ? load_some(after + i, left) : all(0),
                     slope = of_state * output * (all(1) - seen * seen) + later;
        store_some(gates + i, slope * fresh * input * (all(1) - input), left);
        store_some(gates + units + i, slope * kept * forget * (all(1) - forget), left);
        store_some(gates + 2 * units + i, slope * input * (all(1) - fresh * fresh), left);
        store_some(gates + 3 * units + i, of_state * seen * output * (all(1) - output), left);
        store_some(memory + i, slope * forget, left);
    }
}
