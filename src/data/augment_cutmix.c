/* cutmix: a rectangle of each picture is that of another of its batch, whose class counts for as much as its area (Yun and others 2019). */
#include "augment.h"
#include <math.h>
#include <string.h>

enum { ALPHA, SHARE };

/* Where a stretch of `size` around a random middle lies in [0, whole): cut off at the edges. */
static void stretch(double share, int64_t whole, double middle, int64_t *first, int64_t *end)
{
    const int64_t half = (int64_t)(share * (double)whole) / 2, at = (int64_t)(middle * (double)whole);
    *first = at < half ? 0 : at - half;
    *end = at + half > whole ? whole : at + half;
}

static double mix(const gradus_item *item, const int64_t shape[8], const float *other, float *values, uint64_t key)
{
    if (gradus_augment_even(key, 0, 0, 1) >= item->values[SHARE].number) return 1;
    const int64_t height = shape[1], width = shape[2];
    const double side = sqrt(1 - gradus_augment_beta(item->values[ALPHA].number, key, 3));
    int64_t top, bottom, left, right;
    stretch(side, height, gradus_augment_even(key, 1, 0, 1), &top, &bottom);
    stretch(side, width, gradus_augment_even(key, 2, 0, 1), &left, &right);
    for (int64_t c = 0; c < shape[0]; c++)
        for (int64_t y = top; y < bottom; y++) {
            const int64_t at = (c * height + y) * width + left;
            memcpy(values + at, other + at, (size_t)(right - left) * sizeof *values);
        }
    return 1 - (double)((bottom - top) * (right - left)) / (double)(height * width);
}

const gradus_augmentation gradus_augment_cutmix = {
    .member = {.name = "cutmix",
               .summary = "a rectangle of each picture from another, whose class counts for its area",
               .formula = "loss = s loss(y) + (1 - s) loss(y'), s the share of the picture that is left of it; the "
                          "rectangle's share is 1 - Beta(alpha, alpha) before it is cut off at the edges",
               .paper = "Yun and others 2019, CutMix: regularization strategy to train strong classifiers with "
                        "localizable features",
               .also = "cut_mix",
               .arguments =
                   (const gradus_argument[]){
                       [ALPHA] = GRADUS_ALPHA_ARGUMENT("1"), [SHARE] = GRADUS_MIXED_ARGUMENT, {0}},
               .notes = "It stands last. The other picture is of the same batch, with what else was done to it."},
    .pictures = true,
    .mix = mix,
};
