/* rotate: turned about its middle by a random angle; what comes in from outside is 0. */
#include "augment.h"
#include <math.h>

enum { DEGREES };

static void apply(const gradus_item *item, const int64_t shape[8], const float *values, float *into, uint64_t key)
{
    const double most = item->values[DEGREES].number * acos(-1) / 180;
    const double angle = gradus_augment_even(key, 0, -most, most);
    gradus_augment_warp(&(gradus_warp){.xx = cos(angle), .xy = -sin(angle), .yx = sin(angle), .yy = cos(angle)}, shape,
                        values, into);
}

const gradus_augmentation gradus_augment_rotate = {
    .member = {.name = "rotate",
               .summary = "turns the picture by a random angle",
               .also = "random_rotation, randomrotation, rotation",
               .arguments = (const gradus_argument[]){[DEGREES] = {.name = "degrees",
                                                                   .kind = GRADUS_NUMBER,
                                                                   .low = 0,
                                                                   .high = 180,
                                                                   .help = "at most so far, to either side"},
                                                      {0}}},
    .pictures = true,
    .apply = apply,
};
