/* What ends a run early: each member on a trace worked by hand, and its state through a save. */
#include "../../src/train/files.h"
#include "../../src/train/stop.h"
#include "check.h"
#include "gradus/train.h"

static gradus_spec *bind(const char *text)
{
    gradus_error error = {0};
    gradus_spec_config config = {.family = "stop", .language = gradus_train_language()};
    gradus_spec *spec = gradus_spec_create(text, &config, &error);
    if (!spec) fail_msg("%s: %s", text, error.message);
    return spec;
}

/* What the last reason speaks of; destroyed by the next call and at the end. */
static gradus_spec *kept_spec;
static gradus_stops *kept_stops;

static int forget(void **state)
{
    (void)state;
    gradus_stops_destroy(kept_stops);
    gradus_spec_destroy(kept_spec);
    kept_stops = NULL;
    kept_spec = NULL;
    return 0;
}

/* Feeds values until one ends the run; returns its index, -1: none did. */
static int stops_at(const char *text, const char *metric, const double *values, int count, gradus_stop_reason *reason)
{
    gradus_error error = {0};
    forget(NULL);
    kept_spec = bind(text);
    kept_stops = gradus_stops_create(kept_spec, text, &error);
    assert_non_null(kept_stops);
    gradus_clock now = {0};
    int at = 0;
    while (at < count && !gradus_stops_observe(kept_stops, metric, values[at], &now, reason)) at++;
    return at < count ? at : -1;
}

#define AT(text, metric, ...)                                                                                     \
    stops_at(text, metric, (const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / sizeof(double), \
             &reason)

static void test_patience(void **state)
{
    (void)state;
    gradus_stop_reason reason = {0};
    assert_int_equal(AT("patience(val_loss, 2)", "val_loss", 3, 2, 2.5, 1, 1.5, 1, 0), 5);
    assert_string_equal(reason.by, "patience");
    assert_string_equal(reason.id, "stop.0");
    assert_string_equal(reason.verdict.seen[0].name, "val_loss");
    assert_true(reason.verdict.seen[1].value == 1);
    assert_non_null(strstr(reason.text, "patience: val_loss 1 no better than 1 for 2 looks"));
    assert_int_equal(AT("patience(val_loss, 2, min_delta=0.6)", "val_loss", 3, 2.5, 2.5, 1), 2);
    assert_int_equal(AT("patience(val_loss, 2)", "val_loss", 3, 2, 1, 0), -1);
    assert_int_equal(AT("patience(val_loss, 2)", "val_accuracy", 3, 3, 3, 3), -1);
    assert_int_equal(AT("patience(val_accuracy, 2)", "val_accuracy", 0.5, 0.6, 0.55, 0.7, 0.7, 0.6), 5);
    assert_int_equal(AT("patience(val_accuracy, 2, mode=min)", "val_accuracy", 0.5, 0.6, 0.55, 0.4), 2);
    assert_int_equal(AT("patience(val_loss, 2)", "val_loss", NAN, NAN, 1), 1);
    assert_int_equal(AT("patience(val_loss, 2)", "val_loss", NAN, 5, INFINITY, 4, 3), -1);
}

static void test_reach(void **state)
{
    (void)state;
    gradus_stop_reason reason = {0};
    assert_int_equal(AT("reach(val_accuracy, 98%)", "val_accuracy", 0.9, 0.97, 0.98, 0.99), 2);
    assert_int_equal(AT("reach(val_loss, 0.1)", "val_loss", 0.9, NAN, 0.05), 2);
    assert_int_equal(AT("reach(val_loss, 0.1, mode=max)", "val_loss", 0.05, 0.2), 1);
}

static void test_time(void **state)
{
    (void)state;
    gradus_stop_reason reason = {0};
    assert_int_equal(AT("time(2min)", "seconds", 1, 60, 119.9, 120, 121), 3);
    gradus_error error = {0};
    gradus_spec *spec = bind("time(500)");
    assert_null(gradus_stops_create(spec, "time(500)", &error));
    assert_int_equal(error.code, GRADUS_CODE_WRONG_UNIT);
    assert_int_equal(error.column, 6);
    gradus_spec_destroy(spec);
}

static void test_gradient_norm(void **state)
{
    (void)state;
    gradus_stop_reason reason = {0};
    assert_int_equal(AT("gradient_norm(0.1)", "gradient_norm", 1, 0.1, 0.09), 2);
    assert_int_equal(AT("gradient_norm(0.1, updates=2)", "gradient_norm", 0.05, 1, 0.05, NAN, 0.05, 0.01), 5);
}

static void test_the_chain_says_which(void **state)
{
    (void)state;
    gradus_stop_reason reason = {0};
    assert_int_equal(AT("patience(val_loss, 9) > reach(val_loss, 1)", "val_loss", 3, 2, 1), 2);
    assert_string_equal(reason.by, "reach");
    assert_string_equal(reason.id, "stop.1");
}

/* A run that goes on after a save ends at the same look as one that was never interrupted. */
static void test_state_goes_on(void **state)
{
    (void)state;
    const char *text = "gradient_norm(1, updates=3) > patience(val_loss, 3)";
    gradus_error error = {0};
    gradus_spec *spec = bind(text);
    gradus_stops *first = gradus_stops_create(spec, text, &error), *second = gradus_stops_create(spec, text, &error);
    gradus_clock now = {0};
    gradus_stop_reason reason;
    assert_false(gradus_stops_observe(first, "val_loss", 1, &now, &reason));
    assert_false(gradus_stops_observe(first, "val_loss", 2, &now, &reason));
    assert_false(gradus_stops_observe(first, "gradient_norm", 0.5, &now, &reason));
    gradus_buffer buffer = {0};
    gradus_state_writer writer;
    gradus_state_begin(&writer, "stops", gradus_buffer_write, &buffer, &error);
    gradus_stops_save(first, &writer);
    gradus_state_end(&writer);
    gradus_state_reader reader;
    assert_int_equal(gradus_state_open(&reader, "stops", buffer.bytes, buffer.size, &error), GRADUS_OK);
    gradus_stops_load(second, &reader);
    assert_false(gradus_stops_observe(second, "gradient_norm", 0.5, &now, &reason));
    assert_true(gradus_stops_observe(second, "gradient_norm", 0.5, &now, &reason));
    assert_false(gradus_stops_observe(second, "val_loss", 2, &now, &reason));
    assert_true(gradus_stops_observe(second, "val_loss", 2, &now, &reason));
    gradus_buffer_release(&buffer);
    gradus_stops_destroy(first);
    gradus_stops_destroy(second);
    gradus_spec_destroy(spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_patience),
                                       cmocka_unit_test(test_reach),
                                       cmocka_unit_test(test_time),
                                       cmocka_unit_test(test_gradient_norm),
                                       cmocka_unit_test(test_the_chain_says_which),
                                       cmocka_unit_test(test_state_goes_on)};
    return cmocka_run_group_tests(tests, NULL, forget);
}
