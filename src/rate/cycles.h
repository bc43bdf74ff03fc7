/* cycles.h - rounds that grow or shrink by a constant: which one a time falls into, without walking through those before it. */
#ifndef GRADUS_RATE_CYCLES_H
#define GRADUS_RATE_CYCLES_H
#include "rate.h"

typedef struct rate_cycle {
    double index;         /* from 0; infinite after the end of a series that shrinks to nothing */
    double start, length; /* on the axis */
} rate_cycle;

/* Where cycle n starts: first + first m + ... + first m^(n-1). */
static inline double rate_cycle_start(double first, double multiply, double n)
{
    return multiply == 1 ? first * n : first * (pow(multiply, n) - 1) / (multiply - 1);
}

/* The logarithm may be off by one at a boundary; the starts themselves decide. They are sums, and round further than a position. */
static inline rate_cycle rate_cycle_at(double t, double first, double multiply)
{
    const double reached = 1 - 1e-12;
    double n = floor(t / first);
    if (multiply != 1) {
        double grown = 1 + t * (multiply - 1) / first;
        if (!(grown > 0)) return (rate_cycle){.index = INFINITY, .start = t};
        n = fmax(floor(log(grown) / log(multiply)), 0);
    }
    double start = rate_cycle_start(first, multiply, n), end = rate_cycle_start(first, multiply, n + 1);
    if (t >= end * reached)
        n += 1, start = end;
    else if (t < start * reached)
        n -= 1, start = rate_cycle_start(first, multiply, n);
    return (rate_cycle){.index = n, .start = start, .length = first * pow(multiply, n)};
}

#endif
