/* Prints how many cases of the kernels differ from the scalar ones and a hash of all results, from constants and
 * numbers that need no library: whatever the compiler, its level and the processor, the hash must be the same
 * (tests/house/bits.sh). */
#include "gradus/base.h"
#include "kernels.h"
#include "../../src/optim/storage.h"
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

/* Rules that are handed whole tensors, on one of each kind. */
static uint64_t hash_updates(uint64_t hash, int best, int *cases, int *differing)
{
    static const int64_t sizes[][8] = {{33}, {19, 23}, {3, 2, 3, 3}};
    enum { ROOM = 1 << 16 };
    static float numbers[2][3 + GRADUS_SLOTS][ROOM];
    const gradus_rule_row *row;
    for (int32_t r = 0; (row = kernels_rule(r)); r++) {
        double hyper[GRADUS_ARGUMENTS];
        kernels_hyper(row, hyper);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes && row->update[0]; i++) {
            const gradus_shape shape = kernels_shape(sizes[i]);
            if (row->takes && !row->takes(hyper, &shape)) continue;
            for (int isa = 0; isa <= best; isa++) {
                float(*mine)[ROOM] = numbers[isa > 0];
                gradus_work work = {.values = mine[0], .scratch = mine[2]};
                if (!row->update[isa]) continue;
                for (int j = 0; row->slots && row->slots[j].name; j++)
                    work.state[j] = kernels_slot_size(&row->slots[j], hyper, &shape) ? mine[3 + j] : NULL;
                kernels_update(row, hyper, &shape, isa, &work, mine[1]);
                if (isa == 0) hash = hash_floats(hash, mine[0], (size_t)shape.count);
                *differing += !kernels_same(numbers[0][0], mine[0], (size_t)shape.count, false);
                ++*cases;
            }
        }
    }
    return hash;
}

/* Numbers of 16 and of 8 bits, written and read again. */
static uint64_t hash_stored(uint64_t hash, int best, int *cases, int *differing)
{
    enum { neon = GRADUS_ISA_NEON - GRADUS_ISA_SCALAR };
    uint64_t seed = 9;
    for (int round = 0; round < 64; round++) {
        float numbers[BLOCK], read[2][BLOCK] = {{0}};
        const size_t count = BLOCK - (size_t)round;
        for (int i = 0; i < BLOCK; i++) numbers[i] = kernels_number(&seed, round % 8 == 7) / (float)(1 << i % 24);
        for (int isa = 0; isa <= best; isa += best == neon ? neon : 1) { /* an ARM has none in between */
            float *into = read[isa > 0];
            uint8_t code[BLOCK];
            float scale, copy[BLOCK];
            uint16_t narrow[BLOCK];
            const int set = GRADUS_ISA_SCALAR + isa, kind = round % 6;
            const gradus_codes codes = {code, &scale};
            const gradus_dice dice = {.thrown = (kind < 4 ? round : round / 6) % 2, .key = seed};
            memcpy(copy, numbers, sizeof copy);
            if (kind < 4) {
                gradus_write_numbers(set, GRADUS_BFLOAT16 + kind / 2, copy, count, narrow, &dice, round);
                gradus_read_numbers(set, GRADUS_BFLOAT16 + kind / 2, narrow, count, into);
            } else {
                gradus_write_codes(set, kind == 5, copy, count, &codes, 0, &dice, round);
                gradus_read_codes(set, kind == 5, &codes, 0, count, into);
            }
            if (isa == 0) hash = hash_floats(hash, into, count);
            *differing += !kernels_same(read[0], into, count, false);
            ++*cases;
        }
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
    hash = hash_updates(hash, best, &cases, &differing);
    hash = hash_stored(hash, best, &cases, &differing);
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
