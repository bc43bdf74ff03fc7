/* Eight floats: AVX2. */
#define ISA(name) name##_avx2
#define LANES     8
#include "lanes_begin.h"
#ifndef GRADUS_OPTIM_LANES_AVX2_H
#define GRADUS_OPTIM_LANES_AVX2_H
typedef float number;
typedef gradus_span span;
typedef gradus_work work;
typedef __m256 lane;
typedef __m256 mask;
static inline lane load(const number *p) { return _mm256_loadu_ps(p); }
static inline void store(number *p, lane a) { _mm256_storeu_ps(p, a); }
static inline lane all(number a) { return _mm256_set1_ps(a); }
static inline lane root(lane a) { return _mm256_sqrt_ps(a); }
static inline lane absolute(lane a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
static inline lane with_sign(lane a, lane b)
{
    return _mm256_or_ps(absolute(a), _mm256_and_ps(_mm256_set1_ps(-0.0f), b));
}
static inline lane added(lane a, lane b, lane c) { return a * b + c; }
static inline mask above(lane a, lane b) { return _mm256_cmp_ps(a, b, _CMP_GT_OQ); }
static inline mask at_least(lane a, lane b) { return _mm256_cmp_ps(a, b, _CMP_GE_OQ); }
static inline mask same(lane a, lane b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
static inline lane smaller(lane a, lane b) { return _mm256_min_ps(a, b); }
static inline lane larger(lane a, lane b) { return _mm256_max_ps(a, b); }
static inline lane choose(mask m, lane a, lane b) { return _mm256_blendv_ps(b, a, m); }
static inline mask both(mask a, mask b) { return _mm256_and_ps(a, b); }
static inline mask either(mask a, mask b) { return _mm256_or_ps(a, b); }
static inline __m256d ISA(low_half)(lane a) { return _mm256_cvtps_pd(_mm256_castps256_ps128(a)); }
static inline __m256d ISA(high_half)(lane a) { return _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1)); }
static inline void add(double *part, lane a, lane b)
{
    _mm256_storeu_pd(part, _mm256_loadu_pd(part) + ISA(low_half)(a) * ISA(low_half)(b));
    _mm256_storeu_pd(part + 4, _mm256_loadu_pd(part + 4) + ISA(high_half)(a) * ISA(high_half)(b));
}
typedef uint32_t bits __attribute__((vector_size(32)));
static inline bits bits_of(lane a) { return (bits)a; }
static inline lane lane_of(bits a) { return (lane)a; }
static inline bits all_bits(uint32_t a) { return (bits)_mm256_set1_epi32((int)a); }
static inline bits whole_of(lane a) { return (bits)_mm256_cvttps_epi32(a); }
static inline lane real_of(bits a) { return _mm256_cvtepi32_ps((__m256i)a); }
static inline bits larger_int(bits a, bits b) { return (bits)_mm256_max_epi32((__m256i)a, (__m256i)b); }
static inline bits load16(const uint16_t *p)
{
    return (bits)_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
}
static inline __m128i ISA(pack16)(bits a)
{
    return _mm_packus_epi32(_mm256_castsi256_si128((__m256i)a), _mm256_extracti128_si256((__m256i)a, 1));
}
static inline void store16(uint16_t *p, bits a) { _mm_storeu_si128((__m128i *)(void *)p, ISA(pack16)(a)); }
static inline bits load_words(const uint8_t *p) { return (bits)_mm256_loadu_si256((const __m256i *)(const void *)p); }
static inline void store_words(uint8_t *p, bits a) { _mm256_storeu_si256((__m256i *)(void *)p, (__m256i)a); }
#define BYTES
#include "bytes.h"
#include "walk.h"
#undef BYTES
#endif
