/* From an array in a file to examples and labels. Rows of bytes are not copied; all else becomes floats, once, or one example at a time
 * where the file is too large to be held. */
#include "array.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_CLASSES = 65536 };

static gradus_status no_memory(gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
}

static gradus_status bad(gradus_error *error, const gradus_array *array, const char *what)
{
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: %s", array->source.path, what);
}

gradus_status gradus_array_check(gradus_array *array, const char *noun, gradus_error *error)
{
    array->width = 1;
    for (int32_t i = 0; i < array->rank; i++) {
        const int64_t extent = array->size[i];
        if (extent == 0) return bad(error, array, i ? "examples of no size" : "holds no examples");
        if (i && array->width > INT64_MAX / 16 / extent) return bad(error, array, "its sizes are beyond all measure");
        if (i) array->width *= extent;
    }
    const int64_t each = array->width * array->bytes, held = (int64_t)(array->source.size - array->head);
    if (held / each < array->size[0])
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: ends after %lld of %lld %s; the file is truncated", array->source.path,
                           (long long)(held / each), (long long)array->size[0], noun);
    if (held != array->size[0] * each)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: %lld bytes of values, but %lld %s take %lld", array->source.path, (long long)held,
                           (long long)array->size[0], noun, (long long)(array->size[0] * each));
    return GRADUS_OK;
}

/* ---- values ---- */

static uint64_t bits_at(const gradus_array *array, const unsigned char *at)
{
    uint64_t bits = 0;
    for (int32_t i = 0; i < array->bytes; i++) bits = bits << 8 | at[array->big_endian ? i : array->bytes - 1 - i];
    return bits;
}

/* A float of 16 bits: 1 for the sign, 5 for the exponent, 10 behind the point. */
static double half(uint64_t bits)
{
    const int32_t exponent = (int32_t)(bits >> 10 & 31), fraction = (int32_t)(bits & 1023);
    const double size = exponent == 31 ? (fraction ? NAN : INFINITY)
                        : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                       : ldexp(fraction, -24);
    return bits >> 15 ? -size : size;
}

static double value_of(const gradus_array *array, const unsigned char *at)
{
    const uint64_t bits = bits_at(array, at);
    if (array->kind == GRADUS_ARRAY_UNSIGNED) return (double)bits;
    if (array->kind == GRADUS_ARRAY_SIGNED) {
        const int32_t unused = 64 - 8 * array->bytes;
        return (double)((int64_t)(bits << unused) >> unused);
    }
    const uint32_t lower = (uint32_t)bits;
    float single;
    double whole;
    if (array->bytes == 2) return half(bits);
    memcpy(&single, &lower, sizeof single);
    memcpy(&whole, &bits, sizeof whole);
    return array->bytes == 4 ? single : whole;
}

/* The place of value k of an example where the first index runs fastest; k counts with the last one running fastest. */
static int64_t column_place(const gradus_array *array, int64_t example, int64_t k)
{
    int64_t index[GRADUS_ARRAY_RANK] = {example}, place = 0;
    for (int32_t i = array->rank - 1; i > 0; k /= array->size[i--]) index[i] = k % array->size[i];
    for (int32_t i = array->rank - 1; i >= 0; i--) place = place * array->size[i] + index[i];
    return place;
}

double gradus_array_value(const gradus_array *array, int64_t example, int64_t k)
{
    const int64_t place = array->columns ? column_place(array, example, k) : example * array->width + k;
    return value_of(array, array->source.bytes + array->head + place * array->bytes);
}

static bool are_pixels(const gradus_array *array)
{
    return array->kind == GRADUS_ARRAY_UNSIGNED && array->bytes == 1 && !array->truth;
}

