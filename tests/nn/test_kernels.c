/* The loops that are not oneDNN's, for every instruction set that this machine has, against plain ones in double precision: every
 * form of memory, lengths that do not fill a register, and nothing touched beyond the end. */
#include "kernels.h"

static const gradus_activation activations[] = {GRADUS_LINEAR, GRADUS_RELU, GRADUS_TANH, GRADUS_SIGMOID};

static double apply(gradus_activation f, double x)
{
    return f == GRADUS_RELU ? fmax(x, 0) : f == GRADUS_TANH ? tanh(x) : f == GRADUS_SIGMOID ? 1 / (1 + exp(-x)) : x;
}

static double apply_backward(gradus_activation f, double y)
{
    return f == GRADUS_RELU ? y > 0 : f == GRADUS_TANH ? 1 - y * y : f == GRADUS_SIGMOID ? y * (1 - y) : 1;
}

static void test_activations(void **state)
{
    (void)state;
    const gradus_kernels *kernels;
    for (int k = 0; (kernels = kernels_of(k)); k++)
        for (int f = 0; f < 4; f++)
            for (int64_t count = 1; count < 70; count++) {
                buffer input = make(count, 1, 4), output = make(count, 2, 1), gradient = make(count, 3, 1);
                double *slope = copy(&gradient);
                kernels->activate(activations[f], input.values, output.values, count);
                kernels->activate_backward(activations[f], output.values, gradient.values, count);
                for (int64_t i = 0; i < count; i++) {
                    check_close(output.values[i], apply(activations[f], input.values[i]), 3e-7, 0);
                    check_close(gradient.values[i], slope[i] * apply_backward(activations[f], output.values[i]), 1e-6,
                                1e-7);
                }
                free(slope);
                check_unguard(&input.guarded);
                check_unguard(&output.guarded);
                check_unguard(&gradient.guarded);
            }
}

static double bend(gradus_curve f, double p, double x)
{
    switch (f) {
    case GRADUS_LEAKY_RELU: return x > 0 ? x : p * x;
    case GRADUS_ELU: return x > 0 ? x : p * expm1(x);
    case GRADUS_GELU: return 0.5 * x * (1 + erf(x / sqrt(2)));
    case GRADUS_GELU_TANH: return 0.5 * x * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
    case GRADUS_SILU: return x / (1 + exp(-x));
    case GRADUS_HARDSWISH: return x * fmin(fmax(x + 3, 0), 6) / 6;
    case GRADUS_MISH: return x * tanh(log1p(exp(x)));
    case GRADUS_RELU6: return fmin(fmax(x, 0), 6);
    case GRADUS_SOFTPLUS: return (fmax(p * x, 0) + log1p(exp(-fabs(p * x)))) / p;
    }
    return NAN;
}

/* Slopes against differences, which at a kink there are none of. */
static void test_curves(void **state)
{
    (void)state;
    const gradus_kernels *kernels;
    const double step = 1e-5;
    for (int k = 0; (kernels = kernels_of(k)); k++)
        for (int f = GRADUS_LEAKY_RELU; f <= GRADUS_SOFTPLUS; f++)
            for (int64_t count = 1; count < 70; count++) {
                buffer input = make(count, 1, 3), output = make(count, 2, 1), gradient = make(count, 3, 1);
                double *slope = copy(&gradient);
                kernels->bend((gradus_curve)f, 0.25f, input.values, output.values, count);
                kernels->bend_backward((gradus_curve)f, 0.25f, input.values, gradient.values, count);
                for (int64_t i = 0; i < count; i++) {
                    const double x = input.values[i];
                    check_close(output.values[i], bend((gradus_curve)f, 0.25, x), 1e-6, 3e-7);
                    if (fabs(x) < 2 * step || fabs(fabs(x) - 3) < 2 * step || fabs(x - 6) < 2 * step) continue;
                    const double rise = bend((gradus_curve)f, 0.25, x + step) - bend((gradus_curve)f, 0.25, x - step);
                    check_close(gradient.values[i], slope[i] * rise / (2 * step), 2e-6,
                                4e-7 * (1 + x * x) * (1 + fabs(slope[i])));
                }
                free(slope);
                check_unguard(&input.guarded);
                check_unguard(&output.guarded);
                check_unguard(&gradient.guarded);
            }
}

