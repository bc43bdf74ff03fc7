/* Prints how many cases of the kernels differ from the scalar ones and a hash of all results, from constants and
 * numbers that need no library: whatever the compiler, its level and the processor, the hash must be the same
 * (tests/house/bits.sh). */
#include "gradus/base.h"
#include "kernels.h"
#include <inttypes.h>
#include <stdio.h>

/* NaN payloads are no part of the promise. */
static uint64_t hash_floats(uint64_t hash, const float *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &numbers[i], sizeof bits);
        if (isnan(numbers[i])) bits = 0x7fc00000;
        hash = (hash ^ bits) * 1099511628211u;
    }
    return hash;
}

int main(void)
{
    static kernels_numbers scalar, other;
    const int best = gradus_isa_of(NULL, NULL) - GRADUS_ISA_SCALAR;
    uint64_t hash = 14695981039346656037u;
    int cases = 0, differing = 0;
    kernels_case what;
    kernels_place(&scalar);
    kernels_place(&other);
    for (int32_t k = 0; kernels_at(k, &what); k++) {
        unsigned slots;
        for (bool more = kernels_slots(&what, &slots, true); more; more = kernels_slots(&what, &slots, false)) {
            for (size_t count = 0; count < 64; count++) {
                const bool odd = count % 3 == 0;
                kernels_run(&what, 0, &scalar, slots, count % 16, count, odd);
                hash = hash_floats(hash, scalar.own[0], sizeof scalar.own / sizeof(float));
                for (int isa = 1; isa <= best; isa++) {
                    if (!what.kernel[isa]) continue;
                    kernels_run(&what, isa, &other, slots, count % 16, count, odd);
                    differing += !kernels_equal(&scalar, &other);
                    cases++;
                }
            }
        }
    }
    fprintf(stderr, "%d cases, %d differ\n", cases, differing);
    printf("%016" PRIx64 "\n", hash);
    return differing != 0;
}
