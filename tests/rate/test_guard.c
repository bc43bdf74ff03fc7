/* guard: every rule on a trace worked by hand, the budgets, and that healthy losses of many kinds never set it off. */
#include "check.h"
#include "gradus/base.h"

static gradus_policy *make(const char *feedback, double total, int32_t snapshots)
{
    gradus_error error = {0};
    gradus_policy *policy = gradus_policy_create(
        &(gradus_policy_config){.base = 1, .feedback = feedback, .units = {.total = total}, .snapshots = snapshots},
        &error);
    if (!policy) fail_msg("%s: %s", feedback, error.message);
    return policy;
}

/* One attempt with this loss and this norm of the gradient. */
static gradus_decision attempt(gradus_policy *policy, double loss, double norm)
{
    gradus_decision decision;
    gradus_policy_observe(policy, "loss", loss);
    gradus_policy_observe(policy, "gradient_norm", norm);
    if (gradus_policy_decide(policy, &decision) == GRADUS_APPLY) gradus_policy_applied(policy, NULL);
    return decision;
}

/* Losses around 1 within about 0.1. */
static double usual(int64_t i) { return 1 + 0.1 * (gradus_random_unit(1, 0, (uint64_t)i) - 0.5); }

static void run_usual(gradus_policy *policy, int updates)
{
    for (int i = 0; i < updates; i++) {
        gradus_decision decision = attempt(policy, usual(i), 1);
        assert_int_equal(decision.action, GRADUS_APPLY);
        assert_int_equal(decision.reason, GRADUS_REASON_NONE);
    }
}

static void check_next(gradus_policy *policy, double loss, double norm, gradus_action action, gradus_reason reason)
{
    gradus_decision decision = attempt(policy, loss, norm);
    if (decision.action != (int32_t)action || decision.reason != (int32_t)reason) {
        char why[256];
        gradus_policy_explain(policy, why, sizeof why);
        fail_msg("action %d for %s; %s", decision.action, gradus_reason_name(decision.reason), why);
    }
}

static void check_why(const gradus_policy *policy, const char *wanted)
{
    char why[256];
    gradus_policy_explain(policy, why, sizeof why);
    assert_string_equal(why, wanted);
}

static void test_skips_what_is_not_finite(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard", 10000, 0);
    check_next(policy, NAN, 1, GRADUS_SKIP, GRADUS_REASON_NON_FINITE); /* from the very first update */
    run_usual(policy, 300);
    check_next(policy, INFINITY, 1, GRADUS_SKIP, GRADUS_REASON_NON_FINITE);
    check_next(policy, 1, NAN, GRADUS_SKIP, GRADUS_REASON_NON_FINITE);
    run_usual(policy, 300); /* healed: none of it entered a window */
    gradus_policy_observe(policy, "non_finite", 3);
    check_next(policy, 1, 1, GRADUS_SKIP, GRADUS_REASON_NON_FINITE);
    gradus_policy_observe(policy, "non_finite", 0);
    check_next(policy, 1, 1, GRADUS_APPLY, GRADUS_REASON_NONE);
    assert_true(gradus_policy_rate(policy) == 1);
    gradus_policy_destroy(policy);
}

static void test_skips_what_explodes(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard", 10000, 0);
    check_next(policy, 1, 1000, GRADUS_APPLY, GRADUS_REASON_NONE); /* nothing is known yet */
    run_usual(policy, 100);
    check_next(policy, 1, 19.9, GRADUS_APPLY, GRADUS_REASON_NONE);
    check_next(policy, 1, 20.1, GRADUS_SKIP, GRADUS_REASON_EXPLODING_GRADIENT);
    run_usual(policy, 100);
    gradus_policy_destroy(policy);
}

/* A net that has learnt all has gradients near 0, but for the rare example that it has not. */
static void test_a_hard_example_explodes_nothing(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard", 10000, 0);
    run_usual(policy, 100);
    for (int i = 0; i < 400; i++) check_next(policy, usual(i), 1e-4, GRADUS_APPLY, GRADUS_REASON_NONE);
    check_next(policy, 1, 15, GRADUS_APPLY, GRADUS_REASON_NONE);
    check_next(policy, 1, 21, GRADUS_SKIP, GRADUS_REASON_EXPLODING_GRADIENT);
    gradus_policy_destroy(policy);
}

