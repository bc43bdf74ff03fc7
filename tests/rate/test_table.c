/* Tables of shares: in place and from files, at even distances and at positions, and every way in which a file can be wrong, with the
 * line and column that are said. */
#include "check.h"
#include "gradus/base.h"
#include "gradus/spec.h"
#include <time.h>

/* ---- a context whose files are texts ---- */

typedef struct text_file {
    const char *path, *text;
    size_t length; /* 0: as long as it says */
    int reads;
    gradus_context *context; /* that reads it */
} text_file;

static const char *read_text(void *user, const char *path, void (*take)(void *into, const char *text, size_t length),
                             void *into)
{
    text_file *file = user;
    if (strcmp(path, file->path) != 0) return "no such file or directory";
    file->reads++;
    take(into, file->text, file->length ? file->length : strlen(file->text));
    return NULL;
}

static gradus_schedule *make(text_file *file, const char *spec, const gradus_units *units, gradus_error *error)
{
    file->context = gradus_context_create(&(gradus_context_config){.read = read_text, .user = file}, error);
    return gradus_schedule_create(spec, units, file->context, error);
}

static void unmake(text_file *file, gradus_schedule *schedule)
{
    gradus_schedule_destroy(schedule);
    gradus_context_destroy(file->context);
}

static void check_values(text_file *file, const char *spec, const gradus_units *units, const double *values, int count)
{
    gradus_error error = {0};
    gradus_schedule *schedule = make(file, spec, units, &error);
    if (!schedule) fail_msg("%s: %s", spec, error.message);
    for (int i = 0; i < count; i++)
        if (!check_is_close(gradus_schedule_at(schedule, values[2 * i]), values[2 * i + 1], 1e-14, 1e-300))
            fail_msg("%s of '%s' at %g: %.17g, expected %.17g", spec, file->text, values[2 * i],
                     gradus_schedule_at(schedule, values[2 * i]), values[2 * i + 1]);
    unmake(file, schedule);
}
#define VALUES(file, spec, units, ...)                             \
    check_values(file, spec, units, (const double[]){__VA_ARGS__}, \
                 (int)(sizeof(double[]){__VA_ARGS__} / sizeof(double) / 2))

static void check_wrong(const char *text, const char *spec, gradus_code code, const char *message)
{
    text_file file = {.path = "my rates.csv", .text = text};
    gradus_error error = {0};
    gradus_schedule *schedule = make(&file, spec, NULL, &error);
    if (schedule) fail_msg("%s of '%s' was accepted", spec, text);
    if (error.code != (int32_t)code || strcmp(error.message, message) != 0 || error.column != 1)
        fail_msg("%s of '%s': %d, %s: %s", spec, text, error.column, gradus_code_name(error.code), error.message);
    unmake(&file, schedule);
}

/* ---- what is in them ---- */

static void test_in_place(void **state)
{
    (void)state;
    text_file none = {.path = "", .text = "in place"};
    const gradus_units epochs = {.total = 5, .total_unit = GRADUS_EPOCHS, .updates_per_epoch = 10};
    VALUES(&none, "table([1, 0.5, 10%], every=1ep)", &epochs, 0, 1, 0.99, 1, 1, 0.5, 1.9, 0.5, 2, 0.1, 4.9, 0.1);
    VALUES(&none, "table([1, 0.5, 0.1])", NULL, 0, 1, 1, 0.5, 2, 0.1, 1e9, 0.1);
    VALUES(&none, "table([1, 0.5, 0.1], every=10, interpolate)", NULL, 0, 1, 5, 0.75, 10, 0.5, 15, 0.3, 20, 0.1, 1e300,
           0.1);
    VALUES(&none, "table([0.3])", NULL, 0, 0.3, 7, 0.3);
    VALUES(&none, "warmup(4) > table([1, 0.5], every=10)", NULL, 13, 1, 14, 0.5);
    VALUES(&none, "table([0.1, 0.05], every=2, rates)", &(gradus_units){.base = 0.1}, 0, 1, 2, 0.5);
    VALUES(&none, "table([1, 0.5], every=0.1ep)", &(gradus_units){.updates_per_epoch = 10}, 0.1, 0.5);
}

static void test_in_place_comes_back(void **state)
{
    (void)state;
    static const char *const specs[] = {"table([0.3])",
                                        "table([1, 0.5])",
                                        "table([1, 0.5], every=3ep, interpolate)",
                                        "table(my.csv)",
                                        "table(\"my rates.csv\", column=rate)",
                                        "table(values=0.5)"};
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        char text[128];
        gradus_error error = {0};
        const gradus_family *const families[] = {&gradus_schedule_family, NULL};
        const gradus_language language = {.families = families};
        gradus_spec *spec =
            gradus_spec_create(specs[i], &(gradus_spec_config){.family = "schedule", .language = &language}, &error);
        if (!spec) fail_msg("%s: %s", specs[i], error.message);
        gradus_spec_print(spec, GRADUS_PRINT_CANONICAL, text, sizeof text);
        assert_string_equal(text, specs[i]);
        gradus_spec_destroy(spec);
    }
}

