/* Reads IDX (yann.lecun.com's format: two zero bytes, a type, a rank, big-endian sizes, then the values) and checks that
 * images and labels belong together. Bytes stay bytes; a pixel is worth its value / 255. */
#include "idx.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 4, MOST_RANK = 5, MOST_CLASSES = 65536 };

typedef struct idx {
    gradus_source source;
    int32_t type, rank;
    int64_t size[MOST_RANK]; /* size[0]: how many images or labels */
    int64_t width;           /* values of each */
    const unsigned char *values;
} idx;

/* ---- the header ---- */

static int32_t bytes_of(int32_t type)
{
    switch (type) {
    case 0x08:           /* unsigned bytes */
    case 0x09: return 1; /* signed bytes */
    case 0x0b: return 2; /* whole numbers */
    case 0x0c: return 4;
    case 0x0d: return 4; /* float */
    case 0x0e: return 8; /* double */
    default: return 0;
    }
}

static uint64_t big_endian(const unsigned char *bytes, int32_t count)
{
    uint64_t value = 0;
    for (int32_t i = 0; i < count; i++) value = value << 8 | bytes[i];
    return value;
}

static gradus_status bad(gradus_error *error, const idx *array, const char *what)
{
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: %s", array->source.path, what);
}

static gradus_status read_head(idx *array, gradus_error *error)
{
    const unsigned char *bytes = array->source.bytes;
    size_t size = array->source.size;
    if (size < HEAD || bytes[0] || bytes[1] || !bytes_of(bytes[2])) {
        char begins[16] = "";
        for (size_t i = 0; i < 4 && i < size; i++) snprintf(begins + 2 * i, 3, "%02x", bytes[i]);
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: not an IDX file (it begins with %s, not with 0000)", array->source.path, begins);
    }
    array->type = bytes[2], array->rank = bytes[3];
    if (array->rank < 1 || array->rank > MOST_RANK)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: %d dimensions, expected 1 to %d",
                           array->source.path, array->rank, MOST_RANK);
    if (size < HEAD + 4 * (size_t)array->rank)
        return bad(error, array, "ends inside its header; the file is truncated");
    array->width = 1;
    for (int32_t i = 0; i < array->rank; i++) {
        int64_t extent = array->size[i] = (int64_t)big_endian(bytes + HEAD + 4 * i, 4);
        if (extent == 0) return bad(error, array, i ? "examples of no size" : "holds no examples");
        if (i && array->width > INT64_MAX / 16 / extent) return bad(error, array, "its sizes are beyond all measure");
        if (i) array->width *= extent;
    }
    array->values = bytes + HEAD + 4 * array->rank;
    return GRADUS_OK;
}

/* Reads a file; `noun` is what stands in it ("images", "labels"). */
static gradus_status read_array(idx *array, const char *path, const char *noun, gradus_sha256 *sum, gradus_error *error)
{
    gradus_status status = gradus_source_open(&array->source, path, sum, error);
    if (!status) status = read_head(array, error);
    if (status) return status;
    int64_t each = array->width * bytes_of(array->type), held = (int64_t)array->source.size - HEAD - 4 * array->rank;
    if (held / each < array->size[0])
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: ends after %lld of %lld %s; the file is truncated", path, (long long)(held / each),
                           (long long)array->size[0], noun);
    if (held != array->size[0] * each)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: %lld bytes of values, but %lld %s take %lld", path, (long long)held,
                           (long long)array->size[0], noun, (long long)(array->size[0] * each));
    return GRADUS_OK;
}

/* ---- values ---- */

static double value_at(const idx *array, int64_t i)
{
    const unsigned char *at = array->values + i * bytes_of(array->type);
    uint64_t bits = big_endian(at, bytes_of(array->type));
    uint32_t half = (uint32_t)bits;
    float single;
    double whole;
    switch (array->type) {
    case 0x08: return (double)bits;
    case 0x09: return bits & 0x80 ? (double)bits - 0x100 : (double)bits;
    case 0x0b: return bits & 0x8000 ? (double)bits - 0x10000 : (double)bits;
    case 0x0c: return bits & 0x80000000u ? (double)bits - 0x100000000 : (double)bits;
    case 0x0d: memcpy(&single, &half, sizeof single); return single;
    default: memcpy(&whole, &bits, sizeof whole); return whole;
    }
}

static float *floats_of(gradus_data *data, const idx *array)
{
    int64_t count = array->size[0] * array->width;
    float *values = gradus_arena_take(&data->arena, (size_t)count * sizeof *values, 64);
    for (int64_t i = 0; values && i < count; i++) values[i] = (float)value_at(array, i);
    return values;
}

/* Hands the images over: bytes as they stand in the file, which the set keeps; other types as floats. */
static gradus_status take_images(gradus_data *data, idx *array, gradus_examples *examples, gradus_error *error)
{
    *examples = (gradus_examples){.count = array->size[0], .width = array->width};
    if (array->type == 0x08) {
        examples->bytes = array->values;
        gradus_data_keep(data, array->source.bytes);
        array->source.bytes = NULL;
        return GRADUS_OK;
    }
    examples->values = floats_of(data, array);
    return examples->values ? GRADUS_OK : gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
}

