/* hypergradient and derivative_notch: traces worked by hand, the paper's two algorithms step by step beside them, bounds, what
 * becomes of updates that were not made, and when they tell. */
#include "check.h"
#include "gradus/gradus.h"

static gradus_error error;

typedef struct lines {
    char text[8192];
    int count;
} lines;

static void keep_line(void *user, const char *json, size_t length)
{
    lines *into = user;
    snprintf(into->text, sizeof into->text, "%.*s", (int)length, json);
    into->count++;
}

static lines told;

static gradus_policy *make(const char *feedback, double base, const char *schedule)
{
    error = (gradus_error){0};
    told = (lines){.count = 0};
    gradus_policy *policy = gradus_policy_create(&(gradus_policy_config){.base = base,
                                                                         .schedule = schedule,
                                                                         .feedback = feedback,
                                                                         .units = {.updates_per_epoch = 8},
                                                                         .snapshots = 1,
                                                                         .log = keep_line,
                                                                         .log_user = &told},
                                                 &error);
    if (!policy) fail_msg("%s: %s", feedback, error.message);
    return policy;
}

static void observe(gradus_policy *policy, double dot, double update_norm, double gradient_norm)
{
    assert_true(gradus_policy_observe(policy, "gradient_dot_last_update", dot));
    assert_true(gradus_policy_observe(policy, "update_norm", update_norm));
    assert_true(gradus_policy_observe(policy, "gradient_norm", gradient_norm));
}

static double decide(gradus_policy *policy)
{
    gradus_decision decision;
    assert_int_equal(gradus_policy_decide(policy, &decision), GRADUS_APPLY);
    return decision.rate;
}

/* One update that is applied, at the rate that it should have. */
static void update(gradus_policy *policy, double dot, double update_norm, double gradient_norm, double rate)
{
    observe(policy, dot, update_norm, gradient_norm);
    check_close(decide(policy), rate, 1e-14, 0);
    gradus_policy_applied(policy, NULL);
}

/* ---- hypergradient ---- */

static void multiplicative_by_hand(void **state)
{
    (void)state;
    gradus_policy *policy = make("hypergradient(rate=0.1)", 2, "constant");
    check_close(decide(policy), 2, 0, 0); /* nothing to go by yet */
    gradus_policy_applied(policy, NULL);
    update(policy, -3, 2, 3, 2 * 1.05);        /* cosine -0.5: along the way down, so longer steps */
    update(policy, 6, 2, 3, 2 * 1.05 * 0.9);   /* cosine 1 */
    update(policy, 0, 2, 3, 2 * 1.05 * 0.9);   /* across */
    update(policy, 1, 0, 3, 2 * 1.05 * 0.9);   /* nothing moved */
    update(policy, NAN, 2, 3, 2 * 1.05 * 0.9); /* not known */
    gradus_policy_observe(policy, "update_norm", 1);
    gradus_policy_observe(policy, "gradient_norm", 1);
    check_close(decide(policy), 2 * 1.05 * 0.9, 1e-14, 0); /* the product was not told */
    gradus_policy_destroy(policy);
    policy = make("hypergradient(rate=0.1, target=0.5)", 1, "constant");
    decide(policy);
    gradus_policy_applied(policy, NULL);
    update(policy, 1, 1, 2, 1);
    update(policy, -1, 1, 2, 1.1);
    gradus_policy_destroy(policy);
}

static void bounds(void **state)
{
    (void)state;
    gradus_policy *policy = make("hypergradient(rate=10, low=0.25, high=4)", 1, "constant");
    decide(policy);
    gradus_policy_applied(policy, NULL);
    update(policy, -1, 1, 1, 4);
    update(policy, 1, 1, 1, 0.25); /* would have been below 0 */
    gradus_policy_destroy(policy);
    assert_null(gradus_policy_create(&(gradus_policy_config){.base = 1, .feedback = "hypergradient(low=2)"}, &error));
    assert_int_equal(error.code, GRADUS_CODE_OUT_OF_RANGE);
}

