/* The members of the table by hand: values worked out beside each line, both sides of each boundary, degenerate lengths, and the
 * forms of each that are computed from one update to the next. */
#include "values.h"

static const gradus_units epochs = {.total = 30, .total_unit = GRADUS_EPOCHS, .updates_per_epoch = 10};

/* ---- steps ---- */

static void test_multistep(void **state)
{
    (void)state;
    const char *const spec = "multistep([30, 60, 80], 10%)";
    check_value(spec, &hundred, 0, 1);
    check_value(spec, &hundred, 29, 1);
    check_value(spec, &hundred, 30, 0.1); /* the new rate holds at the moment itself */
    check_value(spec, &hundred, 59, 0.1);
    check_value(spec, &hundred, 60, 0.01);
    check_value(spec, &hundred, 80, 0.001);
    check_value(spec, &hundred, 1e9, 0.001);
    check_value("multistep([5, 5, 20], 0.5)", &hundred, 5, 0.25); /* twice counts twice */
    check_value("multistep([80, 30, 60])", &hundred, 65, 0.01);   /* in whatever order */
    check_value("multistep(40, 0.5)", &hundred, 40, 0.5);
    check_value("multistep([0, 50], 0.5)", &hundred, 0, 0.5);
    check_value("multistep([30%, 60%], 0.5)", &hundred, 60, 0.25);
    check_value("multistep([10ep, 20ep], 0.5)", &epochs, 20, 0.25);
    check_value("multistep([10ep, 150], 0.5)", &epochs, 150, 0.25); /* mixed: all in updates */
    check_value("warmup(5) > multistep([30], 0.5)", &hundred, 34, 1);
    check_value("warmup(5) > multistep([30], 0.5)", &hundred, 35, 0.5);
    check_error("multistep([])", &hundred, GRADUS_CODE_MISSING, 11, "this list is empty");
    check_error("multistep([3, -1])", &hundred, GRADUS_CODE_OUT_OF_RANGE, 15, "must be at least 0");
    check_error("multistep(milestones=[3])", &hundred, GRADUS_CODE_UNKNOWN_PARAMETER, 11, "write at=");
}

static void test_many_moments(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    char *spec = calloc(MANY + 10, 8);
    strcpy(spec, "multistep([");
    for (int i = 0; i < MANY; i++) sprintf(spec + strlen(spec), "%s%d", i ? ", " : "", 2 * i + 2);
    strcat(spec, "], 0.999)");
    gradus_schedule *schedule = make(spec, NULL);
    for (int i = 0; i <= MANY; i++) {
        check_close(gradus_schedule_at(schedule, 2 * i), pow(0.999, i), 1e-12, 0);
        check_close(gradus_schedule_at(schedule, 2 * i + 1), pow(0.999, i), 1e-12, 0);
    }
    gradus_schedule_destroy(schedule);
    free(spec);
}

static void test_piecewise(void **state)
{
    (void)state;
    const char *const ramps = "piecewise([0, 0], [5, 1], [15, 0.2], [24, 0], interpolate=linear)";
    check_value(ramps, &hundred, 0, 0);
    check_value(ramps, &hundred, 4, 0.8);
    check_value(ramps, &hundred, 5, 1);
    check_value(ramps, &hundred, 10, 0.6);
    check_value(ramps, &hundred, 19.5, 0.1);
    check_value(ramps, &hundred, 24, 0);
    check_value(ramps, &hundred, 99, 0);
    check_value("piecewise([30, 0.1], [60, 0.01])", &hundred, 29, 1);
    check_value("piecewise([30, 0.1], [60, 0.01])", &hundred, 30, 0.1);
    check_value("piecewise([30, 0.1], [60, 0.01])", &hundred, 60, 0.01);
    check_value("piecewise([30, 0.1], from=0.5)", &hundred, 0, 0.5);
    check_value("piecewise([30, 0.1], from=0.5, interpolate=linear)", &hundred, 15, 0.3);
    check_value("piecewise([0, 0.4], [10, 1], interpolate=cosine)", &hundred, 5, 0.7);
    check_value("piecewise([0, 0.4], [9, 1], interpolate=cosine)", &hundred, 3, 0.4 + 0.6 * 0.25);
    check_value("piecewise([10, 1], [10, 0.1], interpolate=linear)", &hundred, 9.5, 1);
    check_value("piecewise([10, 1], [10, 0.1], interpolate=linear)", &hundred, 10, 0.1); /* two at once: a jump */
    check_value("piecewise([10%, 50%], [50%, 20%])", &hundred, 50, 0.2);
    check_value("piecewise([5ep, 1], [15ep, 0.2], [24ep, 0], interpolate=linear)", &epochs, 10, 0.6);
    check_value("piecewise([0, 0.5])", &hundred, 10, 0.5);
    check_error("piecewise", &hundred, GRADUS_CODE_OUT_OF_RANGE, 1, "at least one point");
    check_error("piecewise([20, 1], [10, 0.5])", &hundred, GRADUS_CODE_RANGE_ORDER, 1,
                "the one at 10 stands behind the one at 20");
    check_error("piecewise([20])", &hundred, GRADUS_CODE_WRONG_TYPE, 11, "a point [length, share]");
    check_error("piecewise([20, -1])", &hundred, GRADUS_CODE_OUT_OF_RANGE, 16, "at least 0");
    check_error("piecewise(boundaries=[1, 2], values=[1, 2], like=keras)", &(gradus_units){.base = 1},
                GRADUS_CODE_OUT_OF_RANGE, 1, "one more than boundaries");
}

