/* plateau: traces worked by hand, margins that are right for negative measures, and the golden vectors of the frameworks whose
 * conventions it takes on. */
#include "check.h"
#include "gradus/gradus.h"

static gradus_policy *make(const char *feedback, double base)
{
    gradus_error error = {0};
    gradus_policy *policy = gradus_policy_create(&(gradus_policy_config){.base = base, .feedback = feedback}, &error);
    if (!policy) fail_msg("%s: %s", feedback, error.message);
    return policy;
}

typedef struct look {
    double metric, factor;
} look;

static void check_trace(const char *feedback, const char *metric, const look *looks, size_t count)
{
    gradus_policy *policy = make(feedback, 1);
    for (size_t i = 0; i < count; i++) {
        assert_true(gradus_policy_observe(policy, metric, looks[i].metric));
        double factor = gradus_policy_rate(policy);
        if (!check_is_close(factor, looks[i].factor, 1e-14, 0))
            fail_msg("%s: look %d at %g: %g, expected %g", feedback, (int)i, looks[i].metric, factor, looks[i].factor);
    }
    gradus_policy_destroy(policy);
}
#define trace(feedback, metric, ...) \
    check_trace(feedback, metric, (const look[]){__VA_ARGS__}, sizeof((const look[]){__VA_ARGS__}) / sizeof(look))

static void test_patience(void **state)
{
    (void)state;
    trace("plateau(patience=2, factor=0.5)", "val_loss", {1, 1}, {0.9, 1}, {0.95, 1}, {0.9, 0.5}, {0.9, 0.5},
          {0.9, 0.25}, {0.5, 0.25}, {0.4, 0.25}, {0.5, 0.25}, {0.4, 0.125});
    trace("plateau(patience=1, factor=0.5)", "val_loss", {1, 1}, {1, 0.5}, {1, 0.25}, {0.9, 0.25});
    trace("plateau(patience=0, factor=0.5)", "val_loss", {1, 1}, {0.9, 1}, {1, 0.5});
    trace("plateau(patience=1, factor=0.5, trigger=after)", "val_loss", {1, 1}, {1, 1}, {1, 0.5}, {1, 0.5}, {1, 0.25});
}

static void test_cooldown(void **state)
{
    (void)state;
    trace("plateau(patience=1, factor=0.5, cooldown=2)", "val_loss", {1, 1}, {1, 0.5}, {1, 0.5}, {1, 0.5}, {1, 0.25},
          {1, 0.25}, {1, 0.25}, {1, 0.125});
    trace("plateau(patience=1, factor=0.5, cooldown=2, overlap)", "val_loss", {1, 1}, {1, 0.5}, {1, 0.5}, {1, 0.25},
          {1, 0.25}, {1, 0.125});
}

static void test_threshold(void **state)
{
    (void)state;
    trace("plateau(patience=1, factor=0.5, threshold=0.1)", "val_loss", {1, 1}, {0.91, 0.5}, {0.89, 0.5});
    trace("plateau(patience=1, factor=0.5, threshold=0.1, threshold_mode=absolute)", "val_loss", {10, 1}, {9.95, 0.5},
          {9.8, 0.5});
    /* a margin of a tenth of 1, not a tenth of -1: -1.05 is not enough, -1.2 is */
    trace("plateau(patience=1, factor=0.5, threshold=0.1)", "val_loss", {-1, 1}, {-0.95, 0.5}, {-1.05, 0.25},
          {-1.2, 0.25});
    trace("plateau(patience=1, factor=0.5, threshold=0.1, threshold_mode=rel)", "val_loss", {-1, 1},
          {-0.95, 1}); /* torch's */
}

static void test_mode(void **state)
{
    (void)state;
    trace("plateau(val_accuracy, patience=1, factor=0.5)", "val_accuracy", {0.5, 1}, {0.6, 1}, {0.55, 0.5}, {0.7, 0.5});
    trace("plateau(val_accuracy, patience=1, factor=0.5, mode=min)", "val_accuracy", {0.5, 1}, {0.6, 0.5}, {0.4, 0.5});
    trace("plateau(q, patience=1, factor=0.5, mode=max, threshold=0.1)", "q", {-1, 1}, {-0.95, 0.5}, {-0.8, 0.5});
}

