/* What is learnt about the columns of a CSV file: which are inputs, which the target, how each becomes numbers.
 * Learnt from the training rows alone, it reads the test file and the files of a prediction in the same way. */
#ifndef GRADUS_DATA_CSV_TABLE_H
#define GRADUS_DATA_CSV_TABLE_H
#include "csv_text.h"
#include "set.h"
#include "texts.h"

typedef enum gradus_column_role { GRADUS_COLUMN_INPUT, GRADUS_COLUMN_TARGET, GRADUS_COLUMN_DROPPED } gradus_column_role;

typedef struct gradus_column {
    const char *name;
    int32_t role;        /* enum gradus_column_role */
    int32_t task;        /* enum gradus_task: what is asked for of a target */
    bool numeric;        /* its fields are numbers */
    bool class;          /* a target that is one of a few things, `texts`; else it is a number */
    double mean;         /* of the training rows: stands in for a gap */
    double base, spread; /* of a number: (number - base) / spread is learnt */
    gradus_texts texts;  /* of an input: one value, 0 or 1, each, or a symbol; of a target: the classes */
    double *edges;       /* of numbers in parts: edge_count, where the next begins; piecewise: and the two ends */
    int32_t edge_count, first_symbol;
} gradus_column;

typedef enum gradus_encode { GRADUS_ENCODE_NUMBERS, GRADUS_ENCODE_SYMBOLS, GRADUS_ENCODE_PIECEWISE } gradus_encode;

typedef struct gradus_table {
    gradus_column *columns;
    int32_t column_count;
    int32_t classes, numbers; /* targets that are classes; that are numbers */
    bool apart;               /* each target is learnt by an output of its own; else all are numbers, told by one */
    int64_t width;            /* values of an example */
    gradus_encode encode;     /* symbols: each input column is one; piecewise: a number is a value for each part */
    int32_t bins;             /* parts that numbers are then taken in */
    int32_t symbols;
    bool header; /* the file names its columns ... */
    bool named;  /* ... or names= does */
    char separator;
    gradus_texts missing; /* what stands for a gap, beside nothing at all */
} gradus_table;

typedef enum gradus_scale { GRADUS_SCALE_STANDARD, GRADUS_SCALE_MINMAX, GRADUS_SCALE_NONE } gradus_scale;
typedef enum gradus_task { GRADUS_TASK_AUTO, GRADUS_TASK_CLASSIFICATION, GRADUS_TASK_REGRESSION } gradus_task;

/* A file of rows in the order of a table's columns, wherever they stand in it. */
typedef struct gradus_table_file {
    const gradus_table *table;
    gradus_csv csv;
    int32_t fields;       /* of each row */
    int32_t *at;          /* field of each column; -1: it is not there and not needed */
    bool headed, targets; /* the first row is a header; rows without a target are passed over */
    int64_t without;      /* how many were, so far */
} gradus_table_file;

/* Opens a file whose columns become those of the table: names, all inputs, no kinds yet. `header` -1: found out. */
gradus_status gradus_table_create(gradus_table *table, gradus_table_file *file, const gradus_source *source,
                                  int32_t header, gradus_arena *arena, gradus_error *error);
/* Opens a further file and finds the table's columns in it; `targets`: those of the target too. */
gradus_status gradus_table_open(const gradus_table *table, gradus_table_file *file, const gradus_source *source,
                                bool targets, gradus_error *error);
void gradus_table_close(gradus_table_file *file);

/* First walk: kinds of columns, and how many rows there are to learn from. `categories`: most texts of an input. */
gradus_status gradus_table_survey(gradus_table *table, gradus_table_file *file, int32_t categories, gradus_arena *arena,
                                  int64_t *rows, gradus_error *error);
/* Second walk: scales, gaps and texts from the training rows, classes from all. */
gradus_status gradus_table_learn(gradus_table *table, gradus_table_file *file, const gradus_rows *training,
                                 gradus_scale inputs, gradus_scale target, gradus_arena *arena, gradus_error *error);
/* Where each input column's values, or symbols, begin, once its scale, texts and edges are known. Sets width and symbols. */
void gradus_table_lay_out(gradus_table *table);
/* Third walk, over any file: rows as numbers. */
gradus_status gradus_table_encode(gradus_table_file *file, gradus_arena *arena, gradus_examples *examples,
                                  gradus_error *error);

#endif
