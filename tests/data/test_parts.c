/* Parts: they never mix, depend on the seed alone, and test rows that stand in training are counted. Also the table of members. */
#include "sets.h"

/* Numbers 0 to 99, each its own row, so that a row is known by its value. */
static void put_numbers(void)
{
    char text[2048] = "x,y\n";
    for (int i = 0; i < 100; i++) sprintf(text + strlen(text), "%d,%d.5\n", i, i);
    put("numbers.csv", text);
}

/* Which part each row went to: 0, 1, 2, or -1. */
static void parts_of(const gradus_data *data, int part_of[100])
{
    for (int i = 0; i < 100; i++) part_of[i] = -1;
    for (int part = 0; part < 3; part++) {
        if (gradus_data_about(data)->count[part] == 0) continue;
        gradus_batch batch;
        gradus_loader *loader = whole_part(data, (gradus_part)part, &batch);
        float before = -1;
        for (int32_t i = 0; i < batch.count; i++) {
            int row = (int)batch.inputs[i];
            assert_int_equal(part_of[row], -1);
            assert_true(batch.inputs[i] > before); /* in the order of the file */
            before = batch.inputs[i];
            part_of[row] = part;
        }
        gradus_loader_destroy(loader);
    }
}

static void test_divided(void **state)
{
    (void)state;
    static const struct {
        const char *test, *validation;
        int limit, counts[3];
    } cases[] = {
        {"10%", NULL, 0, {80, 10, 10}},    {"none", "none", 0, {100, 0, 0}},  {"5", "7", 0, {88, 7, 5}},
        {"0.25", "50%", 0, {25, 50, 25}},  {"10%", "10%", 40, {32, 4, 4}},    {"none", "1%", 0, {99, 1, 0}},
        {"none", "0.02k", 0, {80, 20, 0}}, {"10%", NULL, 1000, {80, 10, 10}},
    };
    put_numbers();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128], limit[32] = "";
        int part_of[100], counts[4] = {0};
        if (cases[i].limit) sprintf(limit, ", limit=%d", cases[i].limit);
        sprintf(text, "csv(numbers.csv, scale=none, test=%s%s)", cases[i].test, limit);
        gradus_data *data = set_must_open(text, cases[i].validation);
        parts_of(data, part_of);
        for (int row = 0; row < 100; row++) counts[part_of[row] < 0 ? 3 : part_of[row]]++;
        for (int part = 0; part < 3; part++) assert_int_equal(counts[part], cases[i].counts[part]);
        gradus_data_close(data);
    }
}

static void test_seed(void **state)
{
    (void)state;
    int first[100], again[100], other[100];
    gradus_error error;
    put_numbers();
    gradus_data *data = set_open("csv(numbers.csv, scale=none)", NULL, 7, &error);
    parts_of(data, first);
    gradus_data_close(data);
    data = set_open("csv(numbers.csv, scale=none)", NULL, 7, &error);
    parts_of(data, again);
    gradus_data_close(data);
    data = set_open("csv(numbers.csv, scale=none)", NULL, 8, &error);
    parts_of(data, other);
    gradus_data_close(data);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
}

static void test_wrong_amounts(void **state)
{
    (void)state;
    put_numbers();
    set_must_fail("csv(numbers.csv)", "many",
                  "validation: 'many' is no share and no number of examples; write 10%, 5000 or none");
    set_must_fail("csv(numbers.csv)", "95%",
                  "of 100 examples none are left for training: validation takes 95%, test 10%");
    set_must_fail("csv(numbers.csv)", "100",
                  "of 100 examples none are left for training: validation takes 100, test 10%");
    set_must_fail(
        "csv(numbers.csv, test=9000000000000000)", "9000000000000000",
        "of 100 examples none are left for training: validation takes 9000000000000000, test 9000000000000000");
}

static void test_repeated(void **state)
{
    (void)state;
    put("train.csv", "x,y\n1,1.5\n2,2.5\n2,2.5\n3,3.5\n");
    put("test.csv",
        "x,y\n2,2.5\n2,2.5\n3,4.5\n4,4.5\n"); /* the third has the inputs of a training row, but another target */
    gradus_data *data = set_must_open("csv(train.csv, test=test.csv)", "none");
    assert_int_equal(gradus_data_about(data)->repeated, 2);
    gradus_data_close(data);
}

/* Every member opens or says why, has help for each parameter, and names that reach it from elsewhere reach nothing else. */
static void test_members(void **state)
{
    (void)state;
    const char *before = "";
    for (int32_t i = 0; gradus_data_family.members[i]; i++) {
        const gradus_member *member = gradus_data_family.members[i];
        assert_true(strcmp(before, member->name) < 0);
        before = member->name;
        assert_non_null(member->summary);
        for (const gradus_argument *row = member->arguments; row->name; row++) assert_non_null(row->help);
    }
    assert_string_equal(gradus_data_family.reader("x/house.csv")->name, "csv");
    assert_string_equal(gradus_data_family.reader("HOUSE.TSV")->name, "csv");
    assert_string_equal(gradus_data_family.reader("train-images-idx3-ubyte.gz")->name, "idx");
    assert_string_equal(gradus_data_family.reader("photos/")->name, "folder");
    assert_null(gradus_data_family.reader("house.parquet"));
    assert_null(gradus_data_family.reader(".csv"));
    assert_null(gradus_data_family.reader("csv"));
    gradus_error error = set_must_fail("mnst", NULL, "'mnst' is no data set; did you mean 'mnist'?");
    assert_int_equal(error.column, 1);
}

/* The lines of the language's own tests that speak of this family. */
static void test_language_files(void **state)
{
    (void)state;
    static const char *const families[] = {"data\t", "augment\t"};
    char *text = check_shared_text("language/must_parse.tsv", NULL);
    int lines = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        gradus_error error = {0};
        if (strncmp(line, families[0], strlen(families[0])) != 0) continue;
        const char *spec_text = line + strlen(families[0]);
        gradus_spec *spec =
            gradus_spec_create(spec_text, &(gradus_spec_config){.family = "data", .language = &set_language}, &error);
        if (!spec) fail_msg("%s: %s", spec_text, error.message);
        gradus_spec_destroy(spec);
        lines++;
    }
    assert_true(lines >= 5);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_divided),  cmocka_unit_test(test_seed),    cmocka_unit_test(test_wrong_amounts),
        cmocka_unit_test(test_repeated), cmocka_unit_test(test_members), cmocka_unit_test(test_language_files),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
