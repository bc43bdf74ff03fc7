/* cifar10: small colour photographs of ten kinds of things (Krizhevsky 2009), in the authors' binary form: files of records, one byte
 * for the class, then 32 x 32 bytes each of red, green and blue; or the same pictures as PNG files. */
#include "files.h"
#include "picture.h"
#include "places.h"
#include "spool.h"
#include <stdio.h>
#include <string.h>

enum { SIDE = 32, PIXELS = 3 * SIDE * SIDE, RECORD = 1 + PIXELS, CLASSES = 10 };

static const gradus_known_file archive[] = {
    {"cifar-10-binary.tar.gz", "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd", 170052171},
    {0},
};

/* The same pictures as PNG files, a folder for each class. */
static const char *const instead[] = {"train.tar.gz", "test.tar.gz", NULL};

static const gradus_known_set known = {
    .name = "cifar10",
    .summary = "colour photographs of ten kinds of things, 50000 + 10000 of 32x32",
    .url = "https://www.cs.toronto.edu/~kriz/",
    .licence = "none stated; the authors ask for a citation",
    .files = archive,
};

static const char *const classes[] = {"airplane", "automobile", "bird", "cat",   "deer", "dog",
                                      "frog",     "horse",      "ship", "truck", NULL};

static const char *last_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

static bool is_test(const char *name) { return strcmp(last_of(name), "test_batch.bin") == 0; }

static bool is_batch(const char *name) { return is_test(name) || strncmp(last_of(name), "data_batch_", 11) == 0; }

/* How many records the training files hold, or the test file. */
static gradus_status count_records(const gradus_files *files, bool test, int64_t *count, gradus_error *error)
{
    char path[GRADUS_DATA_PATH];
    *count = 0;
    for (int64_t i = 0; i < files->count; i++) {
        const size_t size = files->file[i].size;
        if (is_test(files->file[i].name) != test) continue;
        gradus_files_print(files, i, path);
        if (size == 0 || size % RECORD)
            return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: %zu bytes are no records of %d",
                               path, size, RECORD);
        *count += (int64_t)(size / RECORD);
    }
    if (*count) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: no %s in it", files->source[0].path,
                       test ? "test_batch.bin" : "data_batch_1.bin");
}

static gradus_status check_classes(const gradus_files *files, int64_t index, gradus_error *error)
{
    const gradus_one_file *file = &files->file[index];
    char path[GRADUS_DATA_PATH];
    gradus_files_print(files, index, path);
    for (size_t i = 0; i < file->size / RECORD; i++)
        if (file->bytes[i * RECORD] >= CLASSES)
            return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                               "%s: record %zu is of class %d, expected 0 to 9", path, i, file->bytes[i * RECORD]);
    return GRADUS_OK;
}

/* The records of a file go to the set, and their classes to `labels`. */
static gradus_status take_records(const gradus_one_file *file, gradus_pouring *pouring, int32_t *labels,
                                  gradus_error *error)
{
    const int64_t count = (int64_t)(file->size / RECORD);
    for (int64_t first = 0, some; first < count; first += some) {
        unsigned char *pixels = gradus_pour_here(pouring);
        some = count - first < pouring->room ? count - first : pouring->room;
        for (int64_t i = 0; i < some; i++) {
            const unsigned char *record = file->bytes + (first + i) * RECORD;
            labels[pouring->at + i] = record[0];
            memcpy(pixels + i * PIXELS, record + 1, PIXELS);
        }
        if (gradus_pour(pouring, some, error)) return (gradus_status)error->status;
    }
    return GRADUS_OK;
}

/* The training files, or the test file. */
static gradus_status take_part(gradus_reading *reading, gradus_files *files, bool test, gradus_examples *examples,
                               gradus_error *error)
{
    gradus_pouring pouring = {0};
    int64_t count;
    if (count_records(files, test, &count, error)) return (gradus_status)error->status;
    int32_t *labels = gradus_arena_take(&reading->data->arena, (size_t)count * sizeof *labels, sizeof *labels);
    *examples = (gradus_examples){.count = count, .width = PIXELS, .classes = labels};
    if (!labels) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "cifar10: out of memory");
    gradus_status status = gradus_pour_begin(&pouring, reading->data, examples, files->source[0].path, error);
    for (int64_t i = 0; i < files->count && !status; i++) {
        if (is_test(files->file[i].name) != test) continue;
        status = gradus_files_load(files, i, &reading->sum, error);
        if (!status) status = check_classes(files, i, error);
        if (!status) status = take_records(&files->file[i], &pouring, labels, error);
        gradus_files_unload(files, i);
    }
    gradus_pour_end(&pouring);
    return status;
}

static gradus_status read_batches(gradus_reading *reading, gradus_files *files, gradus_error *error)
{
    gradus_data *data = reading->data;
    gradus_status status = take_part(reading, files, false, &data->training, error);
    if (!status) status = take_part(reading, files, true, &data->test, error);
    if (!status) status = gradus_reading_split(reading, data->training.count, true, error);
    if (status) return status;
    data->info.shape[0] = 3, data->info.shape[1] = data->info.shape[2] = SIDE;
    data->info.targets[0].kind = GRADUS_TARGET_CLASS, data->info.targets[0].outputs = CLASSES;
    char what[80];
    snprintf(what, sizeof what, "%lld colour photographs 32x32 of ten classes",
             (long long)(data->part[GRADUS_TRAINING].count + data->part[GRADUS_VALIDATION].count));
    gradus_reading_title(reading, what);
    return GRADUS_OK;
}

static gradus_status read_pictures(gradus_reading *reading, const char *folder, gradus_error *error)
{
    char training[GRADUS_DATA_PATH], test[GRADUS_DATA_PATH];
    const gradus_data_info *info = &reading->data->info;
    gradus_place_file(folder, instead[0], training);
    gradus_place_file(folder, instead[1], test);
    if (gradus_folder_read(reading, training, test, error)) return (gradus_status)error->status;
    bool same =
        info->targets[0].outputs == CLASSES && info->shape[0] == 3 && info->shape[1] == SIDE && info->shape[2] == SIDE;
    for (int32_t i = 0; i < CLASSES && same; i++) same = strcmp(info->targets[0].class_names[i], classes[i]) == 0;
    if (same) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                       "%s: not CIFAR-10: expected colour pictures of 32x32, in a folder for each of its ten classes",
                       training);
}

static gradus_status open_set(gradus_reading *reading, gradus_error *error)
{
    char folder[GRADUS_DATA_PATH], path[GRADUS_DATA_PATH];
    gradus_files batches = {0};
    gradus_status status = gradus_known_folder(reading, folder, error);
    if (status) return status;
    if (!gradus_place_file(folder, archive[0].name, path)) return read_pictures(reading, folder, error);
    status = gradus_files_add(&batches, path, is_batch, &reading->sum, error);
    if (!status) status = read_batches(reading, &batches, error);
    gradus_files_close(&batches);
    return status;
}

static const gradus_argument arguments[] = {
    GRADUS_LIMIT_ARGUMENT,
    {0},
};

const gradus_reader gradus_reader_cifar10 = {
    .member = {.name = "cifar10",
               .summary = "colour photographs of ten kinds of things, 50000 + 10000 of 32x32",
               .paper = "Krizhevsky 2009, Learning multiple layers of features from tiny images",
               .also = "cifar-10, cifar_10",
               .arguments = arguments,
               .notes = "get it with: gradus data get cifar10"},
    .known = &known,
    .instead = instead,
    .classes = classes,
    .open = open_set,
    .inputs = gradus_folder_inputs,
};
