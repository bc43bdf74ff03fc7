/* The normal numbers of PyTorch's CPU generator, for schedules that were made noisy with it: MT19937 (Matsumoto, Nishimura 1998,
 * "Mersenne Twister", ACM TOMACS 8) seeded with one word, 53 bits of two outputs as a uniform number, Box and Muller's pairs of them. */
#include "schedule.h"

enum { WORDS = 624, MIDDLE = 397 };
enum { PAIR = 4 }; /* outputs that make a pair of normal numbers */

typedef struct twister {
    uint32_t word[WORDS];
    int32_t next, seeded; /* a few numbers need no more than two thirds of the words */
} twister;

static uint32_t word_after(uint32_t word, int32_t i) { return 1812433253u * (word ^ (word >> 30)) + (uint32_t)i; }

static void seed_to(twister *state, int32_t count)
{
    for (int32_t i = state->seeded; i < count; i++) state->word[i] = word_after(state->word[i - 1], i);
    state->seeded = count;
}

static uint32_t twist(uint32_t word, uint32_t after, uint32_t middle)
{
    uint32_t mixed = (word & 0x80000000u) | (after & 0x7fffffffu);
    return middle ^ (mixed >> 1) ^ (mixed & 1 ? 0x9908b0dfu : 0);
}

static uint32_t temper(uint32_t y)
{
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

/* Each word is twisted in its place when its turn comes. */
static uint32_t next_word(twister *state)
{
    int32_t i = state->next, after = i + 1 < WORDS ? i + 1 : 0,
            middle = i + MIDDLE < WORDS ? i + MIDDLE : i + MIDDLE - WORDS;
    if (state->seeded < WORDS && middle >= state->seeded) seed_to(state, middle + 1);
    state->word[i] = twist(state->word[i], state->word[after], state->word[middle]);
    state->next = after;
    return temper(state->word[i]);
}

static double unit_of(const uint32_t output[2])
{
    return (double)(((uint64_t)output[0] << 32 | output[1]) & 0x1fffffffffffffu) * 0x1p-53;
}

/* The first of a pair that is within the bound. Most pairs that are far from a narrow one need no logarithm: -log(1 - v) is at
 * least v, and of a turn neither |cos| nor |sin| is less than sqrt(2) times its way to the next quarter turn, in quarters. */
static bool draw(const uint32_t output[PAIR], double deviation, double bound, double *number)
{
    double u = unit_of(output), v = unit_of(output + 2), quarter = 4 * u - (int32_t)(4 * u);
    double way = fmin(quarter, 1 - quarter) * deviation;
    if (4 * v * way * way > 1.0001 * bound * bound) return false;
    double angle = 2 * rate_pi * u, radius = sqrt(-2 * log1p(-v));
    *number = radius * cos(angle) * deviation;
    if (fabs(*number) < bound) return true;
    *number = radius * sin(angle) * deviation;
    return fabs(*number) < bound;
}

double gradus_rate_torch_normal(uint32_t seed, double deviation, double bound)
{
    twister state;
    double number = 0;
    if (deviation == 0) return 0;
    state.word[0] = seed, state.next = 0, state.seeded = 1;
    for (uint32_t output[PAIR];;) {
        for (int32_t i = 0; i < PAIR; i++) output[i] = next_word(&state);
        if (draw(output, deviation, bound, &number)) return number;
    }
}

/* A seed's words follow one from another, 400 of them before the first output. Those of many seeds are made side by side, so that none
 * waits for the one before it. What is not within the bound after a few pairs is drawn by itself. */
enum { SEEDS = 16, PAIRS = 4, OUTPUTS = PAIR * PAIRS };

void gradus_rate_torch_normals(uint32_t seed, int32_t count, double deviation, double bound, double *numbers)
{
    uint32_t word[MIDDLE + OUTPUTS][SEEDS];
    int32_t done = 0;
    for (; done + SEEDS <= count && deviation != 0; done += SEEDS, seed += SEEDS) {
        for (uint32_t s = 0; s < SEEDS; s++) word[0][s] = seed + s;
        for (int32_t i = 1; i < MIDDLE + OUTPUTS; i++)
            for (int32_t s = 0; s < SEEDS; s++) word[i][s] = word_after(word[i - 1][s], i);
        for (uint32_t s = 0; s < SEEDS; s++) {
            bool found = false;
            for (int32_t p = 0; p < PAIRS && !found; p++) {
                uint32_t output[PAIR];
                for (int32_t i = 0, j = p * PAIR; i < PAIR; i++, j++)
                    output[i] = temper(twist(word[j][s], word[j + 1][s], word[j + MIDDLE][s]));
                found = draw(output, deviation, bound, &numbers[done + (int32_t)s]);
            }
            if (!found) numbers[done + (int32_t)s] = gradus_rate_torch_normal(seed + s, deviation, bound);
        }
    }
    for (; done < count; done++) numbers[done] = gradus_rate_torch_normal(seed++, deviation, bound);
}
