/* Nets that tell several things: against PyTorch in double precision, update by update, under every balance of their losses; and what
 * may not be said of them. */
#include "nets.h"

enum { COUNT = 4, INPUTS = 3, TENSORS = 6, MOST_UPDATES = 7 };

static const gradus_target targets[] = {{.name = "a", .kind = GRADUS_TARGET_CLASS, .outputs = 2},
                                        {.name = "b", .kind = GRADUS_TARGET_NUMBERS, .outputs = 2}};
static const int32_t classes[COUNT] = {0, 1, 1, 0};
static float inputs[COUNT * INPUTS], numbers[COUNT * 2];

static int fill_batch(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT * INPUTS; i++) inputs[i] = (float)sin(0.3 + 1.3 * i);
    for (int i = 0; i < COUNT * 2; i++) numbers[i] = (float)cos(i);
    return 0;
}

static gradus_batch batch_at(double epoch)
{
    return (gradus_batch){.count = COUNT, .inputs = inputs, .classes = classes, .numbers = numbers, .epoch = epoch};
}

static void fill(gradus_net *net)
{
    for (int32_t i = 0; i < TENSORS; i++) {
        gradus_net_tensor tensor;
        float values[16];
        gradus_net_tensor_at(net, i, &tensor);
        for (int64_t k = 0; k < nets_size(tensor.shape); k++) values[k] = (float)(0.7 * sin(1.0 * i + 1 + (double)k));
        assert_true(gradus_net_write(net, i, values));
    }
}

static void descend(gradus_net *net, float rate)
{
    for (int32_t i = 0; i < gradus_net_tensor_count(net); i++) {
        gradus_net_tensor tensor;
        gradus_net_tensor_at(net, i, &tensor);
        for (int64_t k = 0; tensor.gradient && k < tensor.count; k++) tensor.values[k] -= rate * tensor.gradient[k];
    }
}

#define MODEL "dense(4) > tanh > outputs(a=dense(2), b=dense(2))"
#define LOSS  "sum(cross_entropy(output=a, weight=0.5), mean_squared(output=b, weight=2)"

/* PyTorch 2.13 in double precision: nn.Linear(3, 4), tanh, two nn.Linear(4, 2); cross_entropy / 2 and 2 mse_loss; plain gradient
 * descent at 0.1, two updates an epoch; the balances written out as their papers have them. Of each tensor the sum of
 * values[k] sin(1 + k) at the end; the factors, which are the logs of the variances of the second. */
static const struct trace {
    const char *balance;
    int updates;
    double losses[MOST_UPDATES], sums[TENSORS], factors[2];
} traces[] = {
    {"",
     4,
     {3.86747959162974, 1.84883161110348, 1.19700320975507, 0.898473184424624},
     {4.68792954444987, 0.837595326407958, -1.14267966749027, -1.05586843176421, -1.48185319262728, 0.304285177809929},
     {1, 1}},
    {", balance=uncertainty",
     4,
     {2.11833202855327, 1.45397809160389, 1.16023419462261, 0.983419435687072},
     {4.55822207564314, 0.916182633352561, -1.14501238556829, -1.05571744592226, -1.70934651966207, 0.311836846870262},
     {1.05543572, 0.40757993}}, /* exp(0.0539537056...), exp(-0.2043724127...) / 2 */
    {", balance=dwa",
     7,
     {3.86747959162974, 1.84883161110348, 1.19700320975507, 0.898473184424624, 0.715047732179022, 0.623779260795485,
      0.548186612993841},
     {4.7617885808654, 0.840156138103235, -1.13180239257601, -1.05568578282001, -1.47157879103574, 0.239369919582024},
     {1.1004357526569146, 0.8995642473430854}},
    {", balance=gradnorm",
     4,
     {3.86747959162974, 1.82829631348754, 1.19078645826261, 0.900081128488782},
     {4.68365958288863, 0.839320267578078, -1.14215544946826, -1.05586220816269, -1.48596320543444, 0.30588025374648},
     {1.0514340235904711, 0.948565976409529}},
    {", balance=pcgrad", /* the gradients are at odds in the first two updates */
     4,
     {3.86747959162974, 1.83496797634822, 1.17657449181082, 0.880277484275207},
     {4.67810779066287, 0.845137852273132, -1.14468078899809, -1.05584956807087, -1.49328641001344, 0.303720843430677},
     {1, 1}},
};

