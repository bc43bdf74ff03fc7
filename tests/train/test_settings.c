/* Settings: what a run file and arguments say, what is refused, and that every error stands where its cause was written.
 * Places are checked byte by byte, in every way that YAML has to write a text. */
#include "check.h"
#include "gradus/base.h"
#include "gradus/train.h"

static gradus_settings *read_text(const char *text, const char *const *arguments, gradus_report *report)
{
    gradus_settings_config config = {.arguments = arguments};
    return gradus_settings_read("run.yaml", text, strlen(text), &config, report);
}

static gradus_settings *good(const char *text, const char *const *arguments)
{
    gradus_report report;
    gradus_settings *settings = read_text(text, arguments, &report);
    if (!settings) fail_msg("%s: %s: %s", report.where, report.key, report.error.message);
    return settings;
}

/* ---- what is read ---- */

static void test_defaults(void **state)
{
    (void)state;
    gradus_settings *settings = good("", NULL);
    assert_string_equal(gradus_settings_text(settings, "lr", GRADUS_PRINT_CANONICAL), "auto");
    assert_string_equal(gradus_settings_text(settings, "feedback", GRADUS_PRINT_CANONICAL), "guard");
    assert_null(gradus_settings_text(settings, "model", GRADUS_PRINT_CANONICAL));
    assert_null(gradus_settings_spec(settings, "gradient"));
    assert_true(isnan(gradus_settings_number(settings, "lr")));
    assert_true(isnan(gradus_settings_number(settings, "epochs")));
    check_close(gradus_settings_number(settings, "seed"), 1, 0, 0);
    assert_false(gradus_settings_given(settings, "lr"));
    gradus_settings_destroy(settings);
}

static void test_values(void **state)
{
    (void)state;
    gradus_settings *settings =
        good("lr: 1e-2 # rate\nbatch: all\nvalidation: 10%\nname: my run\nschedule:\n  - warmup(5%) > hold(10)\n"
             "  - cosine\nlr_max: none\nepochs: 2.5\ngradient: [clip_norm(1), clip_value(2)]\n",
             NULL);
    check_close(gradus_settings_number(settings, "lr"), 0.01, 0, 0);
    assert_string_equal(gradus_settings_value(settings, "batch")->text, "all");
    check_close(gradus_settings_number(settings, "validation"), 0.1, 1e-15, 0);
    check_close(gradus_settings_number(settings, "epochs"), 2.5, 0, 0);
    assert_string_equal(gradus_settings_text(settings, "name", GRADUS_PRINT_CANONICAL), "my run");
    assert_string_equal(gradus_settings_written(settings, "schedule"), "warmup(5%) > hold(10) > cosine");
    assert_string_equal(gradus_settings_text(settings, "gradient", GRADUS_PRINT_CANONICAL),
                        "clip_norm(1) > clip_value(2)");
    assert_int_equal(gradus_spec_chain(gradus_settings_spec(settings, "schedule"))->count, 3);
    assert_true(isnan(gradus_settings_number(settings, "lr_max")));
    assert_true(gradus_settings_given(settings, "lr"));
    gradus_settings_destroy(settings);
}

static void test_arguments(void **state)
{
    (void)state;
    const char *arguments[] = {
        "schedule.warmup.length=10%", "schedule=warmup(5%) > cosine", "lr=0.1", "updates=20", "name=a=b", NULL};
    gradus_settings *settings = good("lr: 0.5\nschedule: hold\nepochs: 3\n", arguments);
    check_close(gradus_settings_number(settings, "lr"), 0.1, 0, 0);
    assert_string_equal(gradus_settings_text(settings, "schedule", GRADUS_PRINT_CANONICAL), "warmup(10%) > cosine");
    check_close(gradus_settings_number(settings, "updates"), 20, 0, 0);
    assert_null(gradus_settings_text(settings, "epochs", GRADUS_PRINT_CANONICAL));
    assert_string_equal(gradus_settings_text(settings, "name", GRADUS_PRINT_CANONICAL), "a=b");
    gradus_settings_destroy(settings);
}

