/* Four floats: NEON of 64-bit ARM. Its own minimum and maximum treat NaN in another way, hence the selections. */
#define ISA(name) name##_neon
#define LANES     4
#include "lanes_begin.h"
#ifndef GRADUS_OPTIM_LANES_NEON_H
#define GRADUS_OPTIM_LANES_NEON_H
typedef float number;
typedef gradus_span span;
typedef gradus_work work;
typedef float32x4_t lane;
typedef uint32x4_t mask;
static inline lane load(const number *p) { return vld1q_f32(p); }
static inline void store(number *p, lane a) { vst1q_f32(p, a); }
static inline lane all(number a) { return vdupq_n_f32(a); }
static inline lane root(lane a) { return vsqrtq_f32(a); }
static inline lane absolute(lane a) { return vabsq_f32(a); }
static inline lane with_sign(lane a, lane b) { return vbslq_f32(vdupq_n_u32(0x80000000u), b, a); }
static inline lane added(lane a, lane b, lane c) { return vfmaq_f32(c, a, b); }
static inline mask above(lane a, lane b) { return vcgtq_f32(a, b); }
static inline mask at_least(lane a, lane b) { return vcgeq_f32(a, b); }
static inline mask same(lane a, lane b) { return vceqq_f32(a, b); }
static inline lane smaller(lane a, lane b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
static inline lane larger(lane a, lane b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
static inline lane choose(mask m, lane a, lane b) { return vbslq_f32(m, a, b); }
static inline mask both(mask a, mask b) { return vandq_u32(a, b); }
static inline mask either(mask a, mask b) { return vorrq_u32(a, b); }
static inline void add(double *part, lane a, lane b)
{
    vst1q_f64(part, vld1q_f64(part) + vcvt_f64_f32(vget_low_f32(a)) * vcvt_f64_f32(vget_low_f32(b)));
    vst1q_f64(part + 2, vld1q_f64(part + 2) + vcvt_high_f64_f32(a) * vcvt_high_f64_f32(b));
}
typedef uint32_t bits __attribute__((vector_size(16)));
static inline bits bits_of(lane a) { return (bits)vreinterpretq_u32_f32(a); }
static inline lane lane_of(bits a) { return vreinterpretq_f32_u32((uint32x4_t)a); }
static inline bits all_bits(uint32_t a) { return (bits)vdupq_n_u32(a); }
static inline bits whole_of(lane a) { return (bits)vcvtq_s32_f32(a); }
static inline lane real_of(bits a) { return vcvtq_f32_s32((int32x4_t)a); }
static inline bits larger_int(bits a, bits b) { return (bits)vmaxq_s32((int32x4_t)a, (int32x4_t)b); }
static inline bits load16(const uint16_t *p) { return (bits)vmovl_u16(vld1_u16(p)); }
static inline void store16(uint16_t *p, bits a) { vst1_u16(p, vmovn_u32((uint32x4_t)a)); }
static inline bits load_words(const uint8_t *p) { return (bits)vreinterpretq_u32_u8(vld1q_u8(p)); }
static inline void store_words(uint8_t *p, bits a) { vst1q_u8(p, vreinterpretq_u8_u32((uint32x4_t)a)); }
#define BYTES
#include "bytes.h"
#include "walk.h"
#undef BYTES
#endif
