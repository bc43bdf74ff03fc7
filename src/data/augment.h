/* What a row of the augmentation table is: how one training example is changed, anew every epoch.
 * The loader applies the items of a chain one after another, on the thread that prepares batches. */
#ifndef GRADUS_DATA_AUGMENT_H
#define GRADUS_DATA_AUGMENT_H
#include "set.h"

typedef struct gradus_augmentation {
    gradus_member member;
    /* Changes `values` (of this shape, channels first, ends at the first 0) in place. `key` is a random number of its own for each
     * seed, epoch, example and item: all chance must come from it, so that a resumed run sees the same pictures. */
    void (*apply)(const gradus_item *item, float *values, const int64_t shape[8], uint64_t key);
} gradus_augmentation;

#endif
