/* Unpacks gzip, whose every fault has a message of its own: data sets travel compressed, and a download that broke off must not look like a
 * small data set. */
#include "gunzip.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "spool.h"

enum { FIRST_CAPACITY = 1 << 16, WINDOW = 15 + 16, LEAST = 18, TAIL = 4, MOST_EXPANSION = 1032, BLOCK = 1 << 18 };

typedef struct unpacking {
    gradus_source *source;
    FILE *file; /* NULL: all of it is at hand */
    bool beginning;
    gradus_sha256 *sum;
    gradus_error *error;
    z_stream stream;
    unsigned char *packed; /* what is at hand of it */
    unsigned char *block;  /* unpacked bytes on their way into a spool; NULL: they go to memory */
    size_t used, capacity; /* of the block; of source->bytes */
} unpacking;

static gradus_status no_memory(const unpacking *at)
{
    return gradus_fail(at->error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "%s: out of memory", at->source->path);
}

/* ---- what is packed ---- */

/* The size that the end of a file claims, as far as it can be true; it is only where memory begins. */
static size_t claimed_size(const unsigned char tail[TAIL], size_t size)
{
    if (size < LEAST) return FIRST_CAPACITY;
    const size_t claimed = (size_t)tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
    return claimed / MOST_EXPANSION > size ? FIRST_CAPACITY : claimed + 1;
}

static size_t first_capacity(const unpacking *at)
{
    unsigned char tail[TAIL];
    struct stat about;
    const size_t size = at->source->size;
    if (!at->file) return size < LEAST ? FIRST_CAPACITY : claimed_size(at->packed + size - TAIL, size);
    const bool known = fstat(fileno(at->file), &about) == 0 && about.st_size > TAIL &&
                       pread(fileno(at->file), tail, TAIL, about.st_size - TAIL) == TAIL;
    return known ? claimed_size(tail, (size_t)about.st_size) : FIRST_CAPACITY;
}

/* Behind what is left. */
static gradus_status refill(unpacking *at)
{
    z_stream *stream = &at->stream;
    if (!at->file || stream->avail_in >= LEAST) return GRADUS_OK;
    memmove(at->packed, stream->next_in, stream->avail_in);
    const size_t got = fread(at->packed + stream->avail_in, 1, BLOCK - stream->avail_in, at->file);
    if (at->sum) gradus_sha256_add(at->sum, at->packed + stream->avail_in, got);
    stream->next_in = at->packed;
    stream->avail_in += (uInt)got;
    if (!ferror(at->file)) return GRADUS_OK;
    return gradus_fail_file(at->error, at->source->path, errno ? errno : EIO);
}

/* What stands behind the last member counts in the sum alone. */
static gradus_status read_rest(unpacking *at)
{
    while (at->file && !feof(at->file)) {
        at->stream.avail_in = 0;
        if (refill(at)) return (gradus_status)at->error->status;
    }
    return GRADUS_OK;
}

/* ---- what is unpacked ---- */

static gradus_status flush(unpacking *at)
{
    const size_t used = at->used;
    at->used = 0;
    return gradus_spool_write(at->source->stream, at->block, used, at->source->path, at->error);
}

/* Goes on in a spool: what is there already goes to it too, and its beginning stays at hand. */
static gradus_status begin_spool(unpacking *at)
{
    gradus_source *source = at->source;
    source->stream = gradus_spool_open(at->error);
    if (!source->stream) return (gradus_status)at->error->status;
    at->block = malloc(BLOCK);
    if (!at->block) return no_memory(at);
    if (gradus_spool_write(source->stream, source->bytes, source->size, source->path, at->error))
        return (gradus_status)at->error->status;
    source->at_hand = source->size < FIRST_CAPACITY ? source->size : FIRST_CAPACITY;
    unsigned char *smaller = realloc(source->bytes, FIRST_CAPACITY + 1);
    if (smaller) source->bytes = smaller;
    return GRADUS_OK;
}

