/* Files of a run that somebody has shortened, cut within a line, or removed, while the run was interrupted: it goes on to the same model, and
 * says what is gone. Rows that are there are those of the run that nothing happened to, each once and in order. */
#include "training.h"

/* Long enough for the state to have the rows since update 1600 alone. The run is interrupted after update 1768, and goes back at 1781 to a
 * snapshot from before that, which cuts off a row. */
static const char *const guarded[] = {"data=glyphs(count=300, test=50)",
                                      "model=conv(4, 3, pad=1) > relu > maxpool(4) > flatten > dense(10)",
                                      "batch=4",
                                      "epochs=30",
                                      "optimizer=sgd",
                                      "lr=0.05",
                                      "schedule=hold(1775) > linear(6, from=1, to=20) > linear(from=1, to=0.1)",
                                      NULL};
static const char *const plain[] = {
    "data=glyphs(count=600, test=100)", "model=flatten > dense(10)", "epochs=5", "lr=0.01", "feedback=none", NULL};
static const char *const files[] = {"metrics.csv", "timing.csv", "decisions.jsonl", "measures.csv"};

static void train_as(const char *const *settings, const char *name, int interrupt_after)
{
    const char *all[12] = {0};
    char setting[40];
    int count = 0;
    for (; settings[count]; count++) all[count] = settings[count];
    snprintf(setting, sizeof setting, "name=%s", name);
    all[count] = setting;
    training run = {.settings = all, .threads = 1, .interrupt_after = interrupt_after};
    training_must(&run, interrupt_after ? GRADUS_RUN_INTERRUPTED : GRADUS_RUN_FINISHED);
}

/* How many lines of `text` there are; each must stand in `whole` behind the one before. */
static int lines_of(const char *text, const char *whole)
{
    int lines = 0;
    for (const char *end; *text; text = end + 1, lines++) {
        char line[2048];
        end = strchr(text, '\n');
        assert_non_null(end);
        snprintf(line, sizeof line, "%.*s", (int)(end - text + 1), text);
        whole = strstr(whole, line);
        if (!whole) fail_msg("a line that the other run has not, or not there: %s", line);
        whole += strlen(line);
    }
    assert_int_equal(*whole, 0); /* the last is the last */
    return lines;
}

enum { NOTHING_SAID = -2 };

/* `keep`: bytes of the file that stay; below 0: it is removed. Returns the lines of it in the end, where something was said. */
static int go_on_without(const char *file, long keep)
{
    char path[256], copy[256], command[600];
    snprintf(command, sizeof command, "cp -r %s %s", training_path("begun", "", path), training_path("cut", "", copy));
    assert_int_equal(system(command), 0);
    if (keep < 0)
        assert_int_equal(unlink(training_path("cut", file, path)), 0);
    else
        assert_int_equal(truncate(training_path("cut", file, path), keep), 0);
    training rest = {.resume = "cut", .threads = 1};
    training_must(&rest, GRADUS_RUN_FINISHED);
    training_same("whole", "cut", "model.safetensors");
    for (int i = 0; i < 4; i += i == 0 ? 2 : 1) /* timing.csv is of the clock */
        if (strcmp(files[i], file) != 0) training_same("whole", "cut", files[i]);
    size_t size;
    char *text = training_read("cut", file, &size), *whole = training_read("whole", file, &size);
    int lines = -1;
    if (strcmp(file, "timing.csv") != 0) lines = lines_of(text, whole);
    if (rest.notes)
        assert_non_null(strstr(rest.note, " bytes are gone that it had when the state was saved; the run goes on"));
    free(text);
    free(whole);
    training_remove("cut");
    return rest.notes ? lines : NOTHING_SAID;
}

/* Returns how often something was said. */
static int check(const char *const *settings, int interrupt_after)
{
    int said = 0;
    train_as(settings, "whole", 0);
    train_as(settings, "begun", interrupt_after);
    for (int i = 0; i < 4; i++) {
        size_t size;
        char *text = training_read("begun", files[i], &size);
        const char *newline = strchr(text, '\n');
        const long header = newline ? newline - text + 1 : 0, last = (long)size;
        const long keep[] = {-1, 0, 3, header - 1, header, header + 7, last / 2, last - 1};
        for (size_t k = 0; k < sizeof keep / sizeof *keep; k++)
            if (keep[k] < last) said += go_on_without(files[i], keep[k]) != NOTHING_SAID;
        free(text);
    }
    return said;
}

static void test_where_the_guard_goes_back(void **state)
{
    (void)state;
    size_t size;
    assert_true(check(guarded, 26) > 20);
    char *decisions = training_read("whole", "decisions.jsonl", &size);
    assert_non_null(strstr(decisions, "back to update 1700"));
    free(decisions);
    training_remove("whole");
    training_remove("begun");
}

/* Where nothing goes back, the state has all rows since the first snapshot: then nothing is lost at all. */
static void test_what_the_state_has(void **state)
{
    (void)state;
    size_t size;
    check(plain, 3);
    char *text = training_read("begun", "metrics.csv", &size);
    const long keep[] = {-1, 0, strchr(text, '\n') - text + 20, (long)size - 5};
    for (size_t i = 0; i < sizeof keep / sizeof *keep; i++)
        assert_int_equal(go_on_without("metrics.csv", keep[i]), NOTHING_SAID);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_where_the_guard_goes_back),
                                       cmocka_unit_test(test_what_the_state_has)};
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
