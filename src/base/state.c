/* The format of states: one flat, versioned, little-endian record of named entries that ends in a checksum. A trainer may
 * put it into a file of its own, map it and read it in place; a damaged record is refused before anything is taken from it.
 *
 *   record   "GRDSTATE"  version:4  length of kind:4  kind  { entry }  end
 *   entry    length of name:4  type:4  count:8  name  data
 *   end      0xffffffff:4  0:4  number of entries:8  checksum of all before it:8
 *
 * kind, name and text are followed by at least one zero byte; every part is padded with zeros to a multiple of 8. */
#include "gradus/base.h"
#include <string.h>

enum { STATE_VERSION = 1, WORD = 8, HEAD = 16, END = 24 };
static const uint32_t end_mark = 0xffffffffu;
static const char magic[WORD] = {'G', 'R', 'D', 'S', 'T', 'A', 'T', 'E'};

/* ---- little-endian words ---- */

static void store(unsigned char *bytes, uint64_t value, int size)
{
    for (int i = 0; i < size; i++) bytes[i] = (unsigned char)(value >> 8 * i);
}

static uint64_t load(const unsigned char *bytes, int size)
{
    uint64_t value = 0;
    for (int i = 0; i < size; i++) value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

static bool machine_is_little(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 1;
}

/* Spelt out so that compilers make one load of it. */
static uint64_t load_word(const unsigned char *b)
{
    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 | (uint64_t)b[4] << 32 |
           (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 | (uint64_t)b[7] << 56;
}

/* Every step is a bijection of the sum, so a change within one word is always seen, any other but once in 2^64. */
static uint64_t checksum_word(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
    return sum ^ (sum >> 32);
}

uint64_t gradus_checksum(uint64_t start, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint64_t sum = start;
    for (; size >= WORD; at += WORD, size -= WORD) sum = checksum_word(sum, load_word(at));
    if (size) sum = checksum_word(sum, load(at, (int)size) ^ (uint64_t)size << 56);
    return sum;
}

/* ---- types ---- */

static int size_of_type(uint32_t type)
{
    switch (type) {
    case GRADUS_STATE_INT64:
    case GRADUS_STATE_DOUBLE: return 8;
    case GRADUS_STATE_FLOAT32: return 4;
    case GRADUS_STATE_BFLOAT16:
    case GRADUS_STATE_FLOAT16: return 2;
    case GRADUS_STATE_TEXT:
    case GRADUS_STATE_BYTES: return 1;
    default: return 0;
    }
}

static uint64_t padded(uint64_t size) { return (size + WORD - 1) / WORD * WORD; }

/* Bytes that the data of an entry takes, padded; 0 in *valid when the count cannot be. */
static uint64_t size_of_data(uint32_t type, int64_t count, bool *valid)
{
    int size = size_of_type(type);
    *valid = size > 0 && count >= 0 && count < INT64_MAX / 8 - WORD;
    if (!*valid) return 0;
    return padded((uint64_t)count * (uint64_t)size + (type == GRADUS_STATE_TEXT));
}

/* ---- writing ---- */

/* Hands whole words to the caller's writer; after an error nothing more. */
static void put(gradus_state_writer *writer, const void *bytes, size_t size)
{
    if (size == 0 || gradus_failed(writer->error)) return;
    writer->checksum = gradus_checksum(writer->checksum, bytes, size);
    writer->size += size;
    if (writer->write && writer->write(writer->user, bytes, size) != 0)
        gradus_fail(writer->error, GRADUS_ERROR_WRITE, GRADUS_CODE_INPUT_OUTPUT, "the state could not be written");
}

/* `size` bytes, then zeros up to `whole`, which is a multiple of 8. */
static void put_padded(gradus_state_writer *writer, const void *bytes, uint64_t size, uint64_t whole)
{
    size_t words = (size_t)(size / WORD * WORD);
    put(writer, bytes, words);
    for (uint64_t at = words; at < whole; at += WORD) {
        unsigned char last[WORD] = {0};
        if (at < size) memcpy(last, (const unsigned char *)bytes + at, (size_t)(size - at));
        put(writer, last, WORD);
    }
}

static void put_name(gradus_state_writer *writer, const char *name, size_t length)
{
    put_padded(writer, name, length, padded(length + 1));
}

/* Numbers of a machine whose bytes stand the other way round. */
static void put_reversed(gradus_state_writer *writer, const unsigned char *data, int64_t count, int size)
{
    for (int64_t i = 0; i < count; i += WORD / size) {
        unsigned char word[WORD] = {0};
        for (int64_t j = 0; j < WORD / size && i + j < count; j++)
            for (int k = 0; k < size; k++) word[j * size + k] = data[(i + j) * size + size - 1 - k];
        put(writer, word, WORD);
    }
}

void gradus_state_begin(gradus_state_writer *writer, const char *kind, gradus_write *write, void *user,
                        gradus_error *error)
{
    *writer = (gradus_state_writer){.write = write, .user = user, .error = error};
    unsigned char head[HEAD];
    size_t length = strlen(kind);
    memcpy(head, magic, WORD);
    store(head + 8, STATE_VERSION, 4);
    store(head + 12, length, 4);
    put(writer, head, HEAD);
    put_name(writer, kind, length);
}

void gradus_state_entry(gradus_state_writer *writer, const char *name, gradus_state_type type, int64_t count,
                        const void *data)
{
    bool valid;
    uint64_t whole = size_of_data(type, count, &valid);
    size_t length = strlen(name);
    if (!valid) {
        gradus_fail(writer->error, GRADUS_ERROR_USE, GRADUS_CODE_NONE, "no state entry can be like '%s'", name);
        return;
    }
    unsigned char head[HEAD];
    store(head, length, 4);
    store(head + 4, type, 4);
    store(head + 8, (uint64_t)count, 8);
    put(writer, head, HEAD);
    put_name(writer, name, length);
    int size = size_of_type(type);
    if (size == 1 || machine_is_little())
        put_padded(writer, data, (uint64_t)count * (uint64_t)size, whole);
    else
        put_reversed(writer, data, count, size);
    writer->entries++;
}

void gradus_state_int(gradus_state_writer *writer, const char *name, int64_t value)
{
    gradus_state_entry(writer, name, GRADUS_STATE_INT64, 1, &value);
}

void gradus_state_double(gradus_state_writer *writer, const char *name, double value)
{
    gradus_state_entry(writer, name, GRADUS_STATE_DOUBLE, 1, &value);
}

void gradus_state_text(gradus_state_writer *writer, const char *name, const char *text)
{
    gradus_state_entry(writer, name, GRADUS_STATE_TEXT, (int64_t)strlen(text), text);
}

uint64_t gradus_state_end(gradus_state_writer *writer)
{
    unsigned char end[END];
    store(end, end_mark, 4);
    store(end + 4, 0, 4);
    store(end + 8, (uint64_t)writer->entries, 8);
    put(writer, end, END - WORD);
    uint64_t sum = writer->checksum;
    store(end + 16, sum, 8);
    put(writer, end + 16, WORD);
    writer->checksum = sum; /* what it is known by; with itself added it would be 0 */
    return writer->size;
}

/* ---- reading ---- */

/* A name of `length` bytes at `at`: inside the record, without zeros, then zeros only. Returns where it ends, 0: it is none. */
static size_t end_of_name(const gradus_state_reader *reader, size_t at, uint64_t length)
{
    uint64_t whole = padded(length + 1);
    if (whole > reader->size - at) return 0;
    const unsigned char *name = reader->bytes + at;
    if (memchr(name, 0, (size_t)length + 1) != name + length) return 0;
    return at + (size_t)whole;
}

/* Reads the entry at *cursor and moves behind it; false at the end mark and where no entry can be. */
static bool read_entry(const gradus_state_reader *reader, size_t *cursor, gradus_state_item *item)
{
    size_t at = *cursor, limit = reader->size - END;
    if (at + HEAD > limit) return false;
    const unsigned char *head = reader->bytes + at;
    uint32_t length = (uint32_t)load(head, 4), type = (uint32_t)load(head + 4, 4);
    int64_t count = (int64_t)load(head + 8, 8);
    bool valid;
    uint64_t whole = size_of_data(type, count, &valid);
    size_t data = valid ? end_of_name(reader, at + HEAD, length) : 0;
    if (data == 0 || data > limit || whole > limit - data) return false;
    *item = (gradus_state_item){(const char *)head + HEAD, (gradus_state_type)type, count, reader->bytes + data};
    *cursor = data + (size_t)whole;
    return type != GRADUS_STATE_TEXT || memchr(item->data, 0, (size_t)count + 1) == reader->bytes + data + count;
}

static size_t first_entry(const gradus_state_reader *reader)
{
    return HEAD + (size_t)padded(load(reader->bytes + 12, 4) + 1);
}

static gradus_status damaged(gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "the state is damaged or cut short");
}

/* Kind, format and checksum; the entries come after. */
static gradus_status verify_frame(gradus_state_reader *reader, const char *kind, gradus_error *error)
{
    const unsigned char *bytes = reader->bytes;
    if (reader->size < WORD || memcmp(bytes, magic, WORD) != 0)
        return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "this is no state of gradus");
    if (reader->size < HEAD + WORD + END || reader->size % WORD != 0) return damaged(error);
    const unsigned char *end = bytes + reader->size - END;
    bool whole = load(end + 16, 8) == gradus_checksum(0, bytes, reader->size - WORD) && load(end, 4) == end_mark;
    uint32_t version = (uint32_t)load(bytes + 8, 4);
    if (whole && version > STATE_VERSION)
        return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA,
                           "the state is of format %d; this version reads format %d", (int)version, (int)STATE_VERSION);
    uint32_t length = (uint32_t)load(bytes + 12, 4);
    size_t start = end_of_name(reader, HEAD, length);
    if (!whole || version == 0 || start == 0 || start > reader->size - END) return damaged(error);
    if (kind && strcmp(kind, (const char *)bytes + HEAD) != 0)
        return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "this is the state of a %s, not of a %s",
                           (const char *)bytes + HEAD, kind);
    return GRADUS_OK;
}

