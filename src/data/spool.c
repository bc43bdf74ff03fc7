/* Spools: bytes in a file without a name, and examples poured into memory or into one. */
#define _XOPEN_SOURCE 700
#include "spool.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "array.h"

static const char *spool_folder(void)
{
    const char *asked = getenv("TMPDIR");
    return asked && *asked ? asked : "/var/tmp";
}

FILE *gradus_spool_open(gradus_error *error)
{
    char path[GRADUS_DATA_PATH];
    if (snprintf(path, sizeof path, "%s/gradus-XXXXXX", spool_folder()) >= (int)sizeof path) {
        gradus_fail_file(error, spool_folder(), ENAMETOOLONG);
        return NULL;
    }
    const int descriptor = mkstemp(path);
    FILE *made = descriptor < 0 ? NULL : fdopen(descriptor, "w+b");
    const int why = errno;
    if (descriptor >= 0) unlink(path);
    if (!made) {
        gradus_fail_file(error, spool_folder(), why);
        if (descriptor >= 0) close(descriptor);
    }
    return made;
}

gradus_status gradus_spool_write(FILE *spool, const void *bytes, size_t size, const char *path, gradus_error *error)
{
    errno = 0;
    if (fwrite(bytes, 1, size, spool) == size && fflush(spool) == 0) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_INPUT_OUTPUT,
                       "%s: it is too large for memory, and %s cannot hold what was read of it (%s); TMPDIR names "
                       "another folder",
                       path, spool_folder(), errno ? strerror(errno) : "not all was written");
}

/* ---- examples ---- */

enum { SPOOL_ROOM = 1 << 25 }; /* bytes that are poured at once, or one example */

/* What the loader fetches examples from, as from any file of numbers. */
static gradus_status stream_from(gradus_pouring *pouring, gradus_data *data, gradus_error *error)
{
    gradus_examples *examples = pouring->examples;
    gradus_array *array = gradus_arena_take(&data->arena, sizeof *array, 64);
    int32_t at = 0;
    if (!array) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "%s: out of memory", pouring->path);
    pouring->spool = gradus_spool_open(error);
    if (!pouring->spool) return (gradus_status)error->status;
    while (data->streams[at]) at++;
    data->streams[at] = pouring->spool;
    *array = (gradus_array){.source = {.stream = pouring->spool},
                            .kind = GRADUS_ARRAY_UNSIGNED,
                            .bytes = 1,
                            .rank = 2,
                            .size = {examples->count, examples->width},
                            .width = examples->width};
    examples->stream = array;
    pouring->room = SPOOL_ROOM / examples->width > 0 ? SPOOL_ROOM / examples->width : 1;
    return GRADUS_OK;
}

gradus_status gradus_pour_begin(gradus_pouring *pouring, gradus_data *data, gradus_examples *examples, const char *path,
                                gradus_error *error)
{
    const uint64_t size = (uint64_t)examples->count * (uint64_t)examples->width;
    *pouring = (gradus_pouring){.examples = examples, .path = path, .room = examples->count};
    if (gradus_too_large(data->poured + size)) {
        if (stream_from(pouring, data, error)) return (gradus_status)error->status;
        pouring->bytes = malloc((size_t)(pouring->room * examples->width));
    } else {
        data->poured += size;
        pouring->bytes = gradus_data_keep(data, malloc(size));
        examples->bytes = pouring->bytes;
    }
    if (pouring->bytes) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY,
                       "%s: out of memory for %lld examples of %lld bytes", path, (long long)examples->count,
                       (long long)examples->width);
}

unsigned char *gradus_pour_here(const gradus_pouring *pouring)
{
    return pouring->spool ? pouring->bytes : pouring->bytes + pouring->at * pouring->examples->width;
}

gradus_status gradus_pour(gradus_pouring *pouring, int64_t count, gradus_error *error)
{
    pouring->at += count;
    if (!pouring->spool) {
        pouring->room -= count;
        return GRADUS_OK;
    }
    return gradus_spool_write(pouring->spool, pouring->bytes, (size_t)(count * pouring->examples->width), pouring->path,
                              error);
}

void gradus_pour_end(gradus_pouring *pouring)
{
    if (pouring->spool) free(pouring->bytes);
}
