/* The rates that single values have: against the formulas of the rules, by sorting all of them. */
#include "check.h"
#include "gradus/base.h"
#include <math.h>

enum { COUNT = 1000, UPDATES = 3 };

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef double own_rate(const double *g); /* g[UPDATES] of one value; the step's rate is 0.1 */

static double of_adam(const double *g)
{
    double v = 0;
    for (int u = 0; u < UPDATES; u++) v = 0.999 * v + 0.001 * g[u] * g[u];
    return 0.1 / (sqrt(v / (1 - pow(0.999, UPDATES))) + 1e-8);
}

static double of_rmsprop(const double *g)
{
    double v = 0, m = 0;
    for (int u = 0; u < UPDATES; u++) v = 0.9 * v + 0.1 * g[u] * g[u], m = 0.9 * m + 0.1 * g[u];
    return 0.1 / (sqrt(v - m * m) + 1e-8);
}

static double of_adagrad(const double *g)
{
    double s = 0.5;
    for (int u = 0; u < UPDATES; u++) s += g[u] * g[u];
    return 0.1 / (sqrt(s) + 1e-10);
}

static double of_swats(const double *g)
{
    double v = 0;
    for (int u = 0; u < UPDATES; u++) v = 0.999 * v + 0.001 * g[u] * g[u];
    return 0.1 * sqrt(1 - pow(0.999, UPDATES)) / (sqrt(v) + 1e-9);
}

static double of_sgd(const double *g)
{
    (void)g;
    return 0.1;
}

static const double shares[] = {0, 0.1, 0.5, 0.9, 1};
enum { SHARES = sizeof shares / sizeof *shares };

static double sorted_at(const double *sorted, double share)
{
    const int rank = (int)ceil(share * COUNT) - 1;
    return sorted[rank > 0 ? rank : 0];
}

static void percentiles(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        own_rate *rate;
    } cases[] = {{"adam", of_adam},
                 {"adamw(weight_decay=0.1)", of_adam},
                 {"lookahead(adam)", of_adam},
                 {"rmsprop(alpha=0.9, centered, momentum=0.9)", of_rmsprop},
                 {"adagrad(initial=0.5)", of_adagrad},
                 {"swats", of_swats},
                 {"sgd(momentum=0.9)", of_sgd}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        static float values[COUNT], gradient[COUNT];
        static double seen[COUNT][UPDATES], own[COUNT];
        gradus_error error = {0};
        double found[SHARES];
        gradus_optimizer *optimizer =
            gradus_optimizer_create(&(gradus_optimizer_config){.rule = cases[c].rule}, &error);
        gradus_optimizer_add(optimizer,
                             &(gradus_parameter){.name = "w", .shape = {COUNT}, .values = values, .gradient = gradient},
                             &error);
        assert_int_equal(gradus_optimizer_rates(optimizer, 0, shares, found, SHARES, NULL), GRADUS_ERROR_USE);
        for (int u = 0; u < UPDATES; u++) {
            for (int i = 0; i < COUNT; i++) {
                gradient[i] = (float)(exp(3 * gradus_random_normal(1, 0, (uint64_t)i)) *
                                      gradus_random_normal(2, (uint64_t)u, (uint64_t)i));
                seen[i][u] = gradient[i];
            }
            gradus_optimizer_step(optimizer, &(gradus_step){.rate = 0.1}, &error);
        }
        for (int i = 0; i < COUNT; i++) own[i] = cases[c].rate(seen[i]);
        qsort(own, COUNT, sizeof *own, by_size);
        gradus_optimizer_rates(optimizer, 0, shares, found, SHARES, &error);
        assert_int_equal(error.status, 0);
        for (int s = 0; s < SHARES; s++) check_close(found[s], sorted_at(own, shares[s]), 1e-4, 0);
        gradus_optimizer_destroy(optimizer);
    }
}

static void refused(void **state)
{
    (void)state;
    gradus_error error = {0};
    float value = 1, slope = 1;
    double rate;
    gradus_optimizer *optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = "adam"}, &error);
    gradus_optimizer_add(optimizer,
                         &(gradus_parameter){.name = "w", .shape = {1}, .values = &value, .gradient = &slope}, &error);
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 0.1}, &error);
    assert_int_equal(gradus_optimizer_rates(optimizer, 1, shares, &rate, 1, NULL), GRADUS_ERROR_RANGE);
    assert_int_equal(gradus_optimizer_rates(optimizer, 0, &(double){1.5}, &rate, 1, NULL), GRADUS_ERROR_RANGE);
    assert_int_equal(gradus_optimizer_rates(optimizer, 0, &(double){NAN}, &rate, 1, NULL), GRADUS_ERROR_RANGE);
    assert_int_equal(gradus_optimizer_rates(optimizer, 0, NULL, &rate, 1, NULL), GRADUS_ERROR_USE);
    assert_int_equal(gradus_optimizer_rates(NULL, 0, shares, &rate, 1, NULL), GRADUS_ERROR_USE);
    gradus_optimizer_bind(optimizer, 0, NULL, NULL, &error);
    gradus_optimizer_step(optimizer, &(gradus_step){.rate = 0.1}, &error);
    assert_int_equal(gradus_optimizer_rates(optimizer, 0, shares, &rate, 1, NULL), GRADUS_ERROR_USE);
    gradus_optimizer_destroy(optimizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(percentiles), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
