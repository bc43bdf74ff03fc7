/* What ends a run early: a chain of members, each watching a measure. A member's row is a feedback's, whose only answer is to stop. */
#ifndef GRADUS_TRAIN_STOP_H
#define GRADUS_TRAIN_STOP_H
#include "gradus/base.h"
#include "gradus/spec.h"

extern const gradus_feedback_row gradus_stop_patience, gradus_stop_reach, gradus_stop_time, gradus_stop_gradient_norm;

typedef struct gradus_stops gradus_stops;

typedef struct gradus_stop_reason { /* which member ended the run, and what it saw */
    const char *by;                 /* "patience" */
    char id[16];                    /* "stop.0" */
    gradus_verdict verdict;
    char rule[240], text[240]; /* the test, and one sentence with the numbers */
} gradus_stop_reason;

/* `text` is the setting as written, for errors; spec NULL: nothing stops the run early. The spec must outlive what is made of it. */
gradus_stops *gradus_stops_create(const gradus_spec *spec, const char *text, gradus_error *error);
void gradus_stops_destroy(gradus_stops *stops);
const char *gradus_stops_listen(const gradus_stops *stops, int32_t index); /* names of measures; NULL: no more */
/* True: the run is to end, and *reason says why. */
bool gradus_stops_observe(gradus_stops *stops, const char *metric, double value, const gradus_clock *now,
                          gradus_stop_reason *reason);

/* States are entries "stop.0.best"; what was saved by another member is not taken over. */
void gradus_stops_save(const gradus_stops *stops, gradus_state_writer *writer);
void gradus_stops_load(gradus_stops *stops, gradus_state_reader *reader);

#endif
