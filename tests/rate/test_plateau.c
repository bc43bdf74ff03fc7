/* plateau: traces worked by hand, margins that are right for negative measures, and the golden vectors of the frameworks whose
 * conventions it takes on. */
#include "check.h"
#include "gradus/base.h"

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
    trace("plateau(patience=1, factor=0.5, like=torch)", "val_loss", {1, 1}, {1, 1}, {1, 0.5}, {1, 0.5}, {1, 0.25});
}

/* Two tenths come to a little more than the floor; that is no reason to lower it, and to say so. */
static void test_rounding_is_no_reduction(void **state)
{
    (void)state;
    gradus_policy *policy = make("plateau(patience=1, factor=0.1, floor=1%)", 1);
    for (int i = 0; i < 3; i++) gradus_policy_observe(policy, "val_loss", 1);
    double rate = gradus_policy_rate(policy);
    check_close(rate, 0.01, 1e-15, 0);
    assert_true(rate > 0.01);
    char why[128];
    gradus_policy_decide(policy, NULL);
    gradus_policy_applied(policy, NULL);
    for (int i = 0; i < 4; i++) gradus_policy_observe(policy, "val_loss", 1);
    assert_true(gradus_policy_rate(policy) == rate);
    gradus_policy_decide(policy, NULL);
    gradus_policy_explain(policy, why, sizeof why);
    assert_null(strstr(why, "plateau"));
    gradus_policy_destroy(policy);
}

/* How many looks at a measure that stays the same bring the rate down, the first of them included; 0: never. */
static int looks_until(const char *framework, int patience, int after)
{
    char spec[128];
    snprintf(spec, sizeof spec, "plateau(m, patience=%d, factor=0.5, like=%s)", patience, framework);
    gradus_policy *policy = make(spec, 1);
    int looks = 0, falls = 0;
    double rate = 1;
    for (; falls < after && looks < 100; looks++) {
        gradus_policy_observe(policy, "m", 1);
        falls += gradus_policy_rate(policy) < rate;
        rate = gradus_policy_rate(policy);
    }
    gradus_policy_destroy(policy);
    return falls < after ? 0 : looks;
}

/* The frameworks count differently; optax with a patience of 0 takes the first look for the plateau, and no later one. */
static void test_frameworks_count_differently(void **state)
{
    (void)state;
    const struct {
        int patience, torch, keras, optax;
    } rows[] = {{0, 2, 2, 1}, {1, 3, 2, 2}, {2, 4, 3, 3}, {10, 12, 11, 11}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(looks_until("torch", rows[i].patience, 1), rows[i].torch);
        assert_int_equal(looks_until("keras", rows[i].patience, 1), rows[i].keras);
        assert_int_equal(looks_until("optax", rows[i].patience, 1), rows[i].optax);
    }
    assert_int_equal(looks_until("optax", 0, 2), 0);
    trace("plateau(m, patience=0, factor=0.5, cooldown=1, like=optax)", "m", {3, 0.5}, {2, 0.5}, {1, 0.25}, {1, 0.25});
}

/* Means of three looks: 2, 2, 3, 1; the sixth and the ninth are no better. */
static void test_average(void **state)
{
    (void)state;
    trace("plateau(loss, average=3, patience=1, factor=0.5)", "loss", {1, 1}, {1, 1}, {4, 1}, {0, 1}, {0, 1}, {6, 0.5},
          {3, 0.5}, {3, 0.5}, {3, 0.25}, {1, 0.25}, {1, 0.25}, {1, 0.25});
    trace("plateau(loss, average=2, patience=1, factor=0.5)", "loss", {1, 1}, {1, 1}, {NAN, 1}, {0, 0.5}, {0, 0.5},
          {0.5, 0.5});
}