static void test_switched_off(void **state)
{
    (void)state;
    const char *arguments[] = {"schedule=none", "feedback=none", "epochs=none", NULL};
    gradus_settings *settings = good("schedule: cosine\nepochs: 3\n", arguments);
    assert_null(gradus_settings_spec(settings, "schedule"));
    assert_null(gradus_settings_spec(settings, "feedback"));
    assert_string_equal(gradus_settings_text(settings, "feedback", GRADUS_PRINT_CANONICAL), "none");
    assert_true(isnan(gradus_settings_number(settings, "epochs")));
    gradus_settings_destroy(settings);
}

static void test_like_holds_for_all(void **state)
{
    (void)state;
    gradus_settings *settings = good("schedule: cosine(T_max=20)\nlike: torch\n", NULL);
    assert_string_equal(gradus_settings_text(settings, "like", GRADUS_PRINT_CANONICAL), "torch");
    gradus_settings_destroy(settings);
}

static void test_filled_in(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_settings *settings = good("lr: 0.1\n", NULL);
    assert_int_equal(gradus_settings_set(settings, "epochs", "5", &error), GRADUS_OK);
    check_close(gradus_settings_number(settings, "epochs"), 5, 0, 0);
    assert_false(gradus_settings_given(settings, "epochs"));
    assert_int_not_equal(gradus_settings_set(settings, "batch", "-3", &error), GRADUS_OK);
    assert_true(isnan(gradus_settings_number(settings, "batch")));
    gradus_settings_destroy(settings);
}

static void test_folder(void **state)
{
    (void)state;
    gradus_report report;
    const char *arguments[] = {"schedule=cosine", NULL};
    gradus_settings_config config = {.arguments = arguments};
    gradus_settings *settings = gradus_settings_read("some/where/house.yaml", "lr: 1\n", 6, &config, &report);
    assert_non_null(settings);
    assert_string_equal(gradus_settings_stem(settings), "house");
    assert_string_equal(gradus_settings_folder(settings, "lr"), "some/where");
    assert_string_equal(gradus_settings_folder(settings, "schedule"), "");
    gradus_settings_destroy(settings);
}

/* ---- printing ---- */

static void check_round_trip(const char *text, gradus_print how)
{
    char first[8192], second[8192];
    gradus_settings *settings = good(text, NULL);
    size_t size = gradus_settings_print(settings, how, NULL, 0);
    assert_int_equal(gradus_settings_print(settings, how, first, sizeof first), size);
    gradus_settings_destroy(settings);
    settings = good(first, NULL);
    gradus_settings_print(settings, how, second, sizeof second);
    gradus_settings_destroy(settings);
    assert_string_equal(first, second);
}

static void test_round_trip(void **state)
{
    (void)state;
    static const char *const files[] = {
        "",
        "schedule: warmup( 5% )>cosine\nlr: 1e-3\nbatch: all\n",
        "name: 'a: b # c'\nstart_from: \"x\\ty \\u00e9 \\\\\"\nfeedback: none\n",
        "start_from: \"- x\"\n",
        "name: 'null'\nstart_from: '*a'\n",
        "start_from: ' both ends '\nlike: torch\n",
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        check_round_trip(files[i], GRADUS_PRINT_CANONICAL);
        check_round_trip(files[i], GRADUS_PRINT_FULL);
    }
}

static void test_aligned(void **state)
{
    (void)state;
    char text[4096];
    gradus_settings *settings = good("lr: 0.1\nschedule: none\nfeedback: none\noptimizer: sgd\n", NULL);
    gradus_settings_print(settings, GRADUS_PRINT_CANONICAL, text, sizeof text);
    assert_non_null(strstr(text, "optimizer: sgd\nlr:        0.1\nlr_min:    0\nschedule:  none\n"));
    gradus_settings_destroy(settings);
}

/* ---- places: each byte of a value is found where it was written ---- */

