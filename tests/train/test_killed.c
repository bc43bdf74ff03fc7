/* A run that is killed at once, again and again, and goes on each time, is the run that never was. Every training is a process of its own:
 * this one must not compute, because OpenMP does not survive a fork. */
#include <signal.h>
#include <sys/wait.h>
#include "training.h"

static const char *const settings[] = {"data=glyphs(count=600, test=100)",
                                       "model=conv(4, 3, pad=1) > batchnorm > relu > flatten > dense(10)",
                                       "batch=32",
                                       "epochs=12",
                                       "lr=0.003",
                                       "name=killed",
                                       NULL};

static pid_t start(bool resume)
{
    pid_t child = fork();
    if (child != 0) return child;
    training part = {.settings = resume ? NULL : settings, .resume = resume ? "killed" : NULL, .threads = 1};
    if (training_go(&part)) fprintf(stderr, "%s\n", part.report.error.message);
    _exit(part.report.error.status != GRADUS_OK);
}

/* Waits for its end; true: it came to it by itself, and well. */
static bool end_of(pid_t child)
{
    int status;
    assert_true(waitpid(child, &status, 0) == child);
    if (WIFEXITED(status)) assert_int_equal(WEXITSTATUS(status), 0);
    return WIFEXITED(status);
}

static void wait_for_state(void)
{
    char path[256];
    training_path("killed", "state-a", path);
    for (int tries = 0; tries < 20000 && access(path, F_OK) != 0; tries++) usleep(1000);
}

static void test_killed_again_and_again(void **state)
{
    (void)state;
    char path[2][256];
    assert_true(end_of(start(false)));
    rename(training_path("killed", "", path[0]), training_path("never", "", path[1]));
    int killed = 0;
    for (useconds_t session = 0; session < 12; session++) {
        pid_t child = start(session > 0);
        wait_for_state();
        usleep(1000 + 7000 * session);
        kill(child, SIGKILL);
        killed += !end_of(child);
    }
    assert_true(killed > 0);
    assert_true(end_of(start(true)));
    training_same("never", "killed", "model.safetensors");
    training_same("never", "killed", "metrics.csv");
    training_same("never", "killed", "measures.csv");
    training_same("never", "killed", "decisions.jsonl");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_killed_again_and_again)};
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
