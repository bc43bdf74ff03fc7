/* The gradients of every layer and loss against differences of the loss: along random directions of each tensor, by central
 * differences at two distances, from which the error of the third derivative is taken out (Richardson). Batches of one, odd and many
 * examples. */
#include "problems.h"

enum { DIRECTIONS = 3, SINGLES = 24 };

/* Even numbers between -1 and 1, and no two alike: no maximum is a tie. */
static float value_at(uint64_t stream, uint64_t index) { return (float)(2 * gradus_random_unit(3, stream, index) - 1); }

typedef struct examples {
    float *inputs, *numbers;
    int32_t *classes;
    gradus_batch batch;
} examples;

static examples make_examples(const problem *it, int32_t count)
{
    const int64_t size = nets_size(it->input), positions = it->input[POSITIONS], symbols = it->input[SYMBOLS],
                  targets = count * (positions ? positions : 1);
    examples made = {.inputs = malloc((size_t)(count * size) * sizeof(float)),
                     .numbers = malloc((size_t)(targets * it->outputs) * sizeof(float)),
                     .classes = malloc((size_t)targets * sizeof(int32_t))};
    for (int64_t i = 0; i < count * size; i++) {
        const float value = value_at(1, (uint64_t)i);
        made.inputs[i] = symbols ? floorf((value + 1) / 2 * (float)symbols) : value;
    }
    for (int64_t i = 0; i < targets * it->outputs; i++) made.numbers[i] = (value_at(2, (uint64_t)i) + 1) / 2;
    for (int64_t i = 0; i < targets; i++) made.classes[i] = (int32_t)((i * 7 + 1) % it->outputs);
    made.batch =
        (gradus_batch){.count = count, .inputs = made.inputs, .classes = made.classes, .numbers = made.numbers};
    if (it->numbers)
        made.batch.classes = NULL;
    else
        made.batch.numbers = NULL;
    return made;
}

static void free_examples(examples *made)
{
    free(made->inputs);
    free(made->numbers);
    free(made->classes);
}

static double probe(gradus_net *net, const gradus_batch *batch)
{
    double loss = NAN;
    gradus_error error = {0};
    assert_int_equal(gradus_net_probe(net, batch, 5, &loss, &error), GRADUS_OK);
    return loss;
}

/* Loss with a tensor moved by `far` along a direction of random signs. */
static double moved(gradus_net *net, int32_t index, const float *values, const float *direction, int64_t count,
                    double far, const gradus_batch *batch)
{
    float *at = malloc((size_t)count * sizeof(float));
    for (int64_t i = 0; i < count; i++) at[i] = (float)(values[i] + far * direction[i]);
    assert_true(gradus_net_write(net, index, at));
    free(at);
    return probe(net, batch);
}

typedef struct slope {
    double value, doubt;
} slope;

/* By central differences at two distances. Along a smooth curve these agree, and the slopes to the left and to the right of a point
 * come twice as near to each other when the distance is halved; what is missing to that is the doubt. */
static slope slope_along(gradus_net *net, int32_t index, const float *values, const float *direction, int64_t count,
                         double far, const gradus_batch *batch)
{
    double central[2], gap[2];
    const double here = moved(net, index, values, direction, count, 0, batch);
    for (int i = 0; i < 2; i++, far /= 2) {
        const double right = moved(net, index, values, direction, count, far, batch) - here;
        const double left = here - moved(net, index, values, direction, count, -far, batch);
        central[i] = (right + left) / (2 * far);
        gap[i] = (right - left) / far;
    }
    return (slope){(4 * central[1] - central[0]) / 3, fmax(fabs(central[0] - central[1]), fabs(2 * gap[1] - gap[0]))};
}

typedef struct tally {
    int checked, doubtful;
} tally;

/* Of a relu, of an absolute value, of a margin, or where two pixels of a window are equal: there only one value is moved at a time, so that few are
 * stepped over. */
static bool has_kinks(const problem *it)
{
    return strstr(it->model, "relu") || strstr(it->model, "maxpool") || !strcmp(it->loss, "mean_absolute") ||
           !strcmp(it->loss, "hinge");
}

/* A long step leaves the straight part of a curve, a short one drowns in the digits that a loss has: that of the least doubt counts. A
 * step over the kink of a relu, or over a tie of two pixels, shows in the doubt. */