static double sum_of(const gradus_net *net, int32_t index)
{
    gradus_net_tensor tensor;
    float values[16];
    double sum = 0;
    gradus_net_tensor_at(net, index, &tensor);
    assert_true(gradus_net_read(net, index, values));
    for (int64_t k = 0; k < nets_size(tensor.shape); k++) sum += values[k] * sin(1 + (double)k);
    return sum;
}

static void test_balances(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof traces / sizeof *traces; i++) {
        const struct trace *it = &traces[i];
        char loss[160];
        snprintf(loss, sizeof loss, "%s%s)", LOSS, it->balance);
        nets_net made = nets_open(
            &(nets_texts){.model = MODEL, .loss = loss, .input = {INPUTS}, .targets = targets, .target_count = 2});
        fill(made.net);
        for (int k = 0; k < it->updates; k++) {
            gradus_error error = {0};
            const gradus_batch batch = batch_at(0.5 * k);
            double found;
            gradus_net_train(made.net, &batch, k, false, &found, NULL, &error);
            if (error.status) fail_msg("%s: %s", loss, error.message);
            if (!check_is_close(found, it->losses[k], 2e-6, 0))
                fail_msg("%s: loss %d is %.12g, not %.12g", loss, k, found, it->losses[k]);
            descend(made.net, 0.1F);
        }
        for (int32_t k = 0; k < TENSORS; k++)
            if (!check_is_close(sum_of(made.net, k), it->sums[k], 2e-6, 1e-6))
                fail_msg("%s: tensor %d sums to %.12g, not %.12g", loss, (int)k, sum_of(made.net, k), it->sums[k]);
        for (int32_t k = 0; k < 2; k++) check_close(gradus_net_head(made.net, k).balance, it->factors[k], 2e-6, 0);
        nets_close(&made);
    }
}

/* Two batches' gradients added up are twice those of one, whatever the balance; what it has learnt by then is the same for both. */
static void test_accumulation(void **state)
{
    (void)state;
    static const char *const balances[] = {"", ", balance=uncertainty", ", balance=pcgrad"};
    for (int i = 0; i < 3; i++) {
        char loss[160];
        snprintf(loss, sizeof loss, "%s%s)", LOSS, balances[i]);
        nets_net made = nets_open(
            &(nets_texts){.model = MODEL, .loss = loss, .input = {INPUTS}, .targets = targets, .target_count = 2});
        gradus_error error = {0};
        const gradus_batch batch = batch_at(0);
        float once[128];
        size_t at = 0;
        fill(made.net);
        assert_int_equal(gradus_net_train(made.net, &batch, 0, false, NULL, NULL, &error), GRADUS_OK);
        for (int32_t k = 0; k < gradus_net_tensor_count(made.net); k++) {
            gradus_net_tensor tensor;
            gradus_net_tensor_at(made.net, k, &tensor);
            for (int64_t n = 0; n < tensor.count; n++) once[at++] = tensor.gradient[n];
        }
        at = 0;
        assert_int_equal(gradus_net_train(made.net, &batch, 0, true, NULL, NULL, &error), GRADUS_OK);
        for (int32_t k = 0; k < gradus_net_tensor_count(made.net); k++) {
            gradus_net_tensor tensor;
            gradus_net_tensor_at(made.net, k, &tensor);
            for (int64_t n = 0; n < tensor.count; n++) check_close(tensor.gradient[n], 2 * once[at++], 1e-5, 1e-7);
        }
        nets_close(&made);
    }
}

