/* Rows in words: kinds, ranges, defaults and names of a member's arguments, for everything that shows them
 * (explain, list --json, help, the reference pages). */
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include "cli.h"

/* Appends. */
GRADUS_FORMAT(3, 4) static void put(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

const char *cli_type(const gradus_argument *argument)
{
    switch (argument->kind) {
    case GRADUS_NUMBER: return "number";
    case GRADUS_INTEGER: return "whole number";
    case GRADUS_SHARE: return "share";
    case GRADUS_LENGTH: return "length";
    case GRADUS_FLAG: return "true or false";
    case GRADUS_WORD: return "word";
    case GRADUS_TEXT: return "text";
    case GRADUS_METRIC: return "measure";
    case GRADUS_PIPELINE: return "spec";
    case GRADUS_POINT: return "[length, share]";
    }
    return "";
}

enum { LARGE = 1000000000 }; /* a bound from here on only keeps a number within its type */

/* Which numbers are allowed: "above 0", "in [0, 1)"; nothing where the kind says it already. */
static void put_range(const gradus_argument *argument, char *text, size_t size)
{
    double low = argument->low, high = argument->high;
    if (low == 0 && high == 0) return;
    char from[32], to[32];
    bool above = argument->open && strchr(argument->open, '('), below = argument->open && strchr(argument->open, ')');
    bool natural = low == 0 && !above && argument->kind != GRADUS_NUMBER, bounded = fabs(high) < LARGE;
    gradus_number_print(low, from);
    gradus_number_print(high, to);
    if (isfinite(low) && bounded)
        put(text, size, " in %c%s, %s%c", above ? '(' : '[', from, to, below ? ')' : ']');
    else if (isfinite(low) && !natural)
        put(text, size, " %s %s", above ? "above" : "at least", from);
    else if (bounded)
        put(text, size, " %s %s", below ? "below" : "at most", to);
}

/* "a|b|c" as "a, b or c". */
static void put_words(const char *words, char *text, size_t size)
{
    for (bool first = true; *words; first = false) {
        size_t length = strcspn(words, "|");
        bool last = !words[length];
        put(text, size, "%s%.*s", first ? "" : last ? " or " : ", ", (int)length, words);
        words += length + !last;
    }
}

void cli_describe(const gradus_argument *argument, const gradus_family *family, char *text, size_t size)
{
    *text = 0;
    bool many = argument->flags & GRADUS_LIST && argument->kind != GRADUS_WORD && argument->kind != GRADUS_PIPELINE;
    if (argument->flags & GRADUS_LIST) put(text, size, "list of ");
    if (argument->flags & GRADUS_MANY) put(text, size, "one or more of ");
    if (argument->kind == GRADUS_WORD)
        put_words(argument->words, text, size);
    else if (argument->kind == GRADUS_PIPELINE)
        put(text, size, "%s", argument->family ? argument->family : family ? family->name : "spec");
    else
        put(text, size, "%s%s", cli_type(argument), many ? "s" : "");
    put_range(argument, text, size);
    if (argument->kind != GRADUS_WORD && argument->words) {
        put(text, size, " or ");
        put_words(argument->words, text, size);
    }
    if (cli_required(argument)) put(text, size, ", required");
}

bool cli_required(const gradus_argument *argument)
{
    return !argument->initial && !(argument->flags & (GRADUS_OPTIONAL | GRADUS_LABEL | GRADUS_REFERENCE));
}

/* Whether a list speaks of a row: behind the '=' of "theirs=ours", before that of "ours=value". */
static bool speaks_of(const char *list, const gradus_argument *row, bool behind)
{
    size_t length = strlen(row->name);
    for (const char *at = list; (at = at ? strstr(at, row->name) : NULL) != NULL; at += length) {
        const bool begins = at == list || at[-1] == '=' || at[-1] == ' ', ends = strchr(", =", at[length]);
        if (begins && ends && (behind ? at != list && at[-1] == '=' : at[length] == '=')) return true;
    }
    return false;
}

bool cli_is_written(const gradus_member *member, const gradus_argument *row)
{
    bool written = !(row->flags & GRADUS_FOREIGN);
    for (const gradus_like *like = member->like; like && like->framework && !written; like++)
        written = speaks_of(like->names, row, true) || speaks_of(like->initial, row, false);
    return written;
}

void cli_usage(const gradus_family *family, const gradus_member *member, char *text, size_t size)
{
    *text = 0;
    put(text, size, "%s", member->name);
    const char *before = "(";
    for (const gradus_argument *row = member->arguments; row && row->name; row++) {
        bool named =
            (row->flags & GRADUS_NAMED) || (family->flags & GRADUS_NO_POSITIONAL && row->kind != GRADUS_PIPELINE);
        if (named && !cli_required(row)) continue;
        put(text, size, "%s%s%s", before, named ? row->name : "", named ? "=" : "");
        for (const char *at = row->name; *at; at++)
            put(text, size, "%c", *at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at);
        if (row->flags & GRADUS_MANY) put(text, size, ", ...");
        before = ", ";
    }
    if (member->open) put(text, size, "%sNAME=...", before), before = ", ";
    if (*before == ',') put(text, size, ")");
}

bool cli_reading(const gradus_family *family, const gradus_argument *reading, char *spec, size_t size)
{
    const gradus_member *member = gradus_language_find(gradus_train_language(), family, reading->name);
    if (!member) return false;
    if (reading->initial)
        snprintf(spec, size, "%s", reading->initial);
    else
        cli_usage(family, member, spec, size);
    return true;
}
