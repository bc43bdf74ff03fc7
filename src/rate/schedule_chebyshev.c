/* chebyshev: steps that are the reciprocals of Chebyshev nodes, best for a quadratic whose curvatures lie between `low` and 1, in the
 * fractal order that keeps what they blow up small (Agarwal, Goel, Zhang 2021, "Acceleration via fractal learning rate schedules").
 * The largest comes near the full rate. */
#include "rate.h"

enum { EVERY, COUNT, LOW, ONCE, ROUNDED, UNSCALED };

typedef struct chebyshev_steps {
    int32_t count;
    double steps[];
} chebyshev_steps;

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    const chebyshev_steps *made = call->made;
    double index = rate_periods(t, call->number[EVERY]), count = made->count;
    index = call->number[ONCE] != 0 ? fmin(index, count - 1) : fmod(index, count);
    return made->steps[index >= 0 ? (int32_t)index : 0];
}

static int32_t power_of_two(int32_t least)
{
    int32_t power = 1;
    while (power < least) power *= 2;
    return power;
}

/* Which node stands at a place of the order for `size` nodes, a power of two: the even places hold the order for half as many, each
 * followed by its opposite. */
static int32_t node_at(int32_t place, int32_t size)
{
    if (size == 1) return 0;
    int32_t half = node_at(place / 2, size / 2);
    return place % 2 ? size - 1 - half : half;
}

static bool prepare(const gradus_call *call, gradus_preparation *preparation, const void **made)
{
    const double *of = call->number;
    bool rounded = of[ROUNDED] != 0;
    int32_t count = rounded ? power_of_two((int32_t)of[COUNT]) : (int32_t)of[COUNT];
    int32_t places = power_of_two(rounded ? count - 2 : count); /* pytorch_optimizer's order of 2 and 4 is cut short */
    chebyshev_steps *steps = preparation->take(preparation, sizeof *steps + (size_t)count * sizeof(double));
    if (!steps) return false;
    double middle = (1 + of[LOW]) / 2, radius = (1 - of[LOW]) / 2, scale = of[UNSCALED] != 0 ? 1 : of[LOW];
    for (int32_t place = 0; place < places; place++) {
        int32_t node = node_at(place, places);
        if (node >= count) continue;
        steps->steps[steps->count++] = scale / (middle - radius * cos(rate_pi * (node + 0.5) / count));
    }
    *made = steps;
    return true;
}

static const gradus_argument arguments[] = {
    {.name = "every",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .open = "(",
     .help = "how long each step holds",
     .also = "period"},
    {.name = "count",
     .kind = GRADUS_INTEGER,
     .initial = "16",
     .low = 1,
     .high = 65536,
     .help = "steps before the order begins again; best a power of two",
     .search = "choice(8, 16, 32)",
     .also = "T, steps"},
    {.name = "low",
     .kind = GRADUS_SHARE,
     .initial = "5%",
     .high = 1,
     .open = "()",
     .flags = GRADUS_NAMED,
     .help = "least curvature as a share of the greatest, and so the least step as a share of the largest",
     .search = "loguniform(0.01, 0.5)",
     .also = "small_m, m"},
    {.name = "once",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "stays at the last step"},
    {.name = "rounded",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "as many steps as the next power of two"},
    {.name = "unscaled",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "the least step is near the rate and the largest that many times above it"},
    {0}};

static const gradus_like like[] = {{"pytorch_optimizer", "get_chebyshev_schedule", "num_epochs=count",
                                    "every=1, ahead=-2, once=true, rounded=true, unscaled=true"},
                                   {0}};

const gradus_schedule_row gradus_schedule_chebyshev = {
    .member = {.name = "chebyshev",
               .summary = "long and short steps in a fractal order",
               .formula =
                   "low / ((1 + low) / 2 - (1 - low) / 2 cos(pi (n + 1/2) / count)), n the node that the order has at "
                   "floor(t / every)",
               .paper = "Agarwal, Goel, Zhang 2021, arXiv 2103.01338",
               .also = "Chebyshev, fractal, fractal_chebyshev, get_chebyshev_schedule",
               .arguments = arguments,
               .like = like,
               .example = "chebyshev(5, 16)",
               .notes = "pytorch_optimizer multiplies the rate by up to 20, and its clock is two steps behind."},
    .abi = GRADUS_ABI,
    .factor = factor,
    .prepare = prepare};
