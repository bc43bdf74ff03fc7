/* slope: the numbers behind it, windows on losses without noise worked by hand, the error rate that it promises, and dlib's rule
 * against another implementation of it. */
#include "check.h"
#include "../../src/rate/trend.h"
#include "gradus/base.h"

/* ---- lines and chance ---- */

/* Through 1, 2, 4: slope 3/2, left over 1/6, -1/3, 1/6; through 1, 2, 4, 4 without the last the same. */
static void test_lines(void **state)
{
    (void)state;
    const double values[] = {1, 2, 4, 4}, high[] = {3, 2, 9, -1, -1};
    rate_line line = gradus_rate_fit_line(values, 3, -1), without = gradus_rate_fit_line(values, 4, 3);
    check_close(line.slope, 1.5, 1e-15, 0);
    check_close(line.error, sqrt(1.0 / 6 / 2), 1e-14, 0);
    check_close(without.slope, line.slope, 1e-15, 0);
    check_close(without.error, line.error, 1e-14, 0);
    /* through 2, 4, 4, at 1, 2, 3: slope 1, left over -1/3, 2/3, -1/3 */
    without = gradus_rate_fit_line(values, 4, 0);
    check_close(without.slope, 1, 1e-15, 0);
    check_close(without.error, sqrt(2.0 / 3 / 2), 1e-14, 0);
    assert_int_equal(gradus_rate_farthest(high, 5, 1), 2);
    assert_int_equal(gradus_rate_farthest(high, 5, -1), 3);
}

/* Quantiles of the normal and of the noncentral t, these to the third digit that their approximation has. */
static void test_chance(void **state)
{
    (void)state;
    check_close(gradus_rate_normal_above(0.5), 0, 0, 1e-15);
    check_close(gradus_rate_normal_above(0.025), 1.959963984540054, 1e-12, 0);
    check_close(gradus_rate_normal_above(0.9), -1.2815515655446004, 1e-12, 0);
    check_close(gradus_rate_normal_above(1e-6), 4.753424308822899, 1e-12, 0);
    check_close(gradus_rate_slope_below(0.0125, 2.2, 14), -0.042219, 0, 2e-3);
    check_close(gradus_rate_slope_below(0.025, 4, 14), 1.944580, 0, 2e-3);
    check_close(gradus_rate_slope_below(0.0125, 4.04, 22), 1.741449, 0, 2e-3);
    check_close(gradus_rate_slope_below(0.5, 0, 14), 0, 0, 1e-12);
}

/* ---- windows without noise: 16 looks, then 32 (1.3 times 16, in sixteen batches), half as many more in doubt ---- */

static gradus_policy *make(const char *feedback)
{
    gradus_error error = {0};
    gradus_policy *policy = gradus_policy_create(&(gradus_policy_config){.base = 1, .feedback = feedback}, &error);
    if (!policy) fail_msg("%s: %s", feedback, error.message);
    return policy;
}

static double look_at(gradus_policy *policy, double value)
{
    gradus_policy_observe(policy, "m", value);
    return gradus_policy_rate(policy);
}

/* After how many looks the rate falls for the first time, and the second; 0: not within a thousand. */
static void check_falls(const char *feedback, double (*value)(int look), int first, int second)
{
    gradus_policy *policy = make(feedback);
    int falls[2] = {0};
    double rate = 1;
    for (int i = 0, count = 0; i < 1000 && count < 2; i++) {
        double now = look_at(policy, value(i));
        if (now < rate) falls[count++] = i + 1;
        rate = now;
    }
    if (falls[0] != first || falls[1] != second)
        fail_msg("%s: falls after %d and %d looks, expected %d and %d", feedback, falls[0], falls[1], first, second);
    gradus_policy_destroy(policy);
}

static double same(int look) { return (void)look, 0.7; }
static double falling(int look) { return 5 - 0.01 * look; }
static double rising(int look) { return 0.01 * look; }
static double bending(int look) { return 5 - 0.01 * fmin(look, 16); }
static double patchy(int look) { return look % 2 ? NAN : 0.7; }
static double slowly(int look) { return 100 - 0.01 * look; }
static double bursting(int look) { return 5 - 0.01 * look + (look >= 140 && look < 150 ? 30 : 0); }

