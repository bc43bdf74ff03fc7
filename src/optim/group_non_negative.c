/* non_negative: after each update no weight is below 0, so that outputs only rise with their inputs.
 *
 *     x <- max(x, 0) */
#include "constraint.h"

enum { PATTERN };

static const gradus_argument arguments[] = {[PATTERN] = CONSTRAINT_PATTERN, {0}};

const gradus_group_row gradus_group_non_negative = {
    .member = {.name = "non_negative",
               .summary = "keeps weights from falling below 0",
               .formula = "x <- max(x, 0)",
               .also = "non_neg, nonneg, nonnegative, clamp",
               .arguments = arguments,
               .notes = "It is done once an update is made, after averages have seen it.",
               .example = "non_negative(\"gate.*\")"},
    .non_negative = true,
};
