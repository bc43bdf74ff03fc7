/* unit_norm: after each update each output's weights have a norm of 1, so that only their direction is learnt; weights that
 * are all 0 stay so.
 *
 *     w <- w / |w|                                                            w: the weights of one output */
#include "constraint.h"

enum { PATTERN };

static double one(const gradus_item *item, double norm)
{
    (void)item, (void)norm;
    return 1;
}

static const gradus_argument arguments[] = {[PATTERN] = CONSTRAINT_PATTERN, {0}};

const gradus_group_row gradus_group_unit_norm = {
    .member = {.name = "unit_norm",
               .summary = "keeps the norm of each output's weights at 1",
               .formula = "w <- w / |w|",
               .also = "unitnorm, normalize, weight_normalization",
               .arguments = arguments,
               .notes = CONSTRAINT_NOTES,
               .example = "unit_norm(\"head.*\")"},
    .norm = one,
};
