/* clip_percentile: shrinks all gradients together to a percentile of the norms that there were lately, so that the limit is
 * found by itself (AutoClip; Seetharaman, Wichern, Pardo and Le Roux, 2020).
 *
 *     limit = the percentile of the last `window` norms and this one,  g <- g min(1, limit / norm)
 *
 * Between two norms it is interpolated linearly, as NumPy does. */
#include "rules.h"
#include <math.h>
#include <string.h>

enum { SHARE, WINDOW };
enum { COUNT, NEXT, NORMS }; /* memory: how many, where the next goes; then the norms in turn, then sorted */

static int32_t remembers(const double *arguments) { return NORMS + 2 * (int32_t)arguments[WINDOW]; }

static gradus_norm norm(const double *arguments)
{
    (void)arguments;
    return GRADUS_NORM_2;
}

/* How many of the sorted norms are below one. */
static int32_t rank_of(const double *sorted, int32_t count, double value)
{
    int32_t low = 0, high = count;
    while (low < high) {
        const int32_t middle = (low + high) / 2;
        if (sorted[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The index-th of the sorted norms when `value` is one of them, at `rank`. */
static double with(const double *sorted, int32_t rank, double value, int32_t index)
{
    return index == rank ? value : sorted[index < rank ? index : index - 1];
}

static double factor(const double *arguments, double measured, const double *memory)
{
    const int32_t count = (int32_t)memory[COUNT];
    const double *sorted = memory + NORMS + (int32_t)arguments[WINDOW];
    if (!isfinite(measured) || measured == 0) return 1; /* what to do then is not a question of clipping */
    const int32_t rank = rank_of(sorted, count, measured);
    const double place = arguments[SHARE] * count;
    const int32_t below = (int32_t)place, above = below < count ? below + 1 : below;
    const double low = with(sorted, rank, measured, below), high = with(sorted, rank, measured, above);
    return fmin(1, (low + (place - below) * (high - low)) / measured);
}

static void learn(const double *arguments, double measured, double *memory)
{
    const int32_t window = (int32_t)arguments[WINDOW];
    double *norms = memory + NORMS, *sorted = norms + window, *next = &norms[(int32_t)memory[NEXT]];
    int32_t count = (int32_t)memory[COUNT];
    if (!isfinite(measured)) return;
    if (count == window) { /* the oldest goes */
        const int32_t rank = rank_of(sorted, count--, *next);
        memmove(sorted + rank, sorted + rank + 1, (size_t)(count - rank) * sizeof *sorted);
    }
    const int32_t rank = rank_of(sorted, count, measured);
    memmove(sorted + rank + 1, sorted + rank, (size_t)(count - rank) * sizeof *sorted);
    sorted[rank] = *next = measured;
    memory[COUNT] = count + 1;
    memory[NEXT] = ((int32_t)memory[NEXT] + 1) % window;
}

static const gradus_argument arguments[] = {
    [SHARE] = {"share", GRADUS_SHARE, .initial = "10%", .low = 0, .high = 1,
               .help = "part of the norms that lie below the limit", .flags = GRADUS_SCHEDULED,
               .search = "uniform(0.05, 0.5)", .also = "percentile, clip_percentile"},
    [WINDOW] = {"window", GRADUS_INTEGER, .initial = "1000", .low = 1, .high = 1e6,
                .help = "updates whose norms are remembered", .flags = GRADUS_NAMED, .also = "history"},
    {0}};

const gradus_gradient_row gradus_gradient_clip_percentile = {
    .member =
        {.name = "clip_percentile",
         .summary = "shrinks all gradients together to a percentile of their last norms",
         .formula = "g <- g min(1, percentile of the last norms / norm)",
         .paper = "Seetharaman, Wichern, Pardo and Le Roux 2020",
         .also = "autoclip, auto_clip, percentile, adaptive_percentile",
         .arguments = arguments,
         .notes = "The paper remembers all norms and takes 10%: nine updates of ten are then clipped, and the rate may "
                  "be higher.\n"
                  "90% clips what stands out."},
    .norm = norm,
    .factor = factor,
    .remembers = remembers,
    .learn = learn,
};
