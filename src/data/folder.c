/* folder: pictures that lie in a folder for each class, as people keep them; an archive of such folders serves as well. They are
 * decoded once, on all threads, to bytes of one size; what does not fit into memory lies in a file without a name.
 *
 *     photos/cat/1.jpg  photos/dog/2.png            classes cat, dog; the test part is a share
 *     photos/train/cat/...  photos/test/cat/...     the test part is what lies under test; val is the validation part */
#include "files.h"
#include "picture.h"
#include "spool.h"
#include "texts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512, LARGEST_SIDE = 2048, USUAL_SIDE = 64, MOST_CLASSES = 65536 };

/* ---- the size that all get ---- */

static gradus_status bad_picture(const gradus_files *files, int64_t index, const char *why, gradus_error *error)
{
    char path[GRADUS_DATA_PATH];
    gradus_files_print(files, index, path);
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: %s", path, why);
}

/* The size of all where they have one, else 64 x 64; colour where one of them has colours. What is asked for stands in *as already.
 * Looks no further than it must. */
static gradus_status find_size(gradus_files *files, gradus_picture_size *as, gradus_error *error)
{
    const bool sized = as->height > 0, told = as->channels > 0;
    bool same = true;
    gradus_status status = GRADUS_OK;
    for (int64_t i = 0; !status && i < files->count && ((same && !sized) || (as->channels < 3 && !told)); i++) {
        gradus_picture_size is;
        char why[GRADUS_PICTURE_WHY];
        status = gradus_files_load(files, i, NULL, error);
        if (!status && !gradus_picture_measure(files->file[i].bytes, files->file[i].size, &is, why))
            status = bad_picture(files, i, why, error);
        gradus_files_unload(files, i);
        if (status) continue;
        if (i == 0 && !sized) as->height = is.height, as->width = is.width;
        same = same && is.height == as->height && is.width == as->width;
        if (!told && is.channels > as->channels) as->channels = is.channels;
    }
    if (!sized && !same) as->height = as->width = USUAL_SIDE;
    return status;
}

static gradus_status asked_size(const gradus_reading *reading, gradus_picture_size *as, gradus_error *error)
{
    const gradus_value *size = gradus_item_value(reading->item, "size");
    as->channels = (int32_t)gradus_reading_count(reading, "channels");
    if (as->channels == 2)
        return gradus_reading_fail(reading, gradus_item_value(reading->item, "channels"), GRADUS_CODE_OUT_OF_RANGE,
                                   error, "a picture has 1 channel (grey) or 3 (red, green, blue)");
    if (!size || !size->present) return GRADUS_OK;
    if (size->count > 2)
        return gradus_reading_fail(reading, size, GRADUS_CODE_TOO_MANY, error,
                                   "a size is [height, width], or one number for both");
    as->height = (int32_t)size->items[0].number;
    as->width = (int32_t)size->items[size->count - 1].number;
    return GRADUS_OK;
}

/* ---- decoding ---- */

enum { LOADED = 1 << 25 }; /* bytes of files that are loaded at once, or one file */

typedef struct decoding { /* a block of files on all threads */
    const gradus_files *files;
    gradus_picture_size as;
    int64_t first;
    unsigned char *pixels; /* of the first */
    char (*why)[GRADUS_PICTURE_WHY];
} decoding;

static void decode_one(void *job, int64_t index)
{
    const decoding *all = job;
    const gradus_one_file *file = &all->files->file[all->first + index];
    const size_t each = (size_t)all->as.height * (size_t)all->as.width * (size_t)all->as.channels;
    gradus_picture_read(file->bytes, file->size, &all->as, all->pixels + (size_t)index * each, all->why[index]);
}

/* Loads files from `first` on, as many as are decoded at once. */
static gradus_status load_block(gradus_files *files, int64_t first, int64_t most, gradus_sha256 *sum, int64_t *count,
                                gradus_error *error)
{
    size_t loaded = 0;
    gradus_status status = GRADUS_OK;
    if (most > files->count - first) most = files->count - first;
    for (*count = 0; !status && *count < most && loaded < LOADED; ++*count) {
        status = gradus_files_load(files, first + *count, sum, error);
        loaded += files->file[first + *count].size;
    }
    return status;
}

