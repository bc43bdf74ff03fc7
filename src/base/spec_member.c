/* Which member an item names; and for a name that names none, what was probably meant: another spelling, the name that another
 * text gives it, a member of another family, a file that a reader takes. */
#include <string.h>
#include "spec_bind.h"

/* ---- a name that is no member ---- */

/* Another family that has a member of that name. */
static const gradus_family *family_of(const gradus_binder *b, const char *name)
{
    for (const gradus_family *const *family = b->language->families; *family; family++)
        if (gradus_language_find(b->language, *family, name)) return *family;
    return NULL;
}

static const gradus_member *renamed(const gradus_binder *b, const gradus_family *family, const char *name)
{
    const gradus_member *member;
    for (int32_t i = 0; (member = gradus_language_member(b->language, family, i)) != NULL; i++)
        if (gradus_names_hold(member->also, name)) return member;
    return NULL;
}

/* A word that may mean several members, of which one at least is there. */
static const gradus_member *phrase(const gradus_binder *b, const gradus_family *family, const char *name)
{
    for (const gradus_member *const *member = family->phrases; member && *member; member++)
        for (const gradus_argument *at = strcmp((*member)->name, name) == 0 ? (*member)->arguments : NULL;
             at && at->name; at++)
            if (gradus_language_find(b->language, family, at->name)) return *member;
    return NULL;
}

/* Nearest of the members' names, one at a time against the best so far, so that no list has to be made. */
static const char *nearest_member(const gradus_binder *b, const gradus_family *family, const char *name)
{
    const gradus_member *member;
    const char *best = NULL;
    for (int32_t i = 0; (member = gradus_language_member(b->language, family, i)) != NULL; i++) {
        const char *const pair[] = {best, member->name};
        best = gradus_nearest(name, pair, 2);
    }
    return best;
}

/* Each member that may be meant, once; one that is not there cannot be. */
static bool fail_phrase(gradus_binder *b, const gradus_family *family, const tree_node *node,
                        const gradus_member *meant)
{
    char readings[BIND_HINT] = "";
    for (const gradus_argument *reading = meant->arguments; reading->name; reading++) {
        bool said = false;
        for (const gradus_argument *before = meant->arguments; before < reading; before++)
            said = said || strcmp(before->name, reading->name) == 0;
        if (said || !gradus_language_find(b->language, family, reading->name)) continue;
        gradus_append(readings, sizeof readings, "%s'%s'", *readings ? " or " : "", reading->name);
    }
    return gradus_bind_fail(b, node->text_place, GRADUS_CODE_RENAMED, NULL, "'%s' may mean %s here", node->text,
                            readings);
}

/* Another family's member that other texts give this name; *family is its. */
static const gradus_member *renamed_elsewhere(const gradus_binder *b, const char *name, const gradus_family **family)
{
    const gradus_member *meant = NULL;
    for (const gradus_family *const *at = b->language->families; *at && !meant; at++)
        if ((meant = renamed(b, *at, name))) *family = *at;
    return meant;
}

static bool fail_unknown(gradus_binder *b, const gradus_family *family, const tree_node *node)
{
    char a[BIND_WRITTEN], other[BIND_WRITTEN], hint[BIND_HINT];
    const char *name = node->text;
    text_quantity quantity;
    const gradus_member *meant = renamed(b, family, name);
    if (meant)
        return gradus_bind_fail(b, node->text_place, GRADUS_CODE_RENAMED, meant->name, "'%s' is called '%s' here", name,
                                meant->name);
    if ((meant = phrase(b, family, name))) return fail_phrase(b, family, node, meant);
    const gradus_family *elsewhere = family_of(b, name);
    if (elsewhere)
        return gradus_bind_fail(b, node->text_place, GRADUS_CODE_WRONG_FAMILY, NULL, "'%s' is %s, not %s", name,
                                gradus_a_noun(elsewhere, other), gradus_a_noun(family, a));
    if ((meant = renamed_elsewhere(b, name, &elsewhere)))
        return gradus_bind_fail(b, node->text_place, GRADUS_CODE_WRONG_FAMILY, NULL,
                                "'%s' is called '%s' here, and is %s, not %s", name, meant->name,
                                gradus_a_noun(elsewhere, other), gradus_a_noun(family, a));
    if (gradus_text_quantity(name, &quantity))
        return gradus_bind_fail(b, node->text_place, GRADUS_CODE_WRONG_TYPE, NULL, "expected %s, found the number %s",
                                gradus_a_noun(family, a), name);
    const char *nearest = nearest_member(b, family, name);
    if (!nearest && family->reader && strpbrk(name, "./"))
        return gradus_bind_fail(b, node->text_place, GRADUS_CODE_UNKNOWN_NAME, NULL, "no %s for '%s'",
                                family->reader_noun ? family->reader_noun : "reader", name);
    return gradus_bind_fail(b, node->text_place, GRADUS_CODE_UNKNOWN_NAME, nearest, "'%s' is no %s%s", name,
                            gradus_noun(family), gradus_bind_hint(nearest, hint));
}

/* ---- short forms: house.csv is csv(house.csv) ---- */

static const gradus_member *read_text(gradus_binder *b, const gradus_family *family, tree_node *node)
{
    const gradus_member *reader = family->reader ? family->reader(node->text) : NULL;
    if (!reader) return NULL;
    if (node->parentheses) {
        gradus_bind_fail(b, node->text_place, GRADUS_CODE_SYNTAX, reader->name,
                         "a file stands first among the values: %s(%s, ...)", reader->name, node->text);
        return NULL;
    }
    tree_node *value = gradus_bind_take(b, sizeof *value);
    if (!value) return NULL;
    *value = *node;
    value->kind = TREE_QUOTED;
    value->name = NULL, value->next = NULL;
    node->kind = TREE_CALL;
    node->text = reader->name, node->text_place = node->place;
    node->parentheses = true, node->first = value;
    return reader;
}

const gradus_member *gradus_bind_member(gradus_binder *b, const gradus_family *family, tree_node *node)
{
    char a[BIND_WRITTEN];
    const gradus_member *member =
        node->kind == TREE_CALL ? gradus_language_find(b->language, family, node->text) : NULL;
    if (member) return member;
    if (node->kind == TREE_CALL || node->kind == TREE_QUOTED) member = read_text(b, family, node);
    if (member || gradus_failed(b->error)) return member;
    if (node->kind == TREE_CALL)
        fail_unknown(b, family, node);
    else if (node->kind == TREE_QUOTED && family->reader)
        gradus_bind_fail(b, node->place, GRADUS_CODE_UNKNOWN_NAME, NULL, "no %s for '%s'",
                         family->reader_noun ? family->reader_noun : "reader", node->text);
    else
        gradus_bind_fail(b, node->place, GRADUS_CODE_WRONG_TYPE, NULL, "expected %s, found a %s",
                         gradus_a_noun(family, a), node->kind == TREE_LIST ? "list" : "quoted text");
    return NULL;
}