static void test_rolls_back(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard", 10000, 3);
    gradus_decision decision;
    run_usual(policy, 350); /* kept after updates 1, 200 and 300 */
    check_next(policy, 3, 1, GRADUS_APPLY, GRADUS_REASON_NONE);
    check_next(policy, 5, 1, GRADUS_APPLY, GRADUS_REASON_NONE);
    decision = attempt(policy, 9, 1);
    assert_int_equal(decision.action, GRADUS_ROLL_BACK);
    assert_int_equal(decision.reason, GRADUS_REASON_DIVERGING);
    assert_int_equal(decision.update, 300);
    assert_int_equal(decision.restore, 0);
    assert_int_equal(decision.rollbacks, 1);
    for (int i = 0; i < 49; i++) { /* warms up again to half the rate */
        decision = attempt(policy, usual(i), 1);
        assert_int_equal(decision.update, 300 + i);
        check_close(decision.rate, 0.5 * (i + 1) / 50, 1e-14, 0);
    }
    check_close(attempt(policy, 1, 1).rate, 0.5, 0, 0);
    run_usual(policy, 100);
    gradus_policy_destroy(policy);
}

/* Not skipped but made as long as is usual; the rate, also on its way up, is none of its business. */
static void test_clips_what_explodes(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard(exploding=clip)", 10000, 0);
    check_close(attempt(policy, 1, 1).gradient_scale, 1, 0, 0);
    run_usual(policy, 100);
    gradus_decision decision = attempt(policy, 1, 40);
    assert_int_equal(decision.action, GRADUS_APPLY);
    assert_int_equal(decision.reason, GRADUS_REASON_NONE);
    check_close(decision.gradient_scale, 1.0 / 40, 1e-15, 0);
    check_close(decision.rate, 1, 0, 0);
    assert_int_equal(decision.update, 101);
    check_why(policy, "guard: gradient_norm 40 is more than 20 times what is usual, 1: clipped");
    check_close(attempt(policy, 1, 1).gradient_scale, 1, 0, 0);
    check_next(policy, 1, INFINITY, GRADUS_SKIP, GRADUS_REASON_NON_FINITE);
    gradus_policy_destroy(policy);
}

/* The policy leaves the scale of whoever skips out of account, and hands on the product of the others. */
static void test_clips_within_gradus_update(void **state)
{
    (void)state;
    gradus_error error = {0};
    float value = 0, gradient = 1;
    gradus_policy *policy = make("guard(exploding=clip)", 10000, 0);
    gradus_optimizer *optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd"}, &error);
    gradus_optimizer_add(
        optimizer, &(gradus_parameter){.name = "w", .shape = {1}, .values = &value, .gradient = &gradient}, &error);
    for (int i = 0; i < 60; i++) gradus_update(policy, optimizer, &(gradus_step){.loss = 1}, NULL, &error);
    check_close(value, -60, 0, 0);
    gradient = 80; /* half of it is 40, where 1 was usual */
    gradus_update(policy, optimizer, &(gradus_step){.loss = 1, .gradient_scale = 0.5}, NULL, &error);
    check_close(value, -61, 1e-6, 0);
    gradient = 40; /* the same with a norm that the caller knows */
    gradus_update(policy, optimizer, &(gradus_step){.loss = 1, .gradient_norm = 40}, NULL, &error);
    check_close(value, -62, 1e-6, 0);
    assert_int_equal(error.status, GRADUS_OK);
    gradus_optimizer_destroy(optimizer);
    gradus_policy_destroy(policy);
}

static void test_only_skips(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard(action=skip)", 100000, 3);
    run_usual(policy, 100);
    check_next(policy, 3, 1, GRADUS_APPLY, GRADUS_REASON_NONE);
    check_next(policy, 3, 1, GRADUS_APPLY, GRADUS_REASON_NONE);
    for (int i = 0; i < 8; i++) check_next(policy, 4, 1, GRADUS_SKIP, GRADUS_REASON_DIVERGING);
    check_close(gradus_policy_rate(policy), 1, 0, 0);
    run_usual(policy, 100);
    for (int i = 0; i < 2; i++) check_next(policy, NAN, 1, GRADUS_SKIP, GRADUS_REASON_NON_FINITE);
    check_next(policy, NAN, 1, GRADUS_STOP, GRADUS_REASON_TOO_MANY_SKIPS); /* the eleventh of 213 */
    check_why(policy, "guard: 11 of 213 gradients could not be used, this one with loss nan: stopped");
    gradus_policy_destroy(policy);
}