/* Far below 0 too, where 1 + erf(x) has no digits left. */
static void test_gelu_tail(void **state)
{
    (void)state;
    const gradus_kernels *kernels;
    for (int k = 0; (kernels = kernels_of(k)); k++)
        for (float x = -12; x < 12; x += 0.01F) {
            float output;
            kernels->bend(GRADUS_GELU, 0, &x, &output, 1);
            check_close(output, 0.5 * x * erfc(-x / sqrt(2)), 5e-7 + 6e-8 * x * x, 1e-38);
        }
}

/* From the smallest to the largest, and what is no number. */
static void test_extremes(void **state)
{
    static const float inputs[] = {0.0f, -0.0f, 1e-40f, -1e-10f, 1e-4f,    0.3f,      -9, 20,
                                   -80,  88,    200,    -1e30f,  INFINITY, -INFINITY, NAN};
    enum { COUNT = sizeof inputs / sizeof *inputs };
    (void)state;
    const gradus_kernels *kernels;
    for (int k = 0; (kernels = kernels_of(k)); k++)
        for (int f = 0; f < 4; f++) {
            float output[COUNT];
            kernels->activate(activations[f], inputs, output, COUNT);
            for (int i = 0; i < COUNT - 1; i++) check_close(output[i], apply(activations[f], inputs[i]), 4e-7, 2e-38);
            assert_true(isnan(output[COUNT - 1]));
        }
}

static void test_bias(void **state)
{
    static const int64_t shapes[][2] = {{1, 1}, {3, 10}, {5, 16}, {7, 33}, {64, 20}};
    (void)state;
    const gradus_kernels *kernels;
    for (int k = 0; (kernels = kernels_of(k)); k++)
        for (int f = 0; f < 4; f++)
            for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
                const int64_t rows = shapes[s][0], columns = shapes[s][1];
                buffer values = make(rows * columns, 1, 2), bias = make(columns, 2, 1),
                       gradient = make(rows * columns, 3, 1), sums = make(columns, 4, 1);
                double *before = copy(&values), *slopes = copy(&gradient), *sum = copy(&sums);
                kernels->add_bias(activations[f], values.values, bias.values, rows, columns);
                kernels->add_bias_backward(activations[f], values.values, gradient.values, sums.values, rows, columns);
                for (int64_t i = 0; i < rows * columns; i++) {
                    const double x = (float)before[i] + bias.values[i % columns];
                    check_close(values.values[i], apply(activations[f], x), 5e-7, 1e-7);
                    const double slope = slopes[i] * apply_backward(activations[f], values.values[i]);
                    check_close(gradient.values[i], slope, 1e-6, 1e-7);
                    sum[i % columns] += gradient.values[i];
                }
                for (int64_t i = 0; i < columns; i++) check_close(sums.values[i], sum[i], 1e-5, 1e-5);
                free(before);
                free(slopes);
                free(sum);
                check_unguard(&values.guarded);
                check_unguard(&bias.guarded);
                check_unguard(&gradient.guarded);
                check_unguard(&sums.guarded);
            }
}

/* ---- batch norm ---- */

static const gradus_form forms[] = {{3, 10, 1}, {1, 1, 5},  {1, 1, 40}, {2, 6, 8},
                                    {3, 7, 16}, {1, 9, 20}, {1, 35, 1}, {2, 1, 16}};
enum { FORMS = sizeof forms / sizeof *forms };

static int64_t channel_of(gradus_form form, int64_t index)
{
    return index % gradus_form_size(form) / (form.pixels * form.width) * form.width + index % form.width;
}

typedef struct norm_case {
    gradus_form form;
    int64_t count, channels;
    buffer x, y, gradient, mean, scale, shift, mean_gradient, slope, sum, product;
} norm_case;

static norm_case open_norm(gradus_form form, int64_t count)
{
    const int64_t channels = form.blocks * form.width, size = count * gradus_form_size(form);
    return (norm_case){form,
                       count,
                       channels,
                       make(size, 1, 3),
                       make(size, 2, 1),
                       make(size, 3, 1),
                       make(channels, 4, 1),
                       make(channels, 5, 1),
                       make(channels, 6, 1),
                       make(channels, 7, 1),
                       make(channels, 8, 1),
                       make(channels, 9, 1),
                       make(channels, 10, 1)};
}

