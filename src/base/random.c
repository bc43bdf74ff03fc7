/* Random numbers as pure functions of seed, stream and index: a resumed run needs no generator state, and any thread may
 * ask for any number. Each (seed, stream) starts SplitMix64 at a place of its own; the index counts its steps.
 * (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"; finaliser: variant 13 of Stafford.) */
#include "gradus/base.h"
#include <math.h>

static const uint64_t golden = 0x9e3779b97f4a7c15u; /* 2^64 divided by the golden ratio: an odd step that visits all */

static uint64_t mix(uint64_t bits)
{
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return bits ^ (bits >> 31);
}

static uint64_t start_of(uint64_t seed, uint64_t stream) { return mix(mix(seed + golden) + golden * stream + golden); }

static double unit_of(uint64_t bits) { return (double)(bits >> 11) * 0x1p-53; }

uint64_t gradus_random_bits(uint64_t seed, uint64_t stream, uint64_t index)
{
    return mix(start_of(seed, stream) + golden * (index + 1));
}

double gradus_random_unit(uint64_t seed, uint64_t stream, uint64_t index)
{
    return unit_of(gradus_random_bits(seed, stream, index));
}

/* Box and Muller 1958: sqrt(-2 ln u) cos(2 pi v), u in (0, 1]. */
double gradus_random_normal(uint64_t seed, uint64_t stream, uint64_t index)
{
    const double two_pi = 6.283185307179586476925;
    uint64_t bits = gradus_random_bits(seed, stream, index);
    double radius = 1 - unit_of(bits), angle = unit_of(mix(bits + golden));
    return sqrt(-2 * log(radius)) * cos(two_pi * angle);
}

/* Uniform in [0, bound): the few highest values that would favour small remainders are drawn again. */
static uint64_t below(uint64_t bound, uint64_t start, uint64_t *index)
{
    uint64_t surplus = (UINT64_MAX % bound + 1) % bound, bits;
    do {
        bits = mix(start + golden * ++*index);
    } while (bits > UINT64_MAX - surplus);
    return bits % bound;
}

/* Fisher and Yates, from the far end. */
void gradus_random_permutation(uint64_t seed, uint64_t stream, int64_t count, int64_t *order)
{
    uint64_t start = start_of(seed, stream), index = 0;
    for (int64_t i = 0; i < count; i++) order[i] = i;
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t other = (int64_t)below((uint64_t)i + 1, start, &index), kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
}
