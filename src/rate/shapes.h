/* shapes.h - forms of the way down that several schedules take: what is left of it at progress p, from 1 to 0.
 * 1-sqrt: Haegele et al. 2024, arXiv 2405.18392. */
#ifndef GRADUS_RATE_SHAPES_H
#define GRADUS_RATE_SHAPES_H
#include "rate.h"

#define RATE_SHAPES "linear|cosine|1-sqrt|1-square"
enum { SHAPE_LINEAR, SHAPE_COSINE, SHAPE_ONE_MINUS_SQRT, SHAPE_ONE_MINUS_SQUARE, SHAPE_COUNT };

static inline double rate_left(int shape, double p)
{
    switch (shape) {
    case SHAPE_COSINE: return 0.5 + 0.5 * cos(rate_pi * p);
    case SHAPE_ONE_MINUS_SQRT: return 1 - sqrt(p);
    case SHAPE_ONE_MINUS_SQUARE: return 1 - p * p;
    default: return 1 - p;
    }
}

#endif
