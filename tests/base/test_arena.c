/* Allocation through a context and arenas: zeroed, aligned, released as it was allocated, and refused cleanly when full. */
#include "check.h"
#include "gradus/base.h"

static int32_t live, allowed;

static void *count_allocate(void *user, size_t size, size_t alignment)
{
    (void)user;
    if (allowed-- <= 0) return NULL;
    live++;
    size_t *memory = aligned_alloc(alignment, size);
    return memset(memory, 0xAB, size);
}

static void count_release(void *user, void *memory, size_t size)
{
    (void)user;
    ((unsigned char *)memory)[size - 1] = 0; /* a wrong size is found by the sanitizers */
    live--;
    free(memory);
}

static gradus_context *counting(int32_t how_many)
{
    live = 0, allowed = how_many;
    gradus_context *context =
        gradus_context_create(&(gradus_context_config){.allocate = count_allocate, .release = count_release}, NULL);
    assert_non_null(context);
    return context;
}

static void test_allocations_are_zeroed_and_aligned(void **state)
{
    (void)state;
    gradus_context *context = counting(1000);
    const gradus_context *const both[] = {NULL, context};
    for (int i = 0; i < 2; i++) {
        for (size_t size = 0; size < 300; size += 7) {
            unsigned char *memory = gradus_allocate(both[i], size);
            assert_non_null(memory);
            assert_int_equal((uintptr_t)memory % 64, 0);
            for (size_t j = 0; j < size; j++) assert_int_equal(memory[j], 0);
            gradus_release(both[i], memory, size);
        }
    }
    gradus_release(context, NULL, 5);
    gradus_context_destroy(context);
    assert_int_equal(live, 0);
    assert_null(gradus_allocate(NULL, SIZE_MAX));
    assert_null(gradus_allocate(NULL, SIZE_MAX - 70));
}

static void test_arena_in_blocks(void **state)
{
    (void)state;
    gradus_context *context = counting(1000);
    gradus_arena arena;
    gradus_arena_open(&arena, context);
    for (size_t i = 1; i < 2000; i++) {
        size_t alignment = (size_t)1 << i % 7;
        unsigned char *memory = gradus_arena_take(&arena, i, alignment);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % alignment, 0);
        for (size_t j = 0; j < i; j++) assert_int_equal(memory[j], 0);
        memset(memory, 0xCD, i);
    }
    assert_non_null(gradus_arena_take(&arena, 1 << 20, 64));
    assert_string_equal(gradus_arena_text(&arena, "cosine(20)", 6), "cosine");
    gradus_arena_close(&arena);
    gradus_context_destroy(context);
    assert_int_equal(live, 0);
}

static void test_arena_over_a_buffer(void **state)
{
    (void)state;
    _Alignas(64) unsigned char buffer[128];
    memset(buffer, 0xEF, sizeof buffer);
    gradus_arena arena;
    gradus_arena_over(&arena, buffer + 1, 100);
    assert_ptr_equal(gradus_arena_take(&arena, 3, 1), buffer + 1);
    assert_ptr_equal(gradus_arena_take(&arena, 8, 8), buffer + 8);
    assert_null(gradus_arena_take(&arena, 100, 1));
    assert_non_null(gradus_arena_take(&arena, 85, 1));
    assert_null(gradus_arena_take(&arena, 1, 1));
    assert_null(gradus_arena_text(&arena, "x", 1));
    assert_null(gradus_arena_take(&arena, SIZE_MAX, 64));
    assert_int_equal(buffer[101], 0xEF);
    gradus_arena_over(&arena, NULL, 50);
    assert_null(gradus_arena_take(&arena, 1, 1));
    gradus_arena_close(&arena);
}

static void test_arena_without_memory(void **state)
{
    (void)state;
    gradus_context *context = counting(2);
    gradus_arena arena;
    gradus_arena_open(&arena, context);
    assert_non_null(gradus_arena_take(&arena, 4000, 8));
    assert_null(gradus_arena_take(&arena, 4000, 8));
    gradus_arena_close(&arena);
    gradus_context_destroy(context);
    assert_int_equal(live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocations_are_zeroed_and_aligned), cmocka_unit_test(test_arena_in_blocks),
        cmocka_unit_test(test_arena_over_a_buffer), cmocka_unit_test(test_arena_without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
