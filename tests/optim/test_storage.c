/* Numbers of 16 and of 8 bits: read and written as the formats say, rounded as promised, in equal bits for every instruction
 * set. */
#include "check.h"
#include "gradus/base.h"
#include "kernels.h"
#include "../../src/optim/storage.h"

static int best_isa(void) { return gradus_isa_of(NULL, NULL); }

static float float_of(uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* Of another architecture's there is none. */
static int next_isa(int isa)
{
    return best_isa() == GRADUS_ISA_NEON ? isa + GRADUS_ISA_NEON - GRADUS_ISA_SCALAR : isa + 1;
}

/* ---- 16 bits ---- */

static double read_exactly(int type, uint32_t h)
{
    const int mantissa = type == GRADUS_BFLOAT16 ? 7 : 10, bias = type == GRADUS_BFLOAT16 ? 127 : 15;
    const int exponent = (int)(h >> mantissa) & (2 * bias + 1), rest = (int)h & ((1 << mantissa) - 1);
    const double sign = h >> 15 ? -1 : 1;
    if (exponent == 2 * bias + 1) return rest ? NAN : sign * INFINITY;
    return sign * ldexp(exponent ? rest + (1 << mantissa) : rest, (exponent ? exponent : 1) - bias - mantissa);
}

static void all_of_16_bits(void **state)
{
    (void)state;
    static const gradus_dice nearest, random = {.thrown = true, .key = 77};
    for (int type = GRADUS_BFLOAT16; type <= GRADUS_FLOAT16; type++) {
        for (uint32_t first = 0; first < 1 << 16; first += 256) {
            for (int isa = GRADUS_ISA_SCALAR; isa <= best_isa(); isa = next_isa(isa)) {
                uint16_t stored[256], again[256], by_chance[256];
                float numbers[256];
                for (uint32_t i = 0; i < 256; i++) stored[i] = (uint16_t)(first + i);
                gradus_read_numbers(isa, type, stored, 256, numbers);
                gradus_write_numbers(isa, type, numbers, 256, again, &nearest, 0);
                gradus_write_numbers(isa, type, numbers, 256, by_chance, &random, first);
                for (uint32_t i = 0; i < 256; i++) {
                    const double exact = read_exactly(type, first + i);
                    if (isnan(exact)) {
                        assert_true(isnan(numbers[i]) && isnan(read_exactly(type, again[i])));
                        assert_true(isnan(read_exactly(type, by_chance[i])));
                    } else {
                        assert_true(numbers[i] == exact && !signbit(numbers[i]) == !signbit(exact));
                        if (again[i] != stored[i] || by_chance[i] != stored[i])
                            fail_msg("%#x was not what it had been read from: %#x, %#x", stored[i], again[i],
                                     by_chance[i]);
                    }
                }
            }
        }
    }
}

/* The two 16-bit numbers around x, as codes; the same twice where it is one. Of sizes: they have the order of numbers. */
static void around(int type, double size, uint32_t *below, uint32_t *above)
{
    uint32_t low = 0, high = type == GRADUS_BFLOAT16 ? 0x7f80 : 0x7c00;
    while (high - low > 1) {
        const uint32_t middle = (low + high) / 2;
        *(read_exactly(type, middle) <= size ? &low : &high) = middle;
    }
    *below = low;
    *above = read_exactly(type, low) == size ? low : high;
}

static uint32_t nearest_of(int type, double size)
{
    uint32_t low, high;
    around(type, size, &low, &high);
    const uint32_t last = type == GRADUS_BFLOAT16 ? 0x7f7f : 0x7bff;
    const double down = read_exactly(type, low);
    const double up = low == last ? 2 * down - read_exactly(type, low - 1) : read_exactly(type, high);
    if (low == high) return low;
    if (size - down == up - size) return low % 2 ? high : low;
    return size - down < up - size ? low : high;
}

/* Sizes of all magnitudes, many of them half-way. */
static float some_size(uint64_t *seed, int i)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    uint32_t bits = (uint32_t)(*seed >> 33);
    if (i % 3 == 0) bits &= 0xffff8000u;
    if (i % 3 == 1) bits = (bits & 0x0ffff000u) % 0x11000000u + 0x32000000u;
    return isfinite(float_of(bits)) ? float_of(bits) : 1;
}

