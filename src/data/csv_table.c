/* Opens CSV files as tables: names of columns, where each stands in a file, rows that are whole.
 * How columns become numbers stands in csv_learn.c and csv_encode.c. */
#include "csv_walk.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the columns of the first file ---- */

/* A row is a header when none of its fields is a number. */
static bool looks_like_header(const gradus_csv *csv)
{
    double number;
    for (int32_t i = 0; i < csv->count; i++)
        if (gradus_texts_number(csv->fields[i].text, csv->fields[i].length, &number)) return false;
    return true;
}

/* Names from the header; a column without one is called by its number, as all are in a file without a header. */
static gradus_status name_columns(gradus_table *table, const gradus_csv *csv, gradus_arena *arena, gradus_error *error)
{
    for (int32_t i = 0; i < csv->count; i++) {
        const gradus_csv_field *field = &csv->fields[i];
        char number[16];
        bool named = table->header && field->length > 0;
        size_t length = named ? field->length : (size_t)snprintf(number, sizeof number, "%d", i + 1);
        table->columns[i] = (gradus_column){.name = gradus_arena_text(arena, named ? field->text : number, length)};
        if (!table->columns[i].name) return gradus_csv_no_memory(csv, error);
        for (int32_t j = 0; j < i; j++)
            if (strcmp(table->columns[j].name, table->columns[i].name) == 0)
                return gradus_csv_fail(csv, field, error, "a second column is called '%s'", table->columns[i].name);
    }
    return GRADUS_OK;
}

gradus_status gradus_csv_no_memory(const gradus_csv *csv, gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "%s: out of memory", csv->path);
}

gradus_status gradus_table_create(gradus_table *table, gradus_table_file *file, const gradus_source *source,
                                  int32_t header, gradus_arena *arena, gradus_error *error)
{
    *file = (gradus_table_file){.table = table, .targets = true};
    gradus_csv *csv = &file->csv;
    gradus_status status = gradus_csv_begin(csv, source, table->separator, error);
    if (status) return status;
    if (!gradus_csv_next(csv, error))
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: the file holds no rows", csv->path);
    table->header = file->headed = header < 0 ? looks_like_header(csv) : header > 0;
    table->column_count = file->fields = csv->count;
    table->columns = gradus_arena_take(arena, (size_t)csv->count * sizeof *table->columns, sizeof(void *));
    file->at = malloc((size_t)csv->count * sizeof *file->at);
    if (!table->columns || !file->at) return gradus_csv_no_memory(csv, error);
    for (int32_t i = 0; i < csv->count; i++) file->at[i] = i;
    return name_columns(table, csv, arena, error);
}

/* ---- the same columns in a further file ---- */

static int32_t find_name(const gradus_csv *csv, const char *name)
{
    for (int32_t i = 0; i < csv->count; i++)
        if (csv->fields[i].length == strlen(name) && memcmp(csv->fields[i].text, name, strlen(name)) == 0) return i;
    return -1;
}

/* "new.csv has no column 'rooms'; did you mean 'room'?", from the names in its header. */
static gradus_status no_column(const gradus_csv *csv, const char *name, gradus_error *error)
{
    enum { LONGEST = 48 };
    const int32_t count = csv->count > 0 ? csv->count : 0;
    const char *near = NULL;
    char(*copies)[LONGEST] = calloc((size_t)count, LONGEST);
    const char **names = calloc((size_t)count, sizeof *names);
    for (int32_t i = 0; copies && names && i < count; i++) {
        int length = gradus_shown(csv->fields[i].text, csv->fields[i].length, LONGEST - 1);
        snprintf(copies[i], LONGEST, "%.*s", length, csv->fields[i].text);
        names[i] = copies[i];
    }
    if (copies && names) near = gradus_nearest(name, names, count);
    gradus_status status =
        gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s has no column '%s'%s%s%s", csv->path, name,
                    near ? "; did you mean '" : ", which was learnt from", near ? near : "", near ? "'?" : "");
    gradus_suggest(error, near);
    free(copies);
    free(names);
    return status;
}

static gradus_status find_by_name(gradus_table_file *file, gradus_error *error)
{
    const gradus_table *table = file->table;
    for (int32_t i = 0; i < table->column_count; i++) {
        const gradus_column *column = &table->columns[i];
        file->at[i] = find_name(&file->csv, column->name);
        bool needed = column->role == GRADUS_COLUMN_INPUT || (column->role == GRADUS_COLUMN_TARGET && file->targets);
        if (needed && file->at[i] < 0) return no_column(&file->csv, column->name, error);
    }
    return GRADUS_OK;
}

