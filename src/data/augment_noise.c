/* noise: a normal random number added to each value, of any example. */
#include "augment.h"
#include <math.h>

enum { DEVIATION };

/* Box and Muller 1958: both numbers that a radius and an angle make, as float32, which is four times as fast as one in double. */
static void draw(uint64_t bits, float deviation, float pair[2])
{
    const float share = 0x1p-32F, two_pi = 6.2831853F;
    const float radius = deviation * sqrtf(-2 * logf(share * ((float)(bits >> 32) + 1)));
    const float angle = two_pi * share * (float)(uint32_t)bits;
    pair[0] = radius * cosf(angle), pair[1] = radius * sinf(angle);
}

static void apply(const gradus_item *item, const int64_t shape[8], const float *values, float *into, uint64_t key)
{
    const float deviation = (float)item->values[DEVIATION].number;
    const size_t size = gradus_augment_size(shape);
    for (size_t i = 0; i < size; i += 2) {
        float pair[2];
        draw(gradus_random_bits(key, 0, i / 2), deviation, pair);
        for (size_t k = i; k < size && k < i + 2; k++) into[k] = values[k] + pair[k - i];
    }
}

const gradus_augmentation gradus_augment_noise = {
    .member = {.name = "noise",
               .summary = "adds normal noise to each value",
               .also = "gaussian_noise, gaussiannoise",
               .arguments =
                   (const gradus_argument[]){[DEVIATION] = {.name = "deviation",
                                                            .kind = GRADUS_NUMBER,
                                                            .initial = "0.1",
                                                            .low = 0,
                                                            .high = INFINITY,
                                                            .open = ")",
                                                            .help = "its standard deviation; pixels go from 0 to 1",
                                                            .also = "std, stddev, sigma"},
                                             {0}}},
    .apply = apply,
};
