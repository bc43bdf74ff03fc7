/* What a row makes of a value: words, flags, texts, points, lists, pipelines; numbers are in spec_number.c. The type of the
 * parameter decides how a text is read. */
#include <stdio.h>
#include <string.h>
#include "spec_bind.h"

/* ---- words: "linear|cosine|1-sqrt" ---- */

static bool next_word(const char **words, const char **word, size_t *length)
{
    if (!*words || !**words) return false;
    *word = *words;
    *length = strcspn(*word, "|");
    *words = *word + *length + ((*word)[*length] == '|');
    return true;
}

static int32_t word_index(const char *words, const char *name)
{
    const char *word;
    size_t length, wanted = strlen(name);
    for (int32_t i = 0; next_word(&words, &word, &length); i++)
        if (length == wanted && memcmp(word, name, length) == 0) return i;
    return -1;
}

static const char *nearest_word(const char *words, const char *name, char best[BIND_WRITTEN])
{
    const char *word;
    bool any = false;
    for (size_t length; next_word(&words, &word, &length);) {
        char one[BIND_WRITTEN];
        snprintf(one, sizeof one, "%.*s", (int)length, word);
        const char *const pair[] = {any ? best : NULL, one};
        if (gradus_nearest(name, pair, 2) != one) continue;
        memcpy(best, one, BIND_WRITTEN);
        any = true;
    }
    return any ? best : NULL;
}

/* ---- not what was expected ---- */

static const char *describe(const gradus_binder *b, const gradus_argument *row, char *text, size_t size)
{
    static const char *const kinds[] = {[GRADUS_NUMBER] = "a number",
                                        [GRADUS_INTEGER] = "a whole number",
                                        [GRADUS_SHARE] = "a share such as 0.1 or 10%",
                                        [GRADUS_LENGTH] = "a length such as 500, 3ep or 10%",
                                        [GRADUS_FLAG] = "true or false",
                                        [GRADUS_WORD] = "one of ",
                                        [GRADUS_TEXT] = "a text",
                                        [GRADUS_METRIC] = "the name of a measure",
                                        [GRADUS_PIPELINE] = "a call",
                                        [GRADUS_POINT] = "a point [length, share]"};
    const gradus_family *family = row->family ? gradus_language_family(b->language, row->family) : NULL;
    const char *words = row->words, *word, *between = row->kind == GRADUS_WORD ? "" : " or ";
    char a[BIND_WRITTEN];
    text[0] = 0;
    gradus_append(text, size, "%s",
                  row->kind == GRADUS_PIPELINE && family ? gradus_a_noun(family, a) : kinds[row->kind]);
    for (size_t length; next_word(&words, &word, &length); between = ", ")
        gradus_append(text, size, "%s%.*s", between, (int)length, word);
    if (row->flags & GRADUS_SCHEDULED) gradus_append(text, size, " or a schedule");
    return text;
}

bool gradus_bind_expected(gradus_binder *b, const gradus_argument *row, const tree_node *node)
{
    char expected[160], written[BIND_WRITTEN], word[BIND_WRITTEN], hint[BIND_HINT];
    bool a_text = row->kind == GRADUS_TEXT || row->kind == GRADUS_METRIC;
    const char *nearest = node->kind == TREE_CALL ? nearest_word(row->words, node->text, word) : NULL;
    const char *end = node->kind == TREE_QUOTED           ? "; it goes without quotes"
                      : a_text && node->kind != TREE_LIST ? "; a text with ( or > goes in quotes"
                                                          : gradus_bind_hint(nearest, hint);
    gradus_code code =
        row->kind == GRADUS_WORD && gradus_tree_is_text(node) ? GRADUS_CODE_UNEXPECTED_VALUE : GRADUS_CODE_WRONG_TYPE;
    return gradus_bind_fail(b, node->place, code, nearest, "expected %s, found '%s'%s",
                            describe(b, row, expected, sizeof expected), gradus_bind_written(b, node->place, written),
                            end);
}

/* ---- the kinds ---- */

