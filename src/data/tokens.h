/* Text as symbols: its characters or its words, and which of them a net is to know. */
#ifndef GRADUS_DATA_TOKENS_H
#define GRADUS_DATA_TOKENS_H
#include "texts.h"

typedef enum gradus_token_kind {
    GRADUS_CHARACTERS,
    GRADUS_WORDS, /* letters and digits that follow each other, with the space before them: in a row they are the text again */
    GRADUS_SINGLE_WORDS /* without spaces */
} gradus_token_kind;

/* Bytes of the character of UTF-8 at a place; 0: it is none. */
size_t gradus_character(const unsigned char *at, size_t left);

/* The place of the first byte that is no UTF-8; NULL: there is none. */
const unsigned char *gradus_not_text(const unsigned char *text, size_t size);

/* The symbol at *at, which is moved behind it; false: there is no more before `end`. The text is UTF-8. */
bool gradus_token(gradus_token_kind unit, const char **at, const char *end, const char **token, size_t *length);

/* The tokens of a text that is learnt from, in two walks: first all are met, then they are counted. */
typedef struct gradus_vocabulary {
    gradus_token_kind unit;
    gradus_texts met;
    int64_t *counts; /* of malloc */
} gradus_vocabulary;

bool gradus_vocabulary_meet(gradus_vocabulary *all, gradus_arena *arena, const char *text, size_t size);
bool gradus_vocabulary_count(gradus_vocabulary *all, const char *text, size_t size);
/* The `most` that occur most often, of those that occur at least `least` times; it ends the vocabulary. False: no memory. */
bool gradus_vocabulary_choose(gradus_vocabulary *all, gradus_arena *arena, int64_t most, int64_t least,
                              gradus_texts *chosen);

#endif
