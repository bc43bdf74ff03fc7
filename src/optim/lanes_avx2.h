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
#include "walk.h"
#endif