/* Every entry, and that there are as many as the end says. */
static gradus_status verify_entries(gradus_state_reader *reader, gradus_error *error)
{
    size_t cursor = first_entry(reader), end = reader->size - END;
    gradus_state_item item;
    for (; cursor < end; reader->entries++)
        if (!read_entry(reader, &cursor, &item)) return damaged(error);
    return load(reader->bytes + end + 8, 8) == (uint64_t)reader->entries ? GRADUS_OK : damaged(error);
}

gradus_status gradus_state_open(gradus_state_reader *reader, const char *kind, const void *bytes, size_t size,
                                gradus_error *error)
{
    gradus_state_reader opened = {.bytes = bytes, .size = size};
    *reader = (gradus_state_reader){0};
    if (gradus_failed(error)) return (gradus_status)error->status;
    gradus_status status = verify_frame(&opened, kind, error);
    if (status == GRADUS_OK) status = verify_entries(&opened, error);
    if (status != GRADUS_OK) return status;
    opened.next = first_entry(&opened);
    *reader = opened;
    return GRADUS_OK;
}

bool gradus_state_next(const gradus_state_reader *reader, size_t *cursor, gradus_state_item *item)
{
    if (!reader->bytes) return false;
    if (*cursor == 0) *cursor = first_entry(reader);
    return read_entry(reader, cursor, item);
}

/* Starts where the last search ended: looking entries up in the order they were written takes one step each. */
bool gradus_state_find(gradus_state_reader *reader, const char *name, gradus_state_item *item)
{
    for (int32_t i = 0; i < reader->entries; i++) {
        if (!gradus_state_next(reader, &reader->next, item)) {
            reader->next = first_entry(reader);
            read_entry(reader, &reader->next, item);
        }
        if (strcmp(item->name, name) == 0) return true;
    }
    return false;
}

void gradus_state_copy(const gradus_state_item *item, void *destination)
{
    int size = size_of_type(item->type);
    size_t bytes = (size_t)item->count * (size_t)size;
    const unsigned char *from = item->data;
    unsigned char *to = destination;
    if (bytes == 0) return;
    if (size == 1 || machine_is_little()) {
        memcpy(to, from, bytes);
        return;
    }
    for (size_t i = 0; i < bytes; i++)
        to[i] = from[i / (size_t)size * (size_t)size + (size_t)size - 1 - i % (size_t)size];
}
