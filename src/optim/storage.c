/* Turns stored numbers into float32 and back, a block at a time: bfloat16 and float16, rounded to the nearest or by chance,
 * and 8-bit codes. Whole numbers and single operations only, so every instruction set gives equal bits. */
#ifndef RULE
#include "kernel.h"
#include "storage.h"

/* ---- the dynamic maps ----
 *
 * Numbers are taken in shares y of the largest size in their block. Decade i = 0..6 of y, from 10^(i-7) to 10^(i-6), is cut
 * into n = FIRST 2^i buckets of one width, and a code stands for the middle of its bucket; 0 and 1 have codes of their own.
 * With buckets counted from n, so that the decade is where the leading bit of the count q stands,
 *
 *     q = floor(n (8/9 + y 10^(6-i)/0.9))             y = 10^(i-6) (0.9 (q + 1/2)/n - 0.8)
 *
 * The first is continuous and concave in y: of all decades' lines the lowest is the one that holds.
 * Signed: FIRST 1, q = 1..127 beside the sign; no bucket and a sign is +1. Not negative: FIRST 2, q = 2..255; q = 1 is 1. */
enum { DECADES = 7, TABLE = 16, SIGNED_FIRST = 1, UNSIGNED_FIRST = 2, SIGNED_ALL = 128, UNSIGNED_ALL = 256 };
enum { SIGNED_ONE = 128, UNSIGNED_ONE = 1 };
#define SIGNED_MOST 127.5f /* in the last bucket */

typedef float places[TABLE];

/* Of decade i: n 10^(6-i)/0.9 and 8 n/9; above all of them lies `most`. Then the lowest and the highest of those that hold
 * between two powers of four, by the last four bits of half of a float's exponent: 4..15 are 2^-23 to 2, and there is one end
 * of a decade between two at most. */
typedef struct lines {
    float slope[DECADES], rise[DECADES], most;
    places low_slope, low_rise, high_slope, high_rise;
} lines;

#define A(first, of) of((first), 1, 1e6)
#define B(first, of) of((first), 2, 1e5)
#define C(first, of) of((first), 4, 1e4)
#define D(first, of) of((first), 8, 1e3)
#define E(first, of) of((first), 16, 1e2)
#define F(first, of) of((first), 32, 10.)
#define G(first, of) of((first), 64, 1.)
#define EACH_DECADE(n, of)                                                   \
    {                                                                        \
        A(n, of), B(n, of), C(n, of), D(n, of), E(n, of), F(n, of), G(n, of) \
    }
#define EACH_LOW(n, of)                                                                                               \
    {                                                                                                                 \
        A(n, of), A(n, of), A(n, of), A(n, of), A(n, of), A(n, of), B(n, of), B(n, of), C(n, of), D(n, of), D(n, of), \
            E(n, of), E(n, of), F(n, of), G(n, of), G(n, of)                                                          \
    }
#define EACH_HIGH(n, of, last)                                                                                        \
    {                                                                                                                 \
        A(n, of), A(n, of), A(n, of), A(n, of), A(n, of), B(n, of), B(n, of), C(n, of), D(n, of), D(n, of), E(n, of), \
            E(n, of), F(n, of), G(n, of), G(n, of), last                                                              \
    }
#define SLOPE(first, n, tens) (float)((first) * (n) * (tens) / 0.9)
#define RISE(first, n, tens)  (float)((first) * (n)*8 / 9.)
#define LINES(n, last)                                                                            \
    {                                                                                             \
        EACH_DECADE(n, SLOPE), EACH_DECADE(n, RISE), last, EACH_LOW(n, SLOPE), EACH_LOW(n, RISE), \
            EACH_HIGH(n, SLOPE, 0), EACH_HIGH(n, RISE, last)                                      \
    }
CACHE_ALIGNED static const lines signed_lines = LINES(SIGNED_FIRST, SIGNED_MOST),
                                 unsigned_lines = LINES(UNSIGNED_FIRST, UNSIGNED_ALL);
#undef A
#undef B
#undef C
#undef D
#undef E
#undef F
#undef G
#undef EACH_DECADE
#undef EACH_LOW
#undef EACH_HIGH
#undef SLOPE
#undef RISE
#undef LINES

/* And back, by the place of a leading bit: signed, of 2q + 1, from which y follows as well, the second half of a table for
 * negative numbers; not negative, of q | 1, and y follows from q. That of 1 is told as 127, which is 7 in eight: there is no
 * decade then, but 0 or 1. */
#define PLACES(of, none, again, one)                                                                                  \
    {                                                                                                                 \
        of(1, 1e6), of(2, 1e5), of(4, 1e4), of(8, 1e3), of(16, 1e2), of(32, 10.), of(64, 1.), none, again of(1, 1e6), \
            again of(2, 1e5), again of(4, 1e4), again of(8, 1e3), again of(16, 1e2), again of(32, 10.),               \
            again of(64, 1.), one                                                                                     \
    }