static void check_direction(const problem *it, gradus_net *net, int32_t index, const float *values,
                            const float *direction, double expected, double norm, const gradus_batch *batch,
                            tally *done)
{
    gradus_net_tensor tensor;
    gradus_net_tensor_at(net, index, &tensor);
    const int64_t count = nets_size(tensor.shape);
    const bool kinks = has_kinks(it);
    const double digits = 3e-7 * fabs(probe(net, batch)), near = (kinks ? 2e-3 : 1e-3) * norm;
    const double longest = kinks ? 0.01 : 0.2 / sqrt((double)count), shortest = longest / (kinks ? 10 : 100);
    slope best = {.doubt = INFINITY};
    double allowed = 0;
    for (double far = longest; far > shortest && best.doubt > allowed / 3; far /= 3) {
        const slope found = slope_along(net, index, values, direction, count, far, batch);
        if (found.doubt < best.doubt) best = found, allowed = near + digits / far;
    }
    if (best.doubt > allowed) {
        done->doubtful++;
        return;
    }
    done->checked++;
    if (!check_is_close(best.value, expected, 0, allowed))
        fail_msg("%s, %s, %s, batch of %d: the slope is %.6g, the gradient says %.6g (norm %.3g)", it->model, it->loss,
                 tensor.name, (int)batch->count, best.value, expected, norm);
}

static void check_tensor(const problem *it, gradus_net *net, int32_t index, const gradus_batch *batch, tally *done)
{
    gradus_net_tensor tensor;
    gradus_net_tensor_at(net, index, &tensor);
    if (!tensor.gradient) return;
    const int64_t count = nets_size(tensor.shape);
    float *values = malloc((size_t)count * sizeof(float)), *gradient = malloc((size_t)count * sizeof(float)),
          *direction = malloc((size_t)count * sizeof(float));
    assert_true(gradus_net_read(net, index, values) && gradus_net_read_gradient(net, index, gradient));
    const bool kinks = has_kinks(it);
    for (int k = 0; k < (kinks ? SINGLES : DIRECTIONS); k++) {
        double expected = 0, norm = 0;
        const int64_t single = (int64_t)(gradus_random_bits(4, (uint64_t)index, (uint64_t)k) % (uint64_t)count);
        for (int64_t i = 0; i < count; i++) {
            direction[i] = kinks ? (float)(i == single) : value_at(10 + (uint64_t)k, (uint64_t)i) < 0 ? -1 : 1;
            expected += (double)gradient[i] * direction[i];
            norm += (double)gradient[i] * gradient[i];
        }
        check_direction(it, net, index, values, direction, expected, sqrt(norm), batch, done);
        assert_true(gradus_net_write(net, index, values));
    }
    free(values);
    free(gradient);
    free(direction);
}

static nets_net open_problem(const problem *it, int32_t batch, int32_t threads)
{
    nets_texts texts = {.model = it->model,
                        .loss = it->loss,
                        .target = it->numbers ? GRADUS_TARGET_NUMBERS : GRADUS_TARGET_CLASS,
                        .outputs = it->outputs,
                        .positions = it->input[POSITIONS],
                        .symbols = it->input[SYMBOLS],
                        .batch = batch,
                        .threads = threads,
                        .seed = 11};
    memcpy(texts.input, it->input, sizeof texts.input);
    return nets_open(&texts);
}

static void test_differences(void **state)
{
    static const int32_t counts[] = {1, 3, 11, 33};
    (void)state;
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        tally done = {0};
        /* with many examples there are kinks everywhere; test_accumulation has those */
        for (size_t k = 0; k < (has_kinks(&problems[i]) ? 2 : sizeof counts / sizeof *counts); k++) {
            nets_net made = open_problem(&problems[i], counts[k], 1);
            examples set = make_examples(&problems[i], counts[k]);
            gradus_error error = {0};
            double loss;
            if (gradus_net_train(made.net, &set.batch, 5, false, &loss, NULL, &error))
                fail_msg("%s: %s", problems[i].model, error.message);
            check_close(probe(made.net, &set.batch), loss, 1e-12, 0);
            for (int32_t t = 0; t < gradus_net_tensor_count(made.net); t++)
                check_tensor(&problems[i], made.net, t, &set.batch, &done);
            free_examples(&set);
            nets_close(&made);
        }
        if (done.doubtful > done.checked)
            fail_msg("%s, %s: only %d of %d directions tell", problems[i].model, problems[i].loss, done.checked,
                     done.checked + done.doubtful);
    }
}

/* ---- sums over batches ---- */

static float *gradients_of(const gradus_net *net, int64_t *count)
{
    gradus_net_tensor tensor;
    *count = 0;
    for (int32_t i = 0; i < gradus_net_tensor_count(net); i++) {
        gradus_net_tensor_at(net, i, &tensor);
        *count += tensor.gradient ? nets_size(tensor.shape) : 0;
    }
    float *all = malloc((size_t)*count * sizeof(float)), *at = all;
    for (int32_t i = 0; i < gradus_net_tensor_count(net); i++) {
        gradus_net_tensor_at(net, i, &tensor);
        if (!tensor.gradient) continue;
        assert_true(gradus_net_read_gradient(net, i, at));
        at += nets_size(tensor.shape);
    }
    return all;
}

