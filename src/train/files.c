/* Files that survive. A run may be killed at any instant and a disk may be full at any write, so what must be whole is written
 * beside its place, synced and renamed (aside.c), and what grows can be cut back to where a state saw it. */
#define _XOPEN_SOURCE 700
#include "files.h"
#include "gradus/train.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

gradus_status gradus_path_join(const char *folder, const char *name, char *path, gradus_error *error)
{
    if (error->status) return error->status;
    int length = snprintf(path, GRADUS_PATH_SIZE, "%s/%s", folder, name);
    if (length < 0 || length >= GRADUS_PATH_SIZE) return gradus_fail_file(error, folder, ENAMETOOLONG);
    return GRADUS_OK;
}

/* ---- whole files ---- */

/* To the end, whatever size it is said to have: a pipe says 0. */
static gradus_status read_stream(FILE *file, const char *path, unsigned char **bytes, size_t *size, gradus_error *error)
{
    struct stat about;
    if (fstat(fileno(file), &about) != 0) return gradus_fail_file(error, path, errno);
    if (S_ISDIR(about.st_mode)) return gradus_fail_file(error, path, EISDIR);
    size_t capacity = (size_t)about.st_size + 1, used = 0; /* one more, to see the end */
    unsigned char *memory = malloc(capacity);
    errno = 0;
    while (memory && (used += fread(memory + used, 1, capacity - used, file)) == capacity) {
        unsigned char *larger = realloc(memory, capacity = capacity < 4096 ? 8192 : 2 * capacity);
        if (!larger) free(memory);
        memory = larger;
    }
    if (!memory) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "%s: out of memory", path);
    if (ferror(file)) {
        int number = errno ? errno : EIO;
        free(memory);
        return gradus_fail_file(error, path, number);
    }
    memory[used] = 0;
    *bytes = memory;
    *size = used;
    return GRADUS_OK;
}

gradus_status gradus_file_read(const char *path, unsigned char **bytes, size_t *size, gradus_error *error)
{
    *bytes = NULL;
    *size = 0;
    if (error->status) return error->status;
    FILE *file = fopen(path, "rb");
    if (!file) return gradus_fail_file(error, path, errno);
    gradus_status status = read_stream(file, path, bytes, size, error);
    fclose(file);
    return status;
}

const char *gradus_reader_read(void *user, const char *path, void (*take)(void *into, const char *text, size_t length),
                               void *into)
{
    gradus_reader *reader = user;
    char joined[GRADUS_PATH_SIZE];
    unsigned char *bytes;
    size_t size;
    gradus_error error = {0};
    bool relative = *path != '/' && reader->folder && *reader->folder;
    const char *whole = relative && gradus_path_join(reader->folder, path, joined, &error) == GRADUS_OK ? joined : path;
    if (gradus_file_read(whole, &bytes, &size, &error) == GRADUS_OK) {
        take(into, (const char *)bytes, size);
        free(bytes);
        return NULL;
    }
    const char *why = strrchr(error.message, ':'); /* the path is said by whoever asked */
    snprintf(reader->why, sizeof reader->why, "%.*s", (int)sizeof reader->why - 1, why ? why + 2 : error.message);
    return reader->why;
}

/* ---- files that grow ---- */

/* Where the last whole line among the first `size` bytes ends. */
static int64_t end_of_lines(const gradus_journal *journal, int64_t size, gradus_error *error)
{
    char bytes[4096];
    while (size > 0) {
        const int64_t count = size < (int64_t)sizeof bytes ? size : (int64_t)sizeof bytes;
        const ssize_t got = pread(journal->descriptor, bytes, (size_t)count, size - count);
        if (got < 0 && errno == EINTR) continue;
        if (got != count) {
            gradus_fail_file(error, journal->path, got < 0 ? errno : EIO);
            return 0;
        }
        for (int64_t i = count; i-- > 0;)
            if (bytes[i] == '\n') return size - count + i + 1;
        size -= count;
    }
    return 0;
}

gradus_status gradus_journal_open(gradus_journal *journal, const char *path, int64_t keep, gradus_error *error)
{
    *journal = (gradus_journal){.descriptor = -1};
    if (error->status) return error->status;
    snprintf(journal->path, sizeof journal->path, "%s", path);
    journal->descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    struct stat about;
    if (journal->descriptor < 0 || fstat(journal->descriptor, &about) != 0) return gradus_fail_file(error, path, errno);
    const int64_t end = end_of_lines(journal, (int64_t)about.st_size < keep ? (int64_t)about.st_size : keep, error);
    journal->lost = keep - end;
    return gradus_journal_cut(journal, end, error);
}

gradus_status gradus_journal_append(gradus_journal *journal, const char *text, size_t length, gradus_error *error)
{
    if (error->status) return error->status;
    while (length > 0) {
        ssize_t written = write(journal->descriptor, text, length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return gradus_fail_file(error, journal->path, errno);
        text += written;
        length -= (size_t)written;
        journal->size += written;
    }
    return GRADUS_OK;
}

gradus_status gradus_journal_cut(gradus_journal *journal, int64_t keep, gradus_error *error)
{
    if (error->status) return error->status;
    if (ftruncate(journal->descriptor, keep) != 0 || lseek(journal->descriptor, keep, SEEK_SET) < 0)
        return gradus_fail_file(error, journal->path, errno);
    journal->size = keep;
    return GRADUS_OK;
}

gradus_status gradus_journal_read(const gradus_journal *journal, int64_t from, gradus_buffer *tail, gradus_error *error)
{
    char bytes[4096];
    if (error->status) return error->status;
    while (from < journal->size) {
        const size_t wanted =
            (size_t)(journal->size - from) < sizeof bytes ? (size_t)(journal->size - from) : sizeof bytes;
        ssize_t got = pread(journal->descriptor, bytes, wanted, from);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return gradus_fail_file(error, journal->path, got < 0 ? errno : EIO);
        if (gradus_buffer_write(tail, bytes, (size_t)got))
            return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
        from += got;
    }
    return GRADUS_OK;
}

gradus_status gradus_journal_sync(gradus_journal *journal, gradus_error *error)
{
    if (error->status) return error->status;
    if (fsync(journal->descriptor) != 0 && errno != EINVAL) return gradus_fail_file(error, journal->path, errno);
    return GRADUS_OK;
}

void gradus_journal_close(gradus_journal *journal)
{
    if (journal->path[0] && journal->descriptor >= 0) close(journal->descriptor);
    *journal = (gradus_journal){.descriptor = -1};
}

/* ---- memory that grows ---- */

int gradus_buffer_write(void *user, const void *bytes, size_t size)
{
    gradus_buffer *buffer = user;
    if (buffer->capacity - buffer->size < size) {
        size_t capacity = buffer->capacity * 2 > buffer->size + size ? buffer->capacity * 2 : buffer->size + size;
        unsigned char *larger = realloc(buffer->bytes, capacity);
        if (!larger) return 1;
        buffer->bytes = larger;
        buffer->capacity = capacity;
    }
    if (size) memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
    return 0;
}

void gradus_buffer_release(gradus_buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (gradus_buffer){0};
}
