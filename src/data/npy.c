/* npy: arrays that NumPy has written. Inputs and targets lie in two .npy files, or under two names in one .npz archive. */
#include "npy.h"
#include <stdlib.h>
#include <string.h>
#include "files.h"
#include "learnt.h"

static bool ends_in(const char *text, const char *ending)
{
    const size_t length = strlen(text), end = strlen(ending);
    return length >= end && strcmp(text + length - end, ending) == 0;
}

static bool is_array(const char *name) { return ends_in(name, ".npy"); }

/* ---- arrays of an archive ---- */

/* Which file of it is called so, without its ending; -1: none. */
static int64_t array_named(const gradus_files *files, const char *name)
{
    for (int64_t i = 0; i < files->count; i++)
        if (strlen(files->file[i].name) == strlen(name) + 4 && strncmp(files->file[i].name, name, strlen(name)) == 0)
            return i;
    return -1;
}

static gradus_status no_array(const gradus_files *files, const char *name, gradus_error *error)
{
    const char **names = calloc((size_t)files->count + 1, sizeof *names);
    char copies[64][64] = {{0}};
    int32_t count = 0;
    for (int64_t i = 0; names && i < files->count && count < 64; i++) {
        const size_t length = strlen(files->file[i].name) - 4;
        if (length >= sizeof copies[0]) continue;
        memcpy(copies[count], files->file[i].name, length);
        names[count] = copies[count], count++;
    }
    const char *near = names ? gradus_nearest(name, names, count) : NULL;
    if (!near && count) near = copies[0];
    free(names);
    gradus_status status =
        gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_NO_DATA, "%s: no array '%s' in it%s%s%s",
                    files->source[0].path, name, near ? "; it has '" : "", near ? near : "", near ? "'" : "");
    gradus_suggest(error, near);
    return status;
}

/* From the archive, if there is one, else from a file. */
static gradus_status read_array(gradus_array *array, void *user, const char *path, const char *noun, gradus_sha256 *sum,
                                gradus_error *error)
{
    gradus_files *files = user;
    gradus_status status = GRADUS_OK;
    if (files) {
        const int64_t at = array_named(files, path);
        if (at < 0) return no_array(files, path, error);
        gradus_files_print(files, at, array->source.path);
        array->source.bytes = malloc(files->file[at].size + 1); /* it may be asked for twice */
        if (!array->source.bytes) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
        memcpy(array->source.bytes, files->file[at].bytes, files->file[at].size);
        array->source.size = array->source.at_hand = files->file[at].size;
    } else {
        status = gradus_source_begin(&array->source, path, sum, error);
    }
    if (!status) status = gradus_npy_head(array, error);
    return status ? status : gradus_array_check(array, noun, error);
}

/* ---- the set ---- */

static const char *const usual_inputs[] = {"x", "X", "x_train", "X_train", "inputs", "data", "images", "arr_0", NULL};
static const char *const usual_targets[] = {"y", "y_train", "targets", "target", "labels", "arr_1", NULL};

/* What the call says, or the first of the usual names that is there; NULL: none. */
static const char *name_in(const gradus_files *files, const char *asked, const char *const *usual)
{
    for (; !asked && *usual; usual++)
        if (array_named(files, *usual) >= 0) return *usual;
    return asked;
}

static gradus_status open_arrays(gradus_reading *reading, const gradus_array_paths *paths, gradus_files *files,
                                 gradus_error *error)
{
    gradus_data *data = reading->data;
    gradus_status status = gradus_array_open(reading, paths, read_array, files, "examples", error);
    if (status) return status;
    int64_t each = 1;
    for (int32_t i = 1; i < 8 && data->info.shape[i]; i++) each *= data->info.shape[i]; /* pictures: by channel */
    gradus_array_title(reading, "examples");
    return gradus_learnt_from(reading, each, NULL, error);
}

static gradus_status open_archive(gradus_reading *reading, const char *path, bool has_test, gradus_error *error)
{
    gradus_files files = {0};
    gradus_array_paths paths = {{0}};
    gradus_status status = gradus_files_add(&files, path, is_array, &reading->sum, error);
    paths.path[0] = status ? NULL : name_in(&files, gradus_reading_text(reading, "inputs"), usual_inputs);
    paths.path[1] = status ? NULL : name_in(&files, gradus_reading_text(reading, "targets"), usual_targets);
    if (!status && !paths.path[0])
        status = gradus_reading_fail(reading, NULL, GRADUS_CODE_MISSING, error,
                                     "which array holds the inputs? write inputs=NAME");
    if (!status && !paths.path[1])
        status = gradus_reading_fail(reading, NULL, GRADUS_CODE_MISSING, error,
                                     "which array holds the targets? write targets=NAME");
    if (has_test) paths.path[2] = gradus_reading_text(reading, "test");
    if (has_test) paths.path[3] = gradus_reading_text(reading, "test_targets");
    if (!status) status = open_arrays(reading, &paths, &files, error);
    gradus_files_close(&files);
    return status;
}

