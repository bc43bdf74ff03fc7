/* Rules that find their rate: that an estimate from a part of the values is the estimate of all where the others do not
 * matter, whatever the size of a tensor. */
#include "check.h"
#include "gradus/gradus.h"

enum { COUNT = 10001, UPDATES = 5, SLICE = 3 }; /* several pieces of a walk, whose ends are no multiples of the slice */

static float values[2][COUNT], gradient[COUNT];

static void slices(void **state)
{
    (void)state;
    static const char *const rules[] = {"prodigy(first=1e-3, safeguard=false)",
                                        "prodigy(first=1e-3, safeguard=false, slice=3)"};
    double rates[2] = {0};
    for (int r = 0; r < 2; r++) {
        gradus_error error = {0};
        gradus_measures measures;
        uint64_t seed = 7;
        for (int i = 0; i < COUNT; i++) values[r][i] = 1;
        gradus_optimizer *optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = rules[r]}, &error);
        gradus_optimizer_add(
            optimizer, &(gradus_parameter){.name = "x", .shape = {COUNT}, .values = values[r], .gradient = gradient},
            &error);
        for (int u = 0; u < UPDATES; u++) {
            for (int i = 0; i < COUNT; i++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                gradient[i] = i % SLICE ? 0 : 1 + (float)(seed >> 40) / (1 << 24);
            }
            gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error);
        }
        if (error.status) fail_msg("%s: %s", rules[r], error.message);
        gradus_optimizer_measures(optimizer, &measures);
        rates[r] = measures.effective_rate;
        gradus_optimizer_destroy(optimizer);
    }
    assert_true(rates[0] > 1e-3); /* an estimate was made */
    assert_true(rates[0] == rates[1]);
    assert_memory_equal(values[0], values[1], sizeof values[0]);
}

/* Where one is alone both are one; side by side dog has one rate for both. */
static void each_its_own(void **state)
{
    (void)state;
    enum { TENSORS = 2 };
    float x[3][TENSORS] = {{3, 5}, {3, 5}, {3, 5}}, g[TENSORS];
    gradus_error error = {0};
    gradus_optimizer *both = gradus_optimizer_create(&(gradus_optimizer_config){.rule = "l_dog"}, &error),
                     *together = gradus_optimizer_create(&(gradus_optimizer_config){.rule = "dog"}, &error),
                     *alone[TENSORS];
    for (int t = 0; t < TENSORS; t++) {
        gradus_parameter parameter = {.name = t ? "b" : "a", .shape = {1}, .gradient = &g[t]};
        alone[t] = gradus_optimizer_create(&(gradus_optimizer_config){.rule = "dog"}, &error);
        gradus_optimizer *const optimizers[] = {both, together, alone[t]};
        for (int i = 0; i < 3; i++) {
            parameter.values = &x[i][t];
            gradus_optimizer_add(optimizers[i], &parameter, &error);
        }
    }
    for (int u = 0; u < UPDATES; u++) {
        gradus_optimizer *const optimizers[] = {both, together, alone[0], alone[1]};
        g[0] = 1, g[1] = -10 - (float)u;
        for (int i = 0; i < 4; i++) gradus_optimizer_step(optimizers[i], &(gradus_step){.rate = 1}, &error);
    }
    if (error.status) fail_msg("%s", error.message);
    assert_memory_equal(x[0], x[2], sizeof x[0]);
    assert_true(x[0][0] != x[1][0] && x[0][1] != x[1][1]);
    gradus_optimizer *const optimizers[] = {both, together, alone[0], alone[1]};
    for (int i = 0; i < 4; i++) gradus_optimizer_destroy(optimizers[i]);
}

/* What is no number says nothing of the distance, which never falls again. */
static void no_numbers(void **state)
{
    (void)state;
    static const char *const rules[] = {"prodigy",     "dadapt_adam",    "dadapt_sgd",
                                        "dadapt_lion", "dadapt_adagrad", "dadapt_adan"};
    for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
        gradus_error error = {0};
        gradus_measures measures;
        float x = 1, g = 1;
        double rates[4];
        gradus_optimizer *optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = rules[r]}, &error);
        gradus_optimizer_add(optimizer, &(gradus_parameter){.name = "x", .shape = {1}, .values = &x, .gradient = &g},
                             &error);
        for (int u = 0; u < 4; u++) {
            g = u == 2 ? NAN : u == 3 ? INFINITY : 1;
            gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1}, &error);
            gradus_optimizer_measures(optimizer, &measures);
            rates[u] = measures.effective_rate;
        }
        if (error.status) fail_msg("%s: %s", rules[r], error.message);
        if (rates[2] != rates[1] || rates[3] != rates[1])
            fail_msg("%s: a rate of %g, then %g", rules[r], rates[1], rates[3]);
        gradus_optimizer_destroy(optimizer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(slices), cmocka_unit_test(each_its_own),
                                       cmocka_unit_test(no_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
