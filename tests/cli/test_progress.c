/* The bar and the table of epochs: facts in, text out. */
#include "../../src/cli/progress.c"
#include "check.h"

static void test_times_and_counts(void **state)
{
    (void)state;
    char text[CLI_SHORT];
    assert_string_equal(cli_duration(5.4, text), "0:05");
    assert_string_equal(cli_duration(59.6, text), "1:00");
    assert_string_equal(cli_duration(3753, text), "1:02:33");
    assert_string_equal(cli_duration(NAN, text), "-");
    assert_string_equal(cli_about(0.3, text), "under a second");
    assert_string_equal(cli_about(0.7, text), "about 1 second");
    assert_string_equal(cli_about(89, text), "about 89 seconds");
    assert_string_equal(cli_about(91, text), "about 2 minutes");
    assert_string_equal(cli_about(480, text), "about 8 minutes");
    assert_string_equal(cli_about(3 * 3600., text), "about 3 hours");
    assert_string_equal(cli_about(50 * 3600., text), "about 2 days");
    assert_string_equal(cli_seconds(0.00051234, text), "0.512 ms");
    assert_string_equal(cli_seconds(2.3, text), "2.3 s");
    assert_string_equal(cli_short_count(812, "", text), "812");
    assert_string_equal(cli_short_count(999.6, "", text), "1.0k");
    assert_string_equal(cli_short_count(21900, "", text), "21.9k");
    assert_string_equal(cli_short_count(31786, " ", text), "31.8 k");
    assert_string_equal(cli_short_count(1.34e6, " ", text), "1.3 M");
    assert_string_equal(cli_short_count(134e6, " ", text), "134 M");
    assert_string_equal(cli_long_count(62730, text), "62,730");
    assert_string_equal(cli_long_count(-1234567, text), "-1,234,567");
    assert_string_equal(cli_long_count(64, text), "64");
}

static void test_measures_keep_their_digits(void **state)
{
    (void)state;
    char text[CLI_SHORT];
    assert_string_equal(cli_measure(0.0563, text), "0.0563");
    assert_string_equal(cli_measure(0, text), "0.0000");
    assert_string_equal(cli_measure(44278.9448, text), "44279");
    assert_string_equal(cli_measure(-123.456, text), "-123.46");
    assert_string_equal(cli_measure(0.00003, text), "3.0e-05");
    assert_string_equal(cli_measure(1234567, text), "1.2e+06");
    assert_string_equal(cli_measure(NAN, text), "nan");
    assert_string_equal(cli_measure(-INFINITY, text), "-inf");
}

static void test_the_bar(void **state)
{
    (void)state;
    char text[CLI_LINE];
    gradus_run_progress progress = {
        .epoch = 3, .done = 0.61, .loss = 0.0563, .rate = 0.003, .samples_per_second = 21900, .left = 5};
    cli_bar(&progress, 80, true, text);
    assert_string_equal(
        text, "  3  \u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588"
              "\u2591\u2591\u2591\u2591\u2591\u2591\u2591\u2591 61 %  loss 0.0563  rate 0.0030  21.9k/s  0:05 left");
    cli_bar(&progress, 80, false, text);
    assert_string_equal(text, "  3  ##########-------- 61 %  loss 0.0563  rate 0.0030  21.9k/s  0:05 left");
}

/* No line may wrap: a redrawn line that wraps fills the screen. */
static void test_the_bar_fits(void **state)
{
    (void)state;
    char text[CLI_LINE];
    gradus_run_progress progress = {
        .epoch = 1234, .done = 1.5, .loss = -1e300, .rate = 1e-12, .samples_per_second = 1e9, .left = 1e6};
    for (int32_t width = 1; width < 200; width++) {
        size_t length = cli_bar(&progress, width, false, text);
        assert_true(length <= strlen(text) || length < (size_t)width);
        assert_true((int32_t)strlen(text) < width);
    }
}

static void test_the_table(void **state)
{
    (void)state;
    char text[CLI_LINE];
    const gradus_metric accuracy = {.name = "accuracy", .title = "acc"}, rmse = {.name = "rmse", .title = "rmse"},
                        mae = {.name = "mae", .title = "mae"};
    cli_epochs classes = {{&accuracy, NULL}, {0}, true}, bare = {{&accuracy, NULL}, {0}, false},
               numbers = {{&rmse, &mae}, {0, 1}, true};
    gradus_run_row row = {.epoch = 1,
                          .train_loss = 0.3121,
                          .val_loss = 0.0985,
                          .val = {0.9702, 0.5},
                          .train = {0.9},
                          .rate = 0.003,
                          .samples_per_second = 21400.2,
                          .left = 10};
    cli_epochs_header(&classes, text);
    assert_string_equal(text, "epoch  train loss   val loss  val acc      rate  samples/s      left");
    cli_epochs_line(&classes, &row, text);
    assert_string_equal(text, "    1      0.3121     0.0985   0.9702    0.0030      21400      0:10");
    cli_epochs_header(&bare, text);
    assert_string_equal(text, "epoch  train loss  train acc      rate  samples/s      left");
    cli_epochs_line(&bare, &row, text);
    assert_string_equal(text, "    1      0.3121     0.9000    0.0030      21400      0:10");
    cli_epochs_header(&numbers, text);
    assert_string_equal(text, "epoch  train loss   val loss  val rmse  val mae      rate  samples/s      left");
    row.epoch = 2.25;
    row.left = 4853;
    cli_epochs_line(&numbers, &row, text);
    assert_string_equal(text, " 2.25      0.3121     0.0985    0.9702   0.5000    0.0030      21400   1:20:53");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_and_counts), cmocka_unit_test(test_measures_keep_their_digits),
        cmocka_unit_test(test_the_bar), cmocka_unit_test(test_the_bar_fits), cmocka_unit_test(test_the_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
