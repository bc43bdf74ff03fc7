/* How settings are held: what a run file says, word for word with its places, and each setting bound to its row.
 * Private to the files settings_*.c. */
#ifndef GRADUS_TRAIN_SETTINGS_H
#define GRADUS_TRAIN_SETTINGS_H
#include "gradus/base.h"
#include "gradus/train.h"

enum { GRADUS_SETTINGS_MOST = 32, GRADUS_RUN_FILE_BYTES = 1 << 20 };

/* ---- a run file as YAML gives it ---- */

typedef enum gradus_style {
    GRADUS_STYLE_PLAIN,
    GRADUS_STYLE_SINGLE,
    GRADUS_STYLE_DOUBLE,
    GRADUS_STYLE_LITERAL,
    GRADUS_STYLE_FOLDED
} gradus_style;

typedef struct gradus_piece { /* a scalar: one value, or one item of a list */
    const char *text;
    size_t start, length; /* in the value's text */
    size_t from, to;      /* in the file, quotes and block indicators included */
    gradus_style style;
    struct gradus_piece *next;
} gradus_piece;

typedef struct gradus_entry { /* one `key: value` */
    const char *key, *text;
    size_t key_from, key_to, from, to; /* in the file */
    bool list;
    gradus_piece *pieces;
    struct gradus_entry *next;
} gradus_entry;

typedef struct gradus_yaml {
    const char *name, *text; /* "run.yaml"; ends in 0 */
    size_t size;
    gradus_entry *entries;
} gradus_yaml;

/* Reads the named file ("-": standard input) into yaml->text, which the caller frees. */
bool gradus_yaml_load(gradus_yaml *yaml, const char *file, gradus_report *report);
bool gradus_yaml_read(gradus_yaml *yaml, gradus_arena *arena, gradus_report *report);
/* Of a file that is no run file: true, and a report that says how it is given, where it is called as data are (`house.csv`). */
bool gradus_yaml_refuse_data(const gradus_yaml *yaml, gradus_report *report);

/* Where in the file the byte at `offset` of the entry's text stands. */
size_t gradus_entry_place(const gradus_yaml *yaml, const gradus_entry *entry, size_t offset);

/* Fills in *report with an error or a message, placed in the file unless `from` is GRADUS_NOWHERE; returns false. */
#define GRADUS_NOWHERE SIZE_MAX
bool gradus_yaml_report(const gradus_yaml *yaml, gradus_report *report, const gradus_error *error, size_t from,
                        size_t to);
bool gradus_yaml_fail(const gradus_yaml *yaml, gradus_report *report, gradus_code code, size_t from, size_t to,
                      const char *format, ...) GRADUS_FORMAT(6, 7);

/* ---- settings ---- */

typedef enum gradus_origin {
    GRADUS_ABSENT,
    GRADUS_DEFAULT,
    GRADUS_FROM_FILE,
    GRADUS_FROM_ARGUMENT,
    GRADUS_FILLED_IN
} gradus_origin;

typedef struct gradus_held { /* one setting */
    const gradus_argument *row;
    gradus_origin origin;
    const char *written;
    const gradus_entry *entry; /* FROM_FILE */
    int32_t argument;          /* FROM_ARGUMENT: which of the arguments */
    const char **changes;      /* "momentum=0.9", in order; ends with NULL; NULL: none */
    int32_t *change_arguments; /* which of the arguments each is */
    int32_t change_count;
    bool off; /* "none" */
    gradus_spec *spec;
    const char *canonical, *full;
} gradus_held;

struct gradus_settings {
    gradus_arena arena;
    gradus_yaml yaml;
    const char *const *arguments;
    const int32_t *numbers;
    int32_t argument_count;
    void *file; /* its bytes, when they were read here */
    const char *folder, *stem, *runs;
    bool copy; /* the file is the one that a run keeps */
    const char *like;
    bool open;
    gradus_held held[GRADUS_SETTINGS_MOST];
    int32_t count;
};

gradus_held *gradus_settings_held(const gradus_settings *settings, const char *key); /* NULL: no such setting */
bool gradus_settings_entries(gradus_settings *settings, gradus_report *report);
bool gradus_settings_arguments(gradus_settings *settings, gradus_report *report);
bool gradus_settings_bind(gradus_settings *settings, gradus_held *held, gradus_error *error);
bool gradus_settings_refuse_open(const gradus_settings *settings, gradus_report *report);
bool gradus_argument_fail(const gradus_settings *settings, int32_t argument, gradus_report *report, gradus_code code,
                          size_t from, size_t to, const char *format, ...) GRADUS_FORMAT(7, 8);
bool gradus_argument_report(const gradus_settings *settings, int32_t argument, gradus_report *report,
                            const gradus_error *error, size_t from, size_t to);
/* "no setting 'optimiser'; it is called 'optimizer'". */
gradus_status gradus_setting_unknown(const char *name, const char *value, gradus_error *error);

#endif
