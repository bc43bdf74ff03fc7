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

/* How other frameworks put a rise or a delay into the schedule itself, and where its clock stands; ours are phases. */
typedef struct rate_lead {
    double ramp, from; /* a straight line from this share up to the curve */
    bool to_peak;      /* up to 1 instead */
    double at_ramp;    /* where the curve stands when the ramp ends */
    double ahead;      /* of the clock, on the axis */
} rate_lead;

typedef struct rate_phase {
    const gradus_schedule_row *row;
    const gradus_call *call;
    double start, length;  /* on the axis; the length of the last may be infinite */
    double begin, curve;   /* of the curve within the phase: 0 and its length, but for a lead */
    const rate_lead *lead; /* NULL: none */
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
