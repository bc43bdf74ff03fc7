/* What may stand at the end of a text that is being typed: members, parameters, words; found by walking the text along the tables.
 * The text is unfinished by nature, so this reads it itself, forgiving everything. */
#include <string.h>
#include "cli.h"
#include "complete.h"

enum { DEPTH = 32 };

typedef struct frame {           /* an open parenthesis, or the text itself */
    const gradus_family *family; /* of the calls that stand here; NULL: not known */
    const gradus_member *member; /* whose arguments stand here; NULL: a pipeline */
    const gradus_argument *row;  /* the argument whose value is being written, by `name=` */
    int32_t position;            /* how many arguments came before */
    bool like;                   /* a framework stands here: like= */
} frame;

typedef struct typed {
    frame frames[DEPTH];
    int32_t depth;
    const char *word; /* where the last word begins */
    bool closed;      /* a call ended before it: only '>', ',' or ')' may follow */
} typed;

static const gradus_family *family_of(const frame *here, const gradus_argument *row)
{
    if (!row) return NULL;
    if (row->kind == GRADUS_PIPELINE)
        return row->family ? gradus_language_family(gradus_train_language(), row->family) : here->family;
    return row->flags & GRADUS_SCHEDULED ? gradus_language_family(gradus_train_language(), "schedule") : NULL;
}

/* The argument that a value stands for: the named one, or the next that goes without a name. */
static const gradus_argument *row_here(const frame *here)
{
    if (!here->member || here->row) return here->row;
    int32_t position = here->position;
    for (const gradus_argument *row = here->member->arguments; row && row->name; row++) {
        if (row->flags & GRADUS_NAMED) continue;
        if (position-- == 0 || row->flags & GRADUS_MANY) return row;
    }
    return NULL;
}

static const gradus_member *find_member(const gradus_family *family, const char *name, size_t length)
{
    char text[64];
    if (!family || length >= sizeof text) return NULL;
    memcpy(text, name, length);
    text[length] = 0;
    return gradus_language_find(gradus_train_language(), family, text);
}

static const gradus_argument *find_argument(const frame *here, const char *name, size_t length)
{
    char text[64];
    if (!here->member || length >= sizeof text) return NULL;
    memcpy(text, name, length);
    text[length] = 0;
    return gradus_language_argument(here->family, here->member, text);
}

/* `name=`: what follows is the value of that argument. */
static bool name_argument(frame *here, const char *name, size_t length)
{
    here->like = length == 4 && memcmp(name, "like", 4) == 0;
    here->row = find_argument(here, name, length);
    return here->row || here->like;
}

/* A parenthesis after a name opens its arguments; one after nothing groups. */
static void open_frame(typed *scan, const char *end)
{
    frame *here = &scan->frames[scan->depth], *inner = &scan->frames[scan->depth + 1];
    const gradus_family *family = here->member ? family_of(here, row_here(here)) : here->family;
    size_t length = (size_t)(end - scan->word);
    const gradus_member *member = length ? find_member(family, scan->word, length) : NULL;
    *inner = (frame){.family = family, .member = member};
    if (length && !member) inner->family = NULL;
    scan->depth++;
}

static const char *skip_quoted(const char *at)
{
    char quote = *at++;
    while (*at && *at != quote) at += *at == '\\' && at[1] ? 2 : 1;
    return *at ? at : NULL; /* NULL: it is still open */
}

/* Walks to the end of the text; false: nothing can be said there (an open quote, too deep). */
static bool walk(typed *scan, const char *text)
{
    const char *at = scan->word = text;
    for (; *at; at++) {
        frame *here = &scan->frames[scan->depth];
        if (*at == '"' || *at == '\'') {
            if (!(at = skip_quoted(at))) return false;
            continue;
        }
        if (!strchr("()>,=[* \t\n", *at) || (strchr(" \t\n", *at) && at > scan->word)) continue;
        if (*at == '(' && scan->depth + 1 >= DEPTH) return false;
        if (*at == '(') open_frame(scan, at);
        if (*at == ')' && scan->depth > 0) scan->depth--;
        if (*at == '=' && !name_argument(here, scan->word, (size_t)(at - scan->word))) return false;
        if (*at == ',') here->position++, here->row = NULL, here->like = false;
        if (*at == ')' || !strchr(" \t\n", *at)) scan->closed = *at == ')';
        scan->word = at + 1;
    }
    return true;
}

static void add_members(cli_candidates *out, const char *text, const char *word, const gradus_family *family)
{
    const gradus_member *member;
    for (int32_t i = 0; family && (member = gradus_language_member(gradus_train_language(), family, i)); i++)
        cli_candidate(out, text, (size_t)(word - text), member->name, "", member->summary);
    if (family && family->flags & GRADUS_CHAIN && word == text) cli_candidate(out, text, 0, "none", "", "nothing");
}

static void add_words(cli_candidates *out, const char *text, const char *word, const gradus_argument *row)
{
    for (const char *words = row->words; words && *words; words += strcspn(words, "|"), words += *words == '|') {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(words, "|"), words);
        cli_candidate(out, text, (size_t)(word - text), name, "", row->help);
    }
    if (row->kind != GRADUS_FLAG) return;
    cli_candidate(out, text, (size_t)(word - text), "true", "", row->help);
    cli_candidate(out, text, (size_t)(word - text), "false", "", row->help);
}

static void add_parameters(cli_candidates *out, const char *text, const char *word, const frame *here)
{
    for (const gradus_argument *row = here->member->arguments; row && row->name; row++)
        if (!(row->flags & GRADUS_FOREIGN)) cli_candidate(out, text, (size_t)(word - text), row->name, "=", row->help);
    for (const gradus_argument *row = here->family->common; row && row->name; row++)
        if (!(row->flags & GRADUS_FOREIGN) && gradus_language_argument(here->family, here->member, row->name) == row)
            cli_candidate(out, text, (size_t)(word - text), row->name, "=", row->help);
    if (here->member->like)
        cli_candidate(out, text, (size_t)(word - text), "like", "=", "another framework's conventions and names");
}

static void add_frameworks(cli_candidates *out, const char *text, const char *word, const gradus_member *member)
{
    for (const gradus_like *like = member->like; like && like->framework; like++)
        if (like == member->like || strcmp(like[-1].framework, like->framework) != 0)
            cli_candidate(out, text, (size_t)(word - text), like->framework, "", like->title);
}

void cli_candidates_value(cli_candidates *out, const char *text, const gradus_argument *row)
{
    add_words(out, text, text, row);
    if (row->kind != GRADUS_PIPELINE) return;
    typed scan = {.depth = 0};
    scan.frames[0].family = gradus_language_family(gradus_train_language(), row->family);
    if (!walk(&scan, text) || scan.closed) return;
    const frame *here = &scan.frames[scan.depth];
    const gradus_argument *argument = row_here(here);
    if (!here->member) {
        add_members(out, text, scan.word, here->family);
        return;
    }
    if (here->like) {
        add_frameworks(out, text, scan.word, here->member);
        return;
    }
    if (argument) add_words(out, text, scan.word, argument);
    if (argument) add_members(out, text, scan.word, family_of(here, argument));
    if (!here->row) add_parameters(out, text, scan.word, here);
}
