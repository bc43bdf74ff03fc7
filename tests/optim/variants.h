/* Every rule and every average in every form that its row knows: each flag both ways, each choice, each state that a
 * hyperparameter brings. A new member is tested for nothing: its row says what there is. */
#ifndef GRADUS_TESTS_OPTIM_VARIANTS_H
#define GRADUS_TESTS_OPTIM_VARIANTS_H
#include "../../src/optim/optimizer.h"
#include "check.h"
#include <stdio.h>

enum { VARIANT_TEXT = 256 };

typedef struct variant {
    char text[VARIANT_TEXT]; /* the call */
    const gradus_rule_row *row;
    bool average, plain; /* one of the averages; the member as it is, without a choice */
    gradus_optimizer_config config;
} variant;

/* What stands for the rule that a wrapper wraps. */
static inline const char *variant_inner(const gradus_member *member)
{
    for (const gradus_argument *a = member->arguments; a && a->name; a++)
        if (a->kind == GRADUS_PIPELINE && !a->family && !(a->flags & GRADUS_NAMED)) return "adam";
    return "";
}

/* The value of an argument that makes another form of the member; the index-th, or false. */
static inline bool variant_value(const gradus_rule_row *row, const gradus_argument *a, int index, char text[64])
{
    if (a->flags & GRADUS_FOREIGN) return false;
    if (a->kind == GRADUS_FLAG && index == 0)
        return snprintf(text, 64, "%s=%s", a->name, a->initial && !strcmp(a->initial, "true") ? "false" : "true");
    if (a->kind == GRADUS_WORD) {
        const char *word = a->words;
        for (; index > 0 && word; index--) word = strchr(word, '|') ? strchr(word, '|') + 1 : NULL;
        return word && snprintf(text, 64, "%s=%.*s", a->name, (int)strcspn(word, "|"), word);
    }
    for (const gradus_slot *slot = row->slots; slot && slot->name && index == 0; slot++) {
        if (slot->only_if && !strcmp(slot->only_if, a->name)) return snprintf(text, 64, "%s=0.5", a->name);
        if (slot->every && !strcmp(slot->every, a->name)) return snprintf(text, 64, "%s=3", a->name);
    }
    return false;
}

/* The index-th form of a member: 0 is the member itself, then one argument after the other. */
static inline bool variant_form(const gradus_member *member, int index, char text[VARIANT_TEXT])
{
    const gradus_rule_row *row = (const gradus_rule_row *)member;
    const char *inner = variant_inner(member);
    char value[64];
    if (index == 0) return snprintf(text, VARIANT_TEXT, *inner ? "%s(%s)" : "%s", member->name, inner);
    for (const gradus_argument *a = member->arguments; a && a->name; a++) {
        for (int i = 0; variant_value(row, a, i, value); i++) {
            if (--index) continue;
            return snprintf(text, VARIANT_TEXT, "%s(%s%s%s)", member->name, inner, *inner ? ", " : "", value);
        }
    }
    return false;
}

/* Goes on to the next form, from a zeroed variant; false: there are no more. What a row's own check refuses is left
 * out. */
static inline bool variant_next(variant *v, int *member, int *form)
{
    for (;; *form = 0, ++*member) {
        int at = *member, rules = 0;
        while (gradus_optimizer_family.members[rules]) rules++;
        v->average = at >= rules;
        const gradus_member *const *members =
            v->average ? gradus_average_family.members : gradus_optimizer_family.members;
        if (v->average) at -= rules;
        if (!members[at]) return false;
        v->row = (const gradus_rule_row *)members[at];
        while (variant_form(members[at], *form, v->text)) {
            gradus_error error = {0};
            v->plain = (*form)++ == 0;
            v->config = (gradus_optimizer_config){.rule = v->average ? "sgd(momentum=0.9)" : v->text,
                                                  .average = v->average ? v->text : NULL,
                                                  .units = {.total = 100, .updates_per_epoch = 2}};
            gradus_optimizer *made = gradus_optimizer_create(&v->config, &error);
            gradus_optimizer_destroy(made);
            if (made) return true;
            if (v->plain || error.code != GRADUS_CODE_OUT_OF_RANGE) fail_msg("%s: %s", v->text, error.message);
        }
    }
}

#define EACH_VARIANT(v) \
    for (int variant_member_ = 0, variant_form_ = 0; variant_next(&(v), &variant_member_, &variant_form_);)

/* Whether each value goes its own way, so that it does not matter how they are cut into tensors. */
static inline bool variant_is_element_wise(const gradus_optimizer *optimizer)
{
    for (int i = 0; i < optimizer->layer_count; i++) {
        const gradus_rule_row *row = optimizer->layers[i].row;
        if (row->update[0] || row->takes) return false;
        for (int p = 0; p < GRADUS_PASSES; p++)
            if (row->pass[p].sums) return false;
    }
    return true;
}

#endif