#define WIDTH(n, tens) \
    (float)(0.45 / ((n) * (tens))) /* of half a bucket where FIRST is 1, of a whole one where it is 2 */
#define FALL(n, tens)   (float)(-0.8 / (tens))
#define MIDDLE(n, tens) (float)((0.225 / (n)-0.8) / (tens))
static const places signed_width = PLACES(WIDTH, 0, -, 0), signed_fall = PLACES(FALL, 0, -, 1),
                    unsigned_width = PLACES(WIDTH, 1, +, 1), unsigned_fall = PLACES(MIDDLE, 0, +, 0);
#undef PLACES
#undef WIDTH
#undef FALL
#undef MIDDLE

/* Where no size reaches NOTHING all are 0. Signed: shares below LEAST are nearer to 0, those from NEAR_ONE on nearer to 1. Not negative: those below FEW are in the first
 * bucket, and counts from ONE below all on are nearer to 1. */
#define NOTHING  1e-30f
#define LEAST    0.275e-6f
#define NEAR_ONE (float)(0.9 * 127.75 / 64 - 0.8)
#define FEW      0.1000001e-6f
#define ONE      0.75f

#define NO_TWIN
#define RULE "storage.c"
#include "every_isa.h"

/* ---- what the others call ---- */

typedef void reader(const void *from, size_t count, float *to);
typedef void writer(const float *from, size_t count, void *to, const gradus_dice *dice, uint64_t position);
typedef void code_reader(const uint8_t *from, const float *scale, size_t count, float *to);
typedef void code_writer(float *from, size_t count, uint8_t *to, float *scale);

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