static void nearest_16_bits(void **state)
{
    (void)state;
    static const gradus_dice nearest;
    uint64_t seed = 1;
    for (int round = 0; round < 400; round++) {
        float numbers[256];
        for (int i = 0; i < 256; i++) numbers[i] = some_size(&seed, i);
        for (int type = GRADUS_BFLOAT16; type <= GRADUS_FLOAT16; type++) {
            for (int isa = GRADUS_ISA_SCALAR; isa <= best_isa(); isa = next_isa(isa)) {
                uint16_t written[256] = {0};
                const size_t count = 256 - (size_t)round % 40;
                gradus_write_numbers(isa, type, numbers, count, written, &nearest, 0);
                for (size_t i = 0; i < count; i++)
                    if (written[i] != nearest_of(type, numbers[i]))
                        fail_msg("%a became %#x, not %#x", numbers[i], written[i], nearest_of(type, numbers[i]));
                for (size_t i = count; i < 256; i++) assert_int_equal(written[i], 0);
            }
        }
    }
}

/* Rounded up as often as it is near to what is above; the same wherever a block begins, in all sets. */
static void chance(void **state)
{
    (void)state;
    static const double shares[] = {1e-3, 0.1, 0.25, 0.5, 0.9};
    static const float sizes[] = {1, 3e-5f, 1e-6f, 700};
    enum { TIMES = 40000 };
    static float numbers[TIMES];
    static uint16_t written[TIMES], other[TIMES];
    for (int c = 0; c < 40; c++) {
        const int type = c % 2 ? GRADUS_FLOAT16 : GRADUS_BFLOAT16;
        const double share = shares[c / 2 % 5];
        uint32_t low, high;
        around(type, sizes[c / 10], &low, &high);
        high = low + 1;
        const gradus_dice dice = gradus_dice_for(3, c, 0);
        const double down = read_exactly(type, low), up = read_exactly(type, high);
        int ups = 0;
        for (int i = 0; i < TIMES; i++) numbers[i] = (float)(down + share * (up - down));
        for (int isa = GRADUS_ISA_SCALAR; isa <= best_isa(); isa = next_isa(isa)) {
            for (size_t i = 0; i < TIMES; i += 256 - 7 * (size_t)isa) {
                const size_t left = TIMES - i, most = 256 - 7 * (size_t)isa;
                gradus_write_numbers(isa, type, numbers + i, left < most ? left : most,
                                     (isa == GRADUS_ISA_SCALAR ? written : other) + i, &dice, (int64_t)i + 11);
            }
            if (isa > GRADUS_ISA_SCALAR) assert_memory_equal(written, other, sizeof written);
        }
        for (int i = 0; i < TIMES; i++) {
            assert_true(written[i] == low || written[i] == high);
            ups += written[i] == high;
        }
        if (fabs(ups - share * TIMES) > 5 * sqrt(share * (1 - share) * TIMES))
            fail_msg("of type %d, %g: %d of %d were rounded up, not %g of all", type, numbers[0], ups, TIMES, share);
    }
}

/* ---- 8 bits ---- */

static const gradus_dice to_the_nearest, by_chance = {.thrown = true, .key = 77};

static double share_of(bool non_negative, int code)
{
    const double fraction = 1 + code % 8 / 8.;
    if (non_negative) return ldexp(fraction, code / 8 - 31);
    return (code < 128 ? 1 : -1) * (ldexp(fraction, code / 8 % 16 - 15) - ldexp(1, -15));
}

/* Where the byte of a number stands among those of its 64. */
static int place_of(int i) { return i / 64 * 64 + i % 64 % 16 * 4 + i % 64 / 16; }

static void every_byte(void **state)
{
    (void)state;
    for (int non_negative = 0; non_negative < 2; non_negative++) {
        for (int isa = GRADUS_ISA_SCALAR; isa <= best_isa(); isa = next_isa(isa)) {
            uint8_t code[256];
            float scale = 4, numbers[256];
            for (int i = 0; i < 256; i++) code[place_of(i)] = (uint8_t)i;
            gradus_read_codes(isa, non_negative, &(gradus_codes){code, &scale}, 0, 256, numbers);
            for (int i = 0; i < 256; i++) assert_true(numbers[i] == 4 * share_of(non_negative, i));
        }
    }
}

