/* Search values: uniform, loguniform, int, choice and search, which stand for a value or a call that a search will fill in.
 * Their ends are values of the parameter's own kind, so ranges and units are checked as if they had been written. */
#include <math.h>
#include <string.h>
#include "spec_bind.h"

static const char *const names[] = {[GRADUS_UNIFORM] = "uniform",
                                    [GRADUS_LOGUNIFORM] = "loguniform",
                                    [GRADUS_INT] = "int",
                                    [GRADUS_CHOICE] = "choice",
                                    [BIND_SEARCH] = "search"};

int32_t gradus_bind_search_of(const tree_node *node)
{
    if (node->kind != TREE_CALL) return BIND_NO_SEARCH;
    for (int32_t i = 0; i <= BIND_SEARCH; i++)
        if (strcmp(node->text, names[i]) == 0 && node->parentheses == (i != BIND_SEARCH)) return i;
    return BIND_NO_SEARCH;
}

static gradus_open *new_open(gradus_binder *b, const tree_node *node, int32_t search)
{
    gradus_open *open = gradus_bind_take(b, sizeof *open);
    if (!open) return NULL;
    open->search = (gradus_search)search;
    open->place = node->place;
    return open;
}

/* ---- choice(a, b, ...) ---- */

static bool check_choice(gradus_binder *b, const tree_node *node, int32_t *count)
{
    *count = 0;
    for (const tree_node *at = node->first; at; at = at->next, ++*count)
        if (at->name)
            return gradus_bind_fail(b, at->name_place, GRADUS_CODE_UNKNOWN_PARAMETER, NULL,
                                    "'choice' has no parameter '%s'; alternatives are written choice(a, b)", at->name);
    if (*count >= 2) return true;
    return gradus_bind_fail(b, node->place, GRADUS_CODE_MISSING, NULL,
                            *count ? "'choice' of one value is no choice"
                                   : "'choice' needs alternatives: choice(a, b)");
}

static bool bind_choice(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, tree_node *node,
                        gradus_open *open)
{
    if (!check_choice(b, node, &open->count)) return false;
    gradus_value *values = gradus_bind_take(b, (size_t)open->count * sizeof *values);
    if (!values) return false;
    open->values = values;
    for (tree_node *at = node->first; at; at = at->next) {
        at->flags = node->flags;
        if (!gradus_bind_value(b, scope, row, at, values++)) return false;
    }
    return true;
}

bool gradus_bind_open_item(gradus_binder *b, const gradus_family *family, tree_node *node, gradus_item *item)
{
    int32_t search = gradus_bind_search_of(node);
    char a[BIND_WRITTEN];
    if (search != GRADUS_CHOICE)
        return gradus_bind_fail(b, node->place, GRADUS_CODE_WRONG_TYPE, NULL, "'%s' stands for a number, not for %s",
                                names[search], gradus_a_noun(family, a));
    gradus_open *open = new_open(b, node, search);
    if (!open || !check_choice(b, node, &open->count)) return false;
    gradus_chain *chains = gradus_bind_take(b, (size_t)open->count * sizeof *chains);
    if (!chains) return false;
    item->open = open, open->chains = chains;
    for (tree_node *at = node->first; at; at = at->next)
        if (!gradus_bind_chain_into(b, family, at, chains++)) return false;
    return true;
}

/* ---- uniform(a, b), loguniform(a, b), int(a, b, log) ---- */

