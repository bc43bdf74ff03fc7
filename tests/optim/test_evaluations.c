/* Rules that ask for several evaluations an update: where the trial points are, that any rule inside does with the gradient
 * there what it does alone, that a trial may be given up, and what is refused while one is under way. */
#include "check.h"
#include "gradus/gradus.h"
#include <stdio.h>

enum { COUNT = 2, UPDATES = 5, ROOM = 1 << 14 };

static float x[COUNT], y[COUNT], gradient[COUNT];
static gradus_error error;

typedef struct record {
    unsigned char bytes[ROOM];
    size_t size;
} record;

static int append(void *user, const void *bytes, size_t size)
{
    record *into = user;
    if (into->size + size > ROOM) return 1;
    memcpy(into->bytes + into->size, bytes, size);
    into->size += size;
    return 0;
}

static int fresh(void **state)
{
    (void)state;
    x[0] = y[0] = 3, x[1] = y[1] = -5;
    error = (gradus_error){0};
    return 0;
}

static gradus_optimizer *make(const char *rule, float *values)
{
    gradus_optimizer *optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = rule}, &error);
    gradus_optimizer_add(
        optimizer, &(gradus_parameter){.name = "x", .shape = {COUNT}, .values = values, .gradient = gradient}, &error);
    if (error.status) fail_msg("%s: %s", rule, error.message);
    return optimizer;
}

static gradus_outcome step(gradus_optimizer *optimizer, float first, float second, uint32_t flags)
{
    gradient[0] = first, gradient[1] = second;
    const gradus_outcome outcome = gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1, .flags = flags}, &error);
    if (outcome < 0) fail_msg("%s", error.message);
    return outcome;
}

static void assert_refused(gradus_status status, const char *words)
{
    assert_int_equal(status, GRADUS_ERROR_USE);
    if (!strstr(error.message, words)) fail_msg("'%s' does not say '%s'", error.message, words);
    error = (gradus_error){0};
}

/* ---- sam ---- */

static void sam_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        float trial[COUNT];
    } cases[] = {
        {"sam(sgd, rho=5)", {3 + 3, -5 + 4}},           /* the gradient's norm is 5 */
        {"sam(sgd(maximize), rho=5)", {3 - 3, -5 - 4}}, /* the worst is the lowest */
    };
    for (size_t i = 0; i < 2; i++) {
        fresh(NULL);
        gradus_optimizer *optimizer = make(cases[i].rule, x);
        assert_int_equal(step(optimizer, 3, 4, 0), GRADUS_EVALUATE);
        assert_true(x[0] == cases[i].trial[0] && x[1] == cases[i].trial[1]);
        assert_int_equal(step(optimizer, 1, -2, GRADUS_MEASURE_UPDATE), GRADUS_APPLIED);
        assert_true(x[0] == (i ? 4 : 2) && x[1] == (i ? -7 : -3));
        gradus_measures measures;
        gradus_optimizer_measures(optimizer, &measures);
        check_close(measures.update_norm, sqrt(5), 1e-7, 0); /* from the values, not from the trial point */
        gradus_optimizer_destroy(optimizer);
    }
    fresh(NULL);
    gradus_optimizer *optimizer = make("sam(sgd, rho=20, adaptive, eta=1)", x); /* T = 4, 6: T g = 12, 16 */
    assert_int_equal(step(optimizer, 3, 8.0f / 3, 0), GRADUS_EVALUATE);
    check_close((double)x[0], 3 + 16 * 3, 1e-6, 0);
    check_close((double)x[1], -5 + 36 * 8.0 / 3, 1e-6, 0);
    gradus_optimizer_destroy(optimizer);
}

