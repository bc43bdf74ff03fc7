/* Reads IDX (yann.lecun.com's format: two zero bytes, a type, a rank, big-endian sizes, then the values) and checks that
 * images and labels belong together. Bytes stay bytes; a pixel is worth its value / 255. */
#include "idx.h"
#include <stdio.h>
#include <string.h>

enum { HEAD = 4, MOST_RANK = 5 };

/* ---- the header ---- */

static bool read_type(gradus_array *array, int32_t type)
{
    array->kind = type == 0x08 ? GRADUS_ARRAY_UNSIGNED : type < 0x0d ? GRADUS_ARRAY_SIGNED : GRADUS_ARRAY_FLOAT;
    switch (type) {
    case 0x08:                                /* unsigned bytes */
    case 0x09: array->bytes = 1; return true; /* signed bytes */
    case 0x0b: array->bytes = 2; return true; /* whole numbers */
    case 0x0c: array->bytes = 4; return true;
    case 0x0d: array->bytes = 4; return true; /* float */
    case 0x0e: array->bytes = 8; return true; /* double */
    default: return false;
    }
}

static gradus_status read_head(gradus_array *array, gradus_error *error)
{
    const unsigned char *bytes = array->source.bytes;
    const size_t size = array->source.at_hand;
    if (size < HEAD || bytes[0] || bytes[1] || !read_type(array, bytes[2])) {
        char begins[16] = "";
        for (size_t i = 0; i < 4 && i < size; i++) snprintf(begins + 2 * i, 3, "%02x", bytes[i]);
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: not an IDX file (it begins with %s, not with 0000)", array->source.path, begins);
    }
    array->big_endian = true;
    array->rank = bytes[3];
    if (array->rank < 1 || array->rank > MOST_RANK)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: %d dimensions, expected 1 to %d",
                           array->source.path, array->rank, MOST_RANK);
    array->head = HEAD + 4 * (size_t)array->rank;
    if (size < array->head)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: ends inside its header; the file is truncated", array->source.path);
    for (const unsigned char *at = bytes + HEAD; at < bytes + array->head; at += 4)
        array->size[(at - bytes - HEAD) / 4] =
            (int64_t)at[0] << 24 | (int64_t)at[1] << 16 | (int64_t)at[2] << 8 | (int64_t)at[3];
    return GRADUS_OK;
}

/* Reads a file; `noun` is what stands in it ("images", "labels"). */
static gradus_status read_array(gradus_array *array, void *user, const char *path, const char *noun, gradus_sha256 *sum,
                                gradus_error *error)
{
    (void)user;
    gradus_status status = gradus_source_begin(&array->source, path, sum, error);
    if (!status) status = read_head(array, error);
    return status ? status : gradus_array_check(array, noun, error);
}

gradus_status gradus_idx_open(gradus_reading *reading, const gradus_array_paths *paths, const char *noun,
                              gradus_error *error)
{
    gradus_status status = gradus_array_open(reading, paths, read_array, NULL, noun, error);
    if (!status) gradus_array_title(reading, noun);
    return status;
}

gradus_status gradus_idx_inputs(const gradus_data *like, const char *path, gradus_data *data, gradus_error *error)
{
    return gradus_array_open_inputs(like, path, read_array, NULL, "images", data, error);
}

/* ---- the member that reads any such files ---- */

/* The labels that belong to a file of images are called as it is, with "labels" and "idx1" in place of "images" and "idx3". */
static bool labels_beside(const char *images, char path[GRADUS_DATA_PATH])
{
    const char *slash = strrchr(images, '/'), *name = slash ? slash + 1 : images, *word = strstr(name, "images");
    if (!word) return false;
    int length =
        snprintf(path, GRADUS_DATA_PATH, "%.*slabels%s", (int)(word - images), images, word + strlen("images"));
    char *rank = length < GRADUS_DATA_PATH ? strstr(path + (word - images), "idx3") : NULL;
    if (rank) rank[3] = '1';
    return length < GRADUS_DATA_PATH;
}

/* One pair of the call: images in parameter `images`, labels in parameter `labels` or beside them. */
static gradus_status find_pair(gradus_reading *reading, const char *images, const char *labels, char *images_path,
                               char *labels_path, gradus_error *error)
{
    const char *text = gradus_reading_text(reading, labels);
    gradus_status status = gradus_reading_path(reading, gradus_reading_text(reading, images), images_path, error);
    if (status || text) return status ? status : gradus_reading_path(reading, text, labels_path, error);
    if (labels_beside(images_path, labels_path)) return GRADUS_OK;
    return gradus_reading_fail(reading, gradus_item_value(reading->item, images), GRADUS_CODE_MISSING, error,
                               "which labels belong to it? write %s=FILE", labels);
}

static gradus_status open_files(gradus_reading *reading, gradus_error *error)
{
    char path[GRADUS_MOST_FILES][GRADUS_DATA_PATH];
    const char *test = gradus_reading_text(reading, "test");
    int64_t amount;
    bool has_test = test && !gradus_amount_read(test, 0, &amount);
    gradus_status status = find_pair(reading, "images", "labels", path[0], path[1], error);
    if (!status && has_test) status = find_pair(reading, "test", "test_labels", path[2], path[3], error);
    if (status) return status;
    gradus_stem(path[0], reading->data->info.name, sizeof reading->data->info.name);
    const gradus_array_paths paths = {.inputs = {path[0], has_test ? path[2] : NULL}, .labels = {{path[1]}, {path[3]}}};
    return gradus_idx_open(reading, &paths, "images", error);
}

static const gradus_argument arguments[] = {
    {.name = "images",
     .kind = GRADUS_TEXT,
     .help = "file of inputs: n x height x width, or n x values",
     .also = "path, file"},
    {.name = "labels",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_OPTIONAL,
     .help = "file of classes (whole numbers) or of numbers; without it the one named as the images are, with labels "
             "in place of images",
     .also = "targets, y"},
    {.name = "test",
     .kind = GRADUS_TEXT,
     .initial = "10%",
     .flags = GRADUS_NAMED,
     .help = "what is kept for the test: a share (10%), a number of examples, none, or a file of images",
     .also = "test_images, test_size, test_split"},
    {.name = "test_labels",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "labels of that file"},
    GRADUS_LIMIT_ARGUMENT,
    {0},
};

const gradus_reader gradus_reader_idx = {
    .member = {.name = "idx",
               .summary = "arrays in the format of MNIST's files, plain or compressed by gzip",
               .also = "ubyte",
               .arguments = arguments,
               .notes = "A file that would take more than a quarter of the memory stays on the disk, and examples are "
                        "read as they are "
                        "needed; one that is compressed is unpacked first, to a file in /var/tmp (or TMPDIR) that goes "
                        "with the process."},
    .endings = ".idx .idx.gz -ubyte -ubyte.gz",
    .open = open_files,
    .inputs = gradus_idx_inputs,
};
