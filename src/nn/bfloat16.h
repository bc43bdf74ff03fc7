/* bfloat16: the upper half of a float32, in which weights are kept in files. */
#ifndef GRADUS_NN_BFLOAT16_H
#define GRADUS_NN_BFLOAT16_H
#include <stdint.h>
#include <string.h>

/* Rounded to the nearest, halves to even; what is no number stays none. */
static inline uint16_t gradus_to_bfloat16(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (value != value) return (uint16_t)(bits >> 16 | 64);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float gradus_from_bfloat16(uint16_t half)
{
    const uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
