/* flip: the picture mirrored, or not, by chance. */
#include "augment.h"
#include <string.h>

enum { PROBABILITY, VERTICAL };

static void apply(const gradus_item *item, const int64_t shape[8], const float *values, float *into, uint64_t key)
{
    const int64_t height = shape[1], width = shape[2];
    const bool vertical = item->values[VERTICAL].number != 0;
    if (gradus_random_unit(key, 0, 0) >= item->values[PROBABILITY].number) {
        memcpy(into, values, gradus_augment_size(shape) * sizeof *into);
        return;
    }
    for (int64_t c = 0; c < shape[0]; c++)
        for (int64_t y = 0; y < height; y++, into += width) {
            const float *line = values + (c * height + (vertical ? height - 1 - y : y)) * width;
            if (vertical) memcpy(into, line, (size_t)width * sizeof *into);
            for (int64_t x = 0; x < width && !vertical; x++) into[x] = line[width - 1 - x];
        }
}

const gradus_augmentation gradus_augment_flip = {
    .member = {.name = "flip",
               .summary = "mirrors the picture, by chance",
               .also = "random_flip, randomhorizontalflip, horizontal_flip, hflip, mirror",
               .arguments =
                   (const gradus_argument[]){[PROBABILITY] = {.name = "probability",
                                                              .kind = GRADUS_SHARE,
                                                              .initial = "50%",
                                                              .low = 0,
                                                              .high = 1,
                                                              .help = "share of examples that are mirrored",
                                                              .also = "p"},
                                             [VERTICAL] = {.name = "vertical",
                                                           .kind = GRADUS_FLAG,
                                                           .initial = "false",
                                                           .flags = GRADUS_NAMED,
                                                           .help = "top for bottom in place of left for right"},
                                             {0}}},
    .pictures = true,
    .apply = apply,
};
