/* What the tests of kernels share: the instruction sets that this machine has, and buffers that end where memory ends. */
#include "check.h"
#include "../../src/nn/kernels.h"
#include "gradus/base.h"

static const gradus_kernels *kernels_of(int index)
{
    static const gradus_kernels *const all[] = {
        &gradus_kernels_baseline,
#if defined(__x86_64__)
        &gradus_kernels_avx2,
        &gradus_kernels_avx512
#endif
    };
    const int32_t isa = gradus_isa_of(NULL, NULL);
    const int best = isa == GRADUS_ISA_AVX512 ? 3 : isa == GRADUS_ISA_AVX2 ? 2 : 1;
    return index < best && index < (int)(sizeof all / sizeof *all) ? all[index] : NULL;
}

/* Buffers that end where memory ends; the values come from a stream of their own. */
typedef struct buffer {
    check_guarded guarded;
    float *values;
    int64_t count;
} buffer;

static buffer make(int64_t count, uint64_t stream, double size)
{
    buffer made = {.guarded = check_guard((size_t)count * sizeof(float)), .count = count};
    made.values = (float *)(void *)(made.guarded.end - (size_t)count * sizeof(float));
    for (int64_t i = 0; i < count; i++) made.values[i] = (float)(size * gradus_random_normal(1, stream, (uint64_t)i));
    return made;
}

static double *copy(const buffer *from)
{
    double *values = malloc((size_t)from->count * sizeof(double));
    for (int64_t i = 0; i < from->count; i++) values[i] = from->values[i];
    return values;
}
