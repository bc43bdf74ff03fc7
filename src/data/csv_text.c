/* Takes the text of a CSV file apart (RFC 4180: fields in double quotes may hold separators, line ends and doubled quotes).
 * What a file of another making holds is met with an error that says where, never with a guess. */
#include "csv_text.h"
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gradus_status gradus_csv_fail(const gradus_csv *csv, const gradus_csv_field *field, gradus_error *error,
                              const char *format, ...)
{
    char message[sizeof error->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    long long line = field ? field->line : csv->row_line, column = 1;
    for (const char *at = field ? field->line_start : NULL; at && at < field->place; at++)
        column += ((unsigned char)*at & 0xc0) != 0x80;
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s:%lld:%lld: %s", csv->path, line, column,
                       message);
}

/* ---- the whole text ---- */

/* How many bytes the character at `at` takes; 0: it is no UTF-8 (RFC 3629: no surrogates, nothing longer than needed), or a 0. */
static int32_t utf8_length(const unsigned char *at, const unsigned char *end)
{
    if (*at < 0x80) return *at != 0;
    int32_t length = *at >= 0xf0 && *at <= 0xf4 ? 4 : *at >= 0xe0 ? 3 : 2;
    if (*at < 0xc2 || *at > 0xf4 || end - at < length) return 0;
    for (int32_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80) return 0;
    if ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f)) return 0;
    if ((*at == 0xf0 && at[1] < 0x90) || (*at == 0xf4 && at[1] > 0x8f)) return 0;
    return length;
}

/* Passes over a line end of any kind; false: there is none here. */
static bool pass_line_end(const char **at, const char *end)
{
    if (*at == end || (**at != '\n' && **at != '\r')) return false;
    *at += **at == '\r' && end - *at > 1 && (*at)[1] == '\n' ? 2 : 1;
    return true;
}

/* Spreadsheets also write UTF-16, which begins with a mark of its own. */
static bool is_utf16(const gradus_csv *csv)
{
    return csv->end - csv->start > 1 && (!memcmp(csv->start, "\xff\xfe", 2) || !memcmp(csv->start, "\xfe\xff", 2));
}

static gradus_status check_utf8(const gradus_csv *csv, gradus_error *error)
{
    gradus_csv_field place = {.place = csv->start, .line_start = csv->start, .line = 1};
    if (is_utf16(csv))
        return gradus_csv_fail(csv, &place, error, "this is UTF-16; convert the file: iconv -f utf-16 -t utf-8");
    while (place.place < csv->end) {
        if (pass_line_end(&place.place, csv->end)) {
            place.line++, place.line_start = place.place;
            continue;
        }
        int32_t length = utf8_length((const unsigned char *)place.place, (const unsigned char *)csv->end);
        if (length == 0)
            return gradus_csv_fail(csv, &place, error,
                                   *place.place
                                       ? "not UTF-8; convert the file, for example with: iconv -f latin1 -t utf-8"
                                       : "a zero byte; this is no text");
        place.place += length;
    }
    return GRADUS_OK;
}

/* The candidate that the first line has most of, outside quotes. */
static char find_separator(const gradus_csv *csv)
{
    static const char candidates[] = ",;\t|";
    int32_t counts[sizeof candidates - 1] = {0}, best = 0;
    bool quoted = false;
    for (const char *at = csv->start; at < csv->end && (quoted || (*at != '\n' && *at != '\r')); at++) {
        quoted ^= *at == '"';
        const char *found = quoted ? NULL : strchr(candidates, *at);
        if (found) counts[found - candidates]++;
    }
    for (int32_t i = 1; candidates[i]; i++)
        if (counts[i] > counts[best]) best = i;
    return candidates[best];
}

gradus_status gradus_csv_begin(gradus_csv *csv, const gradus_source *source, char separator, gradus_error *error)
{
    *csv = (gradus_csv){.path = source->path, .start = (const char *)source->bytes, .separator = separator};
    csv->end = csv->start + source->size;
    if (source->size >= 3 && memcmp(csv->start, "\xef\xbb\xbf", 3) == 0) csv->start += 3;
    if (source->cut)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: the compressed data end too early; the file is truncated", source->path);
    gradus_csv_rewind(csv);
    gradus_status status = check_utf8(csv, error); /* no zero byte is in it from here on */
    if (!status && !separator) csv->separator = find_separator(csv);
    return status;
}

void gradus_csv_rewind(gradus_csv *csv)
{
    csv->at = csv->line_start = csv->start;
    csv->line = csv->row_line = 1;
    csv->count = 0;
}

void gradus_csv_end(gradus_csv *csv)
{
    free(csv->fields);
    free(csv->scratch);
    *csv = (gradus_csv){0};
}