static float some_state(uint64_t *seed, bool non_negative, int i)
{
    const float number = kernels_number(seed, false);
    const float sized = number * powf(10, (float)(-7 * (i % 50)) / 50);
    return non_negative ? fabsf(sized) : sized;
}

/* The width between what a share's byte stands for and the next. */
static double step_at(bool non_negative, double share)
{
    const double least = ldexp(1, non_negative ? -31 : -15), moved = fabs(share) + (non_negative ? 0 : least);
    return moved < least ? least / 8 : ldexp(1, ilogb(moved) - 3);
}

/* What is not negative is read as more than 0, unless all are 0; the scale is a power of two. */
static void nearest_8_bits(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int round = 0; round < 600; round++) {
        const bool non_negative = round % 2;
        const gradus_dice *dice = round / 2 % 2 ? &by_chance : &to_the_nearest;
        const size_t count = round % 5 ? 256 : (size_t)(round / 5 % 256);
        float given[256], scale[2] = {0}, first[256];
        uint8_t code[2][256];
        for (int i = 0; i < 256; i++) given[i] = some_state(&seed, non_negative, i);
        for (int isa = GRADUS_ISA_SCALAR; isa <= best_isa(); isa = next_isa(isa)) {
            const int at = isa > GRADUS_ISA_SCALAR;
            const gradus_codes codes = {code[at], &scale[at]};
            float numbers[256] = {0};
            memset(code[at], 9, 256);
            gradus_write_codes(isa, non_negative, given, count, &codes, 0, dice, round);
            if (at && (memcmp(code[0], code[1], 256) != 0 || memcmp(&scale[0], &scale[1], sizeof scale[0]) != 0))
                fail_msg("set %d writes other codes", isa);
            gradus_read_codes(isa, non_negative, &codes, 0, count, numbers);
            if (at) assert_memory_equal(first, numbers, sizeof numbers);
            memcpy(first, numbers, sizeof first);
        }
        for (size_t i = count; i < 256; i++) assert_true(code[0][i] == 9 && first[i] == 0);
        double largest = 0;
        for (size_t i = 0; i < count; i++) {
            const double share = given[i] / scale[0], got = first[i] / scale[0];
            const double far = step_at(non_negative, share) * (dice->thrown ? 1 : 0.5);
            largest = fmax(largest, fabs(share));
            if (fabs(got - share) > far * (1 + 1e-6) && share > ldexp(1, -31))
                fail_msg("%g became %g, which is farther than %g", share, got, far);
            assert_true(got == 0 || !signbit(first[i]) == !signbit(given[i]));
            assert_true(non_negative ? got > 0 : given[i] != 0 || got == 0);
        }
        assert_true(!count || (frexpf(scale[0], &(int){0}) == 0.5F && largest >= 0.5 && largest < 1));
    }
}

/* On the mean a number stays what it was, and a mean square that moves by a thousandth an update arrives. */
static void chance_8_bits(void **state)
{
    (void)state;
    enum { MANY = 2048, TIMES = 400, UPDATES = 4000 };
    static float given[MANY], numbers[MANY], scale[MANY / 256];
    static uint8_t code[MANY];
    static double sum[MANY];
    const int isa = best_isa();
    uint64_t seed = 3;
    for (int non_negative = 0; non_negative < 2; non_negative++) {
        double off = 0;
        for (int i = 0; i < MANY; i++) given[i] = some_state(&seed, non_negative, i), sum[i] = 0;
        for (int t = 0; t < TIMES; t++) {
            const gradus_dice dice = gradus_dice_for(1, t, 0);
            gradus_write_codes(isa, non_negative, given, MANY, &(gradus_codes){code, scale}, 0, &dice, 5);
            gradus_read_codes(isa, non_negative, &(gradus_codes){code, scale}, 0, MANY, numbers);
            for (int i = 0; i < MANY; i++) sum[i] += (double)numbers[i];
        }
        for (int i = 0; i < MANY; i++) {
            const double far = (sum[i] / TIMES - (double)given[i]) / scale[i / 256];
            const double deviation = 0.5 * step_at(non_negative, given[i] / scale[i / 256]) / sqrt(TIMES);
            if (non_negative && given[i] < ldexp(scale[i / 256], -31)) continue; /* is read as that */
            if (fabs(far) > 5.5 * deviation) fail_msg("%g is %g off on the mean", given[i], far);
            off += far / deviation;
        }
        assert_true(fabs(off) < 5 * sqrt(MANY));
    }
    for (int i = 0; i < MANY; i++) given[i] = i % 256 ? 0.02F : 1;
    gradus_write_codes(isa, true, given, MANY, &(gradus_codes){code, scale}, 0, &to_the_nearest, 0);
    for (int t = 0; t < UPDATES; t++) {
        const gradus_dice dice = gradus_dice_for(1, t, 1);
        gradus_read_codes(isa, true, &(gradus_codes){code, scale}, 0, MANY, numbers);
        for (int i = 0; i < MANY; i++) numbers[i] = 0.999F * numbers[i] + 0.001F * (i % 256 ? 0.05F : 1);
        gradus_write_codes(isa, true, numbers, MANY, &(gradus_codes){code, scale}, 0, &dice, 0);
    }
    double mean = 0;
    for (int i = 0; i < MANY; i++) mean += i % 256 ? (double)numbers[i] / (MANY - MANY / 256) : 0;
    check_close(mean, 0.05 - 0.03 * pow(0.999, UPDATES), 0.02, 0);
}