/* Whole numbers are classes; their count grows with the largest that is met. */
static gradus_status take_classes(gradus_data *data, const idx *array, gradus_examples *examples, gradus_error *error)
{
    int32_t *classes = gradus_arena_take(&data->arena, (size_t)array->size[0] * sizeof *classes, sizeof *classes);
    if (!classes) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    for (int64_t i = 0; i < array->size[0]; i++) {
        double label = value_at(array, i);
        if (label < 0 || label >= MOST_CLASSES)
            return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                               "%s: label %lld is %lld; classes are counted from 0 and are at most %d",
                               array->source.path, (long long)i, (long long)label, MOST_CLASSES);
        classes[i] = (int32_t)label;
        if (classes[i] >= data->info.outputs) data->info.outputs = classes[i] + 1;
    }
    examples->classes = classes;
    return GRADUS_OK;
}

static gradus_status take_labels(gradus_data *data, const idx *array, gradus_examples *examples, gradus_error *error)
{
    bool fractions = array->type == 0x0d || array->type == 0x0e;
    if (!fractions && array->rank == 1) {
        data->info.target = GRADUS_TARGET_CLASS;
        return take_classes(data, array, examples, error);
    }
    data->info.target = GRADUS_TARGET_NUMBERS;
    if (data->info.outputs && data->info.outputs != array->width)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: %lld values a label, but %lld in training", array->source.path, (long long)array->width,
                           (long long)data->info.outputs);
    data->info.outputs = array->width;
    examples->numbers = floats_of(data, array);
    return examples->numbers ? GRADUS_OK : gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
}

/* ---- sets ---- */

/* n x h x w is one channel; n x c x h x w has them in front; n x k is a flat row. */
static void shape_of(const idx *array, int64_t shape[8])
{
    int32_t at = 0;
    memset(shape, 0, 8 * sizeof *shape);
    if (array->rank == 3) shape[at++] = 1;
    for (int32_t i = 1; i < array->rank; i++) shape[at++] = array->size[i];
    if (array->rank == 1) shape[0] = 1;
}

static void print_shape(const int64_t shape[8], char *text, size_t size)
{
    size_t used = 0;
    for (int32_t i = shape[0] == 1 && shape[1] ? 1 : 0; i < 8 && shape[i] && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%lld", used ? "x" : "", (long long)shape[i]);
}

static gradus_status same_shape(const idx *array, const int64_t expected[8], const char *noun, gradus_error *error)
{
    int64_t shape[8];
    char here[80], there[80];
    shape_of(array, shape);
    if (memcmp(shape, expected, sizeof shape) == 0) return GRADUS_OK;
    print_shape(shape, here, sizeof here);
    print_shape(expected, there, sizeof there);
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: %s of %s, expected %s", array->source.path,
                       noun, here, there);
}

/* A pair of files, images and labels; the first pair decides the shape. */
static gradus_status read_pair(gradus_reading *reading, const char *images_path, const char *labels_path,
                               gradus_examples *examples, gradus_error *error)
{
    gradus_data *data = reading->data;
    idx images = {0}, labels = {0};
    gradus_status status = read_array(&images, images_path, "images", &reading->sum, error);
    if (!status) status = read_array(&labels, labels_path, "labels", &reading->sum, error);
    if (!status && labels.size[0] != images.size[0])
        status =
            gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: %lld labels, but %s holds %lld images",
                        labels_path, (long long)labels.size[0], images_path, (long long)images.size[0]);
    if (!status && data->info.shape[0]) status = same_shape(&images, data->info.shape, "images", error);
    if (!status) shape_of(&images, data->info.shape);
    if (!status) status = take_images(data, &images, examples, error);
    if (!status) status = take_labels(data, &labels, examples, error);
    gradus_source_close(&images.source);
    gradus_source_close(&labels.source);
    return status;
}

gradus_status gradus_idx_open(gradus_reading *reading, const gradus_idx_paths *paths, const char *noun,
                              gradus_error *error)
{
    gradus_data *data = reading->data;
    const char *const *path = paths->path;
    gradus_status status = read_pair(reading, path[0], path[1], &data->training, error);
    if (!status && path[2]) status = read_pair(reading, path[2], path[3], &data->test, error);
    if (!status) status = gradus_reading_split(reading, data->training.count, path[2] != NULL, error);
    if (status) return status;
    char shape[80], what[120];
    long long used = data->part[GRADUS_TRAINING].count + data->part[GRADUS_VALIDATION].count;
    if (!path[2]) used += data->part[GRADUS_TEST].count;
    print_shape(data->info.shape, shape, sizeof shape);
    snprintf(what, sizeof what, "%lld %s %s", used, noun, shape);
    gradus_reading_title(reading, what);
    return GRADUS_OK;
}

gradus_status gradus_idx_inputs(const gradus_data *like, const char *path, gradus_data *data, gradus_error *error)
{
    idx images = {0};
    gradus_status status = read_array(&images, path, "images", NULL, error);
    if (!status) status = same_shape(&images, like->info.shape, "images", error);
    if (!status) status = take_images(data, &images, &data->test, error);
    gradus_source_close(&images.source);
    return status;
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
    gradus_idx_paths paths = {{path[0], path[1], has_test ? path[2] : NULL, has_test ? path[3] : NULL}};
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
               .arguments = arguments},
    .endings = ".idx .idx.gz -ubyte -ubyte.gz",
    .open = open_files,
    .inputs = gradus_idx_inputs,
};
