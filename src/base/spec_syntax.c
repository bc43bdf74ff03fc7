/* What the parser says about a text that it cannot read: for each character that people put where it cannot stand, the remedy.
 * Kept apart from the grammar, which stays readable without it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "spec_parser.h"

void *gradus_parse_fail(gradus_parser *p, size_t from, size_t length, gradus_code code, const char *format, ...)
{
    char message[sizeof p->error->message + 8];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    gradus_tree_fail(p->error, p->fixed ? NULL : p->text, gradus_parse_place(p, from, from + length), code, NULL, "%s",
                     message);
    return NULL;
}

static void fail_end(gradus_parser *p)
{
    if (!p->open)
        gradus_parse_fail(p, p->at, 0, GRADUS_CODE_MISSING, "something is missing at the end");
    else
        gradus_parse_fail(p, p->open->at, 1, GRADUS_CODE_UNCLOSED, "'%c' is never closed", p->text[p->open->at]);
}

static void fail_bracket(gradus_parser *p)
{
    char c = p->text[p->at], partner = c == ')' ? '(' : '[';
    if (!p->open)
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_UNCLOSED, "'%c' without '%c'", c, partner);
    else
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_UNCLOSED, "'%c' cannot close '%c'", c, p->text[p->open->at]);
}

static void fail_comma(gradus_parser *p, gradus_parse_wanted wanted)
{
    if (p->open && p->open->within != PARSE_IN_GROUP)
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_MISSING, "a value is missing before this ','");
    else if (wanted == PARSE_ITEM)
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_SYNTAX, "nothing stands before this ','");
    else if (p->open)
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_SYNTAX, "',' in a group; %s", p->joint);
    else
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_SYNTAX, "',' outside parentheses; %s", p->joint);
}

/* '*' after a value: a count too many, one on the wrong side, or a pattern without its quotes. */
static void fail_star(gradus_parser *p, gradus_parse_wanted wanted)
{
    const char *after = p->text + p->at + 1, *before = p->text + p->last - (p->last > 0);
    after += strspn(after, " ");
    if (wanted == PARSE_JOINT && *after >= '0' && *after <= '9')
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_SYNTAX, "a repeat count comes first, as in 3 * (a > b)");
    else if (wanted == PARSE_JOINT && *before >= '0' && *before <= '9')
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_SYNTAX, "one repeat count is enough");
    else
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_CHARACTER, "a text with '*' goes in quotes");
}

static void fail_bare(gradus_parser *p, size_t length)
{
    static const char *const expected[] = {
        [PARSE_IN_CALL] = "',' or ')'", [PARSE_IN_GROUP] = "'>' or ')'", [PARSE_IN_LIST] = "',' or ']'"};
    const char *wanted = p->open ? expected[p->open->within] : "'>' or the end", *text = p->text + p->at;
    char before[2] = {p->last > 0 ? p->text[p->last - 1] : '(', 0}, word[64] = "";
    bool after_text = gradus_text_bare(before) && !(*before >= '0' && *before <= '9');
    gradus_append(word, sizeof word, "%.*s", (int)length, text);
    if (length == 1 && *text == '-' && text[1] == '>')
        gradus_parse_fail(p, p->at, 2, GRADUS_CODE_SYNTAX, "unexpected '->'; %s", p->joint);
    else if (length == 1 && strchr("+-/%", *text))
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_SYNTAX, "unexpected '%s'; there is no arithmetic, write sum(a, b)",
                          word);
    else
        gradus_parse_fail(p, p->at, length, GRADUS_CODE_SYNTAX, "expected %s before '%s'%s", wanted, word,
                          after_text ? "; a text with a space goes in quotes" : "");
}

static void fail_code_point(gradus_parser *p)
{
    uint32_t point = 0;
    size_t size = gradus_text_code_point(p->text + p->at, &point);
    const char *plain = size ? gradus_text_plain(point) : NULL;
    if (!size)
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_CHARACTER, "this byte is no UTF-8");
    else if (point < 0x20 || point == 0x7F)
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_CHARACTER, "a control character stands here");
    else if (plain)
        gradus_parse_fail(p, p->at, size, GRADUS_CODE_CHARACTER, "typographic character '%.*s'; write %s", (int)size,
                          p->text + p->at, plain);
    else
        gradus_parse_fail(p, p->at, size, GRADUS_CODE_CHARACTER, "unexpected '%.*s'; a text with '%.*s' goes in quotes",
                          (int)size, p->text + p->at, (int)size, p->text + p->at);
}

static void fail_sign(gradus_parser *p, gradus_parse_wanted wanted)
{
    char c = p->text[p->at], after = p->text[p->at + 1];
    bool in_call = p->open && p->open->within == PARSE_IN_CALL;
    if ((c == '=' || c == '|') && after == '>')
        gradus_parse_fail(p, p->at, 2, GRADUS_CODE_SYNTAX, "unexpected '%c>'; %s", c, p->joint);
    else if (strchr("|&;<", c))
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_SYNTAX, "unexpected '%c'; %s", c, p->joint);
    else if (c == '{' || c == '}')
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_CHARACTER, "unexpected '%c'; alternatives are written choice(a, b)",
                          c);
    else if (c == ':' && in_call && wanted == PARSE_JOINT)
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_SYNTAX, "unexpected ':'; parameters are written key=value");
    else if (c == '=' && !p->open && wanted == PARSE_JOINT)
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_SYNTAX,
                          "unexpected '='; parameters stand in parentheses: name(key=value)");
    else if (c == '=' && wanted == PARSE_ITEM)
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_SYNTAX, "a name is missing before this '='");
    else
        fail_code_point(p);
}

void *gradus_parse_unexpected(gradus_parser *p, gradus_parse_wanted wanted)
{
    char c = p->text[p->at];
    size_t length = gradus_parse_span(p, p->at);
    if (length)
        fail_bare(p, length);
    else if (!c)
        fail_end(p);
    else if (c == ')' || c == ']')
        fail_bracket(p);
    else if (c == ',')
        fail_comma(p, wanted);
    else if (c == '*')
        fail_star(p, wanted);
    else if (c == '>')
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_SYNTAX, "unexpected '>'; a chain cannot go on after this value");
    else if (c == '"' || c == '\'' || c == '(' || c == '[')
        gradus_parse_fail(p, p->at, 1, GRADUS_CODE_SYNTAX, "unexpected %s",
                          c == '(' || c == '[' ? "bracket" : "quoted text");
    else
        fail_sign(p, wanted);
    return NULL;
}
