/* Turns stored numbers into float32 and back, a block at a time: bfloat16 and float16, rounded to the nearest or by chance,
 * and 8-bit codes. Whole numbers and single operations only, so every instruction set gives equal bits. */
#ifndef RULE
#include "kernel.h"
#include "storage.h"

/* ---- the bytes ----
 *
 * A byte is a small binary number, of y: a share of a power of two that is above every size in its block.
 *
 *     signed:         a sign, 4 bits of exponent and 3 of fraction, of |y| + 2^-15: 0 is 0, and what is small evenly spaced
 *     not negative:   5 bits of exponent and 3 of fraction, of y: from 2^-31 on, and never 0
 *
 * They stand where the last bits of a float's exponent and the first of its fraction do, below bits that all have in common.
 * A mean square of 0 would make a step of any size, hence the second; beside a mean of 0 it makes none.
 *
 * Rounding by chance is what lets means move: a mean square changes by a thousandth an update and the bytes beside it are a
 * sixteenth away. To the nearest it would stand still for good. */
enum { GROUP = 4 * LINE, CUT = 20, SIGNED_SIZE = 0x7f, SIGNED_COMMON = 0x38000000, UNSIGNED_COMMON = 0x30000000 };
#define SIGNED_LEAST   0x1p-15f
#define UNSIGNED_LEAST 0x1p-31f

/* Where no size reaches NOTHING all are 0; where one reaches TOO_MUCH none is a number. */
#define NOTHING  1e-30f
#define TOO_MUCH 0x1p126f

/* The step of Weyl's sequence. */
#define WEYL 0x9e3779b9u

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
static code_reader *const code_readers[][GRADUS_ISA_COUNT] = {EVERY_ISA(read_signed), EVERY_ISA(read_non_negative)};
static code_writer *const code_writers[][GRADUS_ISA_COUNT] = {EVERY_ISA(write_signed), EVERY_ISA(write_non_negative)};

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

