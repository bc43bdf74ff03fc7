/* Tables: how a text is taken apart, what is learnt of columns and from which rows, what prediction remembers, and every mistake
 * with its place. */
#include "sets.h"
#include <limits.h>

/* ---- reading ---- */

/* The same small table in every dress: quotes, separators, line ends, a byte order mark, compressed. */
static void test_dresses(void **state)
{
    (void)state;
    static const char *const files[] = {
        "a,b,y\n1,2,3\n4,5,6\n", "\357\273\277a,b,y\r\n1,2,3\r\n4,5,6\r\n",
        "a;b;y\n1;2;3\n4;5;6",   "a\tb\ty\n1\t2\t3\n4\t5\t6\n",
        "a|b|y\r1|2|3\r4|5|6\r", "\"a\",\"b\",\"y\"\n\"1\",\"2\",\"3\"\n\n \n4 , 5,\t6\n\n",
    };
    static const float expected[] = {1, 2, 4, 5}, numbers[] = {3, 6};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        gradus_batch batch;
        put("t.csv", files[i]);
        put_gzip("t.csv.gz", files[i], strlen(files[i]), 0);
        for (int packed = 0; packed < 2; packed++) {
            gradus_data *data = set_must_open(packed ? "csv(t.csv.gz, scale=none, target_scale=none, test=none)"
                                                     : "csv(t.csv, scale=none, target_scale=none, test=none)",
                                              "none");
            gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
            assert_int_equal(batch.count, 2);
            check_batch_inputs(&batch, expected, 4);
            assert_memory_equal(batch.numbers, numbers, sizeof numbers);
            assert_string_equal(gradus_data_about(data)->title, "t, 2 rows of 2 columns for y");
            gradus_loader_destroy(loader);
            gradus_data_close(data);
        }
    }
}

