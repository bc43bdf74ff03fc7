/* The vocabulary of the loops that are not oneDNN's: vectors of LANES floats, loaded, stored, compared and exponentiated.
 * A kernels_ISA.c file sets LANES and the compiler's target before it includes this, so that the loops are written once.
 *
 * The vectors are the compiler's own (GNU C vector extensions): arithmetic and comparison stand in plain operators. */
#ifndef GRADUS_NN_VECTOR_H
#define GRADUS_NN_VECTOR_H
#include <stdint.h>
#include <string.h>

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef int32_t choice __attribute__((vector_size(4 * LANES))); /* of a comparison: all bits of a lane, or none */
typedef float loose __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

static inline vector load(const float *from) { return *(const loose *)from; }
static inline void store(float *to, vector value) { *(loose *)to = value; }
static inline vector all(float value) { return value - (vector){0}; }

static inline vector choose(choice which, vector yes, vector no)
{
    return (vector)(((choice)yes & which) | ((choice)no & ~which));
}

/* The lanes below `count`. */
static inline choice lanes_below(int64_t count)
{
    choice lane;
    for (int i = 0; i < LANES; i++) lane[i] = i;
    return lane < (int32_t)(count < LANES ? count : LANES);
}

/* What compilers do not find by themselves, in the processor's own words.
 *
 * load_some and store_some: the last few values of a row. Those beyond `count` are read as zero, and not written.
 * no_less and no_more: not-a-number stays what it is on either side, for a diverged net must show it. */
#if LANES == 16
static inline vector load_some(const float *from, int64_t count)
{
    return count >= LANES ? load(from) : (vector)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
}

static inline void store_some(float *to, vector value, int64_t count)
{
    if (count >= LANES)
        store(to, value);
    else
        _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), (__m512)value);
}

static inline vector no_less(vector value, vector least) { return (vector)_mm512_max_ps((__m512)least, (__m512)value); }
static inline vector no_more(vector value, vector most) { return (vector)_mm512_min_ps((__m512)most, (__m512)value); }
#elif LANES == 8
static inline vector load_some(const float *from, int64_t count)
{
    return count >= LANES ? load(from) : (vector)_mm256_maskload_ps(from, (__m256i)lanes_below(count));
}

static inline void store_some(float *to, vector value, int64_t count)
{
    if (count >= LANES)
        store(to, value);
    else
        _mm256_maskstore_ps(to, (__m256i)lanes_below(count), (__m256)value);
}

static inline vector no_less(vector value, vector least) { return (vector)_mm256_max_ps((__m256)least, (__m256)value); }
static inline vector no_more(vector value, vector most) { return (vector)_mm256_min_ps((__m256)most, (__m256)value); }
#else
static inline vector load_some(const float *from, int64_t count)
{
    if (count >= LANES) return load(from);
    vector value = {0};
    if (count == 1)
        value[0] = *from;
    else
        memcpy(&value, from, (size_t)count * sizeof(float));
    return value;
}

static inline void store_some(float *to, vector value, int64_t count)
{
    if (count >= LANES)
        store(to, value);
    else if (count == 1)
        *to = value[0];
    else
        memcpy(to, &value, (size_t)count * sizeof(float));
}

static inline vector no_less(vector value, vector least) { return choose(value < least, least, value); }
static inline vector no_more(vector value, vector most) { return choose(value > most, most, value); }
#endif

/* A vector in registers of four, which every machine can take apart quickly. */
typedef float quad __attribute__((vector_size(16)));
typedef int32_t quad_choice __attribute__((vector_size(16)));
typedef struct quads {
    quad part[LANES / 4];
} quads;

/* Not by way of memory: gcc 12 may put a vector of 64 bytes at a place of 32 where AddressSanitizer looks on (its bug 110027). */
#define QUAD(value, at) __builtin_shufflevector(value, value, 4 * (at), 4 * (at) + 1, 4 * (at) + 2, 4 * (at) + 3)
static inline quads quads_of(vector value)
{
#if LANES == 16
    return (quads){{QUAD(value, 0), QUAD(value, 1), QUAD(value, 2), QUAD(value, 3)}};
#elif LANES == 8
    return (quads){{QUAD(value, 0), QUAD(value, 1)}};
#else
    return (quads){{value}};
#endif
}

static inline float sum_of(vector value)
{
    const quads all = quads_of(value);
    quad sum = all.part[0];
    for (int i = 1; i < LANES / 4; i++) sum += all.part[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* The largest of those that are numbers. */
static inline float largest_of(vector value)
{
    const quads all = quads_of(value);
    quad most = all.part[0];
    for (int i = 1; i < LANES / 4; i++) {
        const quad_choice more = all.part[i] > most;
        most = (quad)(((quad_choice)all.part[i] & more) | ((quad_choice)most & ~more));
    }
    float largest = most[0];
    for (int i = 1; i < 4; i++)
        if (most[i] > largest) largest = most[i];
    return largest;
}

/* exp(x) as power * (1 + part), with power = 2^n, n the integer nearest to x / ln 2, and part = exp(r) - 1 of the rest
 * r = x - n ln 2, |r| <= 0.3466, by the Taylor polynomial of degree 7, whose remainder is below 6e-9, in pairs of
 * terms, which do not wait for each other. ln 2 is subtracted in two pieces, the first of which has so few digits that n times it is
 * exact. */
typedef struct exponential {
    vector power, part;
} exponential;

static inline exponential exponential_of(vector x)
{
    const vector shift = all(12582912.0f); /* 1.5 * 2^23: adding it leaves no digits after the point */
    x = no_more(no_less(x, all(-87.0f)), all(88.0f));
    vector shifted = x * all(1.44269504f) + shift, n = shifted - shift;
    vector r = (x - n * all(0.693359375f)) - n * all(-2.12194440e-4f);
    const vector square = r * r,
                 high = (all(1.0f / 5040) * r + all(1.0f / 720)) * square + (all(1.0f / 120) * r + all(1.0f / 24)),
                 low = all(1.0f / 6) * r + all(0.5f);
    const vector part = (high * square + low) * square + r;
    choice bits = ((choice)shifted - (choice)shift + 127) << 23;
    return (exponential){(vector)bits, part};
}

static inline vector exponential_sum(exponential e) { return e.power * e.part + e.power; }
static inline vector exp_of(vector x) { return exponential_sum(exponential_of(x)); }
static inline vector expm1_of(vector x)
{
    exponential e = exponential_of(x);
    return e.power * e.part + (e.power - all(1));
}

static inline vector sigmoid_of(vector x) { return all(1) / (all(1) + exp_of(-x)); }

/* tanh x = (e - 1) / (e + 1), e = exp(2 x), with e - 1 computed as such: small arguments keep all their digits. */
static inline vector tanh_of(vector x)
{
    vector grown = expm1_of(no_more(no_less(all(2) * x, all(-40)), all(40)));
    return grown / (grown + all(2));
}

#endif