/* Losses 0.9, 1, 1.1 in turn: median 1, MAD 0.1. 1.8 is 5.4 deviations above, which is less than z and more than half of it. */
static void run_in_turn(gradus_policy *policy, int updates)
{
    for (int i = 0; i < updates; i++) check_next(policy, 0.9 + 0.1 * (i % 3), 1, GRADUS_APPLY, GRADUS_REASON_NONE);
}

static void test_losses_that_stay_high(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard", 10000, 3);
    run_in_turn(policy, 350);
    for (int i = 0; i < 3; i++) { /* five of each six: 15 high ones in 18 */
        if (i) check_next(policy, 1, 1, GRADUS_APPLY, GRADUS_REASON_NONE);
        for (int j = 0; j < (i < 2 ? 5 : 4); j++) check_next(policy, 1.8, 1, GRADUS_APPLY, GRADUS_REASON_NONE);
    }
    gradus_decision decision = attempt(policy, 1.8, 1);
    assert_int_equal(decision.action, GRADUS_ROLL_BACK);
    assert_int_equal(decision.reason, GRADUS_REASON_DIVERGING);
    assert_int_equal(decision.update, 300);
    check_why(policy, "guard: 15 of the latest 20 losses are far above their median 1, this one is 1.8: back to update "
                      "300, x 0.5");
    for (int i = 0; i < 5; i++) /* what was counted before it went back is forgotten */
        check_next(policy, 1.8, 1, GRADUS_APPLY, GRADUS_REASON_NONE);
    run_in_turn(policy, 150);
    for (int i = 0; i < 60; i++) /* two of each three: 14 in 20 */
        check_next(policy, i % 3 ? 1.8 : 1, 1, GRADUS_APPLY, GRADUS_REASON_NONE);
    gradus_policy_destroy(policy);
    policy = make("guard(many=never)", 10000, 3);
    run_in_turn(policy, 350);
    for (int i = 0; i < 90; i++) check_next(policy, 1.8, 1, GRADUS_APPLY, GRADUS_REASON_NONE);
    gradus_policy_destroy(policy);
}

/* The snapshot must be older than the losses that were counted. */
static void test_where_high_losses_began(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard", 10000, 3);
    run_in_turn(policy, 295);
    for (int i = 0; i < 14; i++) check_next(policy, 1.8, 1, GRADUS_APPLY, GRADUS_REASON_NONE);
    assert_int_equal(attempt(policy, 1.8, 1).update, 200); /* 300 was kept among them */
    gradus_policy_destroy(policy);
}

/* A snapshot taken after the trouble had begun is of no use. */
static void test_takes_an_older_snapshot(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard(count=5, within=5)", 10000, 3);
    run_usual(policy, 297);
    for (int i = 0; i < 4; i++)
        check_next(policy, 3 + i, 1, GRADUS_APPLY, GRADUS_REASON_NONE); /* 300 is kept among these */
    gradus_decision decision = attempt(policy, 9, 1);
    assert_int_equal(decision.action, GRADUS_ROLL_BACK);
    assert_int_equal(decision.update, 200);
    gradus_policy_destroy(policy);
}

static void test_backs_off_without_snapshots(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        gradus_policy *policy = make(i ? "guard(action=back_off)" : "guard", 100000, i ? 3 : 0);
        run_usual(policy, 350);
        for (int j = 0; j < 2; j++) attempt(policy, 2 + j, 1);
        check_next(policy, 4, 1, GRADUS_SKIP, GRADUS_REASON_DIVERGING);
        check_close(attempt(policy, 4, 1).rate, 0.01, 1e-14, 0);
        for (int j = 1; j < 500; j++)
            check_next(policy, 1.4 * usual(j), 1, GRADUS_APPLY, GRADUS_REASON_NONE); /* a new normal */
        check_close(gradus_policy_rate(policy), 0.5, 0, 0);
        gradus_policy_destroy(policy);
    }
}

