/* .npy and .npz: every type of number in both orders of bytes, both orders of indices, archives, scales, and what is wrong with a file. */
#include <archive.h>
#include <archive_entry.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "sets.h"

/* A header of version 1 with its padding, then the values. */
static size_t npy_file(unsigned char *out, const char *type, bool columns, const char *shape, const void *values,
                       size_t size)
{
    char text[118];
    int length = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", type,
                          columns ? "True" : "False", shape);
    memset(text + length, ' ', sizeof text - (size_t)length);
    text[117] = '\n';
    memcpy(out, "\x93NUMPY\x01\x00\x76\x00", 10);
    memcpy(out + 10, text, 118);
    memcpy(out + 128, values, size);
    return 128 + size;
}

static void put_npy(const char *name, const char *type, bool columns, const char *shape, const void *values,
                    size_t size)
{
    unsigned char bytes[4096];
    put_bytes(name, bytes, npy_file(bytes, type, columns, shape, values, size));
}

static void check_inputs(const char *text, const float *expected, int32_t count, const float *numbers)
{
    gradus_batch batch;
    gradus_data *data = set_must_open(text, "none");
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    for (int32_t i = 0; i < count; i++)
        if (batch.inputs[i] != expected[i])
            fail_msg("%s: value %d is %g, not %g", text, i, batch.inputs[i], expected[i]);
    for (int32_t i = 0; numbers && i < batch.count; i++) assert_float_equal(batch.numbers[i], numbers[i], 0);
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

/* Two examples of two values, 1 and -2, 3 and 100, or what a type has of them; the target is the type itself as one column. */
static void test_types(void **state)
{
    (void)state;
    static const unsigned char label[] = {0, 1};
    static const float whole[] = {1, -2, 3, 100}, positive[] = {1, 2, 3, 100};
    static const struct {
        const char *type;
        const float *values;
        const char *bytes;
        size_t size;
    } rows[] = {
        {"|i1", whole, "\x01\xfe\x03\x64", 1},
        {"<i2", whole, "\x01\x00\xfe\xff\x03\x00\x64\x00", 2},
        {">i2", whole, "\x00\x01\xff\xfe\x00\x03\x00\x64", 2},
        {"<u2", positive, "\x01\x00\x02\x00\x03\x00\x64\x00", 2},
        {">u2", positive, "\x00\x01\x00\x02\x00\x03\x00\x64", 2},
        {"<i4", whole, "\x01\0\0\0\xfe\xff\xff\xff\x03\0\0\0\x64\0\0\0", 4},
        {">u4", positive, "\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x64", 4},
        {"<i8", whole, "\x01\0\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff\x03\0\0\0\0\0\0\0\x64\0\0\0\0\0\0\0", 8},
        {">u8", positive, "\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x64", 8},
        {"<f2", whole, "\x00\x3c\x00\xc0\x00\x42\x40\x56", 2},
        {">f2", whole, "\x3c\x00\xc0\x00\x42\x00\x56\x40", 2},
        {"<f4", whole, "\0\0\x80\x3f\0\0\0\xc0\0\0\x40\x40\0\0\xc8\x42", 4},
        {">f4", whole, "\x3f\x80\0\0\xc0\0\0\0\x40\x40\0\0\x42\xc8\0\0", 4},
        {"<f8", whole, "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\x08\x40\0\0\0\0\0\0\x59\x40", 8},
        {">f8", whole, "\x3f\xf0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0\x40\x08\0\0\0\0\0\0\x40\x59\0\0\0\0\0\0", 8},
    };
    put_npy("y.npy", "|u1", false, "(2,)", label, 2);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_npy("x.npy", rows[i].type, false, "(2, 2)", rows[i].bytes, 4 * rows[i].size);
        check_inputs("npy(x.npy, targets=y.npy, test=none)", rows[i].values, 4, NULL);
    }
    /* bytes are pixels, truths are not; a half may be denormal, and as large as it can be */
    put_npy("x.npy", "|u1", false, "(2, 2)", "\x00\xff\x33\x01", 4);
    check_inputs("npy(x.npy, targets=y.npy, test=none)", (float[]){0, 1, 0.2f, 1 / 255.0f}, 4, NULL);
    put_npy("x.npy", "|b1", false, "(2, 2)", "\x00\x01\x01\x00", 4);
    check_inputs("npy(x.npy, targets=y.npy, test=none)", (float[]){0, 1, 1, 0}, 4, NULL);
    put_npy("x.npy", "<f2", false, "(2, 2)", "\x01\x00\xff\x7b\xff\x03\x00\x04", 8);
    check_inputs("npy(x.npy, targets=y.npy, test=none)", (float[]){0x1p-24f, 65504, 1023 * 0x1p-24f, 0x1p-14f}, 4,
                 NULL);
}