static void check_places(const char *file, const char *key)
{
    gradus_settings *settings = good(file, NULL);
    const char *text = gradus_settings_written(settings, key);
    for (int32_t i = 0; text[i]; i++) {
        gradus_error error = {.line = 1, .column = 1, .offset = i, .length = 1, .message = "x"};
        gradus_report report;
        if (strchr(" \n\t>", text[i])) continue; /* what folds, and what joins the items of a list */
        if (((unsigned char)text[i] & 0xc0) == 0x80) continue;
        gradus_settings_place(settings, key, &error, &report);
        const char *at = report.line;
        for (int32_t points = report.caret; points > 0; points--) do
                at++;
            while (((unsigned char)*at & 0xc0) == 0x80);
        if (*at != text[i] && *at != '\\')
            fail_msg("byte %d of '%s' is placed at '%s' (%s)", i, text, at, report.where);
    }
    gradus_settings_destroy(settings);
}

static void test_every_byte_has_its_place(void **state)
{
    (void)state;
    check_places("schedule: warmup(5%) > cosine\n", "schedule");
    check_places("lr: 1\nschedule:    warmup(5%) >\n   cosine(to=0.1,\n\n\n from=1)\n", "schedule");
    check_places("schedule: 'warmup(5%) >\n   cosine'\n", "schedule");
    check_places("start_from: 'it''s   a\n\n\n   ''quoted'' one'\n", "start_from");
    check_places("start_from: \"a \\\"b\\\" \\x41b \\u00e9d\\n c \\\n     d\n   e\n\n f\"\n", "start_from");
    check_places("schedule: |\n    warmup(5%)   # ramp\n      > hold(3)\n\n    > cosine\nlr: 1\n", "schedule");
    check_places("schedule: >-\n    warmup(5%)\n      > hold(3)\n\n    > cosine\nlr: 1\n", "schedule");
    check_places("schedule: |2\n     warmup(5%)\n   > cosine\n", "schedule");
    check_places("schedule:\n- warmup(5%) >\n  hold(10)   # c\n-   'cosine'\n", "schedule");
    check_places("gradient: [clip_norm(1), \"clip_value(2)\",\n  clip_norm(3)]\n", "gradient");
    check_places("\xef\xbb\xbfname: donn\xc3\xa9\x65s\r\nschedule: warmup(5%)\r\n   > cosine\r\n", "schedule");
    check_places("name: donn\xc3\xa9\x65s de l'\xc3\xa9t\xc3\xa9\n", "name");
}

/* ---- what is refused, and where ---- */

typedef struct refusal {
    const char *file, *where, *message, *under; /* `under`: the text above the carets; NULL: no line */
    int32_t code;
} refusal;

static void check_refusal(const refusal *expected, const char *const *arguments)
{
    gradus_report report;
    gradus_settings *settings = read_text(expected->file, arguments, &report);
    if (settings) fail_msg("accepted: %s", expected->file);
    if (!strstr(report.error.message, expected->message) || strcmp(report.where, expected->where) != 0)
        fail_msg("%s: %s\nexpected %s: %s", report.where, report.error.message, expected->where, expected->message);
    assert_int_equal(report.error.code, expected->code);
    if (!expected->under) {
        assert_string_equal(report.line, "");
        return;
    }
    const char *at = report.line;
    for (int32_t points = report.caret; points > 0; points--) do
            at++;
        while (((unsigned char)*at & 0xc0) == 0x80);
    if (strncmp(at, expected->under, strlen(expected->under)) != 0 || report.carets != (int32_t)strlen(expected->under))
        fail_msg("%d carets under '%s', expected under '%s'", report.carets, at, expected->under);
}

