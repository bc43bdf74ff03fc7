/* Convolutions by Winograd's algorithm: its passes, for every instruction set that this machine has, against plain loops in double
 * precision; which convolutions it takes; and those that it takes against direct ones. */
#include "../../src/nn/winograd.h"
#include "kernels.h"

/* Root of the mean square of the difference, in that of what was expected. Seen are 1e-6 with filters of 3 x 3, 2e-6 with 5 x 5 or many
 * channels; of the gradient of the weights, a large part of which cancels where slopes are random, up to 5e-6. */
static const double most_error = 4e-6, most_error_of_weights = 1e-5;

static double error_of(const float *values, const double *expected, int64_t count)
{
    double difference = 0, whole = 0;
    for (int64_t i = 0; i < count; i++) {
        difference += (values[i] - expected[i]) * (values[i] - expected[i]);
        whole += expected[i] * expected[i];
    }
    return sqrt(difference / whole);
}

typedef struct trial {
    gradus_winograd shape;
    int64_t count, lanes;
    buffer input, weights, bias, output, input_gradient, output_gradient, weights_gradient, bias_gradient;
    double *wanted_output, *wanted_input, *wanted_weights, *wanted_bias;
} trial;

static int64_t input_size(const gradus_winograd *at) { return at->channels * at->input[0] * at->input[1]; }
static int64_t output_size(const gradus_winograd *at) { return at->filters * at->output[0] * at->output[1]; }
static int64_t weights_size(const gradus_winograd *at) { return at->channels * at->filters * at->size * at->size; }

static int64_t place(const int64_t *size, int64_t lanes, int64_t channel, int64_t y, int64_t x)
{
    return ((channel / lanes * size[0] + y) * size[1] + x) * lanes + channel % lanes;
}

static int64_t weight_place(const trial *it, int64_t filter, int64_t channel, int64_t u, int64_t v)
{
    const int64_t lanes = it->lanes, block = filter / lanes * (it->shape.channels / lanes) + channel / lanes;
    return (((block * it->shape.size + u) * it->shape.size + v) * lanes + channel % lanes) * lanes + filter % lanes;
}

/* What one output says of all that it depends on. */
static void add_output(trial *it, int64_t example, int64_t filter, int64_t y, int64_t x)
{
    const gradus_winograd *at = &it->shape;
    const int64_t output = example * output_size(at) + place(at->output, it->lanes, filter, y, x);
    const double slope = it->output_gradient.values[output];
    double sum = it->bias.values[filter];
    for (int64_t channel = 0; channel < at->channels; channel++)
        for (int64_t u = 0; u < at->size; u++)
            for (int64_t v = 0; v < at->size; v++) {
                const int64_t row = y + u - at->before[0], column = x + v - at->before[1];
                if (row < 0 || column < 0 || row >= at->input[0] || column >= at->input[1]) continue;
                const int64_t input = example * input_size(at) + place(at->input, it->lanes, channel, row, column),
                              weight = weight_place(it, filter, channel, u, v);
                sum += (double)it->input.values[input] * it->weights.values[weight];
                it->wanted_input[input] += slope * it->weights.values[weight];
                it->wanted_weights[weight] += slope * it->input.values[input];
            }
    it->wanted_output[output] = sum;
    it->wanted_bias[filter] += slope;
}

static trial open_trial(gradus_winograd shape, int64_t count, int64_t lanes)
{
    trial it = {.shape = shape, .count = count, .lanes = lanes};
    const int64_t inputs = count * input_size(&shape), outputs = count * output_size(&shape),
                  weights = weights_size(&shape);
    it.input = make(inputs, 1, 1), it.weights = make(weights, 2, 1), it.bias = make(shape.filters, 3, 1);
    it.output = make(outputs, 4, 1), it.input_gradient = make(inputs, 5, 1), it.output_gradient = make(outputs, 6, 1);
    it.weights_gradient = make(weights, 7, 1), it.bias_gradient = make(shape.filters, 8, 1);
    it.wanted_output = calloc((size_t)outputs, sizeof(double));
    it.wanted_input = calloc((size_t)inputs, sizeof(double));
    it.wanted_weights = calloc((size_t)weights, sizeof(double));
    it.wanted_bias = calloc((size_t)shape.filters, sizeof(double));
    for (int64_t i = 0; i < count; i++)
        for (int64_t filter = 0; filter < shape.filters; filter++)
            for (int64_t y = 0; y < shape.output[0]; y++)
                for (int64_t x = 0; x < shape.output[1]; x++) add_output(&it, i, filter, y, x);
    return it;
}

