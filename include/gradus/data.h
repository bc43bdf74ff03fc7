/* gradus/data.h - data sets: what a data text names, read whole and checked, and loaders that hand out batches.
 *
 * A set has up to three parts that never mix; which example is in which is a function of the seed. It is immutable once it is open, and any
 * number of threads and loaders may share it. A loader belongs to one thread at a time; its order is a function of seed, epoch and
 * `reshuffle` alone. What goes wrong with a file stands in the message with file, line and column; what goes wrong with the text has its
 * place in the error. */
#ifndef GRADUS_DATA_H
#define GRADUS_DATA_H
#include "nn.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct gradus_data   gradus_data;
typedef struct gradus_loader gradus_loader;

typedef enum gradus_part { GRADUS_TRAINING, GRADUS_VALIDATION, GRADUS_TEST } gradus_part;

typedef struct gradus_data_config {
    const gradus_spec *data;            /* "mnist", "csv(house.csv, target=price)"                                   */
    const char        *text;            /* as written, for errors                                                    */
    const char        *validation;      /* "10%", "5000", "none": taken out of training by seed; NULL: 10%          */
    const char        *data_dir;        /* --data-dir; NULL: none. Then GRADUS_DATA, ./data, the cache               */
    const char        *base_dir;        /* what relative paths in the text are relative to; NULL: the working folder */
    uint64_t           seed;
    bool               apart;           /* columns of a table that are learnt are told each by an output of its own; else numbers by one for all */
    bool               inputs_are_targets; /* an example's inputs are what is learnt, in place of its labels: for autoencoders */
} gradus_data_config;

typedef struct gradus_data_input {      /* how values of an example come from what the file says                     */
    const char *column;                 /* of a table; NULL: no table, or its columns have no names                  */
    const char *text;                   /* the value is 1 where the column says this, else 0; NULL: (number - base) / spread */
    int64_t     values;                 /* so many that follow each other                                            */
    double      base, spread, gap;      /* gap: what stands for a missing number; NaN: nothing does                  */
    double      low, high;              /* the value is kept within them; -INFINITY, INFINITY: it is not             */
} gradus_data_input;

typedef struct gradus_data_info {
    char        name[64];               /* "mnist", "house"                                                          */
    char        title[160];             /* "mnist, 60000 images 28x28 (6000 for validation)"                         */
    char        sha256[65];             /* of the files, in order; "" for generated sets                             */
    int64_t     count[3];               /* examples in each part                                                     */
    int64_t     shape[8];               /* of an example                                                             */
    gradus_target targets[GRADUS_TARGETS];      /* what is learnt of an example                                      */
    int32_t     target_count;           /* 1, or what several columns say, each for itself                           */
    int64_t     positions;              /* an example has a target for each of so many steps; 0: one for all of it   */
    int64_t     symbols;                /* inputs are symbols, numbered from 0 to this; 0: they are plain numbers    */
    bool        ordered;                /* ... which follow each other, as in a text; else each has a place of its own */
    int64_t     repeated;               /* test rows that stand in training too                                      */
    const gradus_data_input *inputs;    /* `input_count` of them make an example; NULL: it is fed as it is read      */
    int64_t     input_count;
} gradus_data_info;

gradus_data   *gradus_data_open(const gradus_data_config *config, gradus_error *error);   /* nothing of the configuration is kept */
void           gradus_data_close(gradus_data *data);
const gradus_data_info *gradus_data_about(const gradus_data *data);
/* A file of inputs alone (predict): read as the set's member would, into the test part; rows are examples of the set's shape. `like`
 * must outlive it. */
gradus_data   *gradus_data_open_inputs(const gradus_data *like, const char *path, gradus_error *error);

/* What prediction must know when the data set itself is gone: shape, classes, the columns of a table and their scales. Saving writes
 * one state and returns its size (write NULL: only counts); recalling gives a set without examples, fit for gradus_data_about and
 * gradus_data_open_inputs. */
