/* Pictures that would not fit into memory: CIFAR's records, a folder and an archive of PNG files, and arrays that gzip or zip has compressed,
 * are read by a process with a cap on its memory (as ulimit -v sets it), shuffled, and give the same bits as in one without. */
#include "gradus/base.h"
#include "sets.h"
#include <archive.h>
#include <archive_entry.h>
#include <png.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { IMAGES = 33000, IMAGE = 100 * 100 };
enum { RECORD = 3073, RECORDS = 12000, BATCHES = 5, TESTS = 500, PICTURES = 400, SIDE = 400 };
static const rlim_t cap =
    (rlim_t)300 << 20; /* of 184 MB of records, or 192 MB of pictures, thrice as in an archive, or 330 MB of bytes */

static void shell(const char *command)
{
    char all[600];
    snprintf(all, sizeof all, "cd %s && %s", folder, command);
    assert_int_equal(system(all), 0);
}

static void put_records(const char *name, int count, uint64_t seed)
{
    unsigned char *bytes = malloc((size_t)count * RECORD);
    for (int64_t i = 0; i < count; i++) {
        unsigned char *record = bytes + i * RECORD;
        memset(record, (int)(gradus_random_bits(seed, 0, (uint64_t)i) & 255), RECORD);
        record[0] = (unsigned char)(i % 10);
        for (int k = 1; k < RECORD; k += 97) record[k] = (unsigned char)(i + k);
    }
    put_bytes(name, bytes, (size_t)count * RECORD);
    free(bytes);
}

/* Each of another size, so that all are scaled. */
static void put_pictures(void)
{
    shell("mkdir -p pictures/cat pictures/dog");
    for (int i = 0; i < PICTURES; i++) {
        char path[600];
        const int side = 20 + i % 7;
        unsigned char pixels[26 * 26 * 3];
        png_image image = {.version = PNG_IMAGE_VERSION,
                           .width = (png_uint_32)side,
                           .height = (png_uint_32)side,
                           .format = PNG_FORMAT_RGB};
        for (int k = 0; k < side * side * 3; k++) pixels[k] = (unsigned char)(k * (i + 1));
        snprintf(path, sizeof path, "%s/pictures/%s/%04d.png", folder, i % 2 ? "cat" : "dog", i);
        assert_true(png_image_write_to_file(&image, path, 0, pixels, 0, NULL));
    }
}

/* ---- a process with or without the cap ---- */

static uint64_t add_bytes(uint64_t hash, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) hash = (hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
    return hash;
}

static uint64_t add_part(uint64_t hash, const gradus_data *data, gradus_part part)
{
    gradus_error error = {0};
    gradus_batch batch;
    const gradus_loader_config config = {.part = part, .batch = 8, .shuffle = true, .ahead = true};
    gradus_loader *loader = gradus_loader_create(data, &config, &error);
    const int64_t *shape = gradus_data_about(data)->shape;
    const size_t width = (size_t)(shape[0] * shape[1] * shape[2]);
    while (loader && gradus_loader_next(loader, &batch)) {
        hash = add_bytes(hash, batch.classes, (size_t)batch.count * sizeof *batch.classes);
        for (int32_t i = 0; i < batch.count; i++) /* some of each is enough */
            for (size_t k = 0; k < width; k += 61) hash = add_bytes(hash, &batch.inputs[(size_t)i * width + k], 4);
    }
    gradus_loader_destroy(loader);
    return loader ? hash : 0;
}

typedef struct reading {
    uint64_t hash;
    char sha256[65], message[500];
} reading;

