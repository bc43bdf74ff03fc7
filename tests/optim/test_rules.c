/* Each rule on cases worked by hand, with hyperparameters that make whole numbers of everything, and on two
 * functions whose lowest point is known. */
#include "check.h"
#include "gradus/base.h"
#include "gradus/spec.h"

/* ---- one value, given gradients ---- */

enum { LONGEST = 8 };

/* Starts at `x`, takes each gradient at its rate (the last one goes on), and expects exactly these values. */
static void expect(const char *spec, float x, int count, const double *rates, const float *gradients,
                   const float *expected)
{
    gradus_error error = {0};
    float gradient = 0;
    gradus_optimizer *optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = spec}, &error);
    gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "x", .shape = {1}, .values = &x, .gradient = &gradient},
                         &error);
    for (int i = 0; i < count; i++) {
        gradient = gradients[i];
        if (gradus_optimizer_step(optimizer, &(gradus_step){.rate = rates[i]}, &error) != GRADUS_APPLIED)
            fail_msg("%s: %s", spec, error.message);
        if (x != expected[i]) fail_msg("%s: %.9g after update %d, expected %.9g", spec, x, i + 1, expected[i]);
    }
    gradus_optimizer_destroy(optimizer);
}

#define LIST(...)   \
    {               \
        __VA_ARGS__ \
    }
#define EXPECT(spec, x, rates, gradients, values)              \
    do {                                                       \
        const double r[LONGEST] = rates;                       \
        const float g[] = gradients, v[] = values;             \
        expect(spec, x, (int)(sizeof g / sizeof *g), r, g, v); \
    } while (0)

static void sgd(void **state)
{
    (void)state;
    EXPECT("sgd", 10, LIST(0.5, 0.25), LIST(2, 4), LIST(9, 8));
    /* b: 2, then 1 + 4 = 5 */
    EXPECT("sgd(momentum=0.5)", 10, LIST(1, 1), LIST(2, 4), LIST(8, 3));
    /* b + 0.5 of it: 2 + 1, then 4 + 2.5 */
    EXPECT("sgd(momentum=0.5, nesterov)", 10, LIST(1, 1), LIST(2, 4), LIST(7, 0.5f));
    /* the first buffer is the whole gradient, later ones take half of theirs: 2, then 1 + 2 */
    EXPECT("sgd(momentum=0.5, dampening=0.5)", 10, LIST(1, 1), LIST(2, 4), LIST(8, 5));
    /* a mean: 1, then 0.5 + 2 */
    EXPECT("sgd(momentum=0.5, form=ema)", 10, LIST(1, 1), LIST(2, 4), LIST(9, 6.5f));
    EXPECT("sgd(momentum=0.5, form=ema, nesterov)", 10, LIST(1, 1), LIST(2, 4), LIST(8.5f, 5.25f));
    /* after a cut of the rate the old steps go on: 2, then 1 + 0.25 * 4 */
    EXPECT("sgd(momentum=0.5, form=rate_inside)", 10, LIST(1, 0.25), LIST(2, 4), LIST(8, 6));
    EXPECT("sgd(momentum=0.5)", 10, LIST(1, 0.25), LIST(2, 4), LIST(8, 6.75f));
    EXPECT("sgd(momentum=0.5, form=rate_inside, nesterov)", 10, LIST(1, 0.5), LIST(2, 4), LIST(7, 3.5f));
    EXPECT("sgd(weight_decay=0.5)", 8, LIST(1), LIST(2), LIST(2));                    /* g = 2 + 4 */
    EXPECT("sgd(weight_decay=0.5, decay=decoupled)", 8, LIST(0.5), LIST(2), LIST(5)); /* 8 - 2 - 1 */
    EXPECT("sgd(maximize)", 8, LIST(0.5), LIST(2), LIST(9));
    EXPECT("sgd(maximize, weight_decay=0.5)", 8, LIST(0.5), LIST(2), LIST(7)); /* g = -2 + 4 */
}

static void rmsprop(void **state)
{
    (void)state;
    /* v = 0.25 * 16, then 0.75 * 4 + 0.25 * 4: 4 both times */
    EXPECT("rmsprop(alpha=0.75, epsilon=0)", 10, LIST(1, 1), LIST(4, 2), LIST(8, 7));
    EXPECT("rmsprop(alpha=0.75, epsilon=2)", 10, LIST(1), LIST(4), LIST(9));                /* 4 / (2 + 2) */
    EXPECT("rmsprop(alpha=0.75, epsilon=12, place=inside)", 10, LIST(1), LIST(4), LIST(9)); /* 4 / sqrt(4 + 12) */
    /* v = 8, a = 2: 8 - 4 */
    EXPECT("rmsprop(alpha=0.5, epsilon=0, centered)", 10, LIST(1), LIST(4), LIST(8));
    /* d = 2, 1: b = 2, then 1 + 1 */
    EXPECT("rmsprop(alpha=0.75, epsilon=0, momentum=0.5)", 10, LIST(1, 0.5), LIST(4, 2), LIST(8, 7));
    EXPECT("rmsprop(alpha=0.75, epsilon=0, momentum=0.5, form=rate_inside)", 10, LIST(1, 0.5), LIST(4, 2),
           LIST(8, 6.5f));
    EXPECT("rmsprop(alpha=0.75, epsilon=0, weight_decay=0.25, decay=decoupled)", 8, LIST(0.5), LIST(4),
           LIST(6)); /* 8 - 1 - 1 */
    /* a constant gradient has no variance, and rounding must not make it negative */
    EXPECT("rmsprop(alpha=0.5, epsilon=1, centered)", 0, LIST(0, 0, 0, 0), LIST(3, 3, 3, 3), LIST(0, 0, 0, 0));
}

