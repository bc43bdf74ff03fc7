/* Views and averages: what each average is, worked by hand; that showing it and going back changes nothing; what is
 * refused while it is shown; and that it is saved with the rest. */
#include "check.h"
#include "gradus/gradus.h"

enum { UPDATES = 8 };

static float x, gradient;
static gradus_error error;

static int fresh(void **state)
{
    (void)state;
    x = 16, gradient = 1;
    error = (gradus_error){0};
    return 0;
}

static gradus_optimizer *make(const char *rule, const char *average)
{
    gradus_optimizer *optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){
            .rule = rule, .average = average, .units = {.total = UPDATES, .updates_per_epoch = 2}},
        &error);
    gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "x", .shape = {1}, .values = &x, .gradient = &gradient},
                         &error);
    if (error.status) fail_msg("%s: %s", average ? average : "", error.message);
    return optimizer;
}

static void step(gradus_optimizer *optimizer)
{
    if (gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error) != GRADUS_APPLIED)
        fail_msg("%s", error.message);
}

static float averaged(gradus_optimizer *optimizer)
{
    float value = NAN;
    gradus_optimizer_read(optimizer, 0, GRADUS_AVERAGED, &value, &error);
    if (error.status) fail_msg("%s", error.message);
    return value;
}

static void assert_failed(int32_t status, const char *words)
{
    assert_int_equal(error.status, status);
    if (!strstr(error.message, words)) fail_msg("'%s' does not say '%s'", error.message, words);
    error = (gradus_error){0};
}

/* ---- by hand: the values are 15, 14, 13, ... ---- */

static void by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *average;
        float after[UPDATES];
    } cases[] = {
        {"ema(0.5)", {15, 14.5f, 13.75f, 12.875f, 11.9375f, 10.96875f, 9.984375f, 8.9921875f}},
        {"ema(0.5, every=1ep)", {15, 14, 14, 13, 13, 11.5f, 11.5f, 9.75f}}, /* 14, 12, 10, 8; the first is x itself */
        {"ema(0.5, from=25%)", {15, 14, 13.5f, 12.75f, 11.875f, 10.9375f, 9.96875f, 8.984375f}},
        {"ema(0.9, warmup)", {15, 15 - 9.0f / 11, 15 - 9.0f / 11 - 0.75f * (2 - 9.0f / 11)}}, /* keeps 2/11, 3/12 */
        {"swa(1, from=0)", {15, 14.5f, 14, 13.5f, 13, 12.5f, 12, 11.5f}},
        {"swa(1ep, from=75%)", {15, 14, 13, 12, 11, 10, 10, 9}}, /* 10 after six, then 8 too */
        {"swa(1ep, from=70%)", {15, 14, 13, 12, 11, 10, 10, 9}}, /* 5.6 updates: the next end of an epoch */
        {"polynomial(power=0)", {15, 14.5f, 14, 13.5f}},
        {"polynomial(power=1)", {15, 15 - 2.0f / 3, 15 - 2.0f / 3 - 0.5f * (2 - 2.0f / 3)}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fresh(NULL);
        gradus_optimizer *optimizer = make("sgd", cases[i].average);
        assert_true(averaged(optimizer) == 16); /* nothing was averaged yet */
        for (int u = 0; u < UPDATES && cases[i].after[u] != 0; u++) {
            step(optimizer);
            if (!check_is_close((double)averaged(optimizer), (double)cases[i].after[u], 1e-6, 0))
                fail_msg("%s: %.9g after update %d, expected %.9g", cases[i].average, (double)averaged(optimizer),
                         u + 1, (double)cases[i].after[u]);
            assert_true(x == 15 - (float)u); /* training goes on undisturbed */
        }
        gradus_optimizer_destroy(optimizer);
    }
}

/* Of a rule that averages on its own: it steps to 15, 14, 13, ..., and the values stand between its steps and their mean.
 */
static void rule_that_averages(void **state)
{
    (void)state;
    static const float mean[] = {15, 14.5f, 14, 13.5f};
    gradus_optimizer *optimizer = make("schedule_free(sgd, beta=0.5)", NULL);
    for (int u = 0; u < 4; u++) {
        step(optimizer);
        assert_true(averaged(optimizer) == mean[u]);
        assert_true(x == 0.5f * mean[u] + 0.5f * (15 - (float)u));
    }
    gradus_optimizer_destroy(optimizer);
    assert_null(
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = "schedule_free(sgd(momentum=0.9))"}, &error));
    assert_failed(GRADUS_ERROR_RANGE, "momentum must be 0");
}