/* Keras keeps the old value at the boundary itself, Optax has the new one. */
static void test_boundary_sides(void **state)
{
    (void)state;
    const gradus_units based = {.base = 0.1};
    const char *const keras = "piecewise(boundaries=[10, 20], values=[0.1, 0.05, 0.01], like=keras)";
    const char *const optax = "piecewise(init_value=0.1, boundaries_and_scales=[[20, 0.2], [10, 0.5]], like=optax)";
    check_value(keras, &based, 10, 1);
    check_value(keras, &based, 11, 0.5);
    check_value(keras, &based, 20, 0.5);
    check_value(keras, &based, 21, 0.1);
    check_value(optax, &based, 9, 1);
    check_value(optax, &based, 10, 0.5);
    check_value(optax, &based, 20, 0.1);
    check_value("piecewise(init_value=0.1, boundaries_and_scales=[10, 0.5], like=optax)", &based, 10, 0.5); /* one */
}

/* ---- falling for ever ---- */

static void test_exponential(void **state)
{
    (void)state;
    check_value("exponential(0.5, 10, from=0.8)", &hundred, 20, 0.2);
    check_value("exponential(0.5, 10, to=0.3)", &hundred, 10, 0.5);
    check_value("exponential(0.5, 10, to=0.3)", &hundred, 20, 0.3);
    check_value("exponential(2, 10, from=0.1, to=0.5)", &hundred, 20, 0.4);
    check_value("exponential(2, 10, from=0.1, to=0.5)", &hundred, 40, 0.5);
    check_value("exponential(0.5, 10, staircase, from=0.5)", &hundred, 19, 0.25);
}

static void test_inverse_time(void **state)
{
    (void)state;
    check_value("inverse_time(0.5, 10)", &hundred, 0, 1);
    check_value("inverse_time(0.5, 10)", &hundred, 20, 0.5);
    check_value("inverse_time(0.5, 10)", &hundred, 5, 0.8);
    check_value("inverse_time(0.5, 10, staircase)", &hundred, 19, 1 / 1.5);
    check_value("inverse_time(0.5, 10, staircase)", &hundred, 20, 0.5);
    check_value("inverse_time(3, 1ep, from=0.4)", &epochs, 1, 0.1);
    check_error("inverse_time(0, 10)", &hundred, GRADUS_CODE_OUT_OF_RANGE, 14, "above 0");
}

static void test_inverse_sqrt(void **state)
{
    (void)state;
    const gradus_units open_ended = {.total_unit = GRADUS_EPOCHS, .updates_per_epoch = 10};
    check_value("inverse_sqrt(100)", NULL, 0, 1);
    check_value("inverse_sqrt(100)", NULL, 300, 0.5);
    check_value("inverse_sqrt", NULL, 30000, 0.5);
    check_value("hold(0ep) > inverse_sqrt", &open_ended, 3000, 0.5); /* 10000 updates are 1000 epochs */
    check_value("inverse_sqrt(100, shift=0)", NULL, 0, 1);           /* full rate until the timescale ends */
    check_value("inverse_sqrt(100, shift=0)", NULL, 100, 1);
    check_value("inverse_sqrt(100, shift=0)", NULL, 400, 0.5);
    check_value("inverse_sqrt(num_warmup_steps=0, like=hf)", NULL, 30000, 0.5);
    check_value("inverse_sqrt(num_warmup_steps=4, like=hf)", NULL, 3, 0.75);
    check_value("inverse_sqrt(num_warmup_steps=4, like=hf)", NULL, 16, 0.5);
    check_value("product(warmup(500) > constant, inverse_sqrt(100))", NULL, 249, 0.5 / sqrt(3.49));
}