static void close_trial(trial *it)
{
    buffer *all[] = {&it->input,           &it->weights,          &it->bias,         &it->output, &it->input_gradient,
                     &it->output_gradient, &it->weights_gradient, &it->bias_gradient};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) check_unguard(&all[i]->guarded);
    free(it->wanted_output);
    free(it->wanted_input);
    free(it->wanted_weights);
    free(it->wanted_bias);
}

static void check_trial(const trial *it)
{
    const gradus_winograd *at = &it->shape;
    assert_true(error_of(it->output.values, it->wanted_output, it->output.count) < most_error);
    assert_true(error_of(it->input_gradient.values, it->wanted_input, it->input_gradient.count) < most_error);
    assert_true(error_of(it->weights_gradient.values, it->wanted_weights, it->weights_gradient.count) <
                most_error_of_weights);
    assert_true(error_of(it->bias_gradient.values, it->wanted_bias, at->filters) < most_error);
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static void run_trial(const gradus_kernels *kernels, trial *it)
{
    const gradus_winograd *at = &it->shape, mirrored = gradus_winograd_mirrored(at);
    buffer forward = make(gradus_winograd_turned(at), 9, 1), backward = make(gradus_winograd_turned(at), 10, 1),
           room = make(larger(gradus_winograd_room(at), gradus_winograd_room(&mirrored)), 11, 1);
    kernels->winograd_turn(at, false, it->weights.values, forward.values, room.values);
    kernels->winograd_turn(at, true, it->weights.values, backward.values, room.values);
    kernels->winograd_forward(at, it->count, it->input.values, forward.values, it->bias.values, it->output.values,
                              room.values);
    kernels->winograd_forward(&mirrored, it->count, it->output_gradient.values, backward.values, NULL,
                              it->input_gradient.values, room.values);
    kernels->winograd_backward_weights(at, it->count, it->input.values, it->output_gradient.values,
                                       it->weights_gradient.values, it->bias_gradient.values, room.values);
    check_unguard(&forward.guarded);
    check_unguard(&backward.guarded);
    check_unguard(&room.guarded);
}

static gradus_winograd shape_of(int64_t channels, int64_t filters, int64_t size, int64_t high, int64_t wide,
                                int64_t padding)
{
    const int64_t less = size - 1 - 2 * padding;
    return (gradus_winograd){channels, filters, size, {high, wide}, {high - less, wide - less}, {padding, padding}};
}

/* Maps that windows fill and do not fill, one output, one column; every padding; one block of channels, and several. */
static void test_passes(void **state)
{
    static const int64_t maps[][2] = {{14, 14}, {9, 13}, {5, 6}, {7, 5}, {16, 8}};
    static const int64_t blocks[][2] = {{1, 1}, {1, 2}, {2, 1}, {2, 3}};
    (void)state;
    const gradus_kernels *kernels;
    for (int k = 0; (kernels = kernels_of(k)); k++)
        for (size_t map = 0; map < sizeof maps / sizeof *maps; map++)
            for (int64_t size = 3; size <= 5; size += 2)
                for (int64_t padding = 0; padding < size; padding++) {
                    const int64_t lanes = kernels->lanes, *wide = blocks[(padding + (int64_t)map) % 4];
                    trial it = open_trial(
                        shape_of(wide[0] * lanes, wide[1] * lanes, size, maps[map][0], maps[map][1], padding),
                        1 + padding, lanes);
                    run_trial(kernels, &it);
                    check_trial(&it);
                    close_trial(&it);
                }
}

/* More tiles than are taken at once, and no whole number of times as many. */
static void test_panels(void **state)
{
    (void)state;
    const gradus_kernels *kernels;
    for (int k = 0; (kernels = kernels_of(k)); k++)
        for (int64_t size = 3; size <= 5; size += 2) {
            trial it = open_trial(shape_of(2 * kernels->lanes, kernels->lanes, size, 37, 31, 1), 5, kernels->lanes);
            const int64_t side = GRADUS_WINOGRAD_TILE;
            assert_true(5 * (37 / side) * (31 / side) > 2 * gradus_winograd_panel(&it.shape));
            run_trial(kernels, &it);
            check_trial(&it);
            close_trial(&it);
        }
}

/* What is not a number stays with its example. */
static void test_bad_numbers(void **state)
{
    (void)state;
    const gradus_kernels *kernels;
    for (int k = 0; (kernels = kernels_of(k)); k++) {
        trial it = open_trial(shape_of(kernels->lanes, kernels->lanes, 3, 8, 8, 1), 3, kernels->lanes);
        it.input.values[input_size(&it.shape)] = NAN;
        run_trial(kernels, &it);
        const int64_t size = output_size(&it.shape);
        assert_true(isnan(it.output.values[size]));
        for (int64_t i = 0; i < 3 * size; i++) assert_true(i / size == 1 || isfinite(it.output.values[i]));
        close_trial(&it);
    }
}

/* ---- which convolutions it takes ---- */

static gradus_convolution_config config_of(const gradus_kernels *kernels, int64_t channels, int64_t filters,
                                           int64_t size, int64_t map)
{
    return (gradus_convolution_config){.channels = channels,
                                       .filters = filters,
                                       .groups = 1,
                                       .input = {map, map},
                                       .output = {map, map},
                                       .size = {size, size},
                                       .stride = {1, 1},
                                       .dilation = {1, 1},
                                       .before = {size / 2, size / 2},
                                       .after = {size / 2, size / 2},
                                       .bias = true,
                                       .input_gradient = true,
                                       .most = 3,
                                       .kernels = kernels};
}

static bool suits(gradus_convolution_config config, int64_t width, const char *weights)
{
    gradus_winograd shape;
    const gradus_form form = {1, 1, width};
    return gradus_winograd_suits(&config, form, form, weights, &shape);
}

static void test_choice(void **state)
{
    (void)state;
    const gradus_kernels kernels = {.lanes = 16};
    const gradus_convolution_config good = config_of(&kernels, 16, 32, 5, 14);
    gradus_convolution_config other = good;
    assert_true(suits(good, 16, "OIhw16i16o"));
    assert_true(suits(config_of(&kernels, 16, 16, 3, 32), 16, "OIhw16i16o"));
    assert_true(suits(config_of(&kernels, 64, 64, 3, 8), 16, "OIhw16i16o"));
    assert_false(suits(good, 8, "OIhw16i16o"));
    assert_false(suits(good, 16, "OIhw8i8o"));
    assert_false(suits(config_of(&kernels, 16, 32, 7, 14), 16, "OIhw16i16o"));
    assert_false(suits(config_of(&kernels, 16, 24, 5, 14), 16, "OIhw16i16o"));
    assert_false(suits(config_of(&kernels, 512, 512, 3, 8), 16, "OIhw16i16o"));
    assert_false(suits(config_of(&kernels, 16, 16, 3, 1), 16, "OIhw16i16o"));
    assert_false(suits(config_of(&kernels, 16, 16, 3, 5), 16, "OIhw16i16o"));
    assert_true(suits(config_of(&kernels, 16, 16, 3, 7), 16, "OIhw16i16o"));
    assert_false(suits(config_of(&kernels, 64, 64, 3, 5), 16, "OIhw16i16o"));
    other.stride[0] = 2;
    assert_false(suits(other, 16, "OIhw16i16o"));
    other = good, other.dilation[1] = 2;
    assert_false(suits(other, 16, "OIhw16i16o"));
    other = good, other.groups = 2;
    assert_false(suits(other, 16, "OIhw16i16o"));
    other = good, other.kernels = NULL;
    assert_false(suits(other, 16, "OIhw16i16o"));
    other = good, other.size[1] = 3;
    assert_false(suits(other, 16, "OIhw16i16o"));
    other = good, other.before[0] = 5;
    assert_false(suits(other, 16, "OIhw16i16o"));
}

/* ---- behind the back end ---- */

typedef struct passes {
    buffer output, input_gradient, weights_gradient;
    int64_t width;
} passes;

static passes run_convolution(const gradus_convolution_config *config, int64_t width, const buffer *input,
                              const buffer *weights, const buffer *bias, const buffer *slopes)
{
    gradus_error error = {0};
    gradus_form to;
    gradus_backend *backend = gradus_backend_create(1, &error);
    gradus_convolution *made = gradus_convolution_create(
        backend, config, (gradus_form){config->channels / width, config->input[0] * config->input[1], width}, &to,
        &error);
    const int64_t count = config->most;
    assert_int_equal(gradus_convolution_ready(made, count, &error), GRADUS_OK);
    passes done = {make(slopes->count, 1, 1), make(input->count, 1, 1), make(weights->count, 1, 1), to.width};
    buffer inside = make(weights->count, 1, 1), sums = make(config->filters, 1, 1);
    assert_int_equal(gradus_convolution_weights(made), weights->count);
    assert_true(gradus_convolution_write(made, weights->values, inside.values));
    gradus_convolution_turn(made, inside.values, true);
    gradus_convolution_forward(made, 0, count, input->values, inside.values, bias->values, done.output.values);
    gradus_convolution_backward_input(made, 0, count, inside.values, slopes->values, done.input_gradient.values);
    gradus_convolution_backward_weights(made, 0, count, input->values, slopes->values, inside.values, sums.values);
    assert_true(gradus_convolution_read(made, inside.values, done.weights_gradient.values));
    assert_false(gradus_backend_failed(backend));
    gradus_convolution_destroy(made);
    gradus_backend_destroy(backend);
    check_unguard(&inside.guarded);
    check_unguard(&sums.guarded);
    return done;
}

static void compare(buffer *one, buffer *other, double most)
{
    double *expected = copy(other);
    assert_true(error_of(one->values, expected, one->count) < most);
    free(expected);
    check_unguard(&one->guarded);
    check_unguard(&other->guarded);
}

/* Where the library lays out blocks of other sizes than the kernels' registers, both are the same. */
static void test_backend(void **state)
{
    (void)state;
    gradus_error error = {0};
    const gradus_kernels *kernels = gradus_kernels_best(&error);
    for (int64_t size = 3; size <= 5; size += 2) {
        gradus_convolution_config config = config_of(kernels, 16, 32, size, 14);
        buffer input = make(3 * 16 * 14 * 14, 1, 1), weights = make(16 * 32 * size * size, 2, 1), bias = make(32, 3, 1),
               slopes = make(3 * 32 * 14 * 14, 4, 1);
        const int64_t width = kernels->lanes > 4 ? kernels->lanes : 8;
        passes own = run_convolution(&config, width, &input, &weights, &bias, &slopes);
        config.kernels = NULL;
        passes library = run_convolution(&config, width, &input, &weights, &bias, &slopes);
        assert_int_equal(own.width, library.width);
        compare(&own.output, &library.output, most_error);
        compare(&own.input_gradient, &library.input_gradient, most_error);
        compare(&own.weights_gradient, &library.weights_gradient, most_error_of_weights);
        check_unguard(&input.guarded);
        check_unguard(&weights.guarded);
        check_unguard(&bias.guarded);
        check_unguard(&slopes.guarded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_passes), cmocka_unit_test(test_panels),
                                       cmocka_unit_test(test_bad_numbers), cmocka_unit_test(test_choice),
                                       cmocka_unit_test(test_backend)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
