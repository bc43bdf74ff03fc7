/* loss_scale: PyTorch's own trace, bounds, what is told, the end of what no scale can help, and peace with a guard in either order. */
#include "check.h"
#include "gradus/base.h"

static gradus_policy *make(const char *feedback)
{
    gradus_error error = {0};
    gradus_policy *policy = gradus_policy_create(
        &(gradus_policy_config){.base = 1, .feedback = feedback, .units = {.total = 1000}, .snapshots = 3}, &error);
    if (!policy) fail_msg("%s: %s", feedback, error.message);
    return policy;
}

static double scale_of(const gradus_policy *policy) { return gradus_policy_value(policy, "loss_scale"); }

/* A gradient as gradus_optimizer_measure finds it. */
static int32_t attempt(gradus_policy *policy, double loss, bool overflows)
{
    gradus_decision decision;
    gradus_policy_observe(policy, "loss", loss);
    gradus_policy_observe_measures(policy, &(gradus_measures){.gradient_norm = overflows ? INFINITY : 1,
                                                              .update_norm = NAN,
                                                              .values_norm = NAN,
                                                              .gradient_dot_update = NAN,
                                                              .effective_rate = NAN,
                                                              .non_finite = overflows ? 7 : 0});
    if (gradus_policy_decide(policy, &decision) == GRADUS_APPLY) gradus_policy_applied(policy, NULL);
    return decision.action;
}

static void check_why(const gradus_policy *policy, const char *wanted)
{
    char why[256];
    gradus_policy_explain(policy, why, sizeof why);
    assert_string_equal(why, wanted);
}

/* torch.amp.GradScaler of PyTorch 2.13, init_scale=1024, growth_interval=3; X: the gradient overflows. */
static void test_as_torch(void **state)
{
    (void)state;
    static const char pattern[] = "..X...X.......XX.........X";
    static const double after[] = {1024, 1024, 512, 512, 512, 1024, 512,  512,  512,  1024, 1024, 1024, 2048,
                                   2048, 1024, 512, 512, 512, 1024, 1024, 1024, 2048, 2048, 2048, 4096, 2048};
    static const char *const specs[] = {"loss_scale(initial=1024, window=3)",
                                        "loss_scale(like=torch, init_scale=1024, growth_interval=3)"};
    for (int i = 0; i < 2; i++) {
        gradus_policy *policy = make(specs[i]);
        check_close(scale_of(policy), 1024, 0, 0);
        for (size_t j = 0; pattern[j]; j++) {
            assert_int_equal(attempt(policy, 1, pattern[j] == 'X'), pattern[j] == 'X' ? GRADUS_SKIP : GRADUS_APPLY);
            check_close(scale_of(policy), after[j], 0, 0);
        }
        gradus_policy_destroy(policy);
    }
}

static void test_defaults_and_clock(void **state)
{
    (void)state;
    gradus_decision decision;
    gradus_policy *policy = make("loss_scale");
    check_close(scale_of(policy), 65536, 0, 0);
    for (int i = 0; i < 5; i++) attempt(policy, 1, false);
    for (int i = 0; i < 3; i++) attempt(policy, 1, true);
    check_close(scale_of(policy), 8192, 0, 0);
    gradus_policy_decide(policy, &decision); /* nothing was measured: nothing is concluded */
    assert_int_equal(decision.update, 5);
    assert_int_equal(decision.skips, 3);
    check_close(decision.rate, 1, 0, 0);
    gradus_policy_applied(policy, NULL);
    for (int i = 0; i < 993; i++) attempt(policy, 1, false);
    assert_false(gradus_policy_finished(policy));
    gradus_policy_destroy(policy);
    policy = make("loss_scale(window=10)");
    for (int i = 0; i < 9; i++) attempt(policy, 1, false);
    for (int i = 0; i < 5; i++) { /* without measures it does not count */
        gradus_policy_decide(policy, NULL);
        gradus_policy_applied(policy, NULL);
    }
    check_close(scale_of(policy), 65536, 0, 0);
    attempt(policy, 1, false);
    check_close(scale_of(policy), 131072, 0, 0);
    gradus_policy_destroy(policy);
}