/* ---- views ---- */

static void shows_and_goes_back(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = make("sgd", "ema(0.5)");
    step(optimizer), step(optimizer);
    x = 0.1f; /* the caller's to change: what is shown is another */
    assert_int_equal(gradus_optimizer_show(optimizer, GRADUS_AVERAGED, &error), GRADUS_OK);
    assert_true(x == 14.5f);
    assert_int_equal(gradus_optimizer_show(optimizer, GRADUS_AVERAGED, &error), GRADUS_OK); /* twice is once */
    assert_true(x == 14.5f && averaged(optimizer) == 14.5f);
    float trained;
    gradus_optimizer_read(optimizer, 0, GRADUS_TRAINED, &trained, &error);
    assert_true(trained == 0.1f);
    assert_int_equal(gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error), GRADUS_ERROR_USE);
    assert_failed(GRADUS_ERROR_USE, "show the trained ones first");
    assert_int_equal(gradus_optimizer_reset(optimizer, &error), GRADUS_ERROR_USE);
    assert_failed(GRADUS_ERROR_USE, "shown");
    assert_int_equal(gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "y"}, &error), GRADUS_ERROR_USE);
    assert_failed(GRADUS_ERROR_USE, "shown");
    x = 3; /* no business of the trained values */
    assert_int_equal(gradus_optimizer_show(optimizer, GRADUS_TRAINED, &error), GRADUS_OK);
    assert_true(x == 0.1f);
    step(optimizer);
    assert_int_equal(gradus_optimizer_show(optimizer, 7, &error), GRADUS_ERROR_RANGE);
    gradus_optimizer_destroy(optimizer);
}

static void nothing_averaged(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = make("adam", NULL);
    assert_int_equal(gradus_optimizer_show(optimizer, GRADUS_AVERAGED, &error), GRADUS_ERROR_USE);
    assert_failed(GRADUS_ERROR_USE, "nothing is averaged");
    gradus_optimizer_destroy(optimizer);
    assert_null(gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd", .average = "swa"}, &error));
    assert_failed(GRADUS_ERROR_SPEC, "how many updates");
    assert_null(gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd", .average = "ema(1)"}, &error));
    assert_failed(GRADUS_ERROR_RANGE, "must be in [0, 1)");
}

/* A tensor without a gradient has not moved: it is its own average. */
static void rests(void **state)
{
    (void)state;
    float y = 5, y_gradient = 1;
    gradus_optimizer *optimizer = make("sgd", "swa(1, from=0)");
    gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "y", .shape = {1}, .values = &y, .gradient = NULL},
                         &error);
    step(optimizer), step(optimizer);
    float shown = 0;
    gradus_optimizer_read(optimizer, 1, GRADUS_AVERAGED, &shown, &error);
    assert_true(shown == 5);
    gradus_optimizer_bind(optimizer, 1, NULL, &y_gradient, &error);
    step(optimizer);
    gradus_optimizer_read(optimizer, 1, GRADUS_AVERAGED, &shown, &error);
    check_close((double)shown, (5 + 5 + 4) / 3.0, 1e-6, 0);
    gradus_optimizer_destroy(optimizer);
}

/* Its number is a hyperparameter as any other, and it has a name of its own where the rule has one of the same. */
static void hyperparameters(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = make("sgd", "ema(0.5)");
    assert_true(gradus_optimizer_get(optimizer, "ema.decay") == 0.5);
    assert_true(gradus_optimizer_get(optimizer, "every") == 1);
    assert_true(isnan(gradus_optimizer_get(optimizer, "decay"))); /* the rule has one too */
    assert_int_equal(gradus_optimizer_set(optimizer, "decay", 0, &error), GRADUS_ERROR_USE);
    assert_failed(GRADUS_ERROR_USE, "several rules have a 'decay'; write 'sgd.decay'");
    step(optimizer);
    assert_int_equal(gradus_optimizer_set(optimizer, "ema.decay", 0.75, &error), GRADUS_OK);
    step(optimizer);
    assert_true(averaged(optimizer) == 14.75f);
    gradus_optimizer_destroy(optimizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(by_hand, fresh),
        cmocka_unit_test_setup(shows_and_goes_back, fresh),
        cmocka_unit_test_setup(nothing_averaged, fresh),
        cmocka_unit_test_setup(rule_that_averages, fresh),
        cmocka_unit_test_setup(rests, fresh),
        cmocka_unit_test_setup(hyperparameters, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
