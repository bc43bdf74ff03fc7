/* dwa: a task whose loss has fallen less from one epoch to the next counts more in the one after it. */
#include <math.h>
#include "balance.h"

enum { LOSSES, PLACE }; /* tensors */
enum {
    NOW,
    LAST,
    BEFORE
};                       /* means of an epoch's losses: the one under way and the two that are over; `tasks` of each */
enum { EPOCH, BATCHES }; /* in PLACE: of the epoch under way */
enum { TEMPERATURE };

static float *means(const gradus_balance *it, int32_t which) { return it->kept[LOSSES] + which * it->tasks; }

static void weigh(const gradus_balance *it, double epoch, double *factors)
{
    const bool over = it->kept[PLACE][BATCHES] > 0 && floor(epoch) != (double)it->kept[PLACE][EPOCH] && !isnan(epoch);
    const float *last = means(it, over ? NOW : LAST), *before = means(it, over ? LAST : BEFORE);
    double most = -INFINITY, sum = 0;
    for (int32_t i = 0; i < it->tasks; i++) {
        const bool known = before[i] != 0 && isfinite(before[i]) && isfinite(last[i]);
        factors[i] = (known ? (double)last[i] / before[i] : 1) / it->values[TEMPERATURE].number;
        most = fmax(most, factors[i]);
    }
    for (int32_t i = 0; i < it->tasks; i++) sum += factors[i] = exp(factors[i] - most);
    for (int32_t i = 0; i < it->tasks; i++) factors[i] *= it->tasks / sum;
}

static void turn_over(const gradus_balance *it, double epoch)
{
    for (int32_t i = 0; i < it->tasks && it->kept[PLACE][BATCHES] > 0; i++) {
        means(it, BEFORE)[i] = means(it, LAST)[i];
        means(it, LAST)[i] = means(it, NOW)[i];
    }
    it->kept[PLACE][EPOCH] = (float)epoch;
    it->kept[PLACE][BATCHES] = 0;
}

static double learn(const gradus_balance *it, double epoch, const double *losses, bool accumulate)
{
    (void)accumulate;
    if (floor(epoch) != (double)it->kept[PLACE][EPOCH]) turn_over(it, floor(epoch));
    const double count = (double)++it->kept[PLACE][BATCHES];
    for (int32_t i = 0; i < it->tasks; i++) {
        float *mean = &means(it, NOW)[i];
        *mean = (float)(count > 1 ? *mean + (losses[i] - *mean) / count : losses[i]);
    }
    return 0;
}

static const gradus_argument arguments[] = {
    {.name = "temperature",
     .kind = GRADUS_NUMBER,
     .initial = "2",
     .low = 0,
     .high = 1e6,
     .open = "(",
     .help = "the larger it is, the more alike the tasks count",
     .search = "loguniform(0.5, 8)",
     .also = "T, temp"},
    {.name = NULL},
};

const gradus_balance_row gradus_balance_dwa = {
    .member = {.name = "dwa",
               .summary = "a loss that falls more slowly than the others counts more in the next epoch",
               .formula = "w = tasks softmax(r / temperature), r = L(epoch - 1) / L(epoch - 2), 1 in the first two",
               .paper = "Liu, Johns, Davison 2019, End-to-end multi-task learning with attention",
               .also = "dynamic_weight_average, dynamic_weight_averaging",
               .arguments = arguments,
               .notes = "L is the mean loss of an epoch's batches. It costs nothing: no gradient is looked at."},
    .abi = GRADUS_ABI,
    .tensors = {{.name = "mean_losses", .each = 3}, {.name = "place", .single = 2}},
    .weigh = weigh,
    .learn = learn,
};
