/* The tests' own helpers: a comparison that lets everything pass, or a guard page that can be written, proves nothing. */
#include "check.h"

#include <signal.h>
#include <sys/wait.h>

static void test_close(void **state)
{
    (void)state;
    assert_true(check_is_close(1.0, 1.0, 0, 0));
    assert_true(check_is_close(1.0 + 1e-13, 1.0, 1e-12, 0));
    assert_false(check_is_close(1.0 + 1e-11, 1.0, 1e-12, 0));
    assert_true(check_is_close(1e-9, 0.0, 0, 1e-8));
    assert_false(check_is_close(1e-7, 0.0, 0, 1e-8));
    assert_true(check_is_close(NAN, NAN, 0, 0));
    assert_false(check_is_close(NAN, 1.0, 1, 1));
    assert_false(check_is_close(1.0, NAN, 1, 1));
    assert_true(check_is_close(INFINITY, INFINITY, 0, 0));
    assert_false(check_is_close(INFINITY, -INFINITY, 1, 1));
    assert_false(check_is_close(1.0, INFINITY, 1, 1));
}

/* What a child process that writes one byte ends with: 0, or the signal that stopped it. */
static int signal_of_write(unsigned char *where)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        *(volatile unsigned char *)where = 1;
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_guard(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 8192; size += 4096) {
        check_guarded guarded = check_guard(size);
        assert_true((size_t)(guarded.end - guarded.start) >= size);
        assert_int_equal(signal_of_write(guarded.start), 0);
        assert_int_equal(signal_of_write(guarded.end - 1), 0);
        assert_int_not_equal(signal_of_write(guarded.start - 1), 0);
        assert_int_not_equal(signal_of_write(guarded.end), 0);
        check_unguard(&guarded);
    }
}

static void count_cases(json_t *object, int line, void *user)
{
    (void)line;
    *(int *)user += json_is_string(json_object_get(object, "schedule"));
}

static void test_golden(void **state)
{
    (void)state;
    int cases = 0;
    int lines = check_golden("golden/schedules/torch.jsonl", count_cases, &cases);
    assert_int_equal(lines, cases);
    json_t *word = json_string("-inf");
    assert_true(check_number(word) == -INFINITY);
    json_decref(word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_close), cmocka_unit_test(test_guard),
                                       cmocka_unit_test(test_golden)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
