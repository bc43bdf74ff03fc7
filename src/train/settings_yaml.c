/* Reads a run file: libyaml's events, scalars left untyped, become entries that know where each of their bytes stands.
 * What YAML would take for something else than its writer meant is refused here, with what to write instead. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>
#include "settings.h"

typedef struct yaml_reader {
    gradus_yaml *yaml;
    gradus_arena *arena;
    gradus_report *report;
    yaml_parser_t parser;
    yaml_event_t event;
    bool pending;             /* `event` is to be deleted */
    size_t character, offset; /* libyaml counts characters: where its last mark was */
    gradus_entry **last;
    int32_t scalars;
} yaml_reader;

bool gradus_yaml_report(const gradus_yaml *yaml, gradus_report *report, const gradus_error *error, size_t from,
                        size_t to)
{
    *report = (gradus_report){.error = *error};
    report->error.line = report->error.column = 0;
    snprintf(report->source, sizeof report->source, "%s", yaml->name);
    snprintf(report->where, sizeof report->where, "%s", yaml->name);
    if (from == GRADUS_NOWHERE) return false;
    gradus_report_text(report, yaml->text, from, to - from);
    snprintf(report->where, sizeof report->where, "%.480s:%d:%d", yaml->name, report->error.line, report->error.column);
    return false;
}

bool gradus_yaml_fail(const gradus_yaml *yaml, gradus_report *report, gradus_code code, size_t from, size_t to,
                      const char *format, ...)
{
    char message[1024];
    gradus_error error = {0};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    gradus_fail(&error, code == GRADUS_CODE_MEMORY ? GRADUS_ERROR_MEMORY : GRADUS_ERROR_SPEC, code, "%s", message);
    return gradus_yaml_report(yaml, report, &error, from, to);
}

#define FAIL(reader, code, from, to, ...) \
    gradus_yaml_fail((reader)->yaml, (reader)->report, code, from, to, __VA_ARGS__)

static bool fail_memory(yaml_reader *reader)
{
    return FAIL(reader, GRADUS_CODE_MEMORY, GRADUS_NOWHERE, 0, "out of memory");
}

/* Bytes before a mark; marks come in order, so the walk goes on from the last one. */
static size_t offset_of(yaml_reader *reader, const yaml_mark_t *mark)
{
    if (mark->index < reader->character) reader->character = reader->offset = 0;
    const char *text = reader->yaml->text;
    while (reader->character < mark->index && reader->offset < reader->yaml->size) {
        reader->offset++, reader->character++;
        while (((unsigned char)text[reader->offset] & 0xc0) == 0x80) reader->offset++;
    }
    return reader->offset;
}

/* ---- what libyaml refuses ---- */

static size_t line_start(const char *text, size_t at)
{
    while (at > 0 && text[at - 1] != '\n') at--;
    return at;
}

/* Whether the value whose next line holds `at` was ended by a comment, behind it or on a line of its own. */
static bool follows_comment(const char *text, size_t at)
{
    size_t line = line_start(text, at);
    if (text[line] != ' ') return false;
    while (line > 0) {
        size_t start = line_start(text, line - 1);
        for (size_t i = start; i + 1 < line; i++)
            if (text[i] == '#' && (i == start || text[i - 1] == ' ')) return true;
        if (text[start] != ' ' && text[start] != '\n') return false;
        line = start;
    }
    return false;
}

