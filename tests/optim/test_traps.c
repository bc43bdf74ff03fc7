/* Where frameworks differ under one name, with the figures that tell them apart: what a rate that changes does to a momentum,
 * where epsilon stands, how values decay, what a tensor without a gradient goes through. Each is reached under like=. */
#include "check.h"
#include "gradus/base.h"
#include "gradus/spec.h"

static float x, gradient;
static gradus_error error;

static gradus_optimizer *start(const char *rule, float value)
{
    error = (gradus_error){0};
    x = value;
    gradus_optimizer *optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = rule}, &error);
    gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "x", .shape = {1}, .values = &x, .gradient = &gradient},
                         &error);
    if (error.status) fail_msg("%s: %s", rule, error.message);
    return optimizer;
}

/* How far the value goes down; from 0, so that no digit is lost, or from where it is. */
static double move(gradus_optimizer *optimizer, double rate, double slope, bool from_zero)
{
    if (from_zero) x = 0;
    const double before = x;
    gradient = (float)slope;
    if (gradus_optimizer_step(optimizer, &(gradus_step){.rate = rate}, &error) != GRADUS_APPLIED)
        fail_msg("%s", error.message);
    return before - x;
}

static double move_often(gradus_optimizer *optimizer, int updates, double rate, double slope)
{
    double moved = 0;
    while (updates-- > 0) moved = move(optimizer, rate, slope, true);
    return moved;
}

/* ---- a rate inside the momentum keeps old steps ---- */

static const struct {
    const char *rule;
    bool inside;
} momenta[] = {
    {"sgd(momentum=0.9, like=torch)", false},
    {"sgd(momentum=0.9, like=optax)", false},
    {"sgd(momentum=0.9, like=timm.momentum)", false},
    {"sgd(momentum=0.9, like=keras)", true},
    {"rmsprop(momentum=0.9, alpha=0.5, like=torch)", false},
    {"rmsprop(momentum=0.9, decay=0.5, like=optax)", true},
    {"rmsprop(momentum=0.9, rho=0.5, like=keras)", true},
};

/* A gradient of 1, and after 60 updates another rate. */
static void a_cut_of_the_rate(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof momenta / sizeof *momenta; i++) {
        gradus_optimizer *optimizer = start(momenta[i].rule, 0);
        const double before = move_often(optimizer, 60, 0.1, 1), first = move(optimizer, 0.01, 1, true) / before;
        check_close(first, momenta[i].inside ? 0.91 : 0.1, 1e-3, 0);
        double further = first - 0.1;
        int updates = 1;
        for (double now = first; now > 1.1 * 0.1; updates++) {
            now = move(optimizer, 0.01, 1, true) / before;
            further += now - 0.1;
        }
        assert_int_equal(updates, momenta[i].inside ? 42 + 1 : 1);
        check_close(further, momenta[i].inside ? 8.01 : 0, 2e-2, 1e-2); /* of the 8.1 there are after ever so many */
        gradus_optimizer_destroy(optimizer);
    }
}

static void a_rise_of_the_rate(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof momenta / sizeof *momenta; i++) {
        gradus_optimizer *optimizer = start(momenta[i].rule, 0);
        const double before = move_often(optimizer, 60, 0.01, 1);
        check_close(move(optimizer, 0.1, 1, true) / before, momenta[i].inside ? 1.9 : 10, 1e-3, 0);
        gradus_optimizer_destroy(optimizer);
    }
}

/* A mean of gradients is a tenth of their sum: so are the steps. */
static void a_mean_for_a_sum(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = start("sgd(momentum=0.9)", 0);
    const double sum = move_often(optimizer, 200, 0.1, 1);
    gradus_optimizer_destroy(optimizer);
    optimizer = start("sgd(momentum=0.9, form=ema)", 0);
    check_close(move_often(optimizer, 200, 0.1, 1), sum / 10, 1e-5, 0);
    gradus_optimizer_destroy(optimizer);
}

/* The first buffer is the gradient itself: dampening begins with the second. */
static void the_first_buffer(void **state)
{
    (void)state;
    gradus_optimizer *optimizer = start("sgd(momentum=0.5, dampening=0.75, like=torch)", 0);
    assert_true(move(optimizer, 1, 4, true) == 4);
    assert_true(move(optimizer, 1, 4, true) == 2 + 1);
    gradus_optimizer_destroy(optimizer);
}

/* Nesterov's steps are alike while the rate is; Keras' remember it when it changes. */
static void nesterov(void **state)
{
    (void)state;
    static const char *const rules[] = {"sgd(momentum=0.5, nesterov=true, like=torch)",
                                        "sgd(momentum=0.5, nesterov=true, like=optax)", "sgd(momentum=0.5, like=timm)",
                                        "sgd(momentum=0.5, nesterov=true, like=keras)"};
    for (int i = 0; i < 4; i++) {
        gradus_optimizer *optimizer = start(rules[i], 0);
        assert_true(move(optimizer, 1, 2, true) == 3);
        assert_true(move(optimizer, 1, 4, true) == 6.5);                                     /* b = 5: 2.5 + 4 */
        assert_true(move(optimizer, 0.5, 2, true) == (i < 3 ? 0.5 * (2.25 + 2) : 1.75 + 1)); /* b = 4.5, or 2.5 + 1 */
        gradus_optimizer_destroy(optimizer);
    }
}