static void test_windows(void **state)
{
    (void)state;
    check_falls("slope(16, m)", same, 24, 48);
    check_falls("slope(16, m)", falling, 0, 0);
    check_falls("slope(16, m)", rising, 16, 32);
    check_falls("slope(16, m)", bending, 16 + 48, 16 + 48 + 24);
    check_falls("slope(17, m)", same, 48, 96);   /* batches of two */
    check_falls("slope(16, m)", patchy, 47, 95); /* what is not finite is no look */
    check_falls("slope(16, m, mode=max)", rising, 0, 0);
    check_falls("slope(16, m, mode=max)", falling, 16, 32);
    check_falls("slope(16, m, cooldown=10)", same, 24, 58);
    check_falls("slope(16, m, floor=0.1)", same, 24, 0);
}

/* 0.16 of 100 in the first window, 0.32 in the second: less than a per cent of it, more than a thousandth. */
static void test_min_delta(void **state)
{
    (void)state;
    check_falls("slope(16, m, min_delta=1%)", slowly, 16, 32);
    check_falls("slope(16, m, min_delta=0.001)", slowly, 0, 0);
}

/* A burst of high losses in one batch bends the line, but not the one without it. */
static void test_burst(void **state)
{
    (void)state;
    check_falls("slope(160, m)", bursting, 0, 0);
}

static void test_words(void **state)
{
    (void)state;
    char text[256];
    gradus_policy *policy = make("slope(16, m, factor=0.5)");
    for (int i = 0; i < 16; i++) look_at(policy, 2 + (i % 2 ? 0.1 : 0));
    gradus_policy_explain(policy, text, sizeof text);
    assert_string_equal(
        text, "slope: mean m 2.05: in 16 looks a fall of -0.4082 standard errors, -0.04223 is the least: x 0.5");
    gradus_policy_destroy(policy);
    policy = make("slope(16, m, factor=0.5, min_learning_rate=0.6, like=dlib)");
    for (int i = 0; i < 16; i++) look_at(policy, 2);
    gradus_policy_explain(policy, text, sizeof text);
    assert_string_equal(text,
                        "slope: m 2 is better with a probability of 0.5 in 16 looks, less than 0.51: x 0.5: stopped");
    gradus_decision decision;
    assert_int_equal(gradus_policy_decide(policy, &decision), GRADUS_STOP);
    assert_int_equal(decision.reason, GRADUS_REASON_RATE_AT_MINIMUM);
    gradus_policy_destroy(policy);
}

/* ---- what it promises ---- */

/* Of 400 runs with a fall of so many standard errors in each window, as the logarithm falls, how many are cut short; at noise of
 * variance 1 whose neighbours go together. */
static int cut_short(double fall, double rho, const char *feedback)
{
    enum { WINDOW = 320, RUNS = 400, UPDATES = 12 * WINDOW };
    int cut = 0;
    double error = sqrt(12 / (double)WINDOW * (1 + rho) / (1 - rho)), fresh = sqrt(1 - rho * rho);
    for (uint64_t run = 0; run < RUNS; run++) {
        gradus_policy *policy = make(feedback);
        double noise = gradus_random_normal(run, 0, 0);
        for (int i = 0; i < UPDATES && gradus_policy_rate(policy) == 1; i++) {
            look_at(policy, 10 + noise - fall * error * log(1 + 0.3 * i / WINDOW) / log(1.3));
            noise = rho * noise + fresh * gradus_random_normal(run, 1, (uint64_t)i);
        }
        cut += gradus_policy_rate(policy) < 1;
        gradus_policy_destroy(policy);
    }
    return cut;
}

