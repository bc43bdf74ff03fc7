/* Dropout and sums. */

typedef uint32_t numbers __attribute__((vector_size(4 * LANES)));

/* Each index is mixed with the two halves of the key by multiplications and shifts of 32 bits, which every instruction set has. */
static inline numbers mixed(numbers index, uint32_t low, uint32_t high)
{
    index = (index ^ low) * 0x9e3779b1u;
    index = (index ^ (index >> 15)) * 0x85ebca6bu;
    index = (index ^ (index >> 13) ^ high) * 0xc2b2ae35u;
    return index ^ (index >> 16);
}

static void dropout(uint64_t key, uint32_t threshold, float scale, int64_t first, const float *input, float *output,
                    int64_t count)
{
    numbers lane;
    for (int i = 0; i < LANES; i++) lane[i] = (uint32_t)i;
    for (int64_t i = 0; i < count; i += LANES) {
        const uint64_t at = (uint64_t)(first + i);
        const uint32_t high = (uint32_t)(key >> 32) + (uint32_t)(at >> 32) * 0x27d4eb2fu;
        const choice kept = (choice)(mixed(lane + (uint32_t)at, (uint32_t)key, high) >= threshold);
        const vector value = load_some(input + i, count - i) * all(scale);
        store_some(output + i, choose(kept, value, all(0)), count - i);
    }
}

static void scale(float factor, float shift, float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i += LANES)
        store_some(values + i, all(factor) * (load_some(values + i, count - i) - all(shift)), count - i);
}

static void add(float *to, const float *from, int64_t count)
{
    for (int64_t i = 0; i < count; i += LANES)
        store_some(to + i, load_some(to + i, count - i) + load_some(from + i, count - i), count - i);
}