static void test_losses_that_never_come_back(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard(z=1000)", 100000, 3);
    int64_t update = 0;
    gradus_decision decision = {0};
    for (; update < 1000; update++) { /* a slow rise, which no deviation from the median shows */
        decision = attempt(policy, (1 + 0.005 * (double)update) * usual(update), 1);
        if (decision.action != GRADUS_APPLY) break;
    }
    assert_int_equal(decision.action, GRADUS_ROLL_BACK);
    assert_int_equal(decision.reason, GRADUS_REASON_DIVERGING);
    assert_true(update > 150 && update < 350);
    assert_true(decision.update < update - 50);
    gradus_policy_destroy(policy);
}

static void test_stops_when_asked_to(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard(action=stop)", 10000, 3);
    run_usual(policy, 100);
    for (int i = 0; i < 2; i++) check_next(policy, NAN, 1, GRADUS_SKIP, GRADUS_REASON_NON_FINITE);
    check_next(policy, NAN, 1, GRADUS_STOP, GRADUS_REASON_NON_FINITE);
    assert_true(gradus_policy_finished(policy));
    assert_int_equal(gradus_policy_reason(policy), GRADUS_REASON_NON_FINITE);
    gradus_policy_destroy(policy);
}

/* Weights that are lost answer every gradient with NaN: that must end, and soon. */
static void test_gives_up(void **state)
{
    (void)state;
    for (int32_t snapshots = 0; snapshots < 4; snapshots++) {
        gradus_policy *policy = make("guard", 10000, snapshots);
        run_usual(policy, 350);
        int attempts = 0;
        while (!gradus_policy_finished(policy) && attempts < 100) attempt(policy, NAN, 1), attempts++;
        assert_true(attempts < 20);
        int32_t reason = gradus_policy_reason(policy);
        assert_true(reason == GRADUS_REASON_TOO_MANY_SKIPS || reason == GRADUS_REASON_TOO_MANY_ROLLBACKS);
        gradus_policy_destroy(policy);
    }
}

/* Without a way back a loss that stays where it should not be is lowered again, and then given up. */
static void test_gives_up_a_lost_loss(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard", 10000, 0);
    run_usual(policy, 350);
    int64_t attempts = 0;
    for (; !gradus_policy_finished(policy) && attempts < 2000; attempts++) attempt(policy, 8 * usual(attempts), 1);
    assert_int_equal(gradus_policy_reason(policy), GRADUS_REASON_TOO_MANY_ROLLBACKS);
    assert_true(attempts < 500);
    gradus_policy_destroy(policy);
}

/* Whatever calm there is on the way to a place that cannot be passed: coming there again and again is no progress. */
static void test_gives_up_where_it_always_fails(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard", 150, 3);
    int attempts = 0;
    for (; !gradus_policy_finished(policy) && attempts < 5000; attempts++) {
        gradus_decision next;
        gradus_policy_peek(policy, &next);
        attempt(policy, next.update < 70 ? usual(attempts) : 20, 1);
    }
    assert_int_equal(gradus_policy_reason(policy), GRADUS_REASON_TOO_MANY_ROLLBACKS);
    assert_true(attempts > 300); /* four times back to the first update */
    gradus_policy_destroy(policy);
}

static void test_skips_have_a_budget(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard", 100000, 0);
    int skipped = 0;
    for (int i = 0; i < 3000 && !gradus_policy_finished(policy); i++) {
        bool broken = i > 50 && i % 10 == 0; /* one in ten: never three of five */
        int32_t action = attempt(policy, broken ? NAN : usual(i), 1).action;
        if (action == GRADUS_SKIP) skipped++;
    }
    assert_true(gradus_policy_finished(policy));
    assert_int_equal(gradus_policy_reason(policy), GRADUS_REASON_TOO_MANY_SKIPS);
    assert_int_equal(skipped, 10);
    gradus_policy_destroy(policy);
}

static void trouble(gradus_policy *policy)
{
    for (int i = 0; i < 3; i++) attempt(policy, NAN, 1);
}

