/* regex: as match, but by regular expressions, which are looked for anywhere in a name.
 *
 * They are those of POSIX (extended) without counts: . [a-z] [^a-z] * + ? | ( ) ^ $, and \d \w \s and \ before any other
 * character. An expression becomes a little program, and all ways through it are followed at once, so that no expression
 * takes longer than its length times that of the name (Thompson, 1968). The C library's own would allocate and follow the
 * locale. */
#include "group.h"
#include "rules.h"
#include <string.h>

enum { PATTERN };
enum { STEPS = 256, NESTED = 16 };

typedef enum operation { CHARACTER, ANY, CLASS, BEGINNING, END, SPLIT, JUMP, FOUND } operation;

typedef struct instruction {
    operation what;
    int first, second;    /* CHARACTER: which; SPLIT, JUMP: how far to go on */
    const char *set, *to; /* CLASS: from behind its bracket, or one letter of \d; where it ends */
} instruction;

typedef struct program {
    instruction step[STEPS];
    int count, nested;
    const char *at, *wrong;
} program;

/* ---- from text to program ---- */

static void put(program *p, instruction step)
{
    if (p->count == STEPS - 1)
        p->wrong = "is too long";
    else
        p->step[p->count++] = step;
}

/* Makes room before what begins at `start`. All ways are relative, so that they stay right. */
static void insert(program *p, int start, instruction step)
{
    put(p, (instruction){.what = CHARACTER});
    if (p->wrong) return;
    memmove(p->step + start + 1, p->step + start, (size_t)(p->count - 1 - start) * sizeof *p->step);
    p->step[start] = step;
}

static void read_alternatives(program *p);

/* "[^a-z]": a bracket that stands first is one of the set. */
static void read_set(program *p)
{
    const char *set = p->at, *end = set + (*set == '^');
    if (*end == ']') end++;
    while (*end && *end != ']') end++;
    if (!*end) p->wrong = "has a [ without ]";
    put(p, (instruction){.what = CLASS, .set = set, .to = end});
    p->at = *end ? end + 1 : end;
}

static void read_escape(program *p)
{
    if (!*p->at)
        p->wrong = "ends with a backslash";
    else if (strchr("dws", *p->at))
        put(p, (instruction){.what = CLASS, .set = p->at, .to = p->at + 1, .first = 1}), p->at++;
    else
        put(p, (instruction){.what = CHARACTER, .first = *p->at++});
}

static void read_one(program *p)
{
    const char c = *p->at++;
    switch (c) {
    case '(':
        if (++p->nested > NESTED) p->wrong = "has too many ( inside one another";
        if (!p->wrong) read_alternatives(p);
        p->nested--;
        if (*p->at == ')')
            p->at++;
        else if (!p->wrong)
            p->wrong = "has a ( without )";
        break;
    case '[': read_set(p); break;
    case '\\': read_escape(p); break;
    case '.': put(p, (instruction){.what = ANY}); break;
    case '^': put(p, (instruction){.what = BEGINNING}); break;
    case '$': put(p, (instruction){.what = END}); break;
    case '*':
    case '+':
    case '?': p->wrong = "repeats what is not there"; break;
    default: put(p, (instruction){.what = CHARACTER, .first = c});
    }
}

static void read_repeated(program *p)
{
    const int start = p->count;
    read_one(p);
    for (; !p->wrong && *p->at && strchr("*+?", *p->at); p->at++) {
        const int length = p->count - start;
        if (*p->at == '+') {
            put(p, (instruction){.what = SPLIT, .first = -length, .second = 1});
            continue;
        }
        insert(p, start, (instruction){.what = SPLIT, .first = 1, .second = length + (*p->at == '*') + 1});
        if (*p->at == '*') put(p, (instruction){.what = JUMP, .first = -length - 1});
    }
}

static void read_alternatives(program *p)
{
    const int start = p->count;
    while (!p->wrong && *p->at && *p->at != '|' && *p->at != ')') read_repeated(p);
    if (p->wrong || *p->at != '|') return;
    p->at++;
    insert(p, start, (instruction){.what = SPLIT, .first = 1, .second = p->count - start + 2});
    const int jump = p->count;
    put(p, (instruction){.what = JUMP});
    read_alternatives(p);
    if (!p->wrong) p->step[jump].first = p->count - jump;
}

