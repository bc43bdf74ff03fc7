/* line_search.h - how far to go along a direction that falls: the length of a step, found from the loss and its slope at
 * trial points, one evaluation after the other. What a search knows is a row of doubles, so that a rule can keep it in
 * its memory while the caller evaluates. */
#ifndef GRADUS_OPTIM_LINE_SEARCH_H
#define GRADUS_OPTIM_LINE_SEARCH_H
#include <stdbool.h>

typedef struct gradus_line_point { /* on the way: x + t d */
    double t, loss, slope;
} gradus_line_point;

/* As the words of a rule's argument. */
typedef enum gradus_line_kind { GRADUS_STRONG_WOLFE, GRADUS_BACKTRACKING, GRADUS_NO_SEARCH } gradus_line_kind;
#define GRADUS_LINE_WORDS "strong_wolfe|backtracking|none"

typedef struct gradus_line_rules {
    gradus_line_kind kind;
    double decrease;  /* c1: the part of the promised fall that is enough */
    double curvature; /* c2: the part of the slope that may be left, in size */
    double shortest;  /* movement below which two points are one */
    double tries;     /* evaluations after the first, at most */
} gradus_line_rules;

typedef struct gradus_line {
    gradus_line_point start;     /* t = 0 */
    gradus_line_point low, high; /* while the bracket grows: the last point, and unused; then its ends */
    double t;                    /* where the next evaluation is */
    double length;               /* of the direction */
    double tries, zooms, stuck;  /* evaluations after the first; whether there is a bracket; whether it shrank badly */
} gradus_line;
enum { GRADUS_LINE_NUMBERS = sizeof(gradus_line) / sizeof(double) };
#define GRADUS_LINE_NAMES                                                                              \
    "start_t, start_loss, start_slope, low_t, low_loss, low_slope, high_t, high_loss, high_slope, t, " \
    "length, tries, zooms, stuck"

/* Begins at a point with this loss and slope (below 0); the first evaluation is at `t`. */
void gradus_line_begin(gradus_line *search, double t, double loss, double slope, double length);
/* What was found at search->t; a loss that is not finite is one that is too high. True: it goes on at the new search->t.
 * False: *chosen is where it ends, t = 0 where nothing better was found. */
bool gradus_line_goes_on(gradus_line *search, const gradus_line_rules *rules, double loss, double slope,
                         gradus_line_point *chosen);

#endif
