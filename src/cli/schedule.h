/* What schedules do over a run: their rates, their phases, their picture. For `gradus schedule`, and wherever else one is shown. */
#ifndef GRADUS_CLI_SCHEDULE_H
#define GRADUS_CLI_SCHEDULE_H
#include "cli.h"
#include "gradus/report.h"

typedef struct schedule_run { /* the run over which schedules are shown */
    gradus_units units;
    int32_t unit;  /* enum gradus_unit of positions in it: updates, or where nobody knows how many those are, another */
    double length; /* in that unit; a whole number of updates */
    int32_t shown_in;         /* enum gradus_length_unit: what axes and tables count in */
    double base, least, most; /* rate = base times factor, not below, not above */
    bool is_share;            /* the base is not known: what is shown is a share of it */
} schedule_run;

typedef struct schedule_shown {
    char *name; /* canonical spec */
    const gradus_chain *chain;
    gradus_context *context; /* of the schedule: it may read files */
    gradus_schedule *schedule;
    double *x, *y; /* a curve, x in what is shown */
    int64_t count;
} schedule_shown;

typedef struct schedule_row { /* a phase, as far as the run reaches */
    char name[64];
    bool acts;       /* false: no update is in it */
    double from, to; /* in run->shown_in: first and last update, else where it begins and ends */
    double rate_from, rate_to;
    char past[96]; /* what comes after the last one: "0.001 from 1000 on"; "": the run is over, or it stays so */
} schedule_row;

double schedule_show(const schedule_run *run, double at); /* a position in run->shown_in */
const char *schedule_unit_name(int32_t shown_in);         /* "updates", "per cent" */

/* The rate at a position in run->unit. NaN: the schedule counts in what cannot be converted to that. */
double schedule_rate(const schedule_run *run, const schedule_shown *shown, double at);
/* The index-th phase; false: no more. */
bool schedule_phase(const schedule_run *run, const schedule_shown *shown, int32_t index, schedule_row *row);

/* Compiles a bound spec (NULL: none), which must outlive what is shown, and fills in its curve. Its files are relative to `folder`.
 * False and *error as gradus_schedule_compile has it. */
bool schedule_open(schedule_shown *shown, const gradus_spec *spec, const char *text, const char *folder,
                   const schedule_run *run, gradus_error *error);
void schedule_clear(schedule_shown *shown);

/* A plot of the curves, which it points to; `curves` holds one for each. */
gradus_plot schedule_plot(const schedule_run *run, const schedule_shown *shown, int32_t count, gradus_curve *curves);
/* The table of phases, a line each. */
void schedule_print_phases(const cli_call *call, const schedule_run *run, const schedule_shown *shown, int32_t count);

#endif
