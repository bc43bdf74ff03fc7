/* noise_scale and adascale: values worked by hand, estimates that are unbiased also for unequal halves, and what must not disturb
 * them: gradients that are not finite, that are not used, that are undone. */
#include "check.h"
#include "gradus/base.h"

static const gradus_units batch_of_100 = {.total = 1000, .samples_per_update = 100};

static gradus_policy *make(const char *feedback, gradus_units units)
{
    gradus_error error = {0};
    gradus_policy *policy = gradus_policy_create(
        &(gradus_policy_config){.base = 1, .feedback = feedback, .units = units, .snapshots = 1}, &error);
    if (!policy) fail_msg("%s: %s", feedback, error.message);
    return policy;
}

/* Squared norms of the whole gradient and of its halves. */
static gradus_decision attempt(gradus_policy *policy, double whole, double half)
{
    gradus_decision decision;
    gradus_policy_observe(policy, "gradient_norm", sqrt(whole));
    gradus_policy_observe(policy, "half_gradient_norm", sqrt(half));
    if (gradus_policy_decide(policy, &decision) == GRADUS_APPLY) gradus_policy_applied(policy, NULL);
    return decision;
}

static double scale_of(const gradus_policy *policy) { return gradus_policy_value(policy, "noise_scale"); }

/* |g|^2 = 3, |h|^2 = 5: |G|^2 = 2 3 - 5 = 1, tr(Sigma) = 100 (5 - 3) = 200. */
static void test_scale_by_hand(void **state)
{
    (void)state;
    gradus_policy *policy = make("noise_scale(window=2)", batch_of_100);
    assert_true(isnan(scale_of(policy)));
    attempt(policy, 3, 5);
    assert_true(isnan(scale_of(policy))); /* it counts once it is known to have been applied */
    attempt(policy, 4, 5);                /* next: 3 and 100 */
    check_close(scale_of(policy), 200, 1e-12, 0);
    attempt(policy, 3, 6); /* next: 0 and 300 */
    check_close(scale_of(policy), 150 / 2.0, 1e-12, 0);
    attempt(policy, 3, 6); /* a window of 2: (2 + 0) / 2 and (150 + 300) / 2 */
    check_close(scale_of(policy), 225, 1e-12, 0);
    check_close(gradus_policy_rate(policy), 1, 0, 0);
    gradus_policy_destroy(policy);
}

static void test_scale_at_its_ends(void **state)
{
    (void)state;
    gradus_policy *policy = make("noise_scale", batch_of_100);
    for (int i = 0; i < 2; i++) attempt(policy, 4, 4);
    check_close(scale_of(policy), 0, 0, 0); /* halves that agree: no noise */
    for (int i = 0; i < 9; i++) attempt(policy, 1, 2.5);
    assert_true(scale_of(policy) > 0);
    for (int i = 0; i < 500; i++) attempt(policy, 1, 2.5); /* |G|^2 < 0: nothing but noise */
    assert_true(scale_of(policy) == INFINITY);
    gradus_policy_destroy(policy);
}

/* Whatever is not finite, not applied or not whole leaves the averages as they are. */
static void test_nothing_poisons_it(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard > noise_scale", batch_of_100);
    for (int i = 0; i < 60; i++) attempt(policy, 3, 5);
    attempt(policy, NAN, 5);
    attempt(policy, 3, INFINITY);
    attempt(policy, 3, 5);
    gradus_policy_observe(policy, "half_gradient_norm", 1e200); /* its square is not finite */
    gradus_policy_observe(policy, "gradient_norm", sqrt(3));
    gradus_policy_decide(policy, NULL);
    gradus_policy_applied(policy, NULL);
    gradus_policy_observe(policy, "half_gradient_norm", 7); /* the whole one's norm was not told */
    gradus_policy_decide(policy, NULL);
    gradus_policy_applied(policy, NULL);
    assert_int_equal(attempt(policy, 1e6, 1e7).action, GRADUS_SKIP); /* the guard does not let it through */
    attempt(policy, 3, 5);
    attempt(policy, 3, 5);
    check_close(scale_of(policy), 200, 1e-12, 0);
    gradus_policy_destroy(policy);
}

/* After a rollback the update that was handed out last is undone: it does not count. */
static void test_rollback(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard(count=1, within=1) > noise_scale", batch_of_100);
    for (int i = 0; i < 40; i++) attempt(policy, 3, 5);
    attempt(policy, 2.9, 5);
    gradus_policy_observe(policy, "loss", NAN);
    assert_int_equal(attempt(policy, 100, 200).action, GRADUS_ROLL_BACK);
    double before = scale_of(policy);
    attempt(policy, 3, 5);
    check_close(scale_of(policy), before, 0, 0);
    gradus_policy_destroy(policy);
}

