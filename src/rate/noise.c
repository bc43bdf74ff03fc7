/* The gradient's noise from two batch sizes (McCandlish et al. 2018, appendix A.1). With G the true gradient, Sigma the covariance of one
 * example's gradient, g the mean over B examples and g1, g2 the means over its halves,
 *
 *     E|g|^2 = |G|^2 + tr(Sigma) / B,     E(B1/B |g1|^2 + B2/B |g2|^2) = |G|^2 + 2 tr(Sigma) / B,
 *
 * whatever the halves' sizes B1 + B2 = B, so that both unknowns have unbiased estimates. Those are averaged before anybody takes their
 * ratio: the ratio of two noisy numbers is biased, and in a single update |G|^2 may come out negative. */
#include "noise.h"
#include <string.h>

void gradus_rate_noise_hear(rate_noise *noise, const char *metric, double value)
{
    bool half = strcmp(metric, "half_gradient_norm") == 0, usable = isfinite(value * value);
    *(half ? &noise->has_half : &noise->has_whole) = usable;
    *(half ? &noise->half : &noise->whole) = usable ? value * value : 0;
}

/* Plain means of the first `window` updates, then each new one moves them by its share of the window. */
static void average(rate_noise *noise, double window, double samples)
{
    double share = 1 / fmin((double)++noise->looks, window);
    noise->signal += share * (2 * noise->held_whole - noise->held_half - noise->signal);
    noise->variance += share * (samples * (noise->held_half - noise->held_whole) - noise->variance);
    noise->samples += share * (samples - noise->samples);
}

void gradus_rate_noise_look(rate_noise *noise, double window, const gradus_clock *now)
{
    double samples = now->samples - noise->held_samples;
    if (noise->held && samples > 0) average(noise, window, samples);
    noise->held = noise->has_half && noise->has_whole;
    noise->held_half = noise->half;
    noise->held_whole = noise->whole;
    noise->held_samples = now->samples;
    noise->has_half = noise->has_whole = 0;
}
