/* decay: goes from the value reached down to the end of the run, in one of the shapes that cool-downs have.
 * Long constant rates with a short decay: Zhai et al. 2022; 1-sqrt: Haegele et al. 2024. */
#include "shapes.h"

enum { LENGTH, SHAPE, TO, FROM };
enum { EXPONENTIAL = SHAPE_COUNT };

static double factor(const gradus_call *call, double t, double length)
{
    double p = rate_progress(t, length), from = call->number[FROM], to = call->number[TO];
    int shape = (int)call->number[SHAPE];
    if (shape == EXPONENTIAL) return from > 0 ? from * pow(to / from, p) : to * p;
    return rate_between(to, from, rate_left(shape, p));
}

static const char *check(const gradus_call *call)
{
    bool never = (int)call->number[SHAPE] == EXPONENTIAL && call->number[TO] == 0;
    return never ? "an exponential decay never reaches 0; give it an end, such as to=1%" : NULL;
}

static const gradus_argument arguments[] = {
    {.name = "length",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .flags = GRADUS_OPTIONAL,
     .help = "how long it lasts; without it what is left of the run",
     .search = "choice(10%, 20%, 40%)",
     .also = "num_decay_steps, decay_steps"},
    {.name = "shape",
     .kind = GRADUS_WORD,
     .initial = "linear",
     .words = RATE_SHAPES "|exponential",
     .help = "form of the way down",
     .also = "decay_type, type"},
    {.name = "to",
     .kind = GRADUS_SHARE,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "share of the rate at the end",
     .search = "choice(0, 1%, 10%)",
     .also = "min_lr_ratio, eta_min"},
    {.name = "from",
     .kind = GRADUS_SHARE,
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "share of the rate at the start; without it what the phase before reached"},
    {0}};

const gradus_schedule_row gradus_schedule_decay = {
    .member = {.name = "decay",
               .summary = "goes from the value reached to the end",
               .formula =
                   "to + (reached - to) left(p), p = t / length, left = 1 - p, (1 + cos(pi p)) / 2, 1 - sqrt(p), "
                   "1 - p^2; exponential: reached (to / reached)^p",
               .paper = "Haegele et al. 2024, arXiv 2405.18392",
               .also = "cool_down, linear_cooldown, final_decay",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING | GRADUS_NEEDS_LENGTH | GRADUS_FROM_REACHED,
    .factor = factor,
    .check = check};
