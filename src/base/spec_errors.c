/* Errors of the language: where a place lies in its text, and the pieces that messages are made of.
 * What is said is decided where the mistake is seen; here it is only put into a gradus_error. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "spec_bind.h"

enum {
    MESSAGE = sizeof((gradus_error *)NULL)->message + 8
}; /* a little longer, so that gradus_fail sees that it must cut */

/* ---- pieces of messages ---- */

/* Takes away what is left of a code point that was cut. */
static void trim(char *text)
{
    size_t length = strlen(text), end = length;
    uint32_t point;
    while (end > 0 && ((unsigned char)text[end - 1] & 0xC0) == 0x80) end--;
    if (end > 0) end--;
    if (end < length && gradus_text_code_point(text + end, &point) != length - end) text[end] = 0;
}

static void append(char *text, size_t size, const char *format, va_list arguments)
{
    size_t used = strlen(text);
    if (vsnprintf(text + used, size - used, format, arguments) >= (int)(size - used)) trim(text);
}

void gradus_append(char *text, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append(text, size, format, arguments);
    va_end(arguments);
}

static const char *source_of(const gradus_binder *b, int32_t source)
{
    return source ? b->changes[source - 1] : b->text;
}

const char *gradus_bind_written(const gradus_binder *b, gradus_where place, char text[BIND_WRITTEN])
{
    enum { ROOM = BIND_WRITTEN - 3 }; /* for "..." */
    text[0] = 0;
    gradus_append(text, ROOM, "%.*s", (int)place.length, source_of(b, place.source) + place.offset);
    if (place.length >= ROOM) strcat(text, "...");
    return text;
}

const char *gradus_bind_hint(const char *nearest, char text[BIND_HINT])
{
    text[0] = 0;
    if (nearest) gradus_append(text, BIND_HINT, "; did you mean '%s'?", nearest);
    return text;
}

/* ---- places ---- */

/* Lines end at '\n'; columns count code points, so that an editor puts its cursor there. */
static void find_line(const char *text, int32_t offset, int32_t *line, int32_t *column)
{
    *line = *column = 1;
    for (int32_t i = 0; i < offset && text[i]; i++) {
        if (text[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)text[i + 1] & 0xC0) != 0x80) {
            ++*column;
        }
    }
}

static gradus_status fail(gradus_error *error, const char *text, gradus_where place, gradus_code code, const char *near,
                          const char *format, va_list arguments)
{
    char message[MESSAGE] = "";
    gradus_status status = code == GRADUS_CODE_OUT_OF_RANGE ? GRADUS_ERROR_RANGE : GRADUS_ERROR_SPEC;
    if (!error) return status;
    if (error->status) return (gradus_status)error->status;
    append(message, sizeof message, format, arguments);
    gradus_fail(error, status, code, "%s", message);
    error->source = place.source, error->offset = place.offset, error->length = place.length;
    if (text) find_line(text, place.offset, &error->line, &error->column);
    if (near) gradus_append(error->near, sizeof error->near, "%s", near);
    return status;
}

gradus_status gradus_tree_fail(gradus_error *error, const char *text, gradus_where place, gradus_code code,
                               const char *near, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    gradus_status status = fail(error, text, place, code, near, format, arguments);
    va_end(arguments);
    return status;
}

bool gradus_bind_fail(gradus_binder *b, gradus_where place, gradus_code code, const char *near, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fail(b->error, source_of(b, place.source), place, code, near, format, arguments);
    va_end(arguments);
    return false;
}

gradus_status gradus_spec_fail(gradus_error *error, const char *text, gradus_where place, gradus_code code,
                               const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    gradus_status status = fail(error, place.source ? NULL : text, place, code, NULL, format, arguments);
    va_end(arguments);
    return status;
}

/* ---- memory ---- */

gradus_status gradus_tree_no_memory(gradus_error *error, const gradus_arena *arena)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "%s",
                       arena->fixed ? "the text does not fit into the memory given for it" : "no memory for the text");
}

char *gradus_bind_text(gradus_binder *b, const char *text, size_t length)
{
    char *copy = gradus_arena_text(b->arena, text, length);
    if (!copy) gradus_tree_no_memory(b->error, b->arena);
    return copy;
}

void *gradus_bind_take(gradus_binder *b, size_t size)
{
    void *memory = gradus_arena_take(b->arena, size, _Alignof(gradus_value));
    if (!memory) gradus_tree_no_memory(b->error, b->arena);
    return memory;
}
