/* Pictures in folders and archives: classes, parts, pixels, scaling by hand, and each way in which they can be wrong. */
#include "sets.h"
#include <png.h>
#include <turbojpeg.h>

static void shell(const char *format, ...)
{
    char command[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    assert_int_equal(system(command), 0);
}

static void put_png(const char *name, int height, int width, bool colour, const unsigned char *pixels)
{
    png_image image = {.version = PNG_IMAGE_VERSION, .width = (png_uint_32)width, .height = (png_uint_32)height};
    image.format = colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    assert_true(png_image_write_to_file(&image, in_folder(name), 0, pixels, 0, NULL));
}

static void put_jpeg(const char *name, int height, int width, const unsigned char *pixels)
{
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    tjhandle handle = tjInitCompress();
    assert_int_equal(tjCompress2(handle, pixels, width, 0, height, TJPF_RGB, &bytes, &size, TJSAMP_444, 100, 0), 0);
    put_bytes(name, bytes, size);
    tjFree(bytes);
    tjDestroy(handle);
}

/* photos/train/{cat,dog}, 3 each, photos/test/{cat,dog}, 1 each: red, green and blue are 10 c + i, + 1, + 2. */
static void make_photos(void)
{
    static const char *const classes[] = {"cat", "dog"};
    unsigned char pixels[4 * 3 * 3];
    char name[64];
    shell("cd %s && rm -rf photos && mkdir -p photos/train/cat photos/train/dog photos/test/cat photos/test/dog",
          folder);
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < 4; i++) {
            for (int k = 0; k < 36; k++) pixels[k] = (unsigned char)(100 * c + 10 * i + k % 3);
            snprintf(name, sizeof name, "photos/%s/%s/%d.png", i < 3 ? "train" : "test", classes[c], i);
            put_png(name, 4, 3, true, pixels);
        }
    put("photos/train/cat/.hidden.png", "no picture");
    put("photos/train/cat/notes.txt", "not looked at");
}

static void check_photos(const char *text)
{
    gradus_data *data = set_must_open(text, "none");
    const gradus_data_info *info = gradus_data_about(data);
    assert_string_equal(info->title, "photos, 6 colour pictures 4x3 of 2 classes");
    assert_string_equal(info->targets[0].class_names[0], "cat");
    assert_string_equal(info->targets[0].class_names[1], "dog");
    assert_int_equal(info->targets[0].outputs, 2);
    assert_int_equal(info->repeated, 0);
    assert_int_equal(info->count[GRADUS_TEST], 2);
    assert_int_equal(info->shape[0], 3);
    assert_int_equal(strlen(info->sha256), 64);
    for (int part = GRADUS_TRAINING; part <= GRADUS_TEST; part += GRADUS_TEST) {
        gradus_batch batch;
        gradus_loader *loader = whole_part(data, (gradus_part)part, &batch);
        const int each = part == GRADUS_TEST ? 1 : 3;
        for (int e = 0; e < 2 * each; e++) {
            const int c = e / each, i = part == GRADUS_TEST ? 3 : e % 3;
            assert_int_equal(batch.classes[e], c);
            for (int k = 0; k < 36; k++) {
                const float expected = (float)(100 * c + 10 * i + k / 12) / 255.0f; /* channels first */
                assert_memory_equal(&batch.inputs[e * 36 + k], &expected, sizeof expected);
            }
        }
        gradus_loader_destroy(loader);
    }
    gradus_data_close(data);
}

static void parts(void **state)
{
    (void)state;
    make_photos();
    check_photos("folder(photos)");
    check_photos("\"photos/\""); /* a bare text with a slash at its end */
    shell("cd %s && tar -czf photos.tar.gz photos && mkdir packed && cd photos && tar -cf ../packed/photos.tar .",
          folder);
    check_photos("photos.tar.gz");
    check_photos("folder(packed/photos.tar)");
    shell("cd %s && mkdir -p photos/val/dog photos/val/cat && cp photos/test/dog/3.png photos/val/dog", folder);
    gradus_data *data = set_must_open("folder(photos)", NULL); /* 10% of training otherwise */
    assert_string_equal(gradus_data_about(data)->title,
                        "photos, 7 colour pictures 4x3 of 2 classes (1 for validation)");
    assert_int_equal(gradus_data_about(data)->count[GRADUS_TRAINING], 6);
    gradus_data_close(data);
}

