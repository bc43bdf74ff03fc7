/* Which row each argument of a call fills: by its name, by another framework's name under like=, by its place, or as the bare
 * name of a flag. Names that fill none are explained here. */
#include <string.h>
#include "spec_bind.h"

typedef struct assignment {
    gradus_binder *b;
    const bind_scope *scope;
    tree_node *node;
    int32_t position; /* rows before it are filled by place */
    bool named;       /* a value with a name has come */
} assignment;

/* ---- like= ---- */

static bool fail_framework(gradus_binder *b, const gradus_member *member, const tree_node *value)
{
    char hint[BIND_HINT], known[BIND_HINT] = "";
    const char *name, *nearest = NULL;
    const size_t length = strcspn(value->text, "."); /* a title of its own may follow */
    for (int32_t i = 0; (name = gradus_frameworks(i)) != NULL; i++) {
        if (strlen(name) == length && memcmp(name, value->text, length) == 0) break;
        const char *const pair[] = {nearest, name};
        nearest = gradus_nearest(value->text, pair, 2);
    }
    if (!name)
        return gradus_bind_fail(b, value->place, GRADUS_CODE_UNEXPECTED_VALUE, nearest,
                                "'%s' is no framework that is known here%s", value->text,
                                gradus_bind_hint(nearest, hint));
    for (const gradus_like *like = member->like; like && like->framework; like++) {
        if (value->text[length] && !strncmp(like->framework, value->text, length) && !like->framework[length])
            gradus_append(known, sizeof known, "%s%s.%s", *known ? ", " : "; it knows ", like->framework, like->title);
        else if (!value->text[length] && (like == member->like || strcmp(like[-1].framework, like->framework) != 0))
            gradus_append(known, sizeof known, "%s%s", *known ? ", " : "; it knows ", like->framework);
    }
    return gradus_bind_fail(b, value->place, GRADUS_CODE_UNEXPECTED_VALUE, NULL, "'%s' has no conventions of '%s'%s",
                            member->name, value->text, known);
}

bool gradus_bind_like(gradus_binder *b, const gradus_family *family, const gradus_member *member, const tree_node *node,
                      const gradus_like **like, bool *given)
{
    const tree_node *value = NULL;
    for (const tree_node *at = node->first; at && !value; at = at->next)
        if (at->name && strcmp(at->name, "like") == 0) value = at;
    *given = value != NULL;
    *like = gradus_like_row(family, member, b->like, node);
    if (!value) return true;
    if (!gradus_tree_is_text(value))
        return gradus_bind_fail(b, value->place, GRADUS_CODE_WRONG_TYPE, NULL,
                                "expected the name of a framework, such as like=torch");
    *like = gradus_like_row(family, member, value->text, node);
    return *like || fail_framework(b, member, value);
}

/* ---- names that fill no row ---- */

static const gradus_refusal *refusal(const bind_scope *s, const char *name)
{
    const gradus_refusal *const both[] = {s->member->refuses, s->family->refuses};
    for (int i = 0; i < 2; i++)
        for (const gradus_refusal *at = both[i]; at && at->name; at++)
            if (strcmp(at->name, name) == 0) return at;
    return NULL;
}

/* The remedy with the value as written in place of its %s. */
static const char *remedy(assignment *a, const gradus_refusal *refused, const tree_node *value, char *text, size_t size)
{
    char written[BIND_WRITTEN];
    const char *hole = strstr(refused->remedy, "%s");
    text[0] = 0;
    if (!hole)
        gradus_append(text, size, "%s", refused->remedy);
    else
        gradus_append(text, size, "%.*s%s%s", (int)(hole - refused->remedy), refused->remedy,
                      gradus_bind_written(a->b, value->place, written), hole + 2);
    return text;
}

static const gradus_argument *known_elsewhere(const bind_scope *s, const char *name, const char **framework)
{
    const gradus_argument *row;
    *framework = NULL;
    for (int32_t i = 0; (row = gradus_row(s->family, s->member, i)) != NULL; i++)
        if (gradus_names_hold(row->also, name)) return row;
    for (const gradus_like *like = s->member->like; like && like->framework; like++) {
        bind_scope other = {.family = s->family, .member = s->member, .like = like};
        uint32_t flags;
        int32_t index = gradus_like_find(&other, name, &flags);
        if (index < 0) continue;
        *framework = like->framework;
        return gradus_row(s->family, s->member, index);
    }
    return NULL;
}

