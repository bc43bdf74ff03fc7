/* The gradus_kernels in registers of four floats, which every machine that Gradus is built for has (SSE2, NEON, or none at all), and
 * the choice between the instruction sets. */
#define LANES   4
#define KERNELS gradus_kernels_baseline
#include "kernels_table.h"
#include "gradus/base.h"

const gradus_kernels *gradus_kernels_best(gradus_error *error)
{
    const int32_t isa = gradus_isa_of(NULL, error);
    if (isa < 0) return NULL;
#if defined(__x86_64__)
    if (isa >= GRADUS_ISA_AVX512 && isa != GRADUS_ISA_NEON) return &gradus_kernels_avx512;
    if (isa >= GRADUS_ISA_AVX2 && isa != GRADUS_ISA_NEON && __builtin_cpu_supports("fma")) return &gradus_kernels_avx2;
#endif
    return &gradus_kernels_baseline;
}
