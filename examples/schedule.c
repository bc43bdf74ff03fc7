/* A schedule in ten lines: the rate of each update, from a text, in a loop that is your own. */
#include "gradus/gradus.h"
#include <stdio.h>

int main(void)
{
    const int updates = 20;
    gradus_error error = {0};
    gradus_schedule *schedule =
        gradus_schedule_create("warmup(20%) > cosine(to=1%)", &(gradus_units){.total = updates}, NULL, &error);
    if (!schedule) return fprintf(stderr, "column %d: %s\n", (int)error.column, error.message), 1;
    for (int update = 0; update < updates; update++)
        printf("update %2d  rate %.5f\n", update, 0.1 * gradus_schedule_at(schedule, update));
    gradus_schedule_destroy(schedule);
    return 0;
}