/* One such number makes a rate of nothing, and a loss that is none. */
static void test_no_numbers(void **state)
{
    (void)state;
    put_npy("y.npy", "|u1", false, "(2,)", "\0\1", 2);
    put_npy("x.npy", "<f2", false, "(2, 2)", "\x01\x00\x00\x00\xff\x03\x00\x7c", 8);
    set_must_fail("npy(x.npy, targets=y.npy, test=none)", "none",
                  "DIR/x.npy: inf in example 1 (counted from 0), with which no net can compute");
    put_npy("x.npy", "<f4", false, "(2, 1)", "\0\0\xc0\x7f\0\0\0\0", 8);
    set_must_fail("npy(x.npy, targets=y.npy, test=none)", "none",
                  "DIR/x.npy: nan in example 0 (counted from 0), with which no net can compute");
    put_npy("x.npy", "<f8", false, "(2, 1)", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xf0\x47", 16); /* 2^128 */
    set_must_fail(
        "npy(x.npy, targets=y.npy, test=none)", "none",
        "DIR/x.npy: 3.402823669209385e38 in example 1 (counted from 0) is larger than a net can compute with (3.4e38)");
    set_must_fail(
        "npy(y.npy, targets=x.npy, test=none)", "none",
        "DIR/x.npy: 3.402823669209385e38 in example 1 (counted from 0) is larger than a net can compute with (3.4e38)");
}

/* Fortran's order: the first index runs fastest. Value (i, j, k) of 2 x 2 x 3 is 100 i + 10 j + k. */
static void test_columns(void **state)
{
    (void)state;
    static const unsigned char label[] = {0, 1}, values[] = {0, 100, 10, 110, 1, 101, 11, 111, 2, 102, 12, 112};
    put_npy("y.npy", "|i1", false, "(2,)", label, 2);
    put_npy("x.npy", "|i1", true, "(2, 2, 3)", values, 12);
    check_inputs("npy(x.npy, targets=y.npy, test=none)", (float[]){0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112},
                 12, NULL);
    gradus_data *data = set_must_open("npy(x.npy, targets=y.npy, test=none)", "none");
    const gradus_data_info *about = gradus_data_about(data);
    assert_string_equal(about->title, "x, 2 examples 2x3");
    assert_int_equal(about->shape[0], 1);
    assert_int_equal(about->shape[1], 2);
    assert_int_equal(about->shape[2], 3);
    assert_int_equal(about->targets[0].outputs, 2);
    gradus_data_close(data);
}

/* Scales are those of the training part: 0 and 2 of rows that are 0, 2 and (for the test) 100. */
static void test_scale(void **state)
{
    (void)state;
    put_npy("x.npy", "|i1", false, "(2, 1)", "\0\2", 2);
    put_npy("t.npy", "|i1", false, "(1, 1)", "\x64", 1);
    put_npy("y.npy", "<f4", false, "(2,)", "\0\0\x20\x41\0\0\xa0\x41", 8); /* 10, 20 */
    put_npy("ty.npy", "<f4", false, "(1,)", "\0\0\xc8\x42", 4);
    static const char text[] = "npy(x.npy, targets=y.npy, test=t.npy, test_targets=ty.npy, scale=standard)";
    check_inputs(text, (float[]){-1, 1}, 2, (float[]){-1, 1});
    check_inputs("npy(x.npy, targets=y.npy, test=none, scale=minmax, target_scale=none)", (float[]){0, 1}, 2,
                 (float[]){10, 20});
    gradus_batch batch;
    gradus_data *data = set_must_open(text, "none");
    gradus_loader *loader = whole_part(data, GRADUS_TEST, &batch);
    assert_float_equal(batch.inputs[0], 99, 0);
    assert_float_equal(batch.numbers[0], 17, 0);
    assert_float_equal(gradus_data_about(data)->targets[0].base[0], 15, 0);
    assert_float_equal(gradus_data_about(data)->targets[0].spread[0], 5, 0);
    gradus_loader_destroy(loader);
    gradus_data *again = set_recalled(data), *inputs = gradus_data_open_inputs(again, in_folder("t.npy"), NULL);
    assert_non_null(inputs);
    loader = whole_part(inputs, GRADUS_TEST, &batch);
    assert_float_equal(batch.inputs[0], 99, 0);
    gradus_loader_destroy(loader);
    gradus_data_close(inputs);
    gradus_data_close(again);
    gradus_data_close(data);
}

static void put_npz(const char *name, int32_t count, const char *const *names, unsigned char (*files)[512],
                    const size_t *sizes)
{
    struct archive *out = archive_write_new();
    archive_write_set_format_zip(out);
    assert_int_equal(archive_write_open_filename(out, in_folder(name)), ARCHIVE_OK);
    for (int32_t i = 0; i < count; i++) {
        struct archive_entry *entry = archive_entry_new();
        archive_entry_set_pathname(entry, names[i]);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, (la_int64_t)sizes[i]);
        assert_int_equal(archive_write_header(out, entry), ARCHIVE_OK);
        assert_int_equal(archive_write_data(out, files[i], sizes[i]), sizes[i]);
        archive_entry_free(entry);
    }
    archive_write_close(out);
    archive_write_free(out);
}

