/* Any bytes as a sound: a file of its own class beside one that is whole, and then alone, as a prediction reads it. */
#include "gradus/data.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const gradus_family *const families[] = {&gradus_data_family, NULL};
static const gradus_language language = {.families = families};
static char folder[40], good[64], any[64];

static void put(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) abort();
}

static void clean(void)
{
    unlink(good);
    unlink(any);
    rmdir(folder);
}

static void prepare(void)
{
    static const uint8_t whole[] =
        "RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0data\x08\0\0\0abcdefgh";
    strcpy(folder, "/tmp/gradus-wav-XXXXXX");
    if (!mkdtemp(folder)) abort();
    snprintf(good, sizeof good, "%s/a_1.wav", folder);
    snprintf(any, sizeof any, "%s/b_1.wav", folder);
    put(good, whole, sizeof whole - 1);
    atexit(clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[120];
    if (size > 1 << 16) return 0;
    if (!*folder) prepare();
    put(any, data, size);
    snprintf(text, sizeof text, "wav(\"%s\", seconds=0.05, bands=3, test=none)", folder);
    gradus_error error = {0};
    gradus_spec *spec =
        gradus_spec_create(text, &(gradus_spec_config){.family = "data", .language = &language}, &error);
    if (!spec) abort();
    gradus_data *opened =
        gradus_data_open(&(gradus_data_config){.data = spec, .text = text, .validation = "none"}, &error);
    if (!opened && (!error.status || !error.message[0])) abort();
    if (opened) gradus_data_close(gradus_data_open_inputs(opened, any, NULL));
    gradus_data_close(opened);
    gradus_spec_destroy(spec);
    return 0;
}
