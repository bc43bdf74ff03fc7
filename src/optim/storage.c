/* Turns stored numbers into float32 and back, a block at a time: bfloat16 and float16, rounded to the nearest or by chance,
 * and 8-bit codes. Whole numbers and single operations only, so every instruction set gives equal bits. */
#ifndef RULE
#include "kernel.h"

#define NO_TWIN
#define RULE "storage.c"
#include "every_isa.h"

/* ---- what the others call ---- */

typedef void reader(const void *from, size_t count, float *to);
typedef void writer(const float *from, size_t count, void *to, const gradus_dice *dice, uint64_t position);
typedef void code_reader(const uint8_t *from, const float *scale, size_t count, float *to);
typedef void code_writer(const float *from, size_t count, uint8_t *to, float *scale, const gradus_dice *dice,
                         uint64_t position);

static reader *const readers[][GRADUS_ISA_COUNT] = {EVERY_ISA(read_bfloat16), EVERY_ISA(read_float16)};
static writer *const writers[][GRADUS_ISA_COUNT] = {EVERY_ISA(write_bfloat16), EVERY_ISA(write_float16)};
static code_reader *const code_readers[][GRADUS_ISA_COUNT] = {EVERY_ISA(signed_from), EVERY_ISA(non_negative_from)};
static code_writer *const code_writers[][GRADUS_ISA_COUNT] = {EVERY_ISA(signed_to), EVERY_ISA(non_negative_to)};

size_t gradus_size_of_type(int32_t type) { return type == GRADUS_FLOAT32 ? sizeof(float) : sizeof(uint16_t); }

/* splitmix64 (Steele, Lea and Flood, 2014) of one after the other. */
static uint64_t mix(uint64_t sum, uint64_t value)
{
    sum = (sum ^ value) + 0x9e3779b97f4a7c15u;
    sum = (sum ^ (sum >> 30)) * 0xbf58476d1ce4e5b9u;
    sum = (sum ^ (sum >> 27)) * 0x94d049bb133111ebu;
    return sum ^ (sum >> 31);
}

gradus_dice gradus_dice_for(uint64_t seed, int64_t update, uint64_t which)
{
    return (gradus_dice){.thrown = true, .key = mix(mix(mix(0, seed), (uint64_t)update), which)};
}

/* Of what is converted piece after piece the next is fetched, but for small ones the one after it. */
static void fetch(const void *piece, size_t size)
{
    enum { LINE_BYTES = 4 * LINE };
    const size_t ahead = size > 2 * BLOCK ? size : 2 * size;
    for (size_t i = 0; i < size; i += LINE_BYTES) __builtin_prefetch((const char *)piece + ahead + i, 1);
}

void gradus_read_numbers(int32_t isa, int32_t type, const void *from, size_t count, float *to)
{
    if (type == GRADUS_FLOAT32)
        memcpy(to, from, count * sizeof(float));
    else
        fetch(from, count * sizeof(uint16_t)),
            readers[type - GRADUS_BFLOAT16][isa - GRADUS_ISA_SCALAR](from, count, to);
}

void gradus_write_numbers(int32_t isa, int32_t type, const float *from, size_t count, void *to, const gradus_dice *dice,
                          int64_t position)
{
    if (type == GRADUS_FLOAT32)
        memcpy(to, from, count * sizeof(float));
    else
        writers[type - GRADUS_BFLOAT16][isa - GRADUS_ISA_SCALAR](from, count, to, dice, (uint64_t)position);
}

void gradus_read_codes(int32_t isa, bool non_negative, const gradus_codes *from, int64_t start, size_t count,
                       float *numbers)
{
    fetch(from->code + start, count);
    code_readers[non_negative][isa - GRADUS_ISA_SCALAR](from->code + start, from->scale + start / BLOCK, count,
                                                        numbers);
}

void gradus_write_codes(int32_t isa, bool non_negative, const float *numbers, size_t count, const gradus_codes *to,
                        int64_t start, const gradus_dice *dice, int64_t position)
{
    code_writers[non_negative][isa - GRADUS_ISA_SCALAR](numbers, count, to->code + start, to->scale + start / BLOCK,
                                                        dice, (uint64_t)position);
}

