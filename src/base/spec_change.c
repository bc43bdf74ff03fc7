/* Changes from outside: a path such as warmup.length=10% is followed through the tree by the names that the tables know, and its
 * value put there before anything is bound. So a change is checked, and its mistakes are placed, like what was written. */
#include <stdio.h>
#include <string.h>
#include "spec_bind.h"

enum { SEGMENTS = 2 * GRADUS_SPEC_DEPTH, ANYWHERE = -3 };

typedef struct change {
    gradus_binder *b;
    const char *text, *prefix;
    int32_t source;
    int32_t count; /* segments of the path */
    const char *name[SEGMENTS];
    gradus_where place[SEGMENTS];
    tree_node *value;
} change;

static bool change_chain(change *c, const gradus_family *family, tree_node *node, int32_t at);
static bool change_item(change *c, const gradus_family *family, tree_node *item, int32_t at);

/* ---- the text of a change ---- */

static bool read_path(change *c, size_t length)
{
    for (size_t from = 0, to; from <= length; from = to + 1) {
        to = from;
        while (to < length && c->text[to] != '.') to++;
        gradus_where place = {.source = c->source, .offset = (int32_t)from, .length = (int32_t)(to - from)};
        if (to == from)
            return gradus_bind_fail(c->b, place, GRADUS_CODE_SYNTAX, NULL, "a name is missing in this path");
        if (c->count == SEGMENTS)
            return gradus_bind_fail(c->b, place, GRADUS_CODE_TOO_DEEP, NULL, "a path of more than %d names", SEGMENTS);
        if (!(c->name[c->count] = gradus_bind_text(c->b, c->text + from, to - from))) return false;
        c->place[c->count++] = place;
    }
    return true;
}

static bool read_change(change *c)
{
    size_t length = strcspn(c->text, "=");
    gradus_where whole = {.source = c->source, .length = (int32_t)length};
    if (!c->text[length])
        return gradus_bind_fail(c->b, whole, GRADUS_CODE_SYNTAX, NULL, "a change is written parameter=value");
    if (!read_path(c, length)) return false;
    tree_input input = {.text = c->text, .from = length + 1, .source = c->source};
    c->value = gradus_tree_parse(&input, c->b->arena, c->b->error);
    return c->value != NULL;
}

/* ---- items of a chain, through groups and alternatives ---- */

typedef struct finder {
    const gradus_binder *b;
    const gradus_family *family;
    const char *name; /* NULL: any */
    bool by_label;
    int32_t which; /* the how manieth; 0: the only one */
    int32_t count;
    tree_node *found;
    const gradus_family *found_family;
} finder;

static bool is_called(const finder *f, const tree_node *node)
{
    if (!f->name) return true;
    if (!f->by_label) return node->kind == TREE_CALL && strcmp(node->text, f->name) == 0;
    const gradus_member *member =
        node->kind == TREE_CALL ? gradus_language_find(f->b->language, f->family, node->text) : NULL;
    for (const tree_node *arg = node->first; member && arg; arg = arg->next) {
        const gradus_argument *row = arg->name ? gradus_language_argument(f->family, member, arg->name) : NULL;
        if (row && (row->flags & GRADUS_LABEL) && arg->text && strcmp(arg->text, f->name) == 0) return true;
    }
    return false;
}

static void find_items(finder *f, tree_node *node)
{
    if (gradus_is_none(node)) return;
    if (node->kind == TREE_CHAIN || gradus_bind_search_of(node) == GRADUS_CHOICE) {
        for (tree_node *at = node->first; at; at = at->next) find_items(f, at);
        return;
    }
    for (tree_node *arg = f->by_label ? node->first : NULL; arg; arg = arg->next)
        find_items(f, arg); /* labels at any depth */
    if (!is_called(f, node)) return;
    if (++f->count != (f->which ? f->which : 1)) return;
    f->found = node;
    f->found_family = f->family;
}

static int32_t read_ordinal(const change *c, int32_t at)
{
    int32_t number = 0;
    if (at >= c->count) return 0;
    for (const char *digit = c->name[at]; *digit; digit++) {
        if (*digit < '0' || *digit > '9' || number > GRADUS_SPEC_ITEMS) return 0;
        number = 10 * number + (*digit - '0');
    }
    return number;
}

/* ---- what does not lead anywhere ---- */

static const char *path_to(const change *c, int32_t at, char *text, size_t size)
{
    text[0] = 0;
    gradus_append(text, size, "%s%.*s", c->prefix, (int)(c->place[at].offset + c->place[at].length), c->text);
    return text;
}

