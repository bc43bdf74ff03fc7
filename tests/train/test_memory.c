/* What training is said to take against what it takes: by how much the most that a process held grows with the threads, the examples of a
 * batch and the filters is what was foreseen. */
#include <sys/wait.h>
#include "training.h"

typedef struct taken {
    double foreseen, peak; /* bytes */
} taken;

/* In a process of its own, because what one has held once it does not forget; this one must not compute, because OpenMP does not survive a
 * fork. */
static taken train_apart(const char *model, const char *batch, int threads)
{
    static const char *const parts[] = {"parameters", "gradients", "optimizer", "activations", "workspace"};
    const char *const settings[] = {
        "data=glyphs(count=200, test=20)", model, batch, "epochs=1", "lr=0.001", "name=run", NULL};
    int status;
    training_remove("run");
    const pid_t child = fork();
    if (child == 0) {
        training all = {.settings = settings, .threads = threads};
        _exit(training_go(&all) != GRADUS_OK);
    }
    assert_true(waitpid(child, &status, 0) == child);
    assert_int_equal(status, 0);
    size_t size;
    char *text = training_read("run", "summary.json", &size);
    json_t *summary = json_loads(text, 0, NULL);
    const json_t *memory = json_object_get(summary, "memory");
    taken all = {.peak = json_number_value(json_object_get(memory, "peak"))};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const json_t *part = json_object_get(memory, parts[i]);
        assert_true(json_is_number(part));
        all.foreseen += json_number_value(part);
    }
    json_decref(summary);
    free(text);
    assert_true(all.peak > all.foreseen);
    return all;
}

/* `copies`: of what is foreseen the run may hold twice (the best model, what the guard goes back to, a state on its way into a file). */
static void check_growth(const char *what, taken less, taken more, double copies)
{
    const double foreseen = more.foreseen - less.foreseen, peak = more.peak - less.peak, slack = 4e6;
    print_message("%s: %.1f MB more, %.1f foreseen\n", what, peak * 1e-6, foreseen * 1e-6);
    if (!(foreseen > 20e6 && peak > 0.9 * foreseen - slack && peak < 1.1 * foreseen + copies + slack))
        fail_msg("%s takes %.1f MB more, but %.1f are foreseen", what, peak * 1e-6, foreseen * 1e-6);
}

static void test_what_is_foreseen(void **state)
{
    (void)state;
#if defined __SANITIZE_ADDRESS__
    skip(); /* it has memory of its own */
#endif
    static const char
        narrow[] = "model=conv(16, 5, pad=2) > relu > conv(16, 5, pad=2) > relu > maxpool(4) > flatten > dense(10)",
        wide[] = "model=conv(128, 5, pad=2) > relu > conv(128, 5, pad=2) > relu > maxpool(4) > flatten > dense(10)";
    const taken one = train_apart(wide, "batch=32", 1);
    check_growth("seven threads", one, train_apart(wide, "batch=32", 8), 0);
    check_growth("four batches", one, train_apart(wide, "batch=128", 1), 0);
    check_growth("eight times the filters", train_apart(narrow, "batch=32", 1), one, 16e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_is_foreseen)};
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