/* Blended by hand, with what the caller sees of it, whatever the scale of the gradients; clipped as the rule sees it. */
static void penalty_by_hand(void **state)
{
    (void)state;
    static const struct {
        const char *gradient;
        float scale, end[COUNT];
    } cases[] = {{"none", 1, {3 - 2, -5 - 1}},
                 {"none", 0.5f, {3 - 1, -5 - 0.5f}},
                 {"clip_norm(1)", 1, {3 - 0.894427180f, -5.44721365f}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fresh(NULL);
        gradus_optimizer *optimizer = gradus_optimizer_create(
            &(gradus_optimizer_config){.rule = "sam(sgd, rho=4, penalty=2)", .gradient = cases[i].gradient}, &error);
        gradus_optimizer_add(
            optimizer, &(gradus_parameter){.name = "x", .shape = {COUNT}, .values = x, .gradient = gradient}, &error);
        const gradus_step now = {.rate = 1, .gradient_scale = cases[i].scale};
        gradient[0] = 3, gradient[1] = 4;
        assert_int_equal(gradus_optimizer_step(optimizer, &now, &error), GRADUS_EVALUATE);
        gradient[0] = 1, gradient[1] = -2;
        assert_int_equal(gradus_optimizer_step(optimizer, &now, &error), GRADUS_APPLIED);
        assert_true(gradient[0] == 2 && gradient[1] == 1); /* half of each */
        check_close((double)x[0], (double)cases[i].end[0], 1e-7, 0);
        check_close((double)x[1], (double)cases[i].end[1], 1e-7, 0);
        gradus_optimizer_destroy(optimizer);
    }
}

/* torch.optim.SGD(lr=0.1, momentum=0.9) on x A x / 2 + penalty |A x|, differentiated twice, in double precision. On a quadratic the
 * difference of two gradients is exact, at any distance. */
static void penalty_of_torch(void **state)
{
    (void)state;
    static const float a[3][3] = {{3, 1, 0}, {1, 2, -0.5f}, {0, -0.5f, 1}};
    static const struct {
        const char *rule;
        double end[3];
    } cases[] = {
        {"sam(sgd(momentum=0.9), rho=0.5, penalty=0.02)", {0.430825018724, -0.448271224227, -0.205335717786}},
        {"sam(sgd(momentum=0.9), rho=0.5, penalty=0.3)", {0.370392903073, -0.259850948797, -0.30911149341}},
        {"sam(sgd(momentum=0.9), rho=0.1, penalty=0.3)", {0.370392903073, -0.259850948797, -0.30911149341}},
        {"sam(sgd(momentum=0.9), rho=0.3)", {0.370392903073, -0.259850948797, -0.30911149341}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        float values[] = {1, -2, 0.5f}, slope[3];
        int evaluations = 0;
        gradus_optimizer *optimizer =
            gradus_optimizer_create(&(gradus_optimizer_config){.rule = cases[c].rule}, &error);
        gradus_optimizer_add(
            optimizer, &(gradus_parameter){.name = "x", .shape = {3}, .values = values, .gradient = slope}, &error);
        for (; evaluations < 6; evaluations++) { /* three updates */
            for (int i = 0; i < 3; i++) slope[i] = a[i][0] * values[0] + a[i][1] * values[1] + a[i][2] * values[2];
            if (gradus_optimizer_step(optimizer, &(gradus_step){.rate = 0.1}, &error) < 0)
                fail_msg("%s", error.message);
        }
        for (int i = 0; i < 3; i++)
            if (!check_is_close((double)values[i], cases[c].end[i], 5e-6, 0))
                fail_msg("%s: value %d is %.9g", cases[c].rule, i, (double)values[i]);
        gradus_optimizer_destroy(optimizer);
    }
}

/* Whatever is inside or around it sees the values and the second gradient. */
static void any_rule_inside(void **state)
{
    (void)state;
    static const struct {
        const char *wrapped, *alone;
    } cases[] = {{"sam(adam)", "adam"},
                 {"sam(sgd(momentum=0.9, weight_decay=0.1), adaptive)", "sgd(momentum=0.9, weight_decay=0.1)"},
                 {"sam(lamb)", "lamb"},
                 {"sam(dog)", "dog"},
                 {"sam(adafactor)", "adafactor"},
                 {"sam(lookahead(adamw, every=2))", "lookahead(adamw, every=2)"},
                 {"lookahead(sam(adamw), every=2)", "lookahead(adamw, every=2)"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fresh(NULL);
        gradus_optimizer *wrapped = make(cases[i].wrapped, x), *alone = make(cases[i].alone, y);
        for (int update = 0; update < UPDATES; update++) {
            const float u = (float)update;
            assert_int_equal(step(wrapped, 1 + u, 2 - u, 0), GRADUS_EVALUATE);
            assert_true(x[0] != y[0]);
            assert_int_equal(step(wrapped, 3 - u, 1 + u, 0), GRADUS_APPLIED);
            assert_int_equal(step(alone, 3 - u, 1 + u, 0), GRADUS_APPLIED);
            if (memcmp(x, y, sizeof x) != 0) fail_msg("%s: other values in update %d", cases[i].wrapped, update + 1);
        }
        gradus_optimizer_destroy(wrapped);
        gradus_optimizer_destroy(alone);
    }
}

/* ---- in the middle of a pair ---- */

static void save(const gradus_optimizer *optimizer, record *into)
{
    into->size = 0;
    assert_int_equal(gradus_optimizer_save(optimizer, GRADUS_STATE_AND_VALUES, append, into, &error), GRADUS_OK);
}

static record before, after;

/* A trial point where the gradient is not finite: all is as before, and the next update is made as if it had not been. */
static void given_up(void **state)
{
    (void)state;
    static const char *const rules[] = {"sam(adam)", "sam(lookahead(sgd(momentum=0.5)), adaptive)",
                                        "lookahead(sam(sgd), every=1)"};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        fresh(NULL);
        gradus_optimizer *optimizer = make(rules[i], x), *other = make(rules[i], y);
        step(optimizer, 1, 2, 0), step(optimizer, 2, 1, 0);
        step(other, 1, 2, 0), step(other, 2, 1, 0);
        save(optimizer, &before);
        assert_int_equal(step(optimizer, 2, 2, GRADUS_SKIP_NON_FINITE), GRADUS_EVALUATE);
        assert_int_equal(step(optimizer, NAN, 2, GRADUS_SKIP_NON_FINITE | GRADUS_ZERO_GRADIENTS), GRADUS_SKIPPED);
        assert_true(gradient[0] == 0 && gradient[1] == 0);
        assert_memory_equal(x, y, sizeof x);
        step(optimizer, 4, 1, 0), step(optimizer, 1, 1, 0);
        step(other, 4, 1, 0), step(other, 1, 1, 0);
        if (memcmp(x, y, sizeof x) != 0) fail_msg("%s: what was given up is felt", rules[i]);
        gradus_optimizer_destroy(optimizer);
        gradus_optimizer_destroy(other);
    }
}

/* A state is of whole updates: none is saved between the two evaluations; one that is loaded there starts anew. */
static void resumed(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = make("sam(adam)", x), *other = make("sam(adam)", y);
    step(optimizer, 1, 2, 0), step(optimizer, 2, 1, 0);
    save(optimizer, &before);
    step(optimizer, 2, 3, 0);
    assert_refused(gradus_optimizer_save(optimizer, GRADUS_STATE, append, &after, &error), "trial point");
    step(optimizer, 5, 1, 0);
    step(other, 4, 4, 0); /* in the middle of a pair of its own */
    if (gradus_optimizer_load(other, before.bytes, before.size, NULL, &error)) fail_msg("%s", error.message);
    assert_int_equal(step(other, 2, 3, 0), GRADUS_EVALUATE);
    assert_int_equal(step(other, 5, 1, 0), GRADUS_APPLIED);
    assert_memory_equal(x, y, sizeof x);
    save(optimizer, &before);
    save(other, &after);
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.bytes, after.bytes, before.size);
    gradus_optimizer_destroy(optimizer);
    gradus_optimizer_destroy(other);
}

static void refused_meanwhile(void **state)
{
    (void)state;
    float value;
    gradus_optimizer *optimizer = make("sam(sgd)", x);
    step(optimizer, 1, 2, 0);
    assert_refused(gradus_optimizer_reset(optimizer, &error), "trial point");
    assert_refused(gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "y"}, &error), "trial point");
    assert_refused(gradus_optimizer_read(optimizer, 0, GRADUS_TRAINED, &value, &error), "trial point");
    assert_refused(gradus_optimizer_show(optimizer, GRADUS_AVERAGED, &error), "trial point");
    assert_refused(gradus_optimizer_bind(optimizer, 0, NULL, NULL, &error), "trial point");
    assert_int_equal(step(optimizer, 1, 2, 0), GRADUS_APPLIED);
    assert_int_equal(gradus_optimizer_bind(optimizer, 0, NULL, NULL, &error), GRADUS_OK);
    gradus_optimizer_destroy(optimizer);
}