/* An update that is skipped or rolled back has never been; the next gradient starts from the factor before it. */
static void not_applied(void **state)
{
    (void)state;
    gradus_policy *policy = make("hypergradient(rate=0.1)", 1, "constant");
    decide(policy);
    gradus_policy_applied(policy, NULL);
    observe(policy, -1, 1, 1);
    check_close(decide(policy), 1.1, 1e-14, 0); /* and somebody else leaves it out */
    observe(policy, -1, 1, 1);
    check_close(decide(policy), 1.1, 1e-14, 0); /* again from 1 */
    gradus_policy_applied(policy, NULL);
    update(policy, -1, 1, 1, 1.21);
    gradus_policy_destroy(policy);
}

/* f(x) = 1/2 sum h x^2 by the paper's Algorithm 4 (SGD-HD): rate(t) = rate(t-1) + beta g(t) g(t-1), beside a schedule too. */
enum { DIMENSIONS = 3, UPDATES = 60 };

static void sgd_of_the_paper(void **state)
{
    (void)state;
    const double h[DIMENSIONS] = {1, 3, 0.2}, base = 0.05, beta = 2e-3;
    gradus_policy *policy = make("hypergradient(sgd, rate=2e-3)", base, "step(20, 0.5)");
    double x[DIMENSIONS] = {1, -2, 3}, before[DIMENSIONS] = {0}, rate = base, applied = 0;
    for (int i = 0; i < UPDATES; i++) {
        double g[DIMENSIONS], dot = 0, moved = 0, norm = 0, shrink = pow(0.5, i / 20);
        for (int j = 0; j < DIMENSIONS; j++) {
            g[j] = h[j] * x[j];
            rate += i ? beta * g[j] * before[j] : 0;
            norm += g[j] * g[j];
            dot -= g[j] * before[j];
            moved += before[j] * before[j];
        }
        if (i > 0) observe(policy, dot * applied, sqrt(moved) * applied, sqrt(norm)); /* it added -applied before */
        applied = decide(policy);
        check_close(applied, rate * shrink, 1e-12, 0);
        gradus_policy_applied(policy, NULL);
        for (int j = 0; j < DIMENSIONS; j++) x[j] -= applied * g[j], before[j] = g[j];
    }
    assert_true(rate > 2 * base); /* it was too small */
    gradus_policy_destroy(policy);
}

/* Algorithm 5 (Adam-HD): u is Adam's direction without the rate. */
static void adam_of_the_paper(void **state)
{
    (void)state;
    const double h[DIMENSIONS] = {1, 3, 0.2}, base = 0.01, beta = 1e-5;
    gradus_policy *policy = make("hypergradient(adam, rate=1e-5)", base, "constant");
    double x[DIMENSIONS] = {1, -2, 3}, m[DIMENSIONS] = {0}, v[DIMENSIONS] = {0}, u[DIMENSIONS] = {0}, rate = base;
    for (int i = 0; i < UPDATES; i++) {
        double g[DIMENSIONS], dot = 0, moved = 0, norm = 0, old = rate;
        for (int j = 0; j < DIMENSIONS; j++) {
            g[j] = h[j] * x[j];
            rate += i ? beta * g[j] * u[j] : 0;
            norm += g[j] * g[j];
            dot -= g[j] * old * u[j];
            moved += old * u[j] * old * u[j];
        }
        if (i > 0) observe(policy, dot, sqrt(moved), sqrt(norm));
        check_close(decide(policy), rate, 1e-12, 0);
        gradus_policy_applied(policy, NULL);
        for (int j = 0; j < DIMENSIONS; j++) {
            m[j] = 0.9 * m[j] + 0.1 * g[j];
            v[j] = 0.999 * v[j] + 0.001 * g[j] * g[j];
            u[j] = m[j] / (1 - pow(0.9, i + 1)) / (sqrt(v[j] / (1 - pow(0.999, i + 1))) + 1e-8);
            x[j] -= rate * u[j];
        }
    }
    assert_true(rate > 1.05 * base);
    gradus_policy_destroy(policy);
}