static void close_norm(norm_case *it)
{
    buffer *all[] = {&it->x,     &it->y,   &it->gradient, &it->mean, &it->scale, &it->shift, &it->mean_gradient,
                     &it->slope, &it->sum, &it->product};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) check_unguard(&all[i]->guarded);
}

static void check_moments(const gradus_kernels *kernels, norm_case *it)
{
    kernels->moments(it->form, it->x.values, it->count, it->sum.values, it->product.values);
    for (int64_t c = 0; c < it->channels; c++) {
        double mean = 0, squares = 0;
        const double count = (double)(it->count * it->form.pixels);
        for (int64_t i = 0; i < it->x.count; i++)
            if (channel_of(it->form, i) == c) mean += it->x.values[i] / count;
        for (int64_t i = 0; i < it->x.count; i++)
            if (channel_of(it->form, i) == c) squares += pow(it->x.values[i] - mean, 2);
        check_close(it->sum.values[c], mean, 1e-6, 1e-6);
        check_close(it->product.values[c], squares, 1e-5, 1e-5);
    }
}

static void check_normalise(const gradus_kernels *kernels, norm_case *it, gradus_activation f)
{
    const gradus_norm_forward norm = {it->mean.values, it->scale.values, it->shift.values};
    double *slopes = copy(&it->gradient);
    kernels->normalise(it->form, f, norm, it->x.values, it->y.values, it->count);
    kernels->normalise_sums(it->form, f, norm, it->x.values, it->gradient.values, it->count, it->sum.values,
                            it->product.values);
    double *sum = calloc((size_t)it->channels, sizeof(double)), *product = calloc((size_t)it->channels, sizeof(double));
    for (int64_t i = 0; i < it->x.count; i++) {
        const int64_t c = channel_of(it->form, i);
        const double far = (double)it->x.values[i] - it->mean.values[c],
                     z = far * it->scale.values[c] + it->shift.values[c];
        check_close(it->y.values[i], apply(f, z), 2e-6, 2e-6);
        if (f != GRADUS_RELU || fabs(z) > 1e-5)
            check_close(it->gradient.values[i], slopes[i] * apply_backward(f, apply(f, z)), 1e-5, 1e-5);
        sum[c] += it->gradient.values[i];
        product[c] += it->gradient.values[i] * far;
    }
    for (int64_t c = 0; c < it->channels; c++) {
        check_close(it->sum.values[c], sum[c], 1e-5, 1e-4);
        check_close(it->product.values[c], product[c], 1e-5, 1e-4);
    }
    free(slopes);
    free(sum);
    free(product);
}

static void check_normalise_backward(const gradus_kernels *kernels, norm_case *it)
{
    double *slopes = copy(&it->gradient);
    kernels->normalise_backward(
        it->form, (gradus_norm_backward){it->mean.values, it->scale.values, it->mean_gradient.values, it->slope.values},
        it->x.values, it->gradient.values, it->count);
    for (int64_t i = 0; i < it->x.count; i++) {
        const int64_t c = channel_of(it->form, i);
        const double far = (double)it->x.values[i] - it->mean.values[c];
        check_close(it->gradient.values[i],
                    it->scale.values[c] * (slopes[i] - it->mean_gradient.values[c] - far * it->slope.values[c]), 1e-5,
                    1e-5);
    }
    free(slopes);
}

static void test_batchnorm(void **state)
{
    (void)state;
    const gradus_kernels *kernels;
    for (int k = 0; (kernels = kernels_of(k)); k++)
        for (int i = 0; i < FORMS; i++)
            for (int64_t count = 1; count < 4; count++) {
                norm_case it = open_norm(forms[i], count);
                check_moments(kernels, &it);
                for (int f = 0; f < 4; f++) check_normalise(kernels, &it, activations[f]);
                check_normalise_backward(kernels, &it);
                close_norm(&it);
            }
}

