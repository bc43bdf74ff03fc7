/* Where in the run file a byte of a value stands: YAML drops quotes, indents and line ends, and this finds the way back.
 * The value and the file's text are walked side by side, unit by unit, as the scalar's style reads them. */
#include <string.h>
#include "settings.h"

typedef struct trace {
    const char *value, *file;
    size_t at, length; /* in the value */
    size_t from, to;   /* in the file */
    gradus_style style;
} trace;

static bool is_white(char byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

static size_t white_run(const char *text, size_t at, size_t end)
{
    size_t start = at;
    while (at < end && is_white(text[at])) at++;
    return at - start;
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* White space: as it stands within a line; line ends fold, one into a space and n into n - 1. Blocks drop the indent. */
static void step_white(trace *walk)
{
    size_t there = white_run(walk->file, walk->from, walk->to), here = white_run(walk->value, walk->at, walk->length);
    size_t breaks = 0;
    for (size_t i = 0; i < there; i++) breaks += walk->file[walk->from + i] == '\n';
    if (walk->style < GRADUS_STYLE_LITERAL) here = smaller(here, breaks == 0 ? there : breaks == 1 ? 1 : breaks - 1);
    walk->from += there;
    walk->at += here;
}

/* A backslash in double quotes: `\n`, `\x41`, `\u00e9`, or one that joins two lines. */
static void step_escape(trace *walk)
{
    char kind = walk->from + 1 < walk->to ? walk->file[walk->from + 1] : 0;
    if (kind == '\n' || kind == '\r') {
        walk->from++;
        walk->from += white_run(walk->file, walk->from, walk->to);
        return;
    }
    walk->from = smaller(walk->to, walk->from + (kind == 'x' ? 4 : kind == 'u' ? 6 : kind == 'U' ? 10 : 2));
    do walk->at++;
    while (walk->at < walk->length && ((unsigned char)walk->value[walk->at] & 0xc0) == 0x80);
}

static void step(trace *walk)
{
    char byte = walk->file[walk->from];
    if (walk->style == GRADUS_STYLE_DOUBLE && byte == '\\') {
        step_escape(walk);
    } else if (is_white(byte)) {
        step_white(walk);
    } else {
        walk->from += walk->style == GRADUS_STYLE_SINGLE && byte == '\'' ? 2 : 1;
        walk->at++;
    }
}

static size_t place(const gradus_yaml *yaml, const gradus_entry *entry, const gradus_piece *piece, size_t offset)
{
    trace walk = {entry->text + piece->start, yaml->text, 0, piece->length, piece->from, piece->to, piece->style};
    if (piece->style == GRADUS_STYLE_SINGLE || piece->style == GRADUS_STYLE_DOUBLE) walk.from++, walk.to--;
    if (piece->style == GRADUS_STYLE_LITERAL || piece->style == GRADUS_STYLE_FOLDED)
        walk.from += strcspn(yaml->text + walk.from, "\n"); /* the indicator's line */
    while (walk.from < walk.to) {
        size_t from = walk.from, at = walk.at;
        step(&walk);
        if (walk.at > offset) return from + (is_white(yaml->text[from]) ? offset - at : 0);
    }
    return smaller(walk.from, walk.to);
}

size_t gradus_entry_place(const gradus_yaml *yaml, const gradus_entry *entry, size_t offset)
{
    const gradus_piece *piece = entry->pieces;
    if (!piece) return entry->from;
    while (piece->next && piece->next->start <= offset) piece = piece->next;
    size_t inside = offset - piece->start;
    return place(yaml, entry, piece, inside < piece->length ? inside : piece->length);
}
