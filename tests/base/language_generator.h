/* Random texts made from the tables: whatever a row allows, in any of the ways it may be written. Each must bind, and what is
 * printed must bind to the same. For tables of any room. */
#ifndef GRADUS_TESTS_LANGUAGE_GENERATOR_H
#define GRADUS_TESTS_LANGUAGE_GENERATOR_H
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "gradus/base.h"
#include "gradus/spec.h"

typedef struct generator {
    uint64_t state;
    const gradus_language *language;
    char *text;
    size_t size, length;
    int depth, labels;
} generator;

static inline uint32_t pick(generator *g, uint32_t count)
{
    g->state = g->state * 6364136223846793005ULL + 1442695040888963407ULL;
    return count ? (uint32_t)(g->state >> 33) % count : 0;
}

static inline void put(generator *g, const char *text)
{
    size_t length = strlen(text);
    if (g->length + length >= g->size) return;
    memcpy(g->text + g->length, text, length + 1);
    g->length += length;
}

static inline void put_space(generator *g)
{
    put(g, (const char *const[]){"", "", " ", "  ", "\n", " # a remark\n"}[pick(g, 6)]);
}

static inline void put_number(generator *g, double number, const char *unit)
{
    char text[32];
    gradus_number_print(number, text);
    put(g, text);
    put(g, unit);
}

static inline double number_in(generator *g, const gradus_argument *row, bool whole)
{
    bool any = row->low == 0 && row->high == 0;
    double low = any               ? 0
                 : isinf(row->low) ? fmin(row->high, 0) - 10
                                   : row->low,
           high = any || isinf(row->high) ? fmax(low, 0) + 10 : row->high;
    bool above = row->open && strchr(row->open, '('), below = row->open && strchr(row->open, ')');
    double number = low + (high - low) * pick(g, 1001) / 1000;
    if (whole) number = floor(number);
    if ((above && number <= low) || (below && number >= high))
        number = whole ? floor((low + high) / 2) + above : (low + high) / 2;
    return number;
}

static inline void put_words(generator *g, const char *words)
{
    uint32_t count = 1;
    for (const char *at = words; *at; at++) count += *at == '|';
    for (uint32_t left = pick(g, count); left; left--) words = strchr(words, '|') + 1;
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)strcspn(words, "|"), words);
    put(g, word);
}

static inline void put_chain(generator *g, const gradus_family *family);
static inline void put_value(generator *g, const gradus_family *family, const gradus_argument *row);

static inline void put_plain(generator *g, const gradus_family *family, const gradus_argument *row)
{
    static const char *const texts[] = {
        "price", "2024.csv",   "\"house prices.csv\"", "'a\\\\b'", "\"\"",  "données", "\"tab\\tquote\\\"\"",
        "true",  "\"*.bias\"", "\"search\"",           "\"tab\"",  "search"};
    const gradus_argument share = {.kind = GRADUS_SHARE};
    const gradus_family *other = row->family ? gradus_language_family(g->language, row->family) : family;
    switch (row->kind) {
    case GRADUS_NUMBER: put_number(g, number_in(g, row, false), ""); break;
    case GRADUS_INTEGER: put_number(g, number_in(g, row, true), ""); break;
    case GRADUS_SHARE: {
        double number = number_in(g, row, false);
        if (pick(g, 2))
            put_number(g, number, "");
        else
            put_number(g, floor(number * 100) > row->low * 100 ? floor(number * 100) : ceil(number * 100), "%");
        break;
    }
    case GRADUS_LENGTH: {
        static const char *const units[] = {"",        " updates", "ep",  " ep", "k samples", "M tokens",
                                            " tokens", "s",        "min", "h",   "%"};
        uint32_t unit = pick(g, 11);
        double number =
            number_in(g, &(gradus_argument){.low = fmax(row->low, 0), .high = 20, .open = row->open}, false);
        put_number(g, number, units[unit]);
        break;
    }
    case GRADUS_FLAG: put(g, pick(g, 2) ? "true" : "false"); break;
    case GRADUS_WORD: put_words(g, row->words); break;
    case GRADUS_TEXT:
    case GRADUS_METRIC: put(g, texts[pick(g, sizeof texts / sizeof *texts)]); break;
    case GRADUS_POINT:
        put(g, "["), put_plain(g, family, &(gradus_argument){.kind = GRADUS_LENGTH}), put(g, ",");
        put_plain(g, family, &share), put(g, "]");
        break;
    case GRADUS_PIPELINE: put_chain(g, other); break;
    }
}