void gradus_write_codes(int32_t isa, bool non_negative, float *numbers, size_t count, const gradus_codes *to,
                        int64_t start)
{
    code_writers[non_negative][isa - GRADUS_ISA_SCALAR](numbers, count, to->code + start, to->scale + start / BLOCK);
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

#define WRITE16(name, convert, throw)                                                                          \
    static inline __attribute__((always_inline)) void ISA(name)(const float *from, size_t count, uint16_t *to, \
                                                                uint32_t first)                                \
    {                                                                                                          \
        static const uint32_t weyl = 0x9e3779b9u;                                                              \
        uint32_t start[LANES];                                                                                 \
        size_t i = 0;                                                                                          \
        for (uint32_t l = 0; l < LANES; l++) start[l] = first + l * weyl;                                      \
        bits counted;                                                                                          \
        memcpy(&counted, start, sizeof counted);                                                               \
        for (; i + LANES <= count; i += LANES, counted = counted + all_bits(LANES * weyl))                     \
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
    return (uint32_t)(key >> 32 ^ key) + (uint32_t)position * 0x9e3779b9u;
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

/* ---- 8 bits; memory is padded, so whole registers are read and written ---- */

static inline void ISA(scaled_places)(const places share, float scale, places made)
{
    for (int i = 0; i < TABLE; i += LANES) store(made + i, load(share + i) * all(scale) + all(0)); /* no -0 */
}

#if LANES == 16
/* Half of the table is for negative numbers. */
static inline lane ISA(signed_number)(bits code, const places slope, const places rise, float scale)
{
    (void)scale;
    const lane twice = real_of(((code + code) & all_bits(255)) | all_bits(1));
    const bits place = (bits_of(twice) >> 23 & all_bits(7)) | (code >> 4 & all_bits(8));
    return twice * pick(slope, place) + pick(rise, place);
}
#else
static inline lane ISA(signed_number)(bits code, const places slope, const places rise, float scale)
{
    const bits sign = code >> 7;
    const lane twice = real_of(((code & all_bits(127)) << 1) + all_bits(1));
    const bits place = bits_of(twice) >> 23;
    const lane size = twice * pick(slope, place) + pick(rise, place);
    const lane one = lane_of(bits_of(all(scale)) & (all_bits(0) - sign));
    return choose(same(twice, all(1)), one, lane_of(bits_of(size) ^ sign << 31));
}
#endif

static inline lane ISA(non_negative_number)(bits code, const places slope, const places rise, float scale)
{
    (void)scale;
    const bits place = bits_of(real_of(code | all_bits(1))) >> 23;
    return real_of(code) * pick(slope, place) + pick(rise, place);
}

#define READ(name, number, width, fall)                                                                                \
    static void ISA(name)(const uint8_t *from, const float *scale, size_t count, float *to)                            \
    {                                                                                                                  \
        for (size_t start = 0; start < count; start += BLOCK) {                                                        \
            const size_t end = count - start < BLOCK ? count : start + BLOCK;                                          \
            const float of_block = scale[start / BLOCK];                                                               \
            places slope, rise;                                                                                        \
            ISA(scaled_places)(width, of_block, slope);                                                                \
            ISA(scaled_places)(fall, of_block, rise);                                                                  \
            for (size_t i = start; i < end; i += LANES) store(to + i, number(load8(from + i), slope, rise, of_block)); \
        }                                                                                                              \
    }
READ(read_signed, ISA(signed_number), signed_width, signed_fall)
READ(read_non_negative, ISA(non_negative_number), unsigned_width, unsigned_fall)
#undef READ

static inline uint32_t ISA(largest_of)(bits a)
{
    uint32_t each[LANES], largest = 0;
    memcpy(each, &a, sizeof each);
    for (int l = 0; l < LANES; l++) largest = each[l] > largest ? each[l] : largest;
    return largest;
}

/* The number of the largest size, so that its share is 1 whatever its sign; NaN where one is. Floats of one sign have the
 * order of their bits. */
static inline float ISA(largest)(const float *from, size_t count)
{
    bits up_to = all_bits(0), down_to = all_bits(0);
    for (size_t i = 0; i < count; i += LANES) {
        const bits x = bits_of(load(from + i));
        up_to = larger_int(up_to, x);
        down_to = larger_int(down_to, x ^ all_bits(1u << 31));
    }
    const uint32_t up = ISA(largest_of)(up_to), down = ISA(largest_of)(down_to), of = up >= down ? up : down | 1u << 31;
    float scale;
    memcpy(&scale, &of, sizeof scale);
    return scale;
}

#if LANES == 16
static inline lane ISA(bucket)(lane y, const lines *of)
{
    const bits place = bits_of(y) >> 24;
    const lane high = y * pick(of->high_slope, place) + pick(of->high_rise, place);
    return smaller(y * pick(of->low_slope, place) + pick(of->low_rise, place), high);
}
#else
static inline lane ISA(bucket)(lane y, const lines *of)
{
    lane q = all(of->most);
    UNROLLED
    for (int i = 0; i < DECADES; i++) q = smaller(y * all(of->slope[i]) + all(of->rise[i]), q);
    return q;
}
#endif

/* A size nearest to 1 has no bucket and a sign if it is positive; -1 goes to the last bucket. */
static inline bits ISA(signed_code)(lane x, lane per)
{
    const lane share = x * per, y = absolute(share);
    const lane q = ISA(bucket)(y, &signed_lines);
    const bits code = whole_of(choose(at_least(share, all(NEAR_ONE)), all(SIGNED_ALL), q));
    const bits whole = code | (bits_of(share) >> 24 & all_bits(128));
    return bits_of(choose(at_least(y, all(LEAST)), lane_of(whole), all(0)));
}

/* What is not 0 stays so: a mean square of 0 would make a step of any size. */
static inline bits ISA(non_negative_code)(lane x, lane per)
{
    const lane q = ISA(bucket)(larger(x * per, all(FEW)), &unsigned_lines);
    const lane or_one = choose(at_least(q, all(UNSIGNED_ALL - 1 + ONE)), all(UNSIGNED_ONE), q);
    return whole_of(choose(above(x, all(0)), or_one, all(0)));
}

/* All scales first: each takes a while to be known. */
#define WRITE(name, code_of, one)                                                                         \
    static void ISA(name)(float *from, size_t count, uint8_t *to, float *scale)                           \
    {                                                                                                     \
        for (size_t i = count; i % LINE; i++) from[i] = 0; /* part of no maximum */                       \
        for (size_t start = 0; start < count; start += BLOCK) {                                           \
            const float most = ISA(largest)(from + start, count - start < BLOCK ? count - start : BLOCK); \
            scale[start / BLOCK] = fabsf(most) < NOTHING ? 0 : most;                                      \
        }                                                                                                 \
        for (size_t start = 0; start < count; start += BLOCK) {                                           \
            const size_t end = count - start < BLOCK ? count : start + BLOCK;                             \
            const float of_block = scale[start / BLOCK];                                                  \
            const lane per = all(1 / of_block);                                                           \
            if (of_block != 0 && fabsf(of_block) < INFINITY)                                              \
                for (size_t i = start; i < end; i += LANES) store8(to + i, code_of(load(from + i), per)); \
            else                                                                                          \
                memset(to + start, of_block == 0 ? 0 : one, end - start);                                 \
        }                                                                                                 \
    }
WRITE(write_signed, ISA(signed_code), SIGNED_ONE)
WRITE(write_non_negative, ISA(non_negative_code), UNSIGNED_ONE)
#undef WRITE
#endif
