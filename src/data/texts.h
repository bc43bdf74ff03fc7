/* Texts without doubles, in order: names of classes, what a column of a table may hold. */
#ifndef GRADUS_DATA_TEXTS_H
#define GRADUS_DATA_TEXTS_H
#include "gradus/base.h"

typedef struct gradus_texts { /* numbers by their value, then the others by their bytes */
    const char **text;
    int32_t count, capacity;
} gradus_texts;

bool gradus_texts_add(gradus_texts *texts, gradus_arena *arena, const char *text, size_t length); /* false: no memory */
int32_t gradus_texts_find(const gradus_texts *texts, const char *text, size_t length); /* -1: not among them */
bool gradus_texts_number(const char *text, size_t length, double *number);             /* the whole text is one */

/* As an entry of a state, and back into memory of the arena; false: there is none of that name, or no memory. */
void gradus_texts_save(gradus_state_writer *writer, const char *name, const char *const *texts, int32_t count);
bool gradus_texts_recall(gradus_state_reader *state, const char *name, gradus_arena *arena, gradus_texts *texts);

#endif
