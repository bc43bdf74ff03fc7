/* Reads files whole and unpacks gzip, whose every fault has a message of its own: data sets travel compressed, and a download
 * that broke off must not look like a small data set. */
#include "source.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { FIRST_CAPACITY = 1 << 16, GZIP_WINDOW = 15 + 16, GZIP_LEAST = 18, MOST_EXPANSION = 1032 };

int gradus_shown(const char *text, size_t length, size_t most)
{
    if (length <= most) return (int)length;
    while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80) most--;
    return (int)most;
}

void gradus_suggest(gradus_error *error, const char *near)
{
    if (!error || !near) return;
    int length = gradus_shown(near, strlen(near), sizeof error->near - 1);
    snprintf(error->near, sizeof error->near, "%.*s", length, near);
}

static gradus_status no_memory(gradus_error *error, const char *path)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "%s: out of memory", path);
}

static gradus_status read_stream(gradus_source *source, FILE *file, gradus_error *error)
{
    struct stat about;
    if (fstat(fileno(file), &about) != 0) return gradus_fail_file(error, source->path, errno);
    if (S_ISDIR(about.st_mode)) return gradus_fail_file(error, source->path, EISDIR);
    /* One byte more than it is said to hold, so that the first read meets the end; a pipe says nothing and grows. */
    size_t capacity = about.st_size > 0 ? (size_t)about.st_size + 1 : FIRST_CAPACITY, got;
    source->bytes = malloc(capacity + 1);
    if (!source->bytes) return no_memory(error, source->path);
    while ((got = fread(source->bytes + source->size, 1, capacity - source->size, file)) > 0) {
        source->size += got;
        if (source->size < capacity) continue;
        unsigned char *larger = capacity > SIZE_MAX / 4 ? NULL : realloc(source->bytes, 2 * capacity + 1);
        if (!larger) return no_memory(error, source->path);
        source->bytes = larger, capacity *= 2;
    }
    if (ferror(file)) return gradus_fail_file(error, source->path, errno ? errno : EIO);
    return GRADUS_OK;
}

static bool is_gzip(const unsigned char *bytes, size_t size)
{
    return size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

/* The size that the end of a gzip file claims, as far as it can be true; it is only where memory begins. */
static size_t claimed_size(const unsigned char *packed, size_t size)
{
    if (size < GZIP_LEAST) return FIRST_CAPACITY;
    const unsigned char *end = packed + size - 4;
    size_t claimed = (size_t)end[0] | (size_t)end[1] << 8 | (size_t)end[2] << 16 | (size_t)end[3] << 24;
    return claimed / MOST_EXPANSION > size ? FIRST_CAPACITY : claimed + 1;
}

/* Unpacks one or more gzip members that follow each other, as the format allows. */
static int unpack_members(z_stream *stream, gradus_source *source, size_t capacity)
{
    for (;;) {
        if (source->size == capacity) {
            unsigned char *larger = capacity > SIZE_MAX / 4 ? NULL : realloc(source->bytes, 2 * capacity + 1);
            if (!larger) return Z_MEM_ERROR;
            source->bytes = larger, capacity *= 2;
        }
        size_t room = capacity - source->size;
        stream->next_out = source->bytes + source->size;
        stream->avail_out = room < UINT32_MAX ? (uInt)room : UINT32_MAX;
        uInt before = stream->avail_out;
        int status = inflate(stream, Z_NO_FLUSH);
        source->size += before - stream->avail_out;
        if (status == Z_STREAM_END && is_gzip(stream->next_in, stream->avail_in)) status = inflateReset(stream);
        if (status != Z_OK) return status;
    }
}

static gradus_status unpack(gradus_source *source, gradus_error *error)
{
    gradus_source packed = *source;
    z_stream stream = {.next_in = packed.bytes, .avail_in = (uInt)packed.size};
    size_t capacity = claimed_size(packed.bytes, packed.size);
    if (packed.size > UINT32_MAX)
        return gradus_fail(error, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_BAD_DATA,
                           "%s: more than 4 GiB of compressed data; unpack it first", source->path);
    source->size = 0;
    source->bytes = malloc(capacity + 1);
    int status = source->bytes ? inflateInit2(&stream, GZIP_WINDOW) : Z_MEM_ERROR;
    if (status == Z_OK) {
        status = unpack_members(&stream, source, capacity);
        if (status == Z_DATA_ERROR)
            gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: damaged gzip data (%s)", source->path,
                        stream.msg ? stream.msg : "unknown");
        inflateEnd(&stream);
    }
    free(packed.bytes);
    source->cut = status == Z_BUF_ERROR;
    if (status == Z_STREAM_END || status == Z_BUF_ERROR) return GRADUS_OK;
    return gradus_failed(error) ? (gradus_status)error->status : no_memory(error, source->path);
}