/* Makes room for what comes next; source->bytes has one byte more than its capacity. */
static gradus_status make_room(unpacking *at)
{
    gradus_source *source = at->source;
    if (at->block) return at->used == BLOCK ? flush(at) : GRADUS_OK;
    if (source->size < at->capacity) return GRADUS_OK;
    if (at->beginning && gradus_too_large(2 * (uint64_t)at->capacity)) return begin_spool(at);
    unsigned char *larger = at->capacity > SIZE_MAX / 4 ? NULL : realloc(source->bytes, 2 * at->capacity + 1);
    if (!larger) return no_memory(at);
    source->bytes = larger, at->capacity *= 2;
    return GRADUS_OK;
}

/* Until the room or what is at hand is used up; returns what inflate says. */
static int inflate_some(unpacking *at)
{
    gradus_source *source = at->source;
    const size_t room = at->block ? BLOCK - at->used : at->capacity - source->size;
    at->stream.next_out = at->block ? at->block + at->used : source->bytes + source->size;
    at->stream.avail_out = room < UINT32_MAX ? (uInt)room : UINT32_MAX;
    const uInt before = at->stream.avail_out;
    const int status = inflate(&at->stream, Z_NO_FLUSH);
    const size_t made = before - at->stream.avail_out;
    if (at->block && source->at_hand < FIRST_CAPACITY) {
        const size_t left = FIRST_CAPACITY - source->at_hand, more = made < left ? made : left;
        memcpy(source->bytes + source->at_hand, at->block + at->used, more);
        source->at_hand += more;
    }
    source->size += made;
    if (at->block) at->used += made;
    return status;
}

/* One or more members that follow each other, as the format allows; returns how it ended. */
static int unpack_members(unpacking *at)
{
    int status = Z_OK;
    while (status == Z_OK) {
        if (refill(at) || make_room(at)) return Z_ERRNO;
        status = inflate_some(at);
        if (status != Z_STREAM_END) continue;
        if (refill(at)) return Z_ERRNO;
        if (gradus_is_gzip(at->stream.next_in, at->stream.avail_in)) status = inflateReset(&at->stream);
    }
    return status;
}

static gradus_status unpack(unpacking *at)
{
    gradus_source *source = at->source;
    if (inflateInit2(&at->stream, WINDOW) != Z_OK) return no_memory(at);
    const int status = unpack_members(at);
    if (status == Z_DATA_ERROR)
        gradus_fail(at->error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: damaged gzip data (%s)", source->path,
                    at->stream.msg ? at->stream.msg : "unknown");
    inflateEnd(&at->stream);
    source->cut = status == Z_BUF_ERROR;
    if (status != Z_STREAM_END && status != Z_BUF_ERROR)
        return at->error->status ? (gradus_status)at->error->status : no_memory(at);
    return at->block && flush(at) ? (gradus_status)at->error->status : read_rest(at);
}

gradus_status gradus_gunzip(gradus_source *source, FILE *file, bool beginning, gradus_sha256 *sum, gradus_error *error)
{
    gradus_error own = {0};
    unpacking at = {.source = source, .file = file, .beginning = beginning, .sum = sum, .error = error ? error : &own};
    at.packed = file ? malloc(BLOCK) : source->bytes;
    at.capacity = at.packed ? first_capacity(&at) : 0;
    if (beginning && gradus_too_large(at.capacity)) at.capacity = FIRST_CAPACITY;
    at.stream = (z_stream){.next_in = at.packed, .avail_in = file ? 0 : (uInt)source->size};
    if (!file && source->size > UINT32_MAX)
        return gradus_fail(error, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_BAD_DATA,
                           "%s: more than 4 GiB of compressed data from a pipe; write it to a file first",
                           source->path);
    if (!file && sum) gradus_sha256_add(sum, source->bytes, source->size);
    source->size = 0;
    source->bytes = malloc(at.capacity + 1);
    const gradus_status status = at.packed && source->bytes ? unpack(&at) : no_memory(&at);
    free(at.packed);
    free(at.block);
    return status;
}