static bool fail_syntax(yaml_reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *text = reader->yaml->text, *problem = parser->problem ? parser->problem : "";
    if (parser->error == YAML_MEMORY_ERROR) return fail_memory(reader);
    if (parser->error == YAML_READER_ERROR) {
        size_t at = parser->problem_offset < reader->yaml->size ? parser->problem_offset : reader->yaml->size;
        return FAIL(reader, GRADUS_CODE_CHARACTER, at, at + 1,
                    "a run file is a text in UTF-8; this byte belongs to none");
    }
    size_t at = offset_of(reader, &parser->problem_mark);
    size_t begun = parser->context ? offset_of(reader, &parser->context_mark) : at;
    size_t key = strstr(problem, "expected ':'") ? begun : at, first = line_start(text, key);
    first += strspn(text + first, " ");
    if (follows_comment(text, key))
        return FAIL(reader, GRADUS_CODE_YAML, first, first + 1,
                    "a comment ends the value above; use a list, or a block that starts with '|'");
    if (strstr(problem, "mapping values are not allowed"))
        return FAIL(reader, GRADUS_CODE_YAML, at, at + 1,
                    "YAML takes ': ' for a setting inside a setting; parameters are written key=value");
    if (text[at] == '\t') return FAIL(reader, GRADUS_CODE_YAML, at, at + 1, "YAML indents with spaces, not with tabs");
    if (text[at] && strchr("@`%", text[at]))
        return FAIL(reader, GRADUS_CODE_YAML, at, at + 1, "YAML lets no value begin with '%c'; put it in quotes",
                    text[at]);
    if (strstr(problem, "expected ':'"))
        return FAIL(reader, GRADUS_CODE_YAML, first, first + strcspn(text + first, "\r\n"),
                    "a setting is written key: value");
    if (strstr(problem, "unexpected end of stream"))
        return FAIL(reader, GRADUS_CODE_UNCLOSED, begun, begun + 1, "this quote is never closed");
    if (begun < at && (text[begun] == '>' || text[begun] == '|'))
        return FAIL(reader, GRADUS_CODE_YAML, begun, begun + 1,
                    "YAML takes '%c' for the start of a block; nothing stands before this '%c'", text[begun],
                    text[begun]);
    return FAIL(reader, GRADUS_CODE_YAML, at, at + 1, "YAML: %s%s%s", parser->context ? parser->context : "",
                parser->context ? ", " : "", problem);
}

static bool next(yaml_reader *reader)
{
    if (reader->pending) yaml_event_delete(&reader->event);
    reader->pending = yaml_parser_parse(&reader->parser, &reader->event) != 0;
    return reader->pending || fail_syntax(reader);
}

/* ---- what YAML knows and a run file does not ---- */

static bool fail_event(yaml_reader *reader, const char *what, const char *instead)
{
    size_t from = offset_of(reader, &reader->event.start_mark);
    return FAIL(reader, GRADUS_CODE_YAML, from, from + 1, "YAML takes '%.1s' for %s; %s", reader->yaml->text + from,
                what, instead);
}

static bool plain_node(yaml_reader *reader, const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor) return fail_event(reader, "an anchor", "put the value in quotes, or leave it out");
    if (tag) return fail_event(reader, "a tag", "put the value in quotes, or leave it out");
    return true;
}

static bool refuse_mapping(yaml_reader *reader, const char *key)
{
    const yaml_event_t *event = &reader->event;
    if (!plain_node(reader, event->data.mapping_start.anchor, event->data.mapping_start.tag)) return false;
    if (event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE)
        return fail_event(reader, "a mapping", "write choice(a, b)");
    size_t from = offset_of(reader, &event->start_mark);
    return FAIL(reader, GRADUS_CODE_YAML, from, from + strcspn(reader->yaml->text + from, ":\r\n"),
                "a setting has no settings inside; write %s: name(parameter=value)", key);
}

/* ---- scalars ---- */

static gradus_style style_of(yaml_scalar_style_t style)
{
    switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: return GRADUS_STYLE_SINGLE;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return GRADUS_STYLE_DOUBLE;
    case YAML_LITERAL_SCALAR_STYLE: return GRADUS_STYLE_LITERAL;
    case YAML_FOLDED_SCALAR_STYLE: return GRADUS_STYLE_FOLDED;
    default: return GRADUS_STYLE_PLAIN;
    }
}

/* The scalar at hand, checked, as a text in the arena; NULL: refused. */
static char *scalar_text(yaml_reader *reader, size_t *from, size_t *to)
{
    const yaml_event_t *event = &reader->event;
    const char *value = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (!plain_node(reader, event->data.scalar.anchor, event->data.scalar.tag)) return NULL;
    *from = offset_of(reader, &event->start_mark);
    *to = offset_of(reader, &event->end_mark);
    if (memchr(value, 0, length))
        return FAIL(reader, GRADUS_CODE_CHARACTER, *from, *to, "a zero byte belongs to no text"), NULL;
    if (length > GRADUS_SPEC_BYTES || ++reader->scalars > GRADUS_SPEC_ITEMS)
        return FAIL(reader, GRADUS_CODE_TOO_LONG, *from, *from + 1,
                    "too long: a value has at most %d bytes, a file %d values", GRADUS_SPEC_BYTES, GRADUS_SPEC_ITEMS),
               NULL;
    char *text = gradus_arena_text(reader->arena, value, length);
    if (!text) fail_memory(reader);
    return text;
}

