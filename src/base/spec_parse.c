/* The parser: one text becomes a tree of calls, texts, lists and chains. It knows the grammar and neither names nor types, so
 * the same few functions read every family. What it refuses it explains: spec_syntax.c. */
#include <string.h>
#include "spec_parser.h"

/* ---- tokens ---- */

void gradus_parse_skip(gradus_parser *p)
{
    for (;; p->at++) {
        char c = p->text[p->at];
        bool fresh = p->at == 0 || strchr(" \t\r\n", p->text[p->at - 1]);
        if (c == '#' && fresh) p->at += strcspn(p->text + p->at, "\n");
        if (!p->text[p->at] || !strchr(" \t\r\n", p->text[p->at])) return;
    }
}

size_t gradus_parse_span(const gradus_parser *p, size_t from)
{
    size_t at = from;
    for (size_t size; (size = gradus_text_bare(p->text + at)) != 0;) at += size;
    return at - from;
}

gradus_where gradus_parse_place(const gradus_parser *p, size_t from, size_t to)
{
    if (p->fixed) return *p->fixed;
    return (gradus_where){.source = p->source, .offset = (int32_t)from, .length = (int32_t)(to - from)};
}

static char next(gradus_parser *p)
{
    gradus_parse_skip(p);
    return p->text[p->at];
}

static void take(gradus_parser *p, size_t bytes)
{
    p->at += bytes;
    p->last = p->at;
}

static const char *copy(gradus_parser *p, size_t from, size_t to)
{
    const char *text = gradus_arena_text(p->arena, p->text + from, to - from);
    if (!text) gradus_tree_no_memory(p->error, p->arena);
    return text;
}

static tree_node *new_node(gradus_parser *p, tree_kind kind)
{
    if (++p->nodes > GRADUS_SPEC_ITEMS)
        return gradus_parse_fail(p, p->at, 0, GRADUS_CODE_TOO_LONG, "more than %d items", GRADUS_SPEC_ITEMS);
    tree_node *node = gradus_arena_take(p->arena, sizeof *node, _Alignof(tree_node));
    if (!node)
        gradus_tree_no_memory(p->error, p->arena);
    else
        node->kind = kind, node->repeat = 1;
    return node;
}

/* "2M tokens": a word that is a unit, or is meant as one, belongs to the number before it. */
static size_t unit_after(const gradus_parser *p, const char *number, size_t at)
{
    text_quantity quantity;
    if (!gradus_text_quantity(number, &quantity) || quantity.unit != TEXT_NO_UNIT) return 0;
    size_t blanks = strspn(p->text + at, " \t"), word = gradus_parse_span(p, at + blanks);
    const char *text = p->text + at + blanks;
    bool meant = word && (gradus_text_unit(text, word) >= 0 || gradus_text_nearest_unit(text, word));
    return meant ? blanks + word : 0;
}

static const char *parse_bare(gradus_parser *p, gradus_where *place)
{
    size_t from = p->at, length = gradus_parse_span(p, from);
    if (!length) return gradus_parse_unexpected(p, PARSE_ITEM);
    const char *text = copy(p, from, from + length);
    size_t unit = text ? unit_after(p, text, from + length) : 0;
    if (unit) text = copy(p, from, from + length + unit);
    take(p, length + unit);
    *place = gradus_parse_place(p, from, p->at);
    return text;
}

static char escaped(char c)
{
    switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case '\\':
    case '"':
    case '\'': return c;
    default: return 0;
    }
}

/* One character of a quoted text, or an escape; how many bytes of the text it takes, 0: neither. */
static size_t parse_character(gradus_parser *p, char *out, size_t *length)
{
    const char *at = p->text + p->at;
    uint32_t point;
    size_t size = gradus_text_code_point(at, &point);
    if (size && *at != '\\') {
        memcpy(out, at, size);
        *length = size;
        return size;
    }
    *out = size ? escaped(at[1]) : 0;
    *length = 1;
    if (*out) return 2;
    if (!size)
        gradus_parse_unexpected(p, PARSE_ITEM);
    else
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_SYNTAX,
                          "a backslash stands before \\ \" ' n or t only; a plain one is written \\\\");
    return 0;
}

