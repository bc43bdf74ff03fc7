/* What is made while a set is read (decoded pictures, unpacked archives) and would not fit into memory: in a file without a name, which is
 * gone when it is closed, however the process ends. */
#ifndef GRADUS_DATA_SPOOL_H
#define GRADUS_DATA_SPOOL_H
#include "set.h"

/* In the folder that TMPDIR names, else in /var/tmp: /tmp is memory on many machines. NULL: *error says why. */
FILE *gradus_spool_open(gradus_error *error);
/* Adds at its end; `path`: what it is of. */
gradus_status gradus_spool_write(FILE *spool, const void *bytes, size_t size, const char *path, gradus_error *error);

/* Examples of bytes on their way into a set: into memory, or into a spool where all that the set holds of the kind would take more than a
 * quarter of the memory that the process may have. */
typedef struct gradus_pouring {
    gradus_examples *examples;
    const char *path;     /* what they are of, for errors */
    FILE *spool;          /* NULL: into memory */
    unsigned char *bytes; /* all of them, or room for some that go to the spool next */
    int64_t at, room;     /* how many are there; how many there is room for at once */
} gradus_pouring;

/* For examples->count of examples->width bytes. */
gradus_status gradus_pour_begin(gradus_pouring *pouring, gradus_data *data, gradus_examples *examples, const char *path,
                                gradus_error *error);
/* Where the next ones are to be put, up to `room`; then that so many stand there. */
unsigned char *gradus_pour_here(const gradus_pouring *pouring);
gradus_status gradus_pour(gradus_pouring *pouring, int64_t count, gradus_error *error);
void gradus_pour_end(gradus_pouring *pouring); /* also one that was never begun, but zeroed */

#endif
