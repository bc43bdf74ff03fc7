/* Losses by values that were worked out elsewhere: by hand, or by PyTorch in
 * double precision. */
#include "nets.h"

enum { MOST = 9 };

/* The net hands its inputs on and adds a bias of 0, whose gradient is then the
 * sum of the outputs' gradients. */
static nets_net identity(const nets_texts *texts)
{
    const int64_t size = texts->input[0];
    char model[32];
    float values[MOST] = {0};
    snprintf(model, sizeof model, "dense(%d)", (int)size);
    nets_texts own = *texts;
    own.model = model;
    nets_net made = nets_open(&own);
    for (int64_t i = 0; i < size; i++) values[i * size + i] = 1;
    assert_true(gradus_net_write(made.net, nets_tensor(made.net, "0.weight"), values));
    memset(values, 0, sizeof values);
    assert_true(gradus_net_write(made.net, nets_tensor(made.net, "0.bias"), values));
    return made;
}

static void check_loss(const nets_texts *texts, const gradus_batch *batch, double expected, const double *gradient)
{
    nets_net made = identity(texts);
    double loss;
    float found[MOST];
    gradus_score score = {0};
    gradus_error error = {0};
    gradus_net_train(made.net, batch, 0, false, &loss, NULL, &error);
    if (error.status) fail_msg("%s: %s", texts->loss, error.message);
    assert_true(gradus_net_read_gradient(made.net, nets_tensor(made.net, "0.bias"), found));
    if (!check_is_close(loss, expected, 1e-6, 0)) fail_msg("%s: %.12g, not %.12g", texts->loss, loss, expected);
    for (int64_t i = 0; i < texts->input[0]; i++)
        if (!check_is_close(found[i], gradient[i], 1e-5, 1e-7))
            fail_msg("%s: slope %d is %.9g, not %.9g", texts->loss, (int)i, found[i], gradient[i]);
    assert_int_equal(gradus_net_evaluate(made.net, batch, &score, NULL, NULL), GRADUS_OK);
    if (!strstr(texts->loss, "sum")) check_close(score.loss / score.weight, expected, 1e-6, 0);
    assert_int_equal(score.count, batch->count);
    nets_close(&made);
}

static const float three[] = {1, 2, 4, -3, 0.5F, 0.25F, 0, 0, 0}, one[] = {2, -1, 4}, two[] = {2, -1, 0, 0.5F, 1, 1};
static const int32_t of_three[] = {1, 0, 2}, of_two[] = {1, 1, 0};

/* PyTorch: cross_entropy(weight=, label_smoothing=), multi_margin_loss;
 * torchvision: sigmoid_focal_loss. */