static gradus_status open_file(gradus_reading *reading, gradus_error *error)
{
    char path[GRADUS_MOST_FILES][GRADUS_DATA_PATH];
    const char *names[] = {"file", "targets", "test", "test_targets"};
    int64_t amount;
    const bool has_test = !gradus_amount_read(gradus_reading_text(reading, "test"), 0, &amount);
    gradus_array_paths paths = {{0}};
    if (has_test && !gradus_reading_text(reading, "test_targets"))
        return gradus_reading_fail(reading, gradus_item_value(reading->item, "test"), GRADUS_CODE_MISSING, error,
                                   "which targets belong to it? write test_targets=FILE (or NAME, in an archive)");
    if (gradus_reading_path(reading, gradus_reading_text(reading, "file"), path[0], error))
        return (gradus_status)error->status;
    gradus_stem(path[0], reading->data->info.name, sizeof reading->data->info.name);
    if (ends_in(path[0], ".npz")) return open_archive(reading, path[0], has_test, error);
    for (int32_t i = 0; i < (has_test ? 4 : 2); i++) {
        const char *text = gradus_reading_text(reading, names[i]);
        if (!text)
            return gradus_reading_fail(reading, gradus_item_value(reading->item, "file"), GRADUS_CODE_MISSING, error,
                                       "which targets belong to it? write targets=FILE");
        if (gradus_reading_path(reading, text, path[i], error)) return (gradus_status)error->status;
        paths.path[i] = path[i];
    }
    return open_arrays(reading, &paths, NULL, error);
}

static gradus_status open_inputs(const gradus_data *like, const char *path, gradus_data *data, gradus_error *error)
{
    const bool packed = ends_in(path, ".npz");
    gradus_files files = {0};
    gradus_status status = packed ? gradus_files_add(&files, path, is_array, NULL, error) : GRADUS_OK;
    const char *name = packed && !status ? name_in(&files, NULL, usual_inputs) : path;
    if (!status && !name) status = no_array(&files, usual_inputs[0], error);
    if (!status)
        status = gradus_array_open_inputs(like, name, read_array, packed ? &files : NULL, "examples", data, error);
    gradus_files_close(&files);
    if (!status) gradus_learnt_inputs(like, data);
    return status;
}

static const gradus_argument arguments[] = {
    {.name = "file",
     .kind = GRADUS_TEXT,
     .help = "the inputs in a .npy file, n x values, n x height x width or n x channels x height x width; or a .npz "
             "archive of several arrays",
     .also = "path, filename, x"},
    {.name = "targets",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "a .npy file, or the name of an array in the archive (without it y, y_train, targets, target, labels or "
             "arr_1): whole numbers are classes, others numbers",
     .also = "y, labels, target"},
    {.name = "inputs",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "the name of an array in the archive; without it x, x_train, inputs, data, images or arr_0"},
    {.name = "test",
     .kind = GRADUS_TEXT,
     .initial = "10%",
     .flags = GRADUS_NAMED,
     .help =
         "what is kept for the test: a share (10%), a number of examples, none, a .npy file or a name in the archive",
     .also = "test_inputs, test_size, test_split"},
    {.name = "test_targets",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "the targets of that file or name"},
    GRADUS_SCALE_ARGUMENT("none"),
    GRADUS_TARGET_SCALE_ARGUMENT,
    GRADUS_LIMIT_ARGUMENT,
    {0},
};

const gradus_reader gradus_reader_npy = {
    .member = {.name = "npy",
               .summary = "arrays that NumPy has written (.npy, .npz)",
               .also = "npz, numpy, np_load",
               .arguments = arguments,
               .notes = "bytes without a sign count as shares of 255, as pixels do; pictures are scaled by channel. A "
                        ".npy file that would take more than a quarter of the memory stays on the disk, and examples "
                        "are read as they are needed"},
    .endings = ".npy .npz",
    .open = open_file,
    .inputs = open_inputs,
    .save = gradus_learnt_save,
    .recall = gradus_learnt_recall,
};
