/* Any bytes as LIBSVM's rows: opened, and read again as a prediction would. The first byte chooses options. */
#define _GNU_SOURCE /* memfd_create */
#include "gradus/data.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const gradus_family *const families[] = {&gradus_data_family, NULL};
static const gradus_language language = {.families = families};

static int put(const uint8_t *bytes, size_t size, char path[64])
{
    int file = memfd_create("libsvm", 0);
    if (file < 0 || write(file, bytes, size) != (ssize_t)size) abort();
    snprintf(path, 64, "/proc/self/fd/%d", file);
    return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const texts[] = {"libsvm(\"%s\")", "libsvm(\"%s\", first=0, task=regression, scale=standard)",
                                        "libsvm(\"%s\", features=5, scale=minmax, test=none)"};
    if (size < 1 || size > 1 << 12) return 0;
    for (size_t i = 0, digits = 0; i < size; i++) { /* rows as long as a large index says would take too long */
        digits = data[i] >= '0' && data[i] <= '9' ? digits + 1 : 0;
        if (digits > 4) return 0;
    }
    char path[64], text[200];
    const int file = put(data + 1, size - 1, path);
    snprintf(text, sizeof text, texts[*data % 3], path);
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
