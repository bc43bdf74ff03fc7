/* Files that survive: written aside and renamed, appended to and cut back, read whole. Every failure says the file and why.
 * Here, as everywhere behind the public headers of this room, an error that is handed over is never NULL. */
#ifndef GRADUS_TRAIN_FILES_H
#define GRADUS_TRAIN_FILES_H
#include "gradus/base.h"
#include "gradus/train.h"
#include <stdio.h>

enum { GRADUS_PATH_SIZE = 1024 }; /* longest path in a run, with its 0 */

/* Writes folder/name into path[GRADUS_PATH_SIZE]; fails when it is too long. */
gradus_status gradus_path_join(const char *folder, const char *name, char *path, gradus_error *error);

/* ---- whole files ---- */

/* Reads a file; *bytes ends in a 0 that *size does not count and is freed with free. A file that is not there is an error. */
gradus_status gradus_file_read(const char *path, unsigned char **bytes, size_t *size, gradus_error *error);

/* A file that is written beside its place, synced and renamed: nobody ever sees half of it, and what stood there before stays
 * when anything fails. Open, any number of writes (a gradus_write), then close, which also says what went wrong on the way. */
typedef struct gradus_aside {
    FILE *file;
    int descriptor; /* of the same file, with its lock */
    int number;     /* errno of the first write that failed */
    char path[GRADUS_PATH_SIZE], temporary[GRADUS_PATH_SIZE];
} gradus_aside;
gradus_status gradus_aside_open(gradus_aside *aside, const char *path, gradus_error *error);
int gradus_aside_write(void *aside, const void *bytes, size_t size);
gradus_status gradus_aside_close(gradus_aside *aside, gradus_error *error); /* an error already set: nothing is kept */
/* gradus_file_replace (train.h): all of it at once. */
void gradus_aside_clear(
    int folder); /* removes what killed processes have left of such files in a folder; opening one does so too */

/* ---- memory that grows ---- */

typedef struct gradus_buffer {
    unsigned char *bytes;
    size_t size, capacity;
} gradus_buffer;
int gradus_buffer_write(void *buffer, const void *bytes, size_t size); /* a gradus_write */
void gradus_buffer_release(gradus_buffer *buffer);

/* ---- files that grow ---- */

typedef struct gradus_journal {
    int descriptor; /* -1: not open */
    int64_t size;
    int64_t lost; /* bytes that it was to have when it was opened, and had not */
    char path[GRADUS_PATH_SIZE];
} gradus_journal;

/* Opens a file of lines for appending after its first `keep` bytes; what stands behind them is cut off. One that is shorter, or has no end of
 * a line there, has been changed by somebody: it is cut after the last whole line before, and `lost` says by how much. */
gradus_status gradus_journal_open(gradus_journal *journal, const char *path, int64_t keep, gradus_error *error);
gradus_status gradus_journal_append(gradus_journal *journal, const char *text, size_t length, gradus_error *error);
gradus_status gradus_journal_cut(gradus_journal *journal, int64_t keep, gradus_error *error);
gradus_status gradus_journal_sync(gradus_journal *journal, gradus_error *error);
/* What stands behind the first `from` bytes. */
gradus_status gradus_journal_read(const gradus_journal *journal, int64_t from, gradus_buffer *tail,
                                  gradus_error *error);
void gradus_journal_close(gradus_journal *journal);

#endif
