/* Tables whose columns are more than inputs and one target: several targets, names that the file has not, columns as symbols, numbers in
 * pieces. */
#define _GNU_SOURCE /* memmem */
#include "gradus/base.h"
#include "sets.h"

/* Several of them: numbers together, unless a text is among them or the model names an output for each. */
static void test_several_targets(void **state)
{
    (void)state;
    put("t.csv", "Kind,x,size,9 lives\nb,1,2.5,0\na,2,4,1\nb,3,1,1\n");
    for (int apart = 0; apart < 2; apart++) {
        const char *text = "csv(t.csv, target=[size, Kind, \"9 lives\"], scale=none, target_scale=none, test=none)";
        gradus_data *data = set_open_apart(text, apart);
        const gradus_data_info *info = gradus_data_about(data);
        assert_string_equal(info->title, "t, 3 rows of 1 column for 3 targets");
        assert_int_equal(info->target_count, 3);
        static const char *const names[] = {"kind", "size", "column_9_lives"}; /* in the order of the file */
        for (int i = 0; i < 3; i++) assert_string_equal(info->targets[i].name, names[i]);
        assert_true(info->targets[0].kind == GRADUS_TARGET_CLASS && info->targets[0].outputs == 2);
        assert_true(info->targets[1].kind == GRADUS_TARGET_NUMBERS && info->targets[1].outputs == 1);
        assert_true(info->targets[2].kind == GRADUS_TARGET_CLASS && info->targets[2].outputs == 2);
        assert_true(info->targets[0].class_counts[0] == 1 && info->targets[2].class_counts[0] == 1);
        gradus_batch batch;
        gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
        assert_memory_equal(batch.classes, ((const int32_t[]){1, 0, 0, 1, 1, 1}), 6 * sizeof(int32_t));
        assert_memory_equal(batch.numbers, ((const float[]){2.5F, 4, 1}), 3 * sizeof(float));
        gradus_loader_destroy(loader);
        gradus_data_close(data);
    }
    gradus_data *data = set_open_apart("csv(t.csv, target=[x, size], drop=Kind, test=none)", false);
    assert_int_equal(gradus_data_about(data)->target_count, 1);
    assert_int_equal(gradus_data_about(data)->targets[0].outputs, 2);
    gradus_data_close(data);
    put("v.csv", "x,how_many_rooms_there_are_in_the_house_and_the_garden_shed_and_cellar,kind\n1,2.5,a\n2,3.5,b\n");
    data = set_open_apart("csv(v.csv, target=[2, kind], test=none)", true); /* as long as names of layers may be */
    assert_string_equal(gradus_data_about(data)->targets[0].name,
                        "how_many_rooms_there_are_in_the_house_and_the_garden_shed");
    gradus_data_close(data);
    put("u.csv", "x,Size,size,kind\n1,2.5,3.5,a\n2,3.5,1.5,b\n");
    set_must_fail("csv(u.csv, target=[Size, size, kind], test=none)", "none",
                  "two targets would be called 'size' by a model; rename one of the columns");
    data = set_open_apart("csv(t.csv, target=[x, size], drop=Kind, test=none)", true);
    assert_int_equal(gradus_data_about(data)->target_count, 2);
    assert_int_equal(gradus_data_about(data)->targets[0].outputs, 3); /* 1, 2, 3 are classes */
    assert_int_equal(gradus_data_about(data)->targets[1].outputs, 1);
    gradus_data_close(data);
}

