/* multistep: multiplies the rate by a constant at each of a list of moments. The new rate holds at the moment itself; one that is
 * listed twice counts twice. */
#include "rate.h"
#include <string.h>

enum { AT, FACTOR, EARLY };

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    const double *at = call->made; /* sorted */
    int32_t first = 0, after = call->counts[AT];
    while (first < after) { /* the first that has not come yet */
        int32_t middle = first + (after - first) / 2;
        if (rate_has_come(at[middle], t + call->number[EARLY]))
            first = middle + 1;
        else
            after = middle;
    }
    return pow(call->number[FACTOR], first);
}

static bool prepare(const gradus_call *call, gradus_preparation *preparation, const void **made)
{
    size_t count = (size_t)call->counts[AT];
    double *sorted = preparation->take(preparation, count * sizeof *sorted);
    if (!sorted) return false;
    memcpy(sorted, call->numbers[AT], count * sizeof *sorted);
    gradus_rate_sort(sorted, call->counts[AT], 1);
    *made = sorted;
    return true;
}

static const gradus_argument arguments[] = {
    {.name = "at",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .flags = GRADUS_LIST,
     .help = "when, from the beginning of the phase: [30ep, 60ep, 80ep]",
     .also = "milestones, decay_t, boundaries, steps"},
    {.name = "factor",
     .kind = GRADUS_SHARE,
     .initial = "10%",
     .high = INFINITY,
     .open = "(",
     .help = "what the rate is multiplied by",
     .search = "choice(10%, 20%, 50%)",
     .also = "gamma, decay_rate, scale"},
    {.name = "early",
     .kind = GRADUS_NUMBER,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "by how much of the axis's unit, update or epoch, each comes early"},
    {0}};

static const gradus_like like[] = {{"torch", "MultiStepLR", "milestones=at, gamma=factor", "factor=10%"},
                                   {"timm", "MultiStepLRScheduler", "decay_t=at, decay_rate=factor, " RATE_LIKE_TIMM,
                                    "factor=1, early=1, ramp_to=peak"},
                                   {0}};

const gradus_schedule_row gradus_schedule_multistep = {
    .member = {.name = "multistep",
               .summary = "multiplies the rate by a constant at each of a list of moments",
               .formula = "factor ^ (how many of `at` are <= t)",
               .paper = "He et al. 2016, arXiv 1512.03385",
               .also = "milestones, multi_step, MultiStepLR, MultiStepLRScheduler, steps",
               .example = "multistep([100, 200], 10%)",
               .arguments = arguments,
               .like = like,
               .notes = "like=timm: each moment comes one epoch early, or one update where lengths are in updates; its "
                        "authors keep "
                        "to it."},
    .abi = GRADUS_ABI,
    .promises = GRADUS_FALLING,
    .factor = factor,
    .prepare = prepare};
