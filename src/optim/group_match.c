/* match: tensors whose name, or whose group, fits a pattern get hyperparameters of their own.
 * A pattern is a shell's: `*` any stretch, `?` any character. The first match of a chain holds. */
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
    {"lr_scale", GRADUS_NUMBER, .initial = "1", .low = 0, .high = INFINITY,
     .help = "what the rate is multiplied by here", .flags = GRADUS_NAMED | GRADUS_SCHEDULED,
     .search = "loguniform(0.1, 10)"},
    {"name", GRADUS_TEXT, .help = "what settings of this group are called by",
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL | GRADUS_LABEL},
    {0}};

static const gradus_argument open[] = {
    {"hyperparameter", GRADUS_NUMBER, .help = "any number of the rule", .flags = GRADUS_NAMED | GRADUS_SCHEDULED}, {0}};

static const gradus_refusal refuses[] = {
    {"lr", "write lr_scale=%s"}, {"learning_rate", "write lr_scale=%s"}, {"lr_mult", "write lr_scale=%s"}, {0}};

const gradus_group_row gradus_group_match = {
    .member = {.name = "match",
               .summary = "gives tensors hyperparameters of their own, by name or group",
               .formula = "rate(tensor) = rate * lr_scale",
               .also = "param_groups, params, glob",
               .arguments = arguments,
               .refuses = refuses,
               .notes = "match(\"*.bias\", weight_decay=0) > match(\"head.*\", lr_scale=10): any number of the rule "
                        "may stand here,\n"
                        "or a schedule in its place. The first match that fits a tensor holds for it.",
               .open = open},
    .takes = takes,
    .gives = true,
};