uint64_t       gradus_data_save(const gradus_data *data, gradus_write *write, void *user, gradus_error *error);
gradus_data   *gradus_data_recall(const void *state, size_t size, gradus_error *error);

typedef struct gradus_loader_config {
    gradus_part part;
    int32_t     batch;
    bool        shuffle, drop_last;
    bool        ahead;                  /* prepare batches on another thread                                         */
    uint64_t    seed;
    const gradus_spec *augment;         /* what is done to each example, of the augment family; outlives the loader; NULL: nothing */
} gradus_loader_config;

typedef struct gradus_cursor { int64_t epoch, batch; uint64_t reshuffle; } gradus_cursor;   /* next batch; saved and restored */

gradus_loader *gradus_loader_create(const gradus_data *data, const gradus_loader_config *config, gradus_error *error);
void           gradus_loader_destroy(gradus_loader *loader);
int64_t        gradus_loader_batches(const gradus_loader *loader);      /* per epoch                                 */
bool           gradus_loader_next(gradus_loader *loader, gradus_batch *batch);          /* false: the epoch is over; the next call begins the next */
gradus_cursor  gradus_loader_cursor(const gradus_loader *loader);
void           gradus_loader_seek(gradus_loader *loader, gradus_cursor cursor);
double         gradus_loader_waited(const gradus_loader *loader);       /* seconds spent waiting for data so far     */

/* ---- CSV of numbers: what runs write, and what other programs log ----------------------------------------------------- */

typedef struct gradus_sheet gradus_sheet;

/* Reads a file whole (RFC 4180, gzip unpacked); its first row names the columns. NULL and *error: no such file, no text, no row, a
 * name that is missing or stands there twice. */
gradus_sheet *gradus_sheet_open(const char *path, gradus_error *error);
void          gradus_sheet_close(gradus_sheet *sheet);                  /* NULL: nothing                             */
const char   *gradus_sheet_column(const gradus_sheet *sheet, int32_t index);    /* its name; NULL: no more           */
int32_t       gradus_sheet_find(const gradus_sheet *sheet, const char *name);   /* -1: no such column                */
/* The next row, from the first one below the names. False: no more, or *error: it has not as many fields as there are columns. `whole`:
 * a last row without a line end is none; it was being written when its writer was killed. */
bool          gradus_sheet_next(gradus_sheet *sheet, bool whole, gradus_error *error);
/* A field of the row as a number, also "nan" and "inf". False: it is empty, or *error: no number, with line and column. */
bool          gradus_sheet_number(const gradus_sheet *sheet, int32_t column, double *number, gradus_error *error);
void          gradus_sheet_rewind(gradus_sheet *sheet);                 /* before the first row                      */

/* ---- the disk: what this room and those above share ------------------------------------------------------------------ */

/* Fails with "PATH: what errno says" in lower case. */
gradus_status gradus_fail_file(gradus_error *error, const char *path, int number);
/* Makes a folder and those above it, as mkdir -p does. */
gradus_status gradus_make_folders(const char *path, gradus_error *error);

/* Known sets that can be downloaded. */
typedef struct gradus_known_file { const char *name, *sha256; int64_t bytes; } gradus_known_file;
typedef struct gradus_known_set { const char *name, *summary, *url, *licence; const gradus_known_file *files; } gradus_known_set;
const gradus_known_set *gradus_known_sets(int32_t index);               /* NULL: no more                             */
bool gradus_data_find(const char *name, const char *data_dir, char *path, size_t size);     /* folder of a known set that is here */
size_t gradus_data_looked(const char *data_dir, char *text, size_t size);                   /* "./data, ~/.cache/gradus/data" */
typedef bool gradus_download_progress(void *user, const char *file, int64_t done, int64_t total);   /* false: stop   */
gradus_status gradus_data_get(const char *name, const char *data_dir, gradus_download_progress *progress, void *user, char *path, size_t size, gradus_error *error);

#ifdef __cplusplus
}
#endif
#endif
