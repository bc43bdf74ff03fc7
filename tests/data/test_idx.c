/* IDX files: MNIST as it is, every type of value, and each way in which a file can be wrong, with its message. */
#include "sets.h"

/* A header and `count` bytes of values; returns the size. */
static size_t idx_file(unsigned char *bytes, int type, int rank, const int *sizes, size_t values)
{
    size_t at = 0;
    bytes[at++] = 0, bytes[at++] = 0, bytes[at++] = (unsigned char)type, bytes[at++] = (unsigned char)rank;
    for (int i = 0; i < rank; i++)
        for (int shift = 24; shift >= 0; shift -= 8) bytes[at++] = (unsigned char)(sizes[i] >> shift);
    for (size_t i = 0; i < values; i++) bytes[at++] = (unsigned char)(i * 31 + 7);
    return at;
}

static size_t put_images(const char *name, int count, int height, int width)
{
    unsigned char bytes[4096];
    size_t size = idx_file(bytes, 0x08, 3, (int[]){count, height, width}, (size_t)(count * height * width));
    put_bytes(name, bytes, size);
    return size;
}

static void put_labels(const char *name, int count)
{
    unsigned char bytes[256];
    idx_file(bytes, 0x08, 1, (int[]){count}, 0);
    for (int i = 0; i < count; i++) bytes[8 + i] = (unsigned char)(i % 3);
    put_bytes(name, bytes, 8 + (size_t)count);
}

static void test_small(void **state)
{
    (void)state;
    put_images("a-images-idx3-ubyte", 20, 4, 3);
    put_labels("a-labels-idx1-ubyte", 20);
    gradus_data *data = set_must_open("a-images-idx3-ubyte", "none"); /* the reader and the labels by their names */
    const gradus_data_info *info = gradus_data_about(data);
    assert_string_equal(info->title, "a-images-idx3-ubyte, 20 images 4x3 (2 for test)");
    assert_int_equal(info->count[GRADUS_TRAINING], 18);
    assert_int_equal(info->count[GRADUS_TEST], 2);
    assert_int_equal(info->targets[0].outputs, 3);
    assert_int_equal(info->targets[0].kind, GRADUS_TARGET_CLASS);
    assert_null(info->targets[0].class_names);
    assert_int_equal(info->shape[0], 1);
    assert_int_equal(info->shape[1], 4);
    assert_int_equal(info->shape[2], 3);
    gradus_data_close(data);

    data = set_must_open("idx(a-images-idx3-ubyte, test=none)", "none");
    gradus_batch batch;
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(batch.classes[i], i % 3);
        assert_int_equal(batch.rows[i], i);
        for (int k = 0; k < 12; k++) {
            float expected = (float)(unsigned char)((i * 12 + k) * 31 + 7) / 255.0f;
            assert_memory_equal(&batch.inputs[i * 12 + k], &expected, sizeof expected);
        }
    }
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

