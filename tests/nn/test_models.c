/* Models that do not fit: every message, with its place. And models that do: shapes, names, parameters. */
#include "nets.h"

typedef struct mistake {
    const char *model, *loss;
    int64_t input[8];
    int64_t classes; /* 0: numbers, one of them */
    int32_t column;
    const char *message;
} mistake;

static const mistake mistakes[] = {
    {"conv(16, 5, pad=2) > maxpool(2) > dense(10)",
     NULL,
     {1, 28, 28},
     10,
     35,
     "'dense' (layer 3) wants a flat input but 'maxpool(2)' (layer 2) gives 16x14x14; put flatten between them"},
    {"2 * (conv(4, 3) > relu) > dense(10)",
     NULL,
     {1, 28, 28},
     10,
     27,
     "'dense' (layer 5) wants a flat input but 'relu' (layer 4) gives 4x24x24; put flatten between them"},
    {"batchnorm > dense(10)",
     NULL,
     {3, 4, 4},
     10,
     13,
     "'dense' (layer 2) wants a flat input but 'batchnorm' (layer 1) gives 3x4x4; put flatten between them"},
    {"conv(16, 5) > dense(10)",
     NULL,
     {784},
     10,
     1,
     "'conv' (layer 1) wants an image (channels x height x width) but the data give 784; take dense for such data"},
    {"dense(10) > conv(16, 5)",
     NULL,
     {784},
     10,
     13,
     "'conv' (layer 2) wants an image (channels x height x width) but 'dense(10)' (layer 1) gives 10; put it before "
     "flatten and dense"},
    {"dense(10) > maxpool(2)",
     NULL,
     {784},
     10,
     13,
     "'maxpool' (layer 2) wants an image (channels x height x width) but 'dense(10)' (layer 1) gives 10; put it before "
     "flatten and dense"},
    {"conv(4, [9, 3]) > flatten > dense(10)",
     NULL,
     {1, 8, 8},
     10,
     1,
     "'conv' (layer 1) wants an image of at least 9x3 but the data give 1x8x8; make the filter smaller or write "
     "pad=same"},
    {"maxpool(3) > maxpool(3) > flatten > dense(10)",
     NULL,
     {1, 8, 8},
     10,
     14,
     "'maxpool' (layer 2) wants an image of at least 3x3 but 'maxpool(3)' (layer 1) gives 1x2x2; make the window "
     "smaller, or leave it out"},
    {"maxpool(2, pad=2) > flatten > dense(10)",
     NULL,
     {1, 8, 8},
     10,
     1,
     "'maxpool(2, pad=2)' (layer 1) pads more than half a window"},
    {"conv(4, [3, 3, 3])", NULL, {1, 8, 8}, 10, 9, "'size' is one number or two, [height, width]"},
    {"dense(10) > softmax",
     "cross_entropy",
     {4},
     10,
     13,
     "'softmax' (layer 2) stands before cross_entropy, which applies softmax itself; leave it out"},
    {"dense(10) > softmax > flatten",
     NULL,
     {4},
     10,
     13,
     "'softmax' (layer 2) stands before cross_entropy, which applies softmax itself; leave it out"},
    {"dense(1) > sigmoid",
     "binary_cross_entropy",
     {4},
     0,
     12,
     "'sigmoid' (layer 2) stands before binary_cross_entropy, which applies sigmoid itself; leave it out"},
    {"dense(20) > relu > dense(9)",
     NULL,
     {4},
     10,
     20,
     "'dense(9)' (layer 3) gives 9 values, but the data have 10 classes; end in dense(10)"},
    {"dense(2)",
     "mean_squared",
     {4},
     0,
     1,
     "'dense(2)' (layer 1) gives 2 values, but the data have 1 number to tell; end in dense(1)"},
    {"conv(10, 3)",
     NULL,
     {1, 3, 3},
     10,
     1,
     "'conv(10, 3)' (layer 1) gives 10x1x1, but the loss wants one value for each class; end in flatten > dense(10)"},
    {"dense(2)",
     "binary_cross_entropy",
     {4},
     2,
     1,
     "'dense(2)' (layer 1) gives 2 values, but the data have 2 classes; end in dense(1)"},
    {"dense(1)",
     "binary_cross_entropy",
     {4},
     3,
     1,
     "'dense(1)' (layer 1) stands before binary_cross_entropy, which tells 2 classes apart, but the data have 3; take "
     "cross_entropy"},
    {"dense(10)",
     "mean_squared",
     {4},
     10,
     0,
     "loss: 'mean_squared' is for numbers, but the data have classes; take cross_entropy"},
    {"dense(1)",
     "cross_entropy",
     {4},
     0,
     0,
     "loss: 'cross_entropy' is for classes, but the data have numbers; take mean_squared"},
    {"relu > flatten", NULL, {4}, 4, 1, "this model has nothing to learn; it ends in a layer such as dense(10)"},
    {"dense(4, name=a) > dense(10, name=a)", NULL, {4}, 10, 35, "the name 'a' is given twice"},
    {"dense(9) > relu > resnet(20)", NULL, {1, 28, 28}, 10, 19, "'resnet' is for pictures"},
    {"relu > resnet(21)",
     NULL,
     {1, 28, 28},
     10,
     8,
     "'resnet' has a depth of 18, 34, or 6 n + 2: 8, 14, 20, 32, 44, 56, 110"},
    {"resnet", NULL, {784}, 10, 1, "'resnet' is for pictures"},
    {"vgg(12)", NULL, {3, 32, 32}, 10, 1, "'vgg' has a depth of 11, 13, 16 or 19"},
    {"lenet", NULL, {1, 9, 9}, 10, 1, "'lenet' is for pictures of at least 14x14"},
    {"residual(conv(4, 3)) > flatten > dense(10)",
     NULL,
     {1, 8, 8},
     10,
     1,
     "'residual(conv(4, 3))' (layer 2) cannot add what its body gives, 4x6x6, to 1x8x8; shortcut=conv(CHANNELS, 1, "
     "stride=N) "
     "brings them together"},
    {"dense(4) > dense(10, name=0)", NULL, {4}, 10, 12, "the name '0' is layer 1's already"},
    {"2 * dense(10, name=a)", NULL, {4}, 10, 1, "a layer that is repeated cannot have a name"},
    {"dense(4, name=a) > dense(10, tie=a)",
     NULL,
     {4},
     10,
     20,
     "'dense(10, tie=a)' (layer 2) wants weights of 10x4, but those of 'a' are 4x4"},
    {"dense(4, tie=a) > dense(4, name=a)", NULL, {4}, 4, 14, "no layer before this one is named 'a'"},
    {"dense(4, name=a) > dense(4, tie=a, name=b) > dense(4, tie=b)",
     NULL,
     {4},
     4,
     59,
     "'b' has the weights of another layer itself; name that one"},
    {"batchnorm(name=a) > dense(4, tie=a)",
     NULL,
     {4},
     4,
     21,
     "'dense(4, tie=a)' (layer 2) can share the weights of dense or of embedding alone"},
    {"conv(4, 3, name=a) > conv(4, 3, tie=a) > flatten > dense(10)",
     NULL,
     {1, 8, 8},
     10,
     22,
     "'conv(4, 3, tie=a)' (layer 2) wants weights of 4x4x3x3 in groups=1, but those of 'a' are 4x1x3x3 in groups=1"},
    {"conv(4, 1, name=a) > conv(4, 1, groups=4, name=b) > conv(4, 1, groups=4, tie=a) > flatten > dense(10)",
     NULL,
     {1, 8, 8},
     10,
     53,
     "'conv(4, 1, groups=4, tie=a)' (layer 3) wants weights of 4x1x1x1 in groups=4, but those of 'a' are 4x1x1x1 in "
     "groups=1"},
    {"batchnorm(name=a) > conv(4, 1, tie=a) > flatten > dense(10)",
     NULL,
     {1, 8, 8},
     10,
     21,
     "'conv(4, 1, tie=a)' (layer 2) can share the weights of another conv alone"},
    {"concat(dense(10))", NULL, {4}, 10, 1, "'concat(dense(10))' (layer 1) joins two or more"},
    {"sum(dense(10), identity)",
     NULL,
     {4},
     10,
     1,
     "'sum(dense(10), identity)' (layer 3) cannot add what its branches give, 10 and 4"},
    {"concat(conv(2, 3), identity) > flatten > dense(10)",
     NULL,
     {1, 8, 8},
     10,
     1,
     "'concat(conv(2, 3), identity)' (layer 3) cannot put 1x8x8 behind 2x6x6: only the first of their sizes may "
     "differ"},
    {"transformer(2)", NULL, {4}, 10, 1, "'transformer' is for sequences; put embedding(64) before it"},
    {"gpt(2, 3, 16)",
     NULL,
     {4},
     10,
     1,
     "'gpt' divides its width among its heads, but it is no multiple of their number"},
    {"dense(int(2, 4))", NULL, {4}, 10, 0, "a net cannot be made while values are still open"},
    {"conv(18, 3) > conv(20, 3, groups=3) > flatten > dense(10)",
     NULL,
     {1, 8, 8},
     10,
     15,
     "'conv(20, 3, groups=3)' (layer 2) cannot divide 18 channels and 20 filters into 3 equal groups; 2 would do"},
    {"conv(18, 3) > conv(20, 3, groups=depthwise) > flatten > dense(10)",
     NULL,
     {1, 8, 8},
     10,
     15,
     "'conv(20, 3, groups=depthwise)' (layer 2) has so many filters for each of its 18 channels: 18, or a multiple of "
     "that"},
    {"conv(4, 3, dilation=4) > flatten > dense(10)",
     NULL,
     {1, 8, 8},
     10,
     1,
     "'conv' (layer 1) wants an image of at least 9x9 but the data give 1x8x8; make the filter smaller or write "
     "pad=same"},
    {"dense(4) > upsample",
     NULL,
     {4},
     10,
     12,
     "'upsample' (layer 2) wants an image (channels x height x width) but 'dense(4)' (layer 1) gives 4; put it before "
     "flatten and dense"},
    {"conv(18, 3) > groupnorm(5) > flatten > dense(10)",
     NULL,
     {1, 8, 8},
     10,
     15,
     "'groupnorm(5)' (layer 2) cannot divide 18 channels into 5 equal groups; 6 would do"},
    {"dense(20) > groupnorm(32)",
     NULL,
     {4},
     10,
     13,
     "'groupnorm(32)' (layer 2) cannot divide 20 values into 32 equal groups; 20 would do"},
    {"dense(10) > groupnorm(10)",
     NULL,
     {4},
     10,
     13,
     "'groupnorm(10)' (layer 2) makes groups of a single value, which vary in nothing; take fewer"},
    {"softmax > dense(10)", NULL, {1, 2, 2}, 10, 0, NULL},
    {"conv(2, 1) > softmax > flatten > dense(10)",
     NULL,
     {1, 2, 2},
     10,
     14,
     "'softmax' (layer 2) wants a flat input but 'conv(2, 1)' (layer 1) gives 2x2x2; put flatten between them"},
};

