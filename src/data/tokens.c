/* A word is letters and digits of any script; every other character is a symbol of its own, so that nothing of a text is lost. */
#include "tokens.h"
#include <stdlib.h>
#include <string.h>

size_t gradus_character(const unsigned char *at, size_t left)
{
    const size_t size = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc2 ? 2 : 0;
    if (size > left || at[0] > 0xf4 || !at[0]) return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80) return 0;
    return size;
}

const unsigned char *gradus_not_text(const unsigned char *text, size_t size)
{
    for (size_t at = 0, length; at < size; at += length)
        if (!(length = gradus_character(text + at, size - at))) return text + at;
    return NULL;
}

static bool is_letter(unsigned char byte)
{
    return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '\'';
}

static size_t word(const char *at, const char *end)
{
    const char *letter = at;
    while (letter < end && is_letter((unsigned char)*letter)) letter++;
    return (size_t)(letter - at);
}

bool gradus_token(gradus_token_kind unit, const char **at, const char *end, const char **token, size_t *length)
{
    while (unit == GRADUS_SINGLE_WORDS && *at < end && (**at == ' ' || **at == '\t')) ++*at;
    if (*at == end) return false;
    *token = *at;
    size_t size = unit == GRADUS_CHARACTERS ? 0 : word(*at, end);
    if (unit == GRADUS_WORDS && **at == ' ' && (size = word(*at + 1, end)) > 0) size++;
    if (!size) size = gradus_character((const unsigned char *)*at, (size_t)(end - *at));
    *length = size;
    *at += size;
    return true;
}

/* ---- which are known ---- */

bool gradus_vocabulary_meet(gradus_vocabulary *all, gradus_arena *arena, const char *text, size_t size)
{
    const char *at = text, *token;
    size_t length;
    while (gradus_token(all->unit, &at, text + size, &token, &length))
        if (!gradus_texts_add(&all->met, arena, token, length)) return false;
    return true;
}

bool gradus_vocabulary_count(gradus_vocabulary *all, const char *text, size_t size)
{
    const char *at = text, *token;
    size_t length;
    if (!all->counts) all->counts = calloc((size_t)all->met.count + 1, sizeof *all->counts);
    while (all->counts && gradus_token(all->unit, &at, text + size, &token, &length)) {
        const int32_t met = gradus_texts_find(&all->met, token, length);
        if (met >= 0) all->counts[met]++;
    }
    return all->counts != NULL;
}

static int descending(const void *a, const void *b)
{
    const int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
    return (first < second) - (first > second);
}

/* The count that a token must have to be among the `most`; how many with just that count there is room for. */
static bool find_limit(const gradus_vocabulary *all, int64_t most, int64_t *least, int64_t *room)
{
    const size_t count = (size_t)all->met.count;
    *room = INT64_MAX;
    if (all->met.count <= most) return true;
    int64_t *sorted = malloc(count * sizeof *sorted);
    if (!sorted) return false;
    memcpy(sorted, all->counts, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, descending);
    if (sorted[most - 1] >= *least) {
        *least = sorted[most - 1];
        for (*room = most; *room > 0 && sorted[most - *room] > *least;) --*room;
    }
    free(sorted);
    return true;
}

bool gradus_vocabulary_choose(gradus_vocabulary *all, gradus_arena *arena, int64_t most, int64_t least,
                              gradus_texts *chosen)
{
    int64_t room;
    bool memory = all->met.count == 0 || (all->counts && find_limit(all, most, &least, &room));
    for (int32_t i = 0; i < all->met.count && memory; i++) {
        if (all->counts[i] < least || (all->counts[i] == least && room-- <= 0)) continue;
        memory = gradus_texts_add(chosen, arena, all->met.text[i], strlen(all->met.text[i]));
    }
    free(all->counts);
    *all = (gradus_vocabulary){.unit = all->unit};
    return memory;
}
