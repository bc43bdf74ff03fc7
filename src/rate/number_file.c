/* Numbers from a text file, in no locale: fields between commas, semicolons or tabs, whichever the first line has, some of them in
 * quotes. What is no number is said with its line and column. */
#include "number_file.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct field {
    const char *text;
    size_t length; /* without quotes and spaces around */
} field;

typedef struct reader {
    rate_number_file *file;
    const char *at, *end;
    const char *line_start;
    int32_t line;
    char separator; /* 0: there is but one column */
} reader;

/* ---- errors ---- */

static void fail(reader *r, const char *format, ...) GRADUS_FORMAT(2, 3);
static void fail(reader *r, const char *format, ...)
{
    gradus_preparation *preparation = r->file->preparation;
    if (*preparation->message) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(preparation->message, sizeof preparation->message, format, arguments);
    va_end(arguments);
    r->file->count = 0;
}

static int column_of(const reader *r, const char *at)
{
    int column = 1;
    for (const char *byte = r->line_start; byte < at; byte++) column += (*byte & 0xc0) != 0x80;
    return column;
}

/* What the file is called in a message: its end, if it is long. */
static const char *name_of(const rate_number_file *file)
{
    size_t length = strlen(file->path);
    return length > 80 ? file->path + length - 80 : file->path;
}

/* ---- lines and fields ---- */

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* To the next line that is not empty; false: there is none. */
static bool next_line(reader *r)
{
    while (r->at < r->end) {
        const char *at = r->at;
        r->line++, r->line_start = at;
        while (at < r->end && is_space(*at)) at++;
        if (at < r->end && *at != '\n') return true;
        r->at = at + (at < r->end);
    }
    return false;
}

/* The next field of the line; false: the line is over, and the reader behind it. */
static bool next_field(reader *r, bool *first, field *found)
{
    if (!*first && (r->at >= r->end || *r->at != r->separator || !r->separator)) {
        const char *end = memchr(r->at, '\n', (size_t)(r->end - r->at));
        r->at = end ? end + 1 : r->end;
        return false;
    }
    if (!*first) r->at++;
    *first = false;
    while (r->at < r->end && is_space(*r->at) && *r->at != r->separator) r->at++;
    bool quoted = r->at < r->end && *r->at == '"';
    const char *start = r->at += quoted;
    if (quoted) { /* a quote that is doubled is a part of it */
        while (r->at < r->end && (*r->at != '"' || (r->at + 1 < r->end && r->at[1] == '"' && r->at++)))
            r->line += *r->at == '\n', r->at++;
        *found = (field){start, (size_t)(r->at - start)};
    }
    const char *rest = r->at;
    while (r->at < r->end && *r->at != '\n' && (*r->at != r->separator || !r->separator)) r->at++;
    if (quoted) return true;
    const char *last = r->at;
    while (last > rest && is_space(last[-1])) last--;
    *found = (field){start, (size_t)(last - start)};
    return true;
}

/* The first of the separators that the first line has. */
static char find_separator(const reader *r)
{
    bool quoted = false;
    for (const char *at = r->line_start; at < r->end && (quoted || *at != '\n'); at++) {
        quoted ^= *at == '"';
        if (!quoted && (*at == ',' || *at == ';' || *at == '\t')) return *at;
    }
    return 0;
}

/* ---- which columns ---- */

typedef struct columns {
    int32_t value, at; /* indices from 0; -1: none */
    bool header;
} columns;

static bool is_number(const field *text, double *number)
{
    return text->length > 0 && gradus_number_read(text->text, text->length, number) == text->length;
}

static bool equals(const field *text, const char *name)
{
    return strlen(name) == text->length && memcmp(text->text, name, text->length) == 0;
}