static void test_archive(void **state)
{
    (void)state;
    static const char *const names[] = {"x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"};
    unsigned char files[4][512];
    const size_t sizes[] = {npy_file(files[0], "|i1", false, "(3, 1)", "\1\2\3", 3),
                            npy_file(files[1], "<i4", false, "(3,)", "\0\0\0\0\1\0\0\0\1\0\0\0", 12),
                            npy_file(files[2], "|i1", false, "(1, 1)", "\7", 1),
                            npy_file(files[3], "<i4", false, "(1,)", "\1\0\0\0", 4)};
    put_npz("set.npz", 4, names, files, sizes);
    check_inputs("npy(set.npz, test=none)", (float[]){1, 2, 3}, 3, NULL);
    check_inputs("npy(set.npz, inputs=x_train, targets=y_train, test=x_test, test_targets=y_test)", (float[]){1, 2, 3},
                 3, NULL);
    set_must_fail("npy(set.npz, inputs=x_tran)", NULL, "DIR/set.npz: no array 'x_tran' in it; it has 'x_train'");
    set_must_fail("npy(set.npz, test=x_test)", NULL,
                  "which targets belong to it? write test_targets=FILE (or NAME, in an archive)");
}

static void check_targets(const gradus_data *data, const int32_t *classes, const float *numbers)
{
    gradus_batch batch;
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    assert_memory_equal(batch.classes, classes, 6 * sizeof *classes);
    assert_memory_equal(batch.numbers, numbers, 9 * sizeof *numbers);
    gradus_loader_destroy(loader);
}

