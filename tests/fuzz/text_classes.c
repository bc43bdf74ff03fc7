/* Any bytes as texts and classes, and as a text whose words come next: opened, and read again as a prediction would. */
#define _GNU_SOURCE /* memfd_create */
#include "gradus/data.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const gradus_family *const families[] = {&gradus_data_family, NULL};
static const gradus_language language = {.families = families};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const texts[] = {"text_classes(\"%s\", length=5)",
                                        "text_classes(\"%s\", unit=characters, target=last, length=7, test=none)",
                                        "text_classes(\"%s\", vocabulary=3, least=1, target=first, length=2)",
                                        "text(\"%s\", unit=words, context=2, vocabulary=4, test=10%%)"};
    if (size < 1 || size > 1 << 14) return 0;
    char path[64], text[200];
    const int file = memfd_create("texts", 0);
    if (file < 0 || write(file, data + 1, size - 1) != (ssize_t)size - 1) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    snprintf(text, sizeof text, texts[*data % 4], path);
    gradus_error error = {0};
    gradus_spec *spec =
        gradus_spec_create(text, &(gradus_spec_config){.family = "data", .language = &language}, &error);
    if (!spec) abort();
    gradus_data *opened =
        gradus_data_open(&(gradus_data_config){.data = spec, .text = text, .validation = "none"}, &error);
    if (!opened && (!error.status || !error.message[0])) abort();
    if (opened) gradus_data_close(gradus_data_open_inputs(opened, path, NULL));
    gradus_data_close(opened);
    gradus_spec_destroy(spec);
    close(file);
    return 0;
}
