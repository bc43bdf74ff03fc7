/* min_max_norm: after each update each output's weights have a norm between two limits; those within stay as they are, and
 * so do weights that are all 0.
 *
 *     w <- w max(min, min(max, |w|)) / |w|                                    w: the weights of one output */
#include "constraint.h"

enum { MIN, MAX, PATTERN };

static double within(const gradus_item *item, double norm)
{
    return fmax(item->values[MIN].number, fmin(item->values[MAX].number, norm));
}

static const char *check(const gradus_item *item)
{
    return item->values[MIN].number > item->values[MAX].number ? "min is above max" : NULL;
}

static const gradus_argument arguments[] = {[MIN] = {"min", GRADUS_NUMBER, .low = 0, .high = INFINITY,
                                                     .help = "norm that each output's weights have at least",
                                                     .also = "min_value"},
                                            [MAX] = {"max", GRADUS_NUMBER, .low = 0, .high = INFINITY, .open = "(",
                                                     .help = "norm that they have at most", .also = "max_value"},
                                            [PATTERN] = CONSTRAINT_PATTERN,
                                            {0}};

const gradus_group_row gradus_group_min_max_norm = {
    .member = {.name = "min_max_norm",
               .summary = "keeps the norm of each output's weights between two limits",
               .formula = "w <- w max(min, min(max, |w|)) / |w|",
               .also = "minmaxnorm",
               .arguments = arguments,
               .notes = CONSTRAINT_NOTES,
               .example = "min_max_norm(0.5, 2)"},
    .norm = within,
    .check_item = check,
};
