/* Lines of metrics.csv and timing.csv as the contract fixes them, and lines of decisions.jsonl there and back. */
#include "../../src/train/decisions.h"
#include "../../src/train/grades.h"
#include "../../src/train/metrics.h"
#include "check.h"

static const gradus_data_info ten = {.targets = {{.kind = GRADUS_TARGET_CLASS, .outputs = 10}}, .target_count = 1},
                              two = {.targets = {{.kind = GRADUS_TARGET_CLASS, .outputs = 2}}, .target_count = 1},
                              text = {.targets = {{.kind = GRADUS_TARGET_CLASS, .outputs = 4}},
                                      .target_count = 1,
                                      .positions = 8},
                              numbers = {.targets = {{.kind = GRADUS_TARGET_NUMBERS, .outputs = 1}}, .target_count = 1};
enum { TEN, TWO, TEXT, TEXT_BY_HINGE, NUMBERS, SUBJECTS };
static gradus_measured of[SUBJECTS];

static int list_all(void **state)
{
    (void)state;
    const gradus_data_info *const data[] = {&ten, &two, &text, &text, &numbers};
    for (int i = 0; i < SUBJECTS; i++) {
        const gradus_subject subject = {data[i], 1, {{.probabilities = i == TEN || i == TEXT}}};
        gradus_measured_list(&of[i], &subject);
    }
    return 0;
}

static void test_columns(void **state)
{
    (void)state;
    char line[GRADUS_ROW_SIZE];
    gradus_metrics_header(&of[TEN], line);
    assert_string_equal(line,
                        "update,epoch,samples,tokens,rate,schedule_factor,feedback_factor,train_loss,train_accuracy,"
                        "val_loss,val_accuracy,gradient_norm,update_ratio,skipped,val_f1,val_top5\n");
    gradus_metrics_header(&of[NUMBERS], line);
    assert_non_null(strstr(
        line,
        ",train_loss,train_rmse,train_mae,val_loss,val_rmse,val_mae,gradient_norm,update_ratio,skipped,val_r2\n"));
    gradus_timing_header(line);
    assert_string_equal(line, "update,seconds,samples_per_second,data_wait_seconds\n");
}

static void test_rows(void **state)
{
    (void)state;
    char line[GRADUS_ROW_SIZE];
    gradus_run_row row = {.update = 844,
                          .epoch = 1,
                          .samples = 54000,
                          .tokens = NAN,
                          .rate = 0.003,
                          .schedule_factor = 1,
                          .feedback_factor = 0.5,
                          .train_loss = 0.1,
                          .train = {0.9},
                          .validated = true,
                          .val_loss = 0.25,
                          .val = {0.875, 0.75, 1},
                          .gradient_norm = 1.5,
                          .update_ratio = NAN,
                          .skipped = 2,
                          .seconds = 1.23456,
                          .samples_per_second = 21400.4,
                          .data_wait = 0.0004};
    size_t length = gradus_metrics_line(&of[TEN], &row, line);
    assert_string_equal(line, "844,1,54000,,0.003,1,0.5,0.1,0.9,0.25,0.875,1.5,,2,0.75,1\n");
    assert_int_equal(length, strlen(line));
    row.validated = false;
    row.train_loss = NAN; /* measured, and not a number */
    gradus_metrics_line(&of[TEN], &row, line);
    assert_string_equal(line, "844,1,54000,,0.003,1,0.5,nan,0.9,,,1.5,,2,,\n");
    gradus_timing_line(&row, line);
    assert_string_equal(line, "844,1.235,21400,0\n");
}

static void check_names(const gradus_measured *measured, const char *const *names)
{
    const gradus_metric *metric;
    int32_t count = 0;
    for (; (metric = gradus_metric_of(measured, count)); count++) {
        assert_string_equal(metric->name, names[count]);
        assert_int_equal(metric->larger_is_better, gradus_measure_rises(names[count]));
    }
    assert_null(names[count]);
    assert_null(gradus_metric_of(measured, count + 1));
}