/* Without names the columns must stand as they did; those of the target may be missing where they are not needed. */
static gradus_status find_by_place(gradus_table_file *file, gradus_error *error)
{
    const gradus_table *table = file->table;
    int32_t inputs = 0, at = 0;
    for (int32_t i = 0; i < table->column_count; i++) inputs += table->columns[i].role != GRADUS_COLUMN_TARGET;
    bool whole = file->fields == table->column_count;
    if (!whole && (file->targets || file->fields != inputs))
        return gradus_csv_fail(&file->csv, NULL, error, "%d fields, expected %d", file->fields,
                               file->targets ? table->column_count : inputs);
    for (int32_t i = 0; i < table->column_count; i++)
        file->at[i] = whole || table->columns[i].role != GRADUS_COLUMN_TARGET ? at++ : -1;
    return GRADUS_OK;
}

gradus_status gradus_table_open(const gradus_table *table, gradus_table_file *file, const gradus_source *source,
                                bool targets, gradus_error *error)
{
    *file = (gradus_table_file){.table = table, .headed = table->header, .targets = targets};
    gradus_status status = gradus_csv_begin(&file->csv, source, table->separator, error);
    if (status) return status;
    if (!gradus_csv_next(&file->csv, error))
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: the file holds no rows", source->path);
    file->fields = file->csv.count;
    file->at = malloc((size_t)table->column_count * sizeof *file->at);
    if (!file->at) return gradus_csv_no_memory(&file->csv, error);
    return table->header ? find_by_name(file, error) : find_by_place(file, error);
}

void gradus_table_close(gradus_table_file *file)
{
    gradus_csv_end(&file->csv);
    free(file->at);
    *file = (gradus_table_file){0};
}

/* ---- rows ---- */

void gradus_table_rewind(gradus_table_file *file)
{
    gradus_csv_rewind(&file->csv);
    file->without = 0;
    if (file->headed) gradus_csv_next(&file->csv, NULL);
}

const gradus_csv_field *gradus_table_field(const gradus_table_file *file, int32_t column)
{
    return &file->csv.fields[file->at[column]];
}

bool gradus_table_gap(const gradus_table *table, const gradus_csv_field *field)
{
    return field->length == 0 || gradus_texts_find(&table->missing, field->text, field->length) >= 0;
}

static bool has_targets(const gradus_table_file *file)
{
    for (int32_t i = 0; i < file->table->column_count; i++)
        if (file->table->columns[i].role == GRADUS_COLUMN_TARGET &&
            gradus_table_gap(file->table, gradus_table_field(file, i)))
            return false;
    return true;
}

bool gradus_table_next(gradus_table_file *file, gradus_error *error)
{
    while (gradus_csv_next(&file->csv, error)) {
        if (file->csv.count != file->fields) {
            gradus_csv_fail(&file->csv, NULL, error, "%d fields, but the %s has %d", file->csv.count,
                            file->headed ? "header" : "first row", file->fields);
            return false;
        }
        if (!file->targets || has_targets(file)) return true;
        file->without++;
    }
    return false;
}

/* The number in a field of a numeric column, which is no gap. */
bool gradus_table_number(const gradus_table_file *file, int32_t column, double *number, gradus_error *error)
{
    const gradus_csv_field *field = gradus_table_field(file, column);
    const bool read = gradus_texts_number(field->text, field->length, number);
    if (read && fabs(*number) <= FLT_MAX) return true;
    const char *name = file->table->columns[column].name;
    if (read) {
        gradus_csv_fail(
            &file->csv, field, error, "'%.*s' in the column '%.*s' is larger than a net can compute with (3.4e38)",
            gradus_shown(field->text, field->length, 40), field->text, gradus_shown(name, strlen(name), 40), name);
        return false;
    }
    gradus_csv_fail(
        &file->csv, field, error,
        "'%.*s' where the column '%.*s' holds numbers; missing=[...] lists what stands for a gap, drop=[...] columns "
        "to leave out",
        gradus_shown(field->text, field->length, 40), field->text, gradus_shown(name, strlen(name), 40), name);
    return false;
}