#else /* once for each instruction set */

/* ---- 16 bits ---- */

/* a where every bit of `from` is set, b where none is. */
static inline bits ISA(mixed)(bits from, bits a, bits b) { return (from & a) | (~from & b); }

/* All bits where a >= b, of numbers below 2^31. */
static inline bits ISA(reaches)(bits a, uint32_t b) { return ((a - all_bits(b)) >> 31) - all_bits(1); }

static inline bits ISA(from_bfloat16)(bits h) { return h << 16; }

/* Normal numbers have another bias of the exponent, as have infinities and NaN; small ones are multiples of 2^-24. */
static inline bits ISA(from_float16)(bits h)
{
    const bits size = (h & all_bits(0x7fff)) << 13, sign = (h & all_bits(0x8000)) << 16;
    const bits normal = size + all_bits(112u << 23), odd = size + all_bits(224u << 23);
    const lane small = lane_of(size + all_bits(113u << 23)) - lane_of(all_bits(113u << 23));
    const bits above_small = ISA(reaches)(size, 1u << 23), is_odd = ISA(reaches)(size, 31u << 23);
    return ISA(mixed)(is_odd, odd, ISA(mixed)(above_small, normal, bits_of(small))) | sign;
}

/* Of numbers below 2^-14 multiples of 2^-24 are taken: `small` is the size in such, which the caller rounds. */
static inline bits ISA(to_float16)(bits x, bits low, lane small)
{
    const bits size = x & all_bits(0x7fffffff), sign = x >> 16 & all_bits(0x8000);
    const bits nan = ISA(reaches)(size, 0x7f800001u), normal = ISA(reaches)(size, 113u << 23);
    bits rounded = (size + low - all_bits(112u << 23)) >> 13;
    const bits over = ISA(reaches)(size + low, 143u << 23);
    rounded = ISA(mixed)(normal, ISA(mixed)(over, all_bits(0x7c00), rounded), whole_of(small));
    return ISA(mixed)(nan, all_bits(0x7e00), rounded) | sign;
}

/* What is added to the bits that are cut off: a random number, or what rounds to the nearest; an infinity stays one. */
static inline bits ISA(bfloat16)(lane x, bits dice, bool thrown)
{
    const bits of = bits_of(x), low = thrown ? dice >> 16 : all_bits(0x7fff) + (of >> 16 & all_bits(1));
    return bits_of(choose(same(x, x), lane_of((of + low) >> 16), lane_of(of >> 16 | all_bits(0x40))));
}

static inline bits ISA(float16)(lane x, bits dice, bool thrown)
{
    const bits of = bits_of(x);
    const lane multiple = smaller(absolute(x), all(1)) * all(0x1p24f), by = real_of(dice >> 8) * all(0x1p-24f);
    /* 2^23 has no room for halves: adding it rounds, ties to even */
    const lane small = thrown ? multiple + by : (smaller(multiple, all(2048)) + all(0x1p23f)) - all(0x1p23f);
    return ISA(to_float16)(of, thrown ? dice >> 19 : all_bits(0xfff) + (of >> 13 & all_bits(1)), small);
}

#define READ16(name, convert)                                                                   \
    static void ISA(name)(const void *from, size_t count, float *to)                            \
    {                                                                                           \
        const uint16_t *at = from;                                                              \
        size_t i = 0;                                                                           \
        for (; i + LANES <= count; i += LANES) store(to + i, lane_of(convert(load16(at + i)))); \
        if (i == count) return;                                                                 \
        uint16_t last[LANES] = {0};                                                             \
        memcpy(last, at + i, (count - i) * sizeof *last);                                       \
        store(to + i, lane_of(convert(load16(last))));                                          \
    }
READ16(read_bfloat16, ISA(from_bfloat16))
READ16(read_float16, ISA(from_float16))
#undef READ16