static void test_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        const mistake *it = &mistakes[i];
        gradus_error error = {0};
        nets_texts texts = {.model = it->model,
                            .loss = it->loss,
                            .target = it->classes ? GRADUS_TARGET_CLASS : GRADUS_TARGET_NUMBERS,
                            .outputs = it->classes ? it->classes : 1};
        memcpy(texts.input, it->input, sizeof texts.input);
        nets_net made = nets_try(&texts, &error);
        if (!it->message != !error.status || (it->message && strcmp(error.message, it->message) != 0))
            fail_msg("%s: '%s', expected '%s'", it->model, error.message, it->message ? it->message : "");
        if (it->message && error.column != it->column)
            fail_msg("%s: column %d, expected %d", it->model, (int)error.column, (int)it->column);
        nets_close(&made);
    }
}

static void check_layer(const gradus_net *net, int32_t index, const char *name, const char *spec, const int64_t *shape,
                        int64_t parameters)
{
    gradus_layer_info info;
    gradus_net_layer(net, index, &info);
    assert_string_equal(info.name, name);
    assert_string_equal(info.spec, spec);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(info.output[i], shape[i]);
        if (!shape[i]) break;
    }
    assert_int_equal(info.parameters, parameters);
}

static void test_layers(void **state)
{
    (void)state;
    nets_net made = nets_open(&(nets_texts){.model = "conv(32, 5, pad=2) > batchnorm > relu > maxpool(2) > flatten > "
                                                     "2 * dense(20, bias=false) > dense(10, name=head)",
                                            .input = {1, 28, 28},
                                            .outputs = 10});
    assert_int_equal(gradus_net_layer_count(made.net), 8);
    check_layer(made.net, 0, "0", "conv(32, 5, pad=2)", (int64_t[]){32, 28, 28, 0}, 832);
    check_layer(made.net, 1, "1", "batchnorm", (int64_t[]){32, 28, 28, 0}, 64);
    check_layer(made.net, 2, "2", "relu", (int64_t[]){32, 28, 28, 0}, 0);
    check_layer(made.net, 3, "3", "maxpool(2)", (int64_t[]){32, 14, 14, 0}, 0);
    check_layer(made.net, 4, "4", "flatten", (int64_t[]){6272, 0}, 0);
    check_layer(made.net, 6, "6", "dense(20, bias=false)", (int64_t[]){20, 0}, 400);
    check_layer(made.net, 7, "head", "dense(10, name=head)", (int64_t[]){10, 0}, 210);
    assert_int_equal(gradus_net_parameters(made.net), 832 + 64 + 6272 * 20 + 400 + 210);
    assert_int_equal(gradus_net_output(made.net)[0], 10);
    assert_int_equal(gradus_net_output(made.net)[1], 0);
    static const char *const names[] = {"0.weight",      "0.bias",   "1.weight", "1.bias",      "1.running_mean",
                                        "1.running_var", "5.weight", "6.weight", "head.weight", "head.bias"};
    assert_int_equal(gradus_net_tensor_count(made.net), sizeof names / sizeof *names);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        gradus_net_tensor tensor;
        gradus_net_tensor_at(made.net, (int32_t)i, &tensor);
        assert_string_equal(tensor.name, names[i]);
        assert_int_equal(!tensor.gradient, strstr(names[i], "running") != NULL);
    }
    nets_close(&made);
}

