/* average_loss and max_improvement: traces worked by hand, what enters a window and what does not, and that a loss that goes on
 * falling never lowers the rate. */
#include "check.h"
#include "gradus/base.h"

static gradus_policy *make(const char *feedback)
{
    gradus_error error = {0};
    gradus_policy *policy = gradus_policy_create(
        &(gradus_policy_config){.base = 1, .feedback = feedback, .units = {.updates_per_epoch = 3}, .snapshots = 1},
        &error);
    if (!policy) fail_msg("%s: %s", feedback, error.message);
    return policy;
}

/* One update with this loss; the rate that it is made at. */
static double update(gradus_policy *policy, double loss)
{
    gradus_decision decision;
    gradus_policy_observe(policy, "loss", loss);
    if (gradus_policy_decide(policy, &decision) == GRADUS_APPLY) gradus_policy_applied(policy, NULL);
    return decision.rate;
}

typedef struct look {
    double loss, rate;
} look;

static void check_trace(const char *feedback, const look *looks, size_t count)
{
    gradus_policy *policy = make(feedback);
    for (size_t i = 0; i < count; i++) {
        double rate = update(policy, looks[i].loss);
        if (rate != looks[i].rate)
            fail_msg("%s: update %d with loss %g at %g, expected %g", feedback, (int)i, looks[i].loss, rate,
                     looks[i].rate);
    }
    gradus_policy_destroy(policy);
}
#define trace(feedback, ...) \
    check_trace(feedback, (const look[]){__VA_ARGS__}, sizeof((const look[]){__VA_ARGS__}) / sizeof(look))

/* Means of two: 3, 2, 2, 1, 0.5, 0.5; what a window tells is known when its last update has been applied. */
static void test_means(void **state)
{
    (void)state;
    trace("average_loss(2, factor=0.5)", {4, 1}, {2, 1}, {3, 1}, {1, 1}, {0, 1}, {4, 1}, {1, 0.5}, {1, 0.5}, {1, 0.5},
          {0, 0.5}, {0.5, 0.5}, {0.5, 0.5}, {0, 0.25});
    /* a mean that rose is what the next is measured against, once the rate has fallen: 1, 3, 2, 2 */
    trace("average_loss(2, factor=0.5)", {1, 1}, {1, 1}, {3, 1}, {3, 1}, {2, 0.5}, {2, 0.5}, {2, 0.5}, {2, 0.5},
          {0, 0.25});
    /* 2, 2, 2: two in a row; 2, 3, 1.5: the second is forgiven; 2, 3, 2: the third is no better than the first */
    trace("average_loss(1, patience=2, factor=0.5)", {2, 1}, {2, 1}, {2, 1}, {2, 0.5});
    trace("average_loss(1, patience=2, factor=0.5)", {2, 1}, {3, 1}, {1.5, 1}, {1.5, 1}, {1.4, 1}, {1, 1});
    trace("average_loss(1, patience=2, factor=0.5)", {2, 1}, {3, 1}, {2, 1}, {2, 0.5});
}

/* A tenth of 10 is 1, a tenth of the size of -10 is 1 too: 9.1 and -10.9 are not enough, 8.9 and -11.1 are. */
static void test_min_delta(void **state)
{
    (void)state;
    trace("average_loss(1, min_delta=0.1, factor=0.5)", {10, 1}, {8.9, 1}, {8.9, 1});
    trace("average_loss(1, min_delta=0.1, factor=0.5)", {10, 1}, {9.1, 1}, {9.1, 0.5});
    trace("average_loss(1, min_delta=0.1, factor=0.5)", {-10, 1}, {-11.1, 1}, {-11.1, 1});
    trace("average_loss(1, min_delta=0.1, factor=0.5)", {-10, 1}, {-10.9, 1}, {-10.9, 0.5});
    trace("average_loss(1, min_delta=0.1, min_delta_mode=absolute, factor=0.5)", {10, 1}, {9.95, 1}, {9.8, 0.5},
          {9.8, 0.5}, {9.5, 0.25});
    trace("average_loss(1, mode=max, factor=0.5)", {1, 1}, {2, 1}, {1.5, 1}, {1.5, 0.5});
}

static void test_cooldown_and_floor(void **state)
{
    (void)state;
    trace("average_loss(1, cooldown=2, factor=0.5)", {1, 1}, {1, 1}, {1, 0.5}, {1, 0.5}, {1, 0.5}, {1, 0.25},
          {1, 0.25});
    trace("average_loss(1, floor=0.3, factor=0.5)", {1, 1}, {1, 1}, {1, 0.5}, {1, 0.3}, {1, 0.3});
}

/* Best of two: 2, 1, 1; then 0.5, from where a single lucky look counts for its own window only. */
static void test_bests(void **state)
{
    (void)state;
    trace("max_improvement(2, factor=0.5)", {4, 1}, {2, 1}, {1, 1}, {9, 1}, {8, 1}, {1, 1}, {0.5, 0.5}, {3, 0.5},
          {-5, 0.5}, {3, 0.5}, {1, 0.5}, {1, 0.5}, {0.8, 0.25}, {3, 0.25}, {0.7, 0.25}, {3, 0.25}, {0, 0.25});
    trace("max_improvement(2, mode=max, factor=0.5)", {4, 1}, {2, 1}, {5, 1}, {0, 1}, {1, 1}, {5, 1}, {0, 0.5});
    trace("max_improvement(2, min_delta=0.5, min_delta_mode=absolute, factor=0.5)", {4, 1}, {2, 1}, {1.4, 1}, {9, 1},
          {8, 1}, {1, 1}, {0.5, 0.5});
}

