/* Errors and notices, printed here and nowhere else: one line `gradus: WHERE: what; what to do`, then the source line and carets.
 * The exit status follows from the error's code, so that no verb decides it for itself. */
#include <stdarg.h>
#include <string.h>
#include "cli.h"

static cli_exit status_of(int32_t code)
{
    switch (code) {
    case GRADUS_CODE_BAD_DATA:
    case GRADUS_CODE_NO_DATA:
    case GRADUS_CODE_INPUT_OUTPUT:
    case GRADUS_CODE_MEMORY:
    case GRADUS_CODE_DIVERGED: return CLI_FAILED;
    default: return CLI_MISUSE;
    }
}

static void print_json(const gradus_report *report)
{
    gradus_json json = {.write = cli_write, .user = stderr};
    gradus_json_open(&json, NULL, '{');
    gradus_json_open(&json, "error", '{');
    gradus_json_text(&json, "code", gradus_code_name(report->error.code));
    gradus_json_text(&json, "message", report->error.message);
    gradus_json_open(&json, "where", '{');
    gradus_json_text(&json, "source", *report->source ? report->source : NULL);
    if (report->argument) gradus_json_number(&json, "argument", report->argument);
    if (report->error.line) {
        gradus_json_number(&json, "line", report->error.line);
        gradus_json_number(&json, "column", report->error.column);
        gradus_json_number(&json, "length", report->carets);
    }
    gradus_json_text(&json, "key", *report->key ? report->key : NULL);
    gradus_json_close(&json, '}');
    gradus_json_text(&json, "near", *report->error.near ? report->error.near : NULL);
    gradus_json_close(&json, '}');
    gradus_json_close(&json, '}');
    fputc('\n', stderr);
}

/* The line with four spaces before it, and carets below the characters that are meant, however wide they are. */
static void print_line(const gradus_report *report, bool color)
{
    const char *at = report->line;
    size_t before = 0, under = 0;
    for (int32_t points = 0; at[before] && points < report->caret; points++) do
            before++;
        while (((unsigned char)at[before] & 0xc0) == 0x80);
    for (int32_t points = 0; at[before + under] && points < report->carets; points++) do
            under++;
        while (((unsigned char)at[before + under] & 0xc0) == 0x80);
    fprintf(stderr, "    %s\n    ", at);
    int32_t columns = cli_columns(at, before), carets = cli_columns(at + before, under);
    for (size_t i = 0; i < before; i++)
        if (at[i] == '\t') fputc('\t', stderr);
    for (int32_t i = 0; i < columns; i++) fputc(' ', stderr);
    if (color) fputs("\033[1;31m", stderr);
    for (int32_t i = 0; i < carets || i == 0; i++) fputc('^', stderr);
    fputs(color ? "\033[0m\n" : "\n", stderr);
}

cli_exit cli_report(const cli_call *call, const gradus_report *report)
{
    bool color = call->terminal.error_color;
    fflush(stdout);
    if (call->json) {
        print_json(report);
        return status_of(report->error.code);
    }
    fputs(color ? "\033[1mgradus:\033[0m " : "gradus: ", stderr);
    if (*report->where) fprintf(stderr, "%s: ", report->where);
    if (*report->key && !report->argument) fprintf(stderr, "%s: ", report->key);
    fprintf(stderr, "%s\n", report->error.message);
    if (*report->line) print_line(report, color);
    return status_of(report->error.code);
}

cli_exit cli_error(const cli_call *call, const char *where, const gradus_error *error)
{
    gradus_report report = {.error = *error};
    report.error.line = report.error.column = 0; /* of a text that is not at hand */
    snprintf(report.where, sizeof report.where, "%s", where ? where : "");
    return cli_report(call, &report);
}

cli_exit cli_fail(const cli_call *call, gradus_code code, const char *where, const char *format, ...)
{
    gradus_error error = {0};
    char message[1024]; /* gradus_fail shortens it well */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    gradus_fail(&error, GRADUS_ERROR_USE, code, "%s", message);
    return cli_error(call, where, &error);
}

cli_exit cli_unknown(const cli_call *call, gradus_code code, const char *where, const char *near, const char *otherwise,
                     const char *format, ...)
{
    gradus_error error = {0};
    char what[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (near)
        gradus_fail(&error, GRADUS_ERROR_USE, code, "%s; did you mean '%s'?", what, near);
    else
        gradus_fail(&error, GRADUS_ERROR_USE, code, "%s; %s", what, otherwise);
    snprintf(error.near, sizeof error.near, "%s", near ? near : "");
    return cli_error(call, where, &error);
}

void cli_note(const cli_call *call, const char *format, ...)
{
    if (call->quiet) return;
    va_list arguments;
    va_start(arguments, format);
    fputs("gradus: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}
