/* What a run is asked to do while it trains: it does it, says so, and one that is interrupted afterwards goes on as if it had not been. */
#include "training.h"

#define SMALL "data=glyphs(count=200, test=20)", "model=flatten > dense(10)", "batch=16", "lr=0.01", "schedule=hold"
/* 12 updates an epoch */

typedef struct asking { /* at the end of this epoch, by whoever trains */
    const char *run, *how;
    gradus_ask what;
    int at, epochs, interrupt_after, refused_at;
    gradus_run *training;
    gradus_run_end end;
    gradus_error error;
} asking;

static void refused(const char *run, gradus_ask what, const char *how, const char *why)
{
    char path[256];
    gradus_error error = {0};
    assert_int_not_equal(gradus_run_ask(training_path(run, "", path), what, how, &error), GRADUS_OK);
    if (!strstr(error.message, why)) fail_msg("%s", error.message);
}

static void on_epoch(void *user, const gradus_run_row *row)
{
    asking *own = user;
    char path[256];
    (void)row;
    own->epochs++;
    if (own->epochs == own->at) gradus_run_ask(training_path(own->run, "", path), own->what, own->how, &own->error);
    if (own->epochs == own->refused_at) refused(own->run, own->what, own->how, "is cooling down since update 24");
    if (own->epochs == own->interrupt_after) gradus_run_interrupt(own->training);
}

static void train(const char *const *settings, asking *own)
{
    gradus_report report;
    gradus_settings *made = gradus_settings_create(&(gradus_settings_config){.arguments = settings}, &report);
    own->training =
        gradus_run_create(&(gradus_run_config){.settings = made, .out = training_out, .threads = 1}, &report);
    if (!own->training) fail_msg("%s", report.error.message);
    gradus_listener listener = {.user = own, .epoch = on_epoch};
    if (gradus_run_train(own->training, &listener, &own->end, &report)) fail_msg("%s", report.error.message);
    gradus_run_destroy(own->training);
    gradus_settings_destroy(made);
}

static bool has(const char *run, const char *file, const char *text)
{
    size_t size;
    char *bytes = training_read(run, file, &size);
    bool found = strstr(bytes, text) != NULL;
    free(bytes);
    return found;
}

static void no_request_is_left(const char *run)
{
    char path[256];
    for (int what = 0; what < GRADUS_ASKS; what++)
        assert_false(gradus_run_is_asked(training_path(run, "", path), (gradus_ask)what));
}

/* Two epochs from the end of the second, and the run is over: also when it is interrupted on the way down. */
static void test_cools_down(void **state)
{
    (void)state;
    const char *const through[] = {SMALL, "epochs=20", "name=through", NULL};
    const char *const part[] = {SMALL, "epochs=20", "name=part", NULL};
    asking own = {.run = "through", .what = GRADUS_ASK_COOL_DOWN, .how = "decay(2ep)\n", .at = 2};
    train(through, &own);
    assert_int_equal(own.end.status, GRADUS_RUN_FINISHED);
    assert_int_equal(own.end.update, 48);
    assert_int_equal(own.epochs, 4);
    assert_true(has("through", "decisions.jsonl", "{\"update\": 24, \"epoch\": 2, "));
    assert_true(has("through", "decisions.jsonl", "\"action\": \"cooldown\""));
    no_request_is_left("through");

    asking again = {.run = "part", .what = GRADUS_ASK_COOL_DOWN, .how = "decay(2ep)", .at = 2, .interrupt_after = 3};
    train(part, &again);
    assert_int_equal(again.end.status, GRADUS_RUN_INTERRUPTED);
    training resumed = {.resume = "part"};
    training_must(&resumed, GRADUS_RUN_FINISHED);
    assert_int_equal(resumed.end.update, 48);
    training_same("through", "part", "model.safetensors");
    training_same("through", "part", "metrics.csv");
    training_same("through", "part", "measures.csv");
    training_same("through", "part", "decisions.jsonl");
}

/* Without a length it takes what is left; a second one is refused. */
static void test_cools_down_to_the_end(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL, "epochs=4", "name=left", NULL};
    asking own = {.run = "left", .what = GRADUS_ASK_COOL_DOWN, .at = 2, .refused_at = 3};
    train(settings, &own);
    assert_int_equal(own.end.update, 48);
    assert_true(has("left", "metrics.csv", "\n36,3,540,,0.003")); /* 1 - sqrt(11/24) of the rate, at the 36th update */
}

static void test_stops(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL, "epochs=9", "name=stopped", NULL};
    asking own = {.run = "stopped", .what = GRADUS_ASK_STOP, .at = 3};
    train(settings, &own);
    assert_int_equal(own.end.status, GRADUS_RUN_INTERRUPTED);
    assert_int_equal(own.end.update, 36);
    no_request_is_left("stopped");
    training resumed = {.resume = "stopped"};
    training_must(&resumed, GRADUS_RUN_FINISHED);
    assert_int_equal(resumed.end.update, 108);
}

/* One that was asked in the middle of an epoch, as far as a test can tell: the request stays until the epoch is done. */
static void test_stops_after_the_epoch(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL, "epochs=9", "name=epoch", NULL};
    asking own = {.run = "epoch", .what = GRADUS_ASK_STOP, .how = "epoch", .at = 3};
    train(settings, &own);
    assert_int_equal(own.end.update, 36);
    no_request_is_left("epoch");
}

static void test_saves(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL, "epochs=3", "name=saved", "save_every=1h", NULL};
    char path[256];
    asking own = {.run = "saved", .what = GRADUS_ASK_SAVE, .at = 2};
    train(settings, &own);
    no_request_is_left("saved");
    assert_int_equal(access(training_path("saved", "state-b", path), F_OK), 0);
    assert_true(has("saved", "state-a", "GRDSTATE")); /* the beginning, the request, the end */
}

static void on_epoch_refused(void *user, const gradus_run_row *row)
{
    (void)user, (void)row;
    refused("wrong", GRADUS_ASK_COOL_DOWN, "decai(2ep)", "'decai' is no schedule; did you mean 'decay'?");
}

static void test_what_is_refused(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL, "epochs=1", "name=wrong", NULL};
    gradus_report report;
    gradus_settings *made = gradus_settings_create(&(gradus_settings_config){.arguments = settings}, &report);
    gradus_run *run = gradus_run_create(&(gradus_run_config){.settings = made, .out = training_out}, &report);
    assert_non_null(run);
    gradus_listener listener = {.epoch = on_epoch_refused};
    assert_int_equal(gradus_run_train(run, &listener, NULL, &report), GRADUS_OK);
    gradus_run_destroy(run);
    gradus_settings_destroy(made);
    refused("wrong", GRADUS_ASK_SAVE, NULL, "/wrong is not being trained; gradus train --resume");
    refused("nowhere", GRADUS_ASK_STOP, NULL, "/nowhere: no such run");
    no_request_is_left("wrong");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cools_down), cmocka_unit_test(test_cools_down_to_the_end),
                                       cmocka_unit_test(test_stops),      cmocka_unit_test(test_stops_after_the_epoch),
                                       cmocka_unit_test(test_saves),      cmocka_unit_test(test_what_is_refused)};
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
