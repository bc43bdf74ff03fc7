/* Reads the file named by RULE once for each instruction set of this architecture, and once in double for the tests
 * (unless NO_TWIN is defined). The compiler is told of an instruction set only for as long as it reads for it: no
 * -march in the build. */
#include "lanes_scalar.h"
#include RULE
#include "lanes_end.h"

#ifndef NO_TWIN
#include "lanes_double.h"
#include RULE
#include "lanes_end.h"
#endif

#if defined(__x86_64__)
#include "lanes_sse2.h"
#include RULE
#include "lanes_end.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif
#include "lanes_avx2.h"
#include RULE
#include "lanes_end.h"
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f")
#endif
#include "lanes_avx512.h"
#include RULE
#include "lanes_end.h"
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

#if defined(__aarch64__)
#include "lanes_neon.h"
#include RULE
#include "lanes_end.h"
#endif

#undef RULE
#undef NO_TWIN
