/* What a net tells of its activations: dead units and values at the ends of their function, counted by hand. */
#include "nets.h"

static void watch(gradus_net *net, const float *inputs, int32_t count, bool accumulate)
{
    gradus_error error = {0};
    const gradus_batch batch = {.count = count, .inputs = inputs};
    if (gradus_net_watch(net, &batch, accumulate, &error)) fail_msg("%s", error.message);
}

static void set_tensor(gradus_net *net, const char *name, const float *values)
{
    assert_true(gradus_net_write(net, nets_tensor(net, name), values));
}

static void expect(const gradus_net *net, int32_t layer, const char *function, gradus_activity wanted)
{
    gradus_activity activity;
    assert_true(gradus_net_activity(net, layer, &activity));
    assert_string_equal(activity.function, function);
    assert_int_equal(activity.units, wanted.units);
    assert_int_equal(activity.dead, wanted.dead);
    assert_int_equal(activity.values, wanted.values);
    assert_int_equal(activity.ended, wanted.ended);
}

/* Units x, -x and -1 over all x > 0: two are dead; once x < 0 has come too, one is. */
static void test_dead_units(void **state)
{
    (void)state;
    const nets_texts texts = {
        .model = "dense(3) > relu > dense(1)", .loss = "mean_squared", .input = {1}, .target = 1, .outputs = 1};
    nets_net it = nets_open(&texts);
    set_tensor(it.net, "0.weight", (float[]){1, -1, 0});
    set_tensor(it.net, "0.bias", (float[]){0, 0, -1});
    gradus_activity activity;
    assert_false(gradus_net_activity(it.net, 1, &activity));
    watch(it.net, (float[]){1, 2, 3}, 3, false);
    expect(it.net, 1, "relu", (gradus_activity){.units = 3, .dead = 2, .values = 9});
    watch(it.net, (float[]){-1}, 1, true);
    expect(it.net, 1, "relu", (gradus_activity){.units = 3, .dead = 1, .values = 12});
    watch(it.net, (float[]){-1}, 1, false);
    expect(it.net, 1, "relu", (gradus_activity){.units = 3, .dead = 2, .values = 3});
    assert_false(gradus_net_activity(it.net, 0, &activity));
    assert_false(gradus_net_activity(it.net, 2, &activity));
    nets_close(&it);
}

/* tanh(2.7) = 0.9910 and tanh(2.2) = 0.9757: within 1 % of a range of 2 is above 0.98. sigmoid(4.6) = 0.99005. */
static void test_saturation(void **state)
{
    (void)state;
    const nets_texts texts = {.model = "dense(1) > tanh > dense(2) > sigmoid > dense(1)",
                              .loss = "mean_squared",
                              .input = {1},
                              .target = 1,
                              .outputs = 1};
    nets_net it = nets_open(&texts);
    set_tensor(it.net, "0.weight", (float[]){1});
    set_tensor(it.net, "0.bias", (float[]){0});
    set_tensor(it.net, "2.weight", (float[]){0, 0});
    set_tensor(it.net, "2.bias", (float[]){-4.6F, 4.5F});
    watch(it.net, (float[]){2.7F, 2.2F, -2.7F, 0}, 4, false);
    expect(it.net, 1, "tanh", (gradus_activity){.units = 1, .values = 4, .ended = 2});
    expect(it.net, 3, "sigmoid", (gradus_activity){.units = 2, .values = 8, .ended = 4});
    nets_close(&it);
}

/* A channel is one unit, wherever in the picture it answers; taken along by a convolution, on its own behind a pooling, and in a
 * body, whatever the form of the values and however many threads there are. */
static void test_channels(void **state)
{
    (void)state;
    static float inputs[40 * 64], weight[18 * 9], bias[18];
    const nets_texts texts = {.model = "conv(18, 3, pad=1) > relu > maxpool(2) > relu > residual(relu) > flatten > "
                                       "dense(2)",
                              .loss = "cross_entropy",
                              .input = {1, 8, 8},
                              .outputs = 2,
                              .batch = 40,
                              .threads = 4};
    nets_net it = nets_open(&texts);
    for (int channel = 0; channel < 18; channel++) {
        weight[channel * 9 + 4] = channel < 5 ? -1 : 1; /* the first five see what is never there */
        bias[channel] = channel == 17 ? -100 : 0;
    }
    inputs[39 * 64 + 9] = 1; /* one pixel of the last picture */
    set_tensor(it.net, "0.weight", weight);
    set_tensor(it.net, "0.bias", bias);
    watch(it.net, inputs, 40, false);
    expect(it.net, 1, "relu", (gradus_activity){.units = 18, .dead = 6, .values = 40LL * 18 * 64});
    expect(it.net, 3, "relu", (gradus_activity){.units = 18, .dead = 6, .values = 40LL * 18 * 16});
    expect(it.net, 4, "relu", (gradus_activity){.units = 18, .dead = 6, .values = 40LL * 18 * 16});
    nets_close(&it);
}