static void test_measures(void **state)
{
    (void)state;
    const gradus_grades grades = {.score = {.count = 4, .loss = 2, .correct = 3, .squared = 16, .absolute = 6},
                                  .top = 1};
    check_names(&of[TEN], (const char *const[]){"accuracy", "f1", "top5", NULL});
    check_names(&of[TWO], (const char *const[]){"accuracy", "f1", "auc", NULL});
    check_names(&of[TEXT], (const char *const[]){"accuracy", "f1", "perplexity", NULL});
    check_names(&of[TEXT_BY_HINGE], (const char *const[]){"accuracy", "f1", NULL});
    check_names(&of[NUMBERS], (const char *const[]){"rmse", "mae", "r2", NULL});
    assert_true(gradus_metric_of(&of[TEN], 0)->of(&grades) == 0.75);
    assert_true(gradus_metric_of(&of[TEN], 2)->of(&grades) == 0.25);
    assert_true(gradus_metric_of(&of[NUMBERS], 0)->of(&grades) == 2);
    assert_true(gradus_metric_of(&of[NUMBERS], 1)->of(&grades) == 1.5);
}

static void test_a_decision_there_and_back(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_buffer line = {0};
    gradus_run_decision decision = {.update = 3107,
                                    .epoch = 3.31,
                                    .samples = 198848,
                                    .by = "patience",
                                    .id = "stop.0",
                                    .action = "stop",
                                    .reason = "patience",
                                    .factor_before = 1,
                                    .factor_after = 0.5,
                                    .rate_before = 0.1,
                                    .rate_after = INFINITY,
                                    .count = 2,
                                    .seen = {{"val_loss", NAN}, {"best", 0.0862}},
                                    .rule = "a \"rule\"",
                                    .text = "why"};
    assert_int_equal(gradus_decision_print(&decision, &line, &error), GRADUS_OK);
    static const char expected[] =
        "{\"update\": 3107, \"epoch\": 3.31, \"samples\": 198848, \"by\": \"patience\", \"id\": \"stop.0\", "
        "\"action\": \"stop\", \"reason\": \"patience\", \"factor_before\": 1, \"factor_after\": 0.5, "
        "\"rate_before\": 0.1, \"rate_after\": \"inf\", \"seen\": {\"val_loss\": \"nan\", \"best\": 0.0862}, "
        "\"rule\": \"a \\\"rule\\\"\", \"text\": \"why\"}";
    assert_int_equal(line.size, strlen(expected));
    assert_memory_equal(line.bytes, expected, line.size);
    gradus_run_decision read;
    json_t *object = gradus_decision_read(expected, strlen(expected), &read);
    assert_non_null(object);
    assert_int_equal(read.update, 3107);
    assert_string_equal(read.rule, "a \"rule\"");
    assert_true(isinf(read.rate_after));
    assert_int_equal(read.count, 2);
    assert_string_equal(read.seen[0].name, "val_loss");
    assert_true(isnan(read.seen[0].value) && read.seen[1].value == 0.0862);
    json_decref(object);
    gradus_buffer_release(&line);
    assert_null(gradus_decision_read("{\"update\": 1", 12, &read));
    assert_null(gradus_decision_read("[1]", 3, &read));
}

static void count(void *user, const gradus_run_decision *decision)
{
    (void)decision;
    ++*(int *)user;
}

static void test_a_log_with_half_a_line(void **state)
{
    (void)state;
    char folder[] = "/tmp/gradus-log-XXXXXX", path[64];
    gradus_error error = {0};
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/decisions.jsonl", folder);
    static const char whole[] = "{\"update\": 1}\n{\"update\": 2}\n{\"upd", bad[] = "{\"update\": 1}\nnonsense\n";
    int decisions = 0;
    gradus_file_replace(path, whole, strlen(whole), &error);
    assert_int_equal(gradus_run_decisions(folder, count, &decisions, &error), GRADUS_OK);
    assert_int_equal(decisions, 2);
    gradus_file_replace(path, bad, strlen(bad), &error);
    assert_int_equal(gradus_run_decisions(folder, count, &decisions, &error), GRADUS_ERROR_STATE);
    assert_non_null(strstr(error.message, "decisions.jsonl:2: no decision, but 'nonsense'"));
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns), cmocka_unit_test(test_rows), cmocka_unit_test(test_measures),
        cmocka_unit_test(test_a_decision_there_and_back), cmocka_unit_test(test_a_log_with_half_a_line)};
    return cmocka_run_group_tests(tests, list_all, NULL);
}