/* 5 % of 400 are 20; where it is surer, fewer are cut. A flat loss is seen to be flat. */
static void test_errors(void **state)
{
    (void)state;
    int white = cut_short(2.2, 0, "slope(320, m)"), coloured = cut_short(2.2, 0.5, "slope(320, m)");
    int surer = cut_short(2.2, 0, "slope(320, m, confidence=99%)");
    print_message("%d, %d and %d of 400 cut short\n", white, coloured, surer);
    assert_true(white <= 20 && coloured <= 20 && surer <= 4 && white > 0);
    assert_int_equal(cut_short(0, 0.5, "slope(320, m)"), 400);
}

/* ---- dlib: at which looks the rate falls, found with recursive least squares that walk backwards, as dlib has them ---- */

typedef enum kind { FALLS, BENDS, BURSTS, RISES, STEPS, WAVES, SAME } kind;

static double value_of(kind what, int i, uint64_t *bits)
{
    *bits = *bits * 6364136223846793005u + 1442695040888963407u;
    double unit = (double)(*bits >> 48) / 65536;
    switch (what) {
    case FALLS: return 4 - i / 256.0 + unit;
    case BENDS: return 4 - fmin(i, 500) / 256 + unit;
    case BURSTS: return 4 - i / 1024.0 + unit + (i % 150 < 12 ? 3 : 0);
    case RISES: return i / 512.0 + unit;
    case STEPS: return floor((4 - fmin(i, 700) / 256 + unit) * 4) / 4;
    case WAVES: return fabs(i % 240 - 120.0) / 64 + unit;
    default: return 0.7;
    }
}

typedef struct dlib_case {
    const char *spec;
    kind what;
    bool losses;
    int looks, count, falls[16];
} dlib_case;

/* A loss counts when its update has been made, and tells at the next look. */
static void check_dlib(const dlib_case *of)
{
    gradus_policy *policy = make(of->spec);
    uint64_t bits = 7;
    double rate = 1, sign = strstr(of->spec, "mode=max") ? -1 : 1;
    int next = 0;
    for (int i = 0; i < of->looks + of->losses; i++) {
        gradus_policy_observe(policy, of->losses ? "loss" : "m", sign * value_of(of->what, i, &bits));
        double now = gradus_policy_rate(policy);
        bool expected = next < of->count && of->falls[next] == i - of->losses;
        if ((now < rate) != expected)
            fail_msg("%s, series %d: look %d: %s", of->spec, of->what, i - of->losses, now < rate ? "falls" : "stays");
        next += expected;
        rate = now;
        gradus_policy_decide(policy, NULL);
        gradus_policy_applied(policy, NULL);
    }
    assert_int_equal(next, of->count);
    gradus_policy_destroy(policy);
}