static void check_prelu(const gradus_kernels *kernels, norm_case *it)
{
    double *slopes = copy(&it->gradient), *sum = copy(&it->sum);
    kernels->prelu(it->form, it->scale.values, it->x.values, it->y.values, it->count);
    kernels->prelu_backward(it->form, it->scale.values, it->x.values, it->gradient.values, it->sum.values, it->count);
    for (int64_t i = 0; i < it->x.count; i++) {
        const int64_t c = channel_of(it->form, i);
        const double x = it->x.values[i], slope = it->scale.values[c];
        check_close(it->y.values[i], x > 0 ? x : slope * x, 1e-7, 0);
        check_close(it->gradient.values[i], slopes[i] * (x > 0 ? 1 : slope), 1e-7, 0);
        sum[c] += x > 0 ? 0 : slopes[i] * x;
    }
    for (int64_t c = 0; c < it->channels; c++) check_close(it->sum.values[c], sum[c], 1e-5, 1e-5);
    free(slopes);
    free(sum);
}

static void test_prelu(void **state)
{
    (void)state;
    const gradus_kernels *kernels;
    for (int k = 0; (kernels = kernels_of(k)); k++)
        for (int i = 0; i < FORMS; i++)
            for (int64_t count = 1; count < 4; count++) {
                norm_case it = open_norm(forms[i], count);
                check_prelu(kernels, &it);
                close_norm(&it);
            }
}

/* ---- pooling ---- */

static int64_t pixel_at(const gradus_window *over, int64_t row, int64_t column)
{
    return row >= 0 && column >= 0 && row < over->input[0] && column < over->input[1] ? row * over->input[1] + column
                                                                                      : -1;
}

/* The first of the largest, as the kernel has it; its place in the plane. */
static int64_t largest_at(const gradus_window *over, const float *plane, int64_t width, int64_t row, int64_t column)
{
    int64_t best = -1;
    for (int64_t u = 0; u < over->size[0]; u++)
        for (int64_t v = 0; v < over->size[1]; v++) {
            const int64_t pixel =
                pixel_at(over, row * over->stride[0] + u - over->pad[0], column * over->stride[1] + v - over->pad[1]);
            if (pixel >= 0 && (best < 0 || plane[pixel * width] > plane[best * width])) best = pixel;
        }
    return best;
}

static void check_pool(const gradus_kernels *kernels, gradus_window over, int64_t blocks, int64_t width)
{
    for (int i = 0; i < 2; i++)
        if (!over.output[i]) over.output[i] = (over.input[i] + 2 * over.pad[i] - over.size[i]) / over.stride[i] + 1;
    const gradus_form from = {blocks, over.input[0] * over.input[1], width},
                      to = {blocks, over.output[0] * over.output[1], width};
    const int64_t count = 2;
    buffer input = make(count * gradus_form_size(from), 1, 1), output = make(count * gradus_form_size(to), 2, 1),
           gradient = make(count * gradus_form_size(to), 3, 1),
           input_gradient = make(count * gradus_form_size(from), 4, 1);
    check_guarded guarded = check_guard((size_t)output.count);
    uint8_t *which = guarded.end - output.count;
    double *expected = calloc((size_t)input.count, sizeof(double));
    kernels->maxpool(from, to, &over, input.values, output.values, which, count);
    kernels->maxpool_backward(from, to, &over, gradient.values, which, input_gradient.values, count);
    for (int64_t i = 0; i < output.count; i++) {
        const int64_t lane = i % width, pixel = i / width % to.pixels, plane = i / width / to.pixels;
        const float *values = input.values + plane * from.pixels * width + lane;
        const int64_t best = largest_at(&over, values, width, pixel / over.output[1], pixel % over.output[1]);
        check_close(output.values[i], values[best * width], 0, 0);
        expected[plane * from.pixels * width + best * width + lane] += gradient.values[i];
    }
    for (int64_t i = 0; i < input.count; i++) check_close(input_gradient.values[i], expected[i], 1e-6, 1e-6);
    free(expected);
    buffer *all[] = {&input, &output, &gradient, &input_gradient};
    for (int i = 0; i < 4; i++) check_unguard(&all[i]->guarded);
    check_unguard(&guarded);
}