static gradus_status decode(gradus_files *files, const gradus_picture_size *as, gradus_sha256 *sum,
                            gradus_pouring *pouring, gradus_error *error)
{
    decoding job = {.files = files, .as = *as, .why = malloc(BLOCK * sizeof *job.why)};
    gradus_status status = GRADUS_OK;
    if (!job.why)
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "%s: out of memory", files->source[0].path);
    for (int64_t count; !status && job.first < files->count; job.first += count) {
        job.pixels = gradus_pour_here(pouring);
        status = load_block(files, job.first, pouring->room < BLOCK ? pouring->room : BLOCK, sum, &count, error);
        if (!status) gradus_parallel(NULL, count, decode_one, &job);
        for (int64_t i = 0; i < count && !status; i++)
            if (job.why[i][0]) status = bad_picture(files, job.first + i, job.why[i], error);
        for (int64_t i = 0; i < count; i++) gradus_files_unload(files, job.first + i);
        if (!status) status = gradus_pour(pouring, count, error);
    }
    free(job.why);
    return status;
}

/* All files as examples without classes. */
static gradus_status take_pictures(gradus_data *data, gradus_files *files, const gradus_picture_size *as,
                                   gradus_sha256 *sum, gradus_examples *examples, gradus_error *error)
{
    gradus_pouring pouring;
    *examples = (gradus_examples){.count = files->count, .width = (int64_t)as->height * as->width * as->channels};
    gradus_status status = gradus_pour_begin(&pouring, data, examples, files->source[0].path, error);
    if (!status) status = decode(files, as, sum, &pouring, error);
    gradus_pour_end(&pouring);
    return status;
}

/* ---- classes and parts ---- */

/* Drops the files of classes that the call does not ask for. */
static gradus_status drop_others(const gradus_reading *reading, gradus_files *files, gradus_error *error)
{
    const gradus_value *asked = gradus_item_value(reading->item, "classes");
    gradus_texts wanted = {0}, met = {0};
    if (!asked || !asked->present) return GRADUS_OK;
    for (int32_t i = 0; i < asked->count; i++)
        if (!gradus_texts_add(&wanted, &reading->data->arena, asked->items[i].text, strlen(asked->items[i].text)))
            return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    int64_t kept = 0;
    for (int64_t i = 0; i < files->count; i++) {
        const char *class;
        size_t length;
        gradus_files_part(&files->file[i], &class, &length);
        if (class && !gradus_texts_add(&met, &reading->data->arena, class, length))
            return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
        if (class && gradus_texts_find(&wanted, class, length) >= 0)
            files->file[kept++] = files->file[i];
        else
            free(files->file[i].bytes);
    }
    files->count = kept;
    for (int32_t i = 0; i < asked->count; i++) {
        const char *text = asked->items[i].text, *near = gradus_nearest(text, met.text, met.count);
        if (gradus_texts_find(&met, text, strlen(text)) >= 0) continue;
        gradus_status status =
            gradus_reading_fail(reading, &asked->items[i], GRADUS_CODE_UNKNOWN_NAME, error, "no folder '%s'%s%s%s",
                                text, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
        gradus_suggest(error, near);
        return status;
    }
    return GRADUS_OK;
}

static gradus_status find_classes(const gradus_files *files, gradus_arena *arena, gradus_texts *classes,
                                  gradus_error *error)
{
    for (int64_t i = 0; i < files->count; i++) {
        const char *class;
        size_t length;
        gradus_files_part(&files->file[i], &class, &length);
        if (!class)
            return bad_picture(files, i, "it lies in no folder of a class (expected FOLDER/CLASS/PICTURE)", error);
        if (!gradus_texts_add(classes, arena, class, length))
            return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
        if (classes->count > MOST_CLASSES) return bad_picture(files, i, "more than 65536 classes", error);
    }
    if (classes->count < 2)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: %lld pictures of %d class; expected a folder for each class", files->source[0].path,
                           (long long)files->count, classes->count);
    return GRADUS_OK;
}

static gradus_status take_classes(gradus_data *data, const gradus_files *files, const gradus_texts *names,
                                  gradus_examples *examples, gradus_error *error)
{
    int32_t *classes = gradus_arena_take(&data->arena, (size_t)files->count * sizeof *classes, sizeof *classes);
    if (!classes) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    for (int64_t i = 0; i < files->count; i++) {
        const char *class;
        size_t length;
        gradus_files_part(&files->file[i], &class, &length);
        classes[i] = gradus_texts_find(names, class, length);
    }
    examples->classes = classes;
    return GRADUS_OK;
}