/* Of a sequence a unit is one of the values of each step. */
static void test_sequences(void **state)
{
    (void)state;
    const nets_texts texts = {.model = "embedding(3) > relu > flatten > dense(1)",
                              .loss = "mean_squared",
                              .input = {2},
                              .target = 1,
                              .outputs = 1,
                              .symbols = 2};
    nets_net it = nets_open(&texts);
    set_tensor(it.net, "0.weight", (float[]){1, -1, -1, -1, 1, -1});
    watch(it.net, (float[]){0, 0}, 1, false);
    expect(it.net, 1, "relu", (gradus_activity){.units = 3, .dead = 2, .values = 6});
    watch(it.net, (float[]){0, 1}, 1, false);
    expect(it.net, 1, "relu", (gradus_activity){.units = 3, .dead = 1, .values = 6});
    nets_close(&it);
}

/* Each tensor says whose it is, behind layers without any, and in a body. */
static void test_layers_of_tensors(void **state)
{
    (void)state;
    const nets_texts texts = {.model = "flatten > dense(4) > relu > residual(dense(4) > batchnorm) > dense(2)",
                              .loss = "cross_entropy",
                              .input = {1, 2, 2},
                              .outputs = 2};
    nets_net it = nets_open(&texts);
    for (int32_t i = 0; i < gradus_net_tensor_count(it.net); i++) {
        gradus_net_tensor tensor;
        gradus_layer_info layer;
        gradus_net_tensor_at(it.net, i, &tensor);
        gradus_net_layer(it.net, tensor.layer, &layer);
        const size_t length = strlen(layer.name);
        if (strncmp(tensor.name, layer.name, length) != 0 || tensor.name[length] != '.')
            fail_msg("%s is of layer %s", tensor.name, layer.name);
    }
    nets_close(&it);
}

/* An lstm that sees nothing, of two units and three steps: what its biases make of the gates (in, forget, new, out). sigmoid(4.6) = 0.99005,
 * sigmoid(4.5) = 0.98901, tanh(2.3) = 0.98010, tanh(2.2) = 0.97574. An rnn has its states. */
static void test_gates(void **state)
{
    (void)state;
    static const float nothing[8 * 2], input[2 * 3];
    const nets_texts texts = {.model = "lstm(2) > rnn(2, last=true) > dense(1)",
                              .loss = "mean_squared",
                              .input = {3, 1},
                              .target = 1,
                              .outputs = 1};
    nets_net it = nets_open(&texts);
    set_tensor(it.net, "0.weight_ih_l0", nothing);
    set_tensor(it.net, "0.weight_hh_l0", nothing);
    set_tensor(it.net, "0.bias_ih_l0", (float[]){4.6F, 4.5F, -4.6F, -4.5F, 2.3F, 2.2F, -2.3F, 100});
    set_tensor(it.net, "0.bias_hh_l0", nothing);
    set_tensor(it.net, "1.weight_ih_l0", nothing);
    set_tensor(it.net, "1.weight_hh_l0", nothing);
    set_tensor(it.net, "1.bias_ih_l0", (float[]){2.3F, 2.2F});
    set_tensor(it.net, "1.bias_hh_l0", nothing);
    watch(it.net, input, 2, false);
    expect(it.net, 0, "gates", (gradus_activity){.units = 2, .values = 8 * 3 * 2, .ended = 4 * 3 * 2});
    expect(it.net, 1, "gates", (gradus_activity){.units = 2, .values = 2 * 3 * 2, .ended = 3 * 2});
    nets_close(&it);
}

/* Queries and keys are the steps' values themselves, times q: 0, 1 and 2, so that step i scores q i j with step j. With q = 10 step 1 gives
 * exp(20) / (exp(20) + exp(10) + 1) to step 2 and step 2 likewise; step 0 looks at all alike. Causal, step 0 has no choice, step 1 prefers
 * itself. */
static void test_looks(void **state)
{
    (void)state;
    static const float one[3] = {1, 1, 1}, nothing[3];
    for (int causal = 0; causal < 2; causal++) {
        const nets_texts texts = {.model = causal ? "attention(1, causal=true) > dense(1)" : "attention(1) > dense(1)",
                                  .loss = "mean_squared",
                                  .input = {3, 1},
                                  .target = 1,
                                  .outputs = 1,
                                  .positions = 3};
        nets_net it = nets_open(&texts);
        set_tensor(it.net, "0.in_proj_weight", (float[]){10, 1, 1});
        set_tensor(it.net, "0.in_proj_bias", nothing);
        set_tensor(it.net, "0.out_proj.weight", one);
        set_tensor(it.net, "0.out_proj.bias", nothing);
        watch(it.net, (float[]){0, 1, 2, 0, 0, 0}, 2, false); /* the second example looks at all alike */
        expect(it.net, 0, "shares", (gradus_activity){.units = 1, .values = causal ? 4 : 6, .ended = 2});
        nets_close(&it);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dead_units), cmocka_unit_test(test_saturation),        cmocka_unit_test(test_channels),
        cmocka_unit_test(test_sequences),  cmocka_unit_test(test_layers_of_tensors), cmocka_unit_test(test_gates),
        cmocka_unit_test(test_looks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
