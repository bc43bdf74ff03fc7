/* safetensors: named tensors behind a JSON header, the format in which PyTorch's models are exchanged. Eight bytes say how
 * long the header is; it gives each tensor's type, shape and place in the bytes that follow. All of a file is checked when it is opened.
 *
 * Both sides of the format are little-endian, as are the machines that oneDNN is built for. */
#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "gradus/base.h"
#include "bfloat16.h"
#include "gradus/nn.h"

enum { LENGTH_BYTES = 8, RANK = 8 };
enum { HEADER_LIMIT = 100000000 }; /* the format's own */

/* ---- numbers ---- */

enum { TYPES = 3, BLOCK = 4096 }; /* kinds of numbers; numbers that are rounded at a time */

static const char *const type_names[] = {"F32", "BF16", "F16"}; /* of enum gradus_type */

static size_t type_size(int32_t type) { return type == GRADUS_FLOAT32 ? sizeof(float) : sizeof(uint16_t); }

/* A sign, five bits of exponent, ten of fraction. */
static float from_float16(uint16_t half)
{
    const int exponent = half >> 10 & 31, fraction = half & 1023;
    float value = exponent == 31 ? (fraction ? NAN : INFINITY)
                  : exponent     ? ldexpf((float)(fraction + 1024), exponent - 25)
                                 : ldexpf((float)fraction, -24);
    return half >> 15 ? -value : value;
}

void gradus_stored_read(const gradus_stored *tensor, float *values)
{
    const unsigned char *from = (const unsigned char *)(const void *)tensor->values;
    if (tensor->type == GRADUS_FLOAT32) memcpy(values, from, (size_t)tensor->count * sizeof *values);
    for (int64_t i = 0; tensor->type != GRADUS_FLOAT32 && i < tensor->count; i++, from += sizeof(uint16_t)) {
        uint16_t half;
        memcpy(&half, from, sizeof half);
        values[i] = tensor->type == GRADUS_BFLOAT16 ? gradus_from_bfloat16(half) : from_float16(half);
    }
}

/* ---- writing ---- */

typedef struct header_writer { /* counted first, then written behind its length */
    gradus_write *write;
    void *user;
    uint64_t size;
} header_writer;

static int write_header(void *user, const void *bytes, size_t size)
{
    header_writer *to = user;
    to->size += size;
    return to->write ? to->write(to->user, bytes, size) : 0;
}

static void put_metadata(gradus_json *json, const char *const *metadata)
{
    if (!metadata || !*metadata) return;
    gradus_json_open(json, "__metadata__", '{');
    for (; metadata[0]; metadata += 2) gradus_json_text(json, metadata[0], metadata[1]);
    gradus_json_close(json, '}');
}

static bool put_header(header_writer *to, const gradus_stored *tensors, int32_t count, const char *const *metadata)
{
    gradus_json json = {.write = write_header, .user = to};
    double offset = 0;
    gradus_json_open(&json, NULL, '{');
    put_metadata(&json, metadata);
    for (int32_t i = 0; i < count; i++) {
        gradus_json_open(&json, tensors[i].name, '{');
        gradus_json_text(&json, "dtype", type_names[tensors[i].type]);
        gradus_json_open(&json, "shape", '[');
        for (int32_t k = 0; k < RANK && tensors[i].shape[k]; k++)
            gradus_json_number(&json, NULL, (double)tensors[i].shape[k]);
        gradus_json_close(&json, ']');
        gradus_json_open(&json, "data_offsets", '[');
        gradus_json_number(&json, NULL, offset);
        offset += (double)((size_t)tensors[i].count * type_size(tensors[i].type));
        gradus_json_number(&json, NULL, offset);
        gradus_json_close(&json, ']');
        gradus_json_close(&json, '}');
    }
    gradus_json_close(&json, '}');
    return !json.failed;
}

static int put_values(gradus_write *write, void *user, const gradus_stored *tensor)
{
    if (tensor->type == GRADUS_FLOAT32) return write(user, tensor->values, (size_t)tensor->count * sizeof(float));
    uint16_t halves[BLOCK];
    int failed = 0;
    for (int64_t first = 0; first < tensor->count && !failed; first += BLOCK) {
        const int64_t left = tensor->count - first, count = left < BLOCK ? left : BLOCK;
        for (int64_t i = 0; i < count; i++) halves[i] = gradus_to_bfloat16(tensor->values[first + i]);
        failed = write(user, halves, (size_t)count * sizeof *halves);
    }
    return failed;
}

gradus_status gradus_safetensors_write(const gradus_stored *tensors, int32_t count, const char *const *metadata,
                                       gradus_write *write, void *user, gradus_error *error)
{
    if (gradus_failed(error)) return (gradus_status)error->status;
    header_writer counted = {0};
    put_header(&counted, tensors, count, metadata);
    const uint64_t length = (counted.size + LENGTH_BYTES - 1) / LENGTH_BYTES * LENGTH_BYTES; /* values are aligned */
    unsigned char bytes[LENGTH_BYTES];
    for (int i = 0; i < LENGTH_BYTES; i++) bytes[i] = (unsigned char)(length >> 8 * i);
    header_writer written = {.write = write, .user = user};
    bool failed = write(user, bytes, sizeof bytes) || !put_header(&written, tensors, count, metadata) ||
                  write(user, "       ", (size_t)(length - counted.size));
    for (int32_t i = 0; i < count && !failed; i++) failed = put_values(write, user, &tensors[i]) != 0;
    if (failed)
        return gradus_fail(error, GRADUS_ERROR_WRITE, GRADUS_CODE_INPUT_OUTPUT, "the weights could not be written");
    return GRADUS_OK;
}