/* What cannot be read any more (the file has been cut short since) is no number, which whoever trains will notice. */
void gradus_array_stream(const gradus_array *array, int64_t example, float *values)
{
    enum { BLOCK = 1 << 15 };
    unsigned char block[BLOCK];
    const int64_t each = array->bytes, most = BLOCK / each;
    for (int64_t k = 0; k < array->width; k += most) {
        const int64_t left = array->width - k, count = left < most ? left : most;
        const int64_t place = (int64_t)array->head + (example * array->width + k) * each;
        const bool got = pread(fileno(array->source.stream), block, (size_t)(count * each), place) == count * each;
        if (got && are_pixels(array))
            gradus_pixels(block, (size_t)count, values + k);
        else
            for (int64_t i = 0; i < count; i++) values[k + i] = got ? (float)value_of(array, block + i * each) : NAN;
    }
}

static gradus_status no_number(const gradus_array *array, int64_t example, double value, gradus_error *error)
{
    char text[32];
    gradus_number_print(value, text);
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                       isfinite(value)
                           ? "%s: %s in example %lld (counted from 0) is larger than a net can compute with (3.4e38)"
                           : "%s: %s in example %lld (counted from 0), with which no net can compute",
                       array->source.path, text, (long long)example);
}

/* From one example to the next it is `step` values. */
static gradus_status write_floats(const gradus_array *array, bool pixels, float *values, int64_t step,
                                  gradus_error *error)
{
    for (int64_t i = 0; i < array->size[0]; i++)
        for (int64_t k = 0; k < array->width; k++) {
            const double value = gradus_array_value(array, i, k);
            const unsigned char byte = pixels ? (unsigned char)value : 0;
            if (!isfinite((float)value)) return no_number(array, i, value, error);
            if (pixels)
                gradus_pixels(&byte, 1, &values[i * step + k]);
            else
                values[i * step + k] = (float)value;
        }
    return GRADUS_OK;
}

static gradus_status take_floats(gradus_data *data, const gradus_array *array, gradus_examples *examples,
                                 gradus_error *error)
{
    const int64_t count = array->size[0] * array->width;
    float *values = gradus_arena_take(&data->arena, (size_t)count * sizeof *values, 64);
    examples->values = values;
    return values ? write_floats(array, are_pixels(array), values, array->width, error) : no_memory(error);
}

static gradus_status take_stream(gradus_data *data, gradus_array *array, gradus_examples *examples, gradus_error *error)
{
    gradus_array *kept = gradus_arena_take(&data->arena, sizeof *kept, 64);
    int32_t at = 0;
    if (!kept) return no_memory(error);
    if (array->columns)
        return bad(error, array,
                   "it is too large for memory, and no example can be fetched alone from an array in "
                   "Fortran's order; write it in C's order");
    while (data->streams[at]) at++;
    data->streams[at] = array->source.stream;
    *kept = *array;
    kept->source.bytes = NULL;
    array->source.stream = NULL;
    examples->stream = kept;
    return GRADUS_OK;
}

gradus_status gradus_array_inputs(gradus_data *data, gradus_array *array, gradus_examples *examples,
                                  gradus_error *error)
{
    *examples = (gradus_examples){.count = array->size[0], .width = array->width};
    if (array->source.stream) return take_stream(data, array, examples, error);
    if (are_pixels(array) && !array->columns) {
        examples->bytes = array->source.bytes + array->head;
        gradus_data_keep(data, array->source.bytes);
        array->source.bytes = NULL;
        return GRADUS_OK;
    }
    return take_floats(data, array, examples, error);
}

/* ---- labels ---- */

typedef struct verdict { /* by one file of labels, and by that of the test which belongs to it */
    int32_t kind;        /* enum gradus_target_kind */
    int64_t outputs;     /* 0: none has been read yet */
} verdict;

typedef struct labels {
    int32_t count;
    gradus_array array[GRADUS_TARGETS];
    verdict told[GRADUS_TARGETS];
} labels;

