/* noise: another schedule, each update a little higher or lower than it says, by lot. Seeded, so that a resumed run draws the same. */
#include "drawn.h"

enum { SCHEDULE, AMOUNT, SEED, FROM, TO, DISTRIBUTION, EVERY };
enum { NORMAL, UNIFORM };

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    const double *of = call->number;
    double value = gradus_schedule_at(call->inner[SCHEDULE][0], t);
    if (!rate_has_come(of[FROM], t) || (call->counts[TO] && rate_has_come(of[TO], t))) return value;
    uint64_t seed = (uint64_t)of[SEED], index = rate_draw(call, t, of[EVERY]);
    double drawn = of[DISTRIBUTION] == UNIFORM ? 2 * gradus_random_unit(seed, RATE_STREAM_NOISE, index) - 1
                                               : gradus_random_normal(seed, RATE_STREAM_NOISE, index);
    return value * (1 + of[AMOUNT] * drawn); /* what falls below 0 ends up at the floor */
}

static const char *check(const gradus_call *call)
{
    bool backwards = call->counts[TO] && call->number[TO] < call->number[FROM];
    return backwards ? "noise must begin before it ends" : NULL;
}

static const gradus_argument arguments[] = {
    {.name = "schedule", .kind = GRADUS_PIPELINE, .help = "what is made noisy; a chain goes in whole"},
    {.name = "amount",
     .kind = GRADUS_SHARE,
     .initial = "10%",
     .high = INFINITY,
     .help = "standard deviation of the noise, or how far it goes where it is uniform, as a share of the value",
     .search = "choice(1%, 10%, 50%)",
     .also = "noise_pct, noise_std, std, scale"},
    {.name = "seed",
     .kind = GRADUS_INTEGER,
     .initial = "0",
     .high = 0x1p53,
     .flags = GRADUS_NAMED,
     .help = "which draws",
     .also = "noise_seed"},
    {.name = "from",
     .kind = GRADUS_LENGTH,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "where noise begins",
     .also = "noise_range_t, begin"},
    {.name = "to",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "where it ends; without it never"},
    {.name = "distribution",
     .kind = GRADUS_WORD,
     .initial = "normal",
     .words = "normal|uniform",
     .flags = GRADUS_NAMED,
     .help = "normal, or even between minus and plus the amount",
     .also = "noise_type"},
    {.name = "every",
     .kind = GRADUS_LENGTH,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "how long each draw holds; 0: one update"},
    {0}};

const gradus_schedule_row gradus_schedule_noise = {
    .member =
        {.name = "noise",
         .summary = "a schedule with noise on it",
         .formula =
             "schedule(t) max(0, 1 + amount z), z normal or even in [-1, 1), a function of the seed and the update",
         .also = "noisy, jitter",
         .arguments = arguments,
         .example = "noise(cosine, 10%, seed=42, from=20%, to=80%)",
         .notes = "timm's own noise goes by timm's names: cosine(t_initial=90ep, noise_range_t=60ep, like=timm)."},
    .abi = GRADUS_ABI,
    .factor = factor,
    .check = check};
