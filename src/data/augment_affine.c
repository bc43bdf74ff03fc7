/* affine: turned, moved, sheared and made larger or smaller by chance, about its middle; what comes in from outside is 0.
 *
 * A pixel of the new picture at d from the middle comes from R(-angle) S (d - move) / size, S being a shear along the lines. */
#include "augment.h"
#include <math.h>

enum { ROTATE, SHIFT, SCALE, SHEAR };

static double chance(const gradus_item *item, int argument, uint64_t key)
{
    const double most = item->values[argument].number;
    return gradus_augment_even(key, (uint64_t)argument, -most, most);
}

static void apply(const gradus_item *item, const int64_t shape[8], const float *values, float *into, uint64_t key)
{
    const double degree = acos(-1) / 180, angle = degree * chance(item, ROTATE, key);
    const double size = pow(1 + item->values[SCALE].number, gradus_augment_even(key, SCALE, -1, 1));
    const double shear = tan(degree * chance(item, SHEAR, key));
    const double down = chance(item, SHIFT, key) * (double)shape[1];
    const double across = gradus_augment_even(key, SHEAR + 1, -1, 1) * item->values[SHIFT].number * (double)shape[2];
    gradus_warp warp = {.xx = cos(angle) / size, .yx = sin(angle) / size};
    warp.xy = (shear * cos(angle) - sin(angle)) / size, warp.yy = (shear * sin(angle) + cos(angle)) / size;
    warp.x = -(warp.xx * across + warp.xy * down), warp.y = -(warp.yx * across + warp.yy * down);
    gradus_augment_warp(&warp, shape, values, into);
}

#define AMOUNT(which, standard, most, words)                                                                      \
    {                                                                                                             \
        .name = which, .kind = GRADUS_NUMBER, .initial = standard, .low = 0, .high = most, .flags = GRADUS_NAMED, \
        .help = words                                                                                             \
    }

const gradus_augmentation gradus_augment_affine = {
    .member = {.name = "affine",
               .summary = "turns, moves, shears and resizes the picture by chance",
               .also = "random_affine, randomaffine",
               .arguments =
                   (const gradus_argument[]){
                       [ROTATE] = AMOUNT("rotate", "10", 180, "degrees to either side at most"),
                       [SHIFT] = AMOUNT("shift", "0.1", 1, "share of the side that it is moved at most, to each side"),
                       [SCALE] = AMOUNT("scale", "0.1", 10, "0.1: from 1/1.1 to 1.1 of its size"),
                       [SHEAR] = AMOUNT("shear", "0", 60, "degrees to either side at most"),
                       {0}}},
    .pictures = true,
    .apply = apply,
};
