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
    int64_t place = 0;
    const int64_t at = files ? array_named(files, path) : 0;
    if (at < 0) return no_array(files, path, error);
    gradus_status status = files ? gradus_files_begin(files, at, &array->source, &place, error)
                                 : gradus_source_begin(&array->source, path, sum, error);
    if (!status) status = gradus_npy_head(array, error);
    if (!status) status = gradus_array_check(array, noun, error);
    array->head += (size_t)place;
    return status;
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

/* The files or names that a list holds; as many as there are targets. */
static gradus_status list_labels(gradus_reading *reading, const char *parameter, const char **labels, int32_t *count,
                                 gradus_error *error)
{
    const gradus_value *list = gradus_item_value(reading->item, parameter);
    const bool of_test = *count > 0;
    if (!list->present) return GRADUS_OK;
    if (of_test && list->count != *count)
        return gradus_reading_fail(reading, list, GRADUS_CODE_LENGTHS, error,
                                   "as many as there are targets: %d, not %d, in the same order", *count, list->count);
    if (list->count > GRADUS_TARGETS)
        return gradus_reading_fail(reading, list, GRADUS_CODE_LENGTHS, error,
                                   "%d targets, but at most %d can be told each by an output of its own", list->count,
                                   GRADUS_TARGETS);
    *count = list->count;
    for (int32_t i = 0; i < list->count; i++) labels[i] = list->items[i].text;
    return GRADUS_OK;
}

static gradus_status which(const gradus_reading *reading, const char *of, const char *question, gradus_error *error)
{
    return gradus_reading_fail(reading, gradus_item_value(reading->item, of), GRADUS_CODE_MISSING, error, "%s",
                               question);
}

/* What the call says: files, or names in an archive. */
static gradus_status list_arrays(gradus_reading *reading, gradus_array_paths *paths, gradus_error *error)
{
    int64_t amount;
    const char *test = gradus_reading_text(reading, "test");
    if (list_labels(reading, "targets", paths->labels[0], &paths->label_count, error)) return error->status;
    if (gradus_amount_read(test, 0, &amount)) return GRADUS_OK;
    paths->inputs[1] = test;
    int32_t count = paths->label_count ? paths->label_count : 1;
    if (list_labels(reading, "test_targets", paths->labels[1], &count, error)) return error->status;
    if (paths->labels[1][0]) return GRADUS_OK;
    return which(reading, "test", "which targets belong to it? write test_targets=FILE (or NAME, in an archive)",
                 error);
}

static gradus_status open_archive(gradus_reading *reading, const char *path, gradus_array_paths *paths,
                                  gradus_error *error)
{
    gradus_files files = {0};
    gradus_status status = gradus_files_add(&files, path, is_array, &reading->sum, error);
    paths->inputs[0] = status ? NULL : name_in(&files, gradus_reading_text(reading, "inputs"), usual_inputs);
    paths->labels[0][0] = status ? NULL : name_in(&files, paths->labels[0][0], usual_targets);
    if (!status && !paths->inputs[0])
        status = which(reading, "file", "which array holds the inputs? write inputs=NAME", error);
    if (!status && !paths->labels[0][0])
        status = which(reading, "file", "which array holds the targets? write targets=NAME", error);
    memcpy(paths->label_names, paths->labels[0], sizeof paths->label_names);
    if (!status) status = open_arrays(reading, paths, &files, error);
    gradus_files_close(&files);
    return status;
}

/* Puts in the place of a path in the text where the file is. */
static gradus_status find_file(gradus_reading *reading, const char **path, gradus_error *error)
{
    char found[GRADUS_DATA_PATH];
    if (!*path) return GRADUS_OK;
    if (gradus_reading_path(reading, *path, found, error)) return error->status;
    *path = gradus_arena_text(&reading->data->arena, found, strlen(found));
    return *path ? GRADUS_OK : gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
}

static gradus_status open_files(gradus_reading *reading, gradus_array_paths *paths, gradus_error *error)
{
    char stem[GRADUS_DATA_PATH];
    gradus_status status = GRADUS_OK;
    if (!paths->label_count) return which(reading, "file", "which targets belong to it? write targets=FILE", error);
    for (int32_t i = 0; i < paths->label_count; i++) {
        gradus_stem(paths->labels[0][i], stem, sizeof stem);
        paths->label_names[i] = gradus_arena_text(&reading->data->arena, stem, strlen(stem));
        if (!paths->label_names[i]) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    }
    for (int32_t part = 0; part < 2; part++) {
        if (part && !status) status = find_file(reading, &paths->inputs[part], error);
        for (int32_t i = 0; i < paths->label_count && !status; i++)
            status = find_file(reading, &paths->labels[part][i], error);
    }
    return status ? status : open_arrays(reading, paths, NULL, error);
}

static gradus_status open_set(gradus_reading *reading, gradus_error *error)
{
    gradus_array_paths paths = {.inputs = {gradus_reading_text(reading, "file")}};
    gradus_status status = list_arrays(reading, &paths, error);
    if (!status) status = find_file(reading, &paths.inputs[0], error);
    if (status) return status;
    const char *path = paths.inputs[0];
    gradus_stem(path, reading->data->info.name, sizeof reading->data->info.name);
    return ends_in(path, ".npz") ? open_archive(reading, path, &paths, error) : open_files(reading, &paths, error);
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
     .flags = GRADUS_LIST | GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "a .npy file, or the name of an array in the archive (without it y, y_train, targets, target, labels or "
             "arr_1): whole numbers are classes, others numbers; several: [a.npy, b.npy], where numbers are told by "
             "one output unless the model names one for each, or classes are among them",
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
     .flags = GRADUS_LIST | GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "the targets of that file or name, as many as in targets="},
    GRADUS_SCALE_ARGUMENT("none"),
    GRADUS_TARGET_SCALE_ARGUMENT,
    GRADUS_LIMIT_ARGUMENT,
    {0},
};

const gradus_reader gradus_reader_npy = {
    .member =
        {.name = "npy",
         .summary = "arrays that NumPy has written (.npy, .npz)",
         .also = "npz, numpy, np_load",
         .arguments = arguments,
         .notes =
             "bytes without a sign count as shares of 255, as pixels do; pictures are scaled by channel. A "
             ".npy file that would take more than a quarter of the memory stays on the disk, and examples "
             "are read as they are needed; so are those of a .npz archive, which is unpacked to a file in /var/tmp "
             "(or TMPDIR)"},
    .endings = ".npy .npz",
    .open = open_set,
    .inputs = open_inputs,
    .save = gradus_learnt_save,
    .recall = gradus_learnt_recall,
};