static void test_third_time_and_recovery(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard(rewarm=0, rollbacks=10)", 100000, 0);
    run_usual(policy, 200);
    static const double levels[] = {0.5, 0.25, 0.025, 0.0125};
    for (int i = 0; i < 4; i++) {
        trouble(policy);
        check_close(gradus_policy_rate(policy), levels[i], 1e-14, 0);
        run_usual(policy, 100);
    }
    run_usual(policy, 899);
    check_close(gradus_policy_rate(policy), levels[3], 1e-14, 0);
    run_usual(policy, 1); /* a thousand quiet updates */
    check_close(gradus_policy_rate(policy), levels[3] * 1.25, 1e-14, 0);
    run_usual(policy, 30000);
    check_close(gradus_policy_rate(policy), 1, 0, 0); /* and never above */
    trouble(policy);
    check_close(gradus_policy_rate(policy), 0.5, 0, 0); /* no longer in a row */
    gradus_policy_destroy(policy);
    policy = make("guard(rewarm=0)", 2000, 0); /* a short run: a tenth of it is long enough */
    run_usual(policy, 100);
    trouble(policy);
    run_usual(policy, 199);
    check_close(gradus_policy_rate(policy), 0.5, 0, 0);
    run_usual(policy, 1);
    check_close(gradus_policy_rate(policy), 0.625, 0, 0);
    gradus_policy_destroy(policy);
}

/* What it says while it is on the way up again: a skip changes no rate, and a further back-off is told as what it is. */
static void test_words(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard", 10000, 3);
    for (int i = 0; i < 350; i++) attempt(policy, 0.9 + 0.1 * (i % 3), 1); /* median 1, MAD 0.1 */
    for (int i = 0; i < 3; i++) attempt(policy, 9, 1);                     /* 8 / 0.14826 = 53.96 */
    check_why(policy, "guard: loss 9 is 53.96 deviations above its median 1: back to update 300, x 0.5");
    check_close(attempt(policy, 1, 1).rate, 0.01, 1e-14, 0);
    check_next(policy, NAN, 1, GRADUS_SKIP, GRADUS_REASON_NON_FINITE);
    check_why(policy, "guard: loss nan is not finite: skipped");
    check_next(policy, 1, INFINITY, GRADUS_SKIP, GRADUS_REASON_NON_FINITE);
    check_why(policy, "guard: gradient_norm inf is not finite: skipped");
    assert_int_equal(attempt(policy, NAN, INFINITY).action, GRADUS_ROLL_BACK);
    check_why(policy, "guard: loss nan is not finite: back to update 300, x 0.5");
    check_close(attempt(policy, 1, 1).rate, 0.25 / 50, 1e-14, 0);
    for (int i = 0; i < 3; i++) attempt(policy, NAN, 1); /* at update 301; the third time in a row */
    check_why(policy, "guard: loss nan is not finite: back to update 300, x 0.1");
    for (int i = 0; i < 3; i++) attempt(policy, NAN, 1); /* at update 300: that snapshot is no good either */
    check_why(policy, "guard: loss nan is not finite: back to update 200, x 0.5");
    for (int i = 0; i < 3; i++) attempt(policy, NAN, 1);
    assert_int_equal(gradus_policy_reason(policy), GRADUS_REASON_TOO_MANY_ROLLBACKS);
    check_why(policy, "guard: trouble again, loss nan, after 4 interventions within 367 updates: stopped");
    gradus_policy_destroy(policy);
}

static void keep_last(void *user, const char *json, size_t length) { snprintf(user, 1024, "%.*s", (int)length, json); }

/* The log: the factor that an intervention lowers is the one that the rate was on its way to. */
static void test_log(void **state)
{
    (void)state;
    gradus_error error = {0};
    char last[1024] = "";
    gradus_policy *policy = gradus_policy_create(&(gradus_policy_config){.base = 1,
                                                                         .feedback = "guard(exploding=clip)",
                                                                         .units = {.total = 10000},
                                                                         .log = keep_last,
                                                                         .log_user = last},
                                                 &error);
    assert_non_null(policy);
    run_usual(policy, 100);
    attempt(policy, 1, 40);
    assert_non_null(strstr(last, "\"action\": \"clip\", \"reason\": \"exploding_gradient\", \"factor_before\": 1,"));
    for (int i = 0; i < 2; i++) attempt(policy, NAN, 1); /* with the one before three wrong ones of five */
    assert_non_null(strstr(last, "\"action\": \"back_off\", \"reason\": \"non_finite\", \"factor_before\": 1, "
                                 "\"factor_after\": 0.5,"));
    attempt(policy, 1, 1);
    attempt(policy, NAN, 1);
    assert_non_null(strstr(last, "\"action\": \"skip\", \"reason\": \"non_finite\", \"factor_before\": 0.01, "
                                 "\"factor_after\": 0.01,"));
    for (int i = 0; i < 2; i++) attempt(policy, NAN, 1);
    assert_non_null(strstr(last, "\"action\": \"back_off\", \"reason\": \"non_finite\", \"factor_before\": 0.5, "
                                 "\"factor_after\": 0.25,"));
    gradus_policy_destroy(policy);
}

