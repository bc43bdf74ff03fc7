/* Batches in two halves: the gradient is the whole one, its halves' norms are those of the halves, for means and sums and batches of odd
 * size; the halves are independent; and a run that listens can be interrupted. */
#include "../../src/train/loop.h"
#include "training.h"

typedef struct probe {
    gradus_settings *settings;
    gradus_run *run;
    gradus_loop loop;
} probe;

static void begin(probe *into, const char *const *settings)
{
    gradus_report report = {0};
    into->settings = gradus_settings_create(&(gradus_settings_config){.arguments = settings}, &report);
    if (!into->settings) fail_msg("%s", report.error.message);
    into->run =
        gradus_run_create(&(gradus_run_config){.settings = into->settings, .out = training_out, .threads = 1}, &report);
    if (!into->run) fail_msg("%s", report.error.message);
    into->loop = (gradus_loop){.run = into->run};
    assert_true(gradus_loader_next(into->run->training, &into->loop.batch));
}

static void end(probe *taken)
{
    free(taken->loop.half_gradient);
    gradus_run_destroy(taken->run);
    gradus_settings_destroy(taken->settings);
}

/* All gradients one after another; returns how many numbers. */
static size_t gradients(const gradus_run *run, float into[8192])
{
    size_t count = 0;
    gradus_net_tensor tensor;
    for (int32_t i = 0; i < gradus_net_tensor_count(run->net); i++) {
        gradus_net_tensor_at(run->net, i, &tensor);
        if (!tensor.gradient) continue;
        assert_true(count + (size_t)tensor.count <= 8192);
        memcpy(into + count, tensor.gradient, (size_t)tensor.count * sizeof *into);
        count += (size_t)tensor.count;
    }
    return count;
}

/* The squared norm of the gradient of `count` examples from `first` on, computed by itself. */
static double squares_of_part(probe *p, int32_t first, int32_t count, int64_t masks, double *weight)
{
    static float numbers[8192];
    gradus_error error = {0};
    gradus_batch part = p->loop.batch;
    gradus_score score = {0};
    double loss, sum = 0;
    part.inputs += first * 28 * 28;
    part.classes += first;
    if (part.others) part.others += first, part.shares += first;
    part.count = count;
    gradus_net_train(p->run->net, &part, masks, false, &loss, &score, &error);
    assert_int_equal(error.status, GRADUS_OK);
    *weight = score.weight;
    for (size_t i = gradients(p->run, numbers); i-- > 0;) sum += (double)numbers[i] * numbers[i];
    return sum;
}

static void check_halves(const char *loss, const char *augment, int32_t count)
{
    static float whole[8192], joined[8192];
    const bool sum = strstr(loss, "sum") != NULL;
    gradus_error error = {0};
    gradus_score score = {0};
    double loss_of_whole;
    probe p;
    begin(&p, (const char *const[]){"data=glyphs(count=300, test=50)", "model=flatten > dense(8) > tanh > dense(10)",
                                    "batch=16", loss, augment, NULL});
    p.loop.batch.count = count;
    gradus_net_train(p.run->net, &p.loop.batch, 0, false, &loss_of_whole, &score, &error);
    size_t numbers = gradients(p.run, whole);
    gradus_loop_halves(&p.loop, 0, &error);
    assert_int_equal(error.status, GRADUS_OK);
    assert_int_equal(gradients(p.run, joined), numbers);
    for (size_t i = 0; i < numbers; i++) check_close(joined[i], whole[i], 1e-4, sum ? 2e-5 : 1e-6);
    check_close(p.loop.loss, loss_of_whole, 1e-6, 0);
    check_close(p.loop.scores[0].loss, score.loss, 1e-6, 0);
    assert_int_equal(p.loop.scores[0].count, count);
    const int32_t first = (count + 1) / 2, second = count - first;
    double w1, w2, one = squares_of_part(&p, 0, first, 0, &w1), two = squares_of_part(&p, first, second, 0, &w2);
    double expected = sum ? one * count / first + two * count / second : (one * w1 + two * w2) / (w1 + w2);
    check_close(p.loop.half_norm, sqrt(expected), 1e-9, 0);
    end(&p);
}

static void test_halves(void **state)
{
    (void)state;
    static const char *const losses[] = {"loss=cross_entropy", "loss=cross_entropy(reduction=sum)",
                                         "loss=cross_entropy(class_weights=[1, 2, 3, 4, 5, 6, 7, 8, 9, 10])"};
    for (int i = 0; i < 3; i++) {
        check_halves(losses[i], "augment=none", 16);
        check_halves(losses[i], "augment=none", 15);
        check_halves(losses[i], "augment=none", 2);
        check_halves(losses[i], "augment=none", 3);
        check_halves(losses[i], "augment=mixup(1)", 15);
    }
}

/* The same example in both halves, but other values dropped. */
static void test_masks_differ(void **state)
{
    (void)state;
    gradus_error error = {0};
    probe p;
    begin(&p, (const char *const[]){"data=glyphs(count=300, test=50)", "model=flatten > dropout(0.5) > dense(10)",
                                    "batch=16", NULL});
    memcpy((float *)p.loop.batch.inputs + 784, p.loop.batch.inputs, 784 * sizeof(float));
    ((int32_t *)p.loop.batch.classes)[1] = p.loop.batch.classes[0];
    p.loop.batch.count = 2;
    gradus_loop_halves(&p.loop, 0, &error);
    double whole = 0;
    static float numbers[8192];
    for (size_t i = gradients(p.run, numbers); i-- > 0;) whole += (double)numbers[i] * numbers[i];
    assert_true(sqrt(whole) < 0.95 * p.loop.half_norm); /* equal halves would be as long as the whole */
    end(&p);
}

static const char *const listening[] = {"data=glyphs(count=300, test=50)", /* 270 to train on: the last batch has 15 */
                                        "model=conv(2, 3) > batchnorm > relu > flatten > dropout(0.1) > dense(10)",
                                        "batch=17",
                                        "epochs=2",
                                        "lr=0.003",
                                        "feedback=adascale(4) > noise_scale",
                                        "name=run",
                                        NULL};

static void test_a_run_that_listens(void **state)
{
    (void)state;
    training_remove("run");
    training whole = {.settings = listening, .threads = 1};
    training_must(&whole, GRADUS_RUN_FINISHED);
    size_t size, again_size;
    char *summary = training_read("run", "summary.json", &size),
         *model = training_read("run", "model.safetensors", &size);
    json_t *read = json_loads(summary, 0, NULL);
    const json_t *scale = json_object_get(json_object_get(read, "final"), "noise_scale");
    assert_true(json_number_value(scale) > 1 && json_number_value(scale) < 1e5);
    assert_true(json_integer_value(json_object_get(json_object_get(read, "decisions"), "gradient_noise")) > 0);
    json_decref(read);
    free(summary);

    training_remove("run");
    training first = {.settings = listening, .threads = 1, .interrupt_after = 1};
    training_must(&first, GRADUS_RUN_INTERRUPTED);
    training second = {.resume = "run"};
    training_must(&second, GRADUS_RUN_FINISHED);
    char *again = training_read("run", "model.safetensors", &again_size);
    assert_int_equal(size, again_size);
    assert_memory_equal(model, again, size);
    free(model);
    free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_halves), cmocka_unit_test(test_masks_differ),
                                       cmocka_unit_test(test_a_run_that_listens)};
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
