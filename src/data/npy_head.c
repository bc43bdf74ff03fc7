/* The header of a .npy file: eight bytes, a length, and a dictionary as Python writes it, of which three entries are known. */
#include <stdio.h>
#include <string.h>
#include "npy.h"

enum { MAGIC = 6 };

typedef struct header {
    const gradus_array *array;
    const char *start, *at, *end;
} header;

static gradus_status bad(const header *walk, const char *expected, gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: byte %lld of its header: expected %s",
                       walk->array->source.path, (long long)(walk->at - (const char *)walk->array->source.bytes),
                       expected);
}

static void pass_spaces(header *walk)
{
    while (walk->at < walk->end && (*walk->at == ' ' || *walk->at == '\n')) walk->at++;
}

static bool pass(header *walk, const char *text)
{
    const size_t length = strlen(text);
    pass_spaces(walk);
    if ((size_t)(walk->end - walk->at) < length || memcmp(walk->at, text, length) != 0) return false;
    walk->at += length;
    return true;
}

/* A text between quotes of either kind; false: it is none, or longer than any that is known. */
static bool take_text(header *walk, char text[16])
{
    pass_spaces(walk);
    if (walk->at == walk->end || (*walk->at != '\'' && *walk->at != '"')) return false;
    const char *end = memchr(walk->at + 1, *walk->at, (size_t)(walk->end - walk->at - 1));
    if (!end || end - walk->at > 15) return false;
    snprintf(text, 16, "%.*s", (int)(end - walk->at - 1), walk->at + 1);
    walk->at = end + 1;
    return true;
}

/* "<f4": order of bytes, kind, bytes of a value. */
static gradus_status take_type(header *walk, gradus_array *array, gradus_error *error)
{
    static const char known[] = "a type of numbers such as '<f4', '>i2', '|u1'";
    const char *at = walk->at;
    char text[16];
    const bool taken = take_text(walk, text);
    const char *kind = taken ? text + strcspn(text, "uifb") : NULL;
    const bool order = kind && (kind == text || (kind == text + 1 && strchr("<>|=", *text)));
    array->bytes = order && kind[0] && kind[1] >= '1' && kind[1] <= '8' && !kind[2] ? kind[1] - '0' : 0;
    const bool real = array->bytes && *kind == 'f', size = array->bytes && !(array->bytes & (array->bytes - 1));
    if (!size || (real && array->bytes == 1) || (*kind == 'b' && array->bytes > 1)) {
        walk->at = at;
        return bad(walk, known, error);
    }
    array->big_endian = *text == '>';
    array->truth = *kind == 'b';
    array->kind = real ? GRADUS_ARRAY_FLOAT : *kind == 'i' ? GRADUS_ARRAY_SIGNED : GRADUS_ARRAY_UNSIGNED;
    return GRADUS_OK;
}

static gradus_status take_shape(header *walk, gradus_array *array, gradus_error *error)
{
    if (!pass(walk, "(")) return bad(walk, "a shape such as (60000, 28, 28)", error);
    for (array->rank = 0; !pass(walk, ")"); pass(walk, ",")) {
        int64_t size = 0;
        pass_spaces(walk);
        if (walk->at == walk->end || *walk->at < '0' || *walk->at > '9') return bad(walk, "a size", error);
        for (; walk->at < walk->end && *walk->at >= '0' && *walk->at <= '9'; walk->at++) {
            size = 10 * size + (*walk->at - '0');
            if (size > (int64_t)1 << 48) return bad(walk, "a size that a file can have", error);
        }
        if (array->rank == GRADUS_ARRAY_RANK - 1) return bad(walk, "at most 7 dimensions", error);
        array->size[array->rank++] = size;
    }
    return array->rank ? GRADUS_OK : bad(walk, "at least one dimension", error);
}

static gradus_status take_entry(header *walk, gradus_array *array, int32_t *met, gradus_error *error)
{
    char name[16];
    if (!take_text(walk, name) || !pass(walk, ":")) return bad(walk, "'descr', 'fortran_order' or 'shape'", error);
    if (strcmp(name, "descr") == 0) {
        *met |= 1;
        pass_spaces(walk);
        return take_type(walk, array, error);
    }
    if (strcmp(name, "shape") == 0) {
        *met |= 2;
        return take_shape(walk, array, error);
    }
    *met |= 4;
    array->columns = strcmp(name, "fortran_order") == 0 && pass(walk, "True");
    if (array->columns || (strcmp(name, "fortran_order") == 0 && pass(walk, "False"))) return GRADUS_OK;
    return bad(walk, "'fortran_order', True or False", error);
}

gradus_status gradus_npy_head(gradus_array *array, gradus_error *error)
{
    const unsigned char *bytes = array->source.bytes;
    const size_t size = array->source.at_hand, first = size > MAGIC && bytes[MAGIC] == 1 ? 10 : 12;
    if (size < first || memcmp(bytes, "\x93NUMPY", MAGIC) != 0)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: not a .npy file (it does not begin with \\x93NUMPY)", array->source.path);
    if (bytes[MAGIC] < 1 || bytes[MAGIC] > 3)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: version %d of the format, expected 1, 2 or 3", array->source.path, bytes[MAGIC]);
    size_t length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (first == 12) length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (length > size - first)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: ends inside its header; the file is truncated", array->source.path);
    const char *start = (const char *)bytes + first;
    header walk = {.array = array, .start = start, .at = start, .end = start + length};
    int32_t met = 0;
    if (!pass(&walk, "{")) return bad(&walk, "{", error);
    while (!pass(&walk, "}")) {
        if (take_entry(&walk, array, &met, error)) return (gradus_status)error->status;
        pass(&walk, ",");
    }
    if (met != 7) return bad(&walk, "'descr', 'fortran_order' and 'shape' before this", error);
    array->head = first + length;
    array->columns = array->columns && array->rank > 1;
    return GRADUS_OK;
}
