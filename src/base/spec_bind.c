/* The binder: a tree becomes chains of bound items, each value checked against the row of its parameter, each default filled in.
 * What comes out is plain const data in the arena; nothing of the tree is needed afterwards but its texts. */
#include <string.h>
#include "spec_bind.h"

enum {
    DEEPEST = 2 * GRADUS_SPEC_DEPTH
}; /* chains as written, and defaults that are calls with defaults of their own */

bool gradus_bind_enter(gradus_binder *b, gradus_where place)
{
    if (++b->depth <= DEEPEST) return true;
    return gradus_bind_fail(b, place, GRADUS_CODE_TOO_DEEP, NULL, "nested deeper than %d", GRADUS_SPEC_DEPTH);
}

bool gradus_is_none(const tree_node *node) { return gradus_tree_is_text(node) && strcmp(node->text, "none") == 0; }

/* ---- defaults ---- */

/* A default is bound like anything that is written, in the place of its item. Most are a word or a number, which needs no tree. */
static bool bind_text_as(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, const char *text,
                         uint32_t flags, gradus_where place, gradus_value *value)
{
    tree_node leaf = {
        .kind = TREE_CALL, .repeat = 1, .text = text, .flags = flags, .place = place, .text_place = place};
    tree_node *node = &leaf;
    if (strpbrk(text, "([\"'>*"))
        node = gradus_tree_parse(&(tree_input){.text = text, .fixed = &place}, b->arena, b->error);
    if (!node || !gradus_bind_value(b, scope, row, node, value)) return false;
    value->given = false;
    return true;
}

static bool bind_default(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, const tree_node *node,
                         gradus_value *value)
{
    const char *text;
    size_t length;
    uint32_t flags;
    value->place = node->place;
    if (gradus_like_initial(scope, row, &text, &length, &flags)) {
        if (text != row->initial && !(text = gradus_bind_text(b, text, length))) return false;
        return bind_text_as(b, scope, row, text, flags, node->place, value);
    }
    if (row->flags & (GRADUS_OPTIONAL | GRADUS_LABEL | GRADUS_REFERENCE)) return true;
    return gradus_bind_missing(b, scope, node, row);
}

/* ---- the arguments of one call ---- */

/* MANY: each value without a name, or a list under the name. */
static bool bind_many(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, const tree_node *node,
                      int32_t slot, gradus_value *value)
{
    int32_t count = 0, filled = 0;
    for (const tree_node *arg = node->first; arg; arg = arg->next) count += arg->slot == slot;
    if (!count) return bind_default(b, scope, row, node, value);
    gradus_argument single = *row;
    single.flags &= ~(uint32_t)(GRADUS_MANY | GRADUS_LIST);
    gradus_value *items = gradus_bind_take(b, (size_t)count * sizeof *items);
    if (!items) return false;
    for (tree_node *arg = node->first; arg; arg = arg->next) {
        if (arg->slot != slot) continue;
        if (!gradus_bind_value(b, scope, &single, arg, &items[filled])) return false;
        if (!filled++) value->place = arg->place;
    }
    value->items = items, value->count = count;
    value->given = value->present = true;
    return true;
}

static bool bind_row(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, const tree_node *node,
                     int32_t slot, gradus_value *value)
{
    if (row->flags & GRADUS_MANY) return bind_many(b, scope, row, node, slot, value);
    for (tree_node *arg = node->first; arg; arg = arg->next)
        if (arg->slot == slot) return gradus_bind_value(b, scope, row, arg, value);
    return bind_default(b, scope, row, node, value);
}

static const gradus_argument *open_row(const gradus_member *member, const char *name)
{
    const gradus_argument *row = member->open;
    while (row[1].name && strcmp(row->name, name) != 0) row++;
    return row;
}

/* Names of the user's own: outputs(digit=dense(10)). */
static bool bind_extra(gradus_binder *b, const bind_scope *scope, const tree_node *node, gradus_item *item)
{
    int32_t count = 0;
    for (const tree_node *arg = node->first; arg; arg = arg->next) count += arg->slot == BIND_EXTRA;
    if (!count) return true;
    gradus_extra *extra = gradus_bind_take(b, (size_t)count * sizeof *extra);
    if (!extra) return false;
    item->extra = extra, item->extra_count = count;
    for (tree_node *arg = node->first; arg; arg = arg->next) {
        if (arg->slot != BIND_EXTRA) continue;
        extra->name = arg->name, extra->place = arg->name_place;
        if (!gradus_bind_value(b, scope, open_row(scope->member, arg->name), arg, &extra->value)) return false;
        extra++;
    }
    return true;
}

static bool bind_arguments(gradus_binder *b, const bind_scope *scope, tree_node *node, gradus_item *item)
{
    int32_t count = gradus_row_count(scope->family, scope->member);
    gradus_value *values = gradus_bind_take(b, (size_t)count * sizeof *values);
    if (!values) return false;
    item->values = values, item->value_count = count;
    for (int32_t i = 0; i < count; i++) {
        const gradus_argument *row = gradus_row(scope->family, scope->member, i);
        int32_t own = gradus_row_find(scope->family, scope->member, row->name);
        if (own < i)
            values[i] = values[own]; /* a member's own wins over the common one of that name */
        else if (!bind_row(b, scope, row, node, i, &values[i]))
            return false;
        if ((row->flags & GRADUS_LABEL) && values[i].present) item->label = values[i].text;
    }
    return bind_extra(b, scope, node, item);
}