static bool fail_whole(change *c, const gradus_family *family, const gradus_member *member, int32_t at)
{
    char path[BIND_HINT];
    const gradus_argument *first = gradus_row(family, member, 0);
    if (!first)
        return gradus_bind_fail(c->b, c->place[at], GRADUS_CODE_SYNTAX, NULL,
                                "'%s' is a whole %s and has no parameters", c->name[at], gradus_noun(family));
    return gradus_bind_fail(c->b, c->place[at], GRADUS_CODE_SYNTAX, NULL, "'%s' is a whole %s; write %s.%s=%s",
                            c->name[at], gradus_noun(family), path_to(c, at, path, sizeof path), first->name,
                            c->text + strcspn(c->text, "=") + 1);
}

static bool fail_several(change *c, const gradus_family *family, int32_t at, int32_t count)
{
    char path[BIND_HINT];
    path_to(c, at, path, sizeof path);
    return gradus_bind_fail(c->b, c->place[at], GRADUS_CODE_REFERENCE, NULL,
                            "%d %ss are called '%s'; write %s.1 to %s.%d", (int)count, gradus_noun(family), c->name[at],
                            path, path, (int)count);
}

static bool fail_absent(change *c, const gradus_family *family, tree_node *node, int32_t at)
{
    finder any = {.b = c->b, .family = family};
    find_items(&any, node);
    if (!any.count)
        return gradus_bind_fail(c->b, c->place[at], GRADUS_CODE_REFERENCE, NULL, "there is no %s here to change",
                                gradus_noun(family));
    const char *name = any.found->text ? any.found->text : "";
    return gradus_bind_fail(c->b, c->place[at], GRADUS_CODE_REFERENCE, NULL,
                            "no %s is called '%s' here; write its name first: %s%s.%s=%s", gradus_noun(family),
                            c->name[at], c->prefix, name, c->name[c->count - 1], c->text + strcspn(c->text, "=") + 1);
}

/* ---- arguments of a call ---- */

static tree_node *argument_at(const tree_node *item, int32_t slot, const char *name)
{
    for (tree_node *arg = item->first; arg; arg = arg->next)
        if (arg->slot == slot && (slot != BIND_EXTRA || strcmp(arg->name, name) == 0)) return arg;
    return NULL;
}

static void append_argument(tree_node *item, tree_node *arg)
{
    tree_node **end = &item->first;
    while (*end) end = &(*end)->next;
    *end = arg;
    arg->next = NULL;
    item->parentheses = true;
}

static bool set_argument(change *c, tree_node *item, const gradus_argument *row, int32_t slot, int32_t at)
{
    tree_node *old = argument_at(item, slot, c->name[at]), *fresh = c->value;
    if (row && (row->flags & GRADUS_MANY))
        return gradus_bind_fail(c->b, c->place[at], GRADUS_CODE_REFUSED, NULL,
                                "'%s' holds several values; change the whole setting", row->name);
    if (old && old->changed)
        return gradus_bind_fail(c->b, c->place[at], GRADUS_CODE_REPEATED, NULL, "'%s' is changed twice", c->name[at]);
    bool by_place = old && !old->name && row && row->kind != GRADUS_FLAG && strcmp(row->name, c->name[at]) == 0;
    fresh->name = by_place ? NULL : c->name[at];
    fresh->name_place = c->place[at];
    fresh->changed = true;
    if (old) {
        fresh->next = old->next;
        *old = *fresh;
    } else {
        append_argument(item, fresh);
    }
    return true;
}

/* The chain that stands at a parameter; a default becomes text of the item, so that it can be changed. */
static tree_node *chain_at(change *c, tree_node *item, const gradus_argument *row, int32_t slot, int32_t at)
{
    text_quantity quantity;
    tree_node *arg = argument_at(item, slot, c->name[at]), *given = arg;
    if (!arg && row->initial)
        arg = gradus_tree_parse(&(tree_input){.text = row->initial, .fixed = &item->place}, c->b->arena, c->b->error);
    bool chain = arg && (arg->kind == TREE_CALL || arg->kind == TREE_CHAIN);
    if (!chain || (gradus_tree_is_text(arg) && gradus_text_quantity(arg->text, &quantity))) {
        gradus_bind_fail(c->b, c->place[at], GRADUS_CODE_REFERENCE, NULL,
                         "'%s' is %s here, so nothing in it can change", row->name,
                         arg ? "a plain value" : "not given");
        return NULL;
    }
    if (given) return given;
    arg->name = row->name;
    append_argument(item, arg);
    return arg;
}

static const gradus_family *family_at(const change *c, const gradus_family *family, const gradus_argument *row)
{
    if (row->kind == GRADUS_PIPELINE) return row->family ? gradus_language_family(c->b->language, row->family) : family;
    return row->flags & GRADUS_SCHEDULED ? gradus_language_family(c->b->language, "schedule") : NULL;
}

