/* Random numbers: fixed values for ever (data orders depend on them), spread, independence of streams, fair permutations. */
#include "check.h"
#include "gradus/base.h"

static void test_values_never_change(void **state)
{
    (void)state;
    assert_int_equal(gradus_random_bits(0, 0, 0), UINT64_C(0x238275bc38fcbe91));
    assert_int_equal(gradus_random_bits(1, 2, 3), UINT64_C(0x8568f7c4e53b5a35));
    check_close(gradus_random_unit(7, 0, 5), 0.7544147035541824, 0, 0);
    check_close(gradus_random_normal(7, 0, 5), -1.5672387264860115, 1e-14, 0);
    static const int64_t expected[8] = {6, 3, 7, 4, 5, 1, 2, 0};
    int64_t order[8];
    gradus_random_permutation(1, 2, 8, order);
    assert_memory_equal(order, expected, sizeof expected);
}

static void test_unit_is_uniform(void **state)
{
    (void)state;
    enum { BINS = 64, DRAWS = 64000 };
    for (uint64_t seed = 0; seed < 4; seed++) {
        int bins[BINS] = {0};
        for (uint64_t i = 0; i < DRAWS; i++) {
            double u = gradus_random_unit(seed, 3, i);
            assert_true(u >= 0 && u < 1);
            bins[(int)(u * BINS)]++;
        }
        double chi2 = 0, expected = (double)DRAWS / BINS;
        for (int i = 0; i < BINS; i++) chi2 += (bins[i] - expected) * (bins[i] - expected) / expected;
        assert_true(chi2 > 30 && chi2 < 110); /* 63 degrees of freedom: below 1 in 10000 on either side */
    }
}

static void test_normal_has_its_moments(void **state)
{
    (void)state;
    enum { DRAWS = 100000 };
    double sum = 0, square = 0, fourth = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        double x = gradus_random_normal(11, 1, i);
        assert_true(isfinite(x));
        sum += x, square += x * x, fourth += x * x * x * x;
    }
    check_close(sum / DRAWS, 0, 0, 0.015);
    check_close(square / DRAWS, 1, 0, 0.02);
    check_close(fourth / DRAWS, 3, 0, 0.15);
}

static void test_neighbours_are_unrelated(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    for (int which = 0; which < 3; which++) { /* neighbouring seeds, streams, indices */
        double product = 0;
        for (uint64_t i = 0; i < DRAWS; i++) {
            double a = gradus_random_unit(5, 5, 2 * i) - 0.5;
            double b = gradus_random_unit(which == 0 ? 6 : 5, which == 1 ? 6 : 5, which == 2 ? 2 * i + 1 : 2 * i) - 0.5;
            product += a * b;
        }
        check_close(product / DRAWS * 12, 0, 0, 0.04); /* correlation; 5 standard errors */
    }
}

static void test_permutation_holds_each_once(void **state)
{
    (void)state;
    int64_t order[1000];
    for (int64_t count = 0; count < 1000; count += count < 20 ? 1 : 97) {
        unsigned char seen[1000] = {0};
        gradus_random_permutation(3, (uint64_t)count, count, order);
        for (int64_t i = 0; i < count; i++) {
            assert_true(order[i] >= 0 && order[i] < count);
            assert_false(seen[order[i]]++);
        }
    }
}

static void test_permutation_is_fair(void **state)
{
    (void)state;
    enum { DRAWS = 24000 };
    int counts[256] = {0};
    for (uint64_t epoch = 0; epoch < DRAWS; epoch++) {
        int64_t order[4];
        gradus_random_permutation(1, epoch, 4, order);
        counts[order[0] << 6 | order[1] << 4 | order[2] << 2 | order[3]]++;
    }
    double chi2 = 0, expected = DRAWS / 24.0;
    int different = 0;
    for (int i = 0; i < 256; i++)
        if (counts[i]) different++, chi2 += (counts[i] - expected) * (counts[i] - expected) / expected;
    assert_int_equal(different, 24);
    assert_true(chi2 < 53); /* 23 degrees of freedom: below 1 in 2000 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_never_change),         cmocka_unit_test(test_unit_is_uniform),
        cmocka_unit_test(test_normal_has_its_moments),      cmocka_unit_test(test_neighbours_are_unrelated),
        cmocka_unit_test(test_permutation_holds_each_once), cmocka_unit_test(test_permutation_is_fair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
