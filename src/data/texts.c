/* Sorted lists of texts, and how a state keeps them: one entry of bytes, each text ended by a 0, which none of them holds. */
#include "texts.h"
#include <stdlib.h>
#include <string.h>

bool gradus_texts_number(const char *text, size_t length, double *number)
{
    return length > 0 && gradus_number_read(text, length, number) == length;
}

static int compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
    double x, y;
    bool first = gradus_texts_number(a, a_length, &x), second = gradus_texts_number(b, b_length, &y);
    if (first != second) return first ? -1 : 1;
    if (first && x != y) return x < y ? -1 : 1;
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

/* The first text that does not stand before this one; *same: it is this one. */
static int32_t position(const gradus_texts *texts, const char *text, size_t length, bool *same)
{
    int32_t low = 0, high = texts->count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (compare(texts->text[middle], strlen(texts->text[middle]), text, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *same = low < texts->count && compare(texts->text[low], strlen(texts->text[low]), text, length) == 0;
    return low;
}

bool gradus_texts_add(gradus_texts *texts, gradus_arena *arena, const char *text, size_t length)
{
    bool same;
    int32_t at = position(texts, text, length, &same);
    if (same) return true;
    if (texts->count == texts->capacity) {
        int32_t capacity = texts->capacity ? 2 * texts->capacity : 8;
        const char **larger = gradus_arena_take(arena, (size_t)capacity * sizeof *larger, sizeof *larger);
        if (!larger) return false;
        if (texts->count) memcpy(larger, texts->text, (size_t)texts->count * sizeof *larger);
        texts->text = larger, texts->capacity = capacity;
    }
    const char *copy = gradus_arena_text(arena, text, length);
    if (!copy) return false;
    memmove(texts->text + at + 1, texts->text + at, (size_t)(texts->count - at) * sizeof *texts->text);
    texts->text[at] = copy;
    texts->count++;
    return true;
}

int32_t gradus_texts_find(const gradus_texts *texts, const char *text, size_t length)
{
    bool same;
    int32_t at = position(texts, text, length, &same);
    return same ? at : -1;
}

/* ---- in a state ---- */

void gradus_texts_save(gradus_state_writer *writer, const char *name, const char *const *texts, int32_t count)
{
    size_t size = 0, used = 0;
    for (int32_t i = 0; i < count; i++) size += strlen(texts[i]) + 1;
    char *bytes = malloc(size + 1);
    if (!bytes) {
        gradus_fail(writer->error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        size_t length = strlen(texts[i]) + 1;
        memcpy(bytes + used, texts[i], length);
        used += length;
    }
    gradus_state_entry(writer, name, GRADUS_STATE_BYTES, (int64_t)size, bytes);
    free(bytes);
}

bool gradus_texts_recall(gradus_state_reader *state, const char *name, gradus_arena *arena, gradus_texts *texts)
{
    gradus_state_item item;
    if (!gradus_state_find(state, name, &item) || item.type != GRADUS_STATE_BYTES) return false;
    size_t size = (size_t)item.count;
    const char *bytes = item.data;
    if (size && bytes[size - 1] != 0) return false;
    int32_t count = 0;
    for (size_t i = 0; i < size; i++) count += bytes[i] == 0;
    *texts = (gradus_texts){.count = count, .capacity = count};
    if (!count) return true;
    texts->text = gradus_arena_take(arena, (size_t)count * sizeof *texts->text, sizeof(void *));
    const char *copy = gradus_arena_text(arena, bytes, size);
    for (int32_t i = 0; texts->text && copy && i < count; i++, copy += strlen(copy) + 1) texts->text[i] = copy;
    return texts->text && copy;
}