/* clang-format off */
static const dlib_case dlib_cases[] = {
    {"slope(100, min_learning_rate=0, factor=0.5, like=dlib)", BENDS, true, 1500, 9, {587, 687, 790, 890, 1000, 1100, 1219, 1319, 1419}},
    {"slope(100, mode=max, min_learning_rate=0, factor=0.5, like=dlib)", BENDS, true, 1500, 9, {587, 687, 790, 890, 1000, 1100, 1219, 1319, 1419}},
    {"slope(450, min_learning_rate=0, factor=0.5, like=dlib)", BENDS, true, 1500, 2, {893, 1340}},
    {"slope(60, m, confidence=51%, min_learning_rate=0, factor=0.5, like=dlib)", BENDS, false, 500, 4, {95, 172, 232, 453}},
    {"slope(60, m, confidence=60%, min_learning_rate=0, factor=0.5, like=dlib)", BENDS, false, 500, 4, {94, 170, 231, 446}},
    {"slope(100, min_learning_rate=0, factor=0.5, like=dlib)", BURSTS, true, 1500, 10, {147, 268, 458, 593, 711, 869, 1011, 1210, 1319, 1461}},
    {"slope(450, min_learning_rate=0, factor=0.5, like=dlib)", BURSTS, true, 1500, 0, {0}},
    {"slope(60, m, confidence=51%, min_learning_rate=0, factor=0.5, like=dlib)", BURSTS, false, 500, 6, {93, 153, 227, 297, 375, 439}},
    {"slope(60, m, confidence=60%, min_learning_rate=0, factor=0.5, like=dlib)", BURSTS, false, 500, 6, {88, 149, 227, 297, 375, 439}},
    {"slope(100, min_learning_rate=0, factor=0.5, like=dlib)", RISES, true, 1500, 14, {99, 199, 299, 399, 499, 599, 699, 799, 899, 999, 1099, 1200, 1300, 1400}},
    {"slope(450, min_learning_rate=0, factor=0.5, like=dlib)", RISES, true, 1500, 3, {449, 896, 1343}},
    {"slope(60, m, confidence=51%, min_learning_rate=0, factor=0.5, like=dlib)", RISES, false, 500, 8, {59, 119, 179, 239, 299, 359, 422, 483}},
    {"slope(60, m, confidence=60%, min_learning_rate=0, factor=0.5, like=dlib)", RISES, false, 500, 8, {59, 119, 179, 239, 299, 359, 419, 479}},
    {"slope(100, min_learning_rate=0, factor=0.5, like=dlib)", STEPS, true, 1500, 7, {784, 884, 998, 1098, 1219, 1319, 1419}},
    {"slope(450, min_learning_rate=0, factor=0.5, like=dlib)", STEPS, true, 1500, 1, {1121}},
    {"slope(60, m, confidence=51%, min_learning_rate=0, factor=0.5, like=dlib)", STEPS, false, 500, 4, {94, 172, 237, 454}},
    {"slope(60, m, confidence=60%, min_learning_rate=0, factor=0.5, like=dlib)", STEPS, false, 500, 4, {94, 170, 232, 453}},
    {"slope(100, min_learning_rate=0, factor=0.5, like=dlib)", WAVES, true, 1500, 12, {169, 269, 413, 513, 650, 750, 888, 988, 1128, 1228, 1372, 1472}},
    {"slope(450, min_learning_rate=0, factor=0.5, like=dlib)", WAVES, true, 1500, 3, {467, 944, 1436}},
    {"slope(60, m, confidence=51%, min_learning_rate=0, factor=0.5, like=dlib)", WAVES, false, 500, 4, {149, 209, 391, 451}},
    {"slope(60, m, confidence=60%, min_learning_rate=0, factor=0.5, like=dlib)", WAVES, false, 500, 5, {148, 208, 268, 391, 451}},
    {"slope(100, min_learning_rate=0, factor=0.5, like=dlib)", SAME, true, 700, 7, {99, 199, 299, 399, 499, 599, 699}},
    {"slope(450, min_learning_rate=0, factor=0.5, like=dlib)", SAME, true, 700, 1, {449}},
    {"slope(60, m, confidence=51%, min_learning_rate=0, factor=0.5, like=dlib)", SAME, false, 500, 8, {59, 119, 179, 239, 299, 359, 419, 479}},
    {"slope(60, m, confidence=60%, min_learning_rate=0, factor=0.5, like=dlib)", SAME, false, 500, 8, {59, 119, 179, 239, 299, 359, 419, 479}},
    {"slope(100, min_learning_rate=0, factor=0.5, like=dlib)", FALLS, true, 1500, 0, {0}},
    {"slope(450, min_learning_rate=0, factor=0.5, like=dlib)", FALLS, true, 1500, 0, {0}},
    {"slope(60, m, confidence=51%, min_learning_rate=0, factor=0.5, like=dlib)", FALLS, false, 500, 4, {95, 172, 232, 453}},
    {"slope(60, m, confidence=60%, min_learning_rate=0, factor=0.5, like=dlib)", FALLS, false, 500, 4, {94, 170, 231, 446}},
};
/* clang-format on */

static void test_dlib(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dlib_cases / sizeof *dlib_cases; i++) check_dlib(&dlib_cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),     cmocka_unit_test(test_chance), cmocka_unit_test(test_windows),
        cmocka_unit_test(test_min_delta), cmocka_unit_test(test_burst),  cmocka_unit_test(test_words),
        cmocka_unit_test(test_errors),    cmocka_unit_test(test_dlib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
