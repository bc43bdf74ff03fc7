/* Lanes of one float: what the others must equal bit by bit, and the code for any other machine. */
#define ISA(name) name##_scalar
#define LANES     1
#include "lanes_begin.h"
#ifndef GRADUS_OPTIM_LANES_SCALAR_H
#define GRADUS_OPTIM_LANES_SCALAR_H
typedef float number;
typedef gradus_span span;
typedef gradus_work work;
typedef float lane;
typedef int mask;
static inline lane load(const number *p) { return *p; }
static inline void store(number *p, lane a) { *p = a; }
static inline lane all(number a) { return a; }
static inline lane root(lane a) { return sqrtf(a); }
static inline lane absolute(lane a) { return fabsf(a); }
static inline lane with_sign(lane a, lane b) { return copysignf(a, b); }
static inline lane added(lane a, lane b, lane c) { return a * b + c; }
static inline mask above(lane a, lane b) { return a > b; }
static inline mask at_least(lane a, lane b) { return a >= b; }
static inline mask same(lane a, lane b) { return a == b; }
static inline lane smaller(lane a, lane b) { return a < b ? a : b; }
static inline lane larger(lane a, lane b) { return a > b ? a : b; }
static inline lane choose(mask m, lane a, lane b) { return m ? a : b; }
static inline mask both(mask a, mask b) { return a && b; }
static inline mask either(mask a, mask b) { return a || b; }
static inline void add(double *part, lane a, lane b) { *part += (double)a * (double)b; }
typedef uint32_t bits;
static inline bits bits_of(lane a)
{
    bits same_bits;
    memcpy(&same_bits, &a, sizeof a);
    return same_bits;
}
static inline lane lane_of(bits a)
{
    lane same_bits;
    memcpy(&same_bits, &a, sizeof a);
    return same_bits;
}
static inline bits all_bits(uint32_t a) { return a; }
static inline bits whole_of(lane a) { return (bits)(int32_t)a; }
static inline lane real_of(bits a) { return (lane)(int32_t)a; }
static inline bits larger_int(bits a, bits b) { return (int32_t)a > (int32_t)b ? a : b; }
static inline bits load16(const uint16_t *p) { return *p; }
static inline void store16(uint16_t *p, bits a) { *p = (uint16_t)a; }
static inline bits load_words(const uint8_t *p) { return p[0] | (bits)p[1] << 8 | (bits)p[2] << 16 | (bits)p[3] << 24; }
static inline void store_words(uint8_t *p, bits a)
{
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(a >> 8 * i);
}
#include "bytes.h"
#include "walk.h"
#endif