/* A member inside the arguments that fill `slot`, or, without the name of one, inside any: residual.conv.channels. */
static bool change_inside(change *c, const bind_scope *s, tree_node *item, int32_t slot, int32_t at)
{
    finder f = {.b = c->b, .name = c->name[at], .which = read_ordinal(c, at + 1)};
    for (int label = 1; label >= 0 && !f.found; label--) {
        f.by_label = label != 0, f.count = 0;
        for (tree_node *arg = item->first; arg; arg = arg->next) {
            const gradus_argument *row = arg->slot >= 0 ? gradus_row(s->family, s->member, arg->slot) : NULL;
            if (arg->slot == BIND_EXTRA) row = s->member->open;
            f.family = row && (slot == ANYWHERE || arg->slot == slot) ? family_at(c, s->family, row) : NULL;
            if (f.family) find_items(&f, arg);
        }
    }
    if (f.count > 1 && !f.which) return fail_several(c, s->family, at, f.count);
    if (f.found) return change_item(c, f.found_family, f.found, at + (f.which ? 2 : 1));
    return gradus_bind_fail(c->b, c->place[at], GRADUS_CODE_UNKNOWN_PARAMETER, NULL,
                            "'%s' has no parameter '%s', and nothing in it is called so", s->member->name, c->name[at]);
}

static bool change_item(change *c, const gradus_family *family, tree_node *item, int32_t at)
{
    bind_scope s = {.family = family, .member = gradus_bind_member(c->b, family, item)};
    bool given;
    if (!s.member || !gradus_bind_like(c->b, s.family, s.member, item, &s.like, &given) ||
        !gradus_bind_assign(c->b, &s, item))
        return false;
    if (at == c->count) return fail_whole(c, family, s.member, at - 1);
    uint32_t flags = 0;
    int32_t slot = gradus_like_find(&s, c->name[at], &flags);
    if (slot < 0) slot = gradus_row_written(family, s.member, c->name[at]);
    if (slot < 0) slot = strcmp(c->name[at], "like") == 0 ? BIND_LIKE : BIND_EXTRA;
    const gradus_argument *row = slot >= 0 ? gradus_row(family, s.member, slot) : NULL;
    if (at == c->count - 1)
        return set_argument(c, item, row, slot, at); /* an unknown name is the binder's to explain */
    const gradus_argument *extra = slot == BIND_EXTRA && argument_at(item, slot, c->name[at]) ? s.member->open : NULL;
    if (!row && !extra) return change_inside(c, &s, item, ANYWHERE, at);
    if (row && (row->flags & GRADUS_MANY)) return change_inside(c, &s, item, slot, at + 1);
    const gradus_family *inner = family_at(c, family, row ? row : extra);
    if (!inner)
        return gradus_bind_fail(c->b, c->place[at], GRADUS_CODE_UNKNOWN_PARAMETER, NULL,
                                "'%s' is a value, which has no parameters", c->name[at]);
    tree_node *chain = chain_at(c, item, row ? row : extra, slot, at);
    return chain && change_chain(c, inner, chain, at + 1);
}

/* ---- the way through a chain ---- */

static bool has_parameter(const change *c, const gradus_family *family, const tree_node *item, int32_t at)
{
    const gradus_member *member =
        item->kind == TREE_CALL ? gradus_language_find(c->b->language, family, item->text) : NULL;
    return member && gradus_row_written(family, member, c->name[at]) >= 0;
}

static bool change_chain(change *c, const gradus_family *family, tree_node *node, int32_t at)
{
    finder only = {.b = c->b, .family = family}, f = only;
    find_items(&only, node);
    bool last = at >= c->count - 1;
    for (int label = 1; at < c->count && label >= 0 && !f.found; label--) {
        f = (finder){
            .b = c->b, .family = family, .name = c->name[at], .by_label = label != 0, .which = read_ordinal(c, at + 1)};
        find_items(&f, node);
    }
    bool parameter =
        only.count == 1 && (at == c->count || !f.found || (last && has_parameter(c, family, only.found, at)));
    if (parameter) return change_item(c, family, only.found, at);
    if (f.count > 1 && !f.which) return fail_several(c, family, at, f.count);
    return f.found ? change_item(c, family, f.found, at + (f.which ? 2 : 1)) : fail_absent(c, family, node, at);
}

bool gradus_bind_changes(gradus_binder *b, const gradus_spec_config *config, const gradus_family *family,
                         tree_node *root)
{
    for (int32_t i = 0; config->changes && config->changes[i]; i++) {
        change c = {
            .b = b, .text = config->changes[i], .prefix = config->prefix ? config->prefix : "", .source = i + 1};
        if (!family) {
            gradus_fail(b->error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED, "a single value has no parameters to change");
            return false;
        }
        if (!read_change(&c) || !change_chain(&c, family, root, 0)) return false;
    }
    return true;
}
