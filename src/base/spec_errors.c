/* Errors of the language: where a place lies in its text, and what stands there.
 * Messages are built where the mistake is seen; this file only puts them into a gradus_error. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "spec_tree.h"

/* Lines end at '\n'; columns count code points, so that an editor puts its cursor there. */
static void find_line(const char *text, int32_t offset, int32_t *line, int32_t *column)
{
    *line = *column = 1;
    for (int32_t i = 0; i < offset && text[i]; i++) {
        if (text[i] == '\n')
            ++*line, *column = 1;
        else if (((unsigned char)text[i + 1] & 0xC0) != 0x80)
            ++*column;
    }
}

static gradus_status fail(gradus_error *error, const char *text, gradus_where place, gradus_code code, const char *near,
                          const char *format, va_list arguments)
{
    char message[sizeof error->message + 8]; /* a little longer, so that gradus_fail sees that it has to cut */
    vsnprintf(message, sizeof message, format, arguments);
    gradus_status status = code == GRADUS_CODE_OUT_OF_RANGE ? GRADUS_ERROR_RANGE : GRADUS_ERROR_SPEC;
    if (!error || error->status) return error ? (gradus_status)error->status : status;
    gradus_fail(error, status, code, "%s", message);
    error->source = place.source, error->offset = place.offset, error->length = place.length;
    if (text) find_line(text, place.offset, &error->line, &error->column);
    if (near) snprintf(error->near, sizeof error->near, "%s", near);
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

gradus_status gradus_spec_fail(gradus_error *error, const char *text, gradus_where place, gradus_code code,
                               const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    gradus_status status = fail(error, place.source ? NULL : text, place, code, NULL, format, arguments);
    va_end(arguments);
    return status;
}

gradus_status gradus_tree_no_memory(gradus_error *error, const gradus_arena *arena)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY,
                       arena->fixed ? "the text does not fit into the memory given for it" : "no memory for the text");
}