static void test_cooldown(void **state)
{
    (void)state;
    trace("plateau(patience=1, factor=0.5, cooldown=2)", "val_loss", {1, 1}, {1, 0.5}, {1, 0.5}, {1, 0.5}, {1, 0.25},
          {1, 0.25}, {1, 0.25}, {1, 0.125});
    trace("plateau(patience=1, factor=0.5, cooldown=2, like=keras)", "val_loss", {1, 1}, {1, 0.5}, {1, 0.5}, {1, 0.25},
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
    trace("plateau(patience=0, factor=0.5, eps=0.2, like=torch)", "val_loss", {1, 1}, {1, 0.5}, {1, 0.25}, {1, 0.25});
}

static void test_non_finite_is_never_the_best(void **state)
{
    (void)state;
    trace("plateau(patience=2, factor=0.5)", "val_loss", {NAN, 1}, {INFINITY, 0.5}, {1, 0.5}, {-INFINITY, 0.5},
          {0.9, 0.5}, {0.8, 0.5});
}

/* ---- what must not matter ---- */

static double noisy(int i, double sign)
{
    return sign * (1.0 / (1 + i / 30.0) + 0.125 * gradus_random_unit(1, 0, (uint64_t)i));
}

/* Two plateaus, the second told scale * metric + shift, fall at the same looks, and do fall. */
static void check_same(const char *one, const char *two, double sign, double scale, double shift)
{
    gradus_policy *plain = make(one, 1), *other = make(two, 1);
    for (int i = 0; i < 300; i++) {
        gradus_policy_observe(plain, "m", noisy(i, sign));
        gradus_policy_observe(other, "m", scale * noisy(i, sign) + shift);
        if (gradus_policy_rate(plain) != gradus_policy_rate(other)) fail_msg("%s, %s: look %d differs", one, two, i);
    }
    assert_true(gradus_policy_rate(plain) < 1);
    gradus_policy_destroy(plain);
    gradus_policy_destroy(other);
}

/* An affine change of the measure changes nothing; a share of its size means the same for every scale and on both sides of 0. */
static void test_affine(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        check_same("plateau(m, patience=3, threshold=0.01, threshold_mode=absolute, average=2)",
                   "plateau(m, patience=3, threshold=0.08, threshold_mode=absolute, average=2)", sign, 8, -4);
        check_same("plateau(m, patience=3, threshold=0.01, threshold_mode=absolute, mode=max)",
                   "plateau(m, patience=3, threshold=0.08, threshold_mode=absolute, mode=max)", sign, 8, 64);
        check_same("plateau(m, patience=3, threshold=0.05)", "plateau(m, patience=3, threshold=0.05)", sign, 32, 0);
        check_same("plateau(m, patience=3, threshold=0.05)", "plateau(m, patience=3, threshold=0.05, mode=max)", sign,
                   -1, 0);
    }
}

/* A measure that gets better by more than the margin at every look never lowers the rate, whatever its sign. */
static void test_better_never_lowers(void **state)
{
    (void)state;
    for (uint64_t run = 0; run < 200; run++) {
        gradus_policy *falls = make("plateau(m, patience=1, threshold=0.01)", 1),
                      *rises = make("plateau(m, patience=1, threshold=0.01, mode=max)", 1);
        double value = 10 * gradus_random_normal(run, 0, 0), other = -value;
        for (uint64_t i = 0; i < 100; i++) {
            gradus_policy_observe(falls, "m", value);
            gradus_policy_observe(rises, "m", other);
            assert_true(gradus_policy_rate(falls) == 1 && gradus_policy_rate(rises) == 1);
            value -= 0.0101 * fabs(value) + gradus_random_unit(run, 1, i);
            other += 0.0101 * fabs(other) + gradus_random_unit(run, 2, i);
        }
        gradus_policy_destroy(falls);
        gradus_policy_destroy(rises);
    }
}

static void check_refused(const char *spec, const char *message)
{
    gradus_error error = {0};
    assert_null(gradus_policy_create(&(gradus_policy_config){.base = 1, .feedback = spec}, &error));
    assert_string_equal(error.message, message);
}

/* Where a framework raises, and what it has that is somebody else's business here. */
static void test_refused(void **state)
{
    (void)state;
    check_refused("plateau(factor=1)", "feedback: factor must be in (0, 1), not 1");
    check_refused("plateau(factor=1.5, like=torch)", "feedback: factor must be in (0, 1), not 1.5");
    check_refused("plateau(decay_rate=1, like=timm)", "feedback: decay_rate must be in (0, 1), not 1");
    check_refused("plateau(factor=0, like=optax)", "feedback: factor must be in (0, 1), not 0");
    check_refused("plateau(rtol=-1e-4, like=optax)", "feedback: rtol must be at least 0, not -1e-4");
    check_refused("plateau(rtol=0, like=optax)", "feedback: rtol= and atol= cannot both be 0");
    check_refused("plateau(rtol=1.5, like=optax)", "feedback: rtol= cannot be more than 1");
    check_refused("plateau(mode=up, like=torch)", "feedback: expected one of auto, min, max, found 'up'");
    check_refused("plateau(patience=-1)", "feedback: patience must be at least 0, not -1");
    check_refused("plateau(warmup_t=5, like=timm)",
                  "feedback: 'plateau' has no parameter 'warmup_t'; a warm-up is the schedule's: schedule='warmup(5)'");
}

