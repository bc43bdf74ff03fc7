/* Any bytes as the file of a table: the first line is the schedule that reads it, all after it the file. What is made of it is finite. */
#include "gradus/gradus.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct bytes {
    const char *text;
    size_t length;
} bytes;

static const char *hand_over(void *user, const char *path, void (*take)(void *into, const char *text, size_t length),
                             void *into)
{
    const bytes *file = user;
    (void)path;
    take(into, file->text, file->length);
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size && size < 1 << 16 ? memchr(data, '\n', size) : NULL;
    if (!end) return 0;
    size_t length = (size_t)(end - data), rest = size - length - 1;
    char *spec = calloc(length + 1, 1), *text = malloc(rest + !rest); /* of its own: a byte too far is seen */
    if (!spec || !text) abort();
    memcpy(spec, data, length);
    memcpy(text, end + 1, rest);
    bytes file = {text, rest};
    gradus_error error = {0};
    gradus_context *context = gradus_context_create(&(gradus_context_config){.read = hand_over, .user = &file}, NULL);
    gradus_schedule *schedule =
        gradus_schedule_create(spec, &(gradus_units){.total = 100, .base = 0.1}, context, &error);
    if (!schedule && (!error.status || !error.message[0])) abort();
    for (double t = 0; schedule && t < 120; t += 0.25)
        if (!isfinite(gradus_schedule_at(schedule, t)) || gradus_schedule_at(schedule, t) < 0) abort();
    gradus_schedule_destroy(schedule);
    gradus_context_destroy(context);
    free(spec);
    free(text);
    return 0;
}