static bool bind_ends(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, tree_node *node,
                      gradus_open *open)
{
    gradus_value ends[2] = {{0}};
    gradus_argument plain = *row; /* an end is a number: neither a word, a schedule nor open itself */
    plain.words = NULL, plain.flags = 0;
    int32_t count = 0;
    for (tree_node *at = node->first; at; at = at->next) {
        bool log =
            open->search == GRADUS_INT &&
            ((!at->name && gradus_tree_is_text(at) && strcmp(at->text, "log") == 0) ||
             (at->name && strcmp(at->name, "log") == 0 && gradus_tree_is_text(at) && strcmp(at->text, "true") == 0));
        if (log) {
            open->logarithmic = true;
            continue;
        }
        if (at->name || count == 2 || gradus_bind_search_of(at) != BIND_NO_SEARCH)
            return gradus_bind_fail(b, at->place, GRADUS_CODE_TOO_MANY, NULL,
                                    "'%s' takes a lower and an upper end: %s(low, high%s)", names[open->search],
                                    names[open->search], open->search == GRADUS_INT ? ", log" : "");
        at->flags = node->flags;
        if (!gradus_bind_value(b, scope, &plain, at, &ends[count++])) return false;
    }
    if (count < 2)
        return gradus_bind_fail(b, node->place, GRADUS_CODE_MISSING, NULL,
                                "'%s' takes a lower and an upper end: %s(low, high)", names[open->search],
                                names[open->search]);
    open->low = ends[0].number, open->high = ends[1].number, open->unit = ends[0].unit;
    if (ends[0].unit != ends[1].unit)
        return gradus_bind_fail(b, ends[1].place, GRADUS_CODE_WRONG_UNIT, NULL, "both ends go in the same unit");
    if (open->low >= open->high)
        return gradus_bind_fail(b, ends[1].place, GRADUS_CODE_RANGE_ORDER, NULL,
                                "the upper end must be above the lower");
    if (open->logarithmic && open->low <= 0)
        return gradus_bind_fail(b, ends[0].place, GRADUS_CODE_OUT_OF_RANGE, NULL, "a logarithmic range starts above 0");
    return true;
}

static bool whole_ends(gradus_binder *b, const tree_node *node, const gradus_open *open)
{
    if (open->low == floor(open->low) && open->high == floor(open->high)) return true;
    return gradus_bind_fail(b, node->place, GRADUS_CODE_WRONG_TYPE, NULL,
                            "the ends of 'int' are whole numbers; write uniform(low, high)");
}

static bool bind_range(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, tree_node *node,
                       gradus_open *open)
{
    bool number = row->kind == GRADUS_NUMBER || row->kind == GRADUS_SHARE || row->kind == GRADUS_LENGTH,
         whole = row->kind == GRADUS_INTEGER;
    if (!number && !whole) return gradus_bind_expected(b, row, node);
    if (whole && open->search != GRADUS_INT)
        return gradus_bind_fail(b, node->place, GRADUS_CODE_WRONG_TYPE, "int",
                                "%s is a whole number; write int(low, high)", row->name);
    open->logarithmic = open->search == GRADUS_LOGUNIFORM;
    if (!bind_ends(b, scope, row, node, open)) return false;
    return open->search != GRADUS_INT || whole || whole_ends(b, node, open);
}

/* ---- search: the range in the row ---- */

static bool bind_known_range(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, tree_node *node,
                             gradus_value *value)
{
    if (!row->search)
        return gradus_bind_fail(b, node->place, GRADUS_CODE_UNEXPECTED_VALUE, NULL,
                                "no range to search is known for %s; write uniform(low, high)", row->name);
    tree_node *range = gradus_tree_parse(&(tree_input){.text = row->search, .fixed = &node->place}, b->arena, b->error);
    if (!range) return false;
    gradus_value found = {0};
    bool fine = gradus_bind_enter(b, node->place) && gradus_bind_value(b, scope, row, range, &found);
    b->depth--;
    value->open = found.open;
    return fine;
}

bool gradus_bind_open_value(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, tree_node *node,
                            gradus_value *value)
{
    int32_t search = gradus_bind_search_of(node);
    if (search == BIND_SEARCH) return bind_known_range(b, scope, row, node, value);
    if (node->flags & TREE_INVERSE)
        return gradus_bind_fail(b, node->place, GRADUS_CODE_UNEXPECTED_VALUE, row->name,
                                "'%s' means the inverse of %s, which cannot be searched; write %s=", node->name,
                                row->name, row->name);
    gradus_open *open = new_open(b, node, search);
    if (!open) return false;
    value->open = open;
    value->absolute = (node->flags & TREE_ABSOLUTE) != 0;
    return search == GRADUS_CHOICE ? bind_choice(b, scope, row, node, open) : bind_range(b, scope, row, node, open);
}
