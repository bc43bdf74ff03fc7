/* Sliding windows against the plain way: copy, sort, look. */
#include "check.h"
#include "../../src/rate/window.h"
#include "gradus/base.h"

enum { CAPACITY = 33 };

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(const double *numbers, int count)
{
    double sorted[CAPACITY];
    memcpy(sorted, numbers, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, by_value);
    return count % 2 ? sorted[count / 2] : 0.5 * sorted[count / 2 - 1] + 0.5 * sorted[count / 2];
}

static void check_sequence(int capacity, uint64_t seed, int levels)
{
    double ring[CAPACITY], sorted[CAPACITY], last[CAPACITY], distances[CAPACITY];
    int64_t held = 0, next = 0;
    rate_window window = {ring, sorted, capacity, &held, &next};
    for (int i = 0; i < 300; i++) {
        double number = gradus_random_normal(seed, 0, (uint64_t)i);
        if (levels) number = floor(number * levels); /* many ties */
        gradus_rate_window_push(&window, number);
        last[i % capacity] = number;
        int count = i + 1 < capacity ? i + 1 : capacity;
        assert_int_equal(held, count);
        double median = median_of(last, count), highest = -INFINITY;
        for (int j = 0; j < count; j++) {
            distances[j] = fabs(last[j] - median);
            highest = fmax(highest, last[j]);
        }
        double deviation = 1.4826 * median_of(distances, count);
        check_close(gradus_rate_window_median(&window), median, 0, 0);
        check_close(gradus_rate_window_highest(&window), highest, 0, 0);
        check_close(gradus_rate_window_deviation(&window), deviation, 1e-15, 0);
        if (count % 2 == 0) continue; /* of two middle distances the upper one decides */
        assert_true(gradus_rate_window_deviates_less(&window, deviation * 1.001 + 1e-9));
        if (deviation > 0) assert_false(gradus_rate_window_deviates_less(&window, deviation * 0.999));
    }
}

static void test_against_sorting(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 8; seed++) {
        check_sequence(1, seed, 0);
        check_sequence(2, seed, 0);
        check_sequence(20, seed, 0);
        check_sequence(CAPACITY, seed, 0);
        check_sequence(CAPACITY, seed, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_sorting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
