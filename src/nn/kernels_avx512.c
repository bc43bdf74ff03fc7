/* The gradus_kernels in registers of sixteen floats. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>
#include <string.h>
#include "kernels.h"
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
#else
#pragma GCC target("avx512f")
#endif
#define LANES   16
#define KERNELS gradus_kernels_avx512
#include "kernels_table.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int no_such_registers;
#endif