static void test_noam(void **state)
{
    (void)state;
    check_value("noam(4)", &hundred, 0, 0.25); /* k = 1 */
    check_value("noam(4)", &hundred, 3, 1);
    check_value("noam(4)", &hundred, 15, 0.5);
    check_value("noam(0)", &hundred, 0, 1);
    check_value("noam(0)", &hundred, 3, 0.5);
    check_value("noam(1)", &hundred, 3, 0.5);
    check_value("noam(1ep)", &epochs, 0, 0.1);
    check_value("noam", NULL, 3999, 1);
    /* the paper's d^-0.5 min(k^-0.5, k W^-1.5) at d = 512, W = 4000, k = 100 and 8000 */
    gradus_schedule *schedule = make("noam(4000)", NULL);
    double lr = 1 / sqrt(512.0 * 4000);
    check_close(lr * gradus_schedule_at(schedule, 99), 1 / sqrt(512.0) * 100 * pow(4000, -1.5), 1e-13, 0);
    check_close(lr * gradus_schedule_at(schedule, 7999), 1 / sqrt(512.0 * 8000), 1e-13, 0);
    gradus_schedule_destroy(schedule);
}

/* ---- falling to an end ---- */

static void test_polynomial(void **state)
{
    (void)state;
    check_value("polynomial(2, k_decay=2)", &hundred, 50, 0.5625); /* (1 - 1/4)^2 */
    check_value("polynomial(1, k_decay=0.5, to=0.2)", &hundred, 25, 0.6);
    check_value("polynomial(0.5, k_decay=3)", &hundred, 100, 0);
    check_value("polynomial(2, from=0.5, to=0.1)", &hundred, 50, 0.2);
}

static void test_cooldown(void **state)
{
    (void)state;
    check_value("cooldown", &hundred, 25, 0.75);
    check_value("cooldown(power=2)", &hundred, 50, 0.25);
    check_value("constant(0.8, length=50) > cooldown(50, 2)", &hundred, 75, 0.2);
    check_value("constant(0.8, length=50) > cooldown(50, 1, to=0.4)", &hundred, 75, 0.6);
    check_value("constant(0.8, length=50) > cooldown(50, from=0.4)", &hundred, 50, 0.4);
    check_value("cooldown(0)", &hundred, 0, 0);
}

/* The "step" of the article: its second factor would be negative at the last position, and 0 / 0 with one update. */
static void test_two_factor(void **state)
{
    (void)state;
    check_value("two_factor(11)", NULL, 0, 1);
    check_value("two_factor(11)", NULL, 5, 6 / 11.0 * 0.5);
    check_value("two_factor(11)", NULL, 9, 2 / 11.0 * 0.1);
    check_value("two_factor(11)", NULL, 10, 0);
    check_value("two_factor(11)", NULL, 11, 0);
    check_value("two_factor(11)", NULL, 1e9, 0);
    check_value("two_factor(11, power=2, last=3)", NULL, 5, 36 / 121.0 * 0.125);
    check_value("two_factor(11, last=0)", NULL, 10, 1 / 11.0);
    check_value("two_factor(11, power=0, last=0)", NULL, 11, 1);
    check_value("two_factor(1)", NULL, 0, 1);
    check_value("two_factor(1)", NULL, 1, 0);
    check_value("two_factor(2)", NULL, 1, 0);
    check_value("two_factor(0)", NULL, 0, 1);
    /* the article's own figure: exponents 1e-4 at step 5000 of 10000 */
    check_value("two_factor(10000, power=1e-4, last=1e-4)", NULL, 5000, pow(0.5, 1e-4) * pow(1 - 5000 / 9999.0, 1e-4));
}

