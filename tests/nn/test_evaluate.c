/* What an evaluation says: probabilities, scores, running statistics in place of the batch's, no dropout; and that looking changes
 * nothing. */
#include "nets.h"

static void write_tensor(gradus_net *net, const char *name, const float *values)
{
    assert_true(gradus_net_write(net, nets_tensor(net, name), values));
}

/* A dense layer that hands its inputs on. */
static void make_identity(gradus_net *net, const char *weight, int size)
{
    float *values = calloc((size_t)(size * size), sizeof(float));
    for (int i = 0; i < size; i++) values[i * size + i] = 1;
    write_tensor(net, weight, values);
    free(values);
}

static void test_classes(void **state)
{
    (void)state;
    nets_net made = nets_open(&(nets_texts){.model = "dense(3, bias=false)", .input = {3}, .outputs = 3});
    make_identity(made.net, "0.weight", 3);
    const float inputs[] = {0, 0, 0, 1, 2, 4, -100, 100, 0};
    const int32_t classes[] = {0, 1, 1};
    const gradus_batch batch = {.count = 3, .inputs = inputs, .classes = classes};
    gradus_score score = {.count = 1, .loss = 1, .correct = 1};
    float outputs[9];
    assert_int_equal(gradus_net_evaluate(made.net, &batch, &score, outputs, NULL), GRADUS_OK);
    const double second = log(exp(1) + exp(2) + exp(4)) - 2;
    assert_int_equal(score.count, 4);
    check_close(score.loss, 1 + log(3) + second, 1e-6, 0);
    check_close(score.correct, 1 + 2, 0, 0);
    for (int i = 0; i < 3; i++) {
        check_close(outputs[i], 1.0 / 3, 1e-6, 0);
        check_close(outputs[3 + i], exp(inputs[3 + i]) / (exp(1) + exp(2) + exp(4)), 1e-6, 0);
        check_close(outputs[6 + i], i == 1, 0, 1e-30);
    }
    double loss;
    assert_int_equal(gradus_net_probe(made.net, &batch, 0, &loss, NULL), GRADUS_OK);
    check_close(loss, (log(3) + second) / 3, 1e-6, 0);
    nets_close(&made);
}

static void test_yes_or_no(void **state)
{
    (void)state;
    nets_net made = nets_open(
        &(nets_texts){.model = "dense(1, bias=false)", .loss = "binary_cross_entropy", .input = {1}, .outputs = 2});
    make_identity(made.net, "0.weight", 1);
    const float inputs[] = {2, -1, 300};
    const int32_t classes[] = {1, 1, 0};
    gradus_score score = {0};
    float outputs[3];
    assert_int_equal(gradus_net_evaluate(made.net, &(gradus_batch){.count = 3, .inputs = inputs, .classes = classes},
                                         &score, outputs, NULL),
                     GRADUS_OK);
    check_close(score.loss, log1p(exp(-2)) + log1p(exp(1)) + 300, 1e-6, 0);
    check_close(score.correct, 1, 0, 0);
    for (int i = 0; i < 3; i++) check_close(outputs[i], 1 / (1 + exp(-inputs[i])), 1e-6, 0);
    nets_close(&made);
}

/* Losses by hand: outputs (1, 2), targets (0, 4) and (1, 2). */
static void test_numbers(void **state)
{
    static const struct {
        const char *loss;
        double each, batch; /* sum over the examples of each one's; of the batch */
    } losses[] = {
        {"mean_squared", (1 + 4) / 2.0, (1 + 4) / 4.0},
        {"mean_squared(reduction=sum)", 5, 5},
        {"mean_absolute", (1 + 2) / 2.0, 3 / 4.0},
        {"huber", (0.5 + 1.5) / 2, 2 / 4.0},
        {"huber(1.5)", (0.5 + 1.5 * (2 - 0.75)) / 2, (0.5 + 1.875) / 4},
        {"huber(0.5, reduction=sum)", 0.5 * 0.75 + 0.5 * 1.75, 0.5 * 0.75 + 0.5 * 1.75},
    };
    (void)state;
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        nets_net made = nets_open(&(nets_texts){.model = "dense(2, bias=false)",
                                                .loss = losses[i].loss,
                                                .input = {2},
                                                .target = GRADUS_TARGET_NUMBERS,
                                                .outputs = 2});
        make_identity(made.net, "0.weight", 2);
        const float inputs[] = {1, 2, 1, 2}, numbers[] = {0, 4, 1, 2};
        const gradus_batch batch = {.count = 2, .inputs = inputs, .numbers = numbers};
        gradus_score score = {0};
        float outputs[4];
        double loss;
        assert_int_equal(gradus_net_evaluate(made.net, &batch, &score, outputs, NULL), GRADUS_OK);
        assert_int_equal(gradus_net_probe(made.net, &batch, 0, &loss, NULL), GRADUS_OK);
        check_close(score.loss, losses[i].each, 1e-7, 0);
        check_close(loss, losses[i].batch, 1e-7, 0);
        check_close(score.squared, 2.5, 1e-7, 0);
        check_close(score.absolute, 1.5, 1e-7, 0);
        assert_memory_equal(outputs, inputs, sizeof inputs);
        nets_close(&made);
    }
}