#define WRITE16(name, convert, throw)                                                                          \
    static inline __attribute__((always_inline)) void ISA(name)(const float *from, size_t count, uint16_t *to, \
                                                                uint32_t first)                                \
    {                                                                                                          \
        size_t i = 0;                                                                                          \
        bits counted = ISA(counted)(first);                                                                    \
        for (; i + LANES <= count; i += LANES, counted = counted + all_bits(LANES * WEYL))                     \
            store16(to + i, convert(load(from + i), throw ? ISA(thrown)(counted) : counted, throw));           \
        if (i == count) return;                                                                                \
        uint16_t last[LANES];                                                                                  \
        number given[LANES] = {0};                                                                             \
        memcpy(given, from + i, (count - i) * sizeof *given);                                                  \
        store16(last, convert(load(given), throw ? ISA(thrown)(counted) : counted, throw));                    \
        memcpy(to + i, last, (count - i) * sizeof *last);                                                      \
    }
WRITE16(bfloat16_nearest, ISA(bfloat16), false)
WRITE16(bfloat16_thrown, ISA(bfloat16), true)
WRITE16(float16_nearest, ISA(float16), false)
WRITE16(float16_thrown, ISA(float16), true)
#undef WRITE16

static void ISA(write_bfloat16)(const float *from, size_t count, void *to, const gradus_dice *dice, uint64_t position)
{
    if (dice->thrown)
        ISA(bfloat16_thrown)(from, count, to, ISA(first_count)(dice, position));
    else
        ISA(bfloat16_nearest)(from, count, to, 0);
}

static void ISA(write_float16)(const float *from, size_t count, void *to, const gradus_dice *dice, uint64_t position)
{
    if (dice->thrown)
        ISA(float16_thrown)(from, count, to, ISA(first_count)(dice, position));
    else
        ISA(float16_nearest)(from, count, to, 0);
}

/* ---- 8 bits ---- */

#define READ(name, least)                                                                          \
    static void ISA(name##_from)(const uint8_t *from, const float *scale, size_t count, float *to) \
    {                                                                                              \
        uint8_t last[GROUP] = {0};                                                                 \
        number rest[GROUP];                                                                        \
        lane by = all(0), fall = all(0);                                                           \
        size_t i = 0;                                                                              \
        for (; i + GROUP <= count; i += GROUP) {                                                   \
            if (i % BLOCK == 0) by = all(scale[i / BLOCK]), fall = all(-(least)*scale[i / BLOCK]); \
            ISA(read_##name)(from + i, to + i, by, fall);                                          \
        }                                                                                          \
        if (i == count) return;                                                                    \
        for (size_t j = 0; j < count - i; j++) last[ISA(place_of)(j)] = from[i + j];               \
        ISA(read_##name)(last, rest, all(scale[i / BLOCK]), all(-(least)*scale[i / BLOCK]));       \
        memcpy(to + i, rest, (count - i) * sizeof *to);                                            \
    }
READ(signed, SIGNED_LEAST)
READ(non_negative, UNSIGNED_LEAST)
#undef READ

static inline uint32_t ISA(largest)(const number *from, size_t count)
{
    bits most = all_bits(0);
    number rest[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) most = larger_int(most, bits_of(absolute(load(from + i))));
    for (size_t j = 0; j < count - i; j++) rest[j] = from[i + j];
    return ISA(largest_of)(larger_int(most, bits_of(absolute(load(rest)))));
}

/* All scales first: each takes a while to be known. */
#define WRITE(name)                                                                                                 \
    static void ISA(name##_to)(const float *from, size_t count, uint8_t *to, float *scale, const gradus_dice *dice, \
                               uint64_t position)                                                                   \
    {                                                                                                               \
        for (size_t i = 0; i < count; i += BLOCK)                                                                   \
            scale[i / BLOCK] = ISA(scale_above)(ISA(largest)(from + i, count - i < BLOCK ? count - i : BLOCK));     \
        for (size_t i = 0; i < count; i += BLOCK) {                                                                 \
            const size_t here = count - i < BLOCK ? count - i : BLOCK;                                              \
            if (dice->thrown) ISA(write_##name)                                                                     \
            (from + i, here, to + i, scale[i / BLOCK], ISA(first_count)(dice, position + i), true);                 \
            else ISA(write_##name)(from + i, here, to + i, scale[i / BLOCK], 0, false);                             \
        }                                                                                                           \
    }
WRITE(signed)
WRITE(non_negative)
#undef WRITE
#endif