static const char *nearest_row(const bind_scope *s, const char *name, bool flags_only)
{
    const gradus_argument *row;
    const char *best = NULL;
    for (int32_t i = 0; (row = gradus_row(s->family, s->member, i)) != NULL; i++) {
        const char *const pair[] = {best, row->name};
        if (!(row->flags & GRADUS_FOREIGN) && (!flags_only || row->kind == GRADUS_FLAG))
            best = gradus_nearest(name, pair, 2);
    }
    if (!flags_only && s->member->open && s->member->open[0].name && s->member->open[1].name)
        for (row = s->member->open; row->name; row++) {
            const char *const pair[] = {best, row->name};
            best = gradus_nearest(name, pair, 2);
        }
    return best;
}

/* Whether what stands before a '=' may have been meant as the first part of a text. */
static bool wants_text(const assignment *a)
{
    const gradus_argument *row = gradus_row(a->scope->family, a->scope->member, a->position);
    return !a->named && row && (row->kind == GRADUS_TEXT || row->kind == GRADUS_METRIC) && !(row->flags & GRADUS_NAMED);
}

static const char *list_rows(const bind_scope *s, char *text, size_t size)
{
    const gradus_argument *row;
    text[0] = 0;
    for (int32_t i = 0; (row = gradus_row(s->family, s->member, i)) != NULL; i++)
        if (gradus_row_written(s->family, s->member, row->name) == i)
            gradus_append(text, size, "%s%s", *text ? ", " : "; it has ", row->name);
    for (row = s->member->open; row && row->name; row++)
        gradus_append(text, size, "%s%s", *text ? ", " : "; it has ", row->name);
    return *text ? text : "; it has none";
}

static bool fail_parameter(assignment *a, const tree_node *arg)
{
    const bind_scope *s = a->scope;
    char rest[160], hint[BIND_HINT];
    const char *framework, *name = arg->name, *nearest = nearest_row(s, name, false);
    const gradus_argument *row = known_elsewhere(s, name, &framework);
    if (row && row->flags & GRADUS_FOREIGN)
        return gradus_bind_fail(a->b, arg->name_place, GRADUS_CODE_UNKNOWN_PARAMETER, NULL,
                                "'%s' has no parameter '%s'; add like=%s", s->member->name, name, framework);
    if (row && framework)
        return gradus_bind_fail(a->b, arg->name_place, GRADUS_CODE_UNKNOWN_PARAMETER, row->name,
                                "'%s' has no parameter '%s'; write %s=, or add like=%s", s->member->name, name,
                                row->name, framework);
    if (row)
        return gradus_bind_fail(a->b, arg->name_place, GRADUS_CODE_UNKNOWN_PARAMETER, row->name,
                                "'%s' has no parameter '%s'; write %s=", s->member->name, name, row->name);
    const char *end = nearest         ? gradus_bind_hint(nearest, hint)
                      : wants_text(a) ? "; a text with '=' goes in quotes"
                                      : list_rows(s, rest, sizeof rest);
    return gradus_bind_fail(a->b, arg->name_place, GRADUS_CODE_UNKNOWN_PARAMETER, nearest,
                            "'%s' has no parameter '%s'%s", s->member->name, name, end);
}

/* ---- by name ---- */

static bool open_takes(const gradus_member *member, const char *name)
{
    const gradus_argument *open = member->open;
    if (!open || !open->name) return false;
    if (!open[1].name) return true;
    for (; open->name; open++)
        if (strcmp(open->name, name) == 0) return true;
    return false;
}

/* A flag of theirs may be a choice of words here: eps_in_sqrt=true is place=inside. */
static bool translate_flag(const assignment *a, tree_node *arg)
{
    const char *word;
    size_t length;
    if (!gradus_tree_is_text(arg) || !gradus_like_word(a->scope, arg->name, arg->text, &word, &length)) return true;
    arg->text = gradus_bind_text(a->b, word, length);
    return arg->text;
}

static bool assign_name(assignment *a, tree_node *arg)
{
    char text[192];
    arg->slot = gradus_like_find(a->scope, arg->name, &arg->flags);
    if (arg->slot >= 0 && a->scope->like && !translate_flag(a, arg)) return false;
    if (arg->slot < 0) arg->slot = gradus_row_written(a->scope->family, a->scope->member, arg->name);
    if (arg->slot >= 0) return true;
    arg->slot = strcmp(arg->name, "like") == 0 ? BIND_LIKE : BIND_EXTRA;
    const gradus_refusal *refused = arg->slot == BIND_EXTRA ? refusal(a->scope, arg->name) : NULL;
    if (refused)
        return gradus_bind_fail(a->b, arg->name_place, GRADUS_CODE_REFUSED, NULL, "'%s' has no parameter '%s'; %s",
                                a->scope->member->name, arg->name, remedy(a, refused, arg, text, sizeof text));
    return arg->slot == BIND_LIKE || open_takes(a->scope->member, arg->name) || fail_parameter(a, arg);
}