/* Files of one part, taken out of a list. */
static gradus_files only(const gradus_files *files, gradus_part wanted, gradus_one_file *room)
{
    gradus_files some = *files;
    some.file = room, some.count = 0;
    for (int64_t i = 0; i < files->count; i++) {
        const char *class;
        size_t length;
        if (gradus_files_part(&files->file[i], &class, &length) == wanted) some.file[some.count++] = files->file[i];
    }
    return some;
}

static gradus_status read_part(gradus_reading *reading, const gradus_files *files, gradus_part part,
                               const gradus_texts *classes, const gradus_picture_size *as, gradus_examples *examples,
                               gradus_error *error)
{
    gradus_one_file *room = malloc((size_t)files->count * sizeof *room);
    if (!room) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    gradus_files some = only(files, part, room);
    gradus_sha256 *sum = files->source[0].packed ? NULL : &reading->sum; /* an archive has been added up as a whole */
    gradus_status status = GRADUS_OK;
    if (some.count) status = take_pictures(reading->data, &some, as, sum, examples, error);
    if (some.count && !status) status = take_classes(reading->data, &some, classes, examples, error);
    free(room);
    return status;
}

/* A validation part with a folder of its own needs no share of training. */
static gradus_status set_parts(gradus_reading *reading, gradus_error *error)
{
    gradus_data *data = reading->data;
    gradus_data_config config = *reading->config;
    const gradus_data_config *asked = reading->config;
    if (!data->training.count)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: no pictures to learn from",
                           data->info.name);
    if (data->validation.count) config.validation = "none";
    reading->config = &config;
    gradus_status status = gradus_reading_split(reading, data->training.count, data->test.count > 0, error);
    reading->config = asked;
    if (!status && data->validation.count)
        data->part[GRADUS_VALIDATION] = (gradus_rows){&data->validation, data->validation.count, NULL};
    return status;
}

static void set_title(gradus_reading *reading)
{
    gradus_data *data = reading->data;
    const int64_t *shape = data->info.shape;
    char what[120];
    long long used = data->part[GRADUS_TRAINING].count + data->part[GRADUS_VALIDATION].count;
    if (!data->test.count) used += data->part[GRADUS_TEST].count;
    snprintf(what, sizeof what, "%lld %s pictures %lldx%lld of %lld classes", used, shape[0] == 3 ? "colour" : "grey",
             (long long)shape[1], (long long)shape[2], (long long)data->info.targets[0].outputs);
    gradus_reading_title(reading, what);
}

/* ---- reading ---- */

static gradus_status read_files(gradus_reading *reading, gradus_files *files, gradus_error *error)
{
    gradus_data *data = reading->data;
    gradus_examples *const examples[] = {&data->training, &data->validation, &data->test};
    gradus_texts classes = {0};
    gradus_picture_size as = {0};
    gradus_status status = drop_others(reading, files, error);
    if (!status) status = find_classes(files, &data->arena, &classes, error);
    if (!status) status = asked_size(reading, &as, error);
    if (!status) status = find_size(files, &as, error);
    if (status) return status;
    data->info.shape[0] = as.channels, data->info.shape[1] = as.height, data->info.shape[2] = as.width;
    data->info.targets[0].kind = GRADUS_TARGET_CLASS, data->info.targets[0].outputs = classes.count;
    data->info.targets[0].class_names = classes.text;
    for (int32_t part = 0; part < 3 && !status; part++)
        status = read_part(reading, files, (gradus_part)part, &classes, &as, examples[part], error);
    if (!status) status = set_parts(reading, error);
    if (!status) set_title(reading);
    return status;
}

static gradus_status no_pictures(const gradus_files *files, gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                       "%s: no pictures in it (expected .png, .jpg, .jpeg)", files->source[0].path);
}

gradus_status gradus_folder_read(gradus_reading *reading, const char *path, const char *test, gradus_error *error)
{
    gradus_files files = {0};
    gradus_status status = gradus_files_add(&files, path, gradus_picture_named, &reading->sum, error);
    if (!status && files.count == 0) status = no_pictures(&files, error);
    if (!status && test) status = gradus_files_add(&files, test, gradus_picture_named, &reading->sum, error);
    if (!status) status = read_files(reading, &files, error);
    gradus_files_close(&files);
    return status;
}