/* Whole numbers of one dimension are classes, others numbers; in the test as they were in training. */
static gradus_status judge_labels(const gradus_array *array, verdict *told, gradus_error *error)
{
    if (array->source.stream) return bad(error, array, "labels are too large for memory");
    const int32_t kind =
        array->kind != GRADUS_ARRAY_FLOAT && array->rank == 1 ? GRADUS_TARGET_CLASS : GRADUS_TARGET_NUMBERS;
    if (told->outputs && told->kind != kind)
        return bad(error, array,
                   kind == GRADUS_TARGET_CLASS ? "classes, but in training there are numbers"
                                               : "numbers, but in training there are classes");
    if (told->outputs && kind == GRADUS_TARGET_NUMBERS && told->outputs != array->width)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: %lld values a label, but %lld in training", array->source.path, (long long)array->width,
                           (long long)told->outputs);
    told->kind = kind;
    if (kind == GRADUS_TARGET_NUMBERS) told->outputs = array->width;
    return GRADUS_OK;
}

/* How many classes there are grows with the largest that is met. From one example to the next it is `step` classes. */
static gradus_status write_classes(const gradus_array *array, verdict *told, int32_t *classes, int64_t step,
                                   gradus_error *error)
{
    for (int64_t i = 0; i < array->size[0]; i++) {
        const double label = gradus_array_value(array, i, 0);
        if (label < 0 || label >= MOST_CLASSES)
            return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                               "%s: label %lld is %.0f; classes are counted from 0 and are at most %d",
                               array->source.path, (long long)i, label, MOST_CLASSES);
        classes[i * step] = (int32_t)label;
        if (classes[i * step] >= told->outputs) told->outputs = classes[i * step] + 1;
    }
    return GRADUS_OK;
}

/* An example's classes stand beside each other, and so do its numbers. */
static gradus_status take_labels(gradus_data *data, labels *of, gradus_examples *examples, gradus_error *error)
{
    int64_t classes = 0, numbers = 0;
    for (int32_t i = 0; i < of->count; i++) {
        if (judge_labels(&of->array[i], &of->told[i], error)) return error->status;
        classes += of->told[i].kind == GRADUS_TARGET_CLASS;
        numbers += of->told[i].kind == GRADUS_TARGET_NUMBERS ? of->told[i].outputs : 0;
    }
    const size_t count = (size_t)examples->count;
    int32_t *into = classes ? gradus_arena_take(&data->arena, count * (size_t)classes * sizeof *into, 64) : NULL;
    float *values = numbers ? gradus_arena_take(&data->arena, count * (size_t)numbers * sizeof *values, 64) : NULL;
    if ((classes && !into) || (numbers && !values)) return no_memory(error);
    examples->classes = into, examples->numbers = values;
    for (int32_t i = 0; i < of->count; i++)
        if (of->told[i].kind == GRADUS_TARGET_NUMBERS) {
            if (write_floats(&of->array[i], false, values, numbers, error)) return error->status;
            values += of->told[i].outputs;
        } else if (write_classes(&of->array[i], &of->told[i], into++, classes, error)) {
            return error->status;
        }
    return GRADUS_OK;
}

/* Numbers from several files are told by one output, unless the model names one for each; beside classes each has its own. */
static gradus_status describe_labels(const gradus_reading *reading, const labels *of, const char *const *names,
                                     gradus_error *error)
{
    gradus_data_info *info = &reading->data->info;
    bool apart = reading->config->apart;
    for (int32_t i = 0; i < of->count; i++) apart |= of->told[i].kind == GRADUS_TARGET_CLASS;
    apart = apart && of->count > 1;
    info->target_count = apart ? of->count : 1;
    for (int32_t i = 0; i < of->count; i++) {
        gradus_target *target = &info->targets[apart ? i : 0];
        target->kind = of->told[i].kind;
        target->outputs += of->told[i].outputs;
        if (!apart) continue;
        target->name = gradus_target_name(reading->data, names[i], "array_");
        if (!target->name) return no_memory(error);
        for (const gradus_target *other = info->targets; other < target; other++)
            if (strcmp(other->name, target->name) == 0)
                return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_REPEATED,
                                   "two targets would be called '%s' by a model; rename one of the arrays",
                                   target->name);
    }
    return GRADUS_OK;
}

