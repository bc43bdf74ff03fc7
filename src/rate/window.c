/* Robust statistics over a sliding window, cheap enough for every update: a sorted copy is kept by shifting, the median is
 * read off it, and whether the median distance is below a limit is answered by counting. */
#include "window.h"
#include <math.h>
#include <string.h>

static const double normal_consistency = 1.4826; /* 1 / (quantile of the normal at 3/4) */

/* How many of the sorted numbers are below `number` (or equal to it, with `equal`). Without branches on the numbers: they
 * would be guessed wrong half of the time, and this is most of what a guard costs. */
static int64_t rank_of(const double *sorted, int64_t count, double number, bool equal)
{
    int64_t low = 0;
    for (int64_t half; count > 0; count -= half) {
        half = (count + 1) / 2;
        double middle = sorted[low + half - 1];
        bool below = (middle < number) | (equal & (middle == number));
        low += half & -(int64_t)below;
    }
    return low;
}

void gradus_rate_window_push(rate_window *window, double number)
{
    int64_t count = *window->count, gap = count;
    double *sorted = window->sorted, *place = &window->ring[*window->next];
    int64_t at = rank_of(sorted, count, number, false);
    if (count == window->capacity)
        gap = rank_of(sorted, count, *place, false); /* the oldest makes room */
    else
        *window->count = count + 1;
    if (gap < at) {
        at--;
        memmove(sorted + gap, sorted + gap + 1, (size_t)(at - gap) * sizeof *sorted);
    } else {
        memmove(sorted + at + 1, sorted + at, (size_t)(gap - at) * sizeof *sorted);
    }
    sorted[at] = *place = number;
    *window->next = *window->next + 1 < window->capacity ? *window->next + 1 : 0;
}

double gradus_rate_window_median(const rate_window *window)
{
    int64_t count = *window->count;
    const double *sorted = window->sorted;
    return count % 2 ? sorted[count / 2] : 0.5 * sorted[count / 2 - 1] + 0.5 * sorted[count / 2];
}

double gradus_rate_window_highest(const rate_window *window) { return window->sorted[*window->count - 1]; }

/* The k-th smallest distance from the median (k from 0): grows outwards from it, nearest side first. */
static double distance_at(const rate_window *window, int64_t k)
{
    int64_t count = *window->count;
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
    int64_t count = *window->count;
    double upper = distance_at(window, count / 2);
    return normal_consistency * (count % 2 ? upper : 0.5 * (distance_at(window, count / 2 - 1) + upper));
}

/* The upper of the two middle distances is below the limit when more than half of all are. */
bool gradus_rate_window_deviates_less(const rate_window *window, double limit)
{
    int64_t count = *window->count;
    double median = gradus_rate_window_median(window), distance = limit / normal_consistency;
    int64_t inside = rank_of(window->sorted, count, median + distance, false) -
                     rank_of(window->sorted, count, median - distance, true);
    return 2 * inside > count;
}
