/* The log of what the policy was told: lines as they are heard, a file that goes on where a state saw it, and a run's own. */
#include "../../src/train/told.h"
#include "training.h"

static gradus_told_log begin(const char *path, int64_t keep, gradus_error *error)
{
    gradus_told_log told = {.journal = {.descriptor = -1}};
    static const char *const names[] = {"loss", "gradient_norm", "loss", "val_loss"};
    for (int i = 0; i < 4; i++) gradus_told_column(&told, names[i]);
    gradus_told_open(&told, path, keep, error);
    return told;
}

static void test_lines(void **state)
{
    (void)state;
    char path[256];
    size_t size;
    gradus_error error = {0};
    gradus_told_log told = begin(training_path("told.csv", "", path), 0, &error);
    int64_t header = told.journal.size;
    gradus_told_hear(&told, "loss", 0.5);
    gradus_told_hear(&told, "gradient_norm", INFINITY);
    gradus_told_hear(&told, "nobody_knows", 7);
    gradus_told_line(&told, 0, 0, 0.1, &error);
    gradus_told_hear(&told, "loss", NAN);
    gradus_told_line(&told, 1, 32, NAN, &error);
    gradus_told_hear(&told, "val_loss", 0.25);
    gradus_told_line(&told, 1, 32, NAN, &error);
    assert_int_equal(told.journal.size, header); /* they wait */
    gradus_told_flush(&told, &error);
    int64_t kept = told.journal.size;
    gradus_told_line(&told, 2, 64, 0.1, &error);
    gradus_told_flush(&told, &error);
    gradus_told_close(&told);

    told = begin(path, kept, &error);
    gradus_told_hear(&told, "val_loss", -1);
    gradus_told_line(&told, 3, 96, NAN, &error);
    gradus_told_flush(&told, &error);
    gradus_told_close(&told);
    assert_int_equal(error.status, GRADUS_OK);
    char *text = training_read("told.csv", "", &size);
    assert_string_equal(text, "update,samples,rate,loss,gradient_norm,val_loss\n"
                              "0,0,0.1,0.5,inf,\n1,32,,nan,,\n1,32,,,,0.25\n3,96,,,,-1\n");
    free(text);
}

/* Whoever listens now: the columns are those that the file began with. */
static void test_columns_are_fixed(void **state)
{
    (void)state;
    char path[256];
    size_t size;
    gradus_error error = {0};
    gradus_told_log told = {.journal = {.descriptor = -1}};
    gradus_told_column(&told, "gradient_norm");
    gradus_told_open(&told, training_path("fixed.csv", "", path), 0, &error);
    int64_t kept = told.journal.size;
    gradus_told_close(&told);
    told = begin(path, kept, &error);
    gradus_told_hear(&told, "loss", 1);
    gradus_told_hear(&told, "gradient_norm", 2);
    gradus_told_line(&told, 0, 0, 0.5, &error);
    gradus_told_flush(&told, &error);
    gradus_told_close(&told);
    char *text = training_read("fixed.csv", "", &size);
    assert_string_equal(text, "update,samples,rate,gradient_norm\n0,0,0.5,2\n");
    free(text);
    told = begin(path, kept + 1000, &error); /* shorter than the state knows it */
    assert_int_equal(error.status, GRADUS_OK);
    assert_int_equal(told.journal.lost, kept + 1000 - (int64_t)size);
    gradus_told_close(&told);
}

/* Longer than what waits in memory. */
static void test_many_lines(void **state)
{
    (void)state;
    enum { LINES = 20000 };
    char path[256];
    gradus_error error = {0};
    gradus_told_log told = begin(training_path("many.csv", "", path), 0, &error);
    for (int i = 0; i < LINES; i++) {
        gradus_told_hear(&told, "loss", gradus_random_unit(1, 2, (uint64_t)i));
        gradus_told_line(&told, i, 32.0 * i, 0.1, &error);
        assert_true(told.waiting.size < 1 << 17);
    }
    gradus_told_flush(&told, &error);
    gradus_told_close(&told);
    gradus_sheet *sheet = gradus_sheet_open(path, &error);
    double loss;
    for (int i = 0; i < LINES; i++)
        assert_true(gradus_sheet_next(sheet, true, &error) && gradus_sheet_number(sheet, 3, &loss, &error) &&
                    loss == gradus_random_unit(1, 2, (uint64_t)i));
    assert_false(gradus_sheet_next(sheet, true, &error));
    gradus_sheet_close(sheet);
}

/* A line for each of 17 updates, then one for the look at the end of the epoch, whose numbers are those of metrics.csv. */
static void test_run(void **state)
{
    (void)state;
    char path[256];
    size_t size;
    gradus_error error = {0};
    const char *const settings[] = {"data=glyphs(count=600, test=100)",
                                    "model=flatten > dense(10)",
                                    "lr=0.01",
                                    "schedule=linear",
                                    "feedback=guard > plateau(update_norm, patience=1000)",
                                    "epochs=2",
                                    "name=told",
                                    NULL};
    training own = {.settings = settings, .threads = 1};
    training_must(&own, GRADUS_RUN_FINISHED);
    char *metrics = training_read("told", "metrics.csv", &size), *row = strchr(metrics, '\n');
    gradus_sheet *sheet = gradus_sheet_open(training_path("told", "measures.csv", path), &error);
    assert_string_equal(gradus_sheet_column(sheet, 5), "update_norm"); /* somebody listens to it */
    double number, look = 0;
    for (int line = 0; line < 2 * 18; line++) {
        int update = line - line / 18, last = line % 18 == 17;
        assert_true(gradus_sheet_next(sheet, true, &error));
        assert_true(gradus_sheet_number(sheet, 0, &number, &error) && number == update);
        assert_true(gradus_sheet_number(sheet, 1, &number, &error) && number == update / 17 * 540 + update % 17 * 32);
        assert_int_equal(gradus_sheet_number(sheet, 2, &number, &error), !last);
        if (!last) check_close(number, 0.01 * (1 - update / 34.0), 1e-14, 0);
        assert_int_equal(gradus_sheet_number(sheet, gradus_sheet_find(sheet, "loss"), &number, &error), !last);
        assert_int_equal(gradus_sheet_number(sheet, gradus_sheet_find(sheet, "val_loss"), &look, &error), last);
        if (!last) continue;
        char text[32], expected[64];
        gradus_number_print(look, text);
        snprintf(expected, sizeof expected, ",%s,", text);
        assert_non_null(strstr(row, expected));
    }
    assert_false(gradus_sheet_next(sheet, true, &error));
    assert_int_equal(error.status, GRADUS_OK);
    gradus_sheet_close(sheet);
    free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_columns_are_fixed),
                                       cmocka_unit_test(test_many_lines), cmocka_unit_test(test_run)};
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
