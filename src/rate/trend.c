/* Straight lines through series of numbers, and what chance makes of their slopes. */
#include "trend.h"
#include <math.h>

rate_line gradus_rate_fit_line(const double *values, int64_t count, int64_t without)
{
    double n = 0, x_mean = 0, y_mean = 0, xx = 0, xy = 0, rest = 0;
    for (int64_t i = 0; i < count; i++)
        if (i != without) n++, x_mean += (double)i, y_mean += values[i];
    x_mean /= n, y_mean /= n;
    for (int64_t i = 0; i < count; i++) {
        double x = (double)i - x_mean;
        if (i != without) xx += x * x, xy += x * (values[i] - y_mean);
    }
    double slope = xy / xx;
    for (int64_t i = 0; i < count; i++) {
        double left = values[i] - y_mean - slope * ((double)i - x_mean);
        if (i != without) rest += left * left;
    }
    return (rate_line){slope, sqrt(rest / (n - 2) / xx)};
}

int64_t gradus_rate_farthest(const double *values, int64_t count, double sign)
{
    double slope = gradus_rate_fit_line(values, count, -1).slope;
    int64_t farthest = 0;
    for (int64_t i = 1; i < count; i++)
        if (sign * (values[i] - values[farthest] - slope * (double)(i - farthest)) > 0) farthest = i;
    return farthest;
}

/* Newton's method, from the side on which it cannot overshoot. */
double gradus_rate_normal_above(double probability)
{
    const double root_2 = 1.4142135623730951, root_2pi = 2.5066282746310002;
    if (probability > 0.5) return -gradus_rate_normal_above(1 - probability);
    double z = 0, step = 1;
    for (int i = 0; i < 100 && step > 1e-13; i++, z += step)
        step = (0.5 * erfc(z / root_2) - probability) * root_2pi * exp(z * z / 2);
    return z;
}

/* The lower quantile of the noncentral t, by the approximation of Jennett and Welch 1939 (Abramowitz and Stegun 26.7.10): t - d is
 * nearly normal with the variance 1 + t^2 / 2f, once t is made smaller by 1 / 4f. */
double gradus_rate_slope_below(double probability, double true_slope, double freedom)
{
    double z = gradus_rate_normal_above(probability), d = true_slope, b = 1 - 1 / (4 * freedom);
    double a = b * b - z * z / (2 * freedom), root = b * b * d * d - a * (d * d - z * z);
    return (b * d - (z > 0 ? 1 : -1) * sqrt(root > 0 ? root : 0)) / a;
}