/* Scores and outputs of each by itself; a balance does not change what is measured. */
static void test_evaluation(void **state)
{
    (void)state;
    nets_net made = nets_open(&(nets_texts){.model = MODEL,
                                            .loss = LOSS ", balance=uncertainty)",
                                            .input = {INPUTS},
                                            .targets = targets,
                                            .target_count = 2});
    gradus_error error = {0};
    const gradus_batch batch = batch_at(0);
    gradus_score scores[2] = {{.count = 0}};
    float outputs[COUNT * 4];
    double squared = 0, right = 0, entropy = 0;
    fill(made.net);
    assert_int_equal(gradus_net_evaluate(made.net, &batch, scores, outputs, &error), GRADUS_OK);
    for (int i = 0; i < COUNT; i++) {
        const float *row = outputs + 4 * i;
        check_close(row[0] + row[1], 1, 1e-6, 0);
        right += (row[1] > row[0]) == classes[i];
        entropy -= log(row[classes[i]]);
        for (int k = 0; k < 2; k++) squared += pow(row[2 + k] - numbers[2 * i + k], 2) / 2;
    }
    check_close(scores[0].loss, entropy, 1e-5, 0);
    check_close(scores[1].loss, squared, 1e-5, 0);
    check_close(scores[1].squared, squared, 1e-5, 0);
    check_close(0.5 * entropy / COUNT + 2 * squared / COUNT, 3.86747959162974, 1e-5, 0);
    assert_true(scores[0].correct == right);
    for (int k = 0; k < 2; k++) assert_int_equal(scores[k].count, COUNT);
    const gradus_head head = gradus_net_head(made.net, 1);
    assert_string_equal(head.name, "b");
    assert_true(head.first == 2 && head.count == 2 && head.target == 1 && head.weight == 2 && !head.probabilities);
    nets_close(&made);
}

/* Targets go by their names, in whatever order the data and the model have them; two classes of an example stand side by side. */
static void test_names(void **state)
{
    (void)state;
    static const gradus_target three[] = {{.name = "x", .kind = GRADUS_TARGET_CLASS, .outputs = 3},
                                          {.name = "n", .kind = GRADUS_TARGET_NUMBERS, .outputs = 1},
                                          {.name = "y", .kind = GRADUS_TARGET_CLASS, .outputs = 2},
                                          {.name = "m", .kind = GRADUS_TARGET_NUMBERS, .outputs = 1}};
    static const int32_t both[] = {2, 1, 0, 0};
    static const float of[] = {7, -3, 5, 11}, nothing[2] = {0, 0};
    nets_net made =
        nets_open(&(nets_texts){.model = "outputs(m=dense(1), y=dense(1), x=dense(3), n=dense(1))",
                                .loss = "sum(mean_squared, binary_cross_entropy(output=y), cross_entropy(output=x))",
                                .init = "zeros",
                                .input = {1},
                                .targets = three,
                                .target_count = 4});
    const gradus_batch batch = {.count = 2, .inputs = nothing, .classes = both, .numbers = of};
    gradus_score scores[4] = {{.count = 0}};
    gradus_error error = {0};
    assert_int_equal(gradus_net_evaluate(made.net, &batch, scores, NULL, &error), GRADUS_OK);
    check_close(scores[0].loss, 9 + 121, 1e-6, 0); /* all outputs are 0 */
    check_close(scores[1].loss, 2 * log(2), 1e-6, 0);
    check_close(scores[2].loss, 2 * log(3), 1e-6, 0);
    check_close(scores[3].loss, 49 + 25, 1e-6, 0);
    assert_true(scores[1].correct == 1 && scores[2].correct == 1);
    nets_close(&made);
}

/* Names that begin alike for long name tensors of their own; what is too long is refused, not cut off. */
static void test_long_names(void **state)
{
    (void)state;
    static char text[256], names[2][80];
    for (int size = 40; size <= 70; size += 30) {
        gradus_error error = {0};
        gradus_target both[2] = {{.name = names[0], .outputs = 2}, {.name = names[1], .outputs = 2}};
        for (int i = 0; i < 2; i++) {
            memset(names[i], 'a', (size_t)size);
            snprintf(names[i] + size, 2, "%c", 'x' + i);
        }
        snprintf(text, sizeof text, "outputs(%s=dense(2), %s=dense(2))", names[0], names[1]);
        nets_net made =
            nets_try(&(nets_texts){.model = text, .input = {INPUTS}, .targets = both, .target_count = 2}, &error);
        if (size < 60) {
            gradus_net_tensor first, second;
            assert_non_null(made.net);
            gradus_net_tensor_at(made.net, 0, &first);
            gradus_net_tensor_at(made.net, 2, &second);
            assert_string_not_equal(first.name, second.name);
        } else {
            assert_null(made.net);
            assert_non_null(strstr(error.message, "a layer's name has at most 63 bytes"));
        }
        nets_close(&made);
    }
}