/* "hose.csv: no such file; did you mean 'house.csv'?", from what else lies in the folder. */
gradus_status gradus_no_file(const char *path, gradus_error *error)
{
    enum { MOST = 256, LONGEST = 64 };
    char folder[GRADUS_DATA_PATH], copies[MOST][LONGEST];
    const char *slash = strrchr(path, '/'), *names[MOST];
    int32_t count = 0;
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
    DIR *listed = opendir(folder);
    for (struct dirent *entry; listed && count < MOST && (entry = readdir(listed));) {
        if (strlen(entry->d_name) >= LONGEST || entry->d_name[0] == '.') continue;
        names[count] = strcpy(copies[count], entry->d_name);
        count++;
    }
    if (listed) closedir(listed);
    const char *near = gradus_nearest(slash ? slash + 1 : path, names, count);
    gradus_status status = gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_NO_FILE, "%s: no such file%s%s%s", path,
                                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    gradus_suggest(error, near);
    return status;
}

/* ---- files that are too large ---- */

static uint64_t memory_allowed(void)
{
    uint64_t least = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    static const int limits[] = {RLIMIT_AS, RLIMIT_DATA};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit;
        if (getrlimit(limits[i], &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < least)
            least = limit.rlim_cur;
    }
    return least;
}

bool gradus_too_large(uint64_t bytes) { return bytes > memory_allowed() / 4; }

static bool too_large(FILE *file)
{
    struct stat about;
    unsigned char first[2];
    if (fstat(fileno(file), &about) != 0 || !S_ISREG(about.st_mode)) return false;
    if (!gradus_too_large((uint64_t)about.st_size)) return false;
    return pread(fileno(file), first, sizeof first, 0) == sizeof first && !is_gzip(first, sizeof first);
}

/* Adds all of it to the sum and keeps the beginning. */
static gradus_status read_beginning(gradus_source *source, FILE *file, gradus_sha256 *sum, gradus_error *error)
{
    unsigned char *block = malloc(FIRST_CAPACITY);
    size_t got;
    source->bytes = malloc(FIRST_CAPACITY + 1);
    if (!source->bytes || !block) {
        free(block);
        return no_memory(error, source->path);
    }
    while ((got = fread(block, 1, FIRST_CAPACITY, file)) > 0) {
        if (source->size == 0) memcpy(source->bytes, block, source->at_hand = got);
        if (sum) gradus_sha256_add(sum, block, got);
        source->size += got;
    }
    free(block);
    return ferror(file) ? gradus_fail_file(error, source->path, errno ? errno : EIO) : GRADUS_OK;
}

/* ---- all ---- */

static gradus_status open_source(gradus_source *source, const char *path, bool beginning, gradus_sha256 *sum,
                                 gradus_error *error)
{
    *source = (gradus_source){0};
    if (gradus_failed(error)) return (gradus_status)error->status;
    if (snprintf(source->path, sizeof source->path, "%s", path) >= (int)sizeof source->path)
        return gradus_fail_file(error, path, ENAMETOOLONG);
    errno = 0;
    FILE *file = fopen(path, "rb");
    if (!file) return errno == ENOENT ? gradus_no_file(path, error) : gradus_fail_file(error, path, errno);
    const bool large = beginning && too_large(file);
    gradus_status status = large ? read_beginning(source, file, sum, error) : read_stream(source, file, error);
    if (large && !status)
        source->stream = file;
    else
        fclose(file);
    if (!status && large) return GRADUS_OK;
    if (!status && sum) gradus_sha256_add(sum, source->bytes, source->size);
    if (!status && is_gzip(source->bytes, source->size)) status = unpack(source, error);
    if (!status && source->size == 0 && !source->cut)
        status = gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: the file is empty", path);
    if (status)
        gradus_source_close(source);
    else
        source->bytes[source->size] = 0, source->at_hand = source->size;
    return status;
}

gradus_status gradus_source_open(gradus_source *source, const char *path, gradus_sha256 *sum, gradus_error *error)
{
    return open_source(source, path, false, sum, error);
}

gradus_status gradus_source_begin(gradus_source *source, const char *path, gradus_sha256 *sum, gradus_error *error)
{
    return open_source(source, path, true, sum, error);
}

void gradus_source_close(gradus_source *source)
{
    if (source->stream) fclose(source->stream);
    free(source->bytes);
    *source = (gradus_source){0};
}