static void test_floor(void **state)
{
    (void)state;
    trace("plateau(patience=1, factor=0.5, floor=0.2)", "val_loss", {1, 1}, {1, 0.5}, {1, 0.25}, {1, 0.2}, {1, 0.2});
    trace("plateau(patience=1, factor=0.5, least=0.2)", "val_loss", {1, 1}, {1, 0.5}, {1, 0.25}, {1, 0.25});
}

static void test_non_finite_is_never_the_best(void **state)
{
    (void)state;
    trace("plateau(patience=2, factor=0.5)", "val_loss", {NAN, 1}, {INFINITY, 0.5}, {1, 0.5}, {-INFINITY, 0.5},
          {0.9, 0.5}, {0.8, 0.5});
}

/* An affine change of the measure changes nothing. */
static void test_affine(void **state)
{
    (void)state;
    const char *spec = "plateau(patience=3, factor=0.5, threshold=0.01, threshold_mode=absolute)";
    const char *scaled = "plateau(patience=3, factor=0.5, threshold=0.08, threshold_mode=absolute)";
    gradus_policy *plain = make(spec, 1), *other = make(scaled, 1);
    uint64_t bits = 1;
    for (int i = 0; i < 300; i++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        double metric = 1.0 / (1 + i / 30.0) + 0.125 * (double)(bits >> 56) / 256;
        gradus_policy_observe(plain, "val_loss", metric);
        gradus_policy_observe(other, "val_loss", 8 * metric - 4);
        assert_true(gradus_policy_rate(plain) == gradus_policy_rate(other));
    }
    assert_true(gradus_policy_rate(plain) < 1);
    gradus_policy_destroy(plain);
    gradus_policy_destroy(other);
}

/* ---- golden vectors ---- */

typedef struct tally {
    const char *framework, *rates;
    int cases, waiting;
} tally;

static void check_case(json_t *object, int line, void *user)
{
    tally *counted = user;
    char spec[512] = "plateau(m";
    const char *key;
    json_t *value, *parameters = json_object_get(object, "parameters"), *base = json_object_get(object, "base");
    if (json_object_get(parameters, "atol") || json_object_get(parameters, "accumulation_size")) { /* optax only */
        counted->waiting++;
        return;
    }
    json_object_foreach(parameters, key, value)
    {
        char number[64];
        snprintf(number, sizeof number, "%.17g", json_number_value(value));
        const char *text = json_is_string(value) ? json_string_value(value) : number;
        snprintf(spec + strlen(spec), sizeof spec - strlen(spec), ", %s=%s", key, text);
    }
    snprintf(spec + strlen(spec), sizeof spec - strlen(spec), ", like=%s)", counted->framework);
    gradus_policy *policy = make(spec, base ? json_number_value(base) : 1);
    const json_t *metrics = json_object_get(object, "metrics"), *rates = json_object_get(object, counted->rates);
    for (size_t i = 0; i < json_array_size(metrics); i++) {
        gradus_policy_observe(policy, "m", check_number(json_array_get(metrics, i)));
        double expected = check_number(json_array_get(rates, i)), rate = gradus_policy_rate(policy);
        if (!check_is_close(rate, expected, 1e-12, 0))
            fail_msg("line %d: %s: look %d: %.17g, expected %.17g", line, spec, (int)i, rate, expected);
    }
    gradus_policy_destroy(policy);
    counted->cases++;
}

static void check_framework(const char *framework, const char *file, const char *rates)
{
    tally counted = {.framework = framework, .rates = rates};
    check_golden(file, check_case, &counted);
    print_message("%s: %d cases, %d wait for a parameter\n", framework, counted.cases, counted.waiting);
    assert_true(counted.cases > counted.waiting);
}

static void test_golden(void **state)
{
    (void)state;
    check_framework("torch", "golden/schedules/plateau_torch.jsonl", "rates_after");
    check_framework("keras", "golden/schedules/plateau_keras.jsonl", "rates_after");
    check_framework("optax", "golden/schedules/plateau_optax.jsonl", "scales_after");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patience),  cmocka_unit_test(test_cooldown),
        cmocka_unit_test(test_threshold), cmocka_unit_test(test_mode),
        cmocka_unit_test(test_floor),     cmocka_unit_test(test_non_finite_is_never_the_best),
        cmocka_unit_test(test_affine),    cmocka_unit_test(test_golden),

    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
