/* The shared lists of texts that must parse and of mistakes, and texts made at random, through the real tables of all rooms. */
#include "base/language_files.h"
#include "base/language_generator.h"
#include "gradus/train.h"

/* How many lines of each list pass. They may only grow: the rest wait for members that are not there yet. */
enum { PARSED = 56, REFUSED = 61 };

static void test_texts_that_must_parse(void **state)
{
    (void)state;
    counts c = {0};
    run_parse(gradus_train_language(), false, &c);
    print_message("%d passed, %d waiting\n", c.passed, c.waiting);
    assert_int_equal(c.failed, 0);
    assert_true(c.passed >= PARSED);
}

static void test_texts_that_must_fail(void **state)
{
    (void)state;
    counts c = {0};
    run_fail(gradus_train_language(), false, &c);
    print_message("%d passed, %d waiting\n", c.passed, c.waiting);
    assert_int_equal(c.failed, 0);
    assert_true(c.passed >= REFUSED);
}

/* Every row is written in every way it allows; what a room's own check of a whole text refuses is passed over. */
static void test_random_texts_come_back(void **state)
{
    (void)state;
    static char text[1 << 16], first[1 << 17], second[1 << 17];
    const gradus_language *language = gradus_train_language();
    generator g = {.language = language, .text = text, .size = sizeof text};
    for (const gradus_family *const *family = language->families; *family; family++) {
        if (!(*family)->members[0]) continue;
        int bound = 0, refused = 0;
        gradus_spec_config config = {.family = (*family)->name, .language = language};
        for (uint64_t seed = 0; seed < 400; seed++) {
            gradus_error error = {0};
            generate(&g, *family, seed);
            gradus_spec *spec = gradus_spec_create(text, &config, &error), *again = NULL;
            bound += spec != NULL, refused += !spec;
            for (int how = GRADUS_PRINT_CANONICAL; spec && how <= GRADUS_PRINT_FULL;
                 how++, gradus_spec_destroy(again)) {
                assert_true(gradus_spec_print(spec, (gradus_print)how, first, sizeof first) < sizeof first);
                if (!(again = gradus_spec_create(first, &config, &error)))
                    fail_msg("%s\nis printed as\n%s\n%s", text, first, error.message);
                if (!chains_equal(gradus_spec_chain(spec), gradus_spec_chain(again)))
                    fail_msg("%s\nis printed as\n%s", text, first);
                gradus_spec_print(again, (gradus_print)how, second, sizeof second);
                assert_string_equal(first, second);
            }
            gradus_spec_destroy(spec);
            bool checked = error.code == GRADUS_CODE_LENGTHS || error.code == GRADUS_CODE_UNEXPECTED_VALUE;
            if (!spec && !checked && !(*family)->check)
                fail_msg("%s %s\n%d:%d: %s", (*family)->name, text, error.line, error.column, error.message);
        }
        print_message("%s: %d bound, %d refused\n", (*family)->name, bound, refused);
        assert_true(bound >= 40);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts_that_must_parse),
                                       cmocka_unit_test(test_texts_that_must_fail),
                                       cmocka_unit_test(test_random_texts_come_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