/* ---- sets ---- */

void gradus_array_shape(const gradus_array *array, int64_t shape[8])
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

gradus_status gradus_array_same_shape(const gradus_array *array, const int64_t expected[8], const char *noun,
                                      gradus_error *error)
{
    int64_t shape[8];
    char here[80], there[80];
    gradus_array_shape(array, shape);
    if (memcmp(shape, expected, sizeof shape) == 0) return GRADUS_OK;
    print_shape(shape, here, sizeof here);
    print_shape(expected, there, sizeof there);
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: %s of %s, expected %s", array->source.path,
                       noun, here, there);
}

/* One file of inputs and those of its labels; the first ones decide the shape. */
static gradus_status read_part(gradus_reading *reading, const gradus_array_paths *paths, int32_t part,
                               gradus_array_read *read, void *user, const char *noun, labels *of, gradus_error *error)
{
    gradus_data *data = reading->data;
    gradus_examples *examples = part ? &data->test : &data->training;
    gradus_array inputs = {0};
    const char *path = paths->inputs[part];
    gradus_status status = read(&inputs, user, path, noun, &reading->sum, error);
    for (int32_t i = 0; i < of->count; i++) {
        of->array[i] = (gradus_array){0};
        if (!status) status = read(&of->array[i], user, paths->labels[part][i], "labels", &reading->sum, error);
        if (!status && of->array[i].size[0] != inputs.size[0])
            status = gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                                 "%s: %lld labels, but %s holds %lld %s", paths->labels[part][i],
                                 (long long)of->array[i].size[0], path, (long long)inputs.size[0], noun);
    }
    if (!status && data->info.shape[0]) status = gradus_array_same_shape(&inputs, data->info.shape, noun, error);
    if (!status) gradus_array_shape(&inputs, data->info.shape);
    if (!status) status = gradus_array_inputs(data, &inputs, examples, error);
    if (!status) status = take_labels(data, of, examples, error);
    gradus_source_close(&inputs.source);
    for (int32_t i = 0; i < of->count; i++) gradus_source_close(&of->array[i].source);
    return status;
}

gradus_status gradus_array_open(gradus_reading *reading, const gradus_array_paths *paths, gradus_array_read *read,
                                void *user, const char *noun, gradus_error *error)
{
    gradus_data *data = reading->data;
    labels of = {.count = paths->label_count ? paths->label_count : 1};
    const bool has_test = paths->inputs[1] != NULL;
    gradus_status status = read_part(reading, paths, 0, read, user, noun, &of, error);
    if (!status && has_test) status = read_part(reading, paths, 1, read, user, noun, &of, error);
    if (!status) status = describe_labels(reading, &of, paths->label_names, error);
    return status ? status : gradus_reading_split(reading, data->training.count, has_test, error);
}

void gradus_array_title(gradus_reading *reading, const char *noun)
{
    gradus_data *data = reading->data;
    char shape[80], what[120];
    long long used = data->part[GRADUS_TRAINING].count + data->part[GRADUS_VALIDATION].count;
    if (!data->test.count) used += data->part[GRADUS_TEST].count;
    print_shape(data->info.shape, shape, sizeof shape);
    int length = snprintf(what, sizeof what, "%lld %s %s", used, noun, shape);
    if (data->info.target_count > 1)
        snprintf(what + length, sizeof what - (size_t)length, " for %d targets", data->info.target_count);
    gradus_reading_title(reading, what);
}

gradus_status gradus_array_open_inputs(const gradus_data *like, const char *path, gradus_array_read *read, void *user,
                                       const char *noun, gradus_data *data, gradus_error *error)
{
    gradus_array inputs = {0};
    gradus_status status = read(&inputs, user, path, noun, NULL, error);
    if (!status) status = gradus_array_same_shape(&inputs, like->info.shape, noun, error);
    if (!status) status = gradus_array_inputs(data, &inputs, &data->test, error);
    gradus_source_close(&inputs.source);
    return status;
}
