/* Turns the rows of a table into what a net is fed with: scaled numbers, a one among zeros for a text, classes or scaled targets.
 * Whatever is unknown at that point is neutral: a gap is the training mean, a text that training never met is all zeros. */
#include "csv_walk.h"
#include <stdio.h>
#include <string.h>

static float scaled(const gradus_column *column, double number)
{
    return (float)((number - column->base) / column->spread);
}

/* Gorishniy, Rubachev and Babenko 2022, "On embeddings for numerical features in tabular deep learning", equation 1: the way through
 * each part, 0 before it and 1 behind it; through the first also below it, through the last also above it. */
static void write_pieces(const gradus_column *column, double number, float **values)
{
    for (int32_t i = 0; i + 1 < column->edge_count; i++) {
        double way = (number - column->edges[i]) / (column->edges[i + 1] - column->edges[i]);
        if (i && way < 0) way = 0;
        if (i + 2 < column->edge_count && way > 1) way = 1;
        *(*values)++ = (float)way;
    }
}

/* The text's place, or the part that the number is in; behind them what is unknown. */
static bool symbol_of(gradus_table_file *file, int32_t i, bool gap, int32_t *symbol, gradus_error *error)
{
    const gradus_column *column = &file->table->columns[i];
    const gradus_csv_field *field = gradus_table_field(file, i);
    const int32_t known = column->numeric ? column->edge_count + 1 : column->texts.count;
    double number;
    *symbol = gap || column->numeric ? -1 : gradus_texts_find(&column->texts, field->text, field->length);
    if (column->numeric && !gap) {
        if (!gradus_table_number(file, i, &number, error)) return false;
        for (*symbol = 0; *symbol < column->edge_count && number >= column->edges[*symbol];) ++*symbol;
    }
    if (*symbol < 0) *symbol = known;
    return true;
}

static bool encode_input(gradus_table_file *file, int32_t i, float **values, gradus_error *error)
{
    const gradus_column *column = &file->table->columns[i];
    const gradus_csv_field *field = gradus_table_field(file, i);
    bool gap = gradus_table_gap(file->table, field);
    if (file->table->encode == GRADUS_ENCODE_SYMBOLS) {
        int32_t symbol;
        if (!symbol_of(file, i, gap, &symbol, error)) return false;
        *(*values)++ = (float)(column->first_symbol + symbol);
        return true;
    }
    if (column->numeric) {
        double number = column->mean;
        if (!gap && !gradus_table_number(file, i, &number, error)) return false;
        if (file->table->encode == GRADUS_ENCODE_PIECEWISE)
            write_pieces(column, number, values);
        else
            *(*values)++ = scaled(column, number);
        return true;
    }
    int32_t at = gap ? -1 : gradus_texts_find(&column->texts, field->text, field->length);
    if (at >= 0) (*values)[at] = 1;
    *values += column->texts.count;
    return true;
}

static gradus_status unknown_class(const gradus_table_file *file, const gradus_column *column,
                                   const gradus_csv_field *field, gradus_error *error)
{
    char known[64] = "";
    size_t used = 0;
    for (int32_t i = 0; i < column->texts.count && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", column->texts.text[i]);
    if (used >= sizeof known) memcpy(known + gradus_shown(known, sizeof known, sizeof known - 4), "...", 4);
    return gradus_csv_fail(&file->csv, field, error, "'%.*s' is no class of '%.*s' in training; these are %s",
                           gradus_shown(field->text, field->length, 40), field->text,
                           gradus_shown(column->name, strlen(column->name), 40), column->name, known);
}

/* A class that training has, but with a full stop behind it, is that class: so stand those of Adult in its test file. */
static bool encode_class(gradus_table_file *file, int32_t i, int32_t *class, gradus_error *error)
{
    const gradus_column *column = &file->table->columns[i];
    const gradus_csv_field *field = gradus_table_field(file, i);
    const char *text = field->text;
    size_t length = field->length;
    char printed[32];
    double number;
    if (column->numeric) {
        if (!gradus_table_number(file, i, &number, error)) return false;
        text = printed, length = gradus_number_print(number, printed);
    }
    *class = gradus_texts_find(&column->texts, text, length);
    if (*class < 0 && length > 1 && text[length - 1] == '.')
        *class = gradus_texts_find(&column->texts, text, length - 1);
    if (*class < 0) unknown_class(file, column, field, error);
    return *class >= 0;
}

/* Where the next row goes; what is not wanted is NULL. */
typedef struct cursor {
    float *values, *numbers;
    int32_t *classes;
} cursor;

static bool encode_row(gradus_table_file *file, cursor *at, gradus_error *error)
{
    for (int32_t i = 0; i < file->table->column_count; i++) {
        double number;
        switch (file->table->columns[i].role) {
        case GRADUS_COLUMN_INPUT:
            if (!encode_input(file, i, &at->values, error)) return false;
            break;
        case GRADUS_COLUMN_TARGET:
            if (!file->targets) break;
            if (file->table->columns[i].class) {
                if (!encode_class(file, i, at->classes++, error)) return false;
                break;
            }
            if (!gradus_table_number(file, i, &number, error)) return false;
            *at->numbers++ = scaled(&file->table->columns[i], number);
            break;
        }
    }
    return true;
}

/* How many rows there are; each is looked at, so that the walk that encodes cannot overrun. */
static int64_t count_rows(gradus_table_file *file, gradus_error *error)
{
    int64_t rows = 0;
    gradus_table_rewind(file);
    while (gradus_table_next(file, error)) rows++;
    return rows;
}

gradus_status gradus_table_encode(gradus_table_file *file, gradus_arena *arena, gradus_examples *examples,
                                  gradus_error *error)
{
    const gradus_table *table = file->table;
    int64_t rows = count_rows(file, error), width = table->width;
    if (!error->status && rows == 0)
        gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: no rows", file->csv.path);
    if (error->status) return error->status;
    if (rows > INT64_MAX / (int64_t)sizeof(float) / (width + table->classes + table->numbers))
        return gradus_csv_no_memory(&file->csv, error);
    cursor at = {.values = gradus_arena_take(arena, (size_t)(rows * width) * sizeof(float), 64)};
    const size_t classes = file->targets ? (size_t)(rows * table->classes) : 0,
                 numbers = file->targets ? (size_t)(rows * table->numbers) : 0;
    if (classes) at.classes = gradus_arena_take(arena, classes * sizeof(int32_t), 64);
    if (numbers) at.numbers = gradus_arena_take(arena, numbers * sizeof(float), 64);
    if (!at.values || (classes && !at.classes) || (numbers && !at.numbers))
        return gradus_csv_no_memory(&file->csv, error);
    *examples = (gradus_examples){
        .count = rows, .width = width, .values = at.values, .classes = at.classes, .numbers = at.numbers};
    gradus_table_rewind(file);
    while (gradus_table_next(file, error) && encode_row(file, &at, error)) continue;
    return error->status;
}