static void test_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *spec;
    } cases[] = {
        {"1\n0.5\n0.25\n", "table(\"my rates.csv\")"},
        {"1\n0.5\n0.25", "table(\"my rates.csv\")"},
        {"\xef\xbb\xbfrate\r\n1\r\n\r\n  5e-1 \r\n0.25\r\n\r\n", "table(\"my rates.csv\")"},
        {"update,rate\n0,1\n1,0.5\n2,.25\n", "table(\"my rates.csv\", column=rate)"},
        {"rate;note\n1;first\n0.5;\"a; b\"\"\n;\"\n0.25;\n", "table(\"my rates.csv\", column=rate)"},
        {"\"a,b\"\t\"the rate\"\n7\t1\n7\t\"0.5\"\n7\t0.25\n", "table(\"my rates.csv\", column=\"the rate\")"},
        {"7,1\n7,0.5\n7,0.25\n", "table(\"my rates.csv\", column=2)"},
        {"rate\n1,2\n", "table(\"my rates.csv\")"}, /* see below */
    };
    for (size_t i = 0; i < 7; i++) {
        text_file file = {.path = "my rates.csv", .text = cases[i].text};
        VALUES(&file, cases[i].spec, NULL, 0, 1, 1, 0.5, 1.5, 0.5, 2, 0.25, 9, 0.25);
        assert_int_equal(file.reads, 1);
    }
    check_wrong(cases[7].text, cases[7].spec, GRADUS_CODE_BAD_DATA, "my rates.csv:2:1: '1,2' is no number");
}

/* Positions that are not even, as `gradus schedule --csv --every 10` has them. */
static void test_positions(void **state)
{
    (void)state;
    text_file file = {.path = "a.csv", .text = "update,epoch,rate\n0,0,0.1\n10,1,0.05\n30,3,0.01\n30,3,0.02\n"};
    const gradus_units units = {.base = 0.1, .updates_per_epoch = 10};
    VALUES(&file, "table(a.csv, column=rate, at=update, rates)", &units, 0, 1, 9, 1, 10, 0.5, 29, 0.5, 30, 0.2, 99,
           0.2);
    VALUES(&file, "table(a.csv, column=rate, at=update, rates, interpolate)", &units, 5, 0.75, 20, 0.3, 30, 0.2);
    VALUES(&file, "table(a.csv, column=rate, at=epoch, every=1ep, rates)", &units, 0.9, 1, 1, 0.5, 2.9, 0.5, 3, 0.2);
    VALUES(&file, "constant(length=5) > table(a.csv, column=rate, at=update, rates)", &units, 14, 1, 15, 0.5);
    text_file late = {.path = "a.csv", .text = "t,v\n5,0.5\n6,1\n"};
    VALUES(&late, "table(a.csv, column=v, at=t, interpolate)", NULL, 0, 0.5, 5, 0.5, 5.5, 0.75);
}

static void test_no_locale(void **state)
{
    (void)state;
    text_file file = {.path = "a.csv", .text = "0.5\n1e-3\n"};
    VALUES(&file, "table(a.csv)", NULL, 0, 0.5, 1, 0.001);
    check_wrong("0,5\n", "table(\"my rates.csv\", column=3)", GRADUS_CODE_BAD_DATA,
                "my rates.csv has no column '3'; it has no header, so say which by its number");
}

/* ---- what is wrong ---- */

