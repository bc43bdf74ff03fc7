/* Sixteen floats: the foundation of AVX-512, which has no logic on floats (that is DQ's), hence the casts. */
#define ISA(name) name##_avx512
#define LANES     16
#include "lanes_begin.h"
#ifndef GRADUS_OPTIM_LANES_AVX512_H
#define GRADUS_OPTIM_LANES_AVX512_H
typedef float number;
typedef gradus_span span;
typedef gradus_work work;
typedef __m512 lane;
typedef __mmask16 mask;
static inline lane load(const number *p) { return _mm512_loadu_ps(p); }
static inline void store(number *p, lane a) { _mm512_storeu_ps(p, a); }
static inline lane all(number a) { return _mm512_set1_ps(a); }
static inline lane root(lane a) { return _mm512_sqrt_ps(a); }
static inline lane absolute(lane a) { return _mm512_abs_ps(a); }
static inline lane with_sign(lane a, lane b)
{
    const __m512i bit = _mm512_set1_epi32((int)0x80000000u);
    return _mm512_castsi512_ps(_mm512_or_si512(_mm512_andnot_si512(bit, _mm512_castps_si512(a)),
                                               _mm512_and_si512(bit, _mm512_castps_si512(b))));
}
static inline lane added(lane a, lane b, lane c) { return _mm512_fmadd_ps(a, b, c); }
static inline mask above(lane a, lane b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
static inline mask at_least(lane a, lane b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
static inline mask same(lane a, lane b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
static inline lane smaller(lane a, lane b) { return _mm512_min_ps(a, b); }
static inline lane larger(lane a, lane b) { return _mm512_max_ps(a, b); }
static inline lane choose(mask m, lane a, lane b) { return _mm512_mask_blend_ps(m, b, a); }
static inline mask both(mask a, mask b) { return (mask)(a & b); }
static inline mask either(mask a, mask b) { return (mask)(a | b); }
static inline __m512d ISA(low_half)(lane a) { return _mm512_cvtps_pd(_mm512_castps512_ps256(a)); }
static inline __m512d ISA(high_half)(lane a)
{
    return _mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(a), 1)));
}
static inline void add(double *part, lane a, lane b)
{
    _mm512_storeu_pd(part, _mm512_loadu_pd(part) + ISA(low_half)(a) * ISA(low_half)(b));
    _mm512_storeu_pd(part + 8, _mm512_loadu_pd(part + 8) + ISA(high_half)(a) * ISA(high_half)(b));
}
typedef uint32_t bits __attribute__((vector_size(64)));
static inline bits bits_of(lane a) { return (bits)a; }
static inline lane lane_of(bits a) { return (lane)a; }
static inline bits all_bits(uint32_t a) { return (bits)_mm512_set1_epi32((int)a); }
static inline bits whole_of(lane a) { return (bits)_mm512_cvttps_epi32(a); }
static inline lane real_of(bits a) { return _mm512_cvtepi32_ps((__m512i)a); }
static inline bits larger_int(bits a, bits b) { return (bits)_mm512_max_epi32((__m512i)a, (__m512i)b); }
static inline bits load16(const uint16_t *p)
{
    return (bits)_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)p));
}
static inline void store16(uint16_t *p, bits a)
{
    _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtepi32_epi16((__m512i)a));
}
static inline bits load_words(const uint8_t *p) { return (bits)_mm512_loadu_si512(p); }
static inline void store_words(uint8_t *p, bits a) { _mm512_storeu_si512(p, (__m512i)a); }
#define BYTES
#include "bytes.h"
#include "walk.h"
#undef BYTES
#endif