static void test_files_refused(void **state)
{
    (void)state;
    static const refusal refusals[] = {
        {"schedule:  warmup(5%) > cosin\n", "run.yaml:1:25", "'cosin' is no schedule; did you mean 'cosine'?", "cosin",
         GRADUS_CODE_UNKNOWN_NAME},
        {"schedule: 'warmup(5%) >\n   cosin'\n", "run.yaml:2:4", "'cosin' is no schedule", "cosin",
         GRADUS_CODE_UNKNOWN_NAME},
        {"schedule: >\n  warmup(5%)\n\n   > cosin\n", "run.yaml:4:6", "'cosin' is no schedule", "cosin",
         GRADUS_CODE_UNKNOWN_NAME},
        {"schedule: |\n  warmup(5%)  # é\n   > cosin\n", "run.yaml:3:6", "'cosin' is no schedule", "cosin",
         GRADUS_CODE_UNKNOWN_NAME},
        {"schedule:\n  - warmup(5%)\n  - hold(3) > cosin\n", "run.yaml:3:15", "'cosin' is no schedule", "cosin",
         GRADUS_CODE_UNKNOWN_NAME},
        {"lr: 1\ndata: glyphs\n\nlr: 2\n", "run.yaml:4:1", "'lr' is given twice, first in line 1", "lr",
         GRADUS_CODE_REPEATED},
        {"optimizer: {sgd, adamw}\n", "run.yaml:1:12", "YAML takes '{' for a mapping; write choice(a, b)", "{",
         GRADUS_CODE_YAML},
        {"optimizer:\n  name: adam\n", "run.yaml:2:3", "a setting has no settings inside; write optimizer: name(",
         "name", GRADUS_CODE_YAML},
        {"model: conv(16, 5)  # a\n       > relu\n", "run.yaml:2:8", "a comment ends the value above; use a list", ">",
         GRADUS_CODE_YAML},
        {"model: conv(16, 5) >\n  # a\n  relu\nlr: 1\n", "run.yaml:3:3", "a comment ends the value above", "r",
         GRADUS_CODE_YAML},
        {"model: >\n  conv(16) # hi\n  > relu\n", "run.yaml:2:12", "this comment would hide the lines below", "#",
         GRADUS_CODE_YAML},
        {"gradient: [f(a, b), c]\n", "run.yaml:1:12", "YAML splits a list at every ','", "f(a", GRADUS_CODE_YAML},
        {"gradient: [[clip_norm(1)]]\n", "run.yaml:1:12", "YAML takes '[' for a list in a list", "[", GRADUS_CODE_YAML},
        {"optimizer: [sgd, adam]\n", "run.yaml:1:12", "'optimizer' is one value, not a list", "[",
         GRADUS_CODE_WRONG_TYPE},
        {"name: &a b\n", "run.yaml:1:7", "YAML takes '&' for an anchor", "&", GRADUS_CODE_YAML},
        {"name: *a\n", "run.yaml:1:7", "YAML takes '*' for an alias", "*", GRADUS_CODE_YAML},
        {"name: !!str a\n", "run.yaml:1:7", "YAML takes '!' for a tag", "!", GRADUS_CODE_YAML},
        {"lr: 1\n---\nlr: 2\n", "run.yaml:2:1", "a second document begins here", "---", GRADUS_CODE_YAML},
        {"- lr\n", "run.yaml:1:1", "a run file is lines of key: value", "- lr", GRADUS_CODE_YAML},
        {"data: csv(a.csv, target: x)\n", "run.yaml:1:24", "parameters are written key=value", ":", GRADUS_CODE_YAML},
        {"schedule: > cosine\n", "run.yaml:1:11", "nothing stands before this '>'", ">", GRADUS_CODE_YAML},
        {"data: glyphs\n\tlr: 3\n", "run.yaml:2:1", "spaces, not with tabs", "\t", GRADUS_CODE_YAML},
        {"name: \"a\n", "run.yaml:1:7", "this quote is never closed", "\"", GRADUS_CODE_UNCLOSED},
        {"name: \"\\0\"\n", "run.yaml:1:7", "a zero byte", "\"\\0\"", GRADUS_CODE_CHARACTER},
        {"name: a\xff\n", "run.yaml:1:8", "a text in UTF-8", "\xff", GRADUS_CODE_CHARACTER},
        {"lr:\n", "run.yaml:1:1", "'lr' has no value", "lr", GRADUS_CODE_MISSING},
        {"lr: fast\n", "run.yaml:1:5", "'fast'", "fast", GRADUS_CODE_WRONG_TYPE},
        {"lr: -1\n", "run.yaml:1:5", "above 0", "-1", GRADUS_CODE_OUT_OF_RANGE},
        {"epochs: 3\nupdates: 40\n", "run.yaml:2:1", "the run's length is given twice", "updates",
         GRADUS_CODE_UNEXPECTED_VALUE},
        {"like: pytorch\n", "run.yaml:1:7", "did you mean 'torch'", "pytorch", GRADUS_CODE_UNKNOWN_NAME},
        {"name: a/b\n", "run.yaml:1:7", "a run's name is a folder's", "a/b", GRADUS_CODE_UNEXPECTED_VALUE},
        {"batch: 2.5\n", "run.yaml:1:8", "whole number", "2.5", GRADUS_CODE_WRONG_TYPE},
        {"validation: 1.5\n", "run.yaml:1:13", "a number of examples is whole", "1.5", GRADUS_CODE_WRONG_TYPE},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) check_refusal(&refusals[i], NULL);
}

