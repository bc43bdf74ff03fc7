/* Errors as data: the one place that fills a gradus_error, and the names of statuses and codes.
 * The names are part of what machines read, so they stand in two tables that the tests walk over. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "gradus/base.h"

#define COUNT(table) ((int32_t)(sizeof(table) / sizeof *(table)))

static const char *const status_names[] = {
    [GRADUS_OK] = "fine",
    [-GRADUS_ERROR_SPEC] = "wrong spec",
    [-GRADUS_ERROR_RANGE] = "out of range",
    [-GRADUS_ERROR_USE] = "wrong use",
    [-GRADUS_ERROR_MEMORY] = "out of memory",
    [-GRADUS_ERROR_STATE] = "wrong state",
    [-GRADUS_ERROR_WRITE] = "cannot write",
    [-GRADUS_ERROR_UNSUPPORTED] = "not supported",
    [-GRADUS_ERROR_FILE] = "wrong file",
};

static const char *const code_names[] = {
    [GRADUS_CODE_NONE] = "none",
    [GRADUS_CODE_SYNTAX] = "syntax",
    [GRADUS_CODE_UNCLOSED] = "unclosed",
    [GRADUS_CODE_CHARACTER] = "character",
    [GRADUS_CODE_TOO_DEEP] = "too_deep",
    [GRADUS_CODE_TOO_LONG] = "too_long",
    [GRADUS_CODE_UNKNOWN_NAME] = "unknown_name",
    [GRADUS_CODE_WRONG_FAMILY] = "wrong_family",
    [GRADUS_CODE_RENAMED] = "renamed",
    [GRADUS_CODE_UNKNOWN_PARAMETER] = "unknown_parameter",
    [GRADUS_CODE_REPEATED] = "repeated",
    [GRADUS_CODE_MISSING] = "missing",
    [GRADUS_CODE_TOO_MANY] = "too_many",
    [GRADUS_CODE_UNEXPECTED_VALUE] = "unexpected_value",
    [GRADUS_CODE_WRONG_TYPE] = "wrong_type",
    [GRADUS_CODE_OUT_OF_RANGE] = "out_of_range",
    [GRADUS_CODE_UNKNOWN_UNIT] = "unknown_unit",
    [GRADUS_CODE_WRONG_UNIT] = "wrong_unit",
    [GRADUS_CODE_LENGTHS] = "lengths",
    [GRADUS_CODE_RANGE_ORDER] = "range_order",
    [GRADUS_CODE_REFERENCE] = "reference",
    [GRADUS_CODE_UNKNOWN_SETTING] = "unknown_setting",
    [GRADUS_CODE_UNKNOWN_OPTION] = "unknown_option",
    [GRADUS_CODE_YAML] = "yaml",
    [GRADUS_CODE_NO_FILE] = "no_file",
    [GRADUS_CODE_BAD_DATA] = "bad_data",
    [GRADUS_CODE_NO_DATA] = "no_data",
    [GRADUS_CODE_EXISTS] = "exists",
    [GRADUS_CODE_INPUT_OUTPUT] = "input_output",
    [GRADUS_CODE_MEMORY] = "memory",
    [GRADUS_CODE_DIVERGED] = "diverged",
    [GRADUS_CODE_REFUSED] = "refused",
};

const char *gradus_status_name(int32_t status)
{
    return status <= 0 && status > -COUNT(status_names) ? status_names[-status] : "unknown";
}

const char *gradus_code_name(int32_t code)
{
    return code >= 0 && code < COUNT(code_names) ? code_names[code] : "unknown";
}

/* A message that did not fit ends in "...", and never in half a code point. */
static void mark_cut(char *message, size_t size)
{
    size_t end = size - sizeof "...";
    while (end > 0 && ((unsigned char)message[end] & 0xC0) == 0x80) end--;
    memcpy(message + end, "...", sizeof "...");
}

gradus_status gradus_fail(gradus_error *error, gradus_status status, gradus_code code, const char *format, ...)
{
    if (!error) return status;
    if (error->status) return (gradus_status)error->status;
    *error = (gradus_error){.status = status, .code = code};
    va_list arguments;
    va_start(arguments, format);
    int needed = vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    if (needed >= (int)sizeof error->message) mark_cut(error->message, sizeof error->message);
    return status;
}
