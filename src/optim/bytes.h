/* Numbers as bytes, once for each instruction set that works on float32: what storage.c reads and writes, and what kernels do
 * that take bytes as they are (walk.h). */
#ifndef GRADUS_OPTIM_BYTES_H
#define GRADUS_OPTIM_BYTES_H

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

#endif

#ifdef ISA
/* Random bits by position: Weyl's sequence, then a hash of 32 bits (lowbias32; Wellons, 2018). */
static inline bits ISA(thrown)(bits counted)
{
    counted = (counted ^ counted >> 16) * all_bits(0x7feb352du);
    counted = (counted ^ counted >> 15) * all_bits(0x846ca68bu);
    return counted ^ counted >> 16;
}

/* Weyl's sequence from its number `first` on, one in each lane. */
static inline bits ISA(counted)(uint32_t first)
{
    uint32_t start[LANES];
    for (uint32_t l = 0; l < LANES; l++) start[l] = first + l * WEYL;
    return load_words((const uint8_t *)start);
}

/* The numbers of 2^32 positions have one key. */
static inline uint32_t ISA(first_count)(const gradus_dice *dice, uint64_t position)
{
    const uint64_t key = dice->key + (position >> 32) * 0xbf58476d1ce4e5b9u;
    return (uint32_t)(key >> 32 ^ key) + (uint32_t)position * WEYL;
}

/* ---- reading ----
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

static inline size_t ISA(place_of)(size_t i) { return 4 * (i % LINE) + i / LINE; }

#define READ(name, number_of)                                                                                    \
    static inline __attribute__((always_inline)) void ISA(read_##name)(const uint8_t *from, number *to, lane by, \
                                                                       lane fall)                                \
    {                                                                                                            \
        for (int l = 0; l < LINE; l += LANES) {                                                                  \
            const bits words = load_words(from + 4 * l);                                                         \
            store(to + l, number_of(words, 0, by, fall));                                                        \
            store(to + l + LINE, number_of(words, 1, by, fall));                                                 \
            store(to + l + 2 * LINE, number_of(words, 2, by, fall));                                             \
            store(to + l + 3 * LINE, number_of(words, 3, by, fall));                                             \
        }                                                                                                        \
    }
READ(signed, ISA(signed_number))
READ(non_negative, ISA(non_negative_number))
#undef READ

/* ---- writing ---- */

/* The largest of all lanes. */
static inline uint32_t ISA(largest_of)(bits most)
{
    uint32_t each[LANES], largest = 0;
    memcpy(each, &most, sizeof each);
    for (int l = 0; l < LANES; l++) largest = each[l] > largest ? each[l] : largest;
    return largest;
}

/* The power of two above a size, by its bits, which have the order of floats, NaN above all; 0, or no number. */
static inline float ISA(scale_above)(uint32_t largest)
{
    const uint32_t above = (largest & 0x7f800000) + (1u << 23);
    float size, scale;
    memcpy(&size, &largest, sizeof size);
    memcpy(&scale, &above, sizeof scale);
    return size < NOTHING ? 0 : size < TOO_MUCH ? scale : NAN;
}

/* What is added below a byte's last bit: half of it, or any share of it; the four of a word have other bits in front. */
static inline __attribute__((always_inline)) bits ISA(low_bits)(bits dice, int which, bool thrown)
{
    if (!thrown) return all_bits(1u << (CUT - 1));
    const bits turned = which ? dice << (8 * which) | dice >> (32 - 8 * which) : dice;
    return turned & all_bits((1u << CUT) - 1);
}

/* A byte's bits at the upper end of a word, what lies below is of no use. */
static inline __attribute__((always_inline)) bits ISA(signed_byte)(lane x, lane per, bits low)
{
    const bits size = bits_of(added(absolute(x), per, all(SIGNED_LEAST))) + low;
    return bits_of(with_sign(lane_of(size << (24 - CUT)), x));
}

static inline __attribute__((always_inline)) bits ISA(non_negative_byte)(lane x, lane per, bits low)
{
    return (bits_of(larger(x * per, all(UNSIGNED_LEAST))) + low) << (24 - CUT);
}

/* The next random bits (xorshift; Marsaglia, 2003). */
static inline bits ISA(next_thrown)(bits dice)
{
    dice = dice ^ dice << 13;
    dice = dice ^ dice >> 17;
    return dice ^ dice << 5;
}

/* Random bits for the numbers of a block, of which the first has this count. */
static inline __attribute__((always_inline)) void ISA(throw_first)(uint32_t first, bits dice[LINE / LANES])
{
    for (uint32_t l = 0; l < LINE / LANES; l++) dice[l] = ISA(thrown)(ISA(counted)(first + l * LANES * WEYL));
}

#define WRITE(name, byte_of)                                                                                           \
    static inline __attribute__((always_inline)) void ISA(write_##name##_group)(                                       \
        const number *from, uint8_t *to, lane per, bits dice[LINE / LANES], bool thrown)                               \
    {                                                                                                                  \
        for (int i = 0; i < LINE / LANES; i++) {                                                                       \
            const int l = i * LANES;                                                                                   \
            const bits first = byte_of(load(from + l), per, ISA(low_bits)(dice[i], 0, thrown));                        \
            const bits second = byte_of(load(from + l + LINE), per, ISA(low_bits)(dice[i], 1, thrown));                \
            const bits third = byte_of(load(from + l + 2 * LINE), per, ISA(low_bits)(dice[i], 2, thrown));             \
            bits word = byte_of(load(from + l + 3 * LINE), per, ISA(low_bits)(dice[i], 3, thrown));                    \
            word = (word & all_bits(0xff000000u)) | third >> 8;                                                        \
            word = (word & all_bits(0xffff0000u)) | second >> 16;                                                      \
            word = (word & all_bits(0xffffff00u)) | first >> 24;                                                       \
            store_words(to + 4 * l, word);                                                                             \
            if (thrown) dice[i] = ISA(next_thrown)(dice[i]);                                                           \
        }                                                                                                              \
    }                                                                                                                  \
    static inline __attribute__((always_inline)) void ISA(write_##name)(const number *from, size_t count, uint8_t *to, \
                                                                        float scale, uint32_t first, bool thrown)      \
    {                                                                                                                  \
        if (!(scale > 0)) {                                                                                            \
            memset(to, 0, count);                                                                                      \
            return;                                                                                                    \
        }                                                                                                              \
        const lane per = all(1 / scale);                                                                               \
        bits dice[LINE / LANES];                                                                                       \
        number rest[GROUP] = {0};                                                                                      \
        uint8_t last[GROUP];                                                                                           \
        const size_t whole = count / GROUP * GROUP;                                                                    \
        if (thrown) ISA(throw_first)(first, dice);                                                                     \
        for (size_t i = 0; i < whole; i += GROUP) ISA(write_##name##_group)(from + i, to + i, per, dice, thrown);      \
        if (whole == count) return;                                                                                    \
        for (size_t j = 0; j < count - whole; j++) rest[j] = from[whole + j];                                          \
        ISA(write_##name##_group)(rest, last, per, dice, thrown);                                                      \
        for (size_t j = 0; j < count - whole; j++) to[whole + j] = last[ISA(place_of)(j)];                             \
    }
WRITE(signed, ISA(signed_byte))
WRITE(non_negative, ISA(non_negative_byte))
#undef WRITE
#endif
