/* Robust statistics over a sliding window, cheap enough for every update: a sorted copy is kept by shifting, the median is
 * read off it, and whether the median distance is below a limit is answered by counting. */
#include "window.h"
#include <math.h>
#include <string.h>

static const double normal_consistency = 1.4826; /* 1 / (quantile of the normal at 3/4) */

int64_t gradus_rate_window_count(const rate_window *window)
{
    return *window->arrived < window->capacity ? *window->arrived : window->capacity;
}

/* How many of the sorted numbers are below `number` (or equal to it, with `equal`). */
static int64_t rank_of(const double *sorted, int64_t count, double number, bool equal)
{
    int64_t low = 0, high = count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (sorted[middle] < number || (equal && sorted[middle] == number))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void gradus_rate_window_push(rate_window *window, double number)
{
    int64_t count = gradus_rate_window_count(window), place = *window->arrived % window->capacity;
    double *sorted = window->sorted;
    int64_t gap = count, at = rank_of(sorted, count, number, false);
    if (count == window->capacity) gap = rank_of(sorted, count, window->ring[place], false); /* the oldest makes room */
    if (gap < at) {
        at--;
        memmove(sorted + gap, sorted + gap + 1, (size_t)(at - gap) * sizeof *sorted);
    } else {
        memmove(sorted + at + 1, sorted + at, (size_t)(gap - at) * sizeof *sorted);
    }
    sorted[at] = window->ring[place] = number;
    ++*window->arrived;
}

double gradus_rate_window_median(const rate_window *window)
{
    int64_t count = gradus_rate_window_count(window);
    const double *sorted = window->sorted;
    return count % 2 ? sorted[count / 2] : 0.5 * sorted[count / 2 - 1] + 0.5 * sorted[count / 2];
}

double gradus_rate_window_highest(const rate_window *window)
{
    return window->sorted[gradus_rate_window_count(window) - 1];
}

/* The k-th smallest distance from the median (k from 0): grows outwards from it, nearest side first. */
static double distance_at(const rate_window *window, int64_t k)
{
    int64_t count = gradus_rate_window_count(window);
    double median = gradus_rate_window_median(window), distance = 0;
    int64_t above = rank_of(window->sorted, count, median, false), below = above - 1;
    for (int64_t i = 0; i <= k; i++) {
        double up = above < count ? window->sorted[above] - median : INFINITY;
        double down = below >= 0 ? median - window->sorted[below] : INFINITY;
        distance = fmin(up, down);
        if (up <= down)
            above++;
        else
            below--;
    }
    return distance;
}

double gradus_rate_window_deviation(const rate_window *window)
{
    int64_t count = gradus_rate_window_count(window);
    double upper = distance_at(window, count / 2);
    return normal_consistency * (count % 2 ? upper : 0.5 * (distance_at(window, count / 2 - 1) + upper));
}

/* The upper of the two middle distances is below the limit when more than half of all are. */
bool gradus_rate_window_deviates_less(const rate_window *window, double limit)
{
    int64_t count = gradus_rate_window_count(window);
    double median = gradus_rate_window_median(window), distance = limit / normal_consistency;
    int64_t inside = rank_of(window->sorted, count, median + distance, false) -
                     rank_of(window->sorted, count, median - distance, true);
    return 2 * inside > count;
}
