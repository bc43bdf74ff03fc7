/* As much of cmocka as the core's tests use, in one header: for processors that the tests are only emulated on, where the
 * library is not installed. A test that fails ends the program, which is enough to see that it does. */
#ifndef GRADUS_TESTS_FOREIGN_CMOCKA_H
#define GRADUS_TESTS_FOREIGN_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*test)(void **state);
    int (*setup)(void **state);
    int (*teardown)(void **state);
};

static jmp_buf cmocka_skipped;

#define print_message    printf
#define print_error(...) fprintf(stderr, __VA_ARGS__)

static inline void _fail(const char *file, int line)
{
    fprintf(stderr, "%s:%d: failed\n", file, line);
    exit(1);
}

static inline void cmocka_check(int holds, const char *what, const char *file, int line)
{
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    _fail(file, line);
}

#define cmocka_assert(holds, what)          cmocka_check(!!(holds), what, __FILE__, __LINE__)
#define assert_true(a)                      cmocka_assert(a, #a)
#define assert_false(a)                     cmocka_assert(!(a), "not " #a)
#define assert_null(a)                      cmocka_assert(!(a), #a " is null")
#define assert_non_null(a)                  cmocka_assert(a, #a " is not null")
#define assert_int_equal(a, b)              cmocka_assert((long long)(a) == (long long)(b), #a " == " #b)
#define assert_int_not_equal(a, b)          cmocka_assert((long long)(a) != (long long)(b), #a " != " #b)
#define assert_ptr_equal(a, b)              cmocka_assert((const void *)(a) == (const void *)(b), #a " == " #b)
#define assert_ptr_not_equal(a, b)          cmocka_assert((const void *)(a) != (const void *)(b), #a " != " #b)
#define assert_string_equal(a, b)           cmocka_assert(strcmp(a, b) == 0, #a " is the text " #b)
#define assert_string_not_equal(a, b)       cmocka_assert(strcmp(a, b) != 0, #a " is not the text " #b)
#define assert_memory_equal(a, b, size)     cmocka_assert(memcmp(a, b, size) == 0, #a " holds the bytes of " #b)
#define assert_memory_not_equal(a, b, size) cmocka_assert(memcmp(a, b, size) != 0, #a " does not hold the bytes of " #b)
#define assert_in_range(a, low, high)       cmocka_assert((a) >= (low) && (a) <= (high), #a " in range")
#define fail()                              _fail(__FILE__, __LINE__)
#define fail_msg(...)                       (fprintf(stderr, __VA_ARGS__), fprintf(stderr, "\n"), fail())
#define skip()                              longjmp(cmocka_skipped, 1)

#define cmocka_unit_test_setup_teardown(test, setup, teardown) \
    {                                                          \
#test, test, setup, teardown                           \
    }
#define cmocka_unit_test_setup(test, setup) \
    {                                       \
#test, test, setup, NULL            \
    }
#define cmocka_unit_test_teardown(test, teardown) \
    {                                             \
#test, test, NULL, teardown               \
    }
#define cmocka_unit_test(test)  \
    {                           \
#test, test, NULL, NULL \
    }

static inline int cmocka_run_one(const struct CMUnitTest *test, void *state)
{
    printf("%s\n", test->name);
    fflush(stdout);
    if (test->setup && test->setup(&state)) return 1;
    if (setjmp(cmocka_skipped) == 0) test->test(&state);
    return test->teardown && test->teardown(&state);
}

static inline int cmocka_run(const struct CMUnitTest *tests, size_t count, int (*setup)(void **),
                             int (*teardown)(void **))
{
    void *state = NULL;
    if (setup && setup(&state)) return 1;
    for (size_t i = 0; i < count; i++)
        if (cmocka_run_one(&tests[i], state)) return 1;
    return teardown ? teardown(&state) : 0;
}

#define cmocka_run_group_tests(tests, setup, teardown) \
    cmocka_run(tests, sizeof(tests) / sizeof(tests)[0], setup, teardown)

#endif