/* ---- where epsilon stands ---- */

/* Where it is added to the root of what is not corrected, it acts as if it were 1/sqrt(1 - beta2^k) times larger. */
static void epsilon_of_adam(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        bool raw;
    } rules[] = {{"adam(eps=1, like=torch)", false},    {"adam(eps=1, like=optax)", false},
                 {"adam(eps=1, like=timm)", false},     {"adam(epsilon=1, like=keras)", true},
                 {"adamw(eps=1, like=torch)", false},   {"adamw(eps=1, weight_decay=0, like=optax)", false},
                 {"adamw(epsilon=1, like=keras)", true}};
    static const double larger[][2] = {{1, 31.6}, {10, 10.0}, {100, 3.24}};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        gradus_optimizer *optimizer = start(rules[i].rule, 0);
        for (int k = 1, at = 0; k <= 100; k++) {
            const double acts_as = 1 / move(optimizer, 1, 1, true) - 1; /* the step is 1 / (1 + epsilon) */
            if (k != larger[at][0]) continue;
            check_close(acts_as, rules[i].raw ? larger[at][1] : 1, 5e-3, 0);
            at++;
        }
        gradus_optimizer_destroy(optimizer);
    }
}

/* Under the root it counts by its square root: steps of small gradients vanish. */
static void epsilon_under_the_root(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        double of_1e4, of_1e6; /* the step in shares of the rate, at a steady gradient of 1e-4, of 1e-6 */
    } rules[] = {{"rmsprop(like=torch)", 0.9999, 0.990},
                 {"rmsprop(eps_in_sqrt=false, like=optax)", 0.9999, 0.990},
                 {"rmsprop(like=optax)", 0.7071, 0.0100},
                 {"rmsprop(like=keras)", 0.3015, 0.00316}};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        for (int small = 0; small < 2; small++) {
            gradus_optimizer *optimizer = start(rules[i].rule, 0);
            check_close(move_often(optimizer, 2000, 1, small ? 1e-6 : 1e-4), small ? rules[i].of_1e6 : rules[i].of_1e4,
                        1e-3, 0);
            gradus_optimizer_destroy(optimizer);
        }
    }
    gradus_optimizer *optimizer = start("adagrad(epsilon=3, initial=0)", 0); /* 1 / (1 + 3), or 1 / sqrt(1 + 3) */
    assert_true(move(optimizer, 1, 1, true) == 0.25);
    gradus_optimizer_destroy(optimizer);
    optimizer = start("adagrad(epsilon=3, initial=0, place=inside)", 0);
    assert_true(move(optimizer, 1, 1, true) == 0.5);
    gradus_optimizer_destroy(optimizer);
}

/* ---- how values decay ---- */

/* No gradient, a value of 8, a rate of 0.5, decay of a quarter: coupled decay is a gradient of 2 and goes through what the rule
 * makes of it; decoupled takes an eighth; or a quarter, where the rate does not count. */
static void decay(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        double first, second;
    } rules[] = {
        {"sgd(momentum=0.5, weight_decay=0.25, like=torch)", 7, 5.625}, /* b = 2, then 1 + 1.75 */
        {"sgd(momentum=0.5, weight_decay=0.25, nesterov=false, like=timm)", 7, 5.625},
        {"sgd(momentum=0.5, weight_decay=0.25, like=keras)", 7, 6.125},
        {"sgd(momentum=0.5, weight_decay=0.25, nesterov=false, like=timm.sgdw)", 7, 6.125},
        {"adam(weight_decay=0.25, eps=0, like=torch)", 7.5, NAN}, /* the sign of it */
        {"adam(weight_decay=0.25, eps=0, like=timm)", 7.5, NAN},
        {"adam(weight_decay=0.25, like=keras)", 7, 6.125},
        {"adamw(weight_decay=0.25, like=torch)", 7, 6.125},
        {"adamw(weight_decay=0.25, like=keras)", 7, 6.125},
        {"adamw(weight_decay=0.25, like=optax)", 7, 6.125},
        {"adamw(weight_decay=0.25, like=timm)", 7, 6.125},
        {"rmsprop(weight_decay=0.25, alpha=0, eps=0, like=torch)", 7.5, 7},
        {"rmsprop(weight_decay=0.25, like=keras)", 7, 6.125},
        {"adagrad(weight_decay=0.25, eps=0, like=torch)", 7.5, NAN},
        {"adagrad(weight_decay=0.25, like=keras)", 7, 6.125},
        {"lion(weight_decay=0.25, like=optax)", 7, 6.125},
        {"lion(weight_decay=0.25, like=keras)", 7, 6.125},
        {"adafactor(weight_decay=0.25, like=torch)", 7, 6.125},
        {"adafactor(weight_decay_rate=0.25, like=optax)", 6, 4.5},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        gradus_optimizer *optimizer = start(rules[i].rule, 8);
        move(optimizer, 0.5, 0, false);
        if ((double)x != rules[i].first) fail_msg("%s: %g after an update", rules[i].rule, (double)x);
        move(optimizer, 0.5, 0, false);
        if (!isnan(rules[i].second) && (double)x != rules[i].second)
            fail_msg("%s: %g after two updates", rules[i].rule, (double)x);
        gradus_optimizer_destroy(optimizer);
    }
}