/* ---- healthy losses ---- */

static double falling(uint64_t seed, int64_t i)
{
    return (2 / (1 + (double)i / 300) + 0.02) * exp(0.3 * gradus_random_normal(seed, 1, (uint64_t)i));
}
static double heavy_tailed(uint64_t seed, int64_t i) /* a converged net: now and then a batch that it gets wrong */
{
    double start = 2.3 * exp(-(double)i / 200), outlier = gradus_random_unit(seed, 2, (uint64_t)i) < 0.05 ? 1 : 0.01;
    return start + outlier * gradus_random_unit(seed, 3, (uint64_t)i);
}
static double single_example(uint64_t seed, int64_t i) /* squared error of one example */
{
    double error = gradus_random_normal(seed, 4, (uint64_t)i);
    return (0.1 + exp(-(double)i / 500)) * error * error;
}
static double negative(uint64_t seed, int64_t i) { return -10 + falling(seed, i); }
static double exact(uint64_t seed, int64_t i) { return exp(-(double)(i + (int64_t)seed) / 100); }
static double constant(uint64_t seed, int64_t i) { return 1 + 1e-9 * gradus_random_normal(seed, 5, (uint64_t)i); }

static void test_healthy_runs_are_left_alone(void **state)
{
    (void)state;
    double (*const kinds[])(uint64_t, int64_t) = {falling, heavy_tailed, single_example, negative, exact, constant};
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            gradus_policy *policy = make("guard", 5000, 3);
            for (int64_t i = 0; i < 5000; i++) {
                double norm = exp(gradus_random_normal(seed, 6, (uint64_t)i) / 2);
                gradus_decision decision = attempt(policy, kinds[kind](seed, i), norm);
                if (decision.action == GRADUS_APPLY && decision.feedback == 1) continue;
                char why[256];
                gradus_policy_explain(policy, why, sizeof why);
                fail_msg("kind %d, seed %d, update %d: %s", (int)kind, (int)seed, (int)i, why);
            }
            gradus_policy_destroy(policy);
        }
}

static void test_arguments(void **state)
{
    (void)state;
    gradus_error error = {0};
    assert_null(gradus_policy_create(&(gradus_policy_config){.base = 1, .feedback = "guard(count=6)"}, &error));
    assert_string_equal(error.message, "feedback: count= cannot be more than within=");
    error = (gradus_error){0};
    assert_null(gradus_policy_create(&(gradus_policy_config){.base = 1, .feedback = "guard(among=9)"}, &error));
    assert_string_equal(error.message, "feedback: many= cannot be more than among=");
    error = (gradus_error){0};
    assert_null(gradus_policy_create(&(gradus_policy_config){.base = 1, .feedback = "guard(per=1ep)"}, &error));
    assert_int_equal(error.code, GRADUS_CODE_WRONG_UNIT);
    assert_int_equal(error.column, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_skips_what_is_not_finite),
        cmocka_unit_test(test_skips_what_explodes),
        cmocka_unit_test(test_clips_what_explodes),
        cmocka_unit_test(test_clips_within_gradus_update),
        cmocka_unit_test(test_only_skips),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_a_hard_example_explodes_nothing),
        cmocka_unit_test(test_rolls_back),
        cmocka_unit_test(test_losses_that_stay_high),
        cmocka_unit_test(test_where_high_losses_began),
        cmocka_unit_test(test_takes_an_older_snapshot),
        cmocka_unit_test(test_backs_off_without_snapshots),
        cmocka_unit_test(test_losses_that_never_come_back),
        cmocka_unit_test(test_stops_when_asked_to),
        cmocka_unit_test(test_gives_up),
        cmocka_unit_test(test_gives_up_a_lost_loss),
        cmocka_unit_test(test_gives_up_where_it_always_fails),
        cmocka_unit_test(test_skips_have_a_budget),
        cmocka_unit_test(test_third_time_and_recovery),
        cmocka_unit_test(test_healthy_runs_are_left_alone),
        cmocka_unit_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
