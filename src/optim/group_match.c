/* match: tensors whose name, or whose group, fits a pattern get hyperparameters of their own.
 * A pattern is a shell's: `*` any stretch, `?` any character. The first match of a chain holds. */
#include "group.h"
#include "rules.h"
#include <math.h>

enum { PATTERN };

/* Goes back to the last star when what follows it does not fit: linear in practice, no recursion. */
bool gradus_glob(const char *pattern, const char *text)
{
    const char *star = NULL, *resume = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++, text++;
        } else if (star) {
            pattern = star + 1;
            text = ++resume;
        } else
            return false;
    }
    while (*pattern == '*') pattern++;
    return !*pattern;
}

bool gradus_group_fits(const gradus_value *patterns, const char *tensor, const char *group)
{
    for (int32_t i = 0; i < patterns->count; i++) {
        const char *pattern = patterns->items[i].text;
        if (gradus_glob(pattern, tensor) || (group && gradus_glob(pattern, group))) return true;
    }
    return false;
}

static bool takes(const gradus_item *item, const char *tensor, const char *group)
{
    return gradus_group_fits(&item->values[PATTERN], tensor, group);
}

static const gradus_argument arguments[] = {
    [PATTERN] = {"pattern", GRADUS_TEXT, .help = "name of tensors or of a group, with * and ?", .flags = GRADUS_LIST},
    GROUP_LR_SCALE,
    GROUP_NAME,
    {0}};

const gradus_group_row gradus_group_match = {
    .member = {.name = "match",
               .summary = "gives tensors hyperparameters of their own, by name or group",
               .formula = "rate(tensor) = rate * lr_scale",
               .also = "param_groups, params, glob",
               .arguments = arguments,
               .refuses = GROUP_REFUSES,
               .notes = "match(\"*.bias\", weight_decay=0) > match(\"head.*\", lr_scale=10): any number of the rule "
                        "may stand here,\n"
                        "or a schedule in its place. The first match that fits a tensor holds for it.",
               .open = GROUP_OPEN},
    .takes = takes,
    .gives = true,
};