/* A '#' that is a comment of the language and, its lines folded into one, would hide those below. */
static bool comment_hides(yaml_reader *reader, const gradus_entry *entry, const gradus_piece *piece)
{
    const char *value = entry->text + piece->start;
    char quote = 0;
    for (size_t i = 0; i < piece->length; i++) {
        if (quote && value[i] == '\\' && i + 1 < piece->length) {
            i++;
        } else if (quote || value[i] == '"' || value[i] == '\'') {
            quote = !quote ? value[i] : value[i] == quote ? 0 : quote;
        } else if (value[i] == '#' && (i == 0 || strchr(" \t\n", value[i - 1]))) {
            size_t end = i + strcspn(value + i, "\n");
            if (end > piece->length) end = piece->length;
            size_t at = gradus_entry_place(reader->yaml, entry, piece->start + i);
            size_t last = gradus_entry_place(reader->yaml, entry, piece->start + end - 1);
            if (memchr(reader->yaml->text + at, '\n', last - at))
                return !FAIL(reader, GRADUS_CODE_YAML, at, at + 1,
                             "this comment would hide the lines below; use a list, or a block that starts with '|'");
            i = end - 1;
        }
    }
    return false;
}

static bool add_piece(yaml_reader *reader, gradus_piece ***last)
{
    size_t from, to;
    const char *text = scalar_text(reader, &from, &to);
    if (!text) return false;
    gradus_piece *piece = gradus_arena_take(reader->arena, sizeof *piece, _Alignof(gradus_piece));
    if (!piece) return fail_memory(reader);
    *piece = (gradus_piece){.text = text, .length = strlen(text), .from = from, .to = to};
    piece->style = style_of(reader->event.data.scalar.style);
    **last = piece;
    *last = &piece->next;
    return true;
}

/* The entry's text: its pieces, joined by '>'. */
static bool join(yaml_reader *reader, gradus_entry *entry)
{
    size_t length = 0;
    for (gradus_piece *piece = entry->pieces; piece; piece = piece->next) {
        piece->start = length;
        length += piece->length + (piece->next ? 3 : 0);
    }
    if (length > GRADUS_SPEC_BYTES)
        return FAIL(reader, GRADUS_CODE_TOO_LONG, entry->from, entry->from + 1,
                    "too long: a value has at most %d bytes", GRADUS_SPEC_BYTES);
    char *text = gradus_arena_take(reader->arena, length + 1, 1);
    if (!text) return fail_memory(reader);
    entry->text = text;
    for (const gradus_piece *piece = entry->pieces; piece; piece = piece->next) {
        memcpy(text + piece->start, piece->text, piece->length);
        if (piece->next) memcpy(text + piece->start + piece->length, " > ", 3);
    }
    for (const gradus_piece *piece = entry->pieces; piece; piece = piece->next)
        if (comment_hides(reader, entry, piece)) return false;
    return true;
}

/* ---- lists ---- */

static bool parentheses_match(const char *text)
{
    int depth = 0;
    char quote = 0;
    for (; *text && depth >= 0; text++) {
        if (quote && *text == '\\' && text[1])
            text++;
        else if (quote || *text == '"' || *text == '\'')
            quote = !quote ? *text : *text == quote ? 0 : quote;
        else
            depth += (*text == '(') - (*text == ')');
    }
    return depth == 0;
}

