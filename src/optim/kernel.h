/* What a file of kernels begins with: the promise of equal bits, the sizes of a walk, and the words that make a row
 * of kernels.
 *
 * A file of kernels reads itself again for every instruction set (every_isa.h) over a small vocabulary (lanes_*.h).
 * No variant fuses a multiplication with an addition or approximates anything, so all of them give equal bits. */
#ifndef GRADUS_OPTIM_KERNEL_H
#define GRADUS_OPTIM_KERNEL_H
#include "gradus/extend.h"
#include "storage.h"
#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#ifdef __FAST_MATH__
#error "Gradus promises equal bits: build without -ffast-math and -Ofast"
#endif
/* A plain `cc -O2` fuses a * b + c where the machine can, through intrinsics too. Said here, for the whole file, so
 * that no build can forget it. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#define UNROLLED _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#define UNROLLED _Pragma("GCC unroll 16")
#else
#define UNROLLED
#endif

/* Values in a cache line; also GRADUS_PARTS, so that a sum's parts fall the same on every machine. */
enum { LINE = 16 };
/* Values that a walk prefetches ahead, of all its arrays together: a tenth faster than none on 64M values, and no worse in
 * cache. */
enum { AHEAD = 2048 };
/* Of many small spans what is said of them is fetched ahead too. */
enum { SPANS_AHEAD = 4 };
/* Values of a span at most, each with its own sums: what a task is made of, whatever the number of threads. */
enum { CHUNK = 4096 };
/* Values of a span that comes in pieces are a multiple of this. */
enum { PIECE = BLOCK };

/* Has a pointer loaded by itself. Two at once, stored one after the other just before, would have to reach the cache first. */
#if defined(__GNUC__)
#define ALONE(pointer) __asm__("" : "+r"(pointer))
#else
#define ALONE(pointer) (void)(pointer)
#endif

/* Of buffers: a register that lies across two lines is loaded twice. */
#define CACHE_ALIGNED _Alignas(4 * LINE)

/* What a walk reads and writes of a span, as bits: slot j is SLOT(j). BEFORE is only read. */
enum { GRADIENT = 1 << 0, VALUES = 1 << 1, BEFORE = 1 << 2, FIRST_SLOT = 1 << 3 };
#define SLOT(j) (FIRST_SLOT << (j))

/* The interleaved parts of a sum as one number, in one order; they are used up. */
static inline double gradus_gather(double parts[GRADUS_PARTS])
{
    for (int half = GRADUS_PARTS / 2; half; half /= 2) {
        for (int i = 0; i < half; i++) parts[i] += parts[i + half];
    }
    return parts[0];
}

/* EVERY_ISA(adam): the row of kernels adam_scalar, adam_sse2, ... in the order of enum gradus_isa. */
#if defined(__x86_64__)
#define EVERY_ISA(name)                                              \
    {                                                                \
        name##_scalar, name##_sse2, name##_avx2, name##_avx512, NULL \
    }
#elif defined(__aarch64__)
#define EVERY_ISA(name)                              \
    {                                                \
        name##_scalar, NULL, NULL, NULL, name##_neon \
    }
#else
#define EVERY_ISA(name)                       \
    {                                         \
        name##_scalar, NULL, NULL, NULL, NULL \
    }
#endif

#endif
