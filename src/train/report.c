/* Reports: errors placed where the user sees them, in lines and columns of a file or an argument.
 * The line that is shown is a window of the source line around the error, so that it fits a screen. */
#include <stdio.h>
#include <string.h>
#include "gradus/train.h"

enum { SHOWN = 76 }; /* code points of a source line: 80 columns less the indent */

static bool begins_point(char byte) { return ((unsigned char)byte & 0xc0) != 0x80; }

static int32_t count_points(const char *text, size_t length)
{
    int32_t points = 0;
    for (size_t i = 0; i < length; i++) points += begins_point(text[i]);
    return points;
}

/* `points` code points further, or `end`. */
static const char *skip_points(const char *text, const char *end, int32_t points)
{
    for (; text < end && points > 0; points--) do
            text++;
        while (text < end && !begins_point(*text));
    return text;
}

/* Copies the part of the line around the error; what is cut off is shown as "...". */
static void show_line(gradus_report *report, const char *line, const char *end, int32_t caret, int32_t carets)
{
    int32_t points = count_points(line, (size_t)(end - line)), first = 0;
    if (caret > points) caret = points;
    if (points > SHOWN && caret + carets > SHOWN - 10)
        first = caret - SHOWN / 2 + (carets < SHOWN / 2 ? carets / 2 : SHOWN / 4);
    if (first > points - SHOWN) first = points - SHOWN;
    if (first < 0) first = 0;
    const char *from = skip_points(line, end, first), *to = skip_points(from, end, SHOWN);
    const char *before = from > line ? "..." : "", *after = to < end ? "..." : "";
    int32_t size = (int32_t)(to - from);
    if (snprintf(report->line, sizeof report->line, "%s%.*s%s", before, size, from, after) >= (int)sizeof report->line)
        report->line[0] = 0; /* more than six bytes a character: no text of this world */
    report->caret = caret - first + (int32_t)strlen(before);
    int32_t room = first + SHOWN - caret;
    report->carets = carets < 1 ? 1 : carets > room && room > 0 ? room : carets;
}

void gradus_report_text(gradus_report *report, const char *text, size_t offset, size_t length)
{
    const char *line = text, *at = text;
    report->error.line = 1;
    for (; *at && at < text + offset; at++)
        if (*at == '\n') report->error.line++, line = at + 1;
    size_t rest = strcspn(line, "\n");
    if (rest > 0 && line[rest] == '\n' && line[rest - 1] == '\r') rest--;
    const char *end = line + rest;
    if (at > end) at = end;
    size_t under = length < (size_t)(end - at) ? length : (size_t)(end - at);
    int32_t caret = count_points(line, (size_t)(at - line)), carets = count_points(at, under);
    report->error.column = caret + 1;
    report->error.offset = (int32_t)(at - text);
    report->error.length = carets < 1 ? 1 : carets;
    show_line(report, line, end, caret, carets);
}

void gradus_report_spec(gradus_report *report, const char *name, const char *text, const gradus_error *error)
{
    *report = (gradus_report){.error = *error};
    snprintf(report->source, sizeof report->source, "argument");
    snprintf(report->where, sizeof report->where, "%s", name);
    snprintf(report->key, sizeof report->key, "%s", name);
    if (error->line <= 0) return;
    gradus_report_text(report, text, (size_t)error->offset, (size_t)error->length);
    snprintf(report->where, sizeof report->where, "%s:%d:%d", name, report->error.line, report->error.column);
}
