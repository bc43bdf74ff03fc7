/* lr: auto: reading a sweep (the edge, the steady stretch, the veto that only ever lowers), and that a sweep leaves no trace. */
#include "../../src/train/run.h"
#include "training.h"

#define READ(first, usual, ...) \
    read_sweep((const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / sizeof(double), first, usual)

/* The rates of the sweep are 0.001, 0.01, 0.1, ... */
static gradus_run_rate read_sweep(const double *losses, int count, double first, double usual)
{
    double rates[16] = {1e-3};
    gradus_run_rate rate = {.automatic = true, .constant = usual};
    for (int i = 1; i < count; i++) rates[i] = rates[i - 1] * 10;
    gradus_auto_rate_read(rates, losses, count, first, &rate);
    return rate;
}

static void test_a_sweep_that_turns(void **state)
{
    (void)state;
    gradus_run_rate rate = READ(2.3, 0.003, 2.2, 1, 0.5, 1.3, 4, 9);
    check_close(rate.edge, 10, 1e-12, 0); /* the loss had fallen by 1.8 to 0.5: 1.3 is not yet 0.9 above
                     it, 4 is */
    check_close(rate.low, 0.01, 1e-12, 0);
    check_close(rate.high, 0.1, 1e-12, 0);
    assert_false(rate.lowered);
    assert_true(rate.base == 0.003);
}

static void test_the_veto(void **state)
{
    (void)state;
    gradus_run_rate rate = READ(2.3, 0.05, 2.2, 1, 9, NAN);
    check_close(rate.edge, 0.1, 1e-12, 0);
    assert_true(rate.lowered);
    check_close(rate.base, 0.1 / 3, 1e-12, 0);
    rate = READ(2.3, 0.03, 2.2, 1, 9, NAN); /* exactly a third is not lowered further */
    assert_false(rate.lowered);
}

static void test_not_finite_is_an_edge(void **state)
{
    (void)state;
    gradus_run_rate rate = READ(2.3, 0.5, 2.2, 1, 0.5, INFINITY);
    check_close(rate.edge, 1, 1e-12, 0);
    assert_true(rate.lowered);
    rate = READ(2.3, 0.5, NAN);
    check_close(rate.edge, 1e-3, 1e-12, 0);
    assert_true(isnan(rate.low) && isnan(rate.high));
    check_close(rate.base, 1e-3 / 3, 1e-12, 0);
}

static void test_no_edge_no_veto(void **state)
{
    (void)state;
    gradus_run_rate rate = READ(2.3, 0.003, 2.3, 2.2, 2, 1.5, 1);
    assert_true(isnan(rate.edge));
    assert_false(rate.lowered);
    assert_true(rate.base == 0.003);
    check_close(rate.high, 10, 1e-12, 0);
}

/* A net that hardly learns within the sweep shows noise, and noise is no edge.
 */
static void test_noise_is_no_edge(void **state)
{
    (void)state;
    gradus_run_rate rate = READ(2.3, 0.003, 2.29, 2.31, 2.28, 2.30, 2.32);
    assert_true(isnan(rate.edge));
    rate = READ(2.3, 0.003, 2.29, 2.31, 2.6, 5);
    check_close(rate.edge, 0.1, 1e-12, 0);
}

/* ---- nothing is left of a sweep ---- */

typedef struct trace { /* all that an update depends on, as bytes */
    gradus_buffer values, optimizer;
    int64_t rows[8][16];
} trace;

static void take_trace(gradus_run *run, trace *into)
{
    gradus_error error = {0};
    gradus_net_tensor tensor;
    for (int32_t i = 0; i < gradus_net_tensor_count(run->net); i++) {
        gradus_net_tensor_at(run->net, i, &tensor);
        assert_int_equal(gradus_buffer_write(&into->values, tensor.values, (size_t)tensor.count * sizeof(float)), 0);
    }
    gradus_optimizer_save(run->optimizer, GRADUS_STATE_AND_VALUES, gradus_buffer_write, &into->optimizer, &error);
    assert_int_equal(error.status, GRADUS_OK);
    gradus_cursor cursor = gradus_loader_cursor(run->training);
    gradus_batch batch;
    for (int i = 0; i < 8; i++) {
        assert_true(gradus_loader_next(run->training, &batch));
        memcpy(into->rows[i], batch.rows, sizeof into->rows[i]);
    }
    gradus_loader_seek(run->training, cursor);
}

static void release(trace *taken)
{
    gradus_buffer_release(&taken->values);
    gradus_buffer_release(&taken->optimizer);
}

static void leaves_no_trace(const char *const *settings)
{
    gradus_report report = {0};
    gradus_settings *made = gradus_settings_create(&(gradus_settings_config){.arguments = settings}, &report);
    if (!made) fail_msg("%s", report.error.message);
    gradus_run *run =
        gradus_run_create(&(gradus_run_config){.settings = made, .out = training_out, .threads = 1}, &report);
    if (!run) fail_msg("%s", report.error.message);
    gradus_error error = {0};
    trace before = {{0}, {0}, {{0}}}, after = {{0}, {0}, {{0}}};
    gradus_run_rate rate;
    take_trace(run, &before);
    if (gradus_auto_rate(run, &rate, &error)) fail_msg("%s", error.message);
    take_trace(run, &after);
    assert_true(rate.automatic && rate.base > 0 && rate.base <= rate.constant);
    assert_int_equal(before.values.size, after.values.size);
    assert_memory_equal(before.values.bytes, after.values.bytes, after.values.size);
    assert_int_equal(before.optimizer.size, after.optimizer.size);
    assert_memory_equal(before.optimizer.bytes, after.optimizer.bytes, after.optimizer.size);
    assert_memory_equal(before.rows, after.rows, sizeof before.rows);
    release(&before);
    release(&after);
    gradus_run_destroy(run);
    gradus_settings_destroy(made);
}

static void test_a_sweep_leaves_no_trace(void **state)
{
    (void)state;
    static const char *const optimizers[] = {"optimizer=adamw", "optimizer=adam", "optimizer=rmsprop",
                                             "optimizer=sgd(momentum=0.9)", "optimizer=sgd"};
    for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++) {
        const char *const settings[] = {"data=glyphs(count=600, test=50)", "batch=16",
                                        "model=conv(4, 3) > batchnorm > relu > flatten > dropout(0.5) > dense(10)",
                                        optimizers[i], NULL};
        leaves_no_trace(settings);
    }
}

