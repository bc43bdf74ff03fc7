/* Reads files whole, unpacked where they are compressed; or their beginning, where all of them would be too large for memory. */
#include "source.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "gunzip.h"

enum { FIRST_CAPACITY = 1 << 16 };

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
    return fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode) && gradus_too_large((uint64_t)about.st_size);
}

static bool is_gzip_file(FILE *file)
{
    unsigned char first[2];
    return pread(fileno(file), first, sizeof first, 0) == sizeof first && gradus_is_gzip(first, sizeof first);
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
    if (ferror(file)) return gradus_fail_file(error, source->path, errno ? errno : EIO);
    source->stream = file;
    return GRADUS_OK;
}

/* ---- all ---- */

/* Of a pipe it is only known now that what came is compressed. */
static gradus_status read_whole(gradus_source *source, FILE *file, gradus_sha256 *sum, gradus_error *error)
{
    gradus_status status = read_stream(source, file, error);
    if (!status && gradus_is_gzip(source->bytes, source->size)) return gradus_gunzip(source, NULL, false, sum, error);
    if (!status && sum) gradus_sha256_add(sum, source->bytes, source->size);
    return status;
}

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
    gradus_status status = GRADUS_OK;
    if (is_gzip_file(file))
        status = gradus_gunzip(source, file, beginning, sum, error);
    else if (beginning && too_large(file))
        status = read_beginning(source, file, sum, error);
    else
        status = read_whole(source, file, sum, error);
    if (source->stream != file) fclose(file);
    if (!status && source->size == 0 && !source->cut)
        status = gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: the file is empty", path);
    if (!status && !source->stream) source->at_hand = source->size;
    if (status)
        gradus_source_close(source);
    else
        source->bytes[source->at_hand] = 0;
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
