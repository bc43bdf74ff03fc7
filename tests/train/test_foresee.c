/* What is foreseen of a training is measured by updates that leave no trace: a run that asks ends with the bits of one that does not, at its
 * beginning and where it goes on, whatever it keeps between updates. */
#include "training.h"

#define COMMON "data=glyphs(count=400, test=50)", "epochs=3", "batch=20"

static const char *const runs[][8] = {
    {COMMON, "model=conv(8, 5, stride=3) > batchnorm > relu > dropout(20%) > flatten > dense(10)", "optimizer=adam",
     "lr=0.003", "augment=pad(2) > crop(28)", NULL},
    {COMMON, "model=flatten > dense(20) > relu > dense(10)", "optimizer=lookahead(sam(adamw), every=3)", "lr=0.01",
     "average=ema(0.9)", NULL},
    {COMMON, "model=flatten > dense(20) > tanh > dense(10)", "optimizer=lbfgs", "lr=0.5", NULL},
    {COMMON, "model=flatten > dense(20) > relu > dense(10)", "optimizer=schedule_free(sgd)", "lr=auto",
     "feedback=guard > plateau(val_loss, patience=1)", NULL},
};

static void go(const char *const *settings, const char *name, bool foresee, gradus_run_time *time)
{
    const char *all[10] = {0};
    char setting[40];
    int count = 0;
    for (; settings[count]; count++) all[count] = settings[count];
    snprintf(setting, sizeof setting, "name=%s", name);
    all[count] = setting;
    training first = {.settings = all, .threads = 1, .interrupt_after = 1, .foresee = foresee};
    training_must(&first, GRADUS_RUN_INTERRUPTED);
    training rest = {.resume = name, .threads = 1, .foresee = foresee};
    training_must(&rest, GRADUS_RUN_FINISHED);
    time[0] = first.time, time[1] = rest.time;
}

static void test_no_trace(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        gradus_run_time none[2], time[2];
        go(runs[i], "blind", false, none);
        go(runs[i], "foreseen", true, time);
        training_same("blind", "foreseen", "model.safetensors");
        training_same("blind", "foreseen", "metrics.csv");
        training_same("blind", "foreseen", "measures.csv");
        training_same("blind", "foreseen", "decisions.jsonl");
        training_remove("blind");
        training_remove("foreseen");
        for (int k = 0; k < 2; k++) { /* 18 updates an epoch; of three epochs, then of the two that are left */
            const double updates = k ? 36 : 54;
            assert_true(time[k].update > 0 && time[k].update < 10);
            assert_true(time[k].validation > 0 && time[k].find == 0);
            const double sum = updates * time[k].update + (3 - k) * time[k].validation;
            assert_true(time[k].total > sum && time[k].total < 1.5 * sum + 1);
        }
    }
}

/* What is told just after a report, which took a while, is how fast it was before. */
static void test_speed_told(void **state)
{
    (void)state;
    const char *const settings[] = {"data=glyphs(count=3000, test=20)",
                                    "validation=2900",
                                    "model=conv(32, 5, pad=2) > relu > conv(32, 5, pad=2) > relu > flatten > dense(10)",
                                    "batch=50",
                                    "epochs=2",
                                    "lr=0.001",
                                    "name=told",
                                    NULL};
    training all = {.settings = settings, .threads = 1};
    training_must(&all, GRADUS_RUN_FINISHED);
    assert_true(all.progresses > 1);
    assert_true(all.slowest > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_speed_told), cmocka_unit_test(test_no_trace)};
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