/* ---- where it starts from ---- */

static double usual(const char *optimizer)
{
    char setting[128];
    size_t size;
    snprintf(setting, sizeof setting, "optimizer=%s", optimizer);
    const char *const settings[] = {
        "data=glyphs(count=600, test=50)", "model=flatten > dense(10)", setting, "epochs=0.1", "name=usual", NULL};
    training own = {.settings = settings, .threads = 1};
    training_must(&own, GRADUS_RUN_FINISHED);
    char *text = training_read("usual", "summary.json", &size);
    json_t *summary = json_loads(text, 0, NULL), *lr = json_object_get(summary, "lr");
    double rate = json_number_value(json_object_get(lr, "usual"));
    assert_string_equal(json_string_value(json_object_get(lr, "source")), "auto");
    json_decref(summary);
    free(text);
    training_remove("usual");
    return rate;
}

static void test_where_it_starts_from(void **state)
{
    (void)state;
    check_close(usual("adamw"), 0.003, 1e-12, 0);
    check_close(usual("adam"), 0.003, 1e-12, 0);
    check_close(usual("rmsprop"), 0.001, 1e-12, 0);
    check_close(usual("sgd(momentum=0.9)"), 0.05, 1e-12, 0);
    check_close(usual("sgd(momentum=0.9, form=ema)"), 0.5, 1e-12, 0); /* it does ten times less with a gradient */
    check_close(usual("lookahead(adamw)"), 0.003, 1e-12, 0);          /* that of the rule inside */
    check_close(usual("schedule_free(adamw)"), 0.009, 1e-12, 0);
    check_close(usual("mechanic(adamw)"), 1, 1e-12, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sweep_that_turns),    cmocka_unit_test(test_the_veto),
        cmocka_unit_test(test_not_finite_is_an_edge), cmocka_unit_test(test_no_edge_no_veto),
        cmocka_unit_test(test_noise_is_no_edge),      cmocka_unit_test(test_a_sweep_leaves_no_trace),
        cmocka_unit_test(test_where_it_starts_from)};
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
