/* The gradus_kernels in registers of eight floats. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <stdint.h>
#include <string.h>
#include "kernels.h"
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#define LANES   8
#define KERNELS gradus_kernels_avx2
#include "kernels_table.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int no_such_registers;
#endif
