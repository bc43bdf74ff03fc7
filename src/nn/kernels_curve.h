/* Activations whose derivative needs the input: value and slope of each, side by side. */

/* exp(-x^2 / 2). */
static inline vector bell_of(vector x) { return exp_of(all(-0.5f) * x * x); }

/* The probability that a normal number is below x, with its bell at hand. Below 0 it is the bell times a polynomial in
 * t = 1 / (1 + 0.35 |x|), whose coefficients make the largest relative error down to x = -14 smallest: 3.2e-8, without rounding.
 * Above 0 it is 1 less that of -x. */
static inline vector normal_below(vector x, vector bell)
{
    const vector t = all(1) / (all(1) + all(0.35f) * no_less(x, -x));
    vector tail = all(-0.02914606f);
    tail = tail * t + all(0.14397232f);
    tail = tail * t + all(-0.25571552f);
    tail = tail * t + all(0.15917558f);
    tail = tail * t + all(-0.02311079f);
    tail = tail * t + all(0.1055084f);
    tail = tail * t + all(0.11983277f);
    tail = tail * t + all(0.13986188f);
    tail = tail * t + all(0.1396214f);
    tail = tail * t * bell;
    return choose(x < all(0), tail, all(1) - tail);
}

/* log(1 + exp(x)), so written that no exponential grows large; the logarithm has no vectors either. */
static inline vector softplus_of(vector x)
{
    const vector positive = no_less(x, all(0));
    vector part = exp_of(no_more(x, -x));
    for (int i = 0; i < LANES; i++) part[i] = log1pf(part[i]);
    return positive + part;
}

/* tanh(log(1 + e)) is n / (n + 2) with n = e (e + 2), e = exp(x); beyond 20 it is 1 in all digits. */
static inline vector mish_growth(vector x)
{
    const vector e = exp_of(no_more(x, all(20)));
    return e * (e + all(2));
}

static inline vector gelu_inner(vector x) { return all(0.7978845608f) * (x + all(0.044715f) * x * x * x); }

static inline __attribute__((always_inline)) vector bent(gradus_curve f, vector parameter, vector x)
{
    switch (f) {
    case GRADUS_LEAKY_RELU: return choose(x > all(0), x, parameter * x);
    case GRADUS_ELU: return choose(x > all(0), x, parameter * expm1_of(x));
    case GRADUS_GELU: return x * normal_below(x, bell_of(x));
    case GRADUS_GELU_TANH: return all(0.5f) * x * (all(1) + tanh_of(gelu_inner(x)));
    case GRADUS_SILU: return x * sigmoid_of(x);
    case GRADUS_HARDSWISH: return x * no_more(no_less(x + all(3), all(0)), all(6)) * all(1.0f / 6);
    case GRADUS_MISH: {
        const vector n = mish_growth(x);
        return x * (n / (n + all(2)));
    }
    case GRADUS_RELU6: return no_more(no_less(x, all(0)), all(6));
    case GRADUS_SOFTPLUS: return softplus_of(parameter * x) / parameter;
    }
    return x;
}

static inline __attribute__((always_inline)) vector slope_at(gradus_curve f, vector parameter, vector x)
{
    switch (f) {
    case GRADUS_LEAKY_RELU: return choose(x > all(0), all(1), parameter);
    case GRADUS_ELU: return choose(x > all(0), all(1), parameter * exp_of(x));
    case GRADUS_GELU: {
        const vector bell = bell_of(x);
        return normal_below(x, bell) + x * all(0.3989422804f) * bell;
    }
    case GRADUS_GELU_TANH: {
        const vector t = tanh_of(gelu_inner(x));
        return all(0.5f) * (all(1) + t) +
               all(0.5f) * x * (all(1) - t * t) * all(0.7978845608f) * (all(1) + all(3 * 0.044715f) * x * x);
    }
    case GRADUS_SILU: {
        const vector s = sigmoid_of(x);
        return s * (all(1) + x * (all(1) - s));
    }
    case GRADUS_HARDSWISH:
        return choose(x < all(-3), all(0), choose(x > all(3), all(1), x * all(1.0f / 3) + all(0.5f)));
    case GRADUS_MISH: { /* 1 - tanh^2 is (1 + n / (n + 2)) 2 / (n + 2) */
        const vector n = mish_growth(x), t = n / (n + all(2));
        return t + x * sigmoid_of(x) * (all(1) + t) * (all(2) / (n + all(2)));
    }
    case GRADUS_RELU6: return choose((x > all(0)) & (x < all(6)), all(1), all(0));
    case GRADUS_SOFTPLUS: return sigmoid_of(parameter * x);
    }
    return x;
}

/* Calls BODY with the gradus_curve as a constant. */
#define FOR_EACH_CURVE(f, BODY, ...)                                     \
    switch (f) {                                                         \
    case GRADUS_LEAKY_RELU: BODY(GRADUS_LEAKY_RELU, __VA_ARGS__); break; \
    case GRADUS_ELU: BODY(GRADUS_ELU, __VA_ARGS__); break;               \
    case GRADUS_GELU: BODY(GRADUS_GELU, __VA_ARGS__); break;             \
    case GRADUS_GELU_TANH: BODY(GRADUS_GELU_TANH, __VA_ARGS__); break;   \
    case GRADUS_SILU: BODY(GRADUS_SILU, __VA_ARGS__); break;             \
    case GRADUS_HARDSWISH: BODY(GRADUS_HARDSWISH, __VA_ARGS__); break;   \
    case GRADUS_MISH: BODY(GRADUS_MISH, __VA_ARGS__); break;             \
    case GRADUS_RELU6: BODY(GRADUS_RELU6, __VA_ARGS__); break;           \
    case GRADUS_SOFTPLUS: BODY(GRADUS_SOFTPLUS, __VA_ARGS__); break;     \
    }

static inline __attribute__((always_inline)) void bend_as(gradus_curve f, float parameter, const float *input,
                                                          float *output, int64_t count)
{
    for (int64_t i = 0; i < count; i += LANES)
        store_some(output + i, bent(f, all(parameter), load_some(input + i, count - i)), count - i);
}

static void bend(gradus_curve f, float parameter, const float *input, float *output, int64_t count)
{
    FOR_EACH_CURVE(f, bend_as, parameter, input, output, count)
}

static inline __attribute__((always_inline)) void bend_backward_as(gradus_curve f, float parameter, const float *input,
                                                                   float *gradient, int64_t count)
{
    for (int64_t i = 0; i < count; i += LANES) {
        const int64_t left = count - i;
        const vector slope = slope_at(f, all(parameter), load_some(input + i, left));
        store_some(gradient + i, load_some(gradient + i, left) * slope, left);
    }
}

static void bend_backward(gradus_curve f, float parameter, const float *input, float *gradient, int64_t count)
{
    FOR_EACH_CURVE(f, bend_backward_as, parameter, input, gradient, count)
}
