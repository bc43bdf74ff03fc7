/* The shared lists of texts that must parse and of mistakes, through the small tables, which know every family. */
#include "language_files.h"
#include "language_tables.h"

static void test_small_tables_parse(void **state)
{
    (void)state;
    counts c = {0};
    run_parse(&small_language, true, &c);
    print_message("%d passed\n", c.passed);
    assert_int_equal(c.failed, 0);
}

/* Two phases without a length and phases over 100 % are the schedules' own check, which small tables do not have. */
static void test_small_tables_fail(void **state)
{
    (void)state;
    counts c = {0};
    run_fail(&small_language, false, &c);
    print_message("%d passed, %d waiting\n", c.passed, c.waiting);
    assert_int_equal(c.failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_small_tables_parse),
                                       cmocka_unit_test(test_small_tables_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