/* ---- convolution ---- */

/* By hand: no flip of the filter; pad=same puts the odd pixel behind, as PyTorch does. */
static void test_padding(void **state)
{
    static const struct {
        const char *model;
        float outputs[4];
    } cases[] = {{"conv(1, 2, pad=same, bias=false) > flatten", {1234, 2040, 3400, 4000}},
                 {"conv(1, 2, pad=[0, 1], stride=[1, 2], bias=false) > flatten", {103, 2040}}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int64_t outputs = i ? 2 : 4;
        nets_net made = nets_open(&(nets_texts){.model = cases[i].model,
                                                .loss = "mean_squared",
                                                .input = {1, 2, 2},
                                                .target = GRADUS_TARGET_NUMBERS,
                                                .outputs = outputs});
        write_tensor(made.net, "0.weight", (float[]){1000, 100, 10, 1});
        const float inputs[] = {1, 2, 3, 4};
        float found[4];
        assert_int_equal(
            gradus_net_evaluate(made.net, &(gradus_batch){.count = 1, .inputs = inputs}, NULL, found, NULL), GRADUS_OK);
        for (int64_t k = 0; k < outputs; k++) check_close(found[k], cases[i].outputs[k], 1e-6, 0);
        nets_close(&made);
    }
}

/* ---- batch norm ---- */

static void test_running_statistics(void **state)
{
    (void)state;
    nets_net made = nets_open(&(nets_texts){.model = "batchnorm(momentum=0.25, epsilon=0.5) > dense(2, bias=false)",
                                            .loss = "mean_squared",
                                            .input = {2},
                                            .target = GRADUS_TARGET_NUMBERS,
                                            .outputs = 2});
    make_identity(made.net, "1.weight", 2);
    write_tensor(made.net, "0.weight", (float[]){2, 3});
    write_tensor(made.net, "0.bias", (float[]){0.5f, -1});
    const float inputs[] = {1, 10, 2, 20, 6, 60}, numbers[6] = {0};
    const gradus_batch batch = {.count = 3, .inputs = inputs, .numbers = numbers};
    double loss;
    float mean[2], variance[2], outputs[6];
    assert_int_equal(gradus_net_probe(made.net, &batch, 0, &loss, NULL), GRADUS_OK);
    assert_true(gradus_net_read(made.net, nets_tensor(made.net, "0.running_mean"), mean));
    check_close(mean[0], 0, 0, 0); /* a probe keeps nothing */
    assert_int_equal(gradus_net_train(made.net, &batch, 0, false, NULL, NULL, NULL), GRADUS_OK);
    assert_true(gradus_net_read(made.net, nets_tensor(made.net, "0.running_mean"), mean));
    assert_true(gradus_net_read(made.net, nets_tensor(made.net, "0.running_var"), variance));
    check_close(mean[0], 0.25 * 3, 1e-6, 0); /* 1, 2, 6: mean 3, unbiased variance 7 */
    check_close(mean[1], 0.25 * 30, 1e-6, 0);
    check_close(variance[0], 0.75 + 0.25 * 7, 1e-6, 0);
    check_close(variance[1], 0.75 + 0.25 * 700, 1e-6, 0);
    assert_int_equal(gradus_net_evaluate(made.net, &batch, NULL, outputs, NULL), GRADUS_OK);
    check_close(outputs[4], (6 - 0.75) / sqrt(2.5 + 0.5) * 2 + 0.5, 1e-6, 0);
    check_close(outputs[5], (60 - 7.5) / sqrt(175.75 + 0.5) * 3 - 1, 1e-6, 0);
    nets_close(&made);
}