static void test_trapezoid(void **state)
{
    (void)state;
    check_value("trapezoid(10, 20)", &hundred, 0, 0.1);
    check_value("trapezoid(10, 20)", &hundred, 9, 1);
    check_value("trapezoid(10, 20)", &hundred, 80, 1);
    check_value("trapezoid(10, 20)", &hundred, 90, 0.5);
    check_value("trapezoid(10, 20)", &hundred, 100, 0);
    check_value("trapezoid(10, 20, from=0, to=0.5)", &hundred, 5, 0.5);
    check_value("trapezoid(10, 20, from=0, to=0.5)", &hundred, 95, 0.625);
    check_value("trapezoid(100, 100, from=0)", &hundred, 50, 0.5); /* a triangle */
    check_value("trapezoid(100, 100, from=0)", &hundred, 75, 0.25);
    check_value("trapezoid(0, 0)", &hundred, 0, 1);
    check_value("trapezoid(0, 0)", &hundred, 99.5, 1);
    check_value("trapezoid(0, 0)", &hundred, 100, 0);
    check_value("trapezoid(500, 10)", &hundred, 49, 0.1);
    check_value("trapezoid", &hundred, 90, 0.5);
    check_error("trapezoid(length=50)", NULL, GRADUS_CODE_LENGTHS, 1, "say how long rise and fall last");
}

static void test_wsd(void **state)
{
    (void)state;
    check_value("wsd", &hundred, 0, 0.2);
    check_value("wsd", &hundred, 4, 1);
    check_value("wsd", &hundred, 80, 1);
    check_value("wsd", &hundred, 85, 0.5);
    check_value("wsd", &hundred, 100, 0);
    check_value("wsd(10, 40, shape=linear, to=0.2)", &hundred, 80, 0.6);
    check_value("wsd(10, 40, shape=cosine)", &hundred, 80, 0.5);
    check_value("wsd(10, 40, shape=1-square)", &hundred, 80, 0.75);
    check_value("wsd(10, 40, from=0.5)", &hundred, 5, 0.75);
    check_value("wsd(10, 40, from=0, rise=cosine)", &hundred, 5, 0.5);
    check_value("wsd(8, 40, from=0, rise=1-sqrt)", &hundred, 6, 0.5);
    check_value("wsd(60, 80, shape=linear)", &hundred, 60, 1); /* the decay waits for the warm-up */
    check_value("wsd(60, 80, shape=linear)", &hundred, 80, 0.5);
    check_value("wsd(100, 50)", &hundred, 99, 1);
    check_value("wsd(100, 50)", &hundred, 100, 0);
    check_value("wsd(200, 50)", &hundred, 99, 0.5);
    check_value("wsd(0, 0)", &hundred, 99, 1);
    check_value("wsd(0, 0)", &hundred, 100, 0);
    check_error("wsd(10, 20)", NULL, GRADUS_CODE_LENGTHS, 1, "whose length is not known");
    check_error("wsd(length=50)", NULL, GRADUS_CODE_LENGTHS, 1, "say how long warmup and decay last");
}

/* wsd is what its parts are. */
static void test_wsd_is_its_phases(void **state)
{
    (void)state;
    gradus_schedule *whole = make("wsd(5%, 20%)", &hundred);
    gradus_schedule *parts = make("warmup(5%) > hold > decay(20%, shape=1-sqrt)", &hundred);
    for (double t = 0; t < 120; t += 0.25)
        check_close(gradus_schedule_at(whole, t), gradus_schedule_at(parts, t), 1e-14, 0);
    gradus_schedule_destroy(whole);
    gradus_schedule_destroy(parts);
}

/* ---- wrappers ---- */

