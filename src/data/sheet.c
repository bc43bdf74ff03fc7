/* CSV files of numbers with named columns, row by row: the metrics and measures of runs, and what other programs log. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "csv_text.h"

struct gradus_sheet {
    gradus_source source;
    gradus_csv csv;
    int32_t count;
    char **names;
};

static gradus_status read_names(gradus_sheet *sheet, gradus_error *error)
{
    gradus_csv *csv = &sheet->csv;
    if (!gradus_csv_next(csv, error))
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: the file holds no rows", csv->path);
    sheet->names = calloc((size_t)csv->count, sizeof *sheet->names);
    for (int32_t i = 0; sheet->names && i < csv->count; i++) {
        const gradus_csv_field *field = &csv->fields[i];
        if (!field->length) return gradus_csv_fail(csv, field, error, "a column without a name");
        sheet->names[i] = strndup(field->text, field->length);
        sheet->count = i + 1;
        if (!sheet->names[i]) break;
        if (gradus_sheet_find(sheet, sheet->names[i]) < i)
            return gradus_csv_fail(csv, field, error, "a second column is called '%s'", sheet->names[i]);
    }
    if (sheet->count == csv->count && sheet->names && sheet->names[sheet->count - 1]) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "%s: out of memory", csv->path);
}

gradus_sheet *gradus_sheet_open(const char *path, gradus_error *error)
{
    if (gradus_failed(error)) return NULL;
    gradus_sheet *sheet = calloc(1, sizeof *sheet);
    if (!sheet) {
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "%s: out of memory", path);
        return NULL;
    }
    if (gradus_source_open(&sheet->source, path, NULL, error) == GRADUS_OK &&
        gradus_csv_begin(&sheet->csv, &sheet->source, 0, error) == GRADUS_OK && read_names(sheet, error) == GRADUS_OK)
        return sheet;
    gradus_sheet_close(sheet);
    return NULL;
}

void gradus_sheet_close(gradus_sheet *sheet)
{
    if (!sheet) return;
    for (int32_t i = 0; i < sheet->count; i++) free(sheet->names[i]);
    free(sheet->names);
    gradus_csv_end(&sheet->csv);
    gradus_source_close(&sheet->source);
    free(sheet);
}

const char *gradus_sheet_column(const gradus_sheet *sheet, int32_t index)
{
    return index >= 0 && index < sheet->count ? sheet->names[index] : NULL;
}

int32_t gradus_sheet_find(const gradus_sheet *sheet, const char *name)
{
    for (int32_t i = 0; i < sheet->count; i++)
        if (strcmp(sheet->names[i], name) == 0) return i;
    return -1;
}

bool gradus_sheet_next(gradus_sheet *sheet, bool whole, gradus_error *error)
{
    gradus_csv *csv = &sheet->csv;
    if (!gradus_csv_next(csv, error)) return false;
    if (whole && csv->at == csv->end && csv->end[-1] != '\n') return false;
    if (csv->count == sheet->count) return true;
    gradus_csv_fail(csv, NULL, error, "%d fields, but the header has %d", (int)csv->count, (int)sheet->count);
    return false;
}

static bool is_word(const gradus_csv_field *field, const char *word)
{
    return strlen(word) == field->length && memcmp(field->text, word, field->length) == 0;
}

bool gradus_sheet_number(const gradus_sheet *sheet, int32_t column, double *number, gradus_error *error)
{
    static const struct {
        const char *word;
        double number;
    } words[] = {{"nan", NAN},      {"NaN", NAN},        {"inf", INFINITY},
                 {"Inf", INFINITY}, {"-inf", -INFINITY}, {"-Inf", -INFINITY}};
    const gradus_csv_field *field = &sheet->csv.fields[column];
    if (!field->length || gradus_failed(error)) return false;
    if (gradus_number_read(field->text, field->length, number) == field->length) return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_word(field, words[i].word)) return *number = words[i].number, true;
    gradus_csv_fail(&sheet->csv, field, error, "%s: '%.*s' is no number", sheet->names[column],
                    gradus_shown(field->text, field->length, 40), field->text);
    return false;
}

void gradus_sheet_rewind(gradus_sheet *sheet)
{
    gradus_csv_rewind(&sheet->csv);
    gradus_csv_next(&sheet->csv, NULL);
}