static const problem one_by_one = {
    "conv(5, 3, pad=1) > tanh > maxpool(2) > conv(17, 3) > relu > flatten > dense(9) > sigmoid > dense(3)",
    "cross_entropy(reduction=sum)",
    {1, 9, 9},
    3,
    false};

/* The gradient of a batch of any size is the sum of its examples' gradients, each added to the last. */
static void test_accumulation(void **state)
{
    static const int32_t counts[] = {1, 2, 7, 8, 9, 16, 31, 135, 200};
    (void)state;
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        nets_net made = open_problem(&one_by_one, 20, 2);
        examples set = make_examples(&one_by_one, counts[k]);
        double loss, sum = 0;
        int64_t count;
        assert_int_equal(gradus_net_train(made.net, &set.batch, 0, false, &loss, NULL, NULL), GRADUS_OK);
        float *whole = gradients_of(made.net, &count);
        for (int32_t i = 0; i < counts[k]; i++) {
            const gradus_batch one = {
                .count = 1, .inputs = set.inputs + i * nets_size(one_by_one.input), .classes = set.classes + i};
            double part;
            assert_int_equal(gradus_net_train(made.net, &one, 0, i > 0, &part, NULL, NULL), GRADUS_OK);
            sum += part;
        }
        float *pieces = gradients_of(made.net, &count);
        check_close(loss, sum, 1e-6, 0);
        double norm = 0, far = 0;
        for (int64_t i = 0; i < count; i++) {
            norm += (double)pieces[i] * pieces[i];
            far += ((double)whole[i] - pieces[i]) * ((double)whole[i] - pieces[i]);
        }
        check_close(sqrt(far), 0, 0, 2e-6 * sqrt(norm));
        free(whole);
        free(pieces);
        free_examples(&set);
        nets_close(&made);
    }
}

/* What fills up blocks of channels is zero in the gradients too: an optimizer that saw something there would move it. */
static void check_filling(const problem *it, const gradus_net *net)
{
    for (int32_t i = 0; i < gradus_net_tensor_count(net); i++) {
        gradus_net_tensor tensor;
        gradus_net_tensor_at(net, i, &tensor);
        if (!tensor.gradient) continue;
        const int64_t count = nets_size(tensor.shape);
        float *plain = malloc((size_t)count * sizeof(float));
        assert_true(gradus_net_read_gradient(net, i, plain));
        int64_t there = 0, wanted = 0;
        for (int64_t k = 0; k < tensor.count; k++) there += tensor.gradient[k] != 0;
        for (int64_t k = 0; k < count; k++) wanted += plain[k] != 0;
        if (there != wanted)
            fail_msg("%s: %d values of %s's gradient fill up blocks and are not zero", it->model, (int)(there - wanted),
                     tensor.name);
        free(plain);
    }
}

/* Accumulated batch norm too: two times the same batch is twice its gradient. */
static void test_accumulation_of_every_layer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        nets_net made = open_problem(&problems[i], 13, 1);
        examples set = make_examples(&problems[i], 13);
        int64_t count;
        assert_int_equal(gradus_net_train(made.net, &set.batch, 5, false, NULL, NULL, NULL), GRADUS_OK);
        float *once = gradients_of(made.net, &count);
        check_filling(&problems[i], made.net);
        assert_int_equal(gradus_net_train(made.net, &set.batch, 5, true, NULL, NULL, NULL), GRADUS_OK);
        float *twice = gradients_of(made.net, &count);
        for (int64_t k = 0; k < count; k++) check_close(twice[k], 2 * once[k], 1e-5, 1e-6);
        free(once);
        free(twice);
        free_examples(&set);
        nets_close(&made);
    }
}

/* ---- equal bits ---- */

/* Slots and chunks depend on the batch alone: any number of threads, and every repetition, gives the same bits. */
static void test_bits(void **state)
{
    static const int32_t counts[] = {5, 40, 150};
    (void)state;
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
            examples set = make_examples(&problems[i], counts[k]);
            float *first = NULL;
            int64_t count;
            for (int32_t threads = 1; threads <= 3; threads++) {
                nets_net made = open_problem(&problems[i], counts[k], threads);
                for (int again = 0; again < 2; again++) {
                    assert_int_equal(gradus_net_train(made.net, &set.batch, 5, false, NULL, NULL, NULL), GRADUS_OK);
                    float *all = gradients_of(made.net, &count);
                    if (first && memcmp(first, all, (size_t)count * sizeof(float)) != 0)
                        fail_msg("%s: other bits with %d threads", problems[i].model, (int)threads);
                    if (first)
                        free(all);
                    else
                        first = all;
                }
                nets_close(&made);
            }
            free(first);
            free_examples(&set);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_differences), cmocka_unit_test(test_accumulation),
                                       cmocka_unit_test(test_accumulation_of_every_layer), cmocka_unit_test(test_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
