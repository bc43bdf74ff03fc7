/* Any bytes as a table: opened whole, remembered, recalled, read again as a prediction would. The first byte chooses options. */
#define _GNU_SOURCE /* memfd_create */
#include "gradus/data.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const gradus_family *const families[] = {&gradus_data_family, NULL};
static const gradus_language language = {.families = families};

typedef struct memory {
    unsigned char *bytes;
    size_t size;
} memory;

static int append(void *user, const void *bytes, size_t size)
{
    memory *saved = user;
    for (size_t i = 0; i < size; i++) saved->bytes[saved->size++] = ((const unsigned char *)bytes)[i];
    return 0;
}

static void predict(const gradus_data *data, const char *path)
{
    memory saved = {.bytes = malloc(gradus_data_save(data, NULL, NULL, NULL))};
    if (!saved.bytes) abort();
    gradus_data_save(data, append, &saved, NULL);
    gradus_data *recalled = gradus_data_recall(saved.bytes, saved.size, NULL);
    if (!recalled) abort();
    gradus_data_close(gradus_data_open_inputs(recalled, path, NULL));
    gradus_data_close(recalled);
    free(saved.bytes);
}

static void train(const gradus_data *data)
{
    gradus_batch batch;
    gradus_loader *loader = gradus_loader_create(data, &(gradus_loader_config){.batch = 4, .shuffle = true}, NULL);
    if (!loader) abort();
    double sum = 0;
    while (gradus_loader_next(loader, &batch))
        for (int32_t i = 0; i < batch.count; i++)
            sum += (double)batch.inputs[i * gradus_data_about(data)->shape[0]] + (batch.classes ? batch.classes[i] : 0);
    volatile double used = sum;
    (void)used;
    gradus_loader_destroy(loader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const texts[] = {"csv(\"%s\")",
                                        "csv(\"%s\", header=false, test=none)",
                                        "csv(\"%s\", header=true, target=2, drop=1, scale=minmax)",
                                        "csv(\"%s\", task=classification, separator=\";\", categories=2)",
                                        "csv(\"%s\", target=[1, 2], missing=[x], limit=5)",
                                        "csv(\"%s\", encode=piecewise, bins=3)"};
    if (size == 0 || size > 1 << 16) return 0;
    char path[64], text[160];
    int file = memfd_create("table", 0);
    if (file < 0 || write(file, data + 1, size - 1) != (ssize_t)size - 1) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    snprintf(text, sizeof text, texts[data[0] % 6], path);
    gradus_error error = {0};
    gradus_spec *spec =
        gradus_spec_create(text, &(gradus_spec_config){.family = "data", .language = &language}, &error);
    if (!spec) abort();
    gradus_data_config config = {.data = spec, .text = text, .validation = data[0] & 8 ? "none" : NULL, .seed = 1};
    gradus_data *opened = gradus_data_open(&config, &error);
    if (!opened && (!error.status || !error.message[0])) abort();
    if (opened) {
        train(opened);
        predict(opened, path);
    }
    gradus_data_close(opened);
    gradus_spec_destroy(spec);
    close(file);
    return 0;
}
