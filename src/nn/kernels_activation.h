/* Activations, alone and behind a bias: one pass over memory each way. */

static inline __attribute__((always_inline)) vector apply(gradus_activation f, vector x)
{
    switch (f) {
    case GRADUS_RELU: return no_less(x, all(0));
    case GRADUS_TANH: return tanh_of(x);
    case GRADUS_SIGMOID: return sigmoid_of(x);
    default: return x;
    }
}

/* What the derivative at the input lets through of a gradient, told from the output y. */
static inline __attribute__((always_inline)) vector apply_backward(gradus_activation f, vector y, vector gradient)
{
    switch (f) {
    case GRADUS_RELU: return choose(y > all(0), gradient, all(0));
    case GRADUS_TANH: return gradient * (all(1) - y * y);
    case GRADUS_SIGMOID: return gradient * (y * (all(1) - y));
    default: return gradient;
    }
}

/* Calls BODY with the gradus_activation as a constant, so that each has a loop of its own without a branch in it. */
#define FOR_EACH_ACTIVATION(f, BODY, ...)                          \
    switch (f) {                                                   \
    case GRADUS_RELU: BODY(GRADUS_RELU, __VA_ARGS__); break;       \
    case GRADUS_TANH: BODY(GRADUS_TANH, __VA_ARGS__); break;       \
    case GRADUS_SIGMOID: BODY(GRADUS_SIGMOID, __VA_ARGS__); break; \
    case GRADUS_LINEAR: BODY(GRADUS_LINEAR, __VA_ARGS__); break;   \
    }

static inline __attribute__((always_inline)) void activate_as(gradus_activation f, const float *input, float *output,
                                                              int64_t count)
{
    for (int64_t i = 0; i < count; i += LANES)
        store_some(output + i, apply(f, load_some(input + i, count - i)), count - i);
}

static void activate(gradus_activation f, const float *input, float *output, int64_t count)
{
    FOR_EACH_ACTIVATION(f, activate_as, input, output, count)
}

static inline __attribute__((always_inline)) void activate_backward_as(gradus_activation f, const float *output,
                                                                       float *gradient, int64_t count)
{
    for (int64_t i = 0; i < count; i += LANES) {
        int64_t left = count - i;
        store_some(gradient + i, apply_backward(f, load_some(output + i, left), load_some(gradient + i, left)), left);
    }
}

static void activate_backward(gradus_activation f, const float *output, float *gradient, int64_t count)
{
    FOR_EACH_ACTIVATION(f, activate_backward_as, output, gradient, count)
}

static inline __attribute__((always_inline)) void add_bias_as(gradus_activation f, float *values, const float *bias,
                                                              int64_t rows, int64_t columns)
{
    for (int64_t row = 0; row < rows; row++) {
        float *at = values + row * columns;
        for (int64_t i = 0; i < columns; i += LANES) {
            int64_t left = columns - i;
            store_some(at + i, apply(f, load_some(at + i, left) + load_some(bias + i, left)), left);
        }
    }
}

static void add_bias(gradus_activation f, float *values, const float *bias, int64_t rows, int64_t columns)
{
    FOR_EACH_ACTIVATION(f, add_bias_as, values, bias, rows, columns)
}

static inline __attribute__((always_inline)) void add_bias_backward_as(gradus_activation f, const float *output,
                                                                       float *gradient, float *bias_gradient,
                                                                       int64_t rows, int64_t columns)
{
    for (int64_t i = 0; i < columns; i += LANES) {
        int64_t left = columns - i;
        vector sum = load_some(bias_gradient + i, left);
        for (int64_t at = i; at < rows * columns; at += columns) {
            vector part = load_some(gradient + at, left);
            if (f != GRADUS_LINEAR) {
                part = apply_backward(f, load_some(output + at, left), part);
                store_some(gradient + at, part, left);
            }
            sum += part;
        }
        store_some(bias_gradient + i, sum, left);
    }
}

static void add_bias_backward(gradus_activation f, const float *output, float *gradient, float *bias_gradient,
                              int64_t rows, int64_t columns)
{
    FOR_EACH_ACTIVATION(f, add_bias_backward_as, output, gradient, bias_gradient, rows, columns)
}
