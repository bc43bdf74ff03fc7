/* Updates of several evaluations in a run: the batch is the same, what is told of it is what it was at the values themselves, and
 * so are the running statistics. With rho=0 the trial point is where the values are, so that nothing may differ. */
#include "training.h"

#define SMALL                                                                  \
    "data=glyphs(count=400, test=100)",                                        \
        "model=conv(4, 3, pad=1) > batchnorm > relu > maxpool(4) > flatten > " \
        "dropout(0.2) > dense(10)",                                            \
        "batch=32", "epochs=2", "feedback=noise_scale"

static void run_with(const char *optimizer, const char *rate, const char *name)
{
    const char *const settings[] = {SMALL, optimizer, rate, name, NULL};
    training all = {.settings = settings, .threads = 1};
    training_must(&all, GRADUS_RUN_FINISHED);
}

static void test_same_point(void **state)
{
    (void)state;
    run_with("optimizer=sgd(momentum=0.9)", "lr=0.05", "name=plain");
    run_with("optimizer=sam(sgd(momentum=0.9), rho=0)", "lr=0.05", "name=twice");
    training_same("plain", "twice", "model.safetensors");
    training_same("plain", "twice", "metrics.csv");
    training_same("plain", "twice", "measures.csv");
}

/* lr: auto asks the rule inside. */
static void test_automatic_rate(void **state)
{
    (void)state;
    run_with("optimizer=sam(lookahead(sgd))", "lr=auto", "name=auto");
    size_t size;
    char *metrics = training_read("auto", "metrics.csv", &size);
    assert_non_null(strstr(metrics, ",2,")); /* it went through */
    free(metrics);
}

/* The training loss of a run's last row. */
static double last_loss(const char *run)
{
    size_t size;
    char *metrics = training_read(run, "metrics.csv", &size), *row = metrics + size - 1;
    const char *names = metrics, *wanted = strstr(metrics, "train_loss");
    assert_non_null(wanted);
    while (row > metrics && row[-1] != '\n') row--;
    for (; names < wanted; names++)
        if (*names == ',') row = strchr(row, ',') + 1;
    const double loss = strtod(row, NULL);
    free(metrics);
    return loss;
}

/* The whole data as one batch: L-BFGS comes further than anything else in as many epochs. */
static void test_full_batch(void **state)
{
    (void)state;
    static const char *const rules[][2] = {{"optimizer=lbfgs", "lr=auto"},
                                           {"optimizer=lbfgs(search=backtracking)", "lr=1"},
                                           {"optimizer=adamw", "lr=0.01"}};
    double left[3];
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "name=whole%d", i);
        const char *const settings[] = {"data=glyphs(count=400, test=100)",
                                        "model=flatten > dense(16) > tanh > dense(10)",
                                        "batch=all",
                                        "epochs=40",
                                        rules[i][0],
                                        rules[i][1],
                                        name,
                                        NULL};
        training all = {.settings = settings, .threads = 1};
        training_must(&all, GRADUS_RUN_FINISHED);
        left[i] = last_loss(name + 5);
        print_message("%s leaves %g\n", rules[i][0], left[i]);
    }
    assert_true(left[0] < 0.02 && left[1] < 0.05);
    assert_true(left[0] < 0.5 * left[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_point), cmocka_unit_test(test_automatic_rate),
                                       cmocka_unit_test(test_full_batch)};
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