/* Statistics of a large batch with a mean far from zero, and what a batch that is not finite leaves behind. */
static void test_statistics_in_pieces(void **state)
{
    enum { COUNT = 203 };
    (void)state;
    nets_net made = nets_open(&(nets_texts){.model = "batchnorm(momentum=1) > flatten > dense(2)",
                                            .input = {1, 3, 3},
                                            .outputs = 2,
                                            .batch = COUNT,
                                            .threads = 2});
    float inputs[COUNT * 9], mean, variance;
    int32_t classes[COUNT] = {0};
    double sum = 0, squares = 0;
    for (int i = 0; i < COUNT * 9; i++)
        sum += inputs[i] = (float)(5000 + gradus_random_normal(1, 0, (uint64_t)i)) * (i % 9 ? 1 : 1.001f);
    for (int i = 0; i < COUNT * 9; i++) squares += pow(inputs[i] - sum / (COUNT * 9), 2);
    const gradus_batch batch = {.count = COUNT, .inputs = inputs, .classes = classes};
    for (int again = 0; again < 2; again++) {
        assert_int_equal(gradus_net_train(made.net, &batch, 0, false, NULL, NULL, NULL), GRADUS_OK);
        assert_true(gradus_net_read(made.net, nets_tensor(made.net, "0.running_mean"), &mean));
        assert_true(gradus_net_read(made.net, nets_tensor(made.net, "0.running_var"), &variance));
        check_close(mean, sum / (COUNT * 9), 2e-7, 0);
        check_close(variance, squares / (COUNT * 9 - 1), 1e-4, 0);
        inputs[77] = INFINITY; /* leaves the statistics alone */
    }
    nets_close(&made);
}

/* ---- dropout ---- */

static void test_dropout(void **state)
{
    enum { SIZE = 1000, COUNT = 20 };
    (void)state;
    nets_net made = nets_open(&(nets_texts){.model = "dropout(30%) > dense(2)",
                                            .loss = "mean_squared",
                                            .input = {SIZE},
                                            .target = GRADUS_TARGET_NUMBERS,
                                            .seed = 3});
    float *inputs = malloc(sizeof(float) * SIZE * COUNT), numbers[2 * COUNT] = {0};
    for (int i = 0; i < SIZE * COUNT; i++) inputs[i] = 1;
    float weight[2 * SIZE], gradient[2 * SIZE], others[2 * SIZE];
    for (int i = 0; i < 2 * SIZE; i++) weight[i] = i < SIZE;
    write_tensor(made.net, "1.weight", weight);
    write_tensor(made.net, "1.bias", (float[]){0, 0});
    int kept_of[2][SIZE] = {{0}};
    for (int update = 0; update < 2; update++)
        for (int example = 0; example < COUNT; example++) {
            /* one example: the gradient of a weight shows whether its input was kept */
            const gradus_batch batch = {.count = example + 1, .inputs = inputs, .numbers = numbers};
            assert_int_equal(gradus_net_train(made.net, &batch, update, false, NULL, NULL, NULL), GRADUS_OK);
            assert_true(gradus_net_read_gradient(made.net, nets_tensor(made.net, "1.weight"), gradient));
            assert_int_equal(gradus_net_train(made.net, &batch, update, false, NULL, NULL, NULL), GRADUS_OK);
            assert_true(gradus_net_read_gradient(made.net, nets_tensor(made.net, "1.weight"), others));
            assert_memory_equal(gradient, others, sizeof gradient); /* the same number, the same masks */
            if (example == 0)
                for (int i = 0; i < SIZE; i++) kept_of[update][i] = gradient[i] != 0;
        }
    int kept = 0, both = 0;
    for (int i = 0; i < SIZE; i++) kept += kept_of[0][i], both += kept_of[0][i] && kept_of[1][i];
    assert_in_range(kept, 640, 760); /* 700 +- 4 deviations */
    assert_in_range(both, 428, 552); /* 490: another update, other masks */
    float outputs[2 * COUNT];
    const gradus_batch batch = {.count = COUNT, .inputs = inputs, .numbers = numbers};
    assert_int_equal(gradus_net_evaluate(made.net, &batch, NULL, outputs, NULL), GRADUS_OK);
    for (int i = 0; i < COUNT; i++) check_close(outputs[2 * i], SIZE, 1e-6, 0); /* nothing dropped, nothing scaled */
    free(inputs);
    nets_close(&made);
}