static void read_program(program *p, const char *pattern)
{
    *p = (program){.at = pattern};
    read_alternatives(p);
    if (!p->wrong && *p->at == ')') p->wrong = "has a ) without (";
    if (!*pattern) p->wrong = "fits everything: it is empty";
    p->step[p->count++] = (instruction){.what = FOUND};
}

/* ---- through a name ---- */

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_in_set(const instruction *set, char c)
{
    const char *at = set->set;
    if (set->first)
        return *at == 'd' ? is_digit(c) : *at == 'w' ? is_digit(c) || is_letter(c) || c == '_' : c == ' ' || c == '\t';
    const bool otherwise = *at == '^';
    bool found = false;
    for (at += otherwise; at < set->to; at++) {
        if (at + 2 < set->to && at[1] == '-') {
            found |= c >= at[0] && c <= at[2];
            at += 2;
        } else
            found |= c == *at;
    }
    return found != otherwise;
}

static bool eats(const instruction *step, char c)
{
    switch (step->what) {
    case CHARACTER: return (char)step->first == c;
    case ANY: return true;
    case CLASS: return is_in_set(step, c);
    default: return false;
    }
}

/* Marks where one can be without eating anything. */
static void reach(const program *p, bool reached[STEPS], int from, bool beginning, bool end)
{
    int waiting[STEPS], count = 0;
    if (!reached[from]) reached[from] = true, waiting[count++] = from;
    while (count > 0) {
        const int at = waiting[--count];
        const instruction *step = &p->step[at];
        int next[2], ways = 0;
        if (step->what == SPLIT || step->what == JUMP) next[ways++] = at + step->first;
        if (step->what == SPLIT) next[ways++] = at + step->second;
        if ((step->what == BEGINNING && beginning) || (step->what == END && end)) next[ways++] = at + 1;
        for (int i = 0; i < ways; i++) {
            if (reached[next[i]]) continue;
            reached[next[i]] = true;
            waiting[count++] = next[i];
        }
    }
}

static bool is_found(const program *p, const char *text)
{
    bool now[STEPS] = {false}, then[STEPS];
    for (const char *at = text;; at++) {
        reach(p, now, 0, at == text, !*at); /* it may begin anywhere */
        if (now[p->count - 1]) return true;
        if (!*at) return false;
        memset(then, 0, sizeof then);
        for (int i = 0; i < p->count; i++)
            if (now[i] && eats(&p->step[i], *at)) reach(p, then, i + 1, false, !at[1]);
        memcpy(now, then, sizeof now);
    }
}

static const char *check(const char *pattern)
{
    program p;
    read_program(&p, pattern);
    return p.wrong;
}

static bool takes(const gradus_item *item, const char *tensor, const char *group)
{
    const gradus_value *patterns = &item->values[PATTERN];
    for (int32_t i = 0; i < patterns->count; i++) {
        program p;
        read_program(&p, patterns->items[i].text);
        if (!p.wrong && (is_found(&p, tensor) || (group && is_found(&p, group)))) return true;
    }
    return false;
}

static const gradus_argument arguments[] = {
    [PATTERN] = {"pattern", GRADUS_TEXT, .help = "expression that is looked for in names of tensors and groups",
                 .flags = GRADUS_LIST},
    GROUP_LR_SCALE,
    GROUP_NAME,
    {0}};

const gradus_group_row gradus_group_regex = {
    .member = {.name = "regex",
               .summary = "gives tensors hyperparameters of their own, by regular expressions",
               .formula = "rate(tensor) = rate * lr_scale",
               .paper = "Thompson 1968",
               .also = "re, regexp, regular_expression, exclude_from_weight_decay",
               .arguments = arguments,
               .refuses = GROUP_REFUSES,
               .notes =
                   "regex(\"^h\\\\.[0-5]\\\\.\", lr_scale=0.1): found anywhere in the name, unless ^ and $ say where. "
                   "It has\n"
                   ". [a-z] [^a-z] * + ? | ( ) ^ $ and \\d \\w \\s.",
               .open = GROUP_OPEN,
               .example = "regex(\"[.]bias$|norm\", weight_decay=0)"},
    .takes = takes,
    .gives = true,
    .check = check,
};
