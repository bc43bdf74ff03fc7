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
    check_value(growing, NULL, 1e308, 0); /* its thousandth cycle */
    check_value("cosine_restarts(10, to=20%, from=80%)", &hundred, 15, 0.5);
    check_value("cosine_restarts(10ep, multiply=1.5, decay=0.8)", &epochs, 10 + 7.5, 0.4);
}

static void test_restarts_warm_up(void **state)
{
    (void)state;
    const char *const warm = "cosine_restarts(10, warmup=4, decay=0.5, to=0.1)";
    check_value(warm, &hundred, 0, 0.1 + 0.9 / 4);
    check_value(warm, &hundred, 3, 1);
    check_value(warm, &hundred, 3.5, 1);
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
    check_error("cosine_restarts(first_cycle_steps=5, warmup_steps=5, min_lr=0, like=pytorch_optimizer)",
                &(gradus_units){.base = 1}, GRADUS_CODE_OUT_OF_RANGE, 1, "must be shorter than the first cycle");
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

/* ---- onecycle ---- */

static void test_onecycle(void **state)
{
    (void)state;
    const char *const plain = "onecycle(rise=20%, start=10%, final=1%)";
    check_value(plain, &hundred, 0, 0.1);
    check_value(plain, &hundred, 10, 0.55); /* half way up and half way down a cosine */
    check_value(plain, &hundred, 20, 1);
    check_value(plain, &hundred, 60, 0.505);
    check_value(plain, &hundred, 100, 0.01);
    check_value(plain, &hundred, 130, 0.01);
    check_value("onecycle(rise=20%, start=10%, final=1%, shape=linear)", &hundred, 5, 0.325);
    check_value("onecycle(rise=20%, start=10%, final=1%, shape=linear)", &hundred, 40, 1 - 0.99 * 0.25);
    check_value("onecycle", &hundred, 30, 1);
    check_value("onecycle", &hundred, 0, 0.04);
    check_value("onecycle", &hundred, 100, 1e-4);
    check_value("onecycle(rise=0, final=0)", &hundred, 0, 1); /* nothing but the fall */
    check_value("onecycle(rise=0, final=0)", &hundred, 50, 0.5);
    check_value("onecycle(rise=1)", &hundred, 50, 0.52); /* nothing but the rise */
    check_value("onecycle(rise=1)", &hundred, 100, 1);
    check_value("warmup(10) > onecycle(rise=50%, start=0)", &hundred, 55, 1);
    check_value("onecycle(10ep)", &epochs, 3, 1);
    check_error("onecycle", NULL, GRADUS_CODE_LENGTHS, 1, "whose length is not known");
    check_error("onecycle > hold(5)", NULL, GRADUS_CODE_LENGTHS, 1, "whose length is not known");
    check_error("onecycle(rise=110%)", &hundred, GRADUS_CODE_OUT_OF_RANGE, 15, "must be in [0, 1]");
    check_error("onecycle(max=0.1)", &hundred, GRADUS_CODE_REFUSED, 10, "the peak is the run's lr=0.1");
    check_error("onecycle(max_momentum=0.9)", &hundred, GRADUS_CODE_REFUSED, 10, "momentum has a schedule of its own");
}

static void test_onecycle_in_three(void **state)
{
    (void)state;
    const char *const three = "onecycle(rise=20%, start=10%, final=1%, three_phase, shape=linear)";
    check_value(three, &hundred, 20, 1);
    check_value(three, &hundred, 30, 0.55);
    check_value(three, &hundred, 40, 0.1);
    check_value(three, &hundred, 70, 0.055);
    check_value(three, &hundred, 100, 0.01);
    check_value("onecycle(rise=60%, start=10%, three_phase, shape=linear)", &hundred, 80,
                0.55); /* no room for a third */
    check_value("onecycle(rise=60%, start=10%, three_phase, shape=linear)", &hundred, 100, 0.1);
}

/* One call more than PyTorch takes, with the rate that it gives; a run that is longer is refused when it begins. */
static void test_onecycle_as_torch(void **state)
{
    (void)state;
    const gradus_units based = {.base = 0.2}, ten = {.total = 10, .base = 0.1}, eleven = {.total = 11, .base = 0.1};
    const char *const spec = "onecycle(max_lr=0.1, total_steps=10, like=torch)";
    check_value(spec, &based, 0, 0.5 / 25);
    /* on its way back, which would end at update 2 0.6 11 - 2, when the phase is over */
    check_value(
        "onecycle(max_lr=0.1, total_steps=11, pct_start=0.6, div_factor=10, anneal_strategy=linear, three_phase, "
        "like=torch)",
        &eleven, 10, 1 - 0.9 * 4.4 / 5.6);
    check_value(spec, &based, 2, 0.5); /* the third update is the last of the rise: 0.3 10 - 1 */
    check_value(spec, &based, 9, 0.5 / 25e4);
    gradus_schedule_destroy(make(spec, &ten));
    check_value("onecycle(max_lr=0.1, epochs=2, steps_per_epoch=5, like=torch)", &ten, 2, 1);
    check_value("onecycle(epochs=2, steps_per_epoch=5, like=torch.OneCycleLR.momentum)", &ten, 2, 0.85);
    check_error("onecycle(max_lr=0.1, epochs=2, like=torch)", &ten, GRADUS_CODE_MISSING, 1, "goes together with");
    check_value("onecycle(max_lr=0.1, total_steps=10, steps_per_epoch=7, like=torch)", &ten, 2, 1);
    check_error(spec, &eleven, GRADUS_CODE_LENGTHS, 1, "the schedule ends at 10 of 11 updates");
    check_value("onecycle(transition_steps=10.5, shape=linear, like=optax)", NULL, 20, 4e-6); /* past whole updates */
    check_value("onecycle(total_steps=10, pct_start=0.1, like=torch)", &ten, 0, 1);           /* PyTorch divides by 0 */
    check_value("onecycle(total_steps=1, anneal_strategy=linear, like=torch)", NULL, 1, 0); /* PyTorch's is negative */
    check_value("onecycle(total_steps=10, pct_start=1.0, like=torch)", NULL, 10, 4e-6);
}

/* ---- cyclic ---- */

static void test_cyclic(void **state)
{
    (void)state;
    const char *const plain = "cyclic(4, 6, low=20%)";
    check_value(plain, &hundred, 0, 0.2);
    check_value(plain, &hundred, 2, 0.6);
    check_value(plain, &hundred, 4, 1);
    check_value(plain, &hundred, 7, 0.6);
    check_value(plain, &hundred, 10, 0.2);
    check_value(plain, &hundred, 94, 1);
    check_value("cyclic(5)", &hundred, 5, 1);
    check_value("cyclic(5)", &hundred, 10, 0.25);
    check_value("cyclic(5, mode=cosine, low=0)", &hundred, 1.25, 0.5 - 0.5 * sqrt(0.5));
    check_value("cyclic(5, mode=triangular2, low=20%)", &hundred, 5, 1);
    check_value("cyclic(5, mode=triangular2, low=20%)", &hundred, 15, 0.6);
    check_value("cyclic(5, mode=triangular2, low=20%)", &hundred, 25, 0.4);
    check_value("cyclic(5, mode=triangular2, low=20%)", NULL, 1e6 + 5, 0.2);
    check_value("cyclic(5, mode=exp_range, decay=0.5, low=0)", &hundred, 5, 1.0 / 32);
    check_value("cyclic(5, mode=exp_range, decay=0.5, low=0)", &hundred, 15,
                0x1p-15);                                                     /* of all updates, not of the cycle's */
    check_value("cyclic(5, mode=exp_range, decay=2, low=0)", NULL, 20000, 0); /* the foot of a height without bound */
    check_value("cyclic(1ep, mode=exp_range, decay=0.5, low=0)", &epochs, 1, 0x1p-20);
    check_value("cyclic(5, low=0.9, high=0.8)", &hundred, 5, 0.8); /* a momentum moves the other way */
    check_value("cyclic(5, 0)", &hundred, 5, 0.25);                /* saw teeth */
    check_value("cyclic(5, 0)", &hundred, 4, 0.85);
    check_error("cyclic", &hundred, GRADUS_CODE_MISSING, 1, "needs rise");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cosine),
        cmocka_unit_test(test_restarts),
        cmocka_unit_test(test_restarts_warm_up),
        cmocka_unit_test(test_restarts_end),
        cmocka_unit_test(test_boundaries),
        cmocka_unit_test(test_onecycle),
        cmocka_unit_test(test_onecycle_in_three),
        cmocka_unit_test(test_onecycle_as_torch),
        cmocka_unit_test(test_cyclic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
