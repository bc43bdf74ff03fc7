/* The families of this room: the tables of their members and what all members of one understand.
 * A member is one file and one line in a .def file; nothing else names it. */
#include "rules.h"
#include <string.h>

/* ---- optimizer ---- */

#define GRADUS_MEMBER(name) &gradus_rule_##name.member,
static const gradus_member *const rules[] = {
#include "optimizers.def"
    NULL};
#undef GRADUS_MEMBER

static const gradus_argument common[] = {
    [COMMON_STATE] = {"state", GRADUS_WORD, .initial = "float32", .words = "float32|8bit",
                      .help =
                          "how the state is kept: 8bit is a quarter of the memory, for tensors of 4096 values and more",
                      .flags = GRADUS_NAMED},
    [COMMON_MAXIMIZE] = {"maximize", GRADUS_FLAG, .initial = "false",
                         .help = "steps along the gradient, not against it", .flags = GRADUS_NAMED},
    {0}};

static const gradus_refusal refuses[] = {
    {"lr", "the rate is the run's own setting: lr=%s"},
    {"learning_rate", "the rate is the run's own setting: lr=%s"},
    {"rate", "the rate is the run's own setting: lr=%s"},
    {"", "the rate is the run's own setting: lr=%s"},
    {"betas", "write beta1=0.9, beta2=0.999 in place of a list"},
    {"clipnorm", "clipping is the run's own setting: gradient='clip_norm(%s)'"},
    {"global_clipnorm", "clipping is the run's own setting: gradient='clip_norm(%s)'"},
    {"clipvalue", "clipping is the run's own setting: gradient='clip_value(%s)'"},
    {0}};

/* Arguments against each other, once they are bound; of a schedule it is only known that it is not always 0. */
static gradus_status check(const char *text, const gradus_chain *chain, gradus_error *error)
{
    for (int32_t i = 0; i < chain->count; i++) {
        const gradus_item *item = &chain->items[i];
        const gradus_rule_row *row = (const gradus_rule_row *)item->member;
        double hyper[GRADUS_ARGUMENTS] = {0};
        bool open = false;
        if (!row || !row->check) continue;
        for (int32_t j = 0; j < gradus_argument_count(&row->member); j++) {
            hyper[j] = item->values[j].chain ? 1 : item->values[j].number;
            open |= item->values[j].open != NULL;
        }
        const char *wrong = open ? NULL : row->check(hyper);
        if (wrong) return gradus_spec_fail(error, text, item->place, GRADUS_CODE_OUT_OF_RANGE, "%s", wrong);
    }
    return GRADUS_OK;
}

const gradus_family gradus_optimizer_family = {
    .name = "optimizer",
    .summary = "how gradients become steps",
    .flags = GRADUS_NO_POSITIONAL,
    .members = rules,
    .common = common,
    .refuses = refuses,
    .check = check,
};

static gradus_status refuse_row(const gradus_member *member, const char *reason, gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED, "the rule '%s' %s",
                       member->name ? member->name : "", reason);
}

gradus_status gradus_context_add_rule(gradus_context *context, const gradus_rule_row *row, gradus_error *error)
{
    if (gradus_failed(error)) return (gradus_status)error->status;
    if (!row) return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "no rule was given");
    const gradus_member *member = &row->member;
    if (row->abi != GRADUS_ABI) return refuse_row(member, "was made for another version of this interface", error);
    if (!row->drive && !row->update[0] && (!row->prepare || !row->pass[0].kernel[0]))
        return refuse_row(member, "has no `prepare` or no kernel for every machine", error);
    if (row->update[0] && (row->pass[0].kernel[0] || row->drive))
        return refuse_row(member, "has an `update` and passes too", error);
    if (gradus_argument_count(member) > GRADUS_ARGUMENTS) return refuse_row(member, "has too many arguments", error);
    if (gradus_count_names(row->constants) > GRADUS_CONSTANTS)
        return refuse_row(member, "has too many constants", error);
    for (int i = 0; i < GRADUS_PASSES; i++) {
        if (row->pass[i].sums < 0 || row->pass[i].sums > GRADUS_SUMS)
            return refuse_row(member, "has a pass with too many sums", error);
        if (row->pass[i].learn && !row->pass[i].over_all)
            return refuse_row(member, "learns from a pass that is not over all tensors", error);
    }
    for (int32_t i = 0; row->slots && row->slots[i].name; i++) {
        if (i >= GRADUS_SLOTS) return refuse_row(member, "has too many slots", error);
        if (!row->update[0] && (row->slots[i].per != GRADUS_PER_ELEMENT || row->slots[i].size))
            return refuse_row(member, "has a slot that its passes cannot see", error);
    }
    for (int32_t i = 0; rules[i]; i++) {
        if (member->name && !strcmp(rules[i]->name, member->name))
            return refuse_row(member, "has the name of a built-in one", error);
    }
    return gradus_context_add_member(context, gradus_optimizer_family.name, member, error);
}

/* ---- gradient ---- */

#define GRADUS_MEMBER(name) &gradus_gradient_##name.member,
static const gradus_member *const gradients[] = {
#include "gradients.def"
    NULL};
#undef GRADUS_MEMBER

const gradus_family gradus_gradient_family = {
    .name = "gradient",
    .noun = "gradient transform",
    .summary = "what is done to the gradients before a rule sees them",
    .flags = GRADUS_CHAIN,
    .members = gradients,
};

/* ---- group ---- */

#define GRADUS_MEMBER(name) &gradus_group_##name.member,
static const gradus_member *const groups[] = {
#include "groups.def"
    NULL};
#undef GRADUS_MEMBER

/* A pattern that cannot be read is found where it is written, and so are arguments that do not go together. */
static gradus_status check_groups(const char *text, const gradus_chain *chain, gradus_error *error)
{
    for (int32_t i = 0; i < chain->count; i++) {
        const gradus_item *item = &chain->items[i];
        const gradus_group_row *row = (const gradus_group_row *)item->member;
        const char *together = row && row->check_item ? row->check_item(item) : NULL;
        if (together)
            return gradus_spec_fail(error, text, item->place, GRADUS_CODE_UNEXPECTED_VALUE, "%s: %s", row->member.name,
                                    together);
        const gradus_value *patterns = row && row->check ? &item->values[0] : NULL;
        for (int32_t j = 0; patterns && j < patterns->count; j++) {
            const char *wrong = row->check(patterns->items[j].text);
            if (wrong)
                return gradus_spec_fail(error, text, patterns->items[j].place, GRADUS_CODE_UNEXPECTED_VALUE, "'%s' %s",
                                        patterns->items[j].text, wrong);
        }
    }
    return GRADUS_OK;
}

const gradus_family gradus_group_family = {
    .name = "group",
    .noun = "group rule",
    .summary = "which tensors have hyperparameters or limits of their own",
    .flags = GRADUS_CHAIN,
    .members = groups,
    .check = check_groups,
};

/* ---- average ---- */

#define GRADUS_MEMBER(name) &gradus_average_##name.member,
static const gradus_member *const averages[] = {
#include "averages.def"
    NULL};
#undef GRADUS_MEMBER

const gradus_family gradus_average_family = {
    .name = "average",
    .summary = "which averages of the values are kept beside them",
    .members = averages,
};
