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

/* ---- 8 bits: small binary numbers with a scale for each 256, as in block-wise quantization (Dettmers, Lewis, Shleifer and
 * Zettlemoyer, 2022) and in the microscaling formats (Rouhani and others, 2023) ---- */

typedef struct gradus_codes {
    uint8_t *code; /* NULL: there are none, it is kept as float32 */
    float *scale;  /* of each 256: a power of two above all sizes in it; 0, or NaN where one is no number */
} gradus_codes;

/* What a kernel is handed that takes them as they are: those of a span's first value, a multiple of BLOCK. */
typedef struct gradus_bytes {
    gradus_codes from; /* code NULL: the slot does not exist */
    gradus_dice dice;
    uint64_t position;
    int32_t isa;
} gradus_bytes;

/* The first of the numbers is `start`, which BLOCK divides. */
void gradus_read_codes(int32_t isa, bool non_negative, const gradus_codes *from, int64_t start, size_t count,
                       float *numbers);
void gradus_write_codes(int32_t isa, bool non_negative, const float *numbers, size_t count, const gradus_codes *to,
                        int64_t start, const gradus_dice *dice, int64_t position);

#endif