static void read_set(const char *text, reading *into)
{
    gradus_error error = {0};
    gradus_spec *spec =
        gradus_spec_create(text, &(gradus_spec_config){.family = "data", .language = &set_language}, &error);
    const gradus_data_config config = {
        .data = spec, .text = text, .validation = "10%", .data_dir = folder, .base_dir = folder, .seed = 3};
    gradus_data *data = spec ? gradus_data_open(&config, &error) : NULL;
    snprintf(into->message, sizeof into->message, "%s", error.message);
    if (!data) return;
    into->hash = 0xcbf29ce484222325u;
    for (int part = 0; part < 3; part++) into->hash = add_part(into->hash, data, (gradus_part)part);
    snprintf(into->sha256, sizeof into->sha256, "%s", gradus_data_about(data)->sha256);
    gradus_data_close(data);
    gradus_spec_destroy(spec);
}

static reading read_in_process(const char *text, bool limited)
{
    reading got = {0};
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit limit = {cap, cap};
        setenv("TMPDIR", folder, 1);
        if (limited) setrlimit(RLIMIT_AS, &limit);
        read_set(text, &got);
        _exit(write(ends[1], &got, sizeof got) != (ssize_t)sizeof got);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &got, sizeof got), sizeof got);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return got;
}

static void check_equal(const char *text)
{
    const reading whole = read_in_process(text, false), capped = read_in_process(text, true);
    if (!capped.hash || !whole.hash) fail_msg("%s: %s%s", text, whole.message, capped.message);
    assert_true(capped.hash == whole.hash);
    assert_string_equal(capped.sha256, whole.sha256);
}

static void skip_with_sanitizer(void)
{
#if defined __SANITIZE_ADDRESS__
    skip(); /* it takes more room than the cap leaves */
#endif
}

static void test_records(void **state)
{
    (void)state;
    skip_with_sanitizer();
    shell("mkdir -p cifar10");
    for (int i = 1; i <= BATCHES; i++) {
        char name[40];
        snprintf(name, sizeof name, "cifar10/data_batch_%d.bin", i);
        put_records(name, RECORDS, (uint64_t)i);
    }
    put_records("cifar10/test_batch.bin", TESTS, 9);
    shell("cd cifar10 && tar -cf cifar-10-binary.tar.gz *.bin && rm *.bin");
    check_equal("cifar10");
    shell("rm -r cifar10");
}

static void test_pictures(void **state)
{
    char text[80];
    (void)state;
    skip_with_sanitizer();
    put_pictures();
    snprintf(text, sizeof text, "folder(pictures, size=%d)", SIDE);
    check_equal(text);
    shell("tar -cf pictures.tar pictures");
    snprintf(text, sizeof text, "folder(pictures.tar, size=%d)", SIDE);
    check_equal(text);
}

/* In two members, so that the size at its end is not that of the file. */
static void put_compressed(void)
{
    const unsigned char images[16] = {0, 0, 8, 3, [6] = IMAGES >> 8, IMAGES & 255, [11] = 100, [15] = 100},
                        labels[8] = {0, 0, 8, 1, [6] = IMAGES >> 8, IMAGES & 255};
    const size_t first = 30000000, size = 16 + (size_t)IMAGES * IMAGE;
    unsigned char *bytes = malloc(size), *classes = malloc(8 + IMAGES);
    memcpy(bytes, images, 16), memcpy(classes, labels, 8);
    for (int64_t i = 0; i < IMAGES; i++) {
        unsigned char *image = bytes + 16 + i * IMAGE;
        memset(image, (int)(gradus_random_bits(5, 0, (uint64_t)i) & 255), IMAGE);
        for (int k = 0; k < IMAGE; k += 61) image[k] = (unsigned char)(i + k);
        classes[8 + i] = (unsigned char)(i % 10);
    }
    put_bytes("rest", bytes + first, size - first);
    put_bytes("first", bytes, first);
    put_bytes("labels-idx1", classes, 8 + IMAGES);
    shell("gzip -1c first > images-idx3.gz && gzip -1c rest >> images-idx3.gz && gzip labels-idx1 && rm first rest");
    free(bytes);
    free(classes);
}

