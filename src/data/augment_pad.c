/* pad: a border around the picture, so that a crop after it can take a moved one. */
#include "augment.h"
#include <string.h>

enum { SIZE, MODE };
enum { ZERO, EDGE, REFLECT };

/* Which pixel of a line of `length` stands `at` places behind its begin; -1: none, the border is 0. */
static int64_t source(int64_t at, int64_t length, int mode)
{
    if (at >= 0 && at < length) return at;
    if (mode == ZERO) return -1;
    if (mode == EDGE) return at < 0 ? 0 : length - 1;
    return at < 0 ? -at : 2 * (length - 1) - at; /* without the edge's own pixel twice */
}

static const char *reshape(const gradus_item *item, int64_t shape[8])
{
    const int64_t by = (int64_t)item->values[SIZE].number;
    if ((int)item->values[MODE].number == REFLECT && (by >= shape[1] || by >= shape[2]))
        return "mode=reflect takes the border from the picture, which must be larger than the border";
    shape[1] += 2 * by, shape[2] += 2 * by;
    return NULL;
}

static void apply(const gradus_item *item, const int64_t shape[8], const float *values, float *into, uint64_t key)
{
    const int64_t by = (int64_t)item->values[SIZE].number, height = shape[1], width = shape[2];
    const int mode = (int)item->values[MODE].number;
    (void)key;
    for (int64_t c = 0; c < shape[0]; c++, values += height * width) {
        for (int64_t y = -by; y < height + by; y++, into += width + 2 * by) {
            const int64_t row = source(y, height, mode);
            const float *line = values + row * width;
            memset(into, 0, (size_t)(width + 2 * by) * sizeof *into);
            if (row < 0) continue;
            memcpy(into + by, line, (size_t)width * sizeof *into);
            for (int64_t x = 0; x < by && mode != ZERO; x++) {
                into[x] = line[source(x - by, width, mode)];
                into[by + width + x] = line[source(width + x, width, mode)];
            }
        }
    }
}

const gradus_augmentation gradus_augment_pad = {
    .member = {.name = "pad",
               .summary = "a border around the picture",
               .also = "zero_pad, padding",
               .arguments =
                   (const gradus_argument[]){
                       [SIZE] = {.name = "size",
                                 .kind = GRADUS_INTEGER,
                                 .low = 1,
                                 .high = 1024,
                                 .help = "pixels at each side",
                                 .also = "padding"},
                       [MODE] = {.name = "mode",
                                 .kind = GRADUS_WORD,
                                 .words = "zero|edge|reflect",
                                 .initial = "zero",
                                 .flags = GRADUS_NAMED,
                                 .help = "of zeros, of the pixels at the edge, or of the picture mirrored there",
                                 .also = "padding_mode, fill_mode"},
                       {0}}},
    .pictures = true,
    .reshape = reshape,
    .apply = apply,
};
