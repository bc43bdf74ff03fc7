/* trend.h - straight lines through series of numbers, and what chance makes of their slopes. */
#ifndef GRADUS_RATE_TREND_H
#define GRADUS_RATE_TREND_H
#include <stdint.h>

typedef struct rate_line {
    double slope, error; /* a step; its standard error, from what is left over */
} rate_line;

/* Least squares through values at 0, 1, 2, ..., at least three of them, leaving one out; `without` -1: none. */
rate_line gradus_rate_fit_line(const double *values, int64_t count, int64_t without);

/* The one that lies highest above the line through all, or lowest below it with sign -1. */
int64_t gradus_rate_farthest(const double *values, int64_t count, double sign);

/* z such that a standard normal is above it with this probability, which is in (0, 1). */
double gradus_rate_normal_above(double probability);

/* How many standard errors, as estimated with so many degrees of freedom, a slope seems to have at most with this probability, when it
 * has `true_slope` of them. */
double gradus_rate_slope_below(double probability, double true_slope, double freedom);

#endif
