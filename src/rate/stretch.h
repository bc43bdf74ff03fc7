/* stretch.h - a run in consecutive windows, each told by one number that the next has to better: average_loss, max_improvement. */
#ifndef GRADUS_RATE_STRETCH_H
#define GRADUS_RATE_STRETCH_H
#include "better.h"
#include <stddef.h>

typedef struct rate_stretch {
    double from;           /* update at which the window at hand began */
    double sum;            /* of its looks, or the best of them */
    double before;         /* what it has to better */
    int64_t looks, judged; /* in the window; whether there is anything to better */
    int64_t bad, cooling;  /* windows in a row that were no better; left of a cool-down */
    rate_held held;
} rate_stretch;

/* Its fields, for a state that it is the whole of. */
extern const gradus_field gradus_rate_stretch_fields[];

/* Its arguments: window, metric, ... */
extern const gradus_argument gradus_rate_stretch_arguments[];

typedef enum rate_telling { RATE_MEAN, RATE_BEST } rate_telling; /* what stands for a window */

void gradus_rate_stretch_observe(const gradus_call *call, rate_stretch *state, rate_telling telling, const char *metric,
                                 double value, const gradus_clock *now, gradus_verdict *verdict);

#endif