static inline void put_search(generator *g, const gradus_family *family, const gradus_argument *row)
{
    bool number = row->kind == GRADUS_NUMBER || row->kind == GRADUS_INTEGER;
    if (number && pick(g, 2)) {
        double a = number_in(g, row, true), b = number_in(g, row, true), low = fmin(a, b), high = fmax(a, b);
        bool fits = low < high && (!row->open || (low > row->low && high < row->high));
        if (fits) {
            put(g, row->kind == GRADUS_INTEGER || pick(g, 2) ? "int(" : "uniform(");
            put_number(g, low, ", "), put_number(g, high, ")");
            return;
        }
    }
    put(g, "choice(");
    for (uint32_t i = 0, count = 2 + pick(g, 2); i < count; i++) {
        if (i) put(g, ", ");
        put_value(g, family, row);
    }
    put(g, ")");
}

static inline void put_value(generator *g, const gradus_family *family, const gradus_argument *row)
{
    gradus_argument single = *row;
    single.flags &= ~(uint32_t)(GRADUS_LIST | GRADUS_MANY);
    bool searched =
        row->kind != GRADUS_PIPELINE && row->kind != GRADUS_POINT && !(row->flags & (GRADUS_LABEL | GRADUS_REFERENCE));
    if (g->depth < 4 && searched && pick(g, 12) == 0) {
        g->depth++;
        put_search(g, family, row);
        g->depth--;
    } else if (searched && row->search && pick(g, 12) == 0) {
        put(g, "search");
    } else if ((row->flags & GRADUS_LIST) && pick(g, 2)) {
        put(g, "[");
        for (uint32_t i = 0, count = 1 + pick(g, 3); i < count; i++)
            put(g, i ? ", " : ""), put_plain(g, family, &single);
        put(g, pick(g, 3) ? "]" : ",]");
    } else if ((row->flags & GRADUS_SCHEDULED) && g->depth < 4 && pick(g, 3) == 0) {
        put_chain(g, gradus_language_family(g->language, "schedule"));
    } else if (row->words && row->kind != GRADUS_WORD && pick(g, 3) == 0) {
        put_words(g, row->words);
    } else {
        put_plain(g, family, &single);
    }
}

/* The rows of a member with the common ones; a negative answer ends them. */
static inline const gradus_argument *row_at(const gradus_family *family, const gradus_member *member, int index)
{
    int own = 0, common = 0;
    while (member->arguments && member->arguments[own].name) own++;
    while (family->common && family->common[common].name) common++;
    return index < own ? &member->arguments[index] : index - own < common ? &family->common[index - own] : NULL;
}

/* A parameter's name, or what the framework calls it; NULL: it goes by no name here. */
static inline const char *name_of(const gradus_like *like, const gradus_argument *row, char entry[64])
{
    for (const char *at = like ? like->names : NULL; at && *at; at += at[0] == ',' ? 2 : 0) {
        size_t length = strcspn(at, ",");
        snprintf(entry, 64, "%.*s", (int)length, at);
        char *ours = strchr(entry, '=');
        at += length;
        if (!ours || strstr(ours, " inverse") || strstr(ours, " absolute")) continue;
        *ours++ = 0;
        if (strcmp(ours, row->name) == 0) return entry;
    }
    return row->flags & GRADUS_FOREIGN ? NULL : row->name;
}

static inline void put_call(generator *g, const gradus_family *family, const gradus_member *member)
{
    const gradus_argument *row;
    bool any = false, by_place = true;
    const gradus_like *like = pick(g, 3) ? NULL : member->like;
    if (like && like[1].framework) like += pick(g, 2);
    put(g, member->name);
    for (int i = 0; (row = row_at(family, member, i)) != NULL; i++) {
        char entry[64];
        const char *name = name_of(like, row, entry);
        bool hidden = !name || gradus_language_argument(family, member, row->name) != row;
        bool optional = row->initial || (row->flags & (GRADUS_OPTIONAL | GRADUS_LABEL | GRADUS_REFERENCE));
        if (hidden || (row->flags & GRADUS_REFERENCE) || (optional && (g->depth > 3 || pick(g, 3)))) {
            by_place &= row->kind == GRADUS_FLAG || (row->flags & GRADUS_NAMED) != 0;
            continue;
        }
        put(g, any ? "," : "("), put_space(g);
        any = true;
        bool nameless = by_place && !(row->flags & GRADUS_NAMED) && row->kind != GRADUS_FLAG &&
                        (!(family->flags & GRADUS_NO_POSITIONAL) || row->kind == GRADUS_PIPELINE) &&
                        (pick(g, 2) || (row->flags & GRADUS_MANY));
        if (row->kind == GRADUS_FLAG && pick(g, 2)) {
            put(g, row->name);
            continue;
        }
        if (!nameless) put(g, name), put(g, "="), by_place = false;
        if (row->flags & GRADUS_LABEL)
            put_number(g, g->labels++, "-label");
        else
            for (uint32_t j = 0, count = row->flags & GRADUS_MANY ? 1 + pick(g, 3) : 1; j < count; j++)
                put(g, j ? ", " : ""), put_value(g, family, row);
    }
    if (like) put(g, any ? ", like=" : "(like="), put(g, like->framework), any = true;
    if (member->open && member->open[0].name && pick(g, 2)) {
        put(g, any ? ", " : "("), put(g, member->open[0].name), put(g, " = "), put_value(g, family, &member->open[0]);
        any = true;
    }
    if (any)
        put(g, pick(g, 5) ? ")" : ",)");
    else if (pick(g, 4) == 0)
        put(g, "()");
}

