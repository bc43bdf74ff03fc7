/* The normal numbers of PyTorch's CPU generator, for schedules that were made noisy with it: MT19937 (Matsumoto, Nishimura 1998,
 * "Mersenne Twister", ACM TOMACS 8) seeded with one word, 53 bits of two outputs as a uniform number, Box and Muller's pairs of them. */
#include "schedule.h"

enum { WORDS = 624, MIDDLE = 397 };

typedef struct twister {
    uint32_t word[WORDS];
    int32_t next, seeded; /* a few numbers need no more than two thirds of the words */
} twister;

static void seed_to(twister *state, int32_t count)
{
    for (int32_t i = state->seeded; i < count; i++) {
        uint32_t last = state->word[i - 1];
        state->word[i] = 1812433253u * (last ^ (last >> 30)) + (uint32_t)i;
    }
    state->seeded = count;
}

/* Each word is twisted in its place when its turn comes. */
static uint32_t next_word(twister *state)
{
    int32_t i = state->next, after = i + 1 < WORDS ? i + 1 : 0,
            middle = i + MIDDLE < WORDS ? i + MIDDLE : i + MIDDLE - WORDS;
    if (state->seeded < WORDS && middle >= state->seeded) seed_to(state, middle + 1);
    uint32_t mixed = (state->word[i] & 0x80000000u) | (state->word[after] & 0x7fffffffu);
    uint32_t y = state->word[i] = state->word[middle] ^ (mixed >> 1) ^ (mixed & 1 ? 0x9908b0dfu : 0);
    state->next = after;
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

static double next_unit(twister *state)
{
    uint64_t high = next_word(state), low = next_word(state);
    return (double)((high << 32 | low) & 0x1fffffffffffffu) * 0x1p-53;
}

double gradus_rate_torch_normal(uint32_t seed, double deviation, double bound)
{
    twister state;
    if (deviation == 0) return 0;
    state.word[0] = seed, state.next = 0, state.seeded = 1;
    for (;;) {
        double angle = 2 * rate_pi * next_unit(&state), radius = sqrt(-2 * log1p(-next_unit(&state)));
        double pair[] = {radius * cos(angle) * deviation, radius * sin(angle) * deviation};
        for (int i = 0; i < 2; i++)
            if (fabs(pair[i]) < bound) return pair[i];
    }
}