/* ---- golden vectors ---- */

typedef struct tally {
    const char *framework, *rates;
    int agree;
} tally;

static void check_case(json_t *object, int line, void *user)
{
    tally *counted = user;
    char spec[512] = "plateau(m";
    const char *key;
    json_t *value, *parameters = json_object_get(object, "parameters"), *base = json_object_get(object, "base");
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
    counted->agree++;
}

static void test_golden(void **state)
{
    (void)state;
    tally counted = {.framework = "torch", .rates = "rates_after"};
    int all = check_golden("golden/schedules/plateau_torch.jsonl", check_case, &counted);
    counted.framework = "keras";
    all += check_golden("golden/schedules/plateau_keras.jsonl", check_case, &counted);
    counted.framework = "optax";
    counted.rates = "scales_after";
    all += check_golden("golden/schedules/plateau_optax.jsonl", check_case, &counted);
    print_message("%d of %d\n", counted.agree, all);
    assert_int_equal(counted.agree, all);
}

/* ---- timm 1.0.31: where its rate fell and to what, on a measure that rises and is noisy ---- */

typedef struct fall {
    int look;
    double rate;
} fall;

static void check_timm(const char *arguments, const fall *falls, size_t count)
{
    char spec[128];
    snprintf(spec, sizeof spec, "plateau(m, %s, like=timm)", arguments);
    gradus_policy *policy = make(spec, 0.1);
    uint64_t bits = 7;
    double rate = 0.1;
    size_t next = 0;
    for (int i = 0; i < 48; i++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        gradus_policy_observe(policy, "m", i / 64.0 + (double)(bits >> 56) / 256);
        if (next < count && falls[next].look == i) rate = falls[next++].rate;
        if (!check_is_close(gradus_policy_rate(policy), rate, 1e-12, 0))
            fail_msg("%s: look %d: %g, timm has %g", spec, i, gradus_policy_rate(policy), rate);
    }
    assert_int_equal(next, count);
    gradus_policy_destroy(policy);
}
#define timm(arguments, ...) \
    check_timm(arguments, (const fall[]){__VA_ARGS__}, sizeof((const fall[]){__VA_ARGS__}) / sizeof(fall))

static void test_timm(void **state)
{
    (void)state;
    timm("decay_rate=0.5, patience_t=2", {4, 0.05}, {7, 0.025}, {11, 0.0125}, {14, 0.00625}, {23, 0.003125},
         {26, 0.0015625}, {29, 0.00078125}, {32, 0.000390625}, {35, 0.0001953125}, {38, 9.765625e-05},
         {41, 4.8828125e-05}, {47, 2.44140625e-05});
    timm("decay_rate=0.5, patience_t=2, cooldown_t=3", {4, 0.05}, {11, 0.025}, {23, 0.0125}, {29, 0.00625},
         {35, 0.003125}, {41, 0.0015625}, {47, 0.00078125});
    timm("decay_rate=0.5, patience_t=1, lr_min=0.02, mode=min", {2, 0.05}, {7, 0.025}, {9, 0.02});
    timm("decay_rate=0.25, patience_t=3, threshold=0.1", {5, 0.025}, {12, 0.00625}, {16, 0.0015625}, {23, 0.000390625},
         {27, 9.765625e-05}, {31, 2.44140625e-05}, {35, 6.103515625e-06}, {39, 1.52587890625e-06});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_rounding_is_no_reduction),
        cmocka_unit_test(test_frameworks_count_differently),
        cmocka_unit_test(test_average),
        cmocka_unit_test(test_cooldown),
        cmocka_unit_test(test_threshold),
        cmocka_unit_test(test_mode),
        cmocka_unit_test(test_floor),
        cmocka_unit_test(test_non_finite_is_never_the_best),
        cmocka_unit_test(test_affine),
        cmocka_unit_test(test_better_never_lowers),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_timm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
