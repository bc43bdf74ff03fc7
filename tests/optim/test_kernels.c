/* Every variant of every kernel that this machine can run gives the bits of the scalar one, at every length and
 * offset, touches no byte outside its span, and is what the promise of equal bits rests on. */
#include "check.h"
#include "gradus/base.h"
#include "kernels.h"

static const char *const isa_names[] = {"scalar", "SSE2", "AVX2", "AVX-512", "NEON"};

static void equal_bits(void **state)
{
    (void)state;
    const int best = gradus_isa_of(NULL, NULL) - GRADUS_ISA_SCALAR;
    kernels_case what;
    int cases = 0;
    for (int32_t k = 0; kernels_at(k, &what); k++) {
        for (int isa = 1; isa <= best; isa++) {
            if (!what.kernel[isa]) continue;
            unsigned slots;
            for (bool more = kernels_slots(&what, &slots, true); more; more = kernels_slots(&what, &slots, false)) {
                for (size_t count = 0; count <= 3 * 16 + 1; count++) {
                    for (size_t offset = 0; offset < 16; offset++, cases++) {
                        static kernels_numbers scalar, other;
                        kernels_place(&scalar);
                        kernels_place(&other);
                        const bool odd = offset % 4 == 3;
                        kernels_run(&what, 0, &scalar, slots, offset, count, odd);
                        kernels_run(&what, isa, &other, slots, offset, count, odd);
                        if (!kernels_equal(&scalar, &other))
                            fail_msg("%s for %s, slots %x: %zu values at %zu differ from the scalar ones", what.name,
                                     isa_names[isa], slots, count, offset);
                    }
                }
            }
        }
    }
    print_message("%d cases, up to %s\n", cases, isa_names[best]);
}

/* Each array in turn ends, then starts, at a page that cannot be touched. */
static void nothing_outside(void **state)
{
    (void)state;
    const int best = gradus_isa_of(NULL, NULL) - GRADUS_ISA_SCALAR;
    check_guarded guarded[2 + GRADUS_SLOTS];
    for (int i = 0; i < 2 + GRADUS_SLOTS; i++) guarded[i] = check_guard(KERNELS_ROOM * sizeof(float));
    kernels_case what;
    for (int32_t k = 0; kernels_at(k, &what); k++) {
        for (int isa = 0; isa <= best; isa++) {
            for (int at_end = 0; at_end < 2 && what.kernel[isa]; at_end++) {
                float *arrays[2 + GRADUS_SLOTS];
                for (int i = 0; i < 2 + GRADUS_SLOTS; i++)
                    arrays[i] =
                        (float *)(void *)(at_end ? guarded[i].end - KERNELS_ROOM * sizeof(float) : guarded[i].start);
                static kernels_numbers numbers;
                numbers.values = arrays[0];
                numbers.gradient = arrays[1];
                for (int j = 0; j < GRADUS_SLOTS; j++) numbers.state[j] = arrays[2 + j];
                unsigned slots;
                for (bool more = kernels_slots(&what, &slots, true); more; more = kernels_slots(&what, &slots, false)) {
                    for (size_t count = 0; count <= 3 * 16 + 1; count++)
                        kernels_run(&what, isa, &numbers, slots, at_end ? KERNELS_ROOM - count : 0, count, false);
                }
            }
        }
    }
    for (int i = 0; i < 2 + GRADUS_SLOTS; i++) check_unguard(&guarded[i]);
}

/* A long span is its pieces: what tasks of any size rely on. */
static void pieces_add_up(void **state)
{
    (void)state;
    enum { COUNT = 5000, CUT = 1234 };
    static float whole[4][COUNT], cut[4][COUNT];
    uint64_t seed = 3;
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < 4; j++) whole[j][i] = cut[j][i] = fabsf(kernels_number(&seed, false));
    const float constants[GRADUS_CONSTANTS] = {1, 0, 0.1f, 0.999f, 0.001f, 0, 1.5f, 1e-8f, 0.01f, 1e-4f, 0.9f, 1};
    kernels_case what;
    for (int32_t k = 0; kernels_at(k, &what); k++) {
        const gradus_span one = {
            .count = COUNT, .values = whole[0], .gradient = whole[1], .state = {whole[2], whole[3]}};
        const gradus_span two[2] = {{.count = CUT, .values = cut[0], .gradient = cut[1], .state = {cut[2], cut[3]}},
                                    {.count = COUNT - CUT,
                                     .values = cut[0] + CUT,
                                     .gradient = cut[1] + CUT,
                                     .state = {cut[2] + CUT, cut[3] + CUT}}};
        what.kernel[0](&one, 1, constants);
        what.kernel[0](two, 2, constants);
        assert_memory_equal(whole, cut, sizeof whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_bits),
        cmocka_unit_test(nothing_outside),
        cmocka_unit_test(pieces_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
