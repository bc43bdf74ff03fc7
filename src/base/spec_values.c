/* What a row makes of a value: numbers, shares and lengths with their units and ranges, flags, words, texts, points, lists,
 * pipelines. The type of the parameter decides how a text is read. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "number.h"
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

/* ---- numbers ---- */

static const char *describe_range(const gradus_argument *row, char text[BIND_HINT])
{
    char low[32], high[32];
    bool above = row->open && strchr(row->open, '('), below = row->open && strchr(row->open, ')');
    gradus_number_print(row->low, low), gradus_number_print(row->high, high);
    text[0] = 0;
    if (isinf(row->high))
        gradus_append(text, BIND_HINT, "%s %s", above ? "above" : "at least", low);
    else if (isinf(row->low))
        gradus_append(text, BIND_HINT, "%s %s", below ? "below" : "at most", high);
    else
        gradus_append(text, BIND_HINT, "in %c%s, %s%c", above ? '(' : '[', low, high, below ? ')' : ']');
    return text;
}

static bool in_range(const gradus_argument *row, double number)
{
    bool above = row->open && strchr(row->open, '('), below = row->open && strchr(row->open, ')');
    if (row->low == 0 && row->high == 0) return true;
    if (above ? number <= row->low : number < row->low) return false;
    return below ? number < row->high : number <= row->high;
}

static bool check_range(gradus_binder *b, const gradus_argument *row, const tree_node *node, const gradus_value *value)
{
    static const gradus_argument at_least_0 = {.high = INFINITY};
    char written[BIND_WRITTEN], range[BIND_HINT];
    const gradus_argument *bounds =
        value->absolute || (row->kind == GRADUS_LENGTH && row->low == 0 && row->high == 0) ? &at_least_0 : row;
    gradus_bind_written(b, node->place, written);
    if (!isfinite(value->number))
        return gradus_bind_fail(b, node->place, GRADUS_CODE_OUT_OF_RANGE, NULL, "'%s' is no finite number", written);
    if (!in_range(bounds, value->number))
        return gradus_bind_fail(b, node->place, GRADUS_CODE_OUT_OF_RANGE, NULL, "%s must be %s, not %s",
                                node->name ? node->name : row->name, describe_range(bounds, range), written);
    if (row->kind == GRADUS_LENGTH && value->unit == GRADUS_IN_PERCENT && value->number > 1)
        return gradus_bind_fail(b, node->place, GRADUS_CODE_LENGTHS, NULL, "%s is more than 100 %% of %s", written,
                                b->inside ? "what is around it" : "the run");
    return true;
}

/* 1_000 is a habit from other languages. */
static bool fail_underscores(gradus_binder *b, const tree_node *node, bool *handled)
{
    static const struct {
        double least;
        int32_t shift;
        char letter;
    } multiples[] = {{1e9, 9, 'B'}, {1e6, 6, 'M'}, {1e3, 3, 'k'}};
    char digits[BIND_WRITTEN], plain[32], scaled[32], remedy[BIND_HINT] = "";
    size_t length = 0;
    double number;
    for (const char *at = node->text; *at && length < sizeof digits - 1; at++)
        if (*at != '_') digits[length++] = *at;
    digits[length] = 0;
    *handled = strchr(node->text, '_') && gradus_number_read(digits, length, &number) == length;
    if (!*handled) return false;
    gradus_number_print(number, plain);
    gradus_append(remedy, sizeof remedy, "%s", plain);
    for (int i = 0; i < 3; i++) {
        if (number < multiples[i].least) continue;
        gradus_number_print_shifted(number, -multiples[i].shift, scaled);
        gradus_append(remedy, sizeof remedy, " or %s%c", scaled, multiples[i].letter);
        break;
    }
    return gradus_bind_fail(b, node->place, GRADUS_CODE_WRONG_TYPE, NULL, "'%s' is no number; write %s", node->text,
                            remedy);
}

static bool fail_unit(gradus_binder *b, const gradus_argument *row, const tree_node *node,
                      const text_quantity *quantity)
{
    char number[32], hint[BIND_HINT];
    const char *unit = node->text + quantity->unit_at;
    if (quantity->unit == GRADUS_IN_PERCENT) {
        gradus_number_print(quantity->number, number);
        return gradus_bind_fail(b, node->place, GRADUS_CODE_WRONG_UNIT, NULL, "'%%' does not belong here; write %s",
                                number);
    }
    if (row->kind != GRADUS_LENGTH)
        return gradus_bind_fail(b, node->place, GRADUS_CODE_WRONG_UNIT, NULL,
                                "'%s' does not belong here; %s has no unit", unit, row->name);
    const char *nearest = gradus_text_nearest_unit(unit, strlen(unit));
    gradus_where place = node->text_place;
    if (place.length == (int32_t)strlen(node->text)) /* not a default, whose place is that of its item */
        place.offset += (int32_t)quantity->unit_at, place.length -= (int32_t)quantity->unit_at;
    return gradus_bind_fail(b, place, GRADUS_CODE_UNKNOWN_UNIT, nearest, "'%s' is no unit%s", unit,
                            nearest ? gradus_bind_hint(nearest, hint)
                                    : "; there are % ep updates samples tokens s min h");
}

