/* Sheets of numbers: names, gaps, what is not a number, rows that are not whole, and where an error is. */
#include "sets.h"

static gradus_sheet *open_sheet(const char *text)
{
    gradus_error error = {0};
    put("sheet.csv", text);
    gradus_sheet *sheet = gradus_sheet_open(in_folder("sheet.csv"), &error);
    if (!sheet) fail_msg("%s", error.message);
    return sheet;
}

static void check_row(gradus_sheet *sheet, int32_t count, const double *numbers)
{
    gradus_error error = {0};
    assert_true(gradus_sheet_next(sheet, true, &error));
    for (int32_t i = 0; i < count; i++) {
        double number = -1;
        bool there = gradus_sheet_number(sheet, i, &number, &error);
        assert_int_equal(there, !isnan(numbers[i]));
        if (there) assert_true(number == numbers[i]);
    }
    assert_int_equal(error.status, GRADUS_OK);
}

static void test_rows(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_sheet *sheet = open_sheet("update,loss,\"val loss\"\r\n0, 0.5 ,\r\n\r\n1,inf,1e-3\r\n2,-inf,\"7\"\n");
    assert_string_equal(gradus_sheet_column(sheet, 2), "val loss");
    assert_null(gradus_sheet_column(sheet, 3));
    assert_null(gradus_sheet_column(sheet, -1));
    assert_int_equal(gradus_sheet_find(sheet, "loss"), 1);
    assert_int_equal(gradus_sheet_find(sheet, "los"), -1);
    for (int walk = 0; walk < 2; walk++) {
        check_row(sheet, 3, (double[]){0, 0.5, NAN});
        check_row(sheet, 3, (double[]){1, INFINITY, 1e-3});
        check_row(sheet, 3, (double[]){2, -INFINITY, 7});
        assert_false(gradus_sheet_next(sheet, true, &error));
        gradus_sheet_rewind(sheet);
    }
    assert_int_equal(error.status, GRADUS_OK);
    gradus_sheet_close(sheet);
    gradus_sheet_close(NULL);
}

/* Not a number, but said: that is no gap. */
static void test_nan(void **state)
{
    (void)state;
    gradus_error error = {0};
    double number = 0;
    gradus_sheet *sheet = open_sheet("loss\nnan\nNaN\n");
    for (int i = 0; i < 2; i++) {
        assert_true(gradus_sheet_next(sheet, true, &error));
        assert_true(gradus_sheet_number(sheet, 0, &number, &error) && isnan(number));
        number = 0;
    }
    gradus_sheet_close(sheet);
}

/* A row that was being written when its writer was killed; a file written by hand may end without a line end. */
static void test_last_row(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_sheet *sheet = open_sheet("loss,norm\n1,2\n3,4");
    check_row(sheet, 2, (double[]){1, 2});
    assert_false(gradus_sheet_next(sheet, true, &error));
    gradus_sheet_rewind(sheet);
    check_row(sheet, 2, (double[]){1, 2});
    assert_true(gradus_sheet_next(sheet, false, &error));
    gradus_sheet_close(sheet);
    sheet = open_sheet("loss,norm\n1,2\n3");
    check_row(sheet, 2, (double[]){1, 2});
    assert_false(gradus_sheet_next(sheet, true, &error));
    assert_int_equal(error.status, GRADUS_OK);
    gradus_sheet_close(sheet);
}

static void check_refused(const char *text, const char *message)
{
    gradus_error error = {0};
    char expected[600];
    double number;
    put("sheet.csv", text);
    gradus_sheet *sheet = gradus_sheet_open(in_folder("sheet.csv"), &error);
    while (sheet && gradus_sheet_next(sheet, true, &error))
        for (int32_t i = 0; gradus_sheet_column(sheet, i); i++) gradus_sheet_number(sheet, i, &number, &error);
    snprintf(expected, sizeof expected, "%s%s", in_folder("sheet.csv"), message);
    assert_string_equal(error.message, expected);
    assert_int_equal(error.code, GRADUS_CODE_BAD_DATA);
    gradus_sheet_close(sheet);
}

static void test_mistakes(void **state)
{
    (void)state;
    gradus_error error = {0};
    check_refused("", ": the file is empty");
    check_refused("\n\n", ": the file holds no rows");
    check_refused("loss,,norm\n1,2,3\n", ":1:6: a column without a name");
    check_refused("loss,norm,loss\n1,2,3\n", ":1:11: a second column is called 'loss'");
    check_refused("loss,norm\n1,2\n3\n", ":3:1: 1 fields, but the header has 2");
    check_refused("loss,norm\n1,2,3\n", ":2:1: 3 fields, but the header has 2");
    check_refused("loss,norm\n1,high\n", ":2:3: norm: 'high' is no number");
    check_refused("loss\n1.5x\n", ":2:1: loss: '1.5x' is no number");
    assert_null(gradus_sheet_open(in_folder("nothing.csv"), &error));
    assert_int_equal(error.code, GRADUS_CODE_NO_FILE);
    assert_null(gradus_sheet_open(in_folder("sheet.csv"), &error)); /* an error is sticky */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_nan),
                                       cmocka_unit_test(test_last_row), cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
