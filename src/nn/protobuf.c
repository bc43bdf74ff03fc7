/* The wire format (protobuf.dev/programming-guides/encoding): a field is its number and kind as a varint, then its value. Of a message
 * the length comes first, which is known when it is closed: its bytes then move up by as many as the length takes. */
#include "protobuf.h"
#include <string.h>
#include "gradus/base.h"

enum { VARINT = 0, LENGTH = 2, FIXED32 = 5 }; /* kinds of values */
enum { LONGEST = 10 };                        /* bytes of a varint of 64 bits */

static bool grow(gradus_protobuf *to, size_t more)
{
    if (to->failed || to->room - to->size >= more) return !to->failed;
    const size_t room = 2 * to->room + more;
    unsigned char *bytes = gradus_allocate(NULL, room);
    to->failed = !bytes;
    if (to->failed) return false;
    if (to->size) memcpy(bytes, to->bytes, to->size);
    gradus_release(NULL, to->bytes, to->room);
    to->bytes = bytes;
    to->room = room;
    return true;
}

/* Seven bits a byte, the lowest first; the eighth says that more follow. */
static size_t varint(uint64_t number, unsigned char bytes[LONGEST])
{
    size_t length = 0;
    for (; number >= 128; number >>= 7) bytes[length++] = (unsigned char)(number | 128);
    bytes[length++] = (unsigned char)number;
    return length;
}

static void put(gradus_protobuf *to, const void *bytes, size_t size)
{
    if (!grow(to, size)) return;
    if (size) memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
}

static void put_varint(gradus_protobuf *to, uint64_t number)
{
    unsigned char bytes[LONGEST];
    put(to, bytes, varint(number, bytes));
}

static void put_key(gradus_protobuf *to, int32_t field, int kind) { put_varint(to, (uint64_t)(field * 8 + kind)); }

void gradus_protobuf_number(gradus_protobuf *to, int32_t field, int64_t number)
{
    put_key(to, field, VARINT);
    put_varint(to, (uint64_t)number);
}

void gradus_protobuf_float(gradus_protobuf *to, int32_t field, float number)
{
    put_key(to, field, FIXED32);
    put(to, &number, sizeof number);
}

unsigned char *gradus_protobuf_bytes(gradus_protobuf *to, int32_t field, size_t size)
{
    put_key(to, field, LENGTH);
    put_varint(to, size);
    if (!grow(to, size + 1)) return NULL;
    to->size += size;
    return to->bytes + to->size - size;
}

void gradus_protobuf_text(gradus_protobuf *to, int32_t field, const char *text)
{
    const size_t length = strlen(text);
    unsigned char *bytes = gradus_protobuf_bytes(to, field, length);
    if (bytes) memcpy(bytes, text, length);
}

size_t gradus_protobuf_open(gradus_protobuf *to, int32_t field)
{
    put_key(to, field, LENGTH);
    return to->size;
}

void gradus_protobuf_close(gradus_protobuf *to, size_t opened)
{
    unsigned char bytes[LONGEST];
    const size_t size = to->size - opened, length = varint(size, bytes);
    if (!grow(to, length)) return;
    memmove(to->bytes + opened + length, to->bytes + opened, size);
    memcpy(to->bytes + opened, bytes, length);
    to->size += length;
}

void gradus_protobuf_release(gradus_protobuf *it)
{
    gradus_release(NULL, it->bytes, it->room);
    *it = (gradus_protobuf){0};
}
