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

/* timm's noise: a normal number of PyTorch's generator, seeded anew for every whole unit of the axis. */
typedef struct rate_drawn_noise {
    double from, to; /* where there is any */
    double share, deviation;
    uint32_t seed;
    double first;        /* the unit that the table begins with */
    int32_t count;       /* units that were worked out when the schedule was made */
    const double *table; /* what comes after it is worked out when asked for */
} rate_drawn_noise;

/* How other frameworks put a rise, a delay or noise into the schedule itself, and where its clock stands; ours are phases. */
typedef struct rate_lead {
    double ramp, from;             /* a rise from this share up to the curve */
    bool to_peak;                  /* up to 1 instead */
    double at_ramp;                /* where the curve stands when the ramp ends */
    double log_rise;               /* 1 / ln(updates of the ramp): a logarithmic rise; 0: a straight one */
    double ahead;                  /* of the clock, on the axis */
    double ramp_ahead;             /* of the ramp's clock alone, besides */
    double update;                 /* on the axis; 1 where it is not known */
    double least, peak;            /* what 0 and 1 of the curve become */
    const rate_drawn_noise *noise; /* NULL: none */
} rate_lead;

typedef struct rate_phase {
    const gradus_schedule_row *row;
    const gradus_call *call;
    double start, length;  /* on the axis; the length of the last may be infinite */
    double begin, curve;   /* of the curve within the phase: 0 and its length, but for a lead */
    const rate_lead *lead; /* NULL: none */
    bool endless;          /* the curve itself knows what comes after its length */
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

/* ---- conventions of other frameworks ---- */

typedef struct rate_lead_source { /* the item that they are read from */
    const gradus_item *item;
    const char *text; /* what it was bound from */
    const rate_axis *axis;
    double update; /* what one is worth on the axis; 0: not known */
    double reach;  /* how far into the phase the run goes; its length, or more if it is the last; infinite: not known */
} rate_lead_source;

/* A length among what all members share; 0: absent. */
gradus_status gradus_rate_lead_length(const rate_lead_source *source, const char *name, double *length,
                                      gradus_error *error);
/* What comes on top of a length that was given. */
gradus_status gradus_rate_lead_before(const rate_lead_source *source, double *before, gradus_error *error);
/* The phase's begin, curve and lead; its length is known. */
gradus_status gradus_rate_lead_fill(const rate_lead_source *source, gradus_arena *arena, rate_phase *phase,
                                    gradus_error *error);
/* The factor with the noise of the unit that `t` stands in. */
double gradus_rate_noisy(const rate_drawn_noise *noise, double t, double factor);

/* The normal number that torch.randn draws in double precision from a generator seeded with `seed`, times `deviation`, drawn
 * again until it is nearer to 0 than `bound`. */
double gradus_rate_torch_normal(uint32_t seed, double deviation, double bound);
/* Those of `count` seeds, one after the other; a quarter of the time of as many calls. */
void gradus_rate_torch_normals(uint32_t seed, int32_t count, double deviation, double bound, double *numbers);

#endif
