/* A training under way: what the loop knows between two updates and nobody else needs. */
#ifndef GRADUS_TRAIN_LOOP_H
#define GRADUS_TRAIN_LOOP_H
#include <time.h>
#include "run.h"

typedef struct gradus_loop {
    gradus_run *run;
    const gradus_listener *listener;
    gradus_batch batch;
    gradus_score scores[GRADUS_TARGETS]; /* of the batch, of each head */
    double loss, norm;                   /* of the batch; norm 0: not measured */
    double half_norm;                    /* half_gradient_norm; NaN: not measured */
    float *half_gradient;     /* of the first half of a batch, one tensor after another; NULL: none was cut yet */
    gradus_buffer statistics; /* of the net, while trial points are evaluated */
    gradus_decision decision; /* the last one */
    bool norms;               /* somebody listens to the gradient's norm in every update ... */
    bool halves;              /* ... or to that of its halves */

    gradus_stop_reason why; /* which rule has ended the run in this session; by NULL: none */
    bool why_told;          /* it stands in decisions.jsonl */

    double now, started, applied_at, told, looked, saved_at,
        save_seconds;                         /* seconds of the monotonic clock, but for the last */
    double training_seconds, samples, waited; /* since the last row */
    int64_t first_update;                     /* of this session */
    bool timed;                               /* what the policy takes is measured in this update ... */
    double policy_began, clock_costs;         /* ... in seconds, less what looking at the clock takes */
    double least, most;                       /* limits of the rate; NaN: none */
} gradus_loop;

gradus_status gradus_loop_run(gradus_loop *loop, gradus_error *error); /* until something ends it */
/* halves.c: forward and backward with the batch (of two examples at least) in two halves; fills in score, loss and half_norm. */
gradus_status gradus_loop_halves(gradus_loop *loop, int64_t masks, gradus_error *error);
gradus_status gradus_loop_save(gradus_loop *loop, gradus_error *error); /* a state and a summary */
/* asked.c: does what the run is asked to; `row`: an epoch has just ended. */
gradus_status gradus_loop_asked(gradus_loop *loop, bool row, gradus_error *error);
void gradus_asked_forget(const gradus_run *run);  /* a wish to stop was one of an earlier session */
double gradus_loop_clock(void);                   /* monotonic, in seconds */
double gradus_loop_left(const gradus_loop *loop); /* seconds to the planned end; NaN: not known */

/* train.c: the rule that has ended the run into decisions.jsonl, if there is one and it does not stand there. */
gradus_status gradus_loop_tell_why(gradus_loop *loop, gradus_error *error);
/* What is told at the end, with the reason for it. */
void gradus_loop_end(const gradus_loop *loop, gradus_run_status status, gradus_run_end *end);

#endif
