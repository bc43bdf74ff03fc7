/* jitter: brightness, contrast and saturation changed by chance, each by a factor even in [1 - amount, 1 + amount], in this order.
 *
 *     brightness   x <- f x
 *     contrast     x <- mean + f (x - mean)          mean of the picture's luma
 *     saturation   x <- luma + f (x - luma)          luma of the pixel: 0.299 red + 0.587 green + 0.114 blue
 *
 * Values stay within 0 and 1. */
#include "augment.h"

enum { BRIGHTNESS, CONTRAST, SATURATION };

static float within(float value) { return value < 0 ? 0 : value > 1 ? 1 : value; }

static float luma(const float *values, size_t each, int64_t channels, size_t i)
{
    if (channels != 3) return values[i];
    return 0.299f * values[i] + 0.587f * values[each + i] + 0.114f * values[2 * each + i];
}

static float factor(const gradus_item *item, int argument, uint64_t key)
{
    const double amount = item->values[argument].number;
    return (float)gradus_augment_even(key, (uint64_t)argument, amount < 1 ? 1 - amount : 0, 1 + amount);
}

static void apply(const gradus_item *item, const int64_t shape[8], const float *values, float *into, uint64_t key)
{
    const size_t each = (size_t)(shape[1] * shape[2]), size = gradus_augment_size(shape);
    const float brightness = factor(item, BRIGHTNESS, key), contrast = factor(item, CONTRAST, key);
    const float saturation = factor(item, SATURATION, key);
    double sum = 0;
    for (size_t i = 0; i < size; i++) into[i] = within(brightness * values[i]);
    for (size_t i = 0; i < each; i++) sum += (double)luma(into, each, shape[0], i);
    const float mean = (float)(sum / (double)each);
    for (size_t i = 0; i < size; i++) into[i] = within(mean + contrast * (into[i] - mean));
    for (size_t i = 0; i < each && shape[0] == 3; i++) {
        const float grey = luma(into, each, 3, i);
        for (size_t c = 0; c < 3; c++) into[c * each + i] = within(grey + saturation * (into[c * each + i] - grey));
    }
}

#define AMOUNT(which, standard, words)                                                                          \
    {                                                                                                           \
        .name = which, .kind = GRADUS_NUMBER, .initial = standard, .low = 0, .high = 10, .flags = GRADUS_NAMED, \
        .help = words                                                                                           \
    }

const gradus_augmentation gradus_augment_jitter = {
    .member = {.name = "jitter",
               .summary = "changes brightness, contrast and saturation by chance",
               .also = "colorjitter, color_jitter, colour_jitter",
               .arguments =
                   (const gradus_argument[]){
                       [BRIGHTNESS] = AMOUNT("brightness", "0.2", "by a factor of 0.8 to 1.2, say"),
                       [CONTRAST] = AMOUNT("contrast", "0.2", "how far pixels move from the mean, or to it"),
                       [SATURATION] = AMOUNT("saturation", "0.2", "how far colours move from grey, or to it"),
                       {0}}},
    .pictures = true,
    .apply = apply,
};
