/* A program outside the project: it knows the installed copy alone. */
#include <gradus/gradus.h>

int main(void)
{
    gradus_units units = {.total = 100};
    gradus_schedule *schedule = gradus_schedule_create("warmup(10) > hold", &units, NULL, NULL);
    double first = gradus_schedule_at(schedule, 0), last = gradus_schedule_at(schedule, 99);
    gradus_schedule_destroy(schedule);
    return gradus_version() == GRADUS_VERSION && gradus_abi() == GRADUS_ABI && first == 0.1 && last == 1 ? 0 : 1;
}