static void adam(void **state)
{
    (void)state;
    /* m = 2 of 4, v = 4 of 16: both corrected give the sign; then m = 1 - 2 = -1, c1 = 3/4, v = 3 + 4 = 7, c2 =
     * 7/16: 16 again */
    EXPECT("adam(beta1=0.5, beta2=0.75, epsilon=0)", 10, LIST(1, 3), LIST(4, -4), LIST(9, 10));
    EXPECT("adam(beta1=0.5, beta2=0.75, epsilon=4)", 10, LIST(1), LIST(4), LIST(9.5f));            /* 4 / (4 + 4) */
    EXPECT("adam(beta1=0.5, beta2=0.75, epsilon=2, place=raw)", 10, LIST(1), LIST(4), LIST(9.5f)); /* 4 / ((2 + 2) 2) */
    EXPECT("adam(beta1=0.5, beta2=0.75, epsilon=0, epsilon_root=48)", 10, LIST(1), LIST(4),
           LIST(9.5f)); /* 4 / sqrt(16 + 48) */
    EXPECT("adam(beta1=0.5, beta2=0.75, epsilon=0, bias_correction=false)", 10, LIST(1), LIST(4), LIST(9)); /* 2 / 2 */
    /* coupled decay passes through the means and leaves the sign; decoupled takes 0.25 * 8 */
    EXPECT("adam(beta1=0.5, beta2=0.75, epsilon=0, weight_decay=0.5)", 8, LIST(0.5), LIST(4), LIST(7.5f));
    EXPECT("adam(beta1=0.5, beta2=0.75, epsilon=0, weight_decay=0.5, decay=decoupled)", 8, LIST(0.5), LIST(4),
           LIST(5.5f));
    EXPECT("adamw(beta1=0.5, beta2=0.75, epsilon=0, weight_decay=0.5)", 8, LIST(0.5), LIST(4), LIST(5.5f));
    EXPECT("adam(beta1=0.5, beta2=0.75, epsilon=0, maximize)", 8, LIST(0.5), LIST(4), LIST(8.5f));
}

/* ---- functions ---- */

enum { QUADRATIC = 10, ROSENBROCK = 2 };

static double quadratic(const float *x, float *gradient)
{
    double loss = 0;
    for (int i = 0; i < QUADRATIC; i++) {
        loss += 0.5 * (i + 1) * x[i] * x[i];
        gradient[i] = (float)(i + 1) * x[i];
    }
    return loss;
}

static double rosenbrock(const float *x, float *gradient)
{
    const double a = 1 - x[0], b = x[1] - (double)x[0] * x[0];
    gradient[0] = (float)(-2 * a - 400 * x[0] * b);
    gradient[1] = (float)(200 * b);
    return a * a + 100 * b * b;
}

/* The loss that is left of 1 after some updates at a rate that falls to 0, at the best of a few rates. */
static double best_left(const char *spec, double (*function)(const float *, float *), int count, int updates)
{
    double best = INFINITY;
    for (double rate = 1e-4; rate < 1; rate *= 3) {
        gradus_error error = {0};
        float x[QUADRATIC], gradient[QUADRATIC];
        for (int i = 0; i < count; i++) x[i] = i % 2 ? 1 : -1.2f;
        const double first = function(x, gradient);
        gradus_optimizer *optimizer =
            gradus_optimizer_create(&(gradus_optimizer_config){.rule = spec, .gradient = "clip_norm(10)"}, &error);
        gradus_optimizer_add(
            optimizer, &(gradus_parameter){.name = "x", .shape = {count}, .values = x, .gradient = gradient}, &error);
        for (int i = 0; i < updates && !error.status; i++) {
            function(x, gradient);
            gradus_optimizer_step(optimizer, &(gradus_step){.rate = rate * (updates - i) / updates}, &error);
        }
        if (error.status) fail_msg("%s: %s", spec, error.message);
        const double left = function(x, gradient) / first;
        if (left < best) best = left;
        gradus_optimizer_destroy(optimizer);
    }
    return best;
}

static void functions(void **state)
{
    (void)state;
    for (int i = 0; gradus_optimizer_family.members[i]; i++) {
        const char *name = gradus_optimizer_family.members[i]->name;
        const double bowl = best_left(name, quadratic, QUADRATIC, 2000),
                     valley = best_left(name, rosenbrock, ROSENBROCK, 20000);
        print_message("%s leaves %.1e of a quadratic, %.1e of Rosenbrock's valley\n", name, bowl, valley);
        assert_true(bowl < 1e-5);
        assert_true(valley < 1e-3);
    }
}

/* Momentum in its forms solves the same. */
static void forms(void **state)
{
    (void)state;
    assert_true(best_left("sgd(momentum=0.9)", rosenbrock, ROSENBROCK, 5000) < 1e-3);
    assert_true(best_left("sgd(momentum=0.9, nesterov)", rosenbrock, ROSENBROCK, 5000) < 1e-3);
    assert_true(best_left("sgd(momentum=0.9, form=ema)", rosenbrock, ROSENBROCK, 5000) < 1e-3);
    assert_true(best_left("rmsprop(centered, momentum=0.9)", quadratic, QUADRATIC, 2000) < 1e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sgd), cmocka_unit_test(rmsprop), cmocka_unit_test(adam),
                                       cmocka_unit_test(functions), cmocka_unit_test(forms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