/* One for each, in the order of target=, whatever the order of the file; one for all; as many as there are targets. */
static void test_tasks(void **state)
{
    (void)state;
    put("t.csv", "one,x,two,half\n1,1.5,10,0.5\n2,2.5,20,1.5\n3,3.5,10,2.5\n");
    static const struct {
        const char *text;
        int32_t count, kinds[3], outputs[3]; /* in the order of the file: 0 a class, 1 numbers */
    } rows[] = {
        {"csv(t.csv, target=[two, one], task=[classification, regression])", 2, {1, 0}, {1, 2}},
        {"csv(t.csv, target=[one, two], task=[classification, regression])", 2, {0, 1}, {3, 1}},
        {"csv(t.csv, target=[half, one, two], task=[classification, regression, auto])", 3, {1, 1, 0}, {1, 1, 3}},
        {"csv(t.csv, target=[one, two], task=classification)", 2, {0, 0}, {3, 2}},
        {"csv(t.csv, target=[one, half], task=[regression, regression])", 1, {1}, {2}},
        {"csv(t.csv, target=two, task=[classification])", 1, {0}, {2}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gradus_data *data = set_must_open(rows[i].text, "none");
        const gradus_data_info *info = gradus_data_about(data);
        assert_int_equal(info->target_count, rows[i].count);
        for (int32_t k = 0; k < rows[i].count; k++) {
            assert_int_equal(info->targets[k].kind, rows[i].kinds[k] ? GRADUS_TARGET_NUMBERS : GRADUS_TARGET_CLASS);
            assert_int_equal(info->targets[k].outputs, rows[i].outputs[k]);
        }
        gradus_data_close(data);
    }
    set_must_fail("csv(t.csv, target=[one, two, half], task=[classification, regression])", "none",
                  "2 tasks, but 3 targets; write one for each, in their order, or one for all");
    set_must_fail("csv(t.csv, task=[classification, regression])", "none",
                  "2 tasks, but 1 target; write one for each, in their order, or one for all");
    put("t.csv", "kind,x,size\na,1,2.5\nb,2,3.5\n");
    set_must_fail("csv(t.csv, target=[size, kind], task=[classification, regression], test=none)", "none",
                  "DIR/t.csv: the column 'kind' holds texts; the target of a regression can only be numbers");
}

/* Of the training rows 1, 2, 2, 3, 9, 9 a third each: below 2, below 9 and above; two texts; and in each column what is unknown. */
static void test_symbols(void **state)
{
    (void)state;
    put("y.csv", "x,kind,y\n2,b,1.5\n9,a,2\n1,a,3\n3,b,4\n2,,5\n9,a,6\n");
    put("z.csv", "x,kind,y\n1.99,b,1\n2,c,2\n8.9,a,3\n,,4\n100,a,5\n");
    gradus_data *data = set_must_open("csv(y.csv, encode=symbols, bins=3, test=z.csv)", "none");
    const gradus_data_info *info = gradus_data_about(data);
    assert_true(info->shape[0] == 2 && info->symbols == 7 && !info->ordered);
    gradus_batch batch;
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    check_batch_inputs(&batch, (const float[]){1, 5, 2, 4, 0, 4, 1, 5, 1, 6, 2, 4}, 12);
    gradus_loader_destroy(loader);
    loader = whole_part(data, GRADUS_TEST, &batch);
    check_batch_inputs(&batch, (const float[]){0, 5, 1, 6, 1, 4, 3, 6, 2, 4}, 10);
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

/* Of the training rows 1, 2, 2, 3, 9, 9 thirds would end at 2, 9 and 9, so there are two parts, 1 to 2 and 2 to 9; `same` never changes,
 * `flag` has one part, of bins=3. A gap is the mean, 26/6. Beyond the ends the first and the last part go on. */
static void test_piecewise(void **state)
{
    (void)state;
    put("y.csv", "x,same,flag,kind,y\n1,5,0,b,1.5\n9,5,1,a,2\n2,5,1,a,3\n3,5,0,b,4\n2,5,0,,5\n9,5,1,a,6\n");
    put("z.csv", "x,same,flag,kind,y\n0.5,5,0,b,1\n5.5,7,1,c,2\n16,,0.25,a,3\n,5,,,4\n");
    gradus_data *data = set_must_open("csv(y.csv, encode=piecewise, bins=3, test=z.csv)", "none");
    const gradus_data_info *info = gradus_data_about(data);
    assert_true(info->shape[0] == 6 && info->symbols == 0 && info->input_count == 6);
    gradus_batch batch;
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    check_batch_inputs(&batch, (const float[]){0, 0,        0, 0, 0, 1, 1, 1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0,
                                               1, 1.0F / 7, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 1, 1, 0},
                       36);
    gradus_loader_destroy(loader);
    loader = whole_part(data, GRADUS_TEST, &batch);
    check_batch_inputs(&batch, (const float[]){-0.5F, 0, 0, 0,     0, 1, 1, 0.5F,     2, 1,    0, 0,
                                               1,     2, 0, 0.25F, 1, 0, 1, 1.0F / 3, 0, 0.5F, 0, 0},
                       24);
    gradus_loader_destroy(loader);
    static const gradus_data_input inputs[] = {{"x", NULL, 1, 1, 1, 26.0 / 6, -INFINITY, 1},
                                               {"x", NULL, 1, 2, 7, 26.0 / 6, 0, INFINITY},
                                               {"same", NULL, 1, 5, 1, 5, -INFINITY, INFINITY},
                                               {"flag", NULL, 1, 0, 1, 0.5, -INFINITY, INFINITY}};
    for (int i = 0; i < 4; i++) {
        assert_string_equal(info->inputs[i].column, inputs[i].column);
        check_close(info->inputs[i].gap, inputs[i].gap, 1e-12, 0);
        assert_true(info->inputs[i].base == inputs[i].base && info->inputs[i].spread == inputs[i].spread);
        assert_true(info->inputs[i].low == inputs[i].low && info->inputs[i].high == inputs[i].high);
    }
    assert_string_equal(info->inputs[5].text, "b");
    gradus_data_close(data);
}

static struct {
    unsigned char bytes[1 << 12];
    size_t size;
} memory;

static int append(void *user, const void *bytes, size_t size)
{
    (void)user;
    assert_true(memory.size + size <= sizeof memory.bytes);
    memcpy(memory.bytes + memory.size, bytes, size);
    memory.size += size;
    return 0;
}

/* A memory in which a part has no length is refused, and not divided by. */
static void test_parts_without_length(void **state)
{
    (void)state;
    static const double edges[] = {1, 2, 9}, damaged[] = {1, 9, 9};
    gradus_error error = {0};
    put("y.csv", "x,y\n1,1.5\n9,2\n2,3\n3,4\n2,5\n9,6\n");
    gradus_data *data = set_must_open("csv(y.csv, encode=piecewise, bins=3, test=none)", "none");
    gradus_data_save(data, append, NULL, &error);
    gradus_data_close(data);
    unsigned char *at = memmem(memory.bytes, memory.size, edges, sizeof edges);
    assert_non_null(at);
    memcpy(at, damaged, sizeof damaged);
    const uint64_t sum = gradus_checksum(0, memory.bytes, memory.size - 8);
    memcpy(memory.bytes + memory.size - 8, &sum, 8);
    assert_null(gradus_data_recall(memory.bytes, memory.size, &error));
    assert_string_equal(error.message, "what is remembered of the table does not fit together");
}

/* Of 70 training rows, no two alike, each of 7 parts has ten: the edges are those of the training part, not of all 100 rows. */
static void test_piecewise_of_training(void **state)
{
    (void)state;
    char text[2048] = "x,y\n";
    for (int i = 0; i < 100; i++) sprintf(text + strlen(text), "%d,%d.5\n", i * i, i);
    put("s.csv", text);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        gradus_error error;
        gradus_data *data = set_open("csv(s.csv, encode=piecewise, bins=7)", "20%", seed, &error);
        if (!data) fail_msg("%s", error.message);
        assert_int_equal(gradus_data_about(data)->shape[0], 7);
        gradus_batch batch;
        gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
        assert_int_equal(batch.count, 70);
        int rows[8] = {0};
        for (int i = 0; i < 70; i++) {
            double way = 0;
            for (int k = 0; k < 7; k++) way += (double)batch.inputs[7 * i + k];
            assert_true(way >= 0 && way <= 7);
            rows[(int)way]++;
        }
        for (int k = 0; k < 6; k++) assert_int_equal(rows[k], 10);
        assert_true(rows[6] == 9 && rows[7] == 1); /* the largest is at the end of its part */
        gradus_loader_destroy(loader);
        gradus_data_close(data);
    }
}

/* names= stands for a header. */
static void test_names(void **state)
{
    (void)state;
    put("n.csv", "1,x,5\n2,y,6\n3,x,7\n");
    gradus_data *data = set_must_open("csv(n.csv, names=[a, kind, c], target=kind, drop=c, test=none)", "none");
    assert_string_equal(gradus_data_about(data)->title, "n, 3 rows of 1 column, 2 classes of kind");
    assert_string_equal(gradus_data_about(data)->inputs[0].column, "a");
    gradus_data *recalled = set_recalled(data);
    assert_string_equal(gradus_data_about(recalled)->inputs[0].column, "a");
    gradus_data_close(recalled);
    gradus_data_close(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_several_targets),
                                       cmocka_unit_test(test_tasks),
                                       cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_symbols),
                                       cmocka_unit_test(test_piecewise),
                                       cmocka_unit_test(test_piecewise_of_training),
                                       cmocka_unit_test(test_parts_without_length)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
