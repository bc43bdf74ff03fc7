/* How often a run is saved, and the copies that it keeps: each is a whole run, which goes on to the same end or another. */
#include "training.h"

#define SMALL "data=glyphs(count=200, test=20)", "model=flatten > dense(10)", "batch=16", "lr=0.01"
/* 12 updates an epoch */

static int64_t saves_of(const char *run)
{
    int64_t most = 0, saves;
    for (int i = 0; i < 2; i++) {
        size_t size;
        gradus_error error = {0};
        gradus_state_reader reader;
        gradus_state_item item;
        char *bytes = training_read(run, i ? "state-b" : "state-a", &size);
        assert_int_equal(gradus_state_open(&reader, "gradus run", bytes, size, &error), GRADUS_OK);
        assert_true(gradus_state_find(&reader, "saves", &item));
        gradus_state_copy(&item, &saves);
        if (saves > most) most = saves;
        free(bytes);
    }
    return most;
}

static void test_saves_as_often_as_asked(void **state)
{
    (void)state;
    static const char *const every[] = {"save_every=5", "save_every=1ep", "save_every=1h", "save_every=50%"};
    static const int64_t saves[] = {1 + 7, 1 + 3, 1 + 1,
                                    1 + 2}; /* at the beginning, and of 36 updates; the last at the end */
    for (int i = 0; i < 4; i++) {
        const char *const settings[] = {SMALL, "epochs=3", "name=often", every[i], NULL};
        training_remove("often");
        training run = {.settings = settings, .threads = 1};
        training_must(&run, GRADUS_RUN_FINISHED);
        assert_int_equal(saves_of("often"), saves[i] + (i == 0)); /* 36 is no multiple of 5 */
    }
}

static bool exists(const char *run, const char *file)
{
    char path[256];
    return access(training_path(run, file, path), F_OK) == 0;
}

static void compare(const char *first, const char *second)
{
    static const char *const names[] = {"model.safetensors", "metrics.csv", "measures.csv", "decisions.jsonl"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) training_same(first, second, names[i]);
}

static void test_a_kept_run_goes_on(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL, "epochs=3", "name=trunk", "keep_every=1ep", "watch=layers", NULL};
    training run = {.settings = settings, .threads = 1};
    training_must(&run, GRADUS_RUN_FINISHED);
    assert_true(exists("trunk", "kept/12/state-a") && exists("trunk", "kept/24/state-a"));
    assert_true(exists("trunk", "kept/36/state-a"));
    training again = {.resume = "trunk/kept/12"};
    training_must(&again, GRADUS_RUN_FINISHED);
    assert_int_equal(again.epochs, 2);
    compare("trunk", "trunk/kept/12");
    training_same("trunk", "trunk/kept/12", "layers.csv");
    compare("trunk/kept/24", "trunk/kept/12/kept/24"); /* it keeps copies of its own */

    const char *const down[] = {"schedule=cooldown", "epochs=2.5", NULL};
    training branch = {.resume = "trunk/kept/24", .settings = down};
    training_must(&branch, GRADUS_RUN_FINISHED);
    assert_int_equal(branch.end.update, 30);
    size_t size;
    char *metrics = training_read("trunk/kept/24", "metrics.csv", &size);
    assert_non_null(strstr(metrics, "\n30,2.5,"));
    free(metrics);
}

/* The copy holds the weights as they are; in the run's own folder are the best. */
static void test_a_kept_model(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL, "epochs=2", "name=kept", "keep_every=6", NULL};
    char path[256], start[300];
    training run = {.settings = settings, .threads = 1};
    training_must(&run, GRADUS_RUN_FINISHED);
    snprintf(start, sizeof start, "start_from=%s", training_path("kept", "kept/18", path));
    const char *const begun[] = {"data=glyphs(count=200, test=20)",
                                 "model=flatten > dense(10)",
                                 "updates=1",
                                 "lr=1e-30",
                                 "name=from",
                                 start,
                                 NULL};
    training new = {.settings = begun, .threads = 1};
    training_must(&new, GRADUS_RUN_FINISHED);
    training_same("from", "kept/kept/18", "model.safetensors");
}

static void test_overwrite_removes_what_was_kept(void **state)
{
    (void)state;
    char path[256];
    gradus_error error = {0};
    const char *const settings[] = {SMALL, "epochs=1", "name=over", "keep_every=1ep", NULL};
    training run = {.settings = settings, .threads = 1};
    training_must(&run, GRADUS_RUN_FINISHED);
    gradus_file_replace(training_path("over", "kept/12/notes.txt", path), "mine", 4, &error);
    gradus_report report;
    gradus_settings *again = gradus_settings_create(
        &(gradus_settings_config){.arguments = (const char *const[]){SMALL, "epochs=1", "name=over", NULL}}, &report);
    gradus_run *over = gradus_run_create(
        &(gradus_run_config){.settings = again, .out = training_out, .threads = 1, .overwrite = true}, &report);
    assert_non_null(over);
    assert_int_equal(gradus_run_train(over, NULL, NULL, &report), GRADUS_OK);
    gradus_run_destroy(over);
    gradus_settings_destroy(again);
    assert_false(exists("over", "kept/12/state-a"));
    assert_true(exists("over", "kept/12/notes.txt"));
}

static void test_what_is_wrong(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {{"keep_every=30s", "what is kept does not hang on how fast a machine is"},
                                           {"save_every=5tokens", "write it in updates, ep or %"},
                                           {"save_every=0", "save_every must be above 0, not 0"}};
    for (int i = 0; i < 3; i++) {
        const char *const settings[] = {SMALL, "epochs=1", "name=wrong", wrong[i][0], NULL};
        training run = {.settings = settings, .threads = 1};
        assert_int_not_equal(training_go(&run), GRADUS_OK);
        assert_non_null(strstr(run.report.error.message, wrong[i][1]));
        assert_int_equal(strncmp(wrong[i][0], run.report.key, 10), 0);
        assert_false(exists("wrong", ""));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_saves_as_often_as_asked),
                                       cmocka_unit_test(test_a_kept_run_goes_on), cmocka_unit_test(test_a_kept_model),
                                       cmocka_unit_test(test_overwrite_removes_what_was_kept),
                                       cmocka_unit_test(test_what_is_wrong)};
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