/* Where windows of a size fit: PyTorch's rule, and pad=same's: one for every stride-th pixel. */
/* Parameters as the papers' nets have them; and what a ready net is made of. */
static void test_ready_nets(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        int64_t input[8], outputs, parameters;
        int32_t layers;
    } nets[] = {
        {"resnet(20)", {3, 32, 32}, 10, 272474, 72},
        {"resnet(56)", {3, 32, 32}, 10, 855770, 198},
        {"resnet(18, width=64)", {3, 224, 224}, 1000, 11689512, 68},
        {"resnet(34, width=64)", {3, 224, 224}, 1000, 21797672, 124},
        {"lenet", {1, 28, 28}, 10, 61706, 12},
        {"mlp([256, 128])", {784}, 10, 784 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10, 5},
        {"autoencoder", {784}, 784, 2 * (784 * 256 + 256 * 64 + 64 * 16) + 2 * (256 + 64) + 16 + 784, 10},
        {"vgg(16, width=64)", {3, 32, 32}, 10, 14724042, 46},
    };
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        nets_texts texts = {.model = nets[i].model, .outputs = nets[i].outputs, .batch = 1, .threads = 1};
        memcpy(texts.input, nets[i].input, sizeof texts.input);
        nets_net made = nets_open(&texts);
        assert_int_equal(gradus_net_parameters(made.net), nets[i].parameters);
        assert_int_equal(gradus_net_layer_count(made.net), nets[i].layers);
        nets_close(&made);
    }
    static const char *const names[] = {
        "round.body.0.weight", "round.body.0.bias", "1.body.0.weight", "1.body.0.bias", "1.shortcut.0.weight",
        "1.shortcut.0.bias",   "2.weight",          "2.bias",          "4.weight",      "4.bias",
        "head.0.weight",       "head.0.bias",       "head.2.weight",   "head.2.bias",   "6.0.0.weight",
        "6.0.0.bias"};
    nets_net made = nets_open(
        &(nets_texts){.model = "residual(dense(3) > relu, name=round) > residual(dense(4), shortcut=dense(4)) > "
                               "mlp(5) > mlp([7], name=head) > sum(dense(2), identity)",
                      .input = {3},
                      .outputs = 2,
                      .batch = 1,
                      .threads = 1});
    assert_int_equal(gradus_net_tensor_count(made.net), sizeof names / sizeof *names);
    for (int32_t i = 0; i < gradus_net_tensor_count(made.net); i++) {
        gradus_net_tensor tensor;
        gradus_net_tensor_at(made.net, i, &tensor);
        assert_string_equal(tensor.name, names[i]);
    }
    nets_close(&made);
}