static bool set_unit(gradus_binder *b, const gradus_argument *row, const tree_node *node, const text_quantity *quantity,
                     gradus_value *value)
{
    bool length = row->kind == GRADUS_LENGTH, percent = quantity->unit == GRADUS_IN_PERCENT;
    if (quantity->unit == TEXT_UNKNOWN_UNIT ||
        (quantity->unit >= 0 && !length && !(percent && row->kind == GRADUS_SHARE)))
        return fail_unit(b, row, node, quantity);
    value->number = quantity->number;
    value->unit = quantity->unit == TEXT_NO_UNIT ? GRADUS_IN_UPDATES : quantity->unit;
    if (quantity->unit == TEXT_MINUTES || quantity->unit == TEXT_HOURS) {
        value->number *= quantity->unit == TEXT_HOURS ? 3600 : 60;
        value->unit = GRADUS_IN_SECONDS;
    }
    return true;
}

static bool bind_number(gradus_binder *b, const gradus_argument *row, const tree_node *node, gradus_value *value)
{
    static const double largest_whole = 9007199254740992;
    text_quantity quantity;
    bool handled = false;
    if (!gradus_tree_is_text(node)) return gradus_bind_expected(b, row, node);
    if (!gradus_text_quantity(node->text, &quantity) ||
        (quantity.unit == TEXT_UNKNOWN_UNIT && row->kind != GRADUS_LENGTH &&
         !gradus_text_nearest_unit(node->text + quantity.unit_at, strlen(node->text + quantity.unit_at)))) {
        fail_underscores(b, node, &handled);
        return handled ? false : gradus_bind_expected(b, row, node);
    }
    if (!set_unit(b, row, node, &quantity, value)) return false;
    if (node->flags & TREE_INVERSE) value->number = 1 / value->number;
    value->absolute = (node->flags & TREE_ABSOLUTE) != 0;
    if (!check_range(b, row, node, value)) return false;
    if (row->kind != GRADUS_INTEGER) return true;
    bool whole = value->number == floor(value->number) && fabs(value->number) <= largest_whole;
    return whole || gradus_bind_expected(b, row, node);
}

/* A number that may follow a schedule does so where a call stands, or the bare name of a schedule. */
static bool follows_schedule(const gradus_binder *b, const gradus_argument *row, const tree_node *node)
{
    const gradus_family *schedules = gradus_language_family(b->language, "schedule");
    if (!(row->flags & GRADUS_SCHEDULED) || !schedules || node->kind == TREE_QUOTED || node->kind == TREE_LIST)
        return false;
    return !gradus_tree_is_text(node) || gradus_language_find(b->language, schedules, node->text);
}

/* ---- the other kinds ---- */

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
    bind_name *name = gradus_arena_take(b->arena, sizeof *name, _Alignof(bind_name));
    if (!name) return gradus_bind_no_memory(b);
    *name = (bind_name){.name = value->text, .place = value->place, .next = *list};
    *list = name;
    return true;
}

static bool bind_label(gradus_binder *b, const gradus_value *value)
{
    for (const char *at = value->text; *at || at == value->text; at++)
        if (!gradus_text_bare(at) || strchr("./%+~", *at))
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
    gradus_value *items = gradus_arena_take(b->arena, 2 * sizeof *items, _Alignof(gradus_value));
    if (!items) return gradus_bind_no_memory(b);
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
        return bind_number(b, row, node, value);
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

static bool bind_list(gradus_binder *b, const bind_scope *scope, const gradus_argument *row, tree_node *node,
                      gradus_value *value)
{
    gradus_argument single = *row;
    tree_node *first = node->kind == TREE_LIST ? node->first : node;
    int32_t count = 0;
    single.flags &= ~(uint32_t)GRADUS_LIST;
    for (const tree_node *at = first; at; at = node->kind == TREE_LIST ? at->next : NULL) count++;
    if (!count) return gradus_bind_fail(b, node->place, GRADUS_CODE_MISSING, NULL, "this list is empty");
    gradus_value *items = gradus_arena_take(b->arena, (size_t)count * sizeof *items, _Alignof(gradus_value));
    if (!items) return gradus_bind_no_memory(b);
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
