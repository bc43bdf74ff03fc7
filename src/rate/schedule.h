/* schedule.h - what a compiled schedule is. Shared by the compiler and by what evaluates it. */
#ifndef GRADUS_RATE_SCHEDULE_H
#define GRADUS_RATE_SCHEDULE_H
#include "rate.h"

enum {
    RATE_PAST_HOLD,
    RATE_PAST_REPEAT,
    RATE_PAST_MIRROR,
    RATE_PAST_PEAK,
    RATE_PAST_ERROR
}; /* as the words of `past` */

typedef struct rate_phase {
    const gradus_schedule_row *row;
    const gradus_call *call;
    double start, length; /* on the axis; the length of the last may be infinite */
    double floor;
    int32_t past;
} rate_phase;

struct gradus_schedule {
    gradus_arena arena; /* what it lives in; fixed: the caller's memory */
    const char *text;   /* canonical spec */
    const rate_phase *phases;
    int32_t count, axis;
    double length;
};

double gradus_rate_phase_end(const rate_phase *phase); /* the value that a phase reaches */

#endif