/* Classes each by an output of its own, and then numbers too; numbers alone by one, unless the model names one for each. */
static void test_several_targets(void **state)
{
    (void)state;
    put_npy("x.npy", "|i1", false, "(3, 1)", "\1\2\3", 3);
    put_npy("Kind.npy", "|u1", false, "(3,)", "\2\0\1", 3);
    put_npy("at.npy", "|i1", false, "(3, 2)", "\1\2\3\4\5\6", 6);
    put_npy("9.npy", "|u1", false, "(3,)", "\0\1\1", 3);
    put_npy("size.npy", "<f4", false, "(3,)", "\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40", 12); /* 1, 2, 3 */
    gradus_data *data = set_must_open("npy(x.npy, targets=[Kind.npy, at.npy, 9.npy, size.npy], test=x.npy, "
                                      "test_targets=[9.npy, at.npy, Kind.npy, size.npy])",
                                      "none");
    const gradus_data_info *info = gradus_data_about(data);
    assert_string_equal(info->title, "x, 3 examples 1 for 4 targets");
    assert_int_equal(info->target_count, 4);
    static const char *const names[] = {"kind", "at", "array_9", "size"};
    static const int64_t outputs[] = {3, 2, 3, 1}; /* in the test there are more classes of the third */
    gradus_data *again = set_recalled(data);
    for (int i = 0; i < 4; i++) {
        const gradus_target *target = &info->targets[i], *recalled = &gradus_data_about(again)->targets[i];
        assert_string_equal(target->name, names[i]);
        assert_string_equal(recalled->name, names[i]);
        assert_int_equal(target->kind, i % 2 ? GRADUS_TARGET_NUMBERS : GRADUS_TARGET_CLASS);
        assert_int_equal(target->outputs, outputs[i]);
        assert_int_equal(recalled->outputs, outputs[i]);
        if (i % 2) assert_memory_equal(recalled->base, target->base, (size_t)outputs[i] * sizeof(double));
    }
    assert_true(info->targets[1].base[1] == 4 && info->targets[3].base[0] == 2 && !info->targets[2].base);
    assert_int_equal(info->targets[2].class_counts[1], 2);
    gradus_data_close(again);
    gradus_data_close(data);
    data =
        set_must_open("npy(x.npy, targets=[Kind.npy, at.npy, 9.npy, size.npy], target_scale=none, test=none)", "none");
    check_targets(data, (const int32_t[]){2, 0, 0, 1, 1, 1}, (const float[]){1, 2, 1, 3, 4, 2, 5, 6, 3});
    gradus_data_close(data);

    for (int apart = 0; apart < 2; apart++) {
        data = set_open_apart("npy(x.npy, targets=[at.npy, size.npy], test=none)", apart);
        assert_int_equal(gradus_data_about(data)->target_count, 1 + apart);
        assert_int_equal(gradus_data_about(data)->targets[0].outputs, 3 - apart);
        assert_int_equal(gradus_data_about(data)->targets[0].base[1], 4);
        gradus_data_close(data);
    }
}

static void test_several_in_archive(void **state)
{
    (void)state;
    static const char *const names[] = {"x.npy", "y.npy", "size.npy"};
    unsigned char files[3][512];
    const size_t sizes[] = {npy_file(files[0], "|i1", false, "(3, 1)", "\1\2\3", 3),
                            npy_file(files[1], "|u1", false, "(3,)", "\0\1\1", 3),
                            npy_file(files[2], "|i1", false, "(3, 1)", "\7\5\3", 3)};
    put_npz("set.npz", 3, names, files, sizes);
    gradus_data *data = set_must_open("npy(set.npz, targets=[size, y], test=none)", "none");
    assert_int_equal(gradus_data_about(data)->target_count, 2);
    assert_string_equal(gradus_data_about(data)->targets[0].name, "size");
    assert_string_equal(gradus_data_about(data)->targets[1].name, "y");
    assert_int_equal(gradus_data_about(data)->targets[0].base[0], 5);
    gradus_data_close(data);
    set_must_fail("npy(set.npz, targets=[size, z])", NULL, "DIR/set.npz: no array 'z' in it; it has 'size'");
    set_must_fail("npy(set.npz, targets=[y, y])", NULL,
                  "two targets would be called 'y' by a model; rename one of the arrays");
    set_must_fail("npy(set.npz, targets=[y, size], test=x, test_targets=y)", NULL,
                  "as many as there are targets: 2, not 1, in the same order");
    set_must_fail("npy(set.npz, targets=[y, y, y, y, y, y, y, y, y])", NULL,
                  "9 targets, but at most 8 can be told each by an output of its own");
    set_must_fail("npy(set.npz, targets=[y, size], test=x, test_targets=[size, y])", NULL,
                  "DIR/set.npz: size.npy: numbers, but in training there are classes");
}

