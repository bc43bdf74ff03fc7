/* Errors stick, messages are cut cleanly, every status and code has a name of its own, and the nearest name is the one meant. */
#include "check.h"
#include "gradus/base.h"

static void test_the_first_error_stays(void **state)
{
    (void)state;
    gradus_error error = {0};
    assert_false(gradus_failed(&error));
    assert_int_equal(gradus_fail(&error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE, "%s is %d", "rate", 3),
                     GRADUS_ERROR_RANGE);
    assert_int_equal(gradus_fail(&error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED, "later"), GRADUS_ERROR_RANGE);
    assert_true(gradus_failed(&error));
    assert_int_equal(error.code, GRADUS_CODE_OUT_OF_RANGE);
    assert_string_equal(error.message, "rate is 3");
    assert_int_equal(gradus_fail(NULL, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED, "nobody reads this"), GRADUS_ERROR_USE);
}

static void test_long_messages_are_cut_between_code_points(void **state)
{
    (void)state;
    for (int skipped = 0; skipped < 4; skipped++) {
        gradus_error error = {0};
        char text[800] = "";
        for (int i = 0; i < 150; i++) strcat(text, "é€");
        gradus_fail(&error, GRADUS_ERROR_SPEC, GRADUS_CODE_SYNTAX, "%.*s%s", skipped, "abc", text);
        size_t length = strlen(error.message);
        assert_true(length < sizeof error.message && length > sizeof error.message - 8);
        assert_string_equal(error.message + length - 3, "...");
        assert_true(memcmp(error.message + length - 5, "\xC3\xA9", 2) == 0 ||
                    memcmp(error.message + length - 6, "\xE2\x82\xAC", 3) == 0);
    }
}

static void test_names(void **state)
{
    (void)state;
    for (int code = 0; code <= GRADUS_CODE_REFUSED; code++) {
        assert_string_not_equal(gradus_code_name(code), "unknown");
        for (int other = 0; other < code; other++)
            assert_string_not_equal(gradus_code_name(code), gradus_code_name(other));
    }
    assert_string_equal(gradus_code_name(GRADUS_CODE_OUT_OF_RANGE), "out_of_range");
    assert_string_equal(gradus_code_name(-1), "unknown");
    assert_string_equal(gradus_code_name(GRADUS_CODE_REFUSED + 1), "unknown");
    assert_string_equal(gradus_status_name(GRADUS_ERROR_RANGE), "out of range");
    for (int status = GRADUS_ERROR_FILE; status <= 0; status++)
        assert_string_not_equal(gradus_status_name(status), "unknown");
    assert_string_equal(gradus_status_name(1), "unknown");
    assert_string_equal(gradus_status_name(INT32_MIN), "unknown");
}

static void check_nearest(const char *name, const char *expected)
{
    const char *const names[] = {
        "cosine", "cosine_restarts", "hold",     "warmup",   "weight_decay", "nesterov", "relu", "pad",
        "torch",  "1-sqrt",          "1-square", "schedule", "optimizer",    "lr",       "ep",   "price"};
    const char *nearest = gradus_nearest(name, names, sizeof names / sizeof *names);
    if (!expected)
        assert_null(nearest);
    else if (!nearest)
        fail_msg("nothing is near '%s'", name);
    else
        assert_string_equal(nearest, expected);
}

static void test_nearest(void **state)
{
    (void)state;
    check_nearest("cosin", "cosine");
    check_nearest("weight_deacy", "weight_decay");
    check_nearest("WeightDecay", "weight_decay");
    check_nearest("nestrov", "nesterov");
    check_nearest("ReLU", "relu");
    check_nearest("padding", "pad");
    check_nearest("pda", "pad");
    check_nearest("pytorch", "torch");
    check_nearest("sqrt", "1-sqrt");
    check_nearest("optimiser", "optimizer");
    check_nearest("prise", "price");
    check_nearest("xyzzy", NULL);
    check_nearest("", NULL);
    check_nearest("__", NULL);
    check_nearest("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL);
    assert_null(gradus_nearest(NULL, NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_first_error_stays),
                                       cmocka_unit_test(test_long_messages_are_cut_between_code_points),
                                       cmocka_unit_test(test_names), cmocka_unit_test(test_nearest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