/* A window of two epochs takes the looks of two epochs, and tells at the second. */
static void test_measures_of_the_model(void **state)
{
    (void)state;
    const double looks[] = {4, 2, 3, 1, 1, 3, 5, 1}, rates[] = {1, 1, 1, 1, 1, 0.5, 0.5, 0.25};
    gradus_policy *policy = make("average_loss(2ep, val_loss, factor=0.5)");
    for (int epoch = 0; epoch < 8; epoch++) {
        for (int i = 0; i < 3; i++) update(policy, 1);
        assert_true(gradus_policy_observe(policy, "val_loss", looks[epoch]));
        check_close(gradus_policy_rate(policy), rates[epoch], 0, 0);
    }
    gradus_policy_destroy(policy);
    /* a window without a look is passed over: the first two looks end one, the third ends the next */
    policy = make("average_loss(1, val_loss, factor=0.5)");
    for (int i = 0; i < 12; i++) {
        if (i % 5 == 0) gradus_policy_observe(policy, "val_loss", 1);
        check_close(update(policy, 1), i < 10 ? 1 : 0.5, 0, 0);
    }
    gradus_policy_destroy(policy);
}

/* What was skipped, whoever skipped it, and what is not finite: the means stay 3 and 2. */
static void test_what_enters_no_window(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard > average_loss(2, factor=0.5)");
    update(policy, 4);
    update(policy, NAN);
    gradus_policy_observe(policy, "non_finite", 7);
    update(policy, 1000);
    check_close(update(policy, 2), 1, 0, 0);
    update(policy, 2);
    update(policy, 2);
    check_close(update(policy, 9), 1, 0, 0);
    gradus_policy_destroy(policy);
}

/* After a rollback, whose clock is that of an earlier window, means are of what comes after. */
static void test_clock_is_set_back(void **state)
{
    (void)state;
    gradus_policy *policy = make("guard(rewarm=0, backoff=1) > average_loss(20, factor=0.5)");
    int rolled_back = 0;
    for (int i = 0; i < 400; i++) {
        gradus_decision decision;
        gradus_policy_observe(policy, "loss", i >= 150 && i < 153 ? NAN : 10 - 0.01 * i);
        gradus_policy_decide(policy, &decision);
        if (decision.action == GRADUS_APPLY) gradus_policy_applied(policy, NULL);
        rolled_back += decision.action == GRADUS_ROLL_BACK;
        check_close(decision.feedback, 1, 0, 0);
    }
    assert_int_equal(rolled_back, 1);
    for (int i = 0; i < 80; i++) update(policy, 6);
    assert_true(gradus_policy_rate(policy) < 1);
    gradus_policy_destroy(policy);
}

static void check_falling(uint64_t run, const char *member)
{
    char spec[160];
    double delta = gradus_random_unit(run, 1, 0), window = 1 + floor(20 * gradus_random_unit(run, 2, 0));
    bool relative = gradus_random_bits(run, 3, 0) & 1, rising = gradus_random_bits(run, 4, 0) & 1;
    if (relative) delta /= 10;
    snprintf(spec, sizeof spec, "%s(%g, min_delta=%.17g, min_delta_mode=%s, mode=%s)", member, window, delta,
             relative ? "relative" : "absolute", rising ? "max" : "min");
    gradus_policy *policy = make(spec);
    double loss = 10 * gradus_random_normal(run, 5, 0), largest = 0;
    for (uint64_t i = 0; i < 400; i++) {
        double rate = update(policy, rising ? -loss : loss);
        if (rate != 1) fail_msg("%s: fell at %d, loss %g", spec, (int)i, loss);
        largest = fmax(largest, fabs(loss));
        /* a window falls by more than min_delta even if every step of it is the least there is */
        loss -= (relative ? delta * (largest + 1) : delta) / window * (1.001 + 2 * gradus_random_unit(run, 6, i));
    }
    gradus_policy_destroy(policy);
}

static void test_falling_never_lowers(void **state)
{
    (void)state;
    for (uint64_t run = 0; run < 300; run++) {
        check_falling(run, "average_loss");
        check_falling(run, "max_improvement");
    }
}

static void test_words(void **state)
{
    (void)state;
    char text[256];
    gradus_policy *policy = make("average_loss(2, factor=0.5)");
    for (int i = 0; i < 4; i++) update(policy, 0.25);
    gradus_policy_observe(policy, "loss", 0.25);
    gradus_policy_explain(policy, text, sizeof text);
    assert_string_equal(text, "average_loss: mean loss 0.25 over 2 updates, after 0.25, no better by 0.0001: x 0.5");
    gradus_policy_destroy(policy);
    policy = make("max_improvement(2, factor=0.5)");
    for (int i = 0; i < 4; i++) update(policy, 0.25);
    gradus_policy_observe(policy, "loss", 0.25);
    gradus_policy_explain(policy, text, sizeof text);
    assert_string_equal(text, "max_improvement: best loss 0.25 in 2 updates, after 0.25, no better by 0.0001: x 0.5");
    gradus_policy_destroy(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_means),
        cmocka_unit_test(test_min_delta),
        cmocka_unit_test(test_cooldown_and_floor),
        cmocka_unit_test(test_bests),
        cmocka_unit_test(test_measures_of_the_model),
        cmocka_unit_test(test_what_enters_no_window),
        cmocka_unit_test(test_clock_is_set_back),
        cmocka_unit_test(test_falling_never_lowers),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
