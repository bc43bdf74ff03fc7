/* The shared lists of texts that must parse and of mistakes with their column and words: through the small tables, which know
 * every family, and through the real families that are linked. A line that the tables have no member for yet is waiting. */
#include "check.h"
#include "gradus/base.h"
#include "language_tables.h"

typedef struct counts {
    int passed, waiting, failed;
} counts;

/* Splits a line at its tabs in place; how many fields there are. */
static int split(char *line, char *fields[4])
{
    int count = 0;
    for (char *at = line; at && count < 4; count++) {
        fields[count] = at;
        at = strchr(at, '\t');
        if (at) *at++ = 0;
    }
    return count;
}

static void check_round_trip(const char *family, const char *text, const gradus_language *language,
                             const gradus_spec *spec, counts *c)
{
    char first[4096], second[4096], full[8192];
    gradus_error error = {0};
    gradus_spec_config config = {.family = family, .language = language};
    assert_true(gradus_spec_print(spec, GRADUS_PRINT_CANONICAL, first, sizeof first) < sizeof first);
    assert_true(gradus_spec_print(spec, GRADUS_PRINT_FULL, full, sizeof full) < sizeof full);
    gradus_spec *again = gradus_spec_create(first, &config, &error),
                *from_full = gradus_spec_create(full, &config, &error);
    if (!again || !from_full) {
        print_error("%s: '%s' is printed as '%s' and '%s': %s\n", family, text, first, full, error.message);
        c->failed++;
    } else {
        gradus_spec_print(again, GRADUS_PRINT_CANONICAL, second, sizeof second);
        assert_string_equal(first, second);
        gradus_spec_print(from_full, GRADUS_PRINT_CANONICAL, second, sizeof second);
        c->passed++;
    }
    gradus_spec_destroy(again);
    gradus_spec_destroy(from_full);
}

static bool is_missing_member(const gradus_error *error, const gradus_language *language, const char *family)
{
    if (strcmp(family, "value") == 0) return false;
    return !gradus_language_family(language, family) || error->code == GRADUS_CODE_UNKNOWN_NAME ||
           error->code == GRADUS_CODE_WRONG_FAMILY || error->code == GRADUS_CODE_UNKNOWN_PARAMETER ||
           error->code == GRADUS_CODE_TOO_MANY || error->code == GRADUS_CODE_RENAMED;
}

static void run_parse(const gradus_language *language, bool all, counts *c)
{
    char *text = check_shared_text("language/must_parse.tsv", NULL), *fields[4];
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        assert_int_equal(split(line, fields), 2);
        gradus_error error = {0};
        gradus_spec *spec =
            gradus_spec_create(fields[1], &(gradus_spec_config){.family = fields[0], .language = language}, &error);
        if (spec)
            check_round_trip(fields[0], fields[1], language, spec, c);
        else if (!all && is_missing_member(&error, language, fields[0])) {
            print_message("waiting: %s\t%s\t%s\n", fields[0], fields[1], error.message);
            c->waiting++;
        } else {
            print_error("%s\t%s\t%d: %s\n", fields[0], fields[1], error.column, error.message);
            c->failed++;
        }
        gradus_spec_destroy(spec);
    }
    free(text);
}

static void run_fail(const gradus_language *language, bool all, counts *c)
{
    char *text = check_shared_text("language/must_fail.tsv", NULL), *fields[4];
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        assert_int_equal(split(line, fields), 4);
        gradus_error error = {0};
        gradus_spec *spec =
            gradus_spec_create(fields[1], &(gradus_spec_config){.family = fields[0], .language = language}, &error);
        bool right = !spec && error.column == atoi(fields[2]) && strstr(error.message, fields[3]);
        if (right)
            c->passed++;
        else if (!all && (spec || is_missing_member(&error, language, fields[0]))) {
            print_message("waiting: %s\t%s\tis %d: %s\n", fields[0], fields[1], error.column,
                          spec ? "accepted" : error.message);
            c->waiting++;
        } else {
            print_error("%s\t%s\tshould be %s: %s, is %d: %s\n", fields[0], fields[1], fields[2], fields[3],
                        error.column, spec ? "accepted" : error.message);
            c->failed++;
        }
        gradus_spec_destroy(spec);
    }
    free(text);
}

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
