/* freeze: tensors that stay as they are, by name or group: no update, no weight decay, and no part in the gradient's norm.
 * Until some time, if that is said: first the head of a net, then all of it. */
#include "rules.h"
#include <math.h>

enum { PATTERN };

static bool takes(const gradus_item *item, const char *tensor, const char *group)
{
    return gradus_group_fits(&item->values[PATTERN], tensor, group);
}

static const gradus_argument arguments[] = {
    [PATTERN] = {"pattern", GRADUS_TEXT, .help = "name of tensors or of a group, with * and ?", .flags = GRADUS_LIST},
    {"until", GRADUS_LENGTH, .low = 0, .high = INFINITY, .help = "where in the run they begin to learn; absent: never",
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL, .also = "unfreeze, unfreeze_at"},
    {0}};

const gradus_group_row gradus_group_freeze = {
    .member = {.name = "freeze",
               .summary = "leaves tensors as they are, for good or until some time",
               .formula = "x <- x",
               .also = "frozen, requires_grad, set_to_zero, trainable",
               .arguments = arguments,
               .notes =
                   "freeze(\"backbone.*\", until=3ep): their state begins when they thaw. Gradients need not be made "
                   "for them.",
               .example = "freeze(\"0.*\", until=100)"},
    .takes = takes,
    .freezes = true,
};
