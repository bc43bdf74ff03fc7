/* The log of what the policy was told: a few numbers an update, printed into memory and written by the thousand lines. */
#include "told.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WAITING = 1 << 16, NUMBER = 32, LINE = (GRADUS_COLUMNS + 4) * NUMBER };

static int32_t find(const gradus_told_log *told, const char *name)
{
    for (int32_t i = 0; i < told->count; i++)
        if (*told->name[i] == *name && strcmp(told->name[i], name) == 0) return i;
    return -1;
}

void gradus_told_column(gradus_told_log *told, const char *name)
{
    if (told->count == GRADUS_COLUMNS || strlen(name) >= GRADUS_COLUMN_SIZE || find(told, name) >= 0) return;
    strcpy(told->name[told->count++], name);
}

enum { FIRST = 3 };
static const char *const first[FIRST] = {"update", "samples", "rate"};

static void wait_text(gradus_told_log *told, const char *text, size_t length, gradus_error *error)
{
    if (!error->status && gradus_buffer_write(&told->waiting, text, length))
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory for %s", told->journal.path);
}

static gradus_status write_names(gradus_told_log *told, gradus_error *error)
{
    for (int32_t i = -FIRST; i < told->count; i++) {
        const char *name = i < 0 ? first[FIRST + i] : told->name[i];
        if (i > -FIRST) wait_text(told, ",", 1, error);
        wait_text(told, name, strlen(name), error);
    }
    wait_text(told, "\n", 1, error);
    return gradus_told_flush(told, error);
}

static gradus_status read_names(gradus_told_log *told, const char *path, gradus_error *error)
{
    const char *name;
    gradus_sheet *sheet = gradus_sheet_open(path, error);
    told->count = 0;
    for (int32_t i = FIRST; sheet && (name = gradus_sheet_column(sheet, i)); i++) gradus_told_column(told, name);
    gradus_sheet_close(sheet);
    return error->status;
}

gradus_status gradus_told_open(gradus_told_log *told, const char *path, int64_t keep, gradus_error *error)
{
    if (gradus_journal_open(&told->journal, path, keep, error)) return error->status;
    return told->journal.size ? read_names(told, path, error) : write_names(told, error);
}

void gradus_told_hear(gradus_told_log *told, const char *metric, double value)
{
    int32_t column = find(told, metric);
    if (column < 0) return;
    told->value[column] = value;
    told->heard[column] = true;
}

gradus_status gradus_told_line(gradus_told_log *told, int64_t update, double samples, double rate, gradus_error *error)
{
    char line[LINE];
    size_t length = gradus_number_print((double)update, line);
    line[length++] = ',';
    length += gradus_number_print(samples, line + length);
    line[length++] = ',';
    if (!isnan(rate)) length += gradus_number_print(rate, line + length);
    for (int32_t i = 0; i < told->count; i++) {
        line[length++] = ',';
        if (told->heard[i]) length += gradus_number_print(told->value[i], line + length);
        told->heard[i] = false;
    }
    line[length++] = '\n';
    wait_text(told, line, length, error);
    return told->waiting.size < WAITING ? error->status : gradus_told_flush(told, error);
}

gradus_status gradus_told_flush(gradus_told_log *told, gradus_error *error)
{
    if (told->waiting.size)
        gradus_journal_append(&told->journal, (const char *)told->waiting.bytes, told->waiting.size, error);
    if (!error->status) told->waiting.size = 0;
    return error->status;
}

void gradus_told_close(gradus_told_log *told)
{
    gradus_journal_close(&told->journal);
    gradus_buffer_release(&told->waiting);
}
