/* The text of a CSV file, row by row: RFC 4180 with any separator, every error with line and column. */
#ifndef GRADUS_DATA_CSV_TEXT_H
#define GRADUS_DATA_CSV_TEXT_H
#include "source.h"

typedef struct gradus_csv_field {
    const char *text; /* without quotes; spaces around an unquoted one are left out; not ended by 0 */
    size_t length;
    bool quoted;
    const char *place; /* where it begins in the file; and in which line, and where that line begins */
    const char *line_start;
    int64_t line;
    size_t copied; /* while the row is read: 1 + its place in the scratch, where doubled quotes are single */
} gradus_csv_field;

typedef struct gradus_csv { /* a walk over the text; `rewind` begins it anew */
    const char *path;
    const char *start, *end;
    char separator;
    const char *at, *line_start;
    int64_t line, row_line; /* of `at`; of the row that was read last */
    gradus_csv_field *fields;
    int32_t count, capacity;
    char *scratch;
    size_t scratch_used, scratch_size;
} gradus_csv;

/* Begins a walk over a source, which must outlive it; separator 0: the one of , ; tab | that the first line has most of.
 * Text that is not UTF-8 is an error; a byte order mark is passed over. */
gradus_status gradus_csv_begin(gradus_csv *csv, const gradus_source *source, char separator, gradus_error *error);
void gradus_csv_rewind(gradus_csv *csv);
void gradus_csv_end(gradus_csv *csv);

/* Reads a row into csv->fields; false: there is none, or *error says what is wrong. Lines without anything are passed over. */
bool gradus_csv_next(gradus_csv *csv, gradus_error *error);

/* Fails with "PATH:LINE:COLUMN: message"; field NULL: at the beginning of the row. */
gradus_status gradus_csv_fail(const gradus_csv *csv, const gradus_csv_field *field, gradus_error *error,
                              const char *format, ...) GRADUS_FORMAT(4, 5);

#endif