/* Random bits by position: Weyl's sequence, then a hash of 32 bits (lowbias32; Wellons, 2018). */
static inline bits ISA(thrown)(bits counted)
{
    counted = (counted ^ counted >> 16) * all_bits(0x7feb352du);
    counted = (counted ^ counted >> 15) * all_bits(0x846ca68bu);
    return counted ^ counted >> 16;
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

/* Weyl's sequence from its number `first` on, one in each lane. */
static inline bits ISA(counted)(uint32_t first)
{
    uint32_t start[LANES];
    for (uint32_t l = 0; l < LANES; l++) start[l] = first + l * WEYL;
    return load_words((const uint8_t *)start);
}

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

/* The numbers of 2^32 positions have one key. */
static inline uint32_t ISA(first_count)(const gradus_dice *dice, uint64_t position)
{
    const uint64_t key = dice->key + (position >> 32) * 0xbf58476d1ce4e5b9u;
    return (uint32_t)(key >> 32 ^ key) + (uint32_t)position * WEYL;
}

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

/* ---- 8 bits ----
 *
 * A word of 32 bits holds four numbers that are LINE apart, so that a register of words is four registers of numbers, by shifts
 * alone. The last numbers, fewer than a GROUP, lie one after the other. */

/* Bits moved to the left, or to the right where `by` is negative. */
static inline __attribute__((always_inline)) bits ISA(moved)(bits a, int by) { return by >= 0 ? a << by : a >> -by; }

static inline __attribute__((always_inline)) lane ISA(signed_number)(bits words, int which, lane scale, lane fall)
{
    const bits size = ISA(moved)(words, CUT - 8 * which) & all_bits((uint32_t)SIGNED_SIZE << CUT);
    const lane y = added(lane_of(size | all_bits(SIGNED_COMMON)), scale, fall);
    return lane_of(bits_of(y) | (words << (24 - 8 * which) & all_bits(1u << 31)));
}

static inline __attribute__((always_inline)) lane ISA(non_negative_number)(bits words, int which, lane scale, lane fall)
{
    (void)fall;
    const bits size = ISA(moved)(words, CUT - 8 * which) & all_bits(255u << CUT);
    return lane_of(size | all_bits(UNSIGNED_COMMON)) * scale;
}

static inline size_t ISA(place)(size_t i) { return 4 * (i % LINE) + i / LINE; }

#define READ(name, number_of, least)                                                                              \
    static inline __attribute__((always_inline)) void ISA(name##_group)(const uint8_t *from, number *to, lane by, \
                                                                        lane fall)                                \
    {                                                                                                             \
        UNROLLED                                                                                                  \
        for (int l = 0; l < LINE; l += LANES) {                                                                   \
            const bits words = load_words(from + 4 * l);                                                          \
            store(to + l, number_of(words, 0, by, fall));                                                         \
            store(to + l + LINE, number_of(words, 1, by, fall));                                                  \
            store(to + l + 2 * LINE, number_of(words, 2, by, fall));                                              \
            store(to + l + 3 * LINE, number_of(words, 3, by, fall));                                              \
        }                                                                                                         \
    }                                                                                                             \
    static void ISA(name)(const uint8_t *from, const float *scale, size_t count, float *to)                       \
    {                                                                                                             \
        uint8_t last[GROUP] = {0};                                                                                \
        number rest[GROUP];                                                                                       \
        lane by = all(0), fall = all(0);                                                                          \
        size_t i = 0;                                                                                             \
        for (; i + GROUP <= count; i += GROUP) {                                                                  \
            if (i % BLOCK == 0) by = all(scale[i / BLOCK]), fall = all(-(least)*scale[i / BLOCK]);                \
            ISA(name##_group)(from + i, to + i, by, fall);                                                        \
        }                                                                                                         \
        if (i == count) return;                                                                                   \
        for (size_t j = 0; j < count - i; j++) last[ISA(place)(j)] = from[i + j];                                 \
        ISA(name##_group)(last, rest, all(scale[i / BLOCK]), all(-(least)*scale[i / BLOCK]));                     \
        memcpy(to + i, rest, (count - i) * sizeof *to);                                                           \
    }
READ(read_signed, ISA(signed_number), SIGNED_LEAST)
READ(read_non_negative, ISA(non_negative_number), UNSIGNED_LEAST)
#undef READ

/* The bits of the largest size, whose order is that of floats; NaN is above all. */
static inline uint32_t ISA(largest)(const number *from, size_t count)
{
    bits most = all_bits(0);
    uint32_t each[LANES], largest = 0;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) most = larger_int(most, bits_of(absolute(load(from + i))));
    memcpy(each, &most, sizeof each);
    for (int l = 0; l < LANES; l++) largest = each[l] > largest ? each[l] : largest;
    for (; i < count; i++) {
        uint32_t size;
        memcpy(&size, from + i, sizeof size);
        size &= 0x7fffffff;
        largest = size > largest ? size : largest;
    }
    return largest;
}

/* The power of two above it; 0, or no number. */
static inline float ISA(scale_of)(const number *from, size_t count)
{
    const uint32_t largest = ISA(largest)(from, count), above = (largest & 0x7f800000) + (1u << 23);
    float size, scale;
    memcpy(&size, &largest, sizeof size);
    memcpy(&scale, &above, sizeof scale);
    return size < NOTHING ? 0 : size < TOO_MUCH ? scale : NAN;
}

/* What is added below a byte's last bit: half of it, or any share of it; the four of a word have other bits in front. */
static inline __attribute__((always_inline)) bits ISA(below)(bits dice, int which, bool thrown)
{
    if (!thrown) return all_bits(1u << (CUT - 1));
    const bits turned = which ? dice << (8 * which) | dice >> (32 - 8 * which) : dice;
    return turned & all_bits((1u << CUT) - 1);
}

static inline __attribute__((always_inline)) bits ISA(signed_byte)(lane x, lane per, bits low, int which)
{
    const bits size = bits_of(added(absolute(x), per, all(SIGNED_LEAST))) + low;
    const bits first = ISA(moved)(size, 8 * which - CUT) & all_bits((uint32_t)SIGNED_SIZE << 8 * which);
    return first | (bits_of(x) >> (24 - 8 * which) & all_bits(128u << 8 * which));
}

static inline __attribute__((always_inline)) bits ISA(non_negative_byte)(lane x, lane per, bits low, int which)
{
    const bits size = bits_of(larger(x * per, all(UNSIGNED_LEAST))) + low;
    return ISA(moved)(size, 8 * which - CUT) & all_bits(255u << 8 * which);
}

/* The next random bits (xorshift; Marsaglia, 2003). */
static inline bits ISA(next_thrown)(bits dice)
{
    dice = dice ^ dice << 13;
    dice = dice ^ dice >> 17;
    return dice ^ dice << 5;
}

#define WRITE(name, byte_of)                                                                                           \
    static inline __attribute__((always_inline)) void ISA(name##_group)(const number *from, uint8_t *to, lane per,     \
                                                                        bits dice, int l, bool thrown)                 \
    {                                                                                                                  \
        store_words(to + 4 * l, byte_of(load(from + l), per, ISA(below)(dice, 0, thrown), 0) |                         \
                                    byte_of(load(from + l + LINE), per, ISA(below)(dice, 1, thrown), 1) |              \
                                    byte_of(load(from + l + 2 * LINE), per, ISA(below)(dice, 2, thrown), 2) |          \
                                    byte_of(load(from + l + 3 * LINE), per, ISA(below)(dice, 3, thrown), 3));          \
    }                                                                                                                  \
    static inline __attribute__((always_inline)) void ISA(name##_block)(const number *from, size_t count, uint8_t *to, \
                                                                        float per, uint32_t first, bool thrown)        \
    {                                                                                                                  \
        number rest[GROUP] = {0};                                                                                      \
        uint8_t last[GROUP];                                                                                           \
        const size_t whole = count / GROUP * GROUP;                                                                    \
        for (size_t j = 0; j < count - whole; j++) rest[j] = from[whole + j];                                          \
        for (int l = 0; l < LINE; l += LANES) {                                                                        \
            bits dice = thrown ? ISA(thrown)(ISA(counted)(first + (uint32_t)l * WEYL)) : all_bits(0);                  \
            for (size_t i = 0; i < whole; i += GROUP) {                                                                \
                ISA(name##_group)(from + i, to + i, all(per), dice, l, thrown);                                        \
                if (thrown) dice = ISA(next_thrown)(dice);                                                             \
            }                                                                                                          \
            if (whole < count) ISA(name##_group)(rest, last, all(per), dice, l, thrown);                               \
        }                                                                                                              \
        for (size_t j = 0; j < count - whole; j++) to[whole + j] = last[ISA(place)(j)];                                \
    }                                                                                                                  \
    /* All scales first: each takes a while to be known. */                                                            \
    static void ISA(name)(const float *from, size_t count, uint8_t *to, float *scale, const gradus_dice *dice,         \
                          uint64_t position)                                                                           \
    {                                                                                                                  \
        for (size_t i = 0; i < count; i += BLOCK)                                                                      \
            scale[i / BLOCK] = ISA(scale_of)(from + i, count - i < BLOCK ? count - i : BLOCK);                         \
        for (size_t i = 0; i < count; i += BLOCK) {                                                                    \
            const size_t here = count - i < BLOCK ? count - i : BLOCK;                                                 \
            const float of_block = scale[i / BLOCK];                                                                   \
            if (!(of_block > 0))                                                                                       \
                memset(to + i, 0, here);                                                                               \
            else if (dice->thrown)                                                                                     \
                ISA(name##_block)(from + i, here, to + i, 1 / of_block, ISA(first_count)(dice, position + i), true);   \
            else                                                                                                       \
                ISA(name##_block)(from + i, here, to + i, 1 / of_block, 0, false);                                     \
        }                                                                                                              \
    }
WRITE(write_signed, ISA(signed_byte))
WRITE(write_non_negative, ISA(non_negative_byte))
#undef WRITE
#endif