/* A number that may follow a schedule does so where a call stands, or the bare name of a schedule. */
static bool follows_schedule(const gradus_binder *b, const gradus_argument *row, const tree_node *node)
{
    const gradus_family *schedules = gradus_language_family(b->language, "schedule");
    if (!(row->flags & GRADUS_SCHEDULED) || !schedules || node->kind == TREE_QUOTED || node->kind == TREE_LIST)
        return false;
    return !gradus_tree_is_text(node) || gradus_language_find(b->language, schedules, node->text);
}

static bool bind_flag(gradus_binder *b, const gradus_argument *row, const tree_node *node, gradus_value *value)
{
    char written[BIND_WRITTEN];
    const char *text = gradus_tree_is_text(node) ? node->text : "";
    bool on = strcmp(text, "true") == 0 || (!node->name && strcmp(text, row->name) == 0);
    value->number = on;
    if (on || strcmp(text, "false") == 0) return true;
    const char *meant = gradus_names_hold("yes, on, True, TRUE, Yes, 1, enabled", text)           ? "true"
                        : gradus_names_hold("no, off, False, FALSE, No, 0, disabled, none", text) ? "false"
                                                                                                  : NULL;
    return gradus_bind_fail(b, node->place, GRADUS_CODE_WRONG_TYPE, meant, "expected true or false, not '%s'%s%s%s",
                            gradus_bind_written(b, node->place, written), meant ? "; did you mean " : "",
                            meant ? meant : "", meant ? "?" : "");
}

static bool keep_name(gradus_binder *b, bind_name **list, const gradus_value *value)
{
    bind_name *name = gradus_bind_take(b, sizeof *name);
    if (!name) return false;
    *name = (bind_name){.name = value->text, .place = value->place, .next = *list};
    *list = name;
    return true;
}

static bool bind_label(gradus_binder *b, const gradus_value *value)
{
    const char *at = value->text;
    for (size_t size; (size = gradus_text_bare(at)) != 0 && !strchr("./%+~", *at);) at += size;
    if (at == value->text || *at)
        return gradus_bind_fail(b, value->place, GRADUS_CODE_UNEXPECTED_VALUE, NULL,
                                "a name is made of letters, digits, '_' and '-'");
    for (const bind_name *label = b->labels; label; label = label->next)
        if (strcmp(label->name, value->text) == 0)
            return gradus_bind_fail(b, value->place, GRADUS_CODE_REPEATED, NULL, "the name '%s' is given twice",
                                    value->text);
    return keep_name(b, &b->labels, value);
}

static bool bind_text(gradus_binder *b, const gradus_argument *row, const tree_node *node, gradus_value *value)
{
    if (node->kind != TREE_QUOTED && !gradus_tree_is_text(node)) return gradus_bind_expected(b, row, node);
    value->text = node->text;
    if (row->flags & GRADUS_LABEL) return bind_label(b, value);
    return !(row->flags & GRADUS_REFERENCE) || keep_name(b, &b->references, value);
}

static bool bind_pipeline(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, tree_node *node,
                          gradus_value *value)
{
    const gradus_family *family = row->family ? gradus_language_family(b->language, row->family) : scope->family;
    if (!family)
        return gradus_bind_fail(b, node->place, GRADUS_CODE_WRONG_FAMILY, NULL,
                                "nothing of the family '%s' is known here", row->family);
    bool same = family == scope->family;
    b->inside += same;
    bool fine = gradus_bind_chain(b, family, node, &value->chain);
    b->inside -= same;
    return fine;
}

static bool bind_element(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, tree_node *node,
                         gradus_value *value);

static bool bind_point(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, tree_node *node,
                       gradus_value *value)
{
    gradus_argument parts[] = {{.name = row->name, .kind = GRADUS_LENGTH}, *row};
    parts[1].kind = GRADUS_SHARE;
    if (node->kind != TREE_LIST || !node->first || !node->first->next || node->first->next->next)
        return gradus_bind_expected(b, row, node);
    gradus_value *items = gradus_bind_take(b, 2 * sizeof *items);
    if (!items) return false;
    value->items = items, value->count = 2;
    return bind_element(b, scope, &parts[0], node->first, &items[0]) &&
           bind_element(b, scope, &parts[1], node->first->next, &items[1]);
}

