/* How a run went, update by update, in two numbers: how restless its loss was, and how often its rate turned round. */
#ifndef GRADUS_TRAIN_COURSE_H
#define GRADUS_TRAIN_COURSE_H
#include "gradus/base.h"

typedef struct gradus_course {
    double loss, change; /* of the update before; sum of relative changes */
    double level;        /* rate over the schedule's factor: what feedback and base make of it */
    int64_t changes, reversals;
    int64_t direction; /* that the level took last: 1, -1; 0: none yet */
    int64_t begun;     /* 1: there was an update before whose loss this one follows; 2: and a level */
} gradus_course;

/* An update was applied. `limited`: the rate stands at its lower or upper limit, and the level cannot be told. */
void gradus_course_note(gradus_course *course, double loss, double rate, double schedule, bool limited);
void gradus_course_break(gradus_course *course); /* the next loss does not follow the last one: the run went back */
/* Mean of 2 |a - b| / (|a| + |b|) over the losses of updates that follow each other: from 0, never changed, to 2. NaN: there are none. */
double gradus_course_volatility(const gradus_course *course);

void gradus_course_save(const gradus_course *course, gradus_state_writer *writer);
void gradus_course_load(gradus_course *course, gradus_state_reader *reader); /* a state without it: from here on */

#endif