static void two_sources(void **state)
{
    (void)state;
    make_photos();
    gradus_data *data = set_must_open("folder(photos/train, test=photos/test)", "none");
    assert_string_equal(gradus_data_about(data)->title, "train, 6 colour pictures 4x3 of 2 classes");
    assert_int_equal(gradus_data_about(data)->count[GRADUS_TEST], 2);
    gradus_data_close(data);
    shell("cd %s && mkdir -p photos/train/cow && cp photos/train/cat/1.png photos/train/cow", folder);
    data = set_must_open("folder(photos, classes=[dog, cow])", "none");
    assert_string_equal(gradus_data_about(data)->targets[0].class_names[0], "cow");
    assert_int_equal(gradus_data_about(data)->count[GRADUS_TRAINING], 4);
    assert_int_equal(gradus_data_about(data)->count[GRADUS_TEST], 1);
    gradus_data_close(data);
    gradus_error error =
        set_must_fail("folder(photos, classes=[dog, cwo])", "none", "no folder 'cwo'; did you mean 'cow'?");
    assert_string_equal(error.near, "cow");
}

/* Half the size: weights 3/4, 3/4, 1/4 over 7/4. 0 70 140 210 become 50 and 160; a wider picture loses its sides. */
static void scaled(void **state)
{
    (void)state;
    static const unsigned char line[] = {0, 70, 140, 210}, wide[] = {9, 9, 0, 70, 140, 210, 9, 9};
    unsigned char pixels[32];
    shell("cd %s && rm -rf small && mkdir -p small/a small/b", folder);
    for (int i = 0; i < 16; i++) pixels[i] = line[i % 4];
    put_png("small/a/1.png", 4, 4, false, pixels);
    for (int i = 0; i < 32; i++) pixels[i] = wide[i % 8];
    put_png("small/b/2.png", 4, 8, false, pixels);
    gradus_data *data = set_must_open("folder(small, size=2, test=none)", "none");
    assert_string_equal(gradus_data_about(data)->title, "small, 2 grey pictures 2x2 of 2 classes");
    gradus_batch batch;
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    for (int i = 0; i < 4; i++) check_close(batch.inputs[i], (i % 2 ? 160 : 50) / 255.0, 0, 1e-6);
    check_close(batch.inputs[4], 45 / 255.0, 0, 1e-6); /* (9/4 + 0 3/4 + 70 3/4 + 140/4) / 2, rounded */
    gradus_loader_destroy(loader);
    gradus_data_close(data);
    data = set_must_open("folder(small, test=none)", "none"); /* sizes differ */
    assert_int_equal(gradus_data_about(data)->shape[1], 64);
    gradus_data_close(data);
    data = set_must_open("folder(small, size=[3, 5], channels=3, test=none)", "none");
    assert_int_equal(gradus_data_about(data)->shape[0], 3);
    assert_int_equal(gradus_data_about(data)->shape[1], 3);
    assert_int_equal(gradus_data_about(data)->shape[2], 5);
    gradus_data_close(data);
    set_must_fail("folder(small, size=[3, 4, 5])", "none", "a size is [height, width], or one number for both");
    set_must_fail("folder(small, channels=2)", "none", "a picture has 1 channel (grey) or 3 (red, green, blue)");
}

