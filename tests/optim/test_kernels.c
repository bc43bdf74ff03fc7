/* Every variant of every kernel that this machine can run gives the bits of the scalar one, at every length and
 * offset, touches no byte outside its span, and is what the promise of equal bits rests on. */
#include "check.h"
#include "gradus/base.h"
#include "kernels.h"
#include "../../src/optim/matrix.h"

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
    check_guarded guarded[KERNELS_ARRAYS];
    for (int i = 0; i < KERNELS_ARRAYS; i++) guarded[i] = check_guard(KERNELS_ROOM * sizeof(float));
    kernels_case what;
    for (int32_t k = 0; kernels_at(k, &what); k++) {
        for (int isa = 0; isa <= best; isa++) {
            for (int at_end = 0; at_end < 2 && what.kernel[isa]; at_end++) {
                float *arrays[KERNELS_ARRAYS];
                for (int i = 0; i < KERNELS_ARRAYS; i++)
                    arrays[i] =
                        (float *)(void *)(at_end ? guarded[i].end - KERNELS_ROOM * sizeof(float) : guarded[i].start);
                static kernels_numbers numbers;
                numbers.values = arrays[0];
                numbers.gradient = arrays[1];
                numbers.before = arrays[2];
                for (int j = 0; j < GRADUS_SLOTS; j++) numbers.state[j] = arrays[3 + j];
                unsigned slots;
                for (bool more = kernels_slots(&what, &slots, true); more; more = kernels_slots(&what, &slots, false)) {
                    for (size_t count = 0; count <= 3 * 16 + 1; count++)
                        kernels_run(&what, isa, &numbers, slots, at_end ? KERNELS_ROOM - count : 0, count, false);
                }
            }
        }
    }
    for (int i = 0; i < KERNELS_ARRAYS; i++) check_unguard(&guarded[i]);
}

enum { COUNT = 5000, CUT = 1234 };
static float whole[KERNELS_ARRAYS][COUNT], cut[KERNELS_ARRAYS][COUNT];

static gradus_span piece_of(const kernels_case *what, float numbers[][COUNT], size_t start, size_t count, double *sums)
{
    gradus_span span = {.count = count,
                        .values = numbers[0] + start,
                        .gradient = numbers[1] + start,
                        .before = numbers[2] + start,
                        .sums = sums};
    for (int j = 0; what->slots && what->slots[j].name; j++) span.state[j] = numbers[3 + j] + start;
    return span;
}

/* A long span is its pieces: what tasks of any size rely on. */
static void pieces_add_up(void **state)
{
    (void)state;
    uint64_t seed = 3;
    float constants[GRADUS_CONSTANTS];
    double sums[GRADUS_SUMS * GRADUS_PARTS];
    kernels_case what;
    for (int i = 0; i < GRADUS_CONSTANTS; i++) constants[i] = fabsf(kernels_number(&seed, false));
    for (int32_t k = 0; kernels_at(k, &what); k++) {
        for (int i = 0; i < COUNT; i++)
            for (int j = 0; j < KERNELS_ARRAYS; j++) whole[j][i] = cut[j][i] = fabsf(kernels_number(&seed, false));
        const gradus_span one = piece_of(&what, whole, 0, COUNT, sums);
        const gradus_span two[2] = {piece_of(&what, cut, 0, CUT, sums), piece_of(&what, cut, CUT, COUNT - CUT, sums)};
        memset(sums, 0, sizeof sums);
        what.kernel[0](&one, 1, constants);
        what.kernel[0](two, 2, constants);
        assert_true(kernels_same(whole, cut, KERNELS_ARRAYS * COUNT, false));
    }
}

/* ---- rules that are handed whole tensors ---- */

static const int64_t shapes[][8] = {{1},     {7},      {33},         {1, 5},       {5, 1},      {3, 17},
                                    {17, 3}, {19, 23}, {3, 2, 3, 3}, {2, 3, 5, 7}, {4, 1, 9, 2}};

/* Numbers in memory of their own, which ends (or starts) at a page that cannot be touched. */
static float *guard_numbers(check_guarded *guarded, int64_t count, bool at_end)
{
    *guarded = check_guard((size_t)count * sizeof(float) + 64);
    return (float *)(void *)(at_end ? guarded->end - (size_t)count * sizeof(float) : guarded->start);
}

/* Some updates of one tensor between guarded pages; what becomes of values and state goes to `out`. */
static size_t update_guarded(const gradus_rule_row *row, const double *hyper, const gradus_shape *shape, int isa,
                             bool at_end, float *out)
{
    check_guarded guarded[3 + GRADUS_SLOTS] = {0};
    gradus_work work = {.scratch = guard_numbers(&guarded[0], kernels_scratch(row, hyper, shape), at_end),
                        .values = guard_numbers(&guarded[1], shape->count, at_end)};
    float *gradient = guard_numbers(&guarded[2], shape->count, at_end);
    size_t written = (size_t)shape->count;
    for (int j = 0; row->slots && row->slots[j].name; j++) {
        const int64_t size = kernels_slot_size(&row->slots[j], hyper, shape);
        if (size) work.state[j] = guard_numbers(&guarded[3 + j], size, at_end);
    }
    kernels_update(row, hyper, shape, isa, &work, gradient);
    memcpy(out, work.values, written * sizeof(float));
    for (int j = 0; row->slots && row->slots[j].name; j++) {
        const size_t size = work.state[j] ? (size_t)kernels_slot_size(&row->slots[j], hyper, shape) : 0;
        if (size) memcpy(out + written, work.state[j], size * sizeof(float));
        written += size;
    }
    for (int i = 0; i < 3 + GRADUS_SLOTS; i++)
        if (guarded[i].mapping) check_unguard(&guarded[i]);
    return written;
}

static void whole_tensors(void **state)
{
    (void)state;
    const int best = gradus_isa_of(NULL, NULL) - GRADUS_ISA_SCALAR;
    static float first[1 << 18], other[1 << 18];
    const gradus_rule_row *row;
    int cases = 0;
    for (int32_t r = 0; (row = kernels_rule(r)); r++) {
        double hyper[GRADUS_ARGUMENTS];
        kernels_hyper(row, hyper);
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes && row->update[0]; i++) {
            const gradus_shape shape = kernels_shape(shapes[i]);
            if (row->takes && !row->takes(hyper, &shape)) continue;
            const size_t size = update_guarded(row, hyper, &shape, 0, true, first);
            for (int isa = 0; isa <= best; isa++) {
                for (int at_end = 0; at_end < 2 && row->update[isa]; at_end++, cases++) {
                    update_guarded(row, hyper, &shape, isa, at_end, other);
                    if (!kernels_same(first, other, size, false))
                        fail_msg("%s for %s, shape %zu differs from the scalar one", row->member.name, isa_names[isa],
                                 i);
                }
            }
        }
    }
    print_message("%d updates of whole tensors\n", cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_bits),
        cmocka_unit_test(nothing_outside),
        cmocka_unit_test(pieces_add_up),
        cmocka_unit_test(whole_tensors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