static void test_windows(void **state)
{
    static const struct {
        const char *layer;
        int64_t height, width;
    } windows[] = {
        {"conv(1, 3)", 5, 8},
        {"conv(1, 3, pad=1)", 7, 10},
        {"conv(1, [1, 4], stride=[2, 3])", 4, 3},
        {"conv(1, 2, pad=same)", 7, 10},
        {"conv(1, 3, pad=same, stride=2)", 4, 5},
        {"conv(1, [4, 5], pad=[same, 0])", 7, 6},
        {"conv(1, 3, dilation=2)", 3, 6},
        {"conv(1, [2, 3], dilation=[4, 2], pad=same, stride=3)", 3, 4},
        {"upsample([3, 2])", 21, 20},
        {"maxpool(2)", 3, 5},
        {"maxpool(3, stride=1)", 5, 8},
        {"maxpool(3, stride=2, pad=1)", 4, 5},
        {"maxpool([7, 1])", 1, 10},
        {"maxpool(2, ceil=true)", 4, 5},
        {"maxpool([4, 3], stride=[2, 4], ceil=true)", 3, 3},
        {"avgpool([2, 3], stride=[4, 3], pad=[1, 1], ceil=true)", 2, 4},
        {"avgpool(1, stride=4, ceil=true)", 2, 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        char model[128];
        snprintf(model, sizeof model, "%s > flatten > dense(2)", windows[i].layer);
        nets_net made = nets_open(&(nets_texts){.model = model, .input = {1, 7, 10}, .outputs = 2});
        gradus_layer_info info;
        gradus_net_layer(made.net, 0, &info);
        if (info.output[1] != windows[i].height || info.output[2] != windows[i].width)
            fail_msg("%s gives %dx%d", windows[i].layer, (int)info.output[1], (int)info.output[2]);
        nets_close(&made);
    }
}

static void test_batches_that_do_not_fit(void **state)
{
    (void)state;
    nets_net made = nets_open(&(nets_texts){.model = "dense(3)", .input = {2}, .outputs = 3});
    float inputs[4] = {0};
    int32_t classes[] = {0, 3};
    gradus_error error = {0};
    gradus_batch batch = {.count = 2, .inputs = inputs, .classes = classes};
    assert_int_equal(gradus_net_train(made.net, &batch, 0, false, NULL, NULL, &error), GRADUS_ERROR_RANGE);
    assert_string_equal(error.message, "class 3 in the batch, but the net tells 3 classes apart");
    assert_int_equal(gradus_net_train(made.net, &batch, 0, false, NULL, NULL, &error), GRADUS_ERROR_RANGE);
    error = (gradus_error){0};
    batch.classes = NULL;
    assert_int_equal(gradus_net_probe(made.net, &batch, 0, NULL, &error), GRADUS_ERROR_USE);
    assert_string_equal(error.message, "a batch without targets");
    assert_int_equal(gradus_net_evaluate(made.net, &batch, NULL, NULL, NULL), GRADUS_OK);
    batch.count = 0;
    assert_int_equal(gradus_net_evaluate(made.net, &batch, NULL, NULL, NULL), GRADUS_ERROR_USE);
    nets_close(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mistakes), cmocka_unit_test(test_layers),
                                       cmocka_unit_test(test_ready_nets), cmocka_unit_test(test_windows),
                                       cmocka_unit_test(test_batches_that_do_not_fit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
