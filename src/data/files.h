/* The files of a folder or of an archive (tar, zip, compressed or not), in the order of their names. */
#ifndef GRADUS_DATA_FILES_H
#define GRADUS_DATA_FILES_H
#include "source.h"

enum { GRADUS_MOST_SOURCES = 2 };

typedef struct gradus_one_file {
    const char *name;     /* below the folder: "train/cat/1.png" */
    unsigned char *bytes; /* of malloc; NULL: not loaded */
    size_t size;
    bool spooled;   /* of an archive: not held but in the spool, ... */
    int64_t place;  /* ... from here on */
    int32_t source; /* which of the folders and archives it is from */
} gradus_one_file;

typedef struct gradus_files {
    struct {
        char path[GRADUS_DATA_PATH]; /* of the folder or archive */
        bool packed;                 /* an archive: its files are loaded from the start, or spooled */
    } source[GRADUS_MOST_SOURCES];
    int32_t sources;
    gradus_one_file *file;
    int64_t count;
    gradus_arena names;
    FILE *spool;   /* what archives hold beyond a quarter of the memory that the process may have; NULL: nothing */
    uint64_t held; /* bytes of archives in memory */
    int64_t spooled;
} gradus_files;

/* Adds to a list, zeroed at first, the files whose names `wanted` takes: below a folder, in an archive, or the file itself. Hidden ones
 * are left out, links followed. What an archive holds goes to *sum (NULL: nobody asks). None at all is no error. */
gradus_status gradus_files_add(gradus_files *files, const char *path, bool (*wanted)(const char *name),
                               gradus_sha256 *sum, gradus_error *error);
void gradus_files_close(gradus_files *files); /* also one that is zeroed */

/* Loads a file and, where it is of a folder, adds it to *sum; nothing is to be done for one of an archive that is held. */
gradus_status gradus_files_load(gradus_files *files, int64_t index, gradus_sha256 *sum, gradus_error *error);
void gradus_files_unload(gradus_files *files, int64_t index);
/* A copy of a file of an archive, which whoever asks closes, as gradus_source_begin has files: of one that is too large for memory the
 * beginning, and a stream in which it stands from *place on. */
gradus_status gradus_files_begin(const gradus_files *files, int64_t index, gradus_source *source, int64_t *place,
                                 gradus_error *error);

/* "PATH/NAME", or "PATH: NAME" in an archive: for errors. */
void gradus_files_print(const gradus_files *files, int64_t index, char text[GRADUS_DATA_PATH]);

/* The part of a file, by folders called train, val or test; *class is the folder it lies in, NULL: none but that of its part. The
 * second source is all for the test. */
gradus_part gradus_files_part(const gradus_one_file *file, const char **class, size_t *length);

#endif