/* ---- by place ---- */

/* In families whose values go by name (optimizers) only what is wrapped stands without one; a flag stands anywhere, as itself. */
static bool goes_by_place(const bind_scope *s, const gradus_argument *row)
{
    if ((row->flags & GRADUS_NAMED) || row->kind == GRADUS_FLAG) return false;
    return !(s->family->flags & GRADUS_NO_POSITIONAL) || row->kind == GRADUS_PIPELINE;
}

static bool fail_too_many(assignment *a, const tree_node *arg)
{
    const bind_scope *s = a->scope;
    const gradus_argument *row;
    char text[192], hint[BIND_HINT], written[BIND_WRITTEN];
    const char *name = s->member->name, *nearest = gradus_tree_is_text(arg) ? nearest_row(s, arg->text, true) : NULL;
    int32_t places = 0;
    if (nearest)
        return gradus_bind_fail(a->b, arg->place, GRADUS_CODE_UNKNOWN_PARAMETER, nearest, "'%s' has no flag '%s'%s",
                                name, arg->text, gradus_bind_hint(nearest, hint));
    for (int32_t i = 0; (row = gradus_row(s->family, s->member, i)) != NULL; i++) places += goes_by_place(s, row);
    const gradus_refusal *refused = refusal(s, "");
    if (!places)
        gradus_append(strcpy(text, ""), sizeof text, "'%s' takes no value without a name", name);
    else
        gradus_append(strcpy(text, ""), sizeof text, "'%s' takes %d value%s without a name", name, (int)places,
                      places > 1 ? "s" : "");
    if (refused) {
        char end[160];
        return gradus_bind_fail(a->b, arg->place, GRADUS_CODE_TOO_MANY, NULL, "%s; %s", text,
                                remedy(a, refused, arg, end, sizeof end));
    }
    row = gradus_row(s->family, s->member, a->position);
    if (row && row->kind != GRADUS_FLAG && !(row->flags & (GRADUS_LABEL | GRADUS_REFERENCE)))
        return gradus_bind_fail(a->b, arg->place, GRADUS_CODE_TOO_MANY, NULL, "%s; write %s=%s", text, row->name,
                                gradus_bind_written(a->b, arg->place, written));
    return gradus_bind_fail(a->b, arg->place, GRADUS_CODE_TOO_MANY, NULL, "%s", text);
}

static bool takes_list(const gradus_argument *row)
{
    return row->kind == GRADUS_POINT || (row->flags & (GRADUS_LIST | GRADUS_MANY)) != 0;
}

/* A list passes over what may be left out and takes none, where something after it does: table([1, 0.5]) gives no file. */
static void pass_over(assignment *a, const tree_node *arg)
{
    const gradus_argument *row = gradus_row(a->scope->family, a->scope->member, a->position);
    if (arg->kind != TREE_LIST || takes_list(row) || !(row->flags & GRADUS_OPTIONAL)) return;
    for (int32_t i = a->position + 1; (row = gradus_row(a->scope->family, a->scope->member, i)) != NULL; i++) {
        if (!goes_by_place(a->scope, row)) continue;
        if (takes_list(row)) a->position = i;
        return;
    }
}

static bool assign_place(assignment *a, tree_node *arg)
{
    const bind_scope *s = a->scope;
    const gradus_argument *row;
    int32_t flag = gradus_tree_is_text(arg) ? gradus_row_written(s->family, s->member, arg->text) : -1;
    if (flag >= 0 && gradus_row(s->family, s->member, flag)->kind == GRADUS_FLAG) {
        arg->slot = flag;
        return true;
    }
    while ((row = gradus_row(s->family, s->member, a->position)) != NULL && !goes_by_place(s, row)) a->position++;
    if (!row) {
        a->position = 0;
        while ((row = gradus_row(s->family, s->member, a->position)) != NULL && goes_by_place(s, row)) a->position++;
        return fail_too_many(a, arg);
    }
    if (a->named)
        return gradus_bind_fail(a->b, arg->place, GRADUS_CODE_UNEXPECTED_VALUE, NULL,
                                "values without a name come first");
    pass_over(a, arg);
    row = gradus_row(s->family, s->member, a->position);
    arg->slot = a->position;
    if (!(row->flags & GRADUS_MANY)) a->position++;
    return true;
}

