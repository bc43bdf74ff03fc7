/* Runtime events: the run made longer or shorter, its cool-down begun, its base changed while it goes on. */
#include "policies.h"

static void test_extend(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_policy *policy = make(&(gradus_policy_config){.base = 1, .schedule = "linear", .units = {.total = 10}});
    step_to(policy, 5);
    check_close(gradus_policy_rate(policy), 0.5, 1e-15, 0);
    assert_int_equal(gradus_policy_extend(policy, 20, &error), GRADUS_OK);
    check_close(gradus_policy_rate(policy), 0.75, 1e-15, 0);
    assert_int_equal(gradus_policy_extend(policy, NAN, &error), GRADUS_ERROR_RANGE);
    assert_int_equal(gradus_policy_extend(policy, 40, &error), GRADUS_ERROR_RANGE); /* an error is sticky */
    step_to(policy, 20);
    assert_true(gradus_policy_finished(policy));
    gradus_policy_destroy(policy);
}

static void test_cool_down(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_policy *policy = make(&(gradus_policy_config){.base = 1, .schedule = "linear(100, to=0.5) > hold"});
    step_to(policy, 40);
    assert_int_equal(gradus_policy_cool_down(policy, NULL, NULL), GRADUS_ERROR_SPEC); /* it has no end to reach */
    assert_int_equal(gradus_policy_cool_down(policy, "decay(20%)", &error), GRADUS_ERROR_SPEC);
    assert_string_equal(error.message, "cool-down: a length in per cent needs the length of the run");
    assert_int_equal(error.column, 7);
    error = (gradus_error){0};
    check_close(gradus_policy_rate(policy), 0.8, 1e-15, 0); /* nothing has changed */
    assert_int_equal(gradus_policy_cool_down(policy, "decay(20)", &error), GRADUS_OK);
    check_close(gradus_policy_rate(policy), 0.8, 1e-15, 0);
    step_to(policy, 50);
    check_close(gradus_policy_rate(policy), 0.4, 1e-15, 0);
    assert_int_equal(gradus_policy_cool_down(policy, "decay(20)", NULL), GRADUS_ERROR_USE);
    assert_int_equal(gradus_policy_extend(policy, 500, NULL), GRADUS_ERROR_USE);
    step_to(policy, 60);
    assert_true(gradus_policy_finished(policy));
    gradus_policy_destroy(policy);
    policy = make(&(gradus_policy_config){.base = 1, .units = {.total = 100}});
    step_to(policy, 60);
    assert_int_equal(gradus_policy_cool_down(policy, NULL, &error), GRADUS_OK); /* over the rest of the run */
    step_to(policy, 70);
    check_close(gradus_policy_rate(policy), 0.5, 1e-15, 0);
    assert_false(gradus_policy_finished(policy));
    gradus_policy_destroy(policy);
}

static void test_rebase(void **state)
{
    (void)state;
    gradus_error error = {0};
    gradus_policy *policy =
        make(&(gradus_policy_config){.base = 0.1,
                                     .schedule = "cosine(T_max=10, eta_min=0.01, like=torch)",
                                     .feedback = "plateau(patience=0, factor=0.1, min_lr=0.02, like=torch)"});
    step_to(policy, 10);
    check_close(gradus_policy_rate(policy), 0.01, 1e-14, 0);
    assert_int_equal(gradus_policy_rebase(policy, 0.2, &error), GRADUS_OK);
    check_close(gradus_policy_rate(policy), 0.01, 1e-14, 0); /* an absolute end stays where it is */
    step_to(policy, 20);
    check_close(gradus_policy_rate(policy), 0.2, 1e-14, 0);
    for (int i = 0; i < 3; i++) gradus_policy_observe(policy, "val_loss", 1);
    check_close(gradus_policy_rate(policy), 0.02, 1e-14, 0);
    assert_int_equal(gradus_policy_rebase(policy, 0, &error), GRADUS_ERROR_RANGE);
    gradus_policy_destroy(policy);
}

/* ---- somewhere else ---- */

static void test_seek(void **state)
{
    (void)state;
    gradus_policy_config config = {
        .base = 1,
        .schedule = "linear(10ep)",
        .units = {.updates_per_epoch = 17, .samples_per_update = 32, .samples_per_epoch = 540}};
    gradus_policy *policy = make(&config);
    gradus_policy_seek(policy, 51, &(gradus_progress){.samples = 1620});
    check_close(gradus_policy_rate(policy), 0.7, 1e-15, 0);
    gradus_policy_applied(policy, &(gradus_progress){.samples = 54}); /* on from there */
    check_close(gradus_policy_rate(policy), 0.69, 1e-14, 0);
    gradus_policy_seek(policy, 17, &(gradus_progress){.epochs = 2});
    check_close(gradus_policy_rate(policy), 0.8, 1e-15, 0);
    gradus_policy_seek(policy, 135, NULL); /* all of the usual size */
    check_close(gradus_policy_rate(policy), 0.2, 1e-15, 0);
    gradus_policy_seek(policy, -3, NULL);
    check_close(gradus_policy_rate(policy), 1, 0, 0);
    gradus_policy_seek(NULL, 3, NULL);
    gradus_policy_destroy(policy);
    config.schedule = "linear(100s)";
    policy = make(&config);
    gradus_policy_seek(policy, 5, &(gradus_progress){.seconds = 40});
    check_close(gradus_policy_rate(policy), 0.6, 1e-15, 0);
    gradus_policy_seek(policy, 5, NULL);
    check_close(gradus_policy_rate(policy), 0.6, 1e-15, 0);
    gradus_policy_destroy(policy);
}

/* A snapshot of updates that are undone is none to go back to. */
static void test_seek_forgets_later_snapshots(void **state)
{
    (void)state;
    for (int64_t back = 60; back <= 140; back += 80) {
        gradus_policy *policy = make(&(gradus_policy_config){.base = 1, .feedback = "guard", .snapshots = 2});
        step_to(policy, 150);
        gradus_policy_seek(policy, back, NULL);
        gradus_decision decision = {0};
        for (int i = 0; i < 3; i++) {
            gradus_policy_observe(policy, "loss", NAN);
            gradus_policy_decide(policy, &decision);
        }
        assert_int_equal(decision.action, GRADUS_ROLL_BACK);
        assert_int_equal(decision.update, back < 100 ? 1 : 100);
        gradus_policy_destroy(policy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_extend), cmocka_unit_test(test_cool_down),
                                       cmocka_unit_test(test_rebase), cmocka_unit_test(test_seek),
                                       cmocka_unit_test(test_seek_forgets_later_snapshots)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
