/* A file read whole, unpacked if it is compressed: what every reader of files begins with. */
#ifndef GRADUS_DATA_SOURCE_H
#define GRADUS_DATA_SOURCE_H
#include "gradus/base.h"
#include "gradus/data.h"
#include "sha256.h"
#include <stdio.h>

enum { GRADUS_DATA_PATH = 1024 }; /* longest path, with its 0 */

typedef struct gradus_source {
    char path[GRADUS_DATA_PATH];
    unsigned char *bytes; /* of malloc; a 0 stands behind them that `size` does not count */
    size_t size;
    bool cut; /* compressed, and the compressed data end too early: `bytes` is what could be had */
    FILE *
        stream; /* too large to be held: `bytes` is its beginning, and the rest is read from here; NULL: all is there */
    size_t at_hand; /* bytes that are there */
} gradus_source;

/* Reads a file; what stands in it, compressed or not, is added to *sum (NULL: nobody asks). An empty file is an error. */
gradus_status gradus_source_open(gradus_source *source, const char *path, gradus_sha256 *sum, gradus_error *error);
/* The same for a reader that can do with the beginning of a file: one that would take more than a quarter of the memory that the process may
 * have is left where it is, or where it is compressed unpacked into a spool. */
gradus_status gradus_source_begin(gradus_source *source, const char *path, gradus_sha256 *sum, gradus_error *error);
void gradus_source_close(gradus_source *source); /* also one that was never opened, but zeroed */

/* Whether so many bytes would take more than a quarter of the memory that the process may have. */
bool gradus_too_large(uint64_t bytes);

/* Fails for a path that leads nowhere, with the nearest name that lies there. */
gradus_status gradus_no_file(const char *path, gradus_error *error);

/* How many bytes of a text to show: at most `most`, and no half characters. */
int gradus_shown(const char *text, size_t length, size_t most);

/* Puts the nearest valid name into an error, for machines; NULL: there is none. */
void gradus_suggest(gradus_error *error, const char *near);

#endif
