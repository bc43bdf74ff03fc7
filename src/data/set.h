/* A data set from inside: what its files hold, which rows belong to which part, and what a row of the data table is.
 * A reader is one file with one such row; everything after reading (parts, loaders, warnings) is common. */
#ifndef GRADUS_DATA_SET_H
#define GRADUS_DATA_SET_H
#include "gradus/data.h"
#include "source.h"
#include <stdio.h>

typedef struct
    gradus_scaled { /* how values are scaled: (value - base) * factor, the same for `each` values that follow each other */
    int64_t count, each;
    const float *base, *factor; /* count */
} gradus_scaled;

typedef struct gradus_examples {       /* what one file holds, or one generated part */
    int64_t count, width;              /* width: values of an example */
    int64_t step;                      /* from an example to the next, of values and classes; 0: they do not overlap */
    const unsigned char *bytes;        /* count x width, each byte worth itself / 255; or ... */
    const float *values;               /* ... count x width; or ... */
    const struct gradus_array *stream; /* ... a file too large to be held, from which each is fetched */
    const gradus_scaled *scaled;       /* what is done to them on the way out; NULL: nothing */
    const int32_t *classes; /* count x targets that are classes (x positions, where there are such), or NULL */
    const float *numbers;   /* count x outputs of those that are numbers, or NULL */
} gradus_examples;

/* Where the values and classes of an example begin. */
static inline int64_t gradus_example_place(const gradus_examples *from, int64_t example)
{
    return example * (from->step ? from->step : from->width);
}

/* The values of one example, as a net is fed with them. */
void gradus_example_copy(const gradus_examples *from, int64_t example, float *values);

/* So many bytes as values: each worth itself / 255. */
void gradus_pixels(const unsigned char *bytes, size_t count, float *values);

typedef struct gradus_rows { /* which examples make a part */
    const gradus_examples *from;
    int64_t count;
    const int64_t *index; /* NULL: all, in order */
} gradus_rows;

typedef struct gradus_reader gradus_reader;
enum { GRADUS_MOST_FILES = 4 };

struct gradus_data {
    gradus_data_info info;
    const gradus_reader *reader;
    gradus_arena arena;                         /* everything small */
    void *kept[GRADUS_MOST_FILES];              /* of malloc: whole files, whole pictures */
    FILE *streams[GRADUS_MOST_FILES];           /* files too large to be held */
    uint64_t poured;                            /* bytes that spool.h has poured into memory */
    gradus_examples training, validation, test; /* from files; empty: that part comes out of `training` */
    gradus_rows part[3];                        /* enum gradus_part */
    bool inputs_are_targets; /* files give no targets; a loader copies the inputs, before augmentation */
    void *memory;            /* what the reader must remember for prediction, in the arena */
};

typedef struct gradus_reading { /* what a reader is asked to read */
    const gradus_data_config *config;
    const gradus_item *item; /* the bound call */
    gradus_data *data;       /* to be filled: examples, shape, target, outputs, title, name */
    gradus_sha256 sum;       /* of the files, in the order in which they are read */
} gradus_reading;

struct gradus_reader {             /* one row of the data table */
    gradus_member member;          /* name, parameters, help */
    const char *endings;           /* of files that a bare text stands for: ".csv .tsv"; NULL: none */
    const gradus_known_set *known; /* a set of its own name: its files; NULL: reads what the user names */
    const char *const *instead;    /* other files that hold that set; ends with NULL; NULL: none */
    const char *const *classes;    /* names of the classes; ends with NULL; NULL: numbers */
    gradus_status (*open)(gradus_reading *reading, gradus_error *error);
    /* A file of inputs alone, into data->test. NULL: the set has none (it cannot be opened yet). */
    gradus_status (*inputs)(const gradus_data *like, const char *path, gradus_data *data, gradus_error *error);
    /* `memory` as entries of a state, and back; NULL: shape and classes are all there is to remember. */
    void (*save)(const gradus_data *data, gradus_state_writer *writer);
    gradus_status (*recall)(gradus_data *data, gradus_state_reader *state, gradus_error *error);
};

#define GRADUS_MEMBER(name) extern const gradus_reader gradus_reader_##name;
#include "readers.def"
#undef GRADUS_MEMBER
const gradus_reader *gradus_reader_at(int32_t index); /* in the order of names; NULL: no more */

/* ---- what readers share ---- */

#define GRADUS_LIMIT_ARGUMENT                                                                    \
    {                                                                                            \
        .name = "limit", .kind = GRADUS_INTEGER, .low = 1, .high = 9007199254740992.0,           \
        .flags = GRADUS_OPTIONAL | GRADUS_NAMED, .also = "n, size, samples, nrows, max_samples", \
        .help = "use so many examples of the training file at most, chosen by the seed"          \
    }

/* A parameter of the call; NULL where the member has none of that name. */
const char *gradus_reading_text(const gradus_reading *reading, const char *name); /* NULL: absent */
int64_t gradus_reading_count(const gradus_reading *reading, const char *name);    /* 0: absent */

/* Fails at a value of the call, where the user wrote it; NULL: at the call. */
gradus_status gradus_reading_fail(const gradus_reading *reading, const gradus_value *value, gradus_code code,
                                  gradus_error *error, const char *format, ...) GRADUS_FORMAT(5, 6);

/* A path of the text: relative ones begin at the configuration's base folder; what is not there is looked for where known sets are. */
gradus_status gradus_reading_path(const gradus_reading *reading, const char *text, char path[GRADUS_DATA_PATH],
                                  gradus_error *error);

/* "10%", "5000", "none" as a number of examples out of `count`; false: it is nothing of the kind. */
bool gradus_amount_read(const char *text, int64_t count, int64_t *amount);

/* Divides data->training, which holds `count` examples, by the seed: `limit` of them are used; of these come the validation part
 * and, unless data->test is to hold it, the test part (parameter `test`). Rows of a part stay in the order of the file. */
gradus_status gradus_reading_split(gradus_reading *reading, int64_t count, bool has_test, gradus_error *error);

/* Sets the title: name, `what` (a number of things), and in brackets what is kept apart. */
void gradus_reading_title(gradus_reading *reading, const char *what);

/* The name of a file without folder and endings: what a set is called. */
void gradus_stem(const char *path, char *name, size_t size);

/* As a model can call an output: "Hours per week" is hours_per_week, and "5", of a table without names, column_5, where `before` is
 * "column_". NULL: no memory. */
const char *gradus_target_name(gradus_data *data, const char *text, const char *before);

/* Keeps memory of malloc until the set is closed. */
void *gradus_data_keep(gradus_data *data, void *memory);

/* Takes an entry of exactly this type and count out of a state; false: there is none. */
bool gradus_state_take(gradus_state_reader *state, const char *name, gradus_state_type type, int64_t count,
                       void *destination);

#endif
