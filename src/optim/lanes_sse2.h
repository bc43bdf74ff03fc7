/* Four floats: SSE2, which every x86-64 has. */
#define ISA(name) name##_sse2
#define LANES     4
#include "lanes_begin.h"
#ifndef GRADUS_OPTIM_LANES_SSE2_H
#define GRADUS_OPTIM_LANES_SSE2_H
typedef float number;
typedef gradus_span span;
typedef gradus_work work;
typedef __m128 lane;
typedef __m128 mask;
static inline lane load(const number *p) { return _mm_loadu_ps(p); }
static inline void store(number *p, lane a) { _mm_storeu_ps(p, a); }
static inline lane all(number a) { return _mm_set1_ps(a); }
static inline lane root(lane a) { return _mm_sqrt_ps(a); }
static inline lane absolute(lane a) { return _mm_andnot_ps(_mm_set1_ps(-0.0f), a); }
static inline lane with_sign(lane a, lane b) { return _mm_or_ps(absolute(a), _mm_and_ps(_mm_set1_ps(-0.0f), b)); }
static inline lane added(lane a, lane b, lane c) { return a * b + c; }
static inline mask above(lane a, lane b) { return _mm_cmpgt_ps(a, b); }
static inline mask at_least(lane a, lane b) { return _mm_cmpge_ps(a, b); }
static inline mask same(lane a, lane b) { return _mm_cmpeq_ps(a, b); }
static inline lane smaller(lane a, lane b) { return _mm_min_ps(a, b); }
static inline lane larger(lane a, lane b) { return _mm_max_ps(a, b); }
static inline lane choose(mask m, lane a, lane b) { return _mm_or_ps(_mm_and_ps(m, a), _mm_andnot_ps(m, b)); }
static inline mask both(mask a, mask b) { return _mm_and_ps(a, b); }
static inline mask either(mask a, mask b) { return _mm_or_ps(a, b); }
static inline void add(double *part, lane a, lane b)
{
    const __m128d low = _mm_cvtps_pd(a) * _mm_cvtps_pd(b);
    const __m128d high = _mm_cvtps_pd(_mm_movehl_ps(a, a)) * _mm_cvtps_pd(_mm_movehl_ps(b, b));
    _mm_storeu_pd(part, _mm_loadu_pd(part) + low);
    _mm_storeu_pd(part + 2, _mm_loadu_pd(part + 2) + high);
}
typedef uint32_t bits __attribute__((vector_size(16)));
static inline bits bits_of(lane a) { return (bits)a; }
static inline lane lane_of(bits a) { return (lane)a; }
static inline bits all_bits(uint32_t a) { return (bits)_mm_set1_epi32((int)a); }
static inline bits whole_of(lane a) { return (bits)_mm_cvttps_epi32(a); }
static inline lane real_of(bits a) { return _mm_cvtepi32_ps((__m128i)a); }
static inline bits larger_int(bits a, bits b)
{
    const bits first = (bits)_mm_cmpgt_epi32((__m128i)a, (__m128i)b);
    return (first & a) | (~first & b);
}
static inline bits load16(const uint16_t *p)
{
    return (bits)_mm_unpacklo_epi16(_mm_loadl_epi64((const __m128i *)(const void *)p), _mm_setzero_si128());
}
static inline __m128i ISA(pack16)(bits a) /* SSE2 packs only what has a sign */
{
    const __m128i with_signs = _mm_srai_epi32(_mm_slli_epi32((__m128i)a, 16), 16);
    return _mm_packs_epi32(with_signs, with_signs);
}
static inline void store16(uint16_t *p, bits a) { _mm_storel_epi64((__m128i *)(void *)p, ISA(pack16)(a)); }
static inline bits load_words(const uint8_t *p) { return (bits)_mm_loadu_si128((const __m128i *)(const void *)p); }
static inline void store_words(uint8_t *p, bits a) { _mm_storeu_si128((__m128i *)(void *)p, (__m128i)a); }
#include "bytes.h"
#include "walk.h"
#endif