static void test_wrong_files(void **state)
{
    (void)state;
    const char *const plain = "table(\"my rates.csv\")", *const rate = "table(\"my rates.csv\", column=rate)";
    check_wrong("1\n", "table(other.csv)", GRADUS_CODE_NO_FILE, "other.csv: no such file or directory");
    check_wrong("", plain, GRADUS_CODE_BAD_DATA, "my rates.csv holds no numbers");
    check_wrong("rate\n\n", plain, GRADUS_CODE_BAD_DATA, "my rates.csv holds no numbers");
    check_wrong("1\n0.5\nabc\n", plain, GRADUS_CODE_BAD_DATA, "my rates.csv:3:1: 'abc' is no number");
    check_wrong("1\n\n  0.5x\n", plain, GRADUS_CODE_BAD_DATA, "my rates.csv:3:3: '0.5x' is no number");
    check_wrong("1\n-0.5\n", plain, GRADUS_CODE_BAD_DATA, "my rates.csv:2:1: -0.5 must be at least 0 and finite");
    check_wrong("1\nnan\n", plain, GRADUS_CODE_BAD_DATA, "my rates.csv:2:1: 'nan' is no number");
    check_wrong("1\n1e999\n", plain, GRADUS_CODE_BAD_DATA, "my rates.csv:2:1: 1e999 must be at least 0 and finite");
    check_wrong("é,rate\nü,x\n", rate, GRADUS_CODE_BAD_DATA, "my rates.csv:2:3: 'x' is no number");
    check_wrong("a,rate\n1\n", rate, GRADUS_CODE_BAD_DATA, "my rates.csv:2: this line has no column 'rate'");
    check_wrong("a,rate\n1,\n", rate, GRADUS_CODE_BAD_DATA, "my rates.csv:2:3: '' is no number");
    check_wrong("rate,note\n1,\"a\nb\"\nx,\n", rate, GRADUS_CODE_BAD_DATA, "my rates.csv:4:1: 'x' is no number");
    check_wrong("a,b\n1,2\n", plain, GRADUS_CODE_BAD_DATA, "my rates.csv has 2 columns; say which with column=");
    check_wrong("a,rates\n1,2\n", rate, GRADUS_CODE_BAD_DATA,
                "my rates.csv has no column 'rate'; did you mean 'rates'?");
    check_wrong("a,b\n1,2\n", rate, GRADUS_CODE_BAD_DATA, "my rates.csv has no column 'rate'");
    check_wrong("t,rate\n1,1\n0,2\n", "table(\"my rates.csv\", column=rate, at=t)", GRADUS_CODE_BAD_DATA,
                "my rates.csv:3: column 't' goes back");
    check_wrong("1\n", "table(\"my rates.csv\", rates)", GRADUS_CODE_MISSING,
                "a table of rates needs to know the run's own; leave out `rates` if these are shares of it");
    check_wrong("", "table", GRADUS_CODE_OUT_OF_RANGE,
                "give it a file or a list of values: table(rates.csv), table([1, 0.5, 0.1])");
    check_wrong("", "table(a.csv, [1, 2])", GRADUS_CODE_OUT_OF_RANGE,
                "give it a file or a list of values: table(rates.csv), table([1, 0.5, 0.1])");
    check_wrong("", "table([1, 2], column=a)", GRADUS_CODE_OUT_OF_RANGE, "only a file has columns");
}

static void test_without_a_reader(void **state)
{
    (void)state;
    gradus_error error = {0};
    assert_null(gradus_schedule_create("table(rates.csv)", NULL, NULL, &error));
    assert_int_equal(error.code, GRADUS_CODE_NO_FILE);
    assert_int_equal(error.status, GRADUS_ERROR_FILE);
    assert_string_equal(error.message, "rates.csv: the program gave no way to read files");
    gradus_schedule_storage storage;
    error = (gradus_error){0};
    assert_null(gradus_schedule_place(&storage, "table(rates.csv)", NULL, &error));
    assert_int_equal(error.code, GRADUS_CODE_NO_FILE);
    error = (gradus_error){0};
    const gradus_schedule *placed = gradus_schedule_place(&storage, "table([1, 0.5])", NULL, &error);
    assert_non_null(placed);
    check_close(gradus_schedule_at(placed, 1), 0.5, 0, 0);
}

/* A million rows, and each look-up still finds its row by halving. */
static void test_a_million_rows(void **state)
{
    (void)state;
    enum { ROWS = 1000000 };
    char *text = malloc(ROWS * 20 + 32), *end = text + sprintf(text, "update,rate\n");
    for (int i = 0; i < ROWS; i++) end += sprintf(end, "%d,%.6f\n", 2 * i, i / 1e6);
    text_file file = {.path = "big.csv", .text = text, .length = (size_t)(end - text)};
    gradus_error error = {0};
    clock_t before = clock();
    gradus_schedule *schedule = make(&file, "table(big.csv, column=rate, at=update)", NULL, &error);
    double seconds = (double)(clock() - before) / CLOCKS_PER_SEC;
    if (!schedule) fail_msg("%s", error.message);
    for (int i = 0; i < ROWS; i += 997) check_close(gradus_schedule_at(schedule, 2 * i + 1), i / 1e6, 1e-15, 0);
    print_message("a million rows in %.2f s\n", seconds);
    unmake(&file, schedule);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_in_place_comes_back),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_no_locale),
        cmocka_unit_test(test_wrong_files),
        cmocka_unit_test(test_without_a_reader),
        cmocka_unit_test(test_a_million_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