/* Photographs, decoded at a fraction of their size where that is enough: one colour stays itself. */
static void photographs(void **state)
{
    (void)state;
    unsigned char *pixels = malloc(64 * 96 * 3);
    static const unsigned char colour[] = {200, 100, 50};
    for (int i = 0; i < 64 * 96 * 3; i++) pixels[i] = colour[i % 3];
    shell("cd %s && rm -rf jpeg && mkdir -p jpeg/a jpeg/b", folder);
    put_jpeg("jpeg/a/1.jpg", 64, 96, pixels);
    put_jpeg("jpeg/b/1.JPEG", 64, 96, pixels);
    free(pixels);
    gradus_data *data = set_must_open("folder(jpeg, size=8, test=none)", "none");
    gradus_batch batch;
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    for (int i = 0; i < 2 * 3 * 64; i++) check_close(batch.inputs[i], colour[i / 64 % 3] / 255.0, 0, 2.1 / 255);
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

static void wrong(void **state)
{
    (void)state;
    make_photos();
    shell("cd %s && mkdir -p empty one/cat && cp photos/train/cat/0.png one/cat && cp photos/train/cat/0.png .",
          folder);
    set_must_fail("folder(empty)", NULL, "DIR/empty: no pictures in it (expected .png, .jpg, .jpeg)");
    set_must_fail("folder(one)", NULL, "DIR/one: 1 pictures of 1 class; expected a folder for each class");
    set_must_fail("folder(fotos)", NULL, "DIR/fotos: no such file; did you mean 'photos'?");
    set_must_fail("folder(\"0.png\")", NULL,
                  "DIR/0.png: it lies in no folder of a class (expected FOLDER/CLASS/PICTURE)");
    put("photos/train/dog/9.png", "text");
    set_must_fail("folder(photos)", NULL, "DIR/photos/train/dog/9.png: it is neither PNG nor JPEG");
    shell("cd %s && head -c 60 photos/train/dog/1.png > photos/train/dog/9.png", folder);
    set_must_fail("folder(photos)", NULL, "DIR/photos/train/dog/9.png: read beyond end of data");
    shell("cd %s && tar -czf photos.tar.gz photos && head -c 300 photos.tar.gz > cut.tar.gz", folder);
    gradus_error error;
    assert_null(set_open("cut.tar.gz", NULL, 1, &error));
    assert_non_null(strstr(error.message, "cut.tar.gz: no folder, and no archive (tar, zip) that can be read ("));
    put("photos.zip", "no archive at all, whatever it is called; it is long enough to be looked at");
    assert_null(set_open("photos.zip", NULL, 1, &error));
    assert_non_null(strstr(error.message, "photos.zip: no folder, and no archive (tar, zip) that can be read ("));
}

static gradus_status collect(void *user, const void *bytes, size_t size)
{
    struct collected {
        unsigned char bytes[4096];
        size_t size;
    } *all = user;
    memcpy(all->bytes + all->size, bytes, size);
    all->size += size;
    return GRADUS_OK;
}

/* What a model remembers, and a picture that it has not seen. */
static void prediction(void **state)
{
    (void)state;
    make_photos();
    struct {
        unsigned char bytes[4096];
        size_t size;
    } all = {.size = 0};
    gradus_error error = {0};
    gradus_data *data = set_must_open("folder(photos)", "none");
    assert_true(gradus_data_save(data, collect, &all, &error) > 0);
    gradus_data_close(data);
    data = gradus_data_recall(all.bytes, all.size, &error);
    if (!data) fail_msg("%s", error.message);
    assert_string_equal(gradus_data_about(data)->targets[0].class_names[1], "dog");
    gradus_data *inputs = gradus_data_open_inputs(data, in_folder("photos/test/dog/3.png"), &error);
    if (!inputs) fail_msg("%s", error.message);
    assert_int_equal(gradus_data_about(inputs)->count[GRADUS_TEST], 1);
    gradus_batch batch;
    gradus_loader *loader = whole_part(inputs, GRADUS_TEST, &batch);
    check_close(batch.inputs[0], 130 / 255.0, 0, 1e-7);
    gradus_loader_destroy(loader);
    gradus_data_close(inputs);
    inputs = gradus_data_open_inputs(data, in_folder("photos"), &error);
    assert_int_equal(gradus_data_about(inputs)->count[GRADUS_TEST], 8);
    gradus_data_close(inputs);
    gradus_data_close(data);
}

/* cifar10: records of a class and three planes, in the authors' archive. */
static void put_batch(const char *name, int count, int first)
{
    unsigned char *bytes = malloc((size_t)count * 3073);
    for (int i = 0; i < count; i++) {
        bytes[i * 3073] = (unsigned char)((first + i) % 10);
        for (int k = 0; k < 3072; k++) bytes[i * 3073 + 1 + k] = (unsigned char)(first + i + k / 1024);
    }
    put_bytes(name, bytes, (size_t)count * 3073);
    free(bytes);
}

static gradus_data *open_cifar(gradus_error *error)
{
    static const char text[] = "cifar10";
    *error = (gradus_error){0};
    gradus_spec *spec =
        gradus_spec_create(text, &(gradus_spec_config){.family = "data", .language = &set_language}, error);
    gradus_data_config config = {.data = spec, .text = text, .validation = "none", .data_dir = folder};
    gradus_data *data = gradus_data_open(&config, error);
    gradus_spec_destroy(spec);
    return data;
}

static void cifar(void **state)
{
    (void)state;
    gradus_error error;
    shell("cd %s && mkdir -p cifar10/cifar-10-batches-bin", folder);
    for (int i = 1; i <= 5; i++) {
        char name[64];
        snprintf(name, sizeof name, "cifar10/cifar-10-batches-bin/data_batch_%d.bin", i);
        put_batch(name, 2, 2 * i);
    }
    put_batch("cifar10/cifar-10-batches-bin/test_batch.bin", 3, 20);
    shell("cd %s/cifar10 && tar -czf cifar-10-binary.tar.gz cifar-10-batches-bin", folder);
    gradus_data *data = open_cifar(&error);
    if (!data) fail_msg("%s", error.message);
    assert_string_equal(gradus_data_about(data)->title, "cifar10, 10 colour photographs 32x32 of ten classes");
    assert_string_equal(gradus_data_about(data)->targets[0].class_names[9], "truck");
    gradus_batch batch;
    gradus_loader *loader = whole_part(data, GRADUS_TRAINING, &batch);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(batch.classes[i], (2 + i) % 10);
        for (int k = 0; k < 3; k++) check_close(batch.inputs[i * 3072 + 1024 * k], (2 + i + k) / 255.0, 0, 1e-7);
    }
    gradus_loader_destroy(loader);
    gradus_data_close(data);
    put("cifar10/cifar-10-batches-bin/test_batch.bin", "short");
    shell("cd %s/cifar10 && tar -czf cifar-10-binary.tar.gz cifar-10-batches-bin", folder);
    assert_null(open_cifar(&error));
    assert_non_null(strstr(error.message, "test_batch.bin: 5 bytes are no records of 3073"));
}

