/* What the tests of data sets share: a folder of files made for the test, sets opened from a text, batches read whole. */
#ifndef GRADUS_TESTS_DATA_SETS_H
#define GRADUS_TESTS_DATA_SETS_H
#include "check.h"
#include "gradus/data.h"
#include <dirent.h>
#include <sys/stat.h>
#include <zlib.h>

static char folder[64]; /* of this test program, emptied and removed at its end */

static inline int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/gradus-data-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **state)
{
    (void)state;
    char path[512];
    DIR *listed = opendir(folder);
    for (struct dirent *entry; listed && (entry = readdir(listed));) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    if (listed) closedir(listed);
    return rmdir(folder);
}

static inline const char *in_folder(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static inline void put_bytes(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(in_folder(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static inline void put(const char *name, const char *text) { put_bytes(name, text, strlen(text)); }

/* Compresses as gzip does; returns the size of what it wrote, which is cut to `keep` bytes when that is not 0. */
static inline size_t put_gzip(const char *name, const void *bytes, size_t size, size_t keep)
{
    size_t room = size + 1024;
    unsigned char *packed = malloc(room);
    assert_non_null(packed);
    z_stream stream = {
        .next_in = (void *)(uintptr_t)bytes, .avail_in = (uInt)size, .next_out = packed, .avail_out = (uInt)room};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t whole = stream.total_out;
    deflateEnd(&stream);
    put_bytes(name, packed, keep ? keep : whole);
    free(packed);
    return whole;
}

static const gradus_family *const set_families[] = {&gradus_data_family, &gradus_augment_family, NULL};
static const gradus_language set_language = {.families = set_families};

/* Opens a text with the seed given; paths in it are relative to the folder. NULL and *error where it fails. */
static inline gradus_data *set_open(const char *text, const char *validation, uint64_t seed, gradus_error *error)
{
    *error = (gradus_error){0};
    gradus_spec *spec =
        gradus_spec_create(text, &(gradus_spec_config){.family = "data", .language = &set_language}, error);
    if (!spec) return NULL;
    gradus_data_config config = {
        .data = spec, .text = text, .validation = validation, .base_dir = folder, .seed = seed};
    gradus_data *data = gradus_data_open(&config, error);
    gradus_spec_destroy(spec);
    return data;
}

/* The same, where it must succeed. */
static inline gradus_data *set_must_open(const char *text, const char *validation)
{
    gradus_error error;
    gradus_data *data = set_open(text, validation, 1, &error);
    if (!data) fail_msg("%s: %s", text, error.message);
    return data;
}

/* The same where each target is told by an output of its own. */
static inline gradus_data *set_open_apart(const char *text, bool apart)
{
    gradus_error error = {0};
    gradus_spec *spec =
        gradus_spec_create(text, &(gradus_spec_config){.family = "data", .language = &set_language}, &error);
    const gradus_data_config config = {
        .data = spec, .text = text, .validation = "none", .base_dir = folder, .seed = 1, .apart = apart};
    gradus_data *data = error.status ? NULL : gradus_data_open(&config, &error);
    if (!data) fail_msg("%s: %s", text, error.message);
    gradus_spec_destroy(spec);
    return data;
}

/* Expects a failure with this message, in which DIR stands for the folder. */
static inline gradus_error set_must_fail(const char *text, const char *validation, const char *message)
{
    gradus_error error;
    char expected[512] = "", *out = expected;
    gradus_data *data = set_open(text, validation, 1, &error);
    gradus_data_close(data);
    if (data) fail_msg("%s opens, expected: %s", text, message);
    for (const char *at = message; *at;)
        if (strncmp(at, "DIR", 3) == 0)
            out += sprintf(out, "%s", folder), at += 3;
        else
            *out++ = *at++;
    *out = 0;
    if (strcmp(error.message, expected) != 0)
        fail_msg("%s\n  says     %s\n  expected %s", text, error.message, expected);
    assert_int_not_equal(error.status, 0);
    assert_int_not_equal(error.code, 0);
    return error;
}

/* The same of a file that is nowhere, with the folders where it is looked for. */
static inline void set_must_miss(const char *text, const char *message)
{
    static const char *const names[] = {"GRADUS_DATA", "HOME", "XDG_CACHE_HOME"}, *const values[] = {
                                                                                      "/nowhere:/neither", "/home/me",
                                                                                      "/home/me/.cache"};
    char was[3][1024], all[400];
    bool had[3];
    for (int i = 0; i < 3; i++) {
        had[i] = getenv(names[i]) != NULL;
        snprintf(was[i], sizeof was[i], "%s", had[i] ? getenv(names[i]) : "");
        setenv(names[i], values[i], 1);
    }
    snprintf(all, sizeof all, "%s, nor in /nowhere, /neither, ./data, ~/.cache/gradus/data", message);
    assert_int_equal(set_must_fail(text, NULL, all).code, GRADUS_CODE_NO_FILE);
    for (int i = 0; i < 3; i++)
        if (had[i])
            setenv(names[i], was[i], 1);
        else
            unsetenv(names[i]);
}

typedef struct set_state {
    unsigned char *bytes;
    size_t size;
} set_state;

static inline int set_append(void *user, const void *bytes, size_t size)
{
    set_state *state = user;
    memcpy(state->bytes + state->size, bytes, size);
    state->size += size;
    return 0;
}

/* What prediction remembers of a set. */
static inline gradus_data *set_recalled(const gradus_data *data)
{
    gradus_error error = {0};
    set_state state = {.bytes = malloc(gradus_data_save(data, NULL, NULL, NULL))};
    assert_non_null(state.bytes);
    gradus_data_save(data, set_append, &state, &error);
    gradus_data *again = gradus_data_recall(state.bytes, state.size, &error);
    if (!again) fail_msg("%s", error.message);
    free(state.bytes);
    return again;
}

/* One batch of a whole part, in the order of the part; freed with the loader. */
static inline gradus_loader *whole_part(const gradus_data *data, gradus_part part, gradus_batch *batch)
{
    gradus_error error = {0};
    int32_t count = (int32_t)gradus_data_about(data)->count[part];
    gradus_loader *loader = gradus_loader_create(data, &(gradus_loader_config){.part = part, .batch = count}, &error);
    if (!loader) fail_msg("%s", error.message);
    assert_true(gradus_loader_next(loader, batch));
    assert_int_equal(batch->count, count);
    return loader;
}

static inline void check_batch_inputs(const gradus_batch *batch, const float *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (batch->inputs[i] != expected[i])
            fail_msg("input %zu is %.9g, expected %.9g", i, (double)batch->inputs[i], (double)expected[i]);
}

#endif