static void test_quotes(void **state)
{
    (void)state;
    put("q.csv", "\"a \"\"b\"\"\",c\n\"x,\n\"\"y\"\"\",1\nz,2\n\" z\",3\n\"\"\"\",4\n");
    gradus_data *data = set_must_open("csv(q.csv, target='a \"b\"', scale=none, test=none)", "none");
    const gradus_data_info *info = gradus_data_about(data);
    assert_int_equal(info->targets[0].outputs, 4);
    assert_string_equal(info->targets[0].class_names[0], " z");
    assert_string_equal(info->targets[0].class_names[1], "\"");
    assert_string_equal(info->targets[0].class_names[2], "x,\n\"y\"");
    assert_string_equal(info->targets[0].class_names[3], "z");
    for (int i = 0; i < 4; i++) assert_int_equal(info->targets[0].class_counts[i], 1);
    gradus_batch batch;
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    static const int32_t classes[] = {2, 3, 0, 1};
    assert_memory_equal(batch.classes, classes, sizeof classes);
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

/* Columns of texts, gaps of both kinds, rows without a target, a column left out, columns by number. */
static void test_columns(void **state)
{
    (void)state;
    put("c.csv", "id,größe,farbe,y\n1,2,rot,ja\n2,?,blau,nein\n3,4,,ja\n4,9,rot,\n5,6,weiß,nein\n");
    gradus_data *data = set_must_open("csv(c.csv, target=y, drop=id, scale=none, test=none)", "none");
    const gradus_data_info *info = gradus_data_about(data);
    assert_string_equal(info->title, "c, 4 rows of 2 columns, 2 classes of y, 1 without it left out");
    assert_int_equal(info->shape[0], 4);
    assert_int_equal(info->shape[1], 0);
    gradus_batch batch;
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    static const float expected[] = {2, 0, 1, 0, 4, 1, 0, 0,
                                     4, 0, 0, 0, 6, 0, 0, 1}; /* blau, rot, weiß; the gap is the mean */
    check_batch_inputs(&batch, expected, 16);
    gradus_loader_destroy(loader);
    gradus_data_close(data);

    put("n.csv", "1;x;5\n2;y;6\n3;x;7\n");
    data = set_must_open("csv(n.csv, target=1, drop=[2], header=false, separator=\";\", scale=none, task=regression, "
                         "target_scale=none, test=none)",
                         "none");
    assert_string_equal(gradus_data_about(data)->title, "n, 3 rows of 1 column for column 1");
    loader = whole_part(data, GRADUS_TRAINING, &batch);
    check_batch_inputs(&batch, (const float[]){5, 6, 7}, 3);
    assert_true(batch.numbers[2] == 3);
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

/* Which targets are classes, and in which order. */
static void test_targets(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text;
        int target, outputs;
        const char *first;
    } cases[] = {
        {"x,y\n1,0\n2,1\n3,2\n", "csv(k.csv)", GRADUS_TARGET_CLASS, 3, "0"},
        {"x,y\n1,1\n2,2\n3,3\n", "csv(k.csv)", GRADUS_TARGET_CLASS, 3, "1"},
        {"x,y\n1,1\n2,3\n3,3\n", "csv(k.csv)", GRADUS_TARGET_NUMBERS, 1, NULL},
        {"x,y\n1,3\n2,4\n3,5\n", "csv(k.csv)", GRADUS_TARGET_NUMBERS, 1, NULL},
        {"x,y\n1,0.5\n2,1\n3,0\n", "csv(k.csv)", GRADUS_TARGET_NUMBERS, 1, NULL},
        {"x,y\n1,0\n2,1\n3,2\n", "csv(k.csv, task=regression)", GRADUS_TARGET_NUMBERS, 1, NULL},
        {"x,y\n1,10.0\n2,9\n3,1e1\n", "csv(k.csv, task=classification)", GRADUS_TARGET_CLASS, 2, "9"},
        {"x,y,z\n1,10,1\n2,9,2\n3,1e1,3\n", "csv(k.csv, target=[z, y])", GRADUS_TARGET_NUMBERS, 2, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put("k.csv", cases[i].file);
        gradus_data *data = set_must_open(cases[i].text, "none");
        assert_int_equal(gradus_data_about(data)->targets[0].kind, cases[i].target);
        assert_int_equal(gradus_data_about(data)->targets[0].outputs, cases[i].outputs);
        if (cases[i].first) assert_string_equal(gradus_data_about(data)->targets[0].class_names[0], cases[i].first);
        if (!cases[i].first) assert_null(gradus_data_about(data)->targets[0].class_names);
        gradus_data_close(data);
    }
}

/* ---- scales come from the training part alone ---- */

static void test_scales(void **state)
{
    (void)state;
    char text[4096] = "x,colour,y\n";
    for (int i = 0; i < 100; i++) sprintf(text + strlen(text), "%d,%c,%d\n", i * i, "rgb"[i % 3], 1000 + 7 * i);
    put("s.csv", text);
    gradus_data *data = set_must_open("csv(s.csv)", "20%");
    const gradus_data_info *info = gradus_data_about(data);
    assert_int_equal(info->count[GRADUS_TRAINING], 70);
    assert_int_equal(info->count[GRADUS_VALIDATION], 20);
    assert_int_equal(info->count[GRADUS_TEST], 10);
    gradus_batch batch;
    double sum[2] = {0}, squares[2] = {0};
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    for (int i = 0; i < 70; i++) {
        sum[0] += batch.inputs[4 * i], squares[0] += batch.inputs[4 * i] * batch.inputs[4 * i];
        sum[1] += batch.numbers[i], squares[1] += batch.numbers[i] * batch.numbers[i];
    }
    for (int i = 0; i < 2; i++) {
        check_close(sum[i] / 70, 0, 0, 1e-6);
        check_close(squares[i] / 70, 1, 1e-6, 0);
    }
    gradus_loader_destroy(loader);

    /* Every part undone by base and spread gives numbers of the file. */
    bool met[100] = {false};
    for (int part = 0; part < 3; part++) {
        loader = whole_part(data, (gradus_part)part, &batch);
        for (int i = 0; i < batch.count; i++) {
            double y = info->targets[0].base[0] + info->targets[0].spread[0] * batch.numbers[i];
            int row = (int)lround((y - 1000) / 7);
            check_close(y, 1000 + 7 * row, 1e-6, 0);
            assert_in_range(row, 0, 99);
            assert_false(met[row]);
            met[row] = true;
        }
        gradus_loader_destroy(loader);
    }
    gradus_data_close(data);

    data = set_must_open("csv(s.csv, scale=minmax, test=none, drop=colour)", "none");
    loader = whole_part(data, GRADUS_TRAINING, &batch);
    assert_true(batch.inputs[0] == 0 && batch.inputs[99] == 1);
    check_close(batch.inputs[50], 2500.0 / 9801, 1e-6, 0);
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

/* A text that stands in the validation or test part alone becomes no input: each row has a text of its own here. */
static void test_texts_of_training(void **state)
{
    (void)state;
    char text[2048] = "name,y\n";
    for (int i = 0; i < 50; i++) sprintf(text + strlen(text), "n%02d,%d.5\n", i, i);
    put("own.csv", text);
    gradus_data *data = set_must_open("csv(own.csv)", "20%");
    assert_int_equal(gradus_data_about(data)->count[GRADUS_TRAINING], 35);
    assert_int_equal(gradus_data_about(data)->shape[0], 35);
    for (int part = 0; part < 3; part++) {
        gradus_batch batch;
        gradus_loader *loader = whole_part(data, (gradus_part)part, &batch);
        for (int32_t i = 0; i < batch.count; i++) {
            float sum = 0;
            for (int k = 0; k < 35; k++) sum += batch.inputs[i * 35 + k];
            assert_true(sum == (part == GRADUS_TRAINING ? 1.0f : 0.0f));
        }
        gradus_loader_destroy(loader);
    }
    gradus_data_close(data);
}

/* A test file of its own: columns in another order, a colour that training never met, a gap. */
static void test_files(void **state)
{
    (void)state;
    put("train.csv", "x,colour,y\n0,red,a\n2,blue,b\n4,red,a\n");
    put("test.csv", "y,colour,other,x\nb,red,1,2\na,green,1,\nb,,1,6\n");
    gradus_data *data = set_must_open("csv(train.csv, test=test.csv, scale=none)", "none");
    gradus_batch batch;
    gradus_loader *loader = whole_part(data, GRADUS_TEST, &batch);
    check_batch_inputs(&batch, (const float[]){2, 0, 1, 2, 0, 0, 6, 0, 0}, 9);
    static const int32_t classes[] = {1, 0, 1};
    assert_memory_equal(batch.classes, classes, sizeof classes);
    gradus_loader_destroy(loader);
    assert_int_equal(gradus_data_about(data)->count[GRADUS_TRAINING], 3);
    gradus_data_close(data);
    put("test.csv",
        "y,colour,x\nb.,red,2\na.,red,2\na,red,2\n"); /* so UCI's Adult has its classes in the test file alone */
    data = set_must_open("csv(train.csv, test=test.csv)", "none");
    loader = whole_part(data, GRADUS_TEST, &batch);
    static const int32_t with_stops[] = {1, 0, 0};
    assert_memory_equal(batch.classes, with_stops, sizeof with_stops);
    gradus_loader_destroy(loader);
    gradus_data_close(data);
    put("test.csv", "y,colour,x\nc,red,2\n");
    set_must_fail("csv(train.csv, test=test.csv)", "none",
                  "DIR/test.csv:2:1: 'c' is no class of 'y' in training; these are a, b");
    put("test.csv", "y,color,x\na,red,2\n");
    gradus_error error = set_must_fail("csv(train.csv, test=test.csv)", "none",
                                       "DIR/test.csv has no column 'colour'; did you mean 'color'?");
    assert_string_equal(error.near, "color");
}

/* What is not where the text says is taken from a folder of data sets; what is there comes first. */
static void test_places(void **state)
{
    (void)state;
    gradus_error error = {0};
    char here[512];
    snprintf(here, sizeof here, "%s/nowhere", folder);
    put("placed.csv", "x,y\n1,a\n2,b\n3,a\n");
    static const char text[] = "csv(placed.csv, test=placed.csv)";
    gradus_spec *spec =
        gradus_spec_create(text, &(gradus_spec_config){.family = "data", .language = &set_language}, &error);
    gradus_data_config config = {.data = spec, .text = text, .validation = "none", .base_dir = here};
    assert_null(gradus_data_open(&config, &error));
    assert_int_equal(error.code, GRADUS_CODE_NO_FILE);
    error = (gradus_error){0};
    config.data_dir = folder;
    gradus_data *data = gradus_data_open(&config, &error);
    if (!data) fail_msg("%s", error.message);
    assert_int_equal(gradus_data_about(data)->count[GRADUS_TEST], 3);
    gradus_data_close(data);
    config.base_dir = folder, config.data_dir = here; /* as written, before any other place */
    data = gradus_data_open(&config, &error);
    if (!data) fail_msg("%s", error.message);
    gradus_data_close(data);
    gradus_spec_destroy(spec);
}

/* ---- prediction ---- */

static int append(void *user, const void *bytes, size_t size)
{
    struct {
        unsigned char bytes[1 << 14];
        size_t size;
    } *memory = user;
    assert_true(memory->size + size <= sizeof memory->bytes);
    memcpy(memory->bytes + memory->size, bytes, size);
    memory->size += size;
    return 0;
}

static void same_target(const gradus_target *one, const gradus_target *two)
{
    assert_string_equal(one->name, two->name);
    assert_int_equal(one->kind, two->kind);
    assert_int_equal(one->outputs, two->outputs);
    assert_true(!one->class_names == !two->class_names && !one->class_counts == !two->class_counts);
    for (int64_t i = 0; one->class_names && i < one->outputs; i++)
        assert_string_equal(one->class_names[i], two->class_names[i]);
    if (one->class_counts)
        assert_memory_equal(one->class_counts, two->class_counts, (size_t)one->outputs * sizeof(int64_t));
    if (one->kind == GRADUS_TARGET_CLASS) return;
    assert_memory_equal(one->base, two->base, (size_t)one->outputs * sizeof(double));
    assert_memory_equal(one->spread, two->spread, (size_t)one->outputs * sizeof(double));
}

/* What was learnt survives saving and recalling, bit for bit, without the data set. */
static void test_memory(void **state)
{
    (void)state;
    static struct {
        unsigned char bytes[1 << 14];
        size_t size;
    } memory;
    static const char *const texts[] = {"csv(m.csv, target=y, drop=id, missing='-')",
                                        "csv(m.csv, target=[x, z], drop=id)", "csv(m.csv, target=[y, z], drop=id)",
                                        "csv(m.csv, target=[y, z], drop=id, encode=symbols, bins=2)",
                                        "csv(m.csv, target=[y, z], drop=id, encode=piecewise, bins=2)"};
    put("m.csv", "id,x,colour,z,y\n1,0.1,red,5,a\n2,2,blue,6,b\n3,-,red,9,a\n4,11,\"light, blue\",8,b\n");
    put("p.csv", "colour,z,x\nred,,7\n\"light, blue\",1,\n");
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        gradus_error error = {0};
        if (k) put("m.csv", "id,x,colour,z,y\n1,0.1,red,5,a\n2,2,blue,6,b\n3,3,red,9,a\n4,11,\"light, blue\",8,b\n");
        if (k >= 2) put("p.csv", "x,colour\n1,red\n2,\"light, blue\"\n");
        if (k == 1) put("p.csv", "y,colour\na,red\nb,\"light, blue\"\n");
        gradus_data *data = set_must_open(texts[k], NULL);
        memory.size = 0;
        uint64_t size = gradus_data_save(data, append, &memory, &error);
        assert_int_equal(size, memory.size);
        assert_int_equal(gradus_data_save(data, NULL, NULL, &error), size);
        gradus_data *recalled = gradus_data_recall(memory.bytes, memory.size, &error);
        if (!recalled) fail_msg("%s", error.message);
        const gradus_data_info *before = gradus_data_about(data), *after = gradus_data_about(recalled);
        assert_string_equal(after->name, before->name);
        assert_string_equal(after->title, before->title);
        assert_memory_equal(after->shape, before->shape, sizeof after->shape);
        assert_int_equal(after->target_count, before->target_count);
        for (int32_t i = 0; i < before->target_count; i++) same_target(&after->targets[i], &before->targets[i]);
        assert_int_equal(before->target_count, k >= 2 ? 2 : 1);
        if (k != 1) assert_string_equal(after->targets[k >= 2].class_names[1], "b");
        if (k != 1) assert_true(after->targets[k >= 2].class_counts[0] + after->targets[k >= 2].class_counts[1] > 0);
        assert_int_equal(after->count[0] + after->count[1] + after->count[2], 0);

        gradus_data *first = gradus_data_open_inputs(data, in_folder("p.csv"), &error);
        gradus_data *second = gradus_data_open_inputs(recalled, in_folder("p.csv"), &error);
        if (!first || !second) fail_msg("%s", error.message);
        gradus_batch a, b;
        gradus_loader *x = whole_part(first, GRADUS_TEST, &a), *y = whole_part(second, GRADUS_TEST, &b);
        assert_int_equal(a.count, 2);
        assert_int_equal(b.count, 2);
        assert_memory_equal(a.inputs, b.inputs, 2 * (size_t)before->shape[0] * sizeof(float));
        gradus_loader_destroy(x);
        gradus_loader_destroy(y);
        gradus_data_close(first);
        gradus_data_close(second);
        gradus_data_close(data);
        gradus_data_close(recalled);
        for (size_t cut = 0; cut < memory.size; cut += 8) { /* never half of it */
            error = (gradus_error){0};
            assert_null(gradus_data_recall(memory.bytes, cut, &error));
            assert_int_not_equal(error.status, 0);
        }
    }
}

static void test_inputs(void **state)
{
    (void)state;
    gradus_error error = {0};
    put("w.csv", "1,2,a\n3,4,b\n5,6,a\n");
    gradus_data *data = set_must_open("csv(w.csv, test=none)", "none");
    put("x.csv", "1,2\n3,4\n"); /* without the target */
    gradus_data *inputs = gradus_data_open_inputs(data, in_folder("x.csv"), &error);
    if (!inputs) fail_msg("%s", error.message);
    assert_int_equal(gradus_data_about(inputs)->count[GRADUS_TEST], 2);
    gradus_data_close(inputs);
    put("x.csv", "1,2,?\n3,4,\n"); /* with it, unknown */
    inputs = gradus_data_open_inputs(data, in_folder("x.csv"), &error);
    assert_non_null(inputs);
    assert_int_equal(gradus_data_about(inputs)->count[GRADUS_TEST], 2);
    gradus_data_close(inputs);
    put("x.csv", "1,2,3,4\n");
    assert_null(gradus_data_open_inputs(data, in_folder("x.csv"), &error));
    assert_non_null(strstr(error.message, "x.csv:1:1: 4 fields, expected 2"));
    gradus_data_close(data);
}

/* ---- mistakes ---- */

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text, *message;
        int code, column;
    } cases[] = {
        {"a,b,price\n1,2,3\n4,5\n", "csv(t.csv, target=prise)",
         "DIR/t.csv has no column 'prise'; did you mean 'price'?", GRADUS_CODE_UNKNOWN_NAME, 19},
        {"a,b,price\n1,2,3\n4,5\n", "csv(t.csv)", "DIR/t.csv:3:1: 2 fields, but the header has 3", GRADUS_CODE_BAD_DATA,
         0},
        {"1,2,3\n4,5,6,7\n", "csv(t.csv)", "DIR/t.csv:2:1: 4 fields, but the first row has 3", GRADUS_CODE_BAD_DATA, 0},
        {"1,2,3\n", "csv(t.csv, target=7)",
         "DIR/t.csv has no header, and so no column '7'; its columns are 1 to 3, and names=[...] names them",
         GRADUS_CODE_UNKNOWN_NAME, 19},
        {"a,b\n1,2\n", "csv(t.csv, target=b, drop=[a, b])", "the column 'b' is already dropped", GRADUS_CODE_REPEATED,
         19},
        {"a,b\n1,2\n", "csv(t.csv, drop=[b, b])", "the column 'b' is already dropped", GRADUS_CODE_REPEATED, 21},
        {"", "csv(t.csv)", "DIR/t.csv: the file is empty", GRADUS_CODE_BAD_DATA, 0},
        {"\n\n", "csv(t.csv)", "DIR/t.csv: the file holds no rows", GRADUS_CODE_BAD_DATA, 0},
        {"a,b\n", "csv(t.csv)", "DIR/t.csv: a header, but no rows", GRADUS_CODE_BAD_DATA, 0},
        {"a,b\n1,\n2,?\n", "csv(t.csv)",
         "DIR/t.csv: nothing stands in the column 'b', which is to be learnt; target=NAME takes another",
         GRADUS_CODE_BAD_DATA, 0},
        {"a,b,a\n1,2,3\n", "csv(t.csv)", "DIR/t.csv:1:5: a second column is called 'a'", GRADUS_CODE_BAD_DATA, 0},
        {"a,b\n\"1,2\n3,4\n", "csv(t.csv)", "DIR/t.csv:2:1: this quote is never closed", GRADUS_CODE_BAD_DATA, 0},
        {"a,b\n1,\"2\"3\n", "csv(t.csv)",
         "DIR/t.csv:2:3: text follows the closing quote; a quote inside a field is doubled", GRADUS_CODE_BAD_DATA, 0},
        {"a,b\né,é\xff\n", "csv(t.csv)",
         "DIR/t.csv:2:4: not UTF-8; convert the file, for example with: iconv -f latin1 -t utf-8", GRADUS_CODE_BAD_DATA,
         0},
        {"a,b\n1,\xed\xa0\x80\n", "csv(t.csv)",
         "DIR/t.csv:2:3: not UTF-8; convert the file, for example with: iconv -f latin1 -t utf-8", GRADUS_CODE_BAD_DATA,
         0},
        {"a,b,c\n1,,2\n2,,3\n", "csv(t.csv)", "DIR/t.csv: nothing stands in a column; drop=[b]", GRADUS_CODE_BAD_DATA,
         0},
        {"a,first name,y\n1,p,2.5\n2,q,3\n3,r,3\n", "csv(t.csv, categories=2)",
         "DIR/t.csv: more than 2 different texts in a column; drop=[\"first name\"]", GRADUS_CODE_BAD_DATA, 0},
        {"a,y\n1,x\n2,x\n", "csv(t.csv)", "DIR/t.csv: 'y' is always the same; there is nothing to learn",
         GRADUS_CODE_BAD_DATA, 0},
        {"y\n1\n2\n", "csv(t.csv)", "DIR/t.csv: no column is left to learn from", GRADUS_CODE_BAD_DATA, 0},
        {"a,y\n1,x\n2,z\n", "csv(t.csv, task=regression)",
         "DIR/t.csv: the column 'y' holds texts; the target of a regression can only be numbers", GRADUS_CODE_BAD_DATA,
         0},
        {"a,y\n1,x\n2,z\n", "csv(t.csv, target=[a, y], task=regression)",
         "DIR/t.csv: the column 'y' holds texts; the target of a regression can only be numbers", GRADUS_CODE_BAD_DATA,
         0},
        {"a,y\n1,x\n2,z\n", "csv(t.csv, separator=ab)", "a separator is one ASCII character or tab, and no quote",
         GRADUS_CODE_WRONG_TYPE, 22},
        {"a,y\n1,2.5\n2,3\n", "csv(t.csv, test=90%)",
         "of 2 examples none are left for training: validation takes none, test 90%", GRADUS_CODE_BAD_DATA, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put("t.csv", cases[i].file);
        gradus_error error = set_must_fail(cases[i].text, "none", cases[i].message);
        assert_int_equal(error.code, cases[i].code);
        assert_int_equal(error.column, cases[i].column);
    }
}

/* Marks between thousands, in columns of many different texts: few of them may be codes. */
static void test_marks_between_thousands(void **state)
{
    (void)state;
    static const char *const formats[] = {"\"%d,%03d\",1\n", "%d %03d,2\n", "-%d'%03d.5,3\n", "2,\"%d,%03d,000\"\n"};
    char text[4096];
    for (int i = 0; i < 4; i++) {
        const bool target = i == 3;
        for (int count = 10; count <= 120; count += 110) {
            size_t used = (size_t)snprintf(text, sizeof text, "a,b\n");
            for (int row = 0; row < count; row++)
                used += (size_t)snprintf(text + used, sizeof text - used, formats[i], row % 90 + 1, row);
            snprintf(text + used, sizeof text - used, "5,7\n");
            put("t.csv", text);
            if (count == 10)
                gradus_data_close(set_must_open("csv(t.csv, test=none)", "none"));
            else
                set_must_fail("csv(t.csv)", "none",
                              target
                                  ? "DIR/t.csv: the numbers of the column 'b' have a mark between thousands; they need "
                                    "none, as in 1234.5"
                                  : "DIR/t.csv: the numbers of the column 'a' have a mark between thousands; they need "
                                    "none, as in 1234.5");
        }
    }
    size_t used = (size_t)snprintf(text, sizeof text, "a,b\n");
    for (int row = 0; row < 120; row++) /* a group of four digits */
        used += (size_t)snprintf(text + used, sizeof text - used, "%d %04d,1\n", row, row);
    put("t.csv", text);
    set_must_fail("csv(t.csv)", "none", "DIR/t.csv: more than 100 different texts in a column; drop=[a]");
}

/* What other programs write, and what no net can compute with. */
static void test_what_must_be_converted(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"\xff\xfe"
         "a,y",
         "DIR/t.csv:1:1: this is UTF-16; convert the file: iconv -f utf-16 -t utf-8"},
        {"\xfe\xff"
         "a,y",
         "DIR/t.csv:1:1: this is UTF-16; convert the file: iconv -f utf-16 -t utf-8"},
        {"a;y\n0,5;1,25\n-1;2\n1,5;3\n",
         "DIR/t.csv: the numbers of the column 'a' have a decimal comma; they need a point, for example by: tr , ."},
        {"a,y\n1,2.5\n1e39,3\n2,4\n",
         "DIR/t.csv:3:1: '1e39' in the column 'a' is larger than a net can compute with (3.4e38)"},
        {"a,y\n1,2.5\n2,-1e300\n2,4\n",
         "DIR/t.csv:3:3: '-1e300' in the column 'y' is larger than a net can compute with (3.4e38)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put("t.csv", cases[i][0]);
        assert_int_equal(set_must_fail("csv(t.csv)", "none", cases[i][1]).code, GRADUS_CODE_BAD_DATA);
    }
}

