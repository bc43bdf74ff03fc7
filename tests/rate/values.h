/* values.h - what the tests of schedules share: one made or the reason why not, a value worked out by hand, a mistake and its place. */
#ifndef GRADUS_TESTS_RATE_VALUES_H
#define GRADUS_TESTS_RATE_VALUES_H
#include "check.h"
#include "gradus/base.h"
#include "gradus/spec.h"

static const gradus_units hundred = {.total = 100};

static inline gradus_schedule *make(const char *spec, const gradus_units *units)
{
    gradus_error error = {0};
    gradus_schedule *schedule = gradus_schedule_create(spec, units, NULL, &error);
    if (!schedule) fail_msg("%s: %s", spec, error.message);
    return schedule;
}

static inline double value(const char *spec, const gradus_units *units, double position)
{
    gradus_schedule *schedule = make(spec, units);
    double factor = gradus_schedule_at(schedule, position);
    gradus_schedule_destroy(schedule);
    return factor;
}

static inline void check_value(const char *spec, const gradus_units *units, double position, double expected)
{
    double factor = value(spec, units, position);
    if (!check_is_close(factor, expected, 1e-12, 1e-15))
        fail_msg("%s at %g is %.17g, expected %.17g", spec, position, factor, expected);
}

static inline void check_error(const char *spec, const gradus_units *units, gradus_code code, int column,
                               const char *part)
{
    gradus_error error = {0};
    gradus_schedule *schedule = gradus_schedule_create(spec, units, NULL, &error);
    if (schedule) fail_msg("%s was accepted", spec);
    if (error.code != (int32_t)code || error.column != column || !strstr(error.message, part))
        fail_msg("%s: column %d, %s: %s", spec, error.column, gradus_code_name(error.code), error.message);
}

#endif
