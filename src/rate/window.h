/* window.h - the last so many numbers, in order of arrival and sorted, so that medians cost one look and arrivals one shift. */
#ifndef GRADUS_RATE_WINDOW_H
#define GRADUS_RATE_WINDOW_H
#include <stdbool.h>
#include <stdint.h>

typedef struct rate_window {         /* all of it lies in the state of the feedback that keeps it */
    double *ring, *sorted;           /* `capacity` numbers each */
    int64_t capacity, *count, *next; /* how many there are; where in the ring the next one goes */
} rate_window;

void gradus_rate_window_push(rate_window *window, double number); /* finite; the oldest leaves when it is full */
double gradus_rate_window_median(const rate_window *window);      /* of at least one number */
double gradus_rate_window_highest(const rate_window *window);
/* 1.4826 times the median distance from the median: the standard deviation, where they are normal. */
double gradus_rate_window_deviation(const rate_window *window);
/* Whether that is below `limit`; much quicker. */
bool gradus_rate_window_deviates_less(const rate_window *window, double limit);

#endif