/* Settings that are none: what they are called here, or where they belong. */
static void test_unknown_settings(void **state)
{
    (void)state;
    static const refusal refusals[] = {
        {"optimiser: adam\n", "run.yaml:1:1", "no setting 'optimiser'; it is called 'optimizer'", "optimiser",
         GRADUS_CODE_UNKNOWN_SETTING},
        {"deterministic: true\n", "run.yaml:1:1",
         "no setting 'deterministic'; every run is: one seed gives the same bits", "deterministic",
         GRADUS_CODE_UNKNOWN_SETTING},
        {"dropout: 0.1\n", "run.yaml:1:1",
         "no setting 'dropout'; it belongs in 'model', as gradus explain dropout shows", "dropout",
         GRADUS_CODE_UNKNOWN_SETTING},
        {"momentum: 0.9\n", "run.yaml:1:1", "it is a parameter of the optimizer: optimizer.momentum=0.9", "momentum",
         GRADUS_CODE_UNKNOWN_SETTING},
        {"target: price\n", "run.yaml:1:1", "it is a parameter of the data set: data.target=price", "target",
         GRADUS_CODE_UNKNOWN_SETTING},
        {"num_workers: 4\n", "run.yaml:1:1", "no setting 'num_workers'; --threads N says how many threads compute",
         "num_workers", GRADUS_CODE_UNKNOWN_SETTING},
        {"shedule: cosine\n", "run.yaml:1:1", "no setting 'shedule'; did you mean 'schedule'?", "shedule",
         GRADUS_CODE_UNKNOWN_SETTING},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) check_refusal(&refusals[i], NULL);
}