static bool read_list(yaml_reader *reader, gradus_entry *entry)
{
    const yaml_event_t *event = &reader->event;
    if (!plain_node(reader, event->data.sequence_start.anchor, event->data.sequence_start.tag)) return false;
    bool flow = event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    gradus_piece **last = &entry->pieces;
    for (entry->list = true; next(reader) && event->type == YAML_SCALAR_EVENT;) {
        size_t from = offset_of(reader, &event->start_mark), to = offset_of(reader, &event->end_mark);
        bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        if (flow && plain && !parentheses_match((const char *)event->data.scalar.value))
            return FAIL(
                reader, GRADUS_CODE_YAML, from, to,
                "YAML splits a list at every ',', inside parentheses too; give each item a line of its own: - f(a, b)");
        if (!add_piece(reader, &last)) return false;
    }
    if (!reader->pending) return false;
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return fail_event(reader, "a list in a list", "join the items with '>'");
    if (event->type == YAML_MAPPING_START_EVENT) return refuse_mapping(reader, entry->key);
    if (event->type == YAML_ALIAS_EVENT) return fail_event(reader, "an alias", "put the value in quotes");
    entry->to = offset_of(reader, &event->end_mark);
    return join(reader, entry);
}

/* ---- entries ---- */

static bool read_value(yaml_reader *reader, gradus_entry *entry)
{
    if (!next(reader)) return false;
    entry->from = offset_of(reader, &reader->event.start_mark);
    entry->to = offset_of(reader, &reader->event.end_mark);
    gradus_piece **last = &entry->pieces;
    switch (reader->event.type) {
    case YAML_SCALAR_EVENT: return add_piece(reader, &last) && join(reader, entry);
    case YAML_SEQUENCE_START_EVENT: return read_list(reader, entry);
    case YAML_MAPPING_START_EVENT: return refuse_mapping(reader, entry->key);
    default: return fail_event(reader, "an alias", "put the value in quotes");
    }
}

static bool read_entry(yaml_reader *reader)
{
    gradus_entry *entry = gradus_arena_take(reader->arena, sizeof *entry, _Alignof(gradus_entry));
    if (!entry) return fail_memory(reader);
    if (reader->event.type == YAML_ALIAS_EVENT) return fail_event(reader, "an alias", "a setting's name is a word");
    if (reader->event.type != YAML_SCALAR_EVENT) {
        size_t from = offset_of(reader, &reader->event.start_mark);
        return FAIL(reader, GRADUS_CODE_YAML, from, from + 1, "a setting's name is a word: key: value");
    }
    entry->key = scalar_text(reader, &entry->key_from, &entry->key_to);
    if (!entry->key || !read_value(reader, entry)) return false;
    *reader->last = entry;
    reader->last = &entry->next;
    return true;
}

static bool read_document(yaml_reader *reader)
{
    if (!next(reader)) return false;
    if (reader->event.type != YAML_MAPPING_START_EVENT) {
        size_t from = offset_of(reader, &reader->event.start_mark);
        return FAIL(reader, GRADUS_CODE_YAML, from, from + strcspn(reader->yaml->text + from, "\r\n"),
                    "a run file is lines of key: value");
    }
    if (!plain_node(reader, reader->event.data.mapping_start.anchor, reader->event.data.mapping_start.tag))
        return false;
    while (next(reader) && reader->event.type != YAML_MAPPING_END_EVENT)
        if (!read_entry(reader)) return false;
    return reader->pending && next(reader); /* the end of the document */
}

static bool read_stream(yaml_reader *reader)
{
    bool read = false;
    if (!next(reader)) return false; /* the start of the stream */
    while (next(reader) && reader->event.type == YAML_DOCUMENT_START_EVENT) {
        size_t from = offset_of(reader, &reader->event.start_mark);
        if (read)
            return FAIL(reader, GRADUS_CODE_YAML, from, from + 3, "a second document begins here; a run file is one");
        if (!read_document(reader)) return false;
        read = true;
    }
    return reader->pending;
}

bool gradus_yaml_read(gradus_yaml *yaml, gradus_arena *arena, gradus_report *report)
{
    yaml_reader reader = {.yaml = yaml, .arena = arena, .report = report, .last = &yaml->entries};
    if (!yaml_parser_initialize(&reader.parser)) return fail_memory(&reader);
    if (yaml->size >= 3 && memcmp(yaml->text, "\xef\xbb\xbf", 3) == 0)
        yaml->text += 3, yaml->size -= 3; /* a mark of byte order */
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)yaml->text, yaml->size);
    bool done = read_stream(&reader);
    if (reader.pending) yaml_event_delete(&reader.event);
    yaml_parser_delete(&reader.parser);
    return done;
}