/* ---- reading ---- */

struct gradus_safetensors {
    json_t *header;
    gradus_stored *tensors;
    int32_t count;
    size_t tensors_size;
    const unsigned char *bytes; /* what follows the header */
    uint64_t size;
};

static gradus_status bad(gradus_error *error, const char *what, const char *name)
{
    return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "not a whole safetensors file: %s%s%s%s", what,
                       name ? " '" : "", name ? name : "", name ? "'" : "");
}

static json_t *read_header(const unsigned char *bytes, size_t size, uint64_t *length, gradus_error *error)
{
    *length = 0;
    for (int i = 0; size >= LENGTH_BYTES && i < LENGTH_BYTES; i++) *length |= (uint64_t)bytes[i] << 8 * i;
    if (size < LENGTH_BYTES || *length > size - LENGTH_BYTES || *length > HEADER_LIMIT) {
        bad(error, "its header is cut short", NULL);
        return NULL;
    }
    json_t *header = json_loadb((const char *)bytes + LENGTH_BYTES, (size_t)*length, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(header)) return header;
    json_decref(header);
    bad(error, "its header is no JSON object", NULL);
    return NULL;
}

/* The product of the shape in *count, 0 for an empty tensor; false: no shape. */
static bool read_shape(const json_t *shape, gradus_stored *tensor)
{
    tensor->count = 1;
    if (!json_is_array(shape) || json_array_size(shape) > RANK) return false;
    for (size_t k = 0; k < json_array_size(shape); k++) {
        const json_t *size = json_array_get(shape, k);
        const json_int_t number = json_is_integer(size) ? json_integer_value(size) : -1;
        if (number < 0 || (number && tensor->count > INT64_MAX / 8 / number)) return false;
        tensor->shape[k] = number;
        tensor->count *= number;
    }
    return true;
}

/* Tensors of other types, which a net has no use for (counters of batches), are checked for their place and left out. */
static gradus_status read_tensor(gradus_safetensors *file, const char *name, const json_t *entry, gradus_error *error)
{
    const json_t *places = json_object_get(entry, "data_offsets");
    const json_t *begin = json_array_get(places, 0), *end = json_array_get(places, 1);
    const char *type = json_string_value(json_object_get(entry, "dtype"));
    gradus_stored tensor = {.name = name};
    if (!type || !read_shape(json_object_get(entry, "shape"), &tensor) || json_array_size(places) != 2 ||
        !json_is_integer(begin) || !json_is_integer(end))
        return bad(error, "it does not say what is in", name);
    const json_int_t first = json_integer_value(begin), last = json_integer_value(end);
    if (first < 0 || last < first || (uint64_t)last > file->size) return bad(error, "it ends before the end of", name);
    while (tensor.type < TYPES && strcmp(type, type_names[tensor.type]) != 0) tensor.type++;
    if (tensor.type == TYPES || !tensor.count) return GRADUS_OK;
    if ((last - first) != tensor.count * (json_int_t)type_size(tensor.type))
        return bad(error, "size and shape disagree in", name);
    tensor.values = (const float *)(const void *)(file->bytes + first);
    file->tensors[file->count++] = tensor;
    return GRADUS_OK;
}

gradus_safetensors *gradus_safetensors_open(const void *bytes, size_t size, gradus_error *error)
{
    if (gradus_failed(error)) return NULL;
    uint64_t length;
    json_t *header = read_header(bytes, size, &length, error);
    if (!header) return NULL;
    gradus_safetensors *file = gradus_allocate(NULL, sizeof *file);
    const size_t tensors_size = (json_object_size(header) + 1) * sizeof(gradus_stored);
    gradus_stored *tensors = gradus_allocate(NULL, tensors_size);
    if (!file || !tensors) {
        gradus_release(NULL, file, sizeof *file);
        gradus_release(NULL, tensors, tensors_size);
        json_decref(header);
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for the weights");
        return NULL;
    }
    *file = (gradus_safetensors){.header = header,
                                 .tensors = tensors,
                                 .tensors_size = tensors_size,
                                 .bytes = (const unsigned char *)bytes + LENGTH_BYTES + length,
                                 .size = size - LENGTH_BYTES - length};
    const char *name;
    json_t *entry;
    gradus_status status = GRADUS_OK;
    json_object_foreach(header, name, entry)
    {
        if (strcmp(name, "__metadata__") != 0) status = read_tensor(file, name, entry, error);
        if (status) break;
    }
    if (!status) return file;
    gradus_safetensors_close(file);
    return NULL;
}

void gradus_safetensors_close(gradus_safetensors *file)
{
    if (!file) return;
    json_decref(file->header);
    gradus_release(NULL, file->tensors, file->tensors_size);
    gradus_release(NULL, file, sizeof *file);
}

bool gradus_safetensors_at(const gradus_safetensors *file, int32_t index, gradus_stored *tensor)
{
    if (index < 0 || index >= file->count) return false;
    *tensor = file->tensors[index];
    return true;
}

bool gradus_safetensors_find(const gradus_safetensors *file, const char *name, gradus_stored *tensor)
{
    for (int32_t i = 0; i < file->count; i++)
        if (!strcmp(file->tensors[i].name, name)) return gradus_safetensors_at(file, i, tensor);
    return false;
}

const char *gradus_safetensors_metadata(const gradus_safetensors *file, const char *name)
{
    return json_string_value(json_object_get(json_object_get(file->header, "__metadata__"), name));
}
