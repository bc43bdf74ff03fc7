/* max_norm: after each update no output's weights have a norm above a limit; those below stay as they are. It lets dropout be
 * used with high rates, which else make weights grow (Srebro, Rennie and Jaakkola, 2005; Srivastava et al., 2014).
 *
 *     w <- w limit / |w|   where |w| > limit                                  w: the weights of one output */
#include "constraint.h"

enum { LIMIT, PATTERN };

static double limit(const gradus_item *item, double norm) { return fmin(norm, item->values[LIMIT].number); }

static const gradus_argument arguments[] = {[LIMIT] = {"limit", GRADUS_NUMBER, .low = 0, .high = INFINITY, .open = "(",
                                                       .help = "norm that no output's weights exceed",
                                                       .search = "loguniform(0.5, 10)"},
                                            [PATTERN] = CONSTRAINT_PATTERN,
                                            {0}};

const gradus_group_row gradus_group_max_norm = {
    .member = {.name = "max_norm",
               .summary = "keeps the norm of each output's weights within a limit",
               .formula = "w <- w min(1, limit / |w|)",
               .paper = "Srebro, Rennie and Jaakkola 2005; Srivastava et al. 2014",
               .also = "maxnorm, renorm, renorm_, max_value, weight_constraint, kernel_constraint",
               .arguments = arguments,
               .notes = CONSTRAINT_NOTES,
               .example = "max_norm(3)"},
    .norm = limit,
};