static void test_files_that_are_none(void **state)
{
    (void)state;
    set_must_miss("csv(t.csv, test=no/such.file)", "DIR/no/such.file: no such file");
    put_bytes("t.csv", "a,b\n1,\0\n", 8);
    set_must_fail("csv(t.csv)", "none", "DIR/t.csv:2:3: a zero byte; this is no text");
    put_gzip("t.csv", "a,b\n1,2\n3,4\n", 12, 15);
    set_must_fail("csv(t.csv)", "none", "DIR/t.csv: the compressed data end too early; the file is truncated");
    set_must_fail("house.parquet", NULL, "no reader for 'house.parquet'");
}

/* One text among numbers is a mistake with a place, not a category. */
static void test_text_among_numbers(void **state)
{
    (void)state;
    char text[1024] = "größe,y\n";
    for (int i = 0; i < 30; i++) sprintf(text + strlen(text), "%s,%d\n", i == 17 ? " \"1O5\"" : "105", i);
    put("t.csv", text);
    set_must_fail(
        "csv(t.csv, target=y)", NULL,
        "DIR/t.csv:19:2: '1O5' where the column 'größe' holds numbers; missing=[...] lists what stands for a gap, "
        "drop=[...] columns to leave out");
    gradus_data_close(set_must_open("csv(t.csv, target=y, missing=[1O5])", NULL));
}