static void test_arguments_refused(void **state)
{
    (void)state;
    static const struct {
        const char *arguments[3];
        refusal expected;
    } rows[] = {
        {{"optimizer=sgd", "optimizer=adamw"},
         {"", "argument 2", "'optimizer' is given twice; alternatives are written 'choice(sgd, adamw)', in quotes",
          NULL, GRADUS_CODE_REPEATED}},
        {{"lr=1", "lr=1"}, {"", "argument 2", "'lr' is given twice, first in argument 1", NULL, GRADUS_CODE_REPEATED}},
        {{"schedule.hold.length=1", "schedule.hold.length=2"},
         {"", "argument 2", "'schedule.hold.length' is given twice", NULL, GRADUS_CODE_REPEATED}},
        {{"shedule=cosine"}, {"", "argument 1", "did you mean 'schedule'?", "shedule", GRADUS_CODE_UNKNOWN_SETTING}},
        {{"schedule=warmup(5%) > cosin"},
         {"", "schedule:1:14", "'cosin' is no schedule", "cosin", GRADUS_CODE_UNKNOWN_NAME}},
        {{"schedule.warmup=10%"},
         {"schedule: warmup(5%) > cosine", "argument 1",
          "'warmup' is a whole schedule; write schedule.warmup.length=10%", "warmup", GRADUS_CODE_SYNTAX}},
        {{"lr.x=3"}, {"", "argument 1", "'lr' has nothing inside; write lr=3", ".x", GRADUS_CODE_UNEXPECTED_VALUE}},
        {{"model.head.units=3"},
         {"", "argument 1", "there is no model to reach into", "model.head.units", GRADUS_CODE_MISSING}},
        {{"lr="}, {"", "argument 1", "'lr' has no value", "lr", GRADUS_CODE_MISSING}},
        {{"epochs=3", "updates=4"},
         {"", "argument 2", "the run's length is given twice", "updates", GRADUS_CODE_UNEXPECTED_VALUE}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) check_refusal(&rows[i].expected, rows[i].arguments);
}

static void test_open_values(void **state)
{
    (void)state;
    gradus_report report;
    assert_null(read_text("lr: loguniform(1e-4, 1e-2)\n", NULL, &report));
    assert_string_equal(report.error.message,
                        "1 value is still open (lr); gradus tune searches it, or set it: lr=0.001");
    assert_null(read_text("lr: loguniform(1e-4, 1)\nbatch: int(32, 512, log)\n", NULL, &report));
    assert_string_equal(report.error.message,
                        "2 values are still open (lr, batch); gradus tune searches them, or set them: lr=0.01 ...");
    /* what an alternative leaves open is open only if it is chosen */
    assert_null(read_text("optimizer: choice(sgd(momentum=uniform(0.8, 0.99)), adamw)\n", NULL, &report));
    assert_string_equal(report.error.message, "1 value is still open (optimizer); gradus tune searches it, or set it: "
                                              "optimizer=sgd");
    gradus_settings_config config = {.open = true};
    gradus_settings *settings = gradus_settings_read("run.yaml", "lr: search\n", 11, &config, &report);
    assert_non_null(settings);
    assert_true(isnan(gradus_settings_number(settings, "lr")));
    gradus_settings_destroy(settings);
}

/* The table: every name once, every default binds, every other name leads to one setting. */
static void test_table(void **state)
{
    (void)state;
    const gradus_argument *row, *other;
    for (int32_t i = 0; (row = gradus_setting_at(i)); i++) {
        assert_non_null(row->help);
        assert_ptr_equal(gradus_setting_find(row->name), row);
        assert_null(gradus_setting_also(row->name));
        for (const char *at = row->also; at && *at; at += strcspn(at, ","), at += strspn(at, ", ")) {
            char name[64];
            snprintf(name, sizeof name, "%.*s", (int)strcspn(at, ","), at);
            other = gradus_setting_also(name);
            if (other != row) fail_msg("'%s' leads to %s and to %s", name, row->name, other ? other->name : "nothing");
        }
    }
}

/* A line that is too long for a screen is shown around the error. */
static void test_long_lines(void **state)
{
    (void)state;
    char text[4096] = "schedule: ";
    for (int i = 0; i < 60; i++) strcat(text, "hold(1) > ");
    strcat(text, "cosin\n");
    gradus_report report;
    assert_null(read_text(text, NULL, &report));
    assert_string_equal(report.where, "run.yaml:1:611");
    assert_true(strlen(report.line) <= 82);
    assert_memory_equal(report.line + report.caret, "cosin", 5);
    assert_int_equal(report.carets, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_switched_off),
        cmocka_unit_test(test_like_holds_for_all),
        cmocka_unit_test(test_filled_in),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_aligned),
        cmocka_unit_test(test_every_byte_has_its_place),
        cmocka_unit_test(test_files_refused),
        cmocka_unit_test(test_unknown_settings),
        cmocka_unit_test(test_arguments_refused),
        cmocka_unit_test(test_open_values),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_long_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