static void test_wrong_files(void **state)
{
    (void)state;
    put_npy("y.npy", "|u1", false, "(2,)", "\0\1", 2);
    static const struct {
        const char *type, *shape, *message;
    } rows[] = {
        {"<c8", "(2, 1)", "DIR/x.npy: byte 20 of its header: expected a type of numbers such as '<f4', '>i2', '|u1'"},
        {"<f1", "(2, 1)", "DIR/x.npy: byte 20 of its header: expected a type of numbers such as '<f4', '>i2', '|u1'"},
        {"<i3", "(2, 1)", "DIR/x.npy: byte 20 of its header: expected a type of numbers such as '<f4', '>i2', '|u1'"},
        {"|O", "(2, 1)", "DIR/x.npy: byte 20 of its header: expected a type of numbers such as '<f4', '>i2', '|u1'"},
        {"<i2", "(3, 1)", "DIR/x.npy: ends after 2 of 3 examples; the file is truncated"},
        {"<i2", "(1, 1)", "DIR/x.npy: 4 bytes of values, but 1 examples take 2"},
        {"<i2", "(2, 0)", "DIR/x.npy: examples of no size"},
        {"<i2", "()", "DIR/x.npy: byte 62 of its header: expected at least one dimension"},
        {"<i2", "(2, x)", "DIR/x.npy: byte 64 of its header: expected a size"},
        {"<i2", "(2, 999999999999999999)", "DIR/x.npy: byte 78 of its header: expected a size that a file can have"},
        {"<i2", "(1,1,1,1,1,1,1,2)", "DIR/x.npy: byte 76 of its header: expected at most 7 dimensions"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_npy("x.npy", rows[i].type, false, rows[i].shape, "\1\0\2\0", 4);
        set_must_fail("npy(x.npy, targets=y.npy, test=none)", "none", rows[i].message);
    }
    put_bytes("x.npy", "\x93NUMPY\x01\x00\x06\x00{'a':1", 16);
    set_must_fail("npy(x.npy, targets=y.npy)", NULL,
                  "DIR/x.npy: byte 15 of its header: expected 'fortran_order', True or False");
    put_bytes("x.npy", "\x93NUMPY\x01\x00\x02\x00{}", 12);
    set_must_fail("npy(x.npy, targets=y.npy)", NULL,
                  "DIR/x.npy: byte 12 of its header: expected 'descr', 'fortran_order' and 'shape' before this");
    put_bytes("x.npy", "\x93NUMPY\x01\x00\x09\x00{}", 12);
    set_must_fail("npy(x.npy, targets=y.npy)", NULL, "DIR/x.npy: ends inside its header; the file is truncated");
    put("x.npy", "not an array at all");
    set_must_fail("npy(x.npy, targets=y.npy)", NULL, "DIR/x.npy: not a .npy file (it does not begin with \\x93NUMPY)");
    set_must_fail("npy(y.npy)", NULL, "which targets belong to it? write targets=FILE");
    put_npy("y3.npy", "|u1", false, "(3,)", "\0\1\2", 3);
    put_npy("x.npy", "<i2", false, "(2, 1)", "\1\0\2\0", 4);
    set_must_fail("npy(x.npy, targets=y3.npy)", NULL, "DIR/y3.npy: 3 labels, but DIR/x.npy holds 2 examples");
    put_npy("y.npy", "|i1", false, "(2,)", "\0\xff", 2);
    set_must_fail("npy(x.npy, targets=y.npy)", NULL,
                  "DIR/y.npy: label 1 is -1; classes are counted from 0 and are at most 65536");
}

/* ---- more data than memory ---- */

enum { LARGE = 1200, WIDE = 1 << 17 }; /* 600 MiB of floats, and 150 MiB of bytes, mostly holes */

static void put_large(const char *name, const void *head, size_t size, int64_t each)
{
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(head, 1, size, file), size);
    for (int64_t i = 0; i < LARGE; i += 100) { /* value 3 of every hundredth example is that of a float or a byte */
        static const unsigned char one[] = {0, 0, 0x80, 0x3f};
        fseek(file, (long)((int64_t)size + (i * WIDE + 3) * each), SEEK_SET);
        assert_int_equal(fwrite(each == 4 ? one : (const unsigned char *)"\xff", 1, (size_t)each, file), each);
    }
    assert_int_equal(ftruncate(fileno(file), (off_t)((int64_t)size + (int64_t)LARGE * WIDE * each)), 0);
    fclose(file);
}

