/* storage.h - how values, gradients and state lie in memory when they are not float32: 16-bit numbers, and 8-bit state in
 * blocks of 256. Rules never see it: a stretch of at most BLOCK numbers is read into float32, worked on in the
 * first-level cache, and written back. */
#ifndef GRADUS_OPTIM_STORAGE_H
#define GRADUS_OPTIM_STORAGE_H
#include "gradus/extend.h"

enum { BLOCK = 256 };

/* ---- 16 bits ---- */

enum { GRADUS_STOCHASTIC = 1, GRADUS_NEAREST = 2 }; /* gradus_parameter.rounding */

/* The random numbers of one write are those of its key and of each number's position, whatever else is written. */
typedef struct gradus_dice {
    bool thrown; /* false: to the nearest, ties to even */
    uint64_t key;
} gradus_dice;

gradus_dice gradus_dice_for(uint64_t seed, int64_t update, uint64_t which);

/* `type` is enum gradus_type, float32 too; `to` has room for a multiple of LINE numbers. */
void gradus_read_numbers(int32_t isa, int32_t type, const void *from, size_t count, float *to);
void gradus_write_numbers(int32_t isa, int32_t type, const float *from, size_t count, void *to, const gradus_dice *dice,
                          int64_t position);
size_t gradus_size_of_type(int32_t type);

/* ---- 8 bits: dynamic maps (Dettmers, Lewis, Shleifer and Zettlemoyer, 2022), a scale for each 256 numbers ---- */

typedef struct gradus_codes {
    uint8_t *code; /* NULL: there are none, it is kept as float32. Room for a multiple of 64 */
    float *scale;  /* of each 256: the number of the largest size in it */
} gradus_codes;

/* The first of the numbers is `start`, which BLOCK divides; `numbers` has room for a multiple of LINE, and what is written is
 * followed by zeros up to there. */
void gradus_read_codes(int32_t isa, bool non_negative, const gradus_codes *from, int64_t start, size_t count,
                       float *numbers);
void gradus_write_codes(int32_t isa, bool non_negative, float *numbers, size_t count, const gradus_codes *to,
                        int64_t start);

#endif