/* Several walks over one batch move the running statistics once. */
static void test_statistics(void **state)
{
    (void)state;
    float found[2][4];
    for (int i = 0; i < 2; i++) {
        nets_net made = nets_open(&(nets_texts){.model = "dense(4) > batchnorm > outputs(a=dense(2), b=dense(2))",
                                                .loss = i ? LOSS ", balance=pcgrad)" : LOSS ")",
                                                .input = {INPUTS},
                                                .targets = targets,
                                                .target_count = 2});
        gradus_error error = {0};
        const gradus_batch batch = batch_at(0);
        assert_int_equal(gradus_net_train(made.net, &batch, 0, false, NULL, NULL, &error), GRADUS_OK);
        assert_true(gradus_net_read(made.net, nets_tensor(made.net, "1.running_mean"), found[i]));
        nets_close(&made);
    }
    assert_memory_equal(found[0], found[1], sizeof found[0]);
}

static void must_refuse(const nets_texts *texts, const char *message)
{
    gradus_error error = {0};
    nets_net made = nets_try(texts, &error);
    assert_null(made.net);
    if (!strstr(error.message, message))
        fail_msg("%s, %s: says %s\n  expected %s", texts->model, texts->loss ? texts->loss : "", error.message,
                 message);
    nets_close(&made);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *model, *loss, *message;
    } mistakes[] = {
        {"dense(4)", NULL,
         "'dense(4)' (layer 1) tells one thing, but the data have a, b; end in outputs(a=dense(...), ...)"},
        {"outputs(a=dense(2), c=dense(2))", NULL, "(layer 3) names an output 'c', but the data have a, b"},
        {"outputs(a=dense(2), b=dense(2)) > relu", NULL, "stands last: behind it nothing tells its outputs apart"},
        {"outputs(a=dense(2), b=dense(3))", NULL, "gives 3 values for 'b', but the data have 2 numbers to tell"},
        {"outputs(a=dense(2))", NULL, "joins two or more"},
        {"outputs(a=relu, b=relu, c=relu, d=relu, e=relu, f=relu, g=relu, h=relu, i=relu)", NULL,
         "has more than 8 outputs"},
        {MODEL, "sum(cross_entropy(output=a), mean_squared(output=bb))",
         "'bb' is no output of the model; did you mean 'b'?"},
        {MODEL, "sum(cross_entropy(output=a), mean_squared(output=b), huber(output=b))",
         "'huber' is a second loss of that output"},
        {MODEL, "sum(cross_entropy, mean_squared)", "'mean_squared' is a second loss that says no output="},
        {MODEL, "cross_entropy", "loss: 'cross_entropy' is for classes, but 'b' is numbers; take mean_squared"},
        {MODEL, "sum(sum(huber), cross_entropy)", "'sum' does not stand in a sum"},
        {"outputs(a=dense(2), b=dense(2))", "sum(cross_entropy(output=a), mean_squared(output=b), balance=pcgrad)",
         "has no weights before its branches, so that balance=pcgrad has nothing to go by"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++)
        must_refuse(&(nets_texts){.model = mistakes[i].model,
                                  .loss = mistakes[i].loss,
                                  .input = {INPUTS},
                                  .targets = targets,
                                  .target_count = 2},
                    mistakes[i].message);
    must_refuse(
        &(nets_texts){.model = "dense(2)", .loss = "sum(cross_entropy, balance=dwa)", .input = {INPUTS}, .outputs = 2},
        "'dwa' weighs several outputs, but the model names none");
    must_refuse(&(nets_texts){.model = "outputs(a=flatten > dense(2), b=conv(2, 1))",
                              .input = {1, 2, 2},
                              .targets = targets,
                              .target_count = 2},
                "has an output of 2x2x2; each ends in plain values");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_balances),   cmocka_unit_test(test_accumulation),
                                       cmocka_unit_test(test_evaluation), cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_long_names), cmocka_unit_test(test_statistics),
                                       cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests(tests, fill_batch, NULL);
}
