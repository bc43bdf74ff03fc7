/* What each example costs on its way from a data set into a batch: alone, under each augmentation, under the usual pipelines; and what
 * decoding costs where pictures come as PNG. Microseconds of one core an example, the fastest of several passes, beside how many a second
 * that is. A loader works on a thread of its own, so it holds training up only where that takes longer than the net does with them.
 *
 *     augment [DATA = glyphs]      such as "cifar10", or "folder(photos)" */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "gradus/data.h"

enum { BATCH = 128, BATCHES = 40, PASSES = 5 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time); /* others may share the machine */
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec * 1e-3;
}

static void stop(const char *message)
{
    fprintf(stderr, "augment: %s\n", message);
    exit(1);
}

static gradus_spec *bind(const char *family, const char *text, gradus_error *error)
{
    static const gradus_family *const families[] = {&gradus_data_family, &gradus_augment_family, NULL};
    static const gradus_language language = {.families = families};
    return gradus_spec_create(text, &(gradus_spec_config){.family = family, .language = &language}, error);
}

/* Microseconds an example; NaN: it does not go with these data. */
static double cost_of(const gradus_data *data, const char *augment)
{
    gradus_error error = {0};
    gradus_spec *spec = bind("augment", augment, &error);
    gradus_loader *loader = gradus_loader_create(
        data, &(gradus_loader_config){.part = GRADUS_TRAINING, .batch = BATCH, .shuffle = true, .augment = spec},
        &error);
    double best = error.status ? NAN : INFINITY;
    gradus_batch batch;
    for (int pass = 0; pass < PASSES && !error.status; pass++) {
        const double start = now();
        int64_t examples = 0;
        for (int i = 0; i < BATCHES; i++)
            if (gradus_loader_next(loader, &batch)) examples += batch.count;
        best = fmin(best, (now() - start) / (double)examples);
    }
    gradus_loader_destroy(loader);
    gradus_spec_destroy(spec);
    return best;
}

int main(int count, char **words)
{
    static const char *const lines[] = {
        "none",
        "pad(4) > crop(28)",
        "pad(4) > crop(32)",
        "flip",
        "rotate(15)",
        "affine",
        "jitter(brightness=0.2, contrast=0.2, saturation=0.2)",
        "cutout(8)",
        "noise(0.1)",
        "mixup(0.2)",
        "cutmix",
        "pad(4) > crop(32) > flip",
        "pad(4) > crop(32) > flip > jitter(brightness=0.2, contrast=0.2, saturation=0.2) > cutout(8) > mixup(0.2)"};
    const char *text = count > 1 ? words[1] : "glyphs";
    gradus_error error = {0};
    gradus_spec *spec = bind("data", text, &error);
    if (error.status) stop(error.message);
    const double start = now();
    gradus_data *data = gradus_data_open(&(gradus_data_config){.data = spec, .text = text}, &error);
    if (!data) stop(error.message);
    const gradus_data_info *about = gradus_data_about(data);
    double all = 0;
    for (int part = 0; part < 3; part++) all += (double)about->count[part];
    printf("%s\n%-64s%9s%12s\n", about->title, "", "us each", "a second");
    const double opened = (now() - start) / all;
    printf("%-64s%9.2f%12.0f\n", "opened, read or drawn whole", opened, 1e6 / opened);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const double cost = cost_of(data, lines[i]);
        if (!isnan(cost)) printf("%-64s%9.2f%12.0f\n", lines[i], cost, 1e6 / cost);
    }
    gradus_data_close(data);
    gradus_spec_destroy(spec);
    return 0;
}