static void test_maxpool(void **state)
{
    static const gradus_window windows[] = {
        {.input = {6, 8}, .size = {2, 2}, .stride = {2, 2}},
        {.input = {7, 9}, .size = {2, 2}, .stride = {2, 2}},
        {.input = {7, 8}, .size = {3, 2}, .stride = {2, 1}, .pad = {1, 0}},
        {.input = {5, 5}, .size = {3, 3}, .stride = {1, 1}, .pad = {1, 1}},
        {.input = {9, 9}, .size = {2, 1}, .stride = {4, 3}},
        {.input = {15, 15}, .size = {15, 15}, .stride = {15, 15}},
        {.input = {4, 6}, .size = {2, 2}, .stride = {2, 2}, .pad = {1, 1}},
        {.input = {7, 9}, .output = {4, 5}, .size = {2, 2}, .stride = {2, 2}}, /* the last are not whole */
        {.input = {7, 8}, .output = {3, 4}, .size = {3, 3}, .stride = {3, 2}},
    };
    static const int64_t layouts[][2] = {{3, 1}, {2, 8}, {2, 16}, {1, 5}, {1, 19}};
    (void)state;
    const gradus_kernels *kernels;
    for (int k = 0; (kernels = kernels_of(k)); k++)
        for (size_t w = 0; w < sizeof windows / sizeof *windows; w++)
            for (size_t l = 0; l < sizeof layouts / sizeof *layouts; l++)
                check_pool(kernels, windows[w], layouts[l][0], layouts[l][1]);
}

/* ---- dropout, sums ---- */

/* The same masks in any register, cut anywhere; each value on its own; as many as asked for. */
static void test_dropout(void **state)
{
    enum { COUNT = 100000 };
    (void)state;
    const gradus_kernels *kernels;
    float *ones = malloc(COUNT * sizeof(float)), *first = malloc(COUNT * sizeof(float)),
          *pieces = malloc(COUNT * sizeof(float));
    for (int i = 0; i < COUNT; i++) ones[i] = 1;
    gradus_kernels_baseline.dropout(77, UINT32_C(1) << 30, 1.5f, 1000, ones, first, COUNT);
    int kept = 0, pairs[17] = {0};
    for (int i = 0; i < COUNT; i++) {
        kept += first[i] != 0;
        for (int far = 1; far < 17 && i >= far; far++) pairs[far] += first[i] != 0 && first[i - far] != 0;
    }
    check_close(kept, 0.75 * COUNT, 0, 4 * sqrt(COUNT * 0.1875));
    for (int far = 1; far < 17; far++) check_close(pairs[far], 0.5625 * COUNT, 0, 6 * sqrt(COUNT * 0.25));
    for (int k = 0; (kernels = kernels_of(k)); k++) {
        for (int64_t i = 0, step = 1; i < COUNT; i += step, step = step % 97 + 1)
            kernels->dropout(77, UINT32_C(1) << 30, 1.5f, 1000 + i, ones, pieces + i,
                             COUNT - i < step ? COUNT - i : step);
        assert_memory_equal(first, pieces, COUNT * sizeof(float));
    }
    free(ones);
    free(first);
    free(pieces);
}

static void test_add(void **state)
{
    (void)state;
    const gradus_kernels *kernels;
    for (int k = 0; (kernels = kernels_of(k)); k++)
        for (int64_t count = 1; count < 50; count++) {
            buffer to = make(count, 1, 1), from = make(count, 2, 1);
            double *before = copy(&to);
            kernels->add(to.values, from.values, count);
            for (int64_t i = 0; i < count; i++) check_close(to.values[i], (float)before[i] + from.values[i], 0, 0);
            kernels->scale(-3, 0.5F, from.values, count);
            for (int64_t i = 0; i < count; i++)
                check_close(to.values[i] + from.values[i] / 3 - 0.5, before[i], 0, 1e-6);
            free(before);
            check_unguard(&to.guarded);
            check_unguard(&from.guarded);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_activations), cmocka_unit_test(test_extremes),
                                       cmocka_unit_test(test_curves),      cmocka_unit_test(test_gelu_tail),
                                       cmocka_unit_test(test_bias),        cmocka_unit_test(test_batchnorm),
                                       cmocka_unit_test(test_prelu),       cmocka_unit_test(test_maxpool),
                                       cmocka_unit_test(test_dropout),     cmocka_unit_test(test_add)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
