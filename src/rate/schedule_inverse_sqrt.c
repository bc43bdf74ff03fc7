/* inverse_sqrt: falls as one over the root of the time. It never ends, so that a run can go on or cool down at any moment. */
#include "rate.h"

enum { TIMESCALE, SHIFT, RISE };
static const double usual = 10000; /* updates */

/* HF: without a timescale the warm-up is one. */
static double timescale(const gradus_call *call)
{
    if (call->counts[TIMESCALE]) return call->number[TIMESCALE];
    if (call->number[RISE] > 0) return call->number[RISE];
    return usual * (call->update > 0 ? call->update : 1);
}

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    double rise = call->number[RISE], scale = timescale(call);
    if (t < rise) return t / rise;
    double shift = call->counts[SHIFT] ? call->number[SHIFT] : scale;
    return fmin(sqrt(scale / (t - rise + shift)), 1);
}

static const gradus_argument arguments[] = {
    {.name = "timescale",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_OPTIONAL,
     .help = "the rate has halved after three of these; without it 10000 updates",
     .also = "decay_steps, tau"},
    {.name = "shift",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "how old the clock is at the start; without it one timescale, with 0 the full rate holds for as long"},
    {.name = "rise",
     .kind = GRADUS_LENGTH,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "a straight rise before it, and its timescale where none is given"},
    {0}};

static const gradus_like like[] = {
    {"hf", "get_inverse_sqrt_schedule", "num_warmup_steps=rise, timescale=timescale", NULL}, {0}};

const gradus_schedule_row gradus_schedule_inverse_sqrt = {
    .member = {.name = "inverse_sqrt",
               .summary = "falls as one over the root of the time",
               .formula = "min(1, sqrt(timescale / (t + shift)))",
               .paper = "Zhai et al. 2022, arXiv 2106.04560",
               .also = "rsqrt, inverse_square_root, inv_sqrt, reciprocal_sqrt, get_inverse_sqrt_schedule",
               .example = "inverse_sqrt(100)",
               .arguments = arguments,
               .like = like},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING,
    .factor = factor};