/* ---- rows ---- */

static gradus_csv_field *add_field(gradus_csv *csv, gradus_error *error)
{
    if (csv->count == csv->capacity) {
        int32_t capacity = csv->capacity ? 2 * csv->capacity : 16;
        gradus_csv_field *larger =
            csv->capacity < INT32_MAX / 4 ? realloc(csv->fields, (size_t)capacity * sizeof *larger) : NULL;
        if (!larger) {
            gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "%s: out of memory", csv->path);
            return NULL;
        }
        csv->fields = larger, csv->capacity = capacity;
    }
    gradus_csv_field *field = &csv->fields[csv->count++];
    *field = (gradus_csv_field){.place = csv->at, .line_start = csv->line_start, .line = csv->line};
    return field;
}

/* Copies a quoted field, whose doubled quotes become single ones, behind what the row has copied before. */
static bool copy_quoted(gradus_csv *csv, gradus_csv_field *field, const char *from, const char *to, gradus_error *error)
{
    size_t needed = csv->scratch_used + (size_t)(to - from);
    if (needed > csv->scratch_size) {
        char *larger = realloc(csv->scratch, 2 * needed);
        if (!larger) {
            gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "%s: out of memory", csv->path);
            return false;
        }
        csv->scratch = larger, csv->scratch_size = 2 * needed;
    }
    field->copied = csv->scratch_used + 1;
    for (; from < to; from += *from == '"' ? 2 : 1) csv->scratch[csv->scratch_used++] = *from;
    field->length = csv->scratch_used + 1 - field->copied;
    return true;
}

static bool is_blank(const gradus_csv *csv, char c) { return (c == ' ' || c == '\t') && c != csv->separator; }

static bool read_quoted(gradus_csv *csv, gradus_csv_field *field, gradus_error *error)
{
    const char *from = ++csv->at;
    bool doubled = false;
    field->quoted = true;
    for (;;) {
        if (csv->at == csv->end) {
            gradus_csv_fail(csv, field, error, "this quote is never closed");
            return false;
        }
        if (pass_line_end(&csv->at, csv->end)) {
            csv->line++, csv->line_start = csv->at;
        } else if (*csv->at != '"') {
            csv->at++;
        } else if (csv->end - csv->at > 1 && csv->at[1] == '"') {
            doubled = true, csv->at += 2;
        } else {
            break;
        }
    }
    const char *to = csv->at++;
    field->text = from, field->length = (size_t)(to - from);
    if (doubled && !copy_quoted(csv, field, from, to, error)) return false;
    while (csv->at < csv->end && is_blank(csv, *csv->at)) csv->at++;
    if (csv->at == csv->end || *csv->at == csv->separator || *csv->at == '\n' || *csv->at == '\r') return true;
    gradus_csv_fail(csv, field, error, "text follows the closing quote; a quote inside a field is doubled");
    return false;
}

static void read_plain(gradus_csv *csv, gradus_csv_field *field)
{
    const char *from = csv->at;
    while (csv->at < csv->end && *csv->at != csv->separator && *csv->at != '\n' && *csv->at != '\r') csv->at++;
    const char *to = csv->at;
    while (to > from && is_blank(csv, to[-1])) to--;
    field->text = from, field->length = (size_t)(to - from);
}

static bool read_field(gradus_csv *csv, gradus_error *error)
{
    while (csv->at < csv->end && is_blank(csv, *csv->at)) csv->at++;
    gradus_csv_field *field = add_field(csv, error);
    if (!field) return false;
    if (csv->at < csv->end && *csv->at == '"') return read_quoted(csv, field, error);
    read_plain(csv, field);
    return true;
}

/* Passes over lines that hold nothing; false: the text is at its end. */
static bool find_row(gradus_csv *csv)
{
    for (;;) {
        const char *at = csv->at;
        while (at < csv->end && is_blank(csv, *at)) at++;
        if (at == csv->end) return false;
        if (!pass_line_end(&at, csv->end)) return true;
        csv->at = csv->line_start = at, csv->line++;
    }
}

bool gradus_csv_next(gradus_csv *csv, gradus_error *error)
{
    csv->count = 0, csv->scratch_used = 0;
    if (gradus_failed(error) || !find_row(csv)) return false;
    csv->row_line = csv->line;
    for (;;) {
        if (!read_field(csv, error)) return false;
        if (csv->at == csv->end) break;
        if (pass_line_end(&csv->at, csv->end)) {
            csv->line++, csv->line_start = csv->at;
            break;
        }
        csv->at++; /* the separator */
    }
    for (int32_t i = 0; i < csv->count; i++)
        if (csv->fields[i].copied) csv->fields[i].text = csv->scratch + csv->fields[i].copied - 1;
    return true;
}
