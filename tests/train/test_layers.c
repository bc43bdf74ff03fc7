/* layers.csv beside metrics.csv: what is told of each layer adds up to what is told of the whole; and without the setting there is none. */
#include <math.h>
#include "gradus/data.h"
#include "training.h"

typedef struct sums { /* over the tensors of one update */
    double values, gradient, change;
    int tensors, dead, saturated;
} sums;

static double field(const gradus_sheet *sheet, const char *name)
{
    double number = NAN;
    gradus_error error = {0};
    const int32_t column = gradus_sheet_find(sheet, name);
    assert_true(column >= 0);
    gradus_sheet_number(sheet, column, &number, &error);
    return number;
}

static gradus_sheet *open_sheet(const char *run, const char *file)
{
    char path[256];
    gradus_error error = {0};
    gradus_sheet *sheet = gradus_sheet_open(training_path(run, file, path), &error);
    if (!sheet) fail_msg("%s", error.message);
    return sheet;
}

/* The rows of one update, and whether their rates are in order and, of a rule with one rate for all, that rate. */
static sums add_up(const char *run, double update, double rate)
{
    sums all = {0};
    gradus_error error = {0};
    gradus_sheet *sheet = open_sheet(run, "layers.csv");
    while (gradus_sheet_next(sheet, true, &error)) {
        if (field(sheet, "update") != update) continue;
        const double values = field(sheet, "values_norm"), low = field(sheet, "rate_10"),
                     high = field(sheet, "rate_90");
        all.dead += !isnan(field(sheet, "dead"));
        all.saturated += !isnan(field(sheet, "saturated"));
        if (isnan(values)) continue;
        all.tensors++;
        all.values += values * values;
        all.gradient += pow(field(sheet, "gradient_norm"), 2);
        all.change += pow(field(sheet, "update_ratio") * values, 2);
        assert_true(low > 0 && low <= field(sheet, "rate_50") && field(sheet, "rate_50") <= high);
        if (rate > 0) check_close(low, rate, 1e-6, 0), check_close(high, rate, 1e-6, 0);
    }
    gradus_sheet_close(sheet);
    return all;
}

/* One update an epoch, so that the mean of the gradient's norm is that of the update. */
static void compare(const char *optimizer, const char *name, bool one_rate)
{
    char rule[64], title[64];
    snprintf(rule, sizeof rule, "optimizer=%s", optimizer);
    snprintf(title, sizeof title, "name=%s", name);
    const char *const settings[] = {
        "data=glyphs(count=200, test=50)",
        "model=conv(5, 3) > relu > flatten > dense(8) > tanh > dense(6) > sigmoid > dense(10)",
        "batch=all",
        "lr=0.01",
        "schedule=constant",
        "epochs=4",
        "watch=layers",
        rule,
        title,
        NULL};
    training run = {.settings = settings, .threads = 1};
    training_must(&run, GRADUS_RUN_FINISHED);
    gradus_error error = {0};
    gradus_sheet *metrics = open_sheet(name, "metrics.csv");
    int rows = 0;
    for (; gradus_sheet_next(metrics, true, &error); rows++) {
        const sums all = add_up(name, field(metrics, "update"), one_rate ? 0.01 : 0);
        assert_int_equal(all.tensors, 8);
        assert_int_equal(all.dead, 1);
        assert_int_equal(all.saturated, 2);
        check_close(sqrt(all.gradient), field(metrics, "gradient_norm"), 1e-5, 0);
        check_close(sqrt(all.change / all.values), field(metrics, "update_ratio"), 1e-4, 0);
    }
    assert_int_equal(rows, 4);
    gradus_sheet_close(metrics);
}

static void test_sums(void **state)
{
    (void)state;
    compare("sgd", "sgd", true);
    compare("adamw", "adamw", false);
}

/* A run that stops between two reports tells what it can; one without the setting, nothing. */
static void test_in_between(void **state)
{
    (void)state;
    const char *const stopped[] = {"data=glyphs(count=200, test=50)",
                                   "model=flatten > dense(10)",
                                   "batch=32",
                                   "lr=0.01",
                                   "epochs=4",
                                   "stop=reach(loss, 100)",
                                   "watch=layers",
                                   "name=stopped",
                                   NULL},
                      *const without[] = {"data=glyphs(count=200, test=50)",
                                          "model=flatten > dense(10)",
                                          "epochs=1",
                                          "lr=0.01",
                                          "name=without",
                                          NULL};
    training first = {.settings = stopped, .threads = 1}, second = {.settings = without, .threads = 1};
    training_must(&first, GRADUS_RUN_STOPPED);
    gradus_error error = {0};
    gradus_sheet *sheet = open_sheet("stopped", "layers.csv");
    assert_true(gradus_sheet_next(sheet, true, &error));
    assert_true(field(sheet, "values_norm") > 0 && isnan(field(sheet, "update_ratio")));
    gradus_sheet_close(sheet);
    training_must(&second, GRADUS_RUN_FINISHED);
    char path[256];
    assert_int_not_equal(access(training_path("without", "layers.csv", path), F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums), cmocka_unit_test(test_in_between)};
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
