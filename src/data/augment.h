/* What a row of the augmentation table is: how one training example is changed, anew every epoch.
 * The loader applies the items of a chain one after another, on the thread that prepares batches. */
#ifndef GRADUS_DATA_AUGMENT_H
#define GRADUS_DATA_AUGMENT_H
#include "set.h"

typedef struct gradus_augmentation {
    gradus_member member;
    bool pictures; /* takes channels x height x width only */
    /* Makes the shape that comes of a shape; what is wrong with that, in words, or NULL. NULL: the shape stays. */
    const char *(*reshape)(const gradus_item *item, int64_t shape[8]);
    /* Fills `into`, of the new shape, from `values` of `shape` (channels first, ends at the first 0); they do not overlap. `key` is a
     * random number of its own for each seed, epoch, example and item: all chance must come from it, so that a resumed run sees the
     * same examples. */
    void (*apply)(const gradus_item *item, const int64_t shape[8], const float *values, float *into, uint64_t key);
    /* In place of `apply`, for what mixes examples, which stands last: makes `values` of themselves and of `other`, another example of the
     * batch, and says what share of them they still are, from 0 to 1. */
    double (*mix)(const gradus_item *item, const int64_t shape[8], const float *other, float *values, uint64_t key);
} gradus_augmentation;

#define GRADUS_MEMBER(name) extern const gradus_augmentation gradus_augment_##name;
#include "augments.def"
#undef GRADUS_MEMBER

/* ---- what members share ---- */

static inline size_t gradus_augment_size(const int64_t shape[8])
{
    size_t size = 1;
    for (int32_t i = 0; i < 8 && shape[i]; i++) size *= (size_t)shape[i];
    return size;
}

/* Chance number `index` of a key: even in [low, high). */
static inline double gradus_augment_even(uint64_t key, uint64_t index, double low, double high)
{
    return low + (high - low) * gradus_random_unit(key, 0, index);
}

/* A whole number from 0 to below `count`. */
static inline int64_t gradus_augment_place(uint64_t key, uint64_t index, int64_t count)
{
    return (int64_t)(gradus_random_unit(key, 0, index) * (double)count);
}

/* A number of Beta(alpha, alpha), from 0 to 1, by chance numbers `index` and those that follow. */
double gradus_augment_beta(double alpha, uint64_t key, uint64_t index);

#define GRADUS_ALPHA_ARGUMENT(usual)                                                                                 \
    {                                                                                                                \
        .name = "alpha", .kind = GRADUS_NUMBER, .initial = usual, .low = 0, .high = 1000, .open = "(",               \
        .help = "of the Beta distribution of the share: small ones leave most examples nearly as they are, 1 takes " \
                "every share alike"                                                                                  \
    }

#define GRADUS_MIXED_ARGUMENT                                                                                 \
    {                                                                                                         \
        .name = "share", .kind = GRADUS_SHARE, .initial = "100%", .low = 0, .high = 1, .flags = GRADUS_NAMED, \
        .help = "of the examples that are mixed at all", .also = "prob, probability, p"                       \
    }

/* into(y, x) <- values at (matrix (x - middle) + middle + shift), between four pixels; beyond the edge: 0. All channels. */
typedef struct gradus_warp {
    double xx, xy, yx, yy, x, y; /* x of the source: xx dx + xy dy + x */
} gradus_warp;
void gradus_augment_warp(const gradus_warp *warp, const int64_t shape[8], const float *values, float *into);

#endif