/* Every byte is worth itself / 255 to the last bit, in vectors and behind them. */
static void test_every_byte(void **state)
{
    (void)state;
    unsigned char bytes[1024];
    size_t head = idx_file(bytes, 0x08, 2, (int[]){2, 265}, 0);
    for (int i = 0; i < 530; i++) bytes[head + (size_t)i] = (unsigned char)i;
    put_bytes("all-images", bytes, head + 530);
    put_labels("all-labels", 2);
    gradus_data *data = set_must_open("idx(all-images, test=none)", "none");
    gradus_batch batch;
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    for (int i = 0; i < 530; i++) {
        float expected = (float)(unsigned char)i / 255.0f;
        assert_memory_equal(&batch.inputs[i], &expected, sizeof expected);
    }
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

/* Every type that the format has, images and labels, and a test part from files of its own. */
static void test_types(void **state)
{
    (void)state;
    static const unsigned char shorts[] = {0, 0, 0x0b, 2,    0,    0,    0,    3, 0, 0, 0, 2,
                                           0, 1, 0xff, 0xff, 0x7f, 0xff, 0x80, 0, 1, 0, 0, 0};
    static const unsigned char ints[] = {0, 0, 0x0c, 1, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 2};
    static const unsigned char singles[] = {0,    0,    0x0d, 2, 0,    0, 0, 3, 0,    0,    0,    1,
                                            0x3f, 0x80, 0,    0, 0xbf, 0, 0, 0, 0x40, 0x49, 0x0f, 0xdb};
    static const unsigned char doubles[] = {0, 0, 0x0e, 1, 0, 0, 0, 3, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0,
                                            0, 0, 0,    0, 0, 0, 0, 0, 0xc0, 0,    0, 0, 0, 0, 0, 0};
    static const unsigned char signed_bytes[] = {0, 0, 0x09, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 0x80, 0x7f, 0xff, 0, 5};
    put_bytes("shorts.idx", shorts, sizeof shorts);
    put_bytes("ints.idx", ints, sizeof ints);
    put_bytes("singles.idx", singles, sizeof singles);
    put_bytes("doubles.idx", doubles, sizeof doubles);
    put_bytes("signed.idx", signed_bytes, sizeof signed_bytes);

    gradus_batch batch;
    gradus_data *data = set_must_open("idx(shorts.idx, ints.idx, test=signed.idx, test_labels=ints.idx)", "none");
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    static const float short_values[] = {1, -1, 32767, -32768, 256, 0};
    assert_memory_equal(batch.inputs, short_values, sizeof short_values);
    assert_int_equal(batch.classes[0], 4);
    assert_int_equal(gradus_data_about(data)->targets[0].outputs, 5);
    gradus_loader_destroy(loader);
    loader = whole_part(data, GRADUS_TEST, &batch);
    static const float signed_values[] = {1, -128, 127, -1, 0, 5};
    assert_memory_equal(batch.inputs, signed_values, sizeof signed_values);
    gradus_loader_destroy(loader);
    gradus_data_close(data);

    data = set_must_open("idx(singles.idx, labels=doubles.idx, test=none)", "none");
    loader = whole_part(data, GRADUS_TRAINING, &batch);
    static const float single_values[] = {1, -0.5f, 3.14159274f}, double_values[] = {1, 0, -2};
    assert_memory_equal(batch.inputs, single_values, sizeof single_values);
    assert_null(batch.classes);
    assert_memory_equal(batch.numbers, double_values, sizeof double_values);
    assert_int_equal(gradus_data_about(data)->targets[0].kind, GRADUS_TARGET_NUMBERS);
    assert_int_equal(gradus_data_about(data)->targets[0].outputs, 1);
    gradus_loader_destroy(loader);
    gradus_data_close(data);
    set_must_fail("idx(singles.idx, doubles.idx, test=singles.idx, test_labels=shorts.idx)", NULL,
                  "DIR/shorts.idx: 2 values a label, but 1 in training");
}

static void test_wrong_files(void **state)
{
    (void)state;
    unsigned char bytes[4096] = {0};
    put_images("good-images", 30, 4, 3);
    put_labels("good-labels", 30);
    put_labels("few-labels", 29);
    put_images("wide-images", 30, 4, 4);
    put_labels("wide-labels", 30);
    size_t size = idx_file(bytes, 0x08, 3, (int[]){30, 4, 3}, 360);

    put_bytes("cut-images", bytes, 16 + 12 * 7 + 5);
    set_must_fail("idx(cut-images, good-labels)", NULL,
                  "DIR/cut-images: ends after 7 of 30 images; the file is truncated");
    put_bytes("head-images", bytes, 13);
    set_must_fail("idx(head-images, good-labels)", NULL,
                  "DIR/head-images: ends inside its header; the file is truncated");
    put_bytes("long-images", bytes, size + 1);
    set_must_fail("idx(long-images, good-labels)", NULL,
                  "DIR/long-images: 361 bytes of values, but 30 images take 360");
    put("png-images", "\x89PNG\r\n\x1a\n");
    set_must_fail("idx(png-images, good-labels)", NULL,
                  "DIR/png-images: not an IDX file (it begins with 89504e47, not with 0000)");
    put("empty-images", "");
    set_must_fail("idx(empty-images, good-labels)", NULL, "DIR/empty-images: the file is empty");
    set_must_fail("idx(good-images, few-labels)", NULL,
                  "DIR/few-labels: 29 labels, but DIR/good-images holds 30 images");
    set_must_fail("idx(good-images, good-labels, test=wide-images)", NULL,
                  "DIR/wide-images: images of 4x4, expected 4x3");
    set_must_miss("idx(none/of-images)", "DIR/none/of-images: no such file");
    gradus_error error =
        set_must_fail("idx(god-images)", NULL, "DIR/god-images: no such file; did you mean 'good-images'?");
    assert_string_equal(error.near, "good-images");
    assert_int_equal(error.code, GRADUS_CODE_NO_FILE);
    error = set_must_fail("idx(good-labels)", NULL, "which labels belong to it? write labels=FILE");
    assert_int_equal(error.column, 5);
    set_must_fail("idx(., good-labels)", NULL, "DIR/.: is a directory");

    idx_file(bytes, 0x08, 3, (int[]){30, 0, 3}, 0);
    put_bytes("flat-images", bytes, 16);
    set_must_fail("idx(flat-images, good-labels)", NULL, "DIR/flat-images: examples of no size");
    idx_file(bytes, 0x08, 3, (int[]){0, 4, 3}, 0);
    put_bytes("no-images", bytes, 16);
    set_must_fail("idx(no-images, good-labels)", NULL, "DIR/no-images: holds no examples");
    idx_file(bytes, 0x08, 5, (int[]){30, 0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff}, 0);
    put_bytes("vast-images", bytes, 24);
    set_must_fail("idx(vast-images, good-labels)", NULL, "DIR/vast-images: its sizes are beyond all measure");
    idx_file(bytes, 0x08, 3, (int[]){0x7fffffff, 28, 28}, 0);
    put_bytes("many-images", bytes, 16);
    set_must_fail("idx(many-images, good-labels)", NULL,
                  "DIR/many-images: ends after 0 of 2147483647 images; the file is truncated");
    idx_file(bytes, 0x08, 9, (int[]){1, 1, 1, 1, 1, 1, 1, 1, 1}, 1);
    put_bytes("deep-images", bytes, 41);
    set_must_fail("idx(deep-images, good-labels)", NULL, "DIR/deep-images: 9 dimensions, expected 1 to 5");
    idx_file(bytes, 0x0c, 1, (int[]){2}, 0);
    memcpy(bytes + 8, "\x7f\xff\xff\xff\0\0\0\1", 8);
    put_bytes("vast-labels", bytes, 16);
    put_images("two-images", 2, 1, 1);
    set_must_fail("idx(two-images, vast-labels)", NULL,
                  "DIR/vast-labels: label 0 is 2147483647; classes are counted from 0 and are at most 65536");
}

static void test_gzip(void **state)
{
    (void)state;
    unsigned char bytes[4096], packed[4096];
    size_t size = idx_file(bytes, 0x08, 3, (int[]){90, 5, 5}, 2250);
    size_t whole = put_gzip("a-images.gz", bytes, size, 0);
    put_labels("a-labels.gz", 90); /* plain under the name of a compressed file: what stands in it decides */
    gradus_data *data = set_must_open("idx(a-images.gz, test=none)", "none");
    assert_int_equal(gradus_data_about(data)->count[GRADUS_TRAINING], 90);
    gradus_data_close(data);

    put_gzip("b-images.gz", bytes, size, whole - 20);
    gradus_error error;
    data = set_open("idx(b-images.gz, a-labels.gz)", NULL, 1, &error);
    assert_null(data);
    assert_non_null(strstr(error.message, " of 90 images; the file is truncated"));

    FILE *file = fopen(in_folder("a-images.gz"), "rb");
    assert_int_equal(fread(packed, 1, sizeof packed, file), whole);
    fclose(file);
    packed[whole - 6] ^= 1; /* the check sum */
    put_bytes("b-images.gz", packed, whole);
    set_must_fail("idx(b-images.gz, a-labels.gz)", NULL, "DIR/b-images.gz: damaged gzip data (incorrect data check)");

    /* Two members one after another, as gzip allows. */
    size_t first = put_gzip("part", bytes, 1000, 0);
    file = fopen(in_folder("part"), "rb");
    assert_int_equal(fread(packed, 1, sizeof packed, file), first);
    fclose(file);
    size_t second = put_gzip("part", bytes + 1000, size - 1000, 0);
    file = fopen(in_folder("part"), "rb");
    assert_int_equal(fread(packed + first, 1, sizeof packed - first, file), second);
    fclose(file);
    put_bytes("c-images.gz", packed, first + second);
    data = set_must_open("idx(c-images.gz, a-labels.gz, test=none)", "none");
    gradus_batch batch;
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    assert_true(batch.inputs[2249] == (float)(unsigned char)(2249 * 31 + 7) / 255.0f);
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

/* Inputs alone, for prediction: of the shape that was trained on, and of no other. */
static void test_inputs(void **state)
{
    (void)state;
    gradus_error error = {0};
    put_images("d-images", 12, 4, 3);
    put_labels("d-labels", 12);
    put_images("e-images", 5, 4, 3);
    put_images("f-images", 5, 3, 4);
    gradus_data *data = set_must_open("idx(d-images)", NULL);
    gradus_data *inputs = gradus_data_open_inputs(data, in_folder("e-images"), &error);
    assert_non_null(inputs);
    assert_int_equal(gradus_data_about(inputs)->count[GRADUS_TEST], 5);
    assert_int_equal(gradus_data_about(inputs)->count[GRADUS_TRAINING], 0);
    gradus_batch batch;
    gradus_loader *loader = whole_part(inputs, GRADUS_TEST, &batch);
    assert_null(batch.classes);
    assert_null(batch.numbers);
    assert_true(batch.inputs[0] == 7 / 255.0f);
    gradus_loader_destroy(loader);
    gradus_data_close(inputs);
    assert_null(gradus_data_open_inputs(data, in_folder("f-images"), &error));
    assert_non_null(strstr(error.message, "f-images: images of 3x4, expected 4x3"));
    gradus_data_close(data);
}

static void test_mnist(void **state)
{
    (void)state;
    char path[1024];
    static const int64_t training[] = {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949};
    static const int64_t test[] = {980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009};
    check_shared("data/mnist/train-images-idx3-ubyte.gz", path);
    gradus_data *data = set_must_open("mnist", "none");
    const gradus_data_info *info = gradus_data_about(data);
    assert_string_equal(info->title, "mnist, 60000 images 28x28");
    assert_string_equal(info->name, "mnist");
    assert_int_equal(info->targets[0].outputs, 10);
    assert_int_equal(info->repeated, 0);
    assert_int_equal(strlen(info->sha256), 64);
    for (int part = GRADUS_TRAINING; part <= GRADUS_TEST; part += 2) {
        int64_t counts[10] = {0};
        gradus_batch batch;
        gradus_loader *loader = gradus_loader_create(
            data, &(gradus_loader_config){.part = (gradus_part)part, .batch = 1000, .ahead = true}, NULL);
        for (int64_t seen = 0; gradus_loader_next(loader, &batch); seen += batch.count)
            for (int32_t i = 0; i < batch.count; i++) {
                assert_int_equal(batch.rows[i], seen + i);
                counts[batch.classes[i]]++;
            }
        gradus_loader_destroy(loader);
        for (int digit = 0; digit < 10; digit++) assert_int_equal(counts[digit], (part ? test : training)[digit]);
    }
    gradus_data_close(data);

    data = set_must_open("mnist(limit=10k)", NULL);
    assert_string_equal(gradus_data_about(data)->title, "mnist, 10000 images 28x28 (1000 for validation)");
    assert_int_equal(gradus_data_about(data)->count[GRADUS_TEST], 10000);
    gradus_data_close(data);
}

static void test_fashion(void **state)
{
    (void)state;
    char path[1024];
    check_shared("data/fashion-mnist/train-images-idx3-ubyte.gz", path);
    gradus_data *data = set_must_open("fashion-mnist", NULL);
    assert_string_equal(gradus_data_about(data)->title, "fashion-mnist, 60000 images 28x28 (6000 for validation)");
    assert_string_equal(gradus_data_about(data)->targets[0].class_names[9], "ankle boot");
    gradus_data_close(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),       cmocka_unit_test(test_every_byte), cmocka_unit_test(test_types),
        cmocka_unit_test(test_wrong_files), cmocka_unit_test(test_gzip),       cmocka_unit_test(test_inputs),
        cmocka_unit_test(test_mnist),       cmocka_unit_test(test_fashion),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
