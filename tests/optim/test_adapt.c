/* Rules that find their rate: that an estimate from a part of the values is the estimate of all where the others do not
 * matter, whatever the size of a tensor. */
#include "check.h"
#include "gradus/gradus.h"

enum { COUNT = 10001, UPDATES = 5, SLICE = 3 }; /* several pieces of a walk, whose ends are no multiples of the slice */

static float values[2][COUNT], gradient[COUNT];

static void slices(void **state)
{
    (void)state;
    static const char *const rules[] = {"prodigy(first=1e-3)", "prodigy(first=1e-3, slice=3)"};
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(slices)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
