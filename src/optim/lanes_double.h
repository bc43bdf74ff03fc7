/* Lanes of one double: the twin that the tests hold against references in double precision. */
#define ISA(name) name##_double
#define LANES     1
#include "lanes_begin.h"
#ifndef GRADUS_OPTIM_LANES_DOUBLE_H
#define GRADUS_OPTIM_LANES_DOUBLE_H
typedef double number;
typedef gradus_twin_span span;
typedef gradus_twin_work work;
typedef double lane;
typedef int mask;
static inline lane load(const number *p) { return *p; }
static inline void store(number *p, lane a) { *p = a; }
static inline lane all(number a) { return a; }
static inline lane root(lane a) { return sqrt(a); }
static inline lane absolute(lane a) { return fabs(a); }
static inline lane with_sign(lane a, lane b) { return copysign(a, b); }
static inline mask above(lane a, lane b) { return a > b; }
static inline mask at_least(lane a, lane b) { return a >= b; }
static inline mask same(lane a, lane b) { return a == b; }
static inline lane smaller(lane a, lane b) { return a < b ? a : b; }
static inline lane larger(lane a, lane b) { return a > b ? a : b; }
static inline lane choose(mask m, lane a, lane b) { return m ? a : b; }
static inline mask both(mask a, mask b) { return a && b; }
static inline mask either(mask a, mask b) { return a || b; }
static inline void add(double *part, lane a, lane b) { *part += a * b; }
#include "walk.h"
#endif
