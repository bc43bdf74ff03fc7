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
static inline mask above(lane a, lane b) { return a > b; }
static inline mask at_least(lane a, lane b) { return a >= b; }
static inline mask same(lane a, lane b) { return a == b; }
static inline lane smaller(lane a, lane b) { return a < b ? a : b; }
static inline lane larger(lane a, lane b) { return a > b ? a : b; }
static inline lane choose(mask m, lane a, lane b) { return m ? a : b; }
static inline mask both(mask a, mask b) { return a && b; }
static inline mask either(mask a, mask b) { return a || b; }
static inline void add(double *part, lane a, lane b) { *part += (double)a * (double)b; }
#include "walk.h"
#endif