/* The usual step sizes of the three forms. */
static void usual_rates(void **state)
{
    (void)state;
    const struct {
        const char *feedback;
        double rate;
    } forms[] = {{"hypergradient", 0.5 * 1.025},
                 {"hypergradient(sgd)", 0.5 + 1e-3 * 6},
                 {"hypergradient(adam)", 0.5 + 1e-7 * 6}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        gradus_policy *policy = make(forms[i].feedback, 0.5, "constant");
        decide(policy);
        gradus_policy_applied(policy, NULL);
        update(policy, -3, 2, 3, forms[i].rate); /* g u = 3 / 0.5 */
        gradus_policy_destroy(policy);
    }
}

static void tells_now_and_then(void **state)
{
    (void)state;
    gradus_policy *policy = make("hypergradient(rate=0.1)", 1, "constant");
    decide(policy);
    gradus_policy_applied(policy, NULL);
    double rate = 1;
    for (int i = 0; i < 17; i++) update(policy, -1, 2, 2, rate *= 1.025); /* 1.025^17 = 1.52 */
    assert_int_equal(told.count, 1);
    assert_non_null(strstr(told.text, "\"by\": \"hypergradient\", \"id\": \"feedback.0\", \"action\": \"raise\", "
                                      "\"reason\": \"rate_derivative\", \"factor_before\": 1,"));
    assert_non_null(strstr(told.text,
                           "\"seen\": {\"cosine\": -0.25, \"count\": 17}, \"rule\": \"cosine of gradient and "
                           "last update, mean of count updates\""));
    assert_non_null(strstr(told.text, "\"text\": \"hypergradient: cosine -0.25 of gradient and last update, mean of 17 "
                                      "updates: x 1.522\""));
    for (int i = 0; i < 20; i++) update(policy, 1, 2, 2, rate *= 0.975);
    assert_int_equal(told.count, 2);
    assert_non_null(strstr(told.text, "\"action\": \"lower\""));
    gradus_policy_destroy(policy);
}

/* ---- derivative_notch ---- */

static void mean_cosine(gradus_policy *policy, int updates, double cosine, double rate)
{
    for (int i = 0; i < updates; i++) update(policy, 2 * cosine + (i % 2 ? 0.5 : -0.5), 2, 1, rate);
}

static void notches(void **state)
{
    (void)state;
    gradus_policy *policy = make("derivative_notch([0.1, 0.05, 0.02], window=1ep, threshold=0.1)", 3, "constant");
    decide(policy);
    gradus_policy_applied(policy, NULL);
    mean_cosine(policy, 16, 0.1, 3); /* not above */
    mean_cosine(policy, 8, 0.11, 3); /* above: known with the next */
    mean_cosine(policy, 8, -0.9, 1.5);
    mean_cosine(policy, 8, 0.11, 1.5);
    assert_int_equal(told.count, 1);
    assert_non_null(strstr(told.text, "\"reason\": \"rate_derivative\", \"factor_before\": 1, \"factor_after\": 0.5"));
    assert_non_null(strstr(told.text,
                           "derivative_notch: cosine 0.11 of gradient and last update, mean of 8 updates, is "
                           "above 0.1: x 0.5\""));
    mean_cosine(policy, 40, 0.9, 0.6); /* stays on the last */
    assert_int_equal(told.count, 2);
    gradus_policy_destroy(policy);
    policy = make("derivative_notch([2, 1])", 1, "constant");
    decide(policy);
    gradus_policy_applied(policy, NULL);
    mean_cosine(policy, 17, 0, 1); /* 0 is not above 0 */
    gradus_policy_destroy(policy);
}

