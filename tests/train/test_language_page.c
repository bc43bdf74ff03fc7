/* The page about the language: each example on it is read by the real tables, each change is made, each message is the one that
 * is shown. */
#include "check.h"
#include "gradus/base.h"
#include "gradus/train.h"

enum { LINES = 16 };

/* Examples between two fences: the word behind the first says what they are. */
typedef struct block {
    char kind[32];
    int line;
} block;

static int examples;

/* Splits "family: text"; the text, or NULL. */
static const char *split(const char *line, char family[32])
{
    const char *colon = strchr(line, ':');
    if (!colon || colon[1] != ' ') return NULL;
    snprintf(family, 32, "%.*s", (int)(colon - line), line);
    return colon + 2;
}

static gradus_spec *create(const char *family, const char *text, const char *const *changes, gradus_error *error)
{
    *error = (gradus_error){0};
    gradus_spec_config config = {.family = family, .language = gradus_train_language(), .changes = changes};
    examples++;
    return gradus_spec_create(text, &config, error);
}

static void check_prints(const block *b, const char *family, const char *text, const char *const *changes,
                         const char *expected)
{
    char printed[512];
    gradus_error error;
    gradus_spec *spec = create(family, text, changes, &error);
    if (!spec) fail_msg("docs/language.md:%d: %s: %s", b->line, text, error.message);
    gradus_spec_print(spec, GRADUS_PRINT_CANONICAL, printed, sizeof printed);
    if (expected) assert_string_equal(printed, expected);
    gradus_spec_destroy(spec);
}

static void check_mistake(const block *b, const char *family, const char *text, const char *expected)
{
    char shown[512];
    gradus_error error;
    gradus_spec *spec = create(family, text, NULL, &error);
    if (spec) fail_msg("docs/language.md:%d: %s is accepted", b->line, text);
    snprintf(shown, sizeof shown, "%s:%d:%d: %s", family, error.line, error.column, error.message);
    assert_string_equal(shown, expected);
}

/* One example of several lines: a text, what is done to it, what becomes of it. */
static void check_example(const block *b, char lines[LINES][512], int count)
{
    char family[32], same[32];
    const char *text = split(lines[0], family), *changes[LINES] = {NULL}, *last = lines[count - 1];
    assert_non_null(text);
    if (strcmp(b->kind, "mistakes") == 0) {
        assert_int_equal(count, 2);
        check_mistake(b, family, text, last);
        return;
    }
    for (int i = 1; i < count - 1; i++) changes[i - 1] = lines[i] + strlen(family) + 1;
    const char *expected = split(last, same);
    assert_non_null(expected);
    check_prints(b, family, text, changes, expected);
}

/* A plain block: a text in each line, or one that goes on where a line begins with a space. */
static void check_texts(const block *b, char lines[LINES][512], int count)
{
    for (int i = 0; i < count;) {
        char text[2048];
        snprintf(text, sizeof text, "%s", lines[i++]);
        for (; i < count && lines[i][0] == ' '; i++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "\n%s", lines[i]);
        check_prints(b, b->kind, text, NULL, NULL);
    }
}

static void check_lines(const block *b, char lines[LINES][512], int count)
{
    bool example =
        strcmp(b->kind, "mistakes") == 0 || strcmp(b->kind, "changes") == 0 || strcmp(b->kind, "prints") == 0;
    if (count) (example ? check_example : check_texts)(b, lines, count);
}

static void test_examples(void **state)
{
    (void)state;
    char line[512], lines[LINES][512];
    block b = {.kind = ""};
    int number = 0, count = 0;
    FILE *file = fopen("docs/language.md", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        number++;
        line[strcspn(line, "\n")] = 0;
        bool fence = strncmp(line, "```", 3) == 0;
        if (*b.kind && (fence || !*line)) {
            check_lines(&b, lines, count);
            count = 0;
        } else if (*b.kind) {
            assert_true(count < LINES);
            strcpy(lines[count++], line);
        }
        if (fence) {
            snprintf(b.kind, sizeof b.kind, "%.31s", line + 3);
            b.line = number;
        }
    }
    fclose(file);
    print_message("%d examples\n", examples);
    assert_true(examples >= 46);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