static inline void put_item(generator *g, const gradus_family *family)
{
    uint32_t members = 0, wanted;
    while (family->members[members]) members++;
    wanted = pick(g, members);
    if (g->depth > 4) /* go for something that ends soon */
        for (uint32_t i = 0; i < members; i++)
            if (!family->members[i]->arguments || !family->members[i]->arguments[0].name ||
                family->members[i]->arguments[0].initial)
                wanted = i;
    if ((family->flags & GRADUS_REPEATS) && pick(g, 6) == 0) put_number(g, 1 + pick(g, 3), " * ");
    if (g->depth < 4 && pick(g, 12) == 0) {
        put(g, "("), put_chain(g, family), put(g, ")");
    } else if (g->depth < 3 && pick(g, 20) == 0) {
        put(g, "choice("), put_chain(g, family), put(g, ","), put_chain(g, family), put(g, ")");
    } else {
        put_call(g, family, family->members[wanted]);
    }
}

static inline void put_chain(generator *g, const gradus_family *family)
{
    g->depth++;
    uint32_t count = family->flags & GRADUS_CHAIN && g->depth < 4 ? 1 + pick(g, 3) : 1;
    for (uint32_t i = 0; i < count; i++) {
        if (i) put_space(g), put(g, ">"), put_space(g);
        put_item(g, family);
    }
    g->depth--;
}

static inline void generate(generator *g, const gradus_family *family, uint64_t seed)
{
    g->state = seed * 2862933555777941757ULL + 3037000493ULL;
    g->length = 0, g->depth = 0, g->labels = 0;
    g->text[0] = 0;
    put_chain(g, family);
}

/* ---- equal in all but the way they were written ---- */

static inline bool chains_equal(const gradus_chain *a, const gradus_chain *b);

static inline bool texts_equal(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

static inline bool values_equal(const gradus_value *a, const gradus_value *b);

static inline bool opens_equal(const gradus_open *a, const gradus_open *b)
{
    if (a->search != b->search || a->low != b->low || a->high != b->high || a->unit != b->unit ||
        a->logarithmic != b->logarithmic || a->count != b->count)
        return false;
    for (int32_t i = 0; i < a->count; i++)
        if (a->values ? !values_equal(&a->values[i], &b->values[i]) : !chains_equal(&a->chains[i], &b->chains[i]))
            return false;
    return true;
}

static inline bool values_equal(const gradus_value *a, const gradus_value *b)
{
    if (memcmp(&a->number, &b->number, sizeof a->number) != 0 || a->count != b->count || a->present != b->present ||
        a->absolute != b->absolute)
        return false;
    if (!texts_equal(a->text, b->text) || !a->chain != !b->chain || !a->open != !b->open) return false;
    if (a->unit != b->unit && a->given && b->given) return false;
    for (int32_t i = 0; i < a->count; i++)
        if (!values_equal(&a->items[i], &b->items[i])) return false;
    return (!a->chain || chains_equal(a->chain, b->chain)) && (!a->open || opens_equal(a->open, b->open));
}

static inline bool items_equal(const gradus_item *a, const gradus_item *b)
{
    if (a->member != b->member || a->repeat != b->repeat || a->extra_count != b->extra_count ||
        a->value_count != b->value_count)
        return false;
    if (a->like != b->like || !texts_equal(a->label, b->label) || !a->group != !b->group || !a->open != !b->open)
        return false;
    for (int32_t i = 0; i < a->value_count; i++)
        if (!values_equal(&a->values[i], &b->values[i])) return false;
    for (int32_t i = 0; i < a->extra_count; i++)
        if (!texts_equal(a->extra[i].name, b->extra[i].name) || !values_equal(&a->extra[i].value, &b->extra[i].value))
            return false;
    return (!a->group || chains_equal(a->group, b->group)) && (!a->open || opens_equal(a->open, b->open));
}

static inline bool chains_equal(const gradus_chain *a, const gradus_chain *b)
{
    if (a->family != b->family || a->count != b->count) return false;
    for (int32_t i = 0; i < a->count; i++)
        if (!items_equal(&a->items[i], &b->items[i])) return false;
    return true;
}

#endif