/* Several blocks at once are what each of them is alone. */
static void many_blocks(void **state)
{
    (void)state;
    enum { MOST = 1024 };
    uint64_t seed = 9;
    for (int round = 0; round < 100; round++) {
        const bool non_negative = round % 2;
        const gradus_dice *dice = round / 2 % 2 ? &by_chance : &to_the_nearest;
        const size_t count = round % 3 ? MOST - (size_t)round : MOST;
        float given[MOST];
        for (int i = 0; i < MOST; i++)
            given[i] = round % 7 == 0 && i / 256 == 1 ? 0 : some_state(&seed, non_negative, i) * (float)(1 + i / 256);
        for (int isa = GRADUS_ISA_SCALAR; isa <= best_isa(); isa = next_isa(isa)) {
            float together[MOST], alone[256], scale[2][4];
            uint8_t code[2][MOST];
            const gradus_codes all = {code[0], scale[0]}, each = {code[1], scale[1]};
            gradus_write_codes(isa, non_negative, given, count, &all, 0, dice, 33);
            gradus_read_codes(isa, non_negative, &all, 0, count, together);
            for (size_t start = 0; start < count; start += 256) {
                const size_t left = count - start < 256 ? count - start : 256;
                gradus_write_codes(isa, non_negative, given + start, left, &each, (int64_t)start, dice,
                                   33 + (int64_t)start);
                gradus_read_codes(isa, non_negative, &each, (int64_t)start, left, alone);
                assert_memory_equal(alone, together + start, left * sizeof(float));
            }
            assert_memory_equal(scale[0], scale[1], (count + 255) / 256 * sizeof(float));
            assert_memory_equal(code[0], code[1], count);
        }
    }
}

static void odd_blocks(void **state)
{
    (void)state;
    static const float odd[] = {0, 1e-38f, NAN, -NAN, INFINITY, 1e38f};
    enum { ZEROS = 2, ODD = sizeof odd / sizeof *odd };
    for (int c = 0; c < 2 * ODD; c++) {
        const bool non_negative = c % 2;
        for (int isa = GRADUS_ISA_SCALAR; isa <= best_isa(); isa = next_isa(isa)) {
            float numbers[256] = {0}, scale;
            uint8_t code[256];
            numbers[77] = odd[c / 2];
            gradus_write_codes(isa, non_negative, numbers, 256, &(gradus_codes){code, &scale}, 0, &by_chance, 0);
            gradus_read_codes(isa, non_negative, &(gradus_codes){code, &scale}, 0, 256, numbers);
            for (int i = 0; i < 256; i++) /* it is not hidden */
                assert_true(c / 2 < ZEROS ? numbers[i] == 0 : !isfinite(numbers[i]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_of_16_bits), cmocka_unit_test(nearest_16_bits),
                                       cmocka_unit_test(chance),         cmocka_unit_test(every_byte),
                                       cmocka_unit_test(nearest_8_bits), cmocka_unit_test(chance_8_bits),
                                       cmocka_unit_test(many_blocks),    cmocka_unit_test(odd_blocks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