/* Only the ratio to the first counts. */
static void same_notches(void **state)
{
    (void)state;
    static const char *const same[] = {"derivative_notch([0.1, 0.05], window=4)",
                                       "derivative_notch([1, 0.5], window=4)", "derivative_notch([30, 15], window=4)"};
    for (int i = 0; i < 3; i++) {
        gradus_policy *policy = make(same[i], 0.1, "constant");
        decide(policy);
        gradus_policy_applied(policy, NULL);
        mean_cosine(policy, 4, 0.1, 0.1);
        mean_cosine(policy, 8, 0.1, 0.05);
        gradus_policy_destroy(policy);
    }
}

static void check_end(const char *feedback, int notches_before)
{
    gradus_decision decision;
    gradus_policy *policy = make(feedback, 0.1, "constant");
    decide(policy);
    gradus_policy_applied(policy, NULL);
    for (int i = 0;; i++) {
        observe(policy, 1, 2, 1);
        if (gradus_policy_decide(policy, &decision) != GRADUS_APPLY) {
            assert_int_equal(i, 8 * (notches_before + 1));
            break;
        }
        gradus_policy_applied(policy, NULL);
        assert_true(i < 100);
    }
    assert_int_equal(decision.action, GRADUS_STOP);
    assert_int_equal(decision.reason, GRADUS_REASON_RATE_AT_MINIMUM);
    assert_true(gradus_policy_finished(policy));
    assert_int_equal(gradus_policy_reason(policy), GRADUS_REASON_RATE_AT_MINIMUM);
    assert_int_equal(told.count, notches_before + 1);
    assert_non_null(strstr(told.text, "\"text\": \"derivative_notch: cosine 0.5 of gradient and last update, mean of 8 "
                                      "updates, is above 0; until 0.01: stopped\""));
    gradus_policy_destroy(policy);
}

/* `until` is one notch more, at which the run ends; or one of the list. */
static void ends_the_run(void **state)
{
    (void)state;
    check_end("derivative_notch([0.1, 0.05], until=0.01)", 1);
    check_end("derivative_notch([0.1, 0.05, 0.01, 0.005], until=0.01)", 1);
    check_end("derivative_notch(0.1, until=0.01)", 0);
}

/* Cosines of updates that were not made do not fill the window. */
static void counts_what_was_applied(void **state)
{
    (void)state;
    gradus_policy *policy = make("derivative_notch([1, 0.5], window=2)", 1, "constant");
    for (int i = 0; i < 10; i++) {
        observe(policy, 1, 1, 1);
        check_close(decide(policy), 1, 0, 0);
    }
    gradus_policy_applied(policy, NULL);
    update(policy, 1, 1, 1, 1);
    update(policy, NAN, 1, 1, 0.5);
    gradus_policy_destroy(policy);
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *feedback, *words;
    } wrong[] = {{"derivative_notch([0.1, 0.1])", "each notch must be below the one before it"},
                 {"derivative_notch([0.1, 0.2])", "each notch must be below the one before it"},
                 {"derivative_notch([0.1, 0.05], until=0.1)", "until= must be below the first notch"},
                 {"derivative_notch([0.1, 0])", "must be above 0"},
                 {"derivative_notch(threshold=2)", "must be in [-1, 1]"},
                 {"derivative_notch(window=0)", "must be above 0"},
                 {"hypergradient(rate=0)", "must be above 0"},
                 {"hypergradient(momentum)", "multiplicative, sgd"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        error = (gradus_error){0};
        assert_null(gradus_policy_create(&(gradus_policy_config){.base = 1, .feedback = wrong[i].feedback}, &error));
        if (!strstr(error.message, wrong[i].words)) fail_msg("%s: %s", wrong[i].feedback, error.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(multiplicative_by_hand),
                                       cmocka_unit_test(bounds),
                                       cmocka_unit_test(not_applied),
                                       cmocka_unit_test(sgd_of_the_paper),
                                       cmocka_unit_test(adam_of_the_paper),
                                       cmocka_unit_test(usual_rates),
                                       cmocka_unit_test(tells_now_and_then),
                                       cmocka_unit_test(notches),
                                       cmocka_unit_test(same_notches),
                                       cmocka_unit_test(ends_the_run),
                                       cmocka_unit_test(counts_what_was_applied),
                                       cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
