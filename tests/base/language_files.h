/* The shared lists of texts that must parse, and of mistakes with their column and words, run through the tables of a language.
 * A line that the tables have no member for yet is waiting, and shown. */
#ifndef GRADUS_TESTS_LANGUAGE_FILES_H
#define GRADUS_TESTS_LANGUAGE_FILES_H
#include "check.h"
#include "gradus/base.h"
#include "gradus/spec.h"

typedef struct counts {
    int passed, waiting, failed;
} counts;

/* Splits a line at its tabs in place; how many fields there are. */
static inline int split(char *line, char *fields[4])
{
    int count = 0;
    for (char *at = line; at && count < 4; count++) {
        fields[count] = at;
        at = strchr(at, '\t');
        if (at) *at++ = 0;
    }
    return count;
}

static inline void check_round_trip(const char *family, const char *text, const gradus_language *language,
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

static inline bool is_missing_member(const gradus_error *error, const gradus_language *language, const char *family)
{
    if (strcmp(family, "value") == 0) return false;
    return !gradus_language_family(language, family) || error->code == GRADUS_CODE_UNKNOWN_NAME ||
           error->code == GRADUS_CODE_WRONG_FAMILY || error->code == GRADUS_CODE_UNKNOWN_PARAMETER ||
           error->code == GRADUS_CODE_TOO_MANY || error->code == GRADUS_CODE_RENAMED;
}

/* Whether the words of a message show a call of a member that is not there yet: "write repeat(3". */
static inline bool shows_missing_member(const char *words, const gradus_language *language, const char *family)
{
    const gradus_family *table = gradus_language_family(language, family);
    const char *end = strchr(words, '(');
    size_t length = 0;
    char name[64];
    while (end && length < sizeof name - 1 && end - length > words &&
           strchr("abcdefghijklmnopqrstuvwxyz_", end[-1 - (int)length]))
        length++;
    if (!table || length == 0) return false;
    snprintf(name, sizeof name, "%.*s", (int)length, end - length);
    return !gradus_language_find(language, table, name);
}

static inline void run_parse(const gradus_language *language, bool all, counts *c)
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

static inline void run_fail(const gradus_language *language, bool all, counts *c)
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
        else if (!all && (spec || is_missing_member(&error, language, fields[0]) ||
                          shows_missing_member(fields[3], language, fields[0]))) {
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

#endif
