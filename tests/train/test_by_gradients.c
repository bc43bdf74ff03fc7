/* Feedbacks that go by gradients, on a small net: from a rate that is far too small or too large they come to a lower loss than
 * the rate alone, the bits do not depend on threads, and the rate's own derivative ends a run. */
#include "training.h"

#define SMALL                                                                                                 \
    "data=glyphs(count=2000, test=100)", "model=flatten > dense(32) > relu > dense(10)", "schedule=constant", \
        "batch=32", "epochs=3"

static json_t *train(const char *optimizer, const char *rate, const char *feedback, int threads)
{
    const char *const settings[] = {SMALL, "name=by-gradients", optimizer, rate, feedback, NULL};
    training run = {.settings = settings, .threads = threads};
    size_t size;
    training_must(&run, GRADUS_RUN_FINISHED);
    char *text = training_read("by-gradients", "summary.json", &size);
    json_t *summary = json_loads(text, 0, NULL);
    assert_non_null(summary);
    free(text);
    training_remove("by-gradients");
    return summary;
}

static double final(const json_t *summary, const char *name)
{
    double value = check_number(json_object_get(json_object_get(summary, "final"), name));
    assert_true(isfinite(value));
    return value;
}

/* The validation loss with a feedback is at most this share of the one without it. */
static void check_helps(const char *optimizer, const char *rate, const char *feedback, double share)
{
    json_t *with = train(optimizer, rate, feedback, 1), *without = train(optimizer, rate, "feedback=none", 1);
    double loss = final(with, "val_loss"), alone = final(without, "val_loss");
    print_message("%s %s: %.4f alone, %.4f at the end rate %.4g with %s\n", optimizer, rate, alone, loss,
                  final(with, "rate"), feedback);
    assert_true(loss < share * alone);
    json_decref(with);
    json_decref(without);
}

static void hypergradients(void **state)
{
    (void)state;
    check_helps("optimizer=adam", "lr=0.0001", "feedback=hypergradient", 0.95);
    check_helps("optimizer=adam", "lr=0.03", "feedback=hypergradient", 0.95);
    check_helps("optimizer=sgd", "lr=0.01", "feedback=hypergradient", 0.99);
}

static void own_rates(void **state)
{
    (void)state;
    check_helps("optimizer=sgd", "lr=1", "feedback=polyak", 0.95);
    check_helps("optimizer=sgd", "lr=3", "feedback=polyak", 0.7);
    check_helps("optimizer=sgd", "lr=0.01", "feedback=barzilai_borwein(window=40)", 0.97);
}

static void ends_by_the_derivative(void **state)
{
    (void)state;
    const char *const settings[] = {SMALL,
                                    "name=notch",
                                    "optimizer=adam",
                                    "lr=0.1",
                                    "feedback=derivative_notch([0.1, 0.05], window=20, threshold=-1, until=0.01)",
                                    NULL};
    training run = {.settings = settings, .threads = 1};
    training_must(&run, GRADUS_RUN_STOPPED);
    assert_string_equal(run.end.reason, "rate_at_minimum");
    size_t size;
    char *decisions = training_read("notch", "decisions.jsonl", &size);
    assert_non_null(strstr(decisions, "{\"update\": 21,")); /* the first update has none before it */
    assert_non_null(strstr(decisions, "{\"update\": 41,"));
    assert_non_null(strstr(decisions, "above -1; until 0.01: stopped\""));
    free(decisions);
}

/* What the feedbacks measure is the same with any number of threads. */
static void equal_bits(void **state)
{
    (void)state;
    json_t *runs[2];
    for (int i = 0; i < 2; i++)
        runs[i] = train("optimizer=sgd(momentum=0.9)", "lr=0.01",
                        "feedback=hypergradient > barzilai_borwein(window=20)", i + 1);
    assert_true(final(runs[0], "rate") == final(runs[1], "rate"));
    assert_true(final(runs[0], "rate") != 0.01);
    json_decref(runs[0]);
    json_decref(runs[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hypergradients), cmocka_unit_test(own_rates),
                                       cmocka_unit_test(ends_by_the_derivative), cmocka_unit_test(equal_bits)};
    return cmocka_run_group_tests(tests, training_begin, training_end);
}