/* What is too long for a message or a title is cut between characters. */
static void test_long_texts(void **state)
{
    (void)state;
    char text[4096] = "x,", name[256] = "", expected[512];
    for (int i = 0; i < 60; i++) strcat(name, "ß");
    sprintf(text + 2, "%s\n1,%s\n2,b\n3,%s\n", name, name, name);
    put("l.csv", text);
    gradus_data *data = set_must_open("csv(l.csv, test=none)", "none");
    sprintf(expected, "l, 3 rows of 1 column, 2 classes of %.40s", name);
    assert_string_equal(gradus_data_about(data)->title, expected);
    gradus_data_close(data);
    sprintf(text, "x,%s\n1,ß%s\n", name, name);
    put("k.csv", text);
    sprintf(expected, "DIR/k.csv:2:3: '%.40s' is no class of '%.40s' in training; these are b, %.56s...", name, name,
            name);
    set_must_fail("csv(l.csv, test=k.csv)", "none", expected);
}

static void test_real_files(void **state)
{
    (void)state;
    static const struct {
        const char *file, *rest, *title;
        int64_t inputs, repeated;
    } cases[] = {
        {"iris.csv", "", "iris, 150 rows of 4 columns, 3 classes of column 5 (15 for validation, 15 for test)", 4, 0},
        {"wine.csv", "", "wine, 178 rows of 13 columns, 3 classes of column 14 (18 for validation, 18 for test)", 13,
         0},
        {"abalone.csv", "", "abalone, 4177 rows of 8 columns for column 9 (418 for validation, 418 for test)", 10, 0},
        {"penguins.csv", ", target=species",
         "penguins, 344 rows of 6 columns, 3 classes of species (34 for validation, 34 for test)", 9, 0},
        {"diabetes.tab.txt", "", "diabetes, 442 rows of 10 columns for Y (44 for validation, 44 for test)", 10, 0},
        {"california-housing.csv", ", target=median_house_value",
         "california-housing, 20640 rows of 9 columns for median_house_value (2064 for validation, 2064 for test)", 13,
         0},
    };
    char path[1024], whole[PATH_MAX], text[PATH_MAX + 100];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[64];
        snprintf(name, sizeof name, "data/tabular/%s", cases[i].file);
        snprintf(text, sizeof text, "csv(\"%s\"%s)", realpath(check_shared(name, path), whole), cases[i].rest);
        gradus_data *data = set_must_open(text, NULL);
        assert_string_equal(gradus_data_about(data)->title, cases[i].title);
        assert_int_equal(gradus_data_about(data)->shape[0], cases[i].inputs);
        assert_int_equal(gradus_data_about(data)->repeated, cases[i].repeated);
        gradus_data_close(data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dresses),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_scales),
        cmocka_unit_test(test_texts_of_training),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_inputs),
        cmocka_unit_test(test_marks_between_thousands),
        cmocka_unit_test(test_what_must_be_converted),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_files_that_are_none),
        cmocka_unit_test(test_text_among_numbers),
        cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_real_files),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
