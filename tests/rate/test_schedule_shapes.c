/* Schedules of one fall, and of an order of their own, by hand: tanh, sigmoid, rex, demon, natural_exponential, chebyshev. */
#include "values.h"

static const gradus_units epochs = {.total = 10, .total_unit = GRADUS_EPOCHS, .updates_per_epoch = 20};

static void test_tanh(void **state)
{
    (void)state;
    check_value("tanh", &hundred, 0, 0.5 + 0.5 * tanh(7));
    check_value("tanh", &hundred, 70, 0.5); /* where the argument is 0 */
    check_value("tanh", &hundred, 100, 0.5 - 0.5 * tanh(3));
    check_value("tanh(lower=-3, upper=3, to=20%)", &hundred, 50, 0.6);
    check_value("tanh(50, to=10%)", NULL, 60, 0.1 + 0.9 * (0.5 - 0.5 * tanh(3)));
    check_value("tanh(t_initial=50, like=timm)", NULL, 50, 0); /* it stands at lr_min there */
    check_value("tanh(t_initial=50, like=timm)", NULL, 35, 0.5);
    check_value("tanh(t_initial=20, cycle_mul=0.5, cycle_limit=99, like=timm)", NULL, 33.5, 0.5); /* 30 and 35 */
    check_value("tanh(t_initial=20, cycle_mul=0.5, cycle_limit=99, like=timm)", NULL, 45, 0); /* all cycles end at 40 */
    check_error("tanh(lower=4)", &hundred, GRADUS_CODE_OUT_OF_RANGE, 1, "lower must not be above upper");
    check_error("tanh", NULL, GRADUS_CODE_LENGTHS, 1, "whose length is not known");
}

static void test_sigmoid(void **state)
{
    (void)state;
    check_value("sigmoid", &hundred, 50, 0.5);
    check_value("sigmoid", &hundred, 0, 1 / (1 + exp(-6)));
    check_value("sigmoid(middle=20%, steepness=10, to=10%)", &hundred, 30, 0.1 + 0.9 / (1 + exp(1)));
    check_value("sigmoid(20, steepness=1e6)", NULL, 9.9, 1); /* a step, without an infinity on the way */
    check_value("sigmoid(20, steepness=1e6)", NULL, 10.1, 0);
    check_error("sigmoid", NULL, GRADUS_CODE_LENGTHS, 1, "whose length is not known");
}

static void test_rex(void **state)
{
    (void)state;
    check_value("rex", &hundred, 0, 1);
    check_value("rex", &hundred, 50, 2.0 / 3); /* (1 - 1/2) / (1 - 1/4) */
    check_value("rex", &hundred, 80, 0.2 / 0.6);
    check_value("rex", &hundred, 100, 0);
    check_value("rex(to=10%, from=40%)", &hundred, 50, 0.3);
}

static void test_demon(void **state)
{
    (void)state;
    check_value("demon", &hundred, 0, 0.9);
    check_value("demon", &hundred, 50, 0.45 / 0.55);
    check_value("demon", &hundred, 100, 0);
    check_value("demon(0.5)", &hundred, 50, 0.25 / 0.75);
    check_value("demon(0)", &hundred, 50, 0);
    check_error("demon(1)", &hundred, GRADUS_CODE_OUT_OF_RANGE, 7, "[0, 1)");
    /* what a gradient will still do, b / (1 - b), falls in a straight line */
    gradus_schedule *schedule = make("demon(0.95)", &hundred);
    for (int t = 0; t < 100; t++) {
        double momentum = gradus_schedule_at(schedule, t);
        check_close(momentum / (1 - momentum), 19 * (1 - t / 100.0), 1e-10, 0);
    }
    gradus_schedule_destroy(schedule);
}

static void test_natural_exponential(void **state)
{
    (void)state;
    check_value("natural_exponential(0.01)", NULL, 100, exp(-1));
    check_value("natural_exponential(0.5, 2ep)", &epochs, 3, exp(-0.75));
    check_value("natural_exponential(0.5, 2ep, staircase)", &epochs, 3, exp(-0.5));
    check_value("natural_exponential(0.5, 2ep, staircase)", &epochs, 4, exp(-1));
    check_value("natural_exponential(0)", NULL, 1e9, 1);
    for (double t = 0; t < 50; t += 0.7) /* the same as an exponential */
        check_value("natural_exponential(1, 10)", NULL, t, value("exponential(0.36787944117144233, 10)", NULL, t));
}

static void test_chebyshev(void **state)
{
    (void)state;
    /* four nodes of curvatures in [0.2, 1]: 0.2 / (0.6 - 0.4 cos(pi (n + 1/2) / 4)), in the order 0 3 1 2 */
    static const int order[] = {0, 3, 1, 2};
    for (int t = 0; t < 40; t++)
        check_value("chebyshev(2, 4, low=20%)", NULL, t,
                    0.2 / (0.6 - 0.4 * cos(3.14159265358979323846 * (order[t / 2 % 4] + 0.5) / 4)));
    check_value("chebyshev(1ep, 1)", &epochs, 7, 0.05 / 0.525);
    check_value("chebyshev(1, 3, low=20%)", NULL, 1, 0.2 / 0.6); /* 0 3 1 2 without 3 */
    check_value("chebyshev(1, 3, low=20%)", NULL, 3, value("chebyshev(1, 3, low=20%)", NULL, 0));
    check_error("chebyshev(1, 100000)", NULL, GRADUS_CODE_OUT_OF_RANGE, 14, "65536");
    check_error("chebyshev(1, low=0)", NULL, GRADUS_CODE_OUT_OF_RANGE, 18, "(0, 1)");
}

/* On a quadratic with those curvatures a whole round of the steps does better than as many of the best constant step. */
static void test_chebyshev_speeds_up(void **state)
{
    (void)state;
    enum { COUNT = 16 };
    gradus_schedule *schedule = make("chebyshev(1, 16, low=5%)", NULL);
    double worst = 0, constant = 0, best = 2 / (1 + 0.05);
    for (double curvature = 0.05; curvature <= 1; curvature += 0.001) {
        double left = 1, plain = 1;
        for (int t = 0; t < COUNT; t++) {
            left *= 1 - gradus_schedule_at(schedule, t) / 0.05 * curvature;
            plain *= 1 - best * curvature;
        }
        worst = fmax(worst, fabs(left)), constant = fmax(constant, fabs(plain));
    }
    gradus_schedule_destroy(schedule);
    assert_true(worst < 0.01 * constant);
    /* 1 / T_16 of the interval's middle: 2 / (r^16 + r^-16), r = (1 + sqrt(0.05)) / (1 - sqrt(0.05)) */
    double r = (1 + sqrt(0.05)) / (1 - sqrt(0.05));
    check_close(worst, 2 / (pow(r, COUNT) + pow(r, -COUNT)), 1e-3, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tanh),
        cmocka_unit_test(test_sigmoid),
        cmocka_unit_test(test_rex),
        cmocka_unit_test(test_demon),
        cmocka_unit_test(test_natural_exponential),
        cmocka_unit_test(test_chebyshev),
        cmocka_unit_test(test_chebyshev_speeds_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