/* An evaluation, a probe and a batch of another size leave no trace in what comes after. */
static void test_looking_changes_nothing(void **state)
{
    static const char model[] = "conv(5, 3) > batchnorm > relu > dropout(20%) > maxpool(2) > flatten > dense(3)";
    (void)state;
    float inputs[30 * 100], gradient[2][15];
    int32_t classes[30];
    for (int i = 0; i < 3000; i++) inputs[i] = (float)gradus_random_normal(9, 0, (uint64_t)i);
    for (int i = 0; i < 30; i++) classes[i] = i % 3;
    const gradus_batch few = {.count = 13, .inputs = inputs, .classes = classes},
                       many = {.count = 30, .inputs = inputs, .classes = classes};
    for (int looks = 0; looks < 2; looks++) {
        nets_net made = nets_open(&(nets_texts){.model = model, .input = {1, 10, 10}, .outputs = 3, .batch = 8});
        float bias[3];
        for (int update = 0; update < 4; update++) {
            assert_int_equal(gradus_net_train(made.net, &few, update, false, NULL, NULL, NULL), GRADUS_OK);
            if (!looks) continue;
            gradus_score score = {0};
            double loss;
            assert_int_equal(gradus_net_evaluate(made.net, &many, &score, NULL, NULL), GRADUS_OK);
            assert_int_equal(gradus_net_probe(made.net, &many, 7, &loss, NULL), GRADUS_OK);
        }
        assert_int_equal(gradus_net_train(made.net, &few, 9, false, NULL, NULL, NULL), GRADUS_OK);
        assert_true(gradus_net_read_gradient(made.net, nets_tensor(made.net, "6.bias"), bias));
        memcpy(gradient[looks], bias, sizeof bias);
        for (int32_t i = 0; i < gradus_net_tensor_count(made.net); i++) {
            gradus_net_tensor tensor;
            gradus_net_tensor_at(made.net, i, &tensor);
            if (!strcmp(tensor.name, "1.running_var")) memcpy(gradient[looks] + 3, tensor.values, 5 * sizeof(float));
            if (!strcmp(tensor.name, "0.bias")) memcpy(gradient[looks] + 8, tensor.gradient, 5 * sizeof(float));
        }
        gradient[looks][13] = gradient[looks][14] = 0;
        nets_close(&made);
    }
    assert_memory_equal(gradient[0], gradient[1], sizeof gradient[0]);
}

/* Loss and gradient of a mixed batch are those of its two readings, by their shares. */
static void test_mixed_examples(void **state)
{
    (void)state;
    const float inputs[] = {1, -2, 0.5F, 3, 1, -1}, shares[] = {0.75F, 1};
    const int32_t classes[] = {0, 2}, others[] = {1, 2};
    const double weights[] = {0.75, 0.25};
    const gradus_batch mixed = {.count = 2, .inputs = inputs, .classes = classes, .others = others, .shares = shares};
    nets_net made = nets_open(&(nets_texts){.model = "dense(3)", .input = {3}, .outputs = 3, .batch = 2, .threads = 1});
    float gradient[9];
    double wanted[9] = {0}, wanted_loss = 0, loss;
    gradus_error error = {0};
    gradus_score score = {0};
    for (int i = 0; i < 2; i++) {
        const gradus_batch one = {.count = 2, .inputs = inputs, .classes = i ? others : classes};
        assert_int_equal(gradus_net_train(made.net, &one, 0, false, &loss, NULL, &error), GRADUS_OK);
        assert_true(gradus_net_read_gradient(made.net, 0, gradient));
        for (int k = 0; k < 9; k++) wanted[k] += weights[i] * gradient[k];
        wanted_loss += weights[i] * loss;
    }
    assert_int_equal(gradus_net_train(made.net, &mixed, 0, false, &loss, &score, &error), GRADUS_OK);
    assert_true(gradus_net_read_gradient(made.net, 0, gradient));
    check_close(loss, wanted_loss, 1e-6, 0);
    check_close(score.loss, 2 * wanted_loss, 1e-6, 0);
    for (int k = 0; k < 9; k++) check_close(gradient[k], wanted[k], 1e-5, 1e-7);
    nets_close(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_classes),
                                       cmocka_unit_test(test_yes_or_no),
                                       cmocka_unit_test(test_numbers),
                                       cmocka_unit_test(test_padding),
                                       cmocka_unit_test(test_running_statistics),
                                       cmocka_unit_test(test_statistics_in_pieces),
                                       cmocka_unit_test(test_dropout),
                                       cmocka_unit_test(test_looking_changes_nothing),
                                       cmocka_unit_test(test_mixed_examples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