/* A column of the line by its name in the header; by its number where there is no header. */
static int32_t find_column(reader *r, const reader *line, const char *name, bool header)
{
    reader walk = *line;
    field text;
    char best[48] = "", one[48];
    double number;
    int32_t count = 0;
    for (bool first = true; next_field(&walk, &first, &text); count++) {
        if (header && equals(&text, name)) return count;
        snprintf(one, sizeof one, "%.*s", (int)(text.length < 47 ? text.length : 47), text.text);
        const char *const pair[] = {*best ? best : NULL, one};
        if (header && gradus_nearest(name, pair, 2) == one) memcpy(best, one, sizeof best);
    }
    bool numbered = gradus_number_read(name, strlen(name), &number) == strlen(name) && number == floor(number);
    if (!header && numbered && number >= 1 && number <= count) return (int32_t)number - 1;
    fail(r, "%s has no column '%.40s'%s%s%s", name_of(r->file), name, *best ? "; did you mean '" : "", best,
         *best    ? "'?"
         : header ? ""
                  : "; it has no header, so say which by its number");
    return -1;
}

/* From the first line, behind which the reader stands then. */
static bool find_columns(reader *r, columns *found)
{
    const rate_number_file *file = r->file;
    const reader line = *r;
    int32_t count = 0;
    double number;
    field text;
    *found = (columns){.value = 0, .at = -1};
    for (bool first = true; next_field(r, &first, &text); count++) found->header |= !is_number(&text, &number);
    if (!file->column && count > 1)
        fail(r, "%s has %d columns; say which with column=", name_of(file), (int)count);
    else if (file->column)
        found->value = find_column(r, &line, file->column, found->header);
    if (file->at) found->at = find_column(r, &line, file->at, found->header);
    return !*file->preparation->message;
}

/* ---- numbers ---- */

static bool take_number(reader *r, const field *text, double *number)
{
    const char *name = name_of(r->file);
    int line = (int)r->line, column = column_of(r, text->text);
    if (!is_number(text, number))
        fail(r, "%s:%d:%d: '%.*s' is no number", name, line, column, (int)(text->length < 40 ? text->length : 40),
             text->text);
    else if (!isfinite(*number) || *number < 0)
        fail(r, "%s:%d:%d: %.*s must be at least 0 and finite", name, line, column,
             (int)(text->length < 40 ? text->length : 40), text->text);
    return !*r->file->preparation->message;
}

static bool take_line(reader *r, const columns *which)
{
    rate_number_file *file = r->file;
    field text;
    bool first = true, found = false, placed = which->at < 0;
    double *value = &file->values[file->count], *at = file->positions ? &file->positions[file->count] : NULL;
    for (int32_t i = 0; next_field(r, &first, &text); i++) {
        if (i == which->value && !(found = take_number(r, &text, value))) return false;
        if (i == which->at && !(placed = take_number(r, &text, at))) return false;
    }
    if (!found || !placed)
        fail(r, "%s:%d: this line has no column '%.40s'", name_of(file), (int)r->line,
             !found && file->column ? file->column
             : found                ? file->at
                                    : "1");
    else if (at && file->count > 0 && *at < at[-1])
        fail(r, "%s:%d: column '%.40s' goes back", name_of(file), (int)r->line, file->at);
    if (*file->preparation->message) return false;
    file->count++;
    return true;
}

/* Room for a number a line. */
static bool take_room(reader *r)
{
    rate_number_file *file = r->file;
    size_t lines = 1;
    for (const char *at = r->at; at && at < r->end; lines++) {
        const char *end = memchr(at, '\n', (size_t)(r->end - at));
        at = end ? end + 1 : NULL;
    }
    if (lines > INT32_MAX) return fail(r, "%s has too many lines", name_of(file)), false;
    file->values = file->preparation->take(file->preparation, lines * sizeof(double));
    if (file->at) file->positions = file->preparation->take(file->preparation, lines * sizeof(double));
    return file->values && (file->positions || !file->at);
}

void gradus_rate_number_file_parse(void *into, const char *text, size_t length)
{
    reader r = {.file = into, .at = text, .end = text + length};
    columns which;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) r.at += 3; /* a byte order mark */
    reader start = r;
    if (next_line(&r)) {
        r.separator = start.separator = find_separator(&r);
        if (!find_columns(&r, &which) || !take_room(&r)) return;
        if (!which.header) r = start;
        while (next_line(&r) && take_line(&r, &which)) continue;
    }
    if (r.file->count == 0) fail(&r, "%s holds no numbers", name_of(r.file));
}