/* ---- with a policy: decided once, where the update begins ---- */

static void with_a_policy(void **state)
{
    (void)state;
    gradus_decision decision;
    gradus_optimizer *optimizer = make("sam(sgd, rho=5)", x);
    gradus_policy *policy =
        gradus_policy_create(&(gradus_policy_config){.base = 1, .schedule = "linear", .units = {.total = 4}}, &error);
    if (error.status) fail_msg("%s", error.message);
    for (int update = 0; update < 2; update++) {
        const double rate = 1 - update / 4.0;
        gradient[0] = 3, gradient[1] = 4;
        assert_int_equal(gradus_update(policy, optimizer, &(gradus_step){.loss = 1}, &decision, &error),
                         GRADUS_EVALUATE);
        check_close(decision.rate, rate, 1e-15, 0);
        gradient[0] = 1, gradient[1] = 0;
        assert_int_equal(gradus_update(policy, optimizer, &(gradus_step){.loss = 1e9}, &decision, &error),
                         GRADUS_APPLIED);
        check_close(decision.rate, rate, 1e-15, 0);
        assert_true(x[1] == -5 && x[0] == (update ? 1.25f : 2));
    }
    gradus_policy_destroy(policy);
    gradus_optimizer_destroy(optimizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(sam_by_hand, fresh),       cmocka_unit_test_setup(penalty_by_hand, fresh),
        cmocka_unit_test_setup(penalty_of_torch, fresh),  cmocka_unit_test_setup(any_rule_inside, fresh),
        cmocka_unit_test_setup(given_up, fresh),          cmocka_unit_test_setup(resumed, fresh),
        cmocka_unit_test_setup(refused_meanwhile, fresh), cmocka_unit_test_setup(with_a_policy, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
