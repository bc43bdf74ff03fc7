/* Any bytes as two arrays of NumPy, inputs and targets: the first two say where the one file ends and the other begins. */
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
    int file = memfd_create("npy", 0);
    if (file < 0 || write(file, bytes, size) != (ssize_t)size) abort();
    snprintf(path, 64, "/proc/self/fd/%d", file);
    return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 1 << 16) return 0;
    size_t cut = (size_t)data[0] << 8 | data[1];
    data += 2, size -= 2;
    if (cut > size) cut = size;
    char images[64], labels[64], text[200];
    int first = put(data, cut, images), second = put(data + cut, size - cut, labels);
    snprintf(text, sizeof text, "npy(\"%s\", targets=\"%s\", scale=standard)", images, labels);
    gradus_error error = {0};
    gradus_spec *spec =
        gradus_spec_create(text, &(gradus_spec_config){.family = "data", .language = &language}, &error);
    if (!spec) abort();
    gradus_data *opened =
        gradus_data_open(&(gradus_data_config){.data = spec, .text = text, .validation = "none"}, &error);
    if (!opened && (!error.status || !error.message[0])) abort();
    if (opened) {
        gradus_batch batch;
        gradus_loader *loader = gradus_loader_create(opened, &(gradus_loader_config){.batch = 3}, NULL);
        if (!loader) abort();
        while (gradus_loader_next(loader, &batch)) continue;
        gradus_loader_destroy(loader);
        gradus_data_close(gradus_data_open_inputs(opened, images, NULL));
    }
    gradus_data_close(opened);
    gradus_spec_destroy(spec);
    close(first);
    close(second);
    return 0;
}
