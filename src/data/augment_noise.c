/* noise: a normal random number added to each value, of any example. */
#include "augment.h"
#include <math.h>

enum { DEVIATION };

static void apply(const gradus_item *item, const int64_t shape[8], const float *values, float *into, uint64_t key)
{
    const double deviation = item->values[DEVIATION].number;
    const size_t size = gradus_augment_size(shape);
    for (size_t i = 0; i < size; i++) into[i] = values[i] + (float)(deviation * gradus_random_normal(key, 0, i));
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