static tree_node *parse_quoted(gradus_parser *p)
{
    size_t from = p->at, length = 0, longest = strlen(p->text + from);
    tree_node *node = new_node(p, TREE_QUOTED);
    if (!node) return NULL;
    char quote = p->text[p->at++], *text = gradus_arena_take(p->arena, longest, 1);
    if (!text) {
        gradus_tree_no_memory(p->error, p->arena);
        return NULL;
    }
    while (p->text[p->at] != quote) {
        size_t made, taken = 0;
        if (!p->text[p->at]) return gradus_parse_fail(p, from, 1, GRADUS_CODE_UNCLOSED, "this quote is never closed");
        if (!(taken = parse_character(p, text + length, &made))) return NULL;
        length += made, p->at += taken;
    }
    take(p, 1);
    node->text = text;
    node->place = gradus_parse_place(p, from, p->at);
    return node;
}

/* ---- brackets ---- */

typedef tree_node *parse_function(gradus_parser *p);

static bool open_bracket(gradus_parser *p, gradus_opening *opening, gradus_parse_within within)
{
    *opening = (gradus_opening){.within = within, .at = p->at, .outer = p->open};
    if (++p->depth > GRADUS_SPEC_DEPTH)
        return gradus_parse_fail(p, p->at, 1, GRADUS_CODE_TOO_DEEP, "nested deeper than %d", GRADUS_SPEC_DEPTH);
    p->open = opening;
    take(p, 1);
    return true;
}

static void close_bracket(gradus_parser *p)
{
    take(p, 1);
    p->open = p->open->outer;
    p->depth--;
}

/* Elements with ',' between them and perhaps after the last, up to the closing bracket. */
static bool parse_elements(gradus_parser *p, tree_node *parent, char close, gradus_parse_within within,
                           parse_function *element)
{
    gradus_opening opening;
    tree_node **end = &parent->first;
    if (!open_bracket(p, &opening, within)) return false;
    while (next(p) != close) {
        if (!(*end = element(p))) return false;
        end = &(*end)->next;
        char c = next(p);
        if (c == ',')
            take(p, 1);
        else if (c != close)
            return gradus_parse_unexpected(p, PARSE_JOINT);
    }
    close_bracket(p);
    return true;
}

/* ---- the grammar ---- */

static tree_node *parse_chain(gradus_parser *p);

static tree_node *parse_list(gradus_parser *p)
{
    size_t from = p->at;
    tree_node *node = new_node(p, TREE_LIST);
    if (!node || !parse_elements(p, node, ']', PARSE_IN_LIST, gradus_parse_value)) return NULL;
    node->place = gradus_parse_place(p, from, p->last);
    return node;
}

tree_node *gradus_parse_value(gradus_parser *p)
{
    char c = next(p);
    return c == '"' || c == '\'' ? parse_quoted(p) : c == '[' ? parse_list(p) : parse_chain(p);
}

static tree_node *parse_argument(gradus_parser *p)
{
    gradus_parse_skip(p);
    size_t from = p->at, length = gradus_parse_span(p, from);
    p->at += length;
    if (!length || next(p) != '=' || p->text[p->at + 1] == '>') {
        p->at = from;
        return gradus_parse_value(p);
    }
    const char *name = copy(p, from, from + length);
    take(p, 1);
    char c = next(p);
    if (c == ',' || c == ')')
        return gradus_parse_fail(p, p->at, 1, GRADUS_CODE_MISSING, "a value is missing after '%s='", name);
    tree_node *node = name ? gradus_parse_value(p) : NULL;
    if (!node) return NULL;
    node->name = name;
    node->name_place = gradus_parse_place(p, from, from + length);
    return node;
}

static tree_node *parse_call(gradus_parser *p)
{
    size_t from = p->at;
    tree_node *node = new_node(p, TREE_CALL);
    if (!node || !(node->text = parse_bare(p, &node->text_place))) return NULL;
    if (next(p) == '(') {
        node->parentheses = true;
        if (!parse_elements(p, node, ')', PARSE_IN_CALL, parse_argument)) return NULL;
    }
    node->place = gradus_parse_place(p, from, p->last);
    return node;
}

