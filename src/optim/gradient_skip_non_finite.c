/* skip_non_finite: an update whose gradients are not all finite is not made: values and state stay as they are. The caller
 * can ask for it at each step too (GRADUS_SKIP_NON_FINITE); a run has its guard, which does more. */
#include "rules.h"

static const gradus_argument arguments[] = {{0}};

static const gradus_like like[] = {{"optax", "apply_if_finite", NULL, NULL}, {0}};

const gradus_gradient_row gradus_gradient_skip_non_finite = {
    .member = {.name = "skip_non_finite",
               .summary = "makes no update where a gradient is not finite",
               .formula = "no update unless every g is finite",
               .also = "apply_if_finite, skip_nan, skip_not_finite",
               .arguments = arguments,
               .like = like,
               .notes =
                   "Optax goes on with what is not finite after some in a row; here no such gradient ever reaches the "
                   "values."},
    .skips = true,
};
