/* Finds the best instruction set that the processor has and whose registers the operating system saves.
 * The cap GRADUS_ISA is read here and nowhere else. */
#include "cpu.h"
#include "gradus/base.h"
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>

/* Register files that the operating system switches between threads (XCR0); without its consent wide registers lose
 * their upper halves at any moment. Intel SDM volume 1, 13.3 and 14.3. */
enum { SAVED_SSE = 1 << 1, SAVED_AVX = 1 << 2, SAVED_MASKS = 1 << 5, SAVED_ZMM_HIGH = 1 << 6, SAVED_ZMM_MORE = 1 << 7 };
enum { SAVED_256 = SAVED_SSE | SAVED_AVX, SAVED_512 = SAVED_256 | SAVED_MASKS | SAVED_ZMM_HIGH | SAVED_ZMM_MORE };

static uint32_t saved_registers(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static int32_t machine_isa(void)
{
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return GRADUS_ISA_SSE2;
    const bool avx = (c & bit_OSXSAVE) && (c & bit_AVX) && (saved_registers() & SAVED_256) == SAVED_256;
    if (!avx || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX2)) return GRADUS_ISA_SSE2;
    if ((b & bit_AVX512F) && (saved_registers() & SAVED_512) == SAVED_512) return GRADUS_ISA_AVX512;
    return GRADUS_ISA_AVX2;
}

#elif defined(__aarch64__)
static int32_t machine_isa(void) { return GRADUS_ISA_NEON; } /* part of every 64-bit ARM */

#else
static int32_t machine_isa(void) { return GRADUS_ISA_SCALAR; }
#endif

static const char *const isa_names[] = {"best", "scalar", "sse2",
                                        "avx2", "avx512", "neon"}; /* in the order of enum gradus_isa */
enum { ISA_NAMES = sizeof isa_names / sizeof *isa_names };

/* What GRADUS_ISA asks for; GRADUS_ISA_BEST when it is unset or empty. */
static int32_t environment_isa(gradus_error *error)
{
    const char *wanted = getenv("GRADUS_ISA");
    if (!wanted || !*wanted) return GRADUS_ISA_BEST;
    for (int32_t i = 0; i < ISA_NAMES; i++) {
        if (!strcmp(wanted, isa_names[i])) return i;
    }
    return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE,
                       "the environment variable GRADUS_ISA is '%s'; expected best, scalar, sse2, avx2, avx512 or neon",
                       wanted);
}

int32_t gradus_cpu_isa(int32_t cap, gradus_error *error)
{
    const int32_t machine = machine_isa(), wanted = environment_isa(error);
    if (wanted < 0) return wanted;
    int32_t isa = machine;
    if (cap && cap < isa) isa = cap;
    if (wanted && wanted < isa) isa = wanted;
    /* between scalar and NEON lie the sets of another architecture */
    return machine == GRADUS_ISA_NEON && isa != machine ? GRADUS_ISA_SCALAR : isa;
}
