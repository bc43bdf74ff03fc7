/* crop: a part of the picture, at a random place. */
#include "augment.h"
#include <string.h>

enum { SIZE };

static void read_size(const gradus_item *item, int64_t *height, int64_t *width)
{
    const gradus_value *size = &item->values[SIZE];
    *height = (int64_t)size->items[0].number;
    *width = (int64_t)size->items[size->count > 1].number;
}

static const char *reshape(const gradus_item *item, int64_t shape[8])
{
    int64_t height, width;
    read_size(item, &height, &width);
    if (item->values[SIZE].count > 2) return "a size is [height, width], or one number for both";
    if (height > shape[1] || width > shape[2])
        return "the part is larger than the picture; pad it first: pad(4) > crop(32)";
    shape[1] = height, shape[2] = width;
    return NULL;
}

static void apply(const gradus_item *item, const int64_t shape[8], const float *values, float *into, uint64_t key)
{
    int64_t height, width;
    read_size(item, &height, &width);
    const int64_t top = gradus_augment_place(key, 0, shape[1] - height + 1);
    const int64_t left = gradus_augment_place(key, 1, shape[2] - width + 1);
    for (int64_t c = 0; c < shape[0]; c++)
        for (int64_t y = 0; y < height; y++, into += width)
            memcpy(into, values + (c * shape[1] + top + y) * shape[2] + left, (size_t)width * sizeof *into);
}

const gradus_augmentation gradus_augment_crop = {
    .member = {.name = "crop",
               .summary = "a part of the picture, at a random place",
               .also = "random_crop, randomcrop",
               .arguments = (const gradus_argument[]){[SIZE] = {.name = "size",
                                                                .kind = GRADUS_INTEGER,
                                                                .low = 1,
                                                                .high = 4096,
                                                                .flags = GRADUS_LIST,
                                                                .help = "[height, width], or one number for both"},
                                                      {0}}},
    .pictures = true,
    .reshape = reshape,
    .apply = apply,
};
