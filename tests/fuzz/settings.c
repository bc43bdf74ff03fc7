/* Run files and arguments, whatever they hold: refused with a place inside the text, or read, printed, and read again to the same.
 * The input is a run file; what follows its first zero byte are arguments, each ended by another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gradus/train.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARGUMENTS = 16 };

static char *print(const gradus_settings *settings)
{
    size_t size = gradus_settings_print(settings, GRADUS_PRINT_FULL, NULL, 0) + 1;
    char *text = malloc(size);
    if (!text || gradus_settings_print(settings, GRADUS_PRINT_FULL, text, size) + 1 != size) abort();
    return text;
}

/* What was printed reads back to settings that print the same. */
static void check_round_trip(const gradus_settings *settings)
{
    gradus_report report;
    gradus_settings_config config = {.open = true};
    char *first = print(settings);
    gradus_settings *again = gradus_settings_read("again.yaml", first, strlen(first), &config, &report);
    if (!again) {
        fprintf(stderr, "%s: %s\n%s", report.where, report.error.message, first);
        abort();
    }
    char *second = print(again);
    if (strcmp(first, second) != 0) {
        fprintf(stderr, "printed:\n%sand then:\n%s", first, second);
        abort();
    }
    free(first);
    free(second);
    gradus_settings_destroy(again);
}

static void check_report(const gradus_report *report)
{
    if (!report->error.message[0] || memchr(report->line, '\n', strlen(report->line))) abort();
    if (report->line[0] && (report->caret < 0 || report->carets < 1)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    const char *arguments[ARGUMENTS + 1] = {NULL};
    if (!text) return 0;
    if (size) memcpy(text, data, size);
    text[size] = 0;
    size_t file = strlen(text);
    int count = 0;
    for (size_t at = file + 1; at < size && count < ARGUMENTS; at += strlen(text + at) + 1)
        arguments[count++] = text + at;
    gradus_report report;
    gradus_settings_config config = {.arguments = arguments, .open = true};
    gradus_settings *settings = gradus_settings_read("run.yaml", text, file, &config, &report);
    if (settings)
        check_round_trip(settings);
    else
        check_report(&report);
    gradus_settings_destroy(settings);
    free(text);
    return 0;
}