/* What nobody asked for: adamw decays everywhere, and everywhere else. */
static void decay_unless_said(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        double share;
    } rules[] = {{"adamw(like=torch)", 0.01}, {"adamw(like=keras)", 0.004}, {"adamw(like=optax)", 1e-4},
                 {"adam(like=torch)", 0},     {"adam(like=keras)", 0},      {"sgd(like=torch)", 0},
                 {"lion(like=optax)", 1e-3},  {"lion(like=keras)", 0}};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        gradus_optimizer *optimizer = start(rules[i].rule, 1);
        const double share = move(optimizer, 1, 0, false);
        if (fabs(share - rules[i].share) > 1e-7) fail_msg("%s: %g", rules[i].rule, share);
        gradus_optimizer_destroy(optimizer);
    }
}

/* ---- no gradient is not a gradient of zero ---- */

static void absent_and_zero(void **state)
{
    (void)state;
    static const char *const rules[] = {"sgd(momentum=0.5, weight_decay=0.25)", "adam(beta2=0.75, weight_decay=0.25)",
                                        "adamw(beta2=0.75, weight_decay=0.25)", "lion(weight_decay=0.25)"};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        float other = 8, none = 0, ends[3];
        for (int how = 0; how < 3; how++) { /* two updates; one of zero between them; one without between them */
            gradus_optimizer *optimizer = start(rules[i], 8);
            other = 8;
            gradus_optimizer_add(
                optimizer, &(gradus_parameter){.name = "y", .shape = {1}, .values = &other, .gradient = &none}, &error);
            move(optimizer, 0.5, 3, false);
            const float between = x;
            if (how == 2) gradus_optimizer_bind(optimizer, 0, NULL, NULL, &error);
            if (how) move(optimizer, 0.5, 0, false);
            assert_true((x == between) == (how != 1));
            if (how == 2) gradus_optimizer_bind(optimizer, 0, NULL, &gradient, &error);
            move(optimizer, 0.5, 1, false);
            assert_int_equal(error.status, GRADUS_OK);
            assert_true(other < 8); /* a zero decays all the same */
            ends[how] = x;
            gradus_optimizer_destroy(optimizer);
        }
        assert_true(ends[1] != ends[0]);
        assert_true(ends[2] == ends[0]); /* nothing of its state has moved, nor its count */
    }
}

/* ---- maximize ---- */

/* Is the same as the other sign of the gradient and the loss, for every rule; decay pulls towards 0 in both. */
static void maximize(void **state)
{
    (void)state;
    int moved = 0;
    for (int i = 0; gradus_optimizer_family.members[i]; i++) {
        const gradus_member *member = gradus_optimizer_family.members[i];
        if (member->example) continue; /* a wrapper has no sign of its own */
        float ends[2];
        char rule[64];
        for (int up = 0; up < 2; up++) {
            snprintf(rule, sizeof rule, up ? "%s(maximize)" : "%s", member->name);
            gradus_optimizer *optimizer = start(rule, 2);
            for (int update = 0; update < 5; update++) {
                gradus_outcome outcome;
                do {
                    gradient = (up ? -1 : 1) * (x - 0.25f * (float)update);
                    const double loss = (up ? -0.5 : 0.5) * (double)x * x;
                    outcome = gradus_optimizer_step(optimizer, &(gradus_step){.rate = 0.125, .loss = loss}, &error);
                } while (outcome == GRADUS_EVALUATE);
            }
            if (error.status) fail_msg("%s: %s", rule, error.message);
            ends[up] = x;
            gradus_optimizer_destroy(optimizer);
        }
        if (ends[0] != ends[1]) fail_msg("%s: %.9g, or %.9g upwards", member->name, (double)ends[0], (double)ends[1]);
        moved += ends[0] != 2; /* some begin with steps too small to be seen */
    }
    assert_true(moved > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_cut_of_the_rate),
                                       cmocka_unit_test(a_rise_of_the_rate),
                                       cmocka_unit_test(a_mean_for_a_sum),
                                       cmocka_unit_test(the_first_buffer),
                                       cmocka_unit_test(nesterov),
                                       cmocka_unit_test(epsilon_of_adam),
                                       cmocka_unit_test(epsilon_under_the_root),
                                       cmocka_unit_test(decay),
                                       cmocka_unit_test(decay_unless_said),
                                       cmocka_unit_test(absent_and_zero),
                                       cmocka_unit_test(maximize)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