/* The real photographs as pictures in two archives. */
static void all_of_cifar(void **state)
{
    (void)state;
    const char *shared = getenv("GRADUS_SHARED");
    char text[2200];
    snprintf(text, sizeof text, "%s/data/cifar10/train.tar.gz", shared ? shared : "../shared");
    if (access(text, R_OK) != 0) skip();
    snprintf(text, sizeof text,
             "folder(\"%s/data/cifar10/train.tar.gz\", test=\"%s/data/cifar10/test.tar.gz\", classes=[cat, dog])",
             shared, shared);
    gradus_data *data = set_must_open(text, NULL);
    assert_string_equal(gradus_data_about(data)->title,
                        "train, 10000 colour pictures 32x32 of 2 classes (1000 for validation)");
    assert_int_equal(gradus_data_about(data)->count[GRADUS_TEST], 2000);
    gradus_data_close(data);

    /* and as cifar10 itself, where they lie in a folder of data sets in place of the authors' archive */
    gradus_error error;
    gradus_batch batch;
    shell("rm -rf %s/cifar10 && mkdir %s/cifar10 && ln -s $(realpath %s)/data/cifar10/t*.tar.gz %s/cifar10", folder,
          folder, shared, folder);
    data = open_cifar(&error);
    if (!data) fail_msg("%s", error.message);
    const gradus_data_info *about = gradus_data_about(data);
    assert_string_equal(about->title, "cifar10, 50000 colour pictures 32x32 of 10 classes");
    assert_int_equal(about->count[GRADUS_TEST], 10000);
    assert_string_equal(about->targets[0].class_names[0], "airplane");
    gradus_loader *loader =
        gradus_loader_create(data, &(gradus_loader_config){.part = GRADUS_TEST, .batch = 3000}, &error);
    assert_true(gradus_loader_next(loader, &batch));
    assert_int_equal(batch.classes[999], 0);
    assert_int_equal(batch.classes[1000], 1);
    assert_int_equal(batch.classes[2999], 2);
    gradus_loader_destroy(loader);
    gradus_data_close(data);
}

static int remove_all(void **state)
{
    (void)state;
    shell("rm -rf %s", folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parts),  cmocka_unit_test(two_sources),
                                       cmocka_unit_test(scaled), cmocka_unit_test(photographs),
                                       cmocka_unit_test(wrong),  cmocka_unit_test(prediction),
                                       cmocka_unit_test(cifar),  cmocka_unit_test(all_of_cifar)};
    return cmocka_run_group_tests(tests, make_folder, remove_all);
}
