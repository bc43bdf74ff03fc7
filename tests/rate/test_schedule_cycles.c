/* Schedules that come back, by hand: where their cycles begin, how high they are, what is inside them and what comes after them. */
#include "values.h"

static const gradus_units epochs = {.total = 100, .total_unit = GRADUS_EPOCHS, .updates_per_epoch = 20};

/* ---- cosine ---- */

static void test_cosine(void **state)
{
    (void)state;
    check_value("cosine(exponent=2)", &hundred, 50, 0.25);
    check_value("cosine(exponent=2, to=20%)", &hundred, 50, 0.2 + 0.8 * 0.25);
    check_value("cosine(k_decay=2)", &hundred, 50, 0.5 + 0.5 * sqrt(0.5)); /* as far as a quarter of the time */
    check_value("cosine(cycles=1)", &hundred, 50, 0);
    check_value("cosine(cycles=1)", &hundred, 100, 1);
    check_value("cosine(cycles=1.5, to=10%)", &hundred, 100, 0.1);
    const gradus_units based = {.total = 100, .base = 0.1};
    check_value("cosine(init_value=0.05, decay_steps=100, alpha=0.1, like=optax)", &based, 100,
                0.05); /* of the start */
    check_error("cosine(cycle_limit=2, like=timm)", &hundred, GRADUS_CODE_REFUSED, 8, "rounds are cosine_restarts(");
    check_error("cosine(exponent=0)", &hundred, GRADUS_CODE_OUT_OF_RANGE, 17, "above 0");
}

/* ---- cosine_restarts ---- */

static void test_restarts(void **state)
{
    (void)state;
    const char *const plain = "cosine_restarts(10)", *const growing = "cosine_restarts(10, 2, decay=0.5)";
    check_value(plain, &hundred, 0, 1);
    check_value(plain, &hundred, 5, 0.5);
    check_value(plain, &hundred, 10, 1); /* the new cycle holds at the boundary */
    check_value(plain, &hundred, 15, 0.5);
    check_value(plain, NULL, 1e6 + 5, 0.5);
    check_value(growing, &hundred, 10, 0.5); /* 0, 10, 30, 70 */
    check_value(growing, &hundred, 20, 0.25);
    check_value(growing, &hundred, 30, 0.25);
    check_value(growing, &hundred, 50, 0.125);
    check_value(growing, &hundred, 70, 0.125);
    check_value("cosine_restarts(20, 0.5)", &hundred, 35, 1); /* 0, 20, 30, 35, ... 40 */
    check_value("cosine_restarts(20, 0.5, to=0.1)", &hundred, 40, 0.1);
    check_value("cosine_restarts(20, 0.5, to=0.1)", &hundred, 99, 0.1);
    check_value("cosine_restarts(10, to=20%, from=80%)", &hundred, 15, 0.5);
    check_value("cosine_restarts(10ep, multiply=1.5, decay=0.8)", &epochs, 10 + 7.5, 0.4);
}

static void test_restarts_warm_up(void **state)
{
    (void)state;
    const char *const warm = "cosine_restarts(10, warmup=4, decay=0.5, to=0.1)";
    check_value(warm, &hundred, 0, 0.1 + 0.9 / 4);
    check_value(warm, &hundred, 3, 1);
    check_value(warm, &hundred, 4, 1);
    check_value(warm, &hundred, 7, 0.55);
    check_value(warm, &hundred, 10, 0.1 + 0.4 / 4);
    check_value(warm, &hundred, 17, 0.3);
    check_value("cosine_restarts(10, warmup=10)", &hundred, 9, 1); /* nothing but a rise */
    check_value("cosine_restarts(10, warmup=10)", &hundred, 10, 0.1);
    check_value("cosine_restarts(10, warmup=20)", &hundred, 9, 0.5);
    check_value("cosine_restarts(10, warmup=0)", &hundred, 0, 1);
    check_value("cosine_restarts(10ep, warmup=1ep)", &epochs, 10, 0.05); /* the first of 20 updates */
    check_value("cosine_restarts(10ep, multiply=1.5, decay=0.8, warmup=1ep, limit=4)", &epochs, 1, 1);
    check_value("cosine_restarts(10ep, multiply=1.5, decay=0.8, warmup=1ep, limit=4)", &epochs, 26, 0.64);
}

static void test_restarts_end(void **state)
{
    (void)state;
    check_value("cosine_restarts(10, limit=2, to=0.3)", &hundred, 19.999999, 0.3);
    check_value("cosine_restarts(10, limit=2, to=0.3)", &hundred, 20, 0.3);
    check_value("cosine_restarts(10, limit=2, to=0.3)", &hundred, 25, 0.3);
    check_value("cosine_restarts(10, limit=2, length=20) > decay(80)", &hundred, 50, 0);
    check_value("cosine_restarts(cycles=4)", &hundred, 31.25, 0.5 + 0.5 * sqrt(0.5));
    check_value("cosine_restarts(cycles=4)", &hundred, 25, 1);
    check_value("cosine_restarts(cycles=4)", &hundred, 100, 0);
    check_value("cosine_restarts(multiply=3, cycles=2)", &hundred, 25, 1); /* 25 and 75 */
    check_value("cosine_restarts(multiply=3, cycles=2)", &hundred, 62.5, 0.5);
    check_value("cosine_restarts(cycles=2.5)", &hundred, 90, 0.5 + 0.5 * sqrt(0.5));
    check_error("cosine_restarts(cycles=2)", NULL, GRADUS_CODE_LENGTHS, 1, "whose length is not known");
    check_error("cosine_restarts", &hundred, GRADUS_CODE_OUT_OF_RANGE, 1, "or how many there are: cycles=4");
    check_error("cosine_restarts(10, cycles=4)", &hundred, GRADUS_CODE_OUT_OF_RANGE, 1, "not both");
    check_error("cosine_restarts(0)", &hundred, GRADUS_CODE_OUT_OF_RANGE, 17, "above 0");
}

/* Every boundary of a hundred multipliers belongs to the new cycle, and the update before it to the old one. */
static void test_boundaries(void **state)
{
    (void)state;
    for (int m = 0; m < 100; m++) {
        double multiply = 1 + m / 50.0, start = 0, length = 64;
        char spec[64];
        snprintf(spec, sizeof spec, "cosine_restarts(64, multiply=%.17g)", multiply);
        gradus_schedule *schedule = make(spec, NULL);
        for (int n = 0; n < 20; n++) {
            double at = gradus_schedule_at(schedule, start), before = gradus_schedule_at(schedule, start - 1);
            if (at < 1 - 1e-9 || (n > 0 && before > 0.1))
                fail_msg("%s: cycle %d at %.17g: %.17g, before it %.17g", spec, n, start, at, before);
            start += length, length *= multiply;
        }
        gradus_schedule_destroy(schedule);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cosine),       cmocka_unit_test(test_restarts),   cmocka_unit_test(test_restarts_warm_up),
        cmocka_unit_test(test_restarts_end), cmocka_unit_test(test_boundaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