/* ---- items ---- */

static bool fail_count(gradus_binder *b, const gradus_family *family, const tree_node *node)
{
    char written[BIND_WRITTEN];
    gradus_where inner = node->place;
    int32_t shift = node->kind == TREE_CALL ? node->text_place.offset - inner.offset : 0;
    inner.offset += shift, inner.length -= shift;
    if (node->kind != TREE_CALL || !gradus_language_find(b->language, family, "repeat"))
        return gradus_bind_fail(b, node->place, GRADUS_CODE_SYNTAX, NULL, "'*' repeats layers only");
    return gradus_bind_fail(b, node->place, GRADUS_CODE_SYNTAX, NULL, "'*' repeats layers only; write repeat(%d, %s)",
                            (int)node->repeat, gradus_bind_written(b, inner, written));
}

static bool bind_call(gradus_binder *b, const gradus_family *family, tree_node *node, gradus_item *item)
{
    bind_scope scope = {.family = family, .member = gradus_bind_member(b, family, node)};
    if (!scope.member) return false;
    item->member = scope.member;
    item->name_place = node->text_place;
    if (!gradus_bind_like(b, family, scope.member, node, &scope.like, &item->like_given)) return false;
    item->like = scope.like;
    return gradus_bind_assign(b, &scope, node) && bind_arguments(b, &scope, node, item);
}

static bool bind_item(gradus_binder *b, const gradus_family *family, tree_node *node, gradus_item *item)
{
    item->family = family;
    item->place = node->place;
    item->repeat = node->repeat;
    if (node->repeat > 1 && !(family->flags & GRADUS_REPEATS)) return fail_count(b, family, node);
    if (node->kind == TREE_CHAIN) {
        int32_t count = node->repeat;
        node->repeat = 1; /* what is repeated is the chain without its count */
        bool fine = gradus_bind_chain(b, family, node, &item->group);
        node->repeat = count;
        return fine;
    }
    bool same_name = gradus_language_find(b->language, family, node->text ? node->text : "") != NULL;
    if (!same_name && gradus_bind_search_of(node) != BIND_NO_SEARCH)
        return gradus_bind_open_item(b, family, node, item);
    return bind_call(b, family, node, item);
}

/* ---- chains ---- */

/* Groups dissolve, and `none` is the empty chain. */
static bool dissolves(const tree_node *node) { return node->kind == TREE_CHAIN && node->repeat == 1; }

static int32_t count_items(const tree_node *node)
{
    if (!dissolves(node)) return !gradus_is_none(node);
    int32_t count = 0;
    for (const tree_node *at = node->first; at; at = at->next) count += count_items(at);
    return count;
}

static bool bind_items(gradus_binder *b, const gradus_family *family, tree_node *node, gradus_item **next)
{
    if (!dissolves(node)) return gradus_is_none(node) || bind_item(b, family, node, (*next)++);
    for (tree_node *at = node->first; at; at = at->next)
        if (!bind_items(b, family, at, next)) return false;
    return true;
}

/* The second item of what may have one only. */
static const tree_node *second_item(const tree_node *node, int32_t *before)
{
    if (!dissolves(node)) return !gradus_is_none(node) && ++*before == 2 ? node : NULL;
    for (const tree_node *at = node->first; at; at = at->next) {
        const tree_node *found = second_item(at, before);
        if (found) return found;
    }
    return NULL;
}

static bool check_chain(gradus_binder *b, const gradus_family *family, const gradus_chain *chain)
{
    if (!family->check || chain->count == 0) return true;
    if (family->check(b->text, chain, b->error) == GRADUS_OK) return true;
    int32_t source = b->error ? b->error->source : 0;
    if (source > 0) { /* only the binder has the text of a change */
        gradus_error found = *b->error;
        *b->error = (gradus_error){0};
        gradus_where place = {.source = source, .offset = found.offset, .length = found.length};
        gradus_bind_fail(b, place, (gradus_code)found.code, *found.near ? found.near : NULL, "%s", found.message);
    }
    return false;
}

bool gradus_bind_chain_into(gradus_binder *b, const gradus_family *family, tree_node *node, gradus_chain *chain)
{
    char a[BIND_WRITTEN];
    *chain = (gradus_chain){.family = family, .count = count_items(node), .place = node->place};
    if (chain->count > 1 && !(family->flags & GRADUS_CHAIN)) {
        int32_t before = 0;
        return gradus_bind_fail(b, second_item(node, &before)->place, GRADUS_CODE_SYNTAX, NULL,
                                "%s is one call, not a chain", gradus_a_noun(family, a));
    }
    gradus_item *items = gradus_bind_take(b, (size_t)chain->count * sizeof *items);
    if (!items) return false;
    chain->items = items;
    bool fine =
        gradus_bind_enter(b, node->place) && bind_items(b, family, node, &items) && check_chain(b, family, chain);
    b->depth--;
    return fine;
}

bool gradus_bind_chain(gradus_binder *b, const gradus_family *family, tree_node *node, const gradus_chain **chain)
{
    gradus_chain *made = gradus_bind_take(b, sizeof *made);
    *chain = made;
    return made && gradus_bind_chain_into(b, family, node, made);
}
