/* cutout: a square of nothing at a random place, part of which may lie outside, so that no single part of a picture is relied on
 * (DeVries and Taylor, 2017). */
#include "augment.h"
#include <string.h>

enum { SIZE, COUNT };

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static void apply(const gradus_item *item, const int64_t shape[8], const float *values, float *into, uint64_t key)
{
    const int64_t size = (int64_t)item->values[SIZE].number, height = shape[1], width = shape[2];
    memcpy(into, values, gradus_augment_size(shape) * sizeof *into);
    for (int64_t hole = 0; hole < (int64_t)item->values[COUNT].number; hole++) {
        const int64_t top = gradus_augment_place(key, (uint64_t)(2 * hole), height) - size / 2;
        const int64_t left = gradus_augment_place(key, (uint64_t)(2 * hole + 1), width) - size / 2;
        const int64_t first = left < 0 ? 0 : left, end = least(left + size, width);
        for (int64_t c = 0; c < shape[0]; c++)
            for (int64_t y = top < 0 ? 0 : top; y < least(top + size, height) && end > first; y++)
                memset(into + (c * height + y) * width + first, 0, (size_t)(end - first) * sizeof *into);
    }
}

const gradus_augmentation gradus_augment_cutout = {
    .member = {.name = "cutout",
               .summary = "a square of nothing at a random place",
               .paper = "DeVries and Taylor 2017, Improved regularization of convolutional neural networks with cutout",
               .also = "random_erasing, erase, coarse_dropout",
               .arguments = (const gradus_argument[]){[SIZE] = {.name = "size",
                                                                .kind = GRADUS_INTEGER,
                                                                .low = 1,
                                                                .high = 4096,
                                                                .help = "side of the square in pixels",
                                                                .also = "length"},
                                                      [COUNT] = {.name = "count",
                                                                 .kind = GRADUS_INTEGER,
                                                                 .initial = "1",
                                                                 .low = 1,
                                                                 .high = 64,
                                                                 .flags = GRADUS_NAMED,
                                                                 .help = "how many squares",
                                                                 .also = "holes, n_holes"},
                                                      {0}}},
    .pictures = true,
    .apply = apply,
};