static void test_wrappers(void **state)
{
    (void)state;
    check_value("min(linear, constant(0.7))", &hundred, 10, 0.7);
    check_value("min(linear, constant(0.7))", &hundred, 50, 0.5);
    check_value("min(linear)", &hundred, 50, 0.5);
    check_value("max(linear, constant(0.7), constant(0.2))", &hundred, 50, 0.7);
    check_value("max(linear, constant(0.2))", &hundred, 90, 0.2);
    check_value("scale(linear, 50%)", &hundred, 50, 0.25);
    check_value("scale(warmup(10) > linear, 2)", &hundred, 4, 1);
    check_value("clamp(linear, 0.2, 0.9)", &hundred, 0, 0.9);
    check_value("clamp(linear, 0.2, 0.9)", &hundred, 50, 0.5);
    check_value("clamp(linear, 0.2)", &hundred, 90, 0.2);
    check_value("shift(linear(100), 30)", &hundred, 20, 0.5);
    check_value("shift(linear(100), 30, later)", &hundred, 20, 1);
    check_value("shift(linear(100), 30, later)", &hundred, 80, 0.5);
    check_value("shift(linear, 100)", &hundred, 0, 0.5); /* its whole is 200, and it ends when the phase does */
    check_value("shift(linear, 100)", &hundred, 50, 0.25);
    check_value("shift(linear, 50, later)", &hundred, 75, 0.5);
    check_value("constant(length=50) > min(hold, linear)", &hundred, 75, 0.5);
    check_value("repeat(2, max(linear, constant(20%)))", &hundred, 75, 0.5);
    check_error("clamp(linear, 0.9, 0.2)", &hundred, GRADUS_CODE_OUT_OF_RANGE, 1, "low must not be above high");
    check_error("min()", &hundred, GRADUS_CODE_MISSING, 1, "'min' needs schedules");
    check_error("scale(cosine)", &hundred, GRADUS_CODE_MISSING, 1, "'scale' needs by");
    check_error("max(linear(150%), constant)", &hundred, GRADUS_CODE_LENGTHS, 12,
                "more than 100 % of what is around it");
}

/* ---- forms that go from one update to the next ---- */

typedef double next_rate(double rate, int n); /* of update n + 1 from that of update n */

static double next_step(double rate, int n) { return (n + 1) % 7 == 0 ? rate * 0.5 : rate; }
static double next_multistep(double rate, int n)
{
    for (int i = 0; i < 3; i++) rate *= n + 1 == (const int[]){5, 5, 20}[i] ? 0.5 : 1;
    return rate;
}
static double next_exponential(double rate, int n) { return (void)n, rate * 0.95; }
static double next_linear(double rate, int n) { return n < 40 ? rate - 0.8 / 40 : rate; }
static double next_polynomial(double rate, int n)
{
    return n < 40 ? rate * pow((1 - (n + 1) / 40.0) / (1 - n / 40.0), 2) : 0;
}
static double next_cosine(double rate, int n)
{
    double pi = acos(-1);
    return n < 40 ? 0.1 + (rate - 0.1) * (1 + cos(pi * (n + 1) / 40)) / (1 + cos(pi * n / 40)) : 0.1;
}
static double next_inverse_time(double rate, int n) { return (void)n, 1 / (1 / rate + 0.05); }
static double next_inverse_sqrt(double rate, int n) { return (void)n, 1 / sqrt(1 / (rate * rate) + 0.1); }
static double next_noam(double rate, int n) { return n + 1 < 8 ? rate + 0.125 : 1 / sqrt(1 / (rate * rate) + 0.125); }

static void test_closed_form_is_incremental(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        next_rate *next;
    } forms[] = {
        {"step(7, 0.5)", next_step},
        {"multistep([5, 5, 20], 0.5)", next_multistep},
        {"exponential(0.95, 1)", next_exponential},
        {"linear(40, to=0.2)", next_linear},
        {"polynomial(2, length=40)", next_polynomial},
        {"cosine(40, to=0.1)", next_cosine},
        {"inverse_time(0.5, 10)", next_inverse_time},
        {"inverse_sqrt(10)", next_inverse_sqrt},
        {"noam(8)", next_noam},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        gradus_schedule *schedule = make(forms[i].spec, NULL);
        double rate = gradus_schedule_at(schedule, 0);
        for (int n = 0; n < 60; n++) {
            rate = forms[i].next(rate, n);
            double closed = gradus_schedule_at(schedule, n + 1);
            if (!check_is_close(closed, rate, 1e-9, 1e-15))
                fail_msg("%s: update %d: %.17g, step by step %.17g", forms[i].spec, n + 1, closed, rate);
        }
        gradus_schedule_destroy(schedule);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_multistep),    cmocka_unit_test(test_many_moments),
        cmocka_unit_test(test_piecewise),    cmocka_unit_test(test_boundary_sides),
        cmocka_unit_test(test_exponential),  cmocka_unit_test(test_inverse_time),
        cmocka_unit_test(test_inverse_sqrt), cmocka_unit_test(test_noam),
        cmocka_unit_test(test_polynomial),   cmocka_unit_test(test_cooldown),
        cmocka_unit_test(test_two_factor),   cmocka_unit_test(test_trapezoid),
        cmocka_unit_test(test_wsd),          cmocka_unit_test(test_wsd_is_its_phases),
        cmocka_unit_test(test_wrappers),     cmocka_unit_test(test_closed_form_is_incremental),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