/* Batches of 7 in halves of 4 and 3, gradients of two numbers: means over many batches come out at |G|^2 and tr(Sigma). */
static void test_unequal_halves_are_unbiased(void **state)
{
    (void)state;
    enum { BATCHES = 40000 };
    const double true_gradient[2] = {0.6, -0.8}, deviation[2] = {1.5, 0.5}; /* |G|^2 = 1, tr(Sigma) = 2.5 */
    gradus_policy *policy =
        make("noise_scale(window=40000)", (gradus_units){.total = 2 * BATCHES, .samples_per_update = 7});
    uint64_t drawn = 0;
    for (int i = 0; i < BATCHES; i++) {
        double half[2][2] = {{0}}, squares[2] = {0}, whole = 0;
        for (int j = 0; j < 7; j++)
            for (int d = 0; d < 2; d++)
                half[j >= 4][d] +=
                    (true_gradient[d] + deviation[d] * gradus_random_normal(5, 1, drawn++)) / (j >= 4 ? 3 : 4);
        for (int d = 0; d < 2; d++) {
            double all = (4 * half[0][d] + 3 * half[1][d]) / 7;
            whole += all * all;
            for (int h = 0; h < 2; h++) squares[h] += half[h][d] * half[h][d];
        }
        attempt(policy, whole, (4 * squares[0] + 3 * squares[1]) / 7);
    }
    check_close(scale_of(policy), 2.5, 0.03, 0);
    gradus_policy_destroy(policy);
}

/* ---- adascale ---- */

/* Batches of 100 where 25 were meant, S = 4; variance 200, signal 1: r = (200 / 25 + 1) / (200 / 100 + 1) = 3. */
static void test_gain_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *feedback;
        double whole, half, factor;
    } cases[] = {
        {"adascale(25, headroom=1)", 3, 5, 3},
        {"adascale(25, headroom=1.25)", 3, 5, 3.75},
        {"adascale(25)", 3, 5, 4}, /* never more than batches are larger */
        {"adascale(batch=25, rule=square_root, headroom=1)", 3, 5, 1.7320508075688772},
        {"adascale(25, rule=square_root)", 3, 5, 2},
        {"adascale(400)", 3, 5, 0.5},          /* (0.5 + 1) / (2 + 1) */
        {"adascale(25, headroom=1)", 4, 4, 1}, /* no noise: a larger batch is worth nothing */
        {"adascale(25)", 4, 4, 2},             /* but the rate may rise as far as it might have before */
        {"adascale(25)", 1, 5, 4},             /* nothing else: it is worth what it costs */
        {"adascale(100)", 3, 5, 1},            /* it is the batch that was meant */
        {"adascale(25, headroom=1)", 2, 1, 1}, /* halves that agree more than wholly */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gradus_policy *policy = make(cases[i].feedback, batch_of_100);
        for (int j = 0; j < 10; j++) check_close(attempt(policy, cases[i].whole, cases[i].half).rate, 1, 0, 0);
        check_close(attempt(policy, cases[i].whole, cases[i].half).rate, cases[i].factor, 1e-12, 0);
        gradus_policy_destroy(policy);
    }
}

static void test_words(void **state)
{
    (void)state;
    char why[256];
    gradus_policy *policy = make("adascale(25)", batch_of_100);
    for (int i = 0; i < 11; i++) attempt(policy, 3, 5);
    gradus_policy_explain(policy, why, sizeof why);
    assert_string_equal(why, "adascale: noise scale 200: a batch of 100 is worth 3 times one of 25: x 4");
    gradus_policy_destroy(policy);
}

/* Within the tolerance the factor stays, and nothing is told. */
static void test_tolerance(void **state)
{
    (void)state;
    gradus_policy *policy = make("adascale(25, window=1, tolerance=0.2, headroom=1)", batch_of_100);
    for (int i = 0; i < 11; i++) attempt(policy, 3, 5);
    attempt(policy, 2.8, 5); /* variance 220, signal 0.6: 9.4 / 2.8 = 3.36 */
    check_close(attempt(policy, 2.4, 5).rate, 3, 1e-12, 0);
    check_close(attempt(policy, 3, 5).rate, 4, 1e-12, 0); /* 260 and -0.2, taken as 0 */
    gradus_policy_destroy(policy);
}

/* An update of another size than usual: told as it was applied. */
static void test_sizes(void **state)
{
    (void)state;
    gradus_policy *policy = make("noise_scale", batch_of_100);
    gradus_policy_observe(policy, "gradient_norm", sqrt(3));
    gradus_policy_observe(policy, "half_gradient_norm", sqrt(5));
    gradus_policy_decide(policy, NULL);
    gradus_policy_applied(policy, &(gradus_progress){.samples = 30});
    attempt(policy, 3, 5);
    check_close(scale_of(policy), 60, 1e-12, 0);
    gradus_policy_destroy(policy);
}

static void test_needs_samples(void **state)
{
    (void)state;
    gradus_error error = {0};
    assert_null(gradus_policy_create(&(gradus_policy_config){.base = 1, .feedback = "guard > adascale(64)"}, &error));
    assert_string_equal(error.message,
                        "feedback: 'adascale' must know how many samples an update has (units.samples_per_update)");
    assert_int_equal(error.column, 9);
    error = (gradus_error){0};
    assert_null(gradus_policy_create(
        &(gradus_policy_config){.base = 1, .feedback = "adascale", .units = {.samples_per_update = 8}}, &error));
    assert_int_equal(error.code, GRADUS_CODE_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scale_by_hand),
        cmocka_unit_test(test_scale_at_its_ends),
        cmocka_unit_test(test_nothing_poisons_it),
        cmocka_unit_test(test_rollback),
        cmocka_unit_test(test_unequal_halves_are_unbiased),
        cmocka_unit_test(test_gain_by_hand),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_tolerance),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_needs_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