/* ---- all of them ---- */

static bool check_twice(assignment *a, const tree_node *arg)
{
    const gradus_argument *row = arg->slot >= 0 ? gradus_row(a->scope->family, a->scope->member, arg->slot) : NULL;
    if (row && (row->flags & GRADUS_MANY) && !arg->name) return true;
    for (const tree_node *at = a->node->first; at != arg; at = at->next) {
        if (at->slot != arg->slot || (arg->slot == BIND_EXTRA && strcmp(at->name, arg->name) != 0)) continue;
        const char *name = arg->name ? arg->name : row->name;
        bool renamed = at->name && strcmp(at->name, name) != 0;
        return gradus_bind_fail(a->b, arg->name ? arg->name_place : arg->place, GRADUS_CODE_REPEATED, NULL,
                                "'%s' is given twice%s%s%s", name, renamed ? ", first as '" : "",
                                renamed ? at->name : "",
                                renamed    ? "'"
                                : at->name ? ""
                                           : ", first without its name");
    }
    return true;
}

bool gradus_bind_assign(gradus_binder *b, const bind_scope *scope, tree_node *node)
{
    assignment a = {.b = b, .scope = scope, .node = node};
    for (tree_node *arg = node->first; arg; arg = arg->next) {
        arg->flags = 0;
        if (!(arg->name ? assign_name(&a, arg) : assign_place(&a, arg)) || !check_twice(&a, arg)) return false;
        a.named |= arg->name != NULL;
    }
    return true;
}

/* ---- what is missing ---- */

/* A value that would do, to show how the call is written. */
static void append_example(char *text, size_t size, const gradus_argument *row)
{
    bool bounded = row->low != 0 || row->high != 0;
    char number[32];
    switch (row->kind) {
    case GRADUS_LENGTH: gradus_append(text, size, "5%%"); return;
    case GRADUS_SHARE: gradus_append(text, size, "10%%"); return;
    case GRADUS_POINT: gradus_append(text, size, "[5ep, 1]"); return;
    case GRADUS_FLAG: gradus_append(text, size, "true"); return;
    case GRADUS_METRIC: gradus_append(text, size, "val_loss"); return;
    case GRADUS_TEXT: gradus_append(text, size, "\"...\""); return;
    case GRADUS_PIPELINE: gradus_append(text, size, "..."); return;
    case GRADUS_WORD: gradus_append(text, size, "%.*s", (int)strcspn(row->words, "|"), row->words); return;
    case GRADUS_INTEGER:
        gradus_number_print(!bounded || (row->low <= 10 && row->high >= 10) ? 10 : row->low, number);
        break;
    case GRADUS_NUMBER: {
        bool half = bounded && (row->high < 1 || (row->high == 1 && row->open && strchr(row->open, ')')));
        gradus_number_print(half ? (row->low + row->high) / 2 : !bounded || row->low <= 1 ? 1 : row->low, number);
        break;
    }
    }
    gradus_append(text, size, "%s", number);
}

static const tree_node *given(const tree_node *node, int32_t slot)
{
    for (const tree_node *arg = node->first; arg; arg = arg->next)
        if (arg->slot == slot) return arg;
    return NULL;
}

bool gradus_bind_missing(gradus_binder *b, const bind_scope *scope, const tree_node *node, const gradus_argument *row)
{
    char text[160] = "", written[BIND_WRITTEN];
    const gradus_argument *at;
    for (int32_t i = 0; (at = gradus_row(scope->family, scope->member, i)) != NULL; i++) {
        const tree_node *value = given(node, i);
        bool needed = !at->initial && !(at->flags & (GRADUS_OPTIONAL | GRADUS_LABEL | GRADUS_REFERENCE));
        if (!value && !needed) continue;
        if (*text) gradus_append(text, sizeof text, ", ");
        if (!goes_by_place(scope, at) || (value && value->name)) gradus_append(text, sizeof text, "%s=", at->name);
        if (value)
            gradus_append(text, sizeof text, "%s", gradus_bind_written(b, value->place, written));
        else
            append_example(text, sizeof text, at);
    }
    return gradus_bind_fail(b, node->text_place, GRADUS_CODE_MISSING, NULL, "'%s' needs %s: %s(%s)",
                            scope->member->name, row->name, scope->member->name, text);
}