static bool bind_kind(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, tree_node *node,
                      gradus_value *value)
{
    const char *text =
        gradus_tree_is_text(node) || (node->kind == TREE_QUOTED && row->kind == GRADUS_WORD) ? node->text : NULL;
    int32_t word = text ? word_index(row->words, text) : -1;
    if (word >= 0) {
        value->number = row->kind == GRADUS_WORD ? word : -1 - word;
        value->text = text;
        return true;
    }
    switch (row->kind) {
    case GRADUS_NUMBER:
    case GRADUS_INTEGER:
    case GRADUS_SHARE:
    case GRADUS_LENGTH:
        if (follows_schedule(b, row, node))
            return gradus_bind_chain(b, gradus_language_family(b->language, "schedule"), node, &value->chain);
        return gradus_bind_number(b, row, node, value);
    case GRADUS_FLAG: return bind_flag(b, row, node, value);
    case GRADUS_WORD: return gradus_bind_expected(b, row, node);
    case GRADUS_TEXT:
    case GRADUS_METRIC: return bind_text(b, row, node, value);
    case GRADUS_PIPELINE: return bind_pipeline(b, scope, row, node, value);
    case GRADUS_POINT: return bind_point(b, scope, row, node, value);
    }
    return gradus_bind_expected(b, row, node);
}

/* `search` alone is a text where no range for it is known and any text may stand. */
static bool is_open(const gradus_argument *row, const tree_node *node)
{
    int32_t search = gradus_bind_search_of(node);
    if (search == BIND_NO_SEARCH || node->repeat != 1 || row->kind == GRADUS_PIPELINE ||
        (row->flags & (GRADUS_LABEL | GRADUS_REFERENCE)))
        return false;
    return search != BIND_SEARCH || row->search || (row->kind != GRADUS_TEXT && row->kind != GRADUS_METRIC);
}

static bool bind_element(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, tree_node *node,
                         gradus_value *value)
{
    value->given = value->present = true;
    value->name = node->name;
    value->place = node->place;
    return is_open(row, node) ? gradus_bind_open_value(b, scope, row, node, value)
                              : bind_kind(b, scope, row, node, value);
}

/* A single value is a list of one; so is a single point, although it is written in brackets itself. */
static bool is_list(const gradus_argument *row, const tree_node *node)
{
    if (node->kind != TREE_LIST) return false;
    return row->kind != GRADUS_POINT || !node->first || node->first->kind == TREE_LIST;
}

static bool bind_list(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, tree_node *node,
                      gradus_value *value)
{
    gradus_argument single = *row;
    bool several = is_list(row, node);
    tree_node *first = several ? node->first : node;
    int32_t count = 0;
    single.flags &= ~(uint32_t)GRADUS_LIST;
    for (const tree_node *at = first; at; at = several ? at->next : NULL) count++;
    if (!count) return gradus_bind_fail(b, node->place, GRADUS_CODE_MISSING, NULL, "this list is empty");
    gradus_value *items = gradus_bind_take(b, (size_t)count * sizeof *items);
    if (!items) return false;
    value->given = value->present = true;
    value->name = node->name;
    value->place = node->place;
    value->items = items, value->count = count;
    value->absolute = (node->flags & TREE_ABSOLUTE) != 0;
    for (int32_t i = 0; i < count; i++, first = first->next) {
        first->flags = node->flags;
        if (!bind_element(b, scope, &single, first, &items[i])) return false;
    }
    return true;
}

bool gradus_bind_value(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, tree_node *node,
                       gradus_value *value)
{
    bool a_list = (row->flags & GRADUS_LIST) && !is_open(row, node);
    return (a_list ? bind_list : bind_element)(b, scope, row, node, value);
}
