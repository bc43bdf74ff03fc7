/* Schedules that draw by lot: the same whenever they are asked, their own for every seed, and distributed as they say. */
#include "values.h"

static const gradus_units epochs = {.total = 10, .total_unit = GRADUS_EPOCHS, .updates_per_epoch = 20};

enum { DRAWS = 100000 };

typedef struct moments {
    double mean, deviation, least, most, middle; /* middle: share of the draws below the middle of least and most */
} moments;

static moments moments_of(const char *spec, double expected_middle)
{
    moments m = {.least = INFINITY, .most = -INFINITY};
    double squares = 0;
    gradus_schedule *schedule = make(spec, NULL);
    for (int t = 0; t < DRAWS; t++) {
        double factor = gradus_schedule_at(schedule, t);
        m.mean += factor / DRAWS, squares += factor * factor / DRAWS;
        m.least = fmin(m.least, factor), m.most = fmax(m.most, factor);
        m.middle += (factor < expected_middle) / (double)DRAWS;
    }
    gradus_schedule_destroy(schedule);
    m.deviation = sqrt(squares - m.mean * m.mean);
    return m;
}

static void test_random(void **state)
{
    (void)state;
    moments even = moments_of("random(20%, 60%, seed=3)", 0.4);
    check_close(even.mean, 0.4, 0, 0.002);
    check_close(even.deviation, 0.4 / sqrt(12), 0.01, 0);
    check_close(even.middle, 0.5, 0, 0.01);
    check_close(even.least, 0.2, 0, 1e-4);
    check_close(even.most, 0.6, 0, 1e-4);
    moments low = moments_of("random(power=3)", 0.125); /* half of the draws of u are below 1/2 */
    check_close(low.mean, 0.25, 0, 0.005);
    check_close(low.middle, 0.5, 0, 0.01);
}

static void test_noise(void **state)
{
    (void)state;
    moments normal = moments_of("noise(constant, 10%)", 1);
    check_close(normal.mean, 1, 0, 0.002);
    check_close(normal.deviation, 0.1, 0.01, 0);
    check_close(normal.middle, 0.5, 0, 0.01);
    moments even = moments_of("noise(constant(0.5), 10%, distribution=uniform)", 0.5);
    check_close(even.mean, 0.5, 0, 0.002);
    check_close(even.deviation, 0.1 / sqrt(12), 0.01, 0);
    check_close(even.least, 0.45, 0, 1e-4);
    check_close(even.most, 0.55, 0, 1e-4);
    moments great = moments_of("noise(constant, 200%)", 1); /* a rate is never negative */
    check_close(great.least, 0, 0, 0);
    assert_true(great.most > 5);
}

/* Nothing is remembered: any order, any other schedule made from the same text, any unit gives the same draws. */
static void check_reproducible(const char *spec, const char *other_seed)
{
    double forward[200];
    gradus_schedule *schedule = make(spec, &epochs), *again = make(spec, &epochs), *other = make(other_seed, &epochs);
    int differ = 0, moved = 0;
    for (int n = 0; n < 200; n++) forward[n] = gradus_schedule_at(schedule, n / 20.0);
    for (int n = 199; n >= 0; n--) {
        assert_true(gradus_schedule_at(again, n / 20.0) == forward[n]);
        assert_true(gradus_schedule_at(again, (n + 1e-9) / 20.0) == forward[n] || strstr(spec, "cosine"));
        differ += gradus_schedule_at(other, n / 20.0) != forward[n];
        moved += n > 0 && forward[n] != forward[n - 1];
    }
    assert_true(differ > 190 && moved > 190);
    gradus_schedule_destroy(schedule);
    gradus_schedule_destroy(again);
    gradus_schedule_destroy(other);
}

static void test_reproducible(void **state)
{
    (void)state;
    check_reproducible("random(seed=42)", "random(seed=43)");
    check_reproducible("noise(constant, 10%, seed=42)", "noise(constant, 10%, seed=41)");
    check_reproducible("noise(cosine, 10%, seed=42)", "noise(cosine, 10%)");
    /* what two members draw with one seed has nothing in common */
    assert_true(value("noise(constant, 1, distribution=uniform)", NULL, 7) != 2 * value("random", NULL, 7));
    /* updates by whatever clock: the 7th draws the same in updates, epochs and samples */
    const gradus_units samples = {.total = 1000, .total_unit = GRADUS_SAMPLES, .samples_per_update = 5};
    double seventh = value("random(seed=5)", &hundred, 7);
    check_value("random(seed=5, length=10ep)", &epochs, 7 / 20.0, seventh);
    check_value("random(seed=5, length=1000 samples)", &samples, 35, seventh);
}