static gradus_status open_folder(gradus_reading *reading, gradus_error *error)
{
    char path[GRADUS_DATA_PATH], other[GRADUS_DATA_PATH];
    const char *test = gradus_reading_text(reading, "test");
    int64_t amount;
    const bool has_test = !gradus_amount_read(test, 0, &amount);
    gradus_status status = gradus_reading_path(reading, gradus_reading_text(reading, "path"), path, error);
    if (!status && has_test) status = gradus_reading_path(reading, test, other, error);
    if (status) return status;
    for (size_t end = strlen(path); end > 1 && path[end - 1] == '/'; end--) path[end - 1] = 0;
    gradus_stem(path, reading->data->info.name, sizeof reading->data->info.name);
    return gradus_folder_read(reading, path, has_test ? other : NULL, error);
}

/* ---- prediction ---- */

gradus_status gradus_folder_inputs(const gradus_data *like, const char *path, gradus_data *data, gradus_error *error)
{
    const gradus_picture_size as = {.height = (int32_t)like->info.shape[1],
                                    .width = (int32_t)like->info.shape[2],
                                    .channels = (int32_t)like->info.shape[0]};
    gradus_files files = {0};
    gradus_status status = gradus_files_add(&files, path, gradus_picture_named, NULL, error);
    if (!status && files.count == 0) status = no_pictures(&files, error);
    if (!status) status = take_pictures(data, &files, &as, NULL, &data->test, error);
    gradus_files_close(&files);
    return status;
}

static void save(const gradus_data *data, gradus_state_writer *writer)
{
    gradus_texts_save(writer, "classes", data->info.targets[0].class_names, (int32_t)data->info.targets[0].outputs);
}

static gradus_status recall(gradus_data *data, gradus_state_reader *state, gradus_error *error)
{
    gradus_texts classes;
    const int64_t *shape = data->info.shape;
    if (gradus_texts_recall(state, "classes", &data->arena, &classes) &&
        classes.count == data->info.targets[0].outputs && (shape[0] == 1 || shape[0] == 3) && shape[1] > 0 &&
        shape[1] <= GRADUS_PICTURE_MOST && shape[2] > 0 && shape[2] <= GRADUS_PICTURE_MOST) {
        data->info.targets[0].class_names = classes.text;
        return GRADUS_OK;
    }
    return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA,
                       "what is remembered of the pictures does not fit together");
}

/* ---- the row ---- */

static const gradus_argument arguments[] = {
    {.name = "path",
     .kind = GRADUS_TEXT,
     .help = "the folder, or an archive of it (.tar, .tar.gz, .zip)",
     .also = "folder, dir, directory, root"},
    {.name = "size",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = LARGEST_SIDE,
     .flags = GRADUS_LIST | GRADUS_OPTIONAL | GRADUS_NAMED,
     .help =
         "[height, width], or one number for both: scaled until that is covered, then the middle; without it the size "
         "that all have, else 64",
     .also = "image_size, resize, target_size"},
    {.name = "channels",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 3,
     .flags = GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "1 for grey, 3 for colours; without it 3 where a picture has colours",
     .also = "color_mode, colors"},
    {.name = "test",
     .kind = GRADUS_TEXT,
     .initial = "10%",
     .flags = GRADUS_NAMED,
     .help = "what is kept for the test where no folder is called test: a share (10%), a number of pictures, none, or "
             "another folder or archive",
     .also = "test_size, test_split, test_path"},
    {.name = "classes",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_LIST | GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "only these: [cat, dog]"},
    GRADUS_LIMIT_ARGUMENT,
    {0},
};

const gradus_reader gradus_reader_folder = {
    .member =
        {.name = "folder",
         .summary = "pictures (PNG, JPEG), a folder for each class",
         .also = "images, pictures, imagefolder, image_folder, flow_from_directory, image_dataset_from_directory",
         .arguments = arguments,
         .notes =
             "photos/cat/1.jpg is of class cat. What lies below folders called train, val and test makes these "
             "parts. Pictures are decoded once; those that would take more than a quarter of the memory, to a file "
             "in /var/tmp (or TMPDIR) that goes with the process."},
    .endings = ".tar .tar.gz .tgz .tar.xz .tar.zst .zip /",
    .open = open_folder,
    .inputs = gradus_folder_inputs,
    .save = save,
    .recall = recall,
};