/* Reads the whole set, shuffled, in a process that may have 400 MiB; 0: every value was right. */
static int walk_limited(const char *text, bool limited)
{
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit limit = {400 << 20, 400 << 20};
        if (limited) setrlimit(RLIMIT_AS, &limit);
        gradus_error error;
        gradus_data *data = set_open(text, "none", 1, &error);
        if (!data) fprintf(stderr, "%s\n", error.message);
        if (!data) _exit(2);
        const gradus_loader_config config = {.part = GRADUS_TRAINING, .batch = 4, .shuffle = true, .ahead = true};
        gradus_loader *loader = gradus_loader_create(data, &config, &error);
        gradus_batch batch;
        int64_t seen = 0, wrong = 0;
        while (loader && gradus_loader_next(loader, &batch))
            for (int32_t i = 0; i < batch.count; i++, seen++) {
                const float *values = batch.inputs + (size_t)i * WIDE;
                wrong += values[3] != (batch.rows[i] % 100 == 0) || values[2] != 0 || values[WIDE - 1] != 0;
                wrong += batch.classes[i] != batch.rows[i] % 3;
            }
        gradus_loader_destroy(loader);
        gradus_data_close(data);
        _exit(wrong || seen != LARGE);
    }
    int status;
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_larger_than_memory(void **state)
{
    (void)state;
#if defined __SANITIZE_ADDRESS__
    skip(); /* the sanitizer takes more room than the limit leaves */
#endif
    unsigned char head[256], labels[LARGE], file[LARGE + 128];
    char shape[40];
    snprintf(shape, sizeof shape, "(%d, %d)", LARGE, WIDE);
    put_large("large.npy", head, npy_file(head, "<f4", false, shape, "", 0), 4);
    for (int i = 0; i < LARGE; i++) labels[i] = (unsigned char)(i % 3);
    snprintf(shape, sizeof shape, "(%d,)", LARGE);
    put_bytes("labels.npy", file, npy_file(file, "|u1", false, shape, labels, LARGE));
    assert_int_equal(walk_limited("npy(large.npy, targets=labels.npy, test=none)", true), 0);
    unlink(in_folder("large.npy"));

    static const unsigned char images[] = {0, 0, 8, 2, 0, 0, LARGE >> 8, LARGE & 255, 0, WIDE >> 16, 0, 0},
                               classes[] = {0, 0, 8, 1, 0, 0, LARGE >> 8, LARGE & 255};
    put_large("large-images", images, sizeof images, 1);
    memcpy(file, classes, sizeof classes);
    memcpy(file + sizeof classes, labels, LARGE);
    put_bytes("large-labels", file, sizeof classes + LARGE);
    assert_int_equal(walk_limited("idx(large-images, test=none)", true), 0);
    assert_int_equal(walk_limited("idx(large-images, test=none)", false), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_types),
                                       cmocka_unit_test(test_no_numbers),
                                       cmocka_unit_test(test_columns),
                                       cmocka_unit_test(test_scale),
                                       cmocka_unit_test(test_archive),
                                       cmocka_unit_test(test_several_targets),
                                       cmocka_unit_test(test_several_in_archive),
                                       cmocka_unit_test(test_wrong_files),
                                       cmocka_unit_test(test_larger_than_memory)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