static void test_stretches(void **state)
{
    (void)state;
    gradus_schedule *random = make("random(every=10)", NULL), *noise = make("noise(constant, 10%, every=1ep)", &epochs);
    for (int t = 0; t < 200; t++) {
        assert_true(gradus_schedule_at(random, t) == gradus_schedule_at(random, t - t % 10));
        assert_true(gradus_schedule_at(noise, t / 20.0) == gradus_schedule_at(noise, t / 20));
    }
    assert_true(gradus_schedule_at(random, 9) != gradus_schedule_at(random, 10));
    assert_true(gradus_schedule_at(noise, 0.95) != gradus_schedule_at(noise, 1));
    gradus_schedule_destroy(random);
    gradus_schedule_destroy(noise);
}

static void test_where_noise_is(void **state)
{
    (void)state;
    const char *const spec = "noise(warmup(10) > linear, 10%, seed=42, from=20%, to=80%)";
    gradus_schedule *noisy = make(spec, &hundred), *plain = make("warmup(10) > linear", &hundred);
    for (int t = 0; t <= 100; t++) {
        double is = gradus_schedule_at(noisy, t), was = gradus_schedule_at(plain, t);
        assert_int_equal(is != was, t >= 20 && t < 80);
    }
    gradus_schedule_destroy(noisy);
    gradus_schedule_destroy(plain);
    check_error("noise(cosine, from=30, to=20)", &hundred, GRADUS_CODE_OUT_OF_RANGE, 1, "must begin before it ends");
    check_error("noise", &hundred, GRADUS_CODE_MISSING, 1, "needs schedule");
    check_error("cosine(t_initial=9, noise_range_t=[1, 2, 3], like=timm)", NULL, GRADUS_CODE_TOO_MANY, 35,
                "a beginning and an end");
    check_error("cosine(t_initial=9, noise_range_t=1, noise_pct=0, like=timm)", NULL, GRADUS_CODE_OUT_OF_RANGE, 48,
                "at least 0.001");
}

/* timm's noise is worked out ahead, many units side by side, as far as the run goes, and at the call after that: there is no seam,
 * and both are what a unit gives that stands alone. */
static void check_seam(const char *noise, double total, int first, int last)
{
    char whole[160], alone[160];
    snprintf(whole, sizeof whole, "cosine(t_initial=300, lr_min=0.1, noise_range_t=0, %s, like=timm)", noise);
    /* lr_min is the rate itself: only the noise is left */
    gradus_schedule *from_start = make(whole, &(gradus_units){.base = 0.1, .total = total});
    for (int t = first; t < last; t++) {
        snprintf(alone, sizeof alone, "cosine(t_initial=300, lr_min=0.1, noise_range_t=[%d, %d], %s, like=timm)", t,
                 t + 1, noise);
        gradus_schedule *there = make(alone, &(gradus_units){.base = 0.1});
        if (gradus_schedule_at(from_start, t) != gradus_schedule_at(there, t)) fail_msg("%s, unit %d", whole, t);
        assert_true(gradus_schedule_at(there, t + 1) == 1);
        assert_true(gradus_schedule_at(there, t) != 1);
        gradus_schedule_destroy(there);
    }
    gradus_schedule_destroy(from_start);
}

static void test_noise_of_long_runs(void **state)
{
    (void)state;
    check_seam("noise_seed=42", 1000, 0, 1050);                       /* as far as the run goes */
    check_seam("noise_seed=42", 0, 16600, 16800);                     /* whose end is not known */
    check_seam("noise_seed=4294967200", 2e6, 0, 300);                 /* seeds begin again */
    check_seam("noise_seed=7", 2e6, (1 << 20) - 100, (1 << 20) + 50); /* as far as there is room */
    check_seam("noise_pct=0.01", 1000, 0, 100);                       /* hundreds of draws each */
    check_seam("noise_pct=1.5, noise_std=0.3", 1000, 0, 100);         /* hardly ever a second one */
    check_error("cosine(t_initial=9, noise_range_t=1, noise_std=10000, like=timm)", NULL, GRADUS_CODE_OUT_OF_RANGE, 48,
                "drawn for ever");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),         cmocka_unit_test(test_noise),
        cmocka_unit_test(test_reproducible),   cmocka_unit_test(test_stretches),
        cmocka_unit_test(test_where_noise_is), cmocka_unit_test(test_noise_of_long_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