static void test_compressed(void **state)
{
    (void)state;
    skip_with_sanitizer();
    put_compressed();
    check_equal("idx(images-idx3.gz)");
    const pid_t child = fork();
    int status;
    if (child == 0) {
        reading got = {0};
        const struct rlimit limit = {cap, cap};
        setrlimit(RLIMIT_AS, &limit);
        setenv("TMPDIR", "/dev/full", 1);
        read_set("idx(images-idx3.gz)", &got);
        _exit(got.hash != 0 || !strstr(got.message, "/dev/full: not a directory"));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    shell("head -c 200000 images-idx3.gz > cut-images-idx3.gz && cp labels-idx1.gz cut-labels-idx1.gz");
    reading cut = read_in_process("idx(cut-images-idx3.gz)", true);
    if (!strstr(cut.message, "of 33000 images; the file is truncated")) fail_msg("%s", cut.message);
}

static void put_array(struct archive *out, const char *name, const char *shape, unsigned char *bytes, size_t size)
{
    enum { HEAD = 128 };
    memset(bytes, ' ', HEAD);
    memcpy(bytes, "\x93NUMPY\1\0\x76\0", 10);
    const int length =
        snprintf((char *)bytes + 10, HEAD - 10, "{'descr': '|u1', 'fortran_order': False, 'shape': (%s)}", shape);
    bytes[10 + length] = ' ';
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (la_int64_t)(HEAD + size));
    assert_int_equal(archive_write_header(out, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(out, bytes, HEAD + size), HEAD + size);
    archive_entry_free(entry);
}

/* Examples of a large array are fetched from the archive's spool; the small one behind it is spooled too, and held. */
static void test_arrays(void **state)
{
    (void)state;
    skip_with_sanitizer();
    enum { ROWS = 20000 };
    unsigned char *bytes = calloc(1, 128 + (size_t)ROWS * IMAGE);
    struct archive *out = archive_write_new();
    archive_write_set_format_zip(out);
    assert_int_equal(archive_write_open_filename(out, in_folder("set.npz")), ARCHIVE_OK);
    for (int64_t i = 0; i < (int64_t)ROWS * IMAGE; i += 61) bytes[128 + i] = (unsigned char)(i / 61 % 251);
    put_array(out, "x.npy", "20000, 100, 100", bytes, (size_t)ROWS * IMAGE);
    for (int64_t i = 0; i < ROWS; i++) bytes[128 + i] = (unsigned char)(i % 10);
    put_array(out, "y.npy", "20000,", bytes, ROWS);
    archive_write_close(out);
    archive_write_free(out);
    free(bytes);
    check_equal("npy(set.npz)");
}

/* Where the file without a name cannot be made, or does not hold it all. */
static void test_no_room(void **state)
{
    (void)state;
    skip_with_sanitizer();
    char text[80];
    snprintf(text, sizeof text, "folder(pictures, size=%d)", SIDE);
    shell("ln -s /dev/null not-a-folder");
    const pid_t child = fork();
    int status;
    if (child == 0) {
        reading got = {0};
        const struct rlimit limit = {cap, cap}, small = {1 << 20, 1 << 20};
        setrlimit(RLIMIT_AS, &limit);
        setenv("TMPDIR", in_folder("not-a-folder"), 1);
        read_set(text, &got);
        int wrong = got.hash != 0 || !strstr(got.message, "not-a-folder: not a directory");
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &small);
        setenv("TMPDIR", folder, 1);
        read_set(text, &got);
        wrong += got.hash != 0 || !strstr(got.message, "pictures: it is too large for memory, and ") ||
                 !strstr(got.message, " cannot hold what was read of it (File too large); TMPDIR names another folder");
        _exit(wrong);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static int remove_all(void **state)
{
    (void)state;
    char command[200];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_records), cmocka_unit_test(test_pictures),
                                       cmocka_unit_test(test_compressed), cmocka_unit_test(test_arrays),
                                       cmocka_unit_test(test_no_room)};
    return cmocka_run_group_tests(tests, make_folder, remove_all);
}