static tree_node *parse_group(gradus_parser *p)
{
    gradus_opening opening;
    size_t from = p->at;
    tree_node *node = new_node(p, TREE_CHAIN), *inside;
    if (!node || !open_bracket(p, &opening, PARSE_IN_GROUP)) return NULL;
    if (next(p) == ')')
        return gradus_parse_fail(p, p->at, 1, GRADUS_CODE_SYNTAX, "nothing stands between these parentheses");
    if (!(inside = parse_chain(p))) return NULL;
    if (next(p) != ')') return gradus_parse_unexpected(p, PARSE_JOINT);
    close_bracket(p);
    node->first = inside->kind == TREE_CHAIN && !inside->parentheses ? inside->first : inside;
    node->parentheses = true;
    node->place = gradus_parse_place(p, from, p->last);
    return node;
}

/* A count is a bare text with '*' behind it; anything else is left where it stands. */
static bool parse_count(gradus_parser *p, int32_t *count)
{
    size_t from = p->at, length = gradus_parse_span(p, from);
    double number = 0;
    bool is_number = length && gradus_number_read(p->text + from, length, &number) == length;
    p->at += length;
    if (!is_number || next(p) != '*') {
        p->at = from;
        return true;
    }
    if (!(number >= 1 && number <= GRADUS_SPEC_LAYERS && number == (int32_t)number)) {
        const char *text = copy(p, from, from + length);
        if (text)
            gradus_parse_fail(p, from, length, GRADUS_CODE_OUT_OF_RANGE,
                              "a repeat count is a whole number from 1 to %d, not %s", GRADUS_SPEC_LAYERS, text);
        return false;
    }
    *count = (int32_t)number;
    take(p, 1);
    gradus_parse_skip(p);
    return true;
}

static tree_node *parse_item(gradus_parser *p)
{
    int32_t count = 1;
    gradus_parse_skip(p);
    size_t from = p->at;
    if (!parse_count(p, &count)) return NULL;
    tree_node *node = p->text[p->at] == '(' ? parse_group(p) : parse_call(p);
    if (!node) return NULL;
    node->repeat = count;
    node->place = gradus_parse_place(p, from, p->last);
    return node;
}

static tree_node *parse_chain(gradus_parser *p)
{
    if (next(p) == '>') return gradus_parse_fail(p, p->at, 1, GRADUS_CODE_SYNTAX, "nothing stands before this '>'");
    size_t from = p->at;
    tree_node *first = parse_item(p), *node = first;
    if (!first || next(p) != '>') return first;
    if (!(node = new_node(p, TREE_CHAIN))) return NULL;
    node->first = first;
    for (tree_node *last = first; next(p) == '>'; last = last->next) {
        size_t joint = p->at;
        take(p, 1);
        char c = next(p);
        if (c == '>') return gradus_parse_fail(p, p->at, 1, GRADUS_CODE_SYNTAX, "items are joined with one '>'");
        if (!c || strchr("),]", c))
            return gradus_parse_fail(p, joint, 1, GRADUS_CODE_SYNTAX, "nothing follows this '>'");
        if (!(last->next = parse_item(p))) return NULL;
    }
    node->place = gradus_parse_place(p, from, p->last);
    return node;
}

tree_node *gradus_tree_parse(const tree_input *input, gradus_arena *arena, gradus_error *error)
{
    gradus_parser p = {.arena = arena,
                       .error = error,
                       .text = input->text,
                       .at = input->from,
                       .source = input->source,
                       .fixed = input->fixed,
                       .joint = input->joint ? input->joint : "items are joined with '>'"};
    if (strlen(input->text) > GRADUS_SPEC_BYTES)
        return gradus_parse_fail(&p, input->from, 0, GRADUS_CODE_TOO_LONG, "the text is longer than %d KiB",
                                 GRADUS_SPEC_BYTES / 1024);
    if (!next(&p)) return gradus_parse_fail(&p, p.at, 0, GRADUS_CODE_MISSING, "nothing is written here");
    tree_node *node = gradus_parse_value(&p);
    if (node && next(&p)) return gradus_parse_unexpected(&p, PARSE_JOINT);
    return node;
}