static void test_classes(void **state)
{
    static const int64_t counts[] = {10, 30, 60};
    static const struct {
        const char *loss;
        int64_t width;
        double expected, gradient[3];
    } losses[] = {
        {"cross_entropy(class_weights=[1, 2, 0.5])", 3, 2.56622039323, {-0.2093200927, -0.3006145076, 0.5099346003}},
        {"cross_entropy(class_weights=[1, 2, 0.5], smoothing=10%)",
         3,
         2.47282988014,
         {-0.2038916361, -0.294351891, 0.4982435271}},
        {"cross_entropy(class_weights=[1, 2, 0.5], smoothing=10%, reduction=sum)",
         3,
         8.65490458048,
         {-0.7136207263, -1.030231618, 1.743852345}},
        {"cross_entropy(class_weights=balanced)", 3, 3.33277149833, {-0.6091654749, 0.208719631, 0.4004458439}},
        {"cross_entropy(class_weights=0.75)", 2, 1.60873431255, {0.4986206267, -0.4986206267}},
        {"focal", 3, 2.04937181923, {-0.2401863056, -0.05474278258, 0.2949290882}},
        {"focal(0.5, alpha=[1, 2, 0.5])", 3, 2.86379091095, {-0.2484477908, -0.3866461419, 0.6350939327}},
        {"focal", 1, 1.52619303473, {0.1044300632}},
        {"focal(alpha=0.25)", 1, 1.02736613168, {0.2071734913}},
        {"hinge", 3, 1.52777777778, {-0.1111111111, 0.1111111111, 0}},
        {"hinge(2, power=2)", 3, 9.20138888889, {-1.722222222, 0.5555555556, 1.166666667}},
        {"hinge", 1, (0 + 2 + 5) / 3.0, {(0 - 1 + 1) / 3.0}},
        {"hinge(power=2)", 1, (0 + 4 + 25) / 3.0, {(0 - 4 + 10) / 3.0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        const int64_t width = losses[i].width;
        const nets_texts texts = {
            .loss = losses[i].loss, .input = {width}, .outputs = width == 1 ? 2 : width, .class_counts = counts};
        const gradus_batch batch = {.count = 3,
                                    .inputs = width == 3   ? three
                                              : width == 2 ? two
                                                           : one,
                                    .classes = width == 3 ? of_three : of_two};
        check_loss(&texts, &batch, losses[i].expected, losses[i].gradient);
    }
}

/* PyTorch: kl_div(log_softmax(x), t, reduction="batchmean"); targets need not
 * add up to 1. */
static void test_probabilities(void **state)
{
    static const float targets[] = {0.2F, 0.3F, 0.5F, 0, 1, 0, 0.25F, 0.125F, 0.125F};
    const gradus_batch batch = {.count = 3, .inputs = three, .numbers = targets};
    nets_texts texts = {.loss = "kl_divergence", .input = {3}, .target = GRADUS_TARGET_NUMBERS, .outputs = 3};
    (void)state;
    check_loss(&texts, &batch, 0.205279455664, (double[]){-0.07487679682, -0.1971153254, 0.2719921222});
    texts.loss = "kl_divergence(reduction=sum)";
    check_loss(&texts, &batch, 0.615838366992, (double[]){-0.2246303905, -0.5913459761, 0.8159763666});
}

/* A focal loss with gamma 0 is cross-entropy, and it has no trouble where a
 * probability is 1 or 0. */
static void test_focal_at_the_ends(void **state)
{
    static const float inputs[] = {80, -80, 0, -80, 80, 0};
    static const int32_t classes[] = {0, 0};
    const gradus_batch batch = {.count = 2, .inputs = inputs, .classes = classes};
    (void)state;
    const nets_texts texts = {.loss = "focal(0)", .input = {3}, .outputs = 3};
    check_loss(&texts, &batch, 160 / 2.0, (double[]){-0.5, 0.5, 0});
    check_loss(&(nets_texts){.loss = "focal", .input = {3}, .outputs = 3}, &batch, 80, (double[]){-0.5, 0.5, 0});
    check_loss(&(nets_texts){.loss = "focal(0.5)", .input = {3}, .outputs = 3}, &batch, 80, (double[]){-0.5, 0.5, 0});
    const gradus_batch alone = {.count = 2, .inputs = (float[]){800, -800}, .classes = (int32_t[]){1, 1}};
    check_loss(&(nets_texts){.loss = "focal(0.5)", .input = {1}, .outputs = 2}, &alone, 400, (double[]){-0.5});
}

/* Errors of numbers are those of probabilities where the loss makes such of the
 * outputs. */
static void test_errors_of_probabilities(void **state)
{
    static const float inputs[] = {0, 0}, numbers[] = {1, 0.25F};
    const gradus_batch batch = {.count = 1, .inputs = inputs, .numbers = numbers};
    static const char *const losses[] = {"binary_cross_entropy", "kl_divergence"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        const nets_texts texts = {.loss = losses[i], .input = {2}, .target = GRADUS_TARGET_NUMBERS, .outputs = 2};
        nets_net made = identity(&texts);
        gradus_score score[2] = {{0}, {0}};
        float outputs[2];
        assert_int_equal(gradus_net_evaluate(made.net, &batch, &score[0], outputs, NULL), GRADUS_OK);
        assert_int_equal(gradus_net_train(made.net, &batch, 0, false, NULL, &score[1], NULL), GRADUS_OK);
        check_close(outputs[0], 0.5, 1e-7, 0);
        for (int k = 0; k < 2; k++) {
            check_close(score[k].squared, (0.25 + 0.0625) / 2, 1e-6, 0);
            check_close(score[k].absolute, (0.5 + 0.25) / 2, 1e-6, 0);
        }
        assert_true(gradus_net_head(made.net, 0).probabilities);
        nets_close(&made);
    }
}

/* A hinge makes no probabilities: its outputs stay, and one alone is the second
 * class above 0. */
static void test_hinge_as_it_is(void **state)
{
    (void)state;
    nets_net made = identity(&(nets_texts){.loss = "hinge", .input = {1}, .outputs = 2});
    const gradus_batch batch = {.count = 3, .inputs = one, .classes = of_two};
    float outputs[3];
    gradus_score score = {0};
    assert_int_equal(gradus_net_evaluate(made.net, &batch, &score, outputs, NULL), GRADUS_OK);
    assert_memory_equal(outputs, one, sizeof one);
    check_close(score.correct, 1, 0, 0);
    assert_false(gradus_net_head(made.net, 0).probabilities);
    const float nothing[] = {NAN, 1, 1};
    double loss;
    const gradus_batch lost = {.count = 3, .inputs = nothing, .classes = of_two};
    assert_int_equal(gradus_net_probe(made.net, &lost, 0, &loss, NULL), GRADUS_OK);
    assert_true(isnan(loss));
    nets_close(&made);
}

/* Where the mean is over the weights, a batch of which nothing counts teaches
 * nothing. */
static void test_weights_of_zero(void **state)
{
    const nets_texts texts = {.loss = "cross_entropy(class_weights=[0, 1])", .input = {2}, .outputs = 2};
    const gradus_batch batch = {.count = 1, .inputs = two, .classes = (int32_t[]){0}};
    nets_net made = identity(&texts);
    double loss;
    float found[2];
    (void)state;
    assert_int_equal(gradus_net_train(made.net, &batch, 0, false, &loss, NULL, NULL), GRADUS_OK);
    assert_true(gradus_net_read_gradient(made.net, nets_tensor(made.net, "0.bias"), found));
    assert_true(loss == 0 && found[0] == 0 && found[1] == 0);
    nets_close(&made);
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *loss;
        int64_t width, outputs;
        int32_t target;
        const char *message;
    } mistakes[] = {
        {"cross_entropy(class_weights=[1, 2])", 3, 3, GRADUS_TARGET_CLASS,
         "loss: 'class_weights' has a number for each of the 3 classes, or is "
         "the word balanced, where it is known how "
         "often each occurs"},
        {"cross_entropy(class_weights=balanced)", 3, 3, GRADUS_TARGET_CLASS, "where it is known how often"},
        {"focal(alpha=0.25)", 3, 3, GRADUS_TARGET_CLASS, "loss: 'alpha' has a number for each of the 3 classes"},
        {"focal(alpha=1.5)", 1, 2, GRADUS_TARGET_CLASS, "or one from 0 to 1 that is the second's"},
        {"focal(alpha=[balanced, 1])", 2, 2, GRADUS_TARGET_CLASS, "loss: 'alpha' has a number for each"},
        {"hinge", 1, 3, GRADUS_TARGET_CLASS, "gives 1 values, but the data have 3 classes; end in dense(3)"},
        {"kl_divergence", 3, 3, GRADUS_TARGET_CLASS, "'kl_divergence' is for numbers, but the data have classes"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        gradus_error error = {0};
        char model[32];
        snprintf(model, sizeof model, "dense(%d)", (int)mistakes[i].width);
        nets_net made = nets_try(&(nets_texts){.model = model,
                                               .loss = mistakes[i].loss,
                                               .input = {4},
                                               .target = mistakes[i].target,
                                               .outputs = mistakes[i].outputs},
                                 &error);
        assert_null(made.net);
        if (!strstr(error.message, mistakes[i].message)) fail_msg("%s: %s", mistakes[i].loss, error.message);
        nets_close(&made);
    }
}

/* Targets that a table has scaled are no probabilities. */
static void test_targets_out_of_range(void **state)
{
    static const char *const losses[] = {"binary_cross_entropy", "kl_divergence"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        const nets_texts texts = {.loss = losses[i], .input = {2}, .target = GRADUS_TARGET_NUMBERS, .outputs = 2};
        nets_net made = identity(&texts);
        gradus_error error = {0};
        const float numbers[] = {0.5F, -0.25F};
        const gradus_batch batch = {.count = 1, .inputs = two, .numbers = numbers};
        assert_int_equal(gradus_net_train(made.net, &batch, 0, false, NULL, NULL, &error), GRADUS_ERROR_RANGE);
        assert_non_null(strstr(error.message, "a target of -0.25 in the batch, but "));
        nets_close(&made);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),           cmocka_unit_test(test_probabilities),
        cmocka_unit_test(test_focal_at_the_ends), cmocka_unit_test(test_errors_of_probabilities),
        cmocka_unit_test(test_hinge_as_it_is),    cmocka_unit_test(test_weights_of_zero),
        cmocka_unit_test(test_mistakes),          cmocka_unit_test(test_targets_out_of_range)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