static void test_bounds(void **state)
{
    (void)state;
    gradus_policy *policy = make("loss_scale(initial=16, window=1, maximum=100)");
    for (int i = 0; i < 5; i++) attempt(policy, 1, false);
    check_close(scale_of(policy), 100, 0, 0);
    gradus_policy_destroy(policy);
    policy = make("loss_scale(initial=1e38, like=torch, growth_interval=1)");
    attempt(policy, 1, false);
    check_close(scale_of(policy), 0x1p127, 0, 0); /* the largest power of 2 that float32 has */
    gradus_policy_destroy(policy);
    policy = make("loss_scale(initial=16, minimum=5, backoff=0.25, patience=3)");
    attempt(policy, 1, true);
    check_close(scale_of(policy), 5, 0, 0);
    assert_int_equal(attempt(policy, 1, true), GRADUS_SKIP);
    check_why(policy, "loss_scale: the gradient is not finite at the lowest loss scale, 5 (1 in a row): skipped");
    attempt(policy, 1, true);
    attempt(policy, 1, false); /* not in a row */
    for (int i = 0; i < 2; i++) assert_int_equal(attempt(policy, 1, true), GRADUS_SKIP);
    assert_int_equal(attempt(policy, 1, true), GRADUS_STOP);
    assert_int_equal(gradus_policy_reason(policy), GRADUS_REASON_NON_FINITE);
    check_close(scale_of(policy), 5, 0, 0);
    gradus_policy_destroy(policy);
}

static void test_words(void **state)
{
    (void)state;
    gradus_policy *policy = make("loss_scale(window=2)");
    attempt(policy, 1, true);
    assert_int_equal(gradus_policy_reason(policy), GRADUS_REASON_OVERFLOW);
    check_why(policy,
              "loss_scale: the gradient overflows at a loss scale of 65536, which is 32768 from now on: skipped");
    for (int i = 0; i < 2; i++) attempt(policy, 1, false);
    check_why(policy, "loss_scale: no overflow in 2 gradients: the loss scale is 65536 from now on");
    gradus_policy_destroy(policy);
}

/* A scale that falls ten times in a row is no trouble; weights that are lost are, and at the lowest scale the guard sees it. */
static void test_beside_a_guard(void **state)
{
    (void)state;
    static const char *const chains[] = {"loss_scale(minimum=64) > guard", "guard > loss_scale(minimum=64)"};
    for (int i = 0; i < 2; i++) {
        gradus_policy *policy = make(chains[i]);
        for (int j = 0; j < 150; j++) assert_int_equal(attempt(policy, 1 + 0.01 * (j % 3), false), GRADUS_APPLY);
        for (int j = 0; j < 10; j++) assert_int_equal(attempt(policy, 1, true), GRADUS_SKIP);
        check_close(scale_of(policy), 64, 0, 0);
        check_close(gradus_policy_rate(policy), 1, 0, 0);
        for (int j = 0; j < 2; j++) assert_int_equal(attempt(policy, 1, true), GRADUS_SKIP);
        assert_int_equal(attempt(policy, 1, true), GRADUS_ROLL_BACK);
        assert_int_equal(gradus_policy_reason(policy), GRADUS_REASON_NON_FINITE);
        for (int j = 0; j < 60; j++) assert_int_equal(attempt(policy, 1 + 0.01 * (j % 3), false), GRADUS_APPLY);
        gradus_policy_destroy(policy);
        policy = make(chains[i]); /* a loss that is not finite is no matter of scale */
        for (int j = 0; j < 2; j++) assert_int_equal(attempt(policy, NAN, true), GRADUS_SKIP);
        assert_int_equal(attempt(policy, NAN, true), GRADUS_SKIP);
        check_close(gradus_policy_rate(policy), 0.5, 0, 0);
        gradus_policy_destroy(policy);
    }
}

static void test_arguments(void **state)
{
    (void)state;
    gradus_error error = {0};
    assert_null(
        gradus_policy_create(&(gradus_policy_config){.base = 1, .feedback = "loss_scale(initial=0.5)"}, &error));
    assert_string_equal(error.message, "feedback: initial= must lie between minimum= and maximum=");
    error = (gradus_error){0};
    assert_null(gradus_policy_create(&(gradus_policy_config){.base = 1, .feedback = "loss_scale(backoff=1)"}, &error));
    assert_int_equal(error.code, GRADUS_CODE_OUT_OF_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_torch), cmocka_unit_test(test_defaults_and_clock), cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_words),    cmocka_unit_test(test_beside_a_guard),     cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
