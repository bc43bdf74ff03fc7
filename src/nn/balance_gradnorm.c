/* gradnorm: the gradients of the tasks at the last shared weight are brought to norms that let all of them learn at one pace. */
#include <math.h>
#include "balance.h"

enum { WEIGHTS, BEGUN }; /* tensors: the factors; the loss that each task began with, 0: none has come yet */
enum { ALPHA, RATE };

static const double least = 1e-3; /* a factor never is less: at 0 a task could not come back */

static double norm_of(const float *values, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (double)values[i] * values[i];
    return sqrt(sum);
}

/* The factors go down the slope of sum |w G - mean(w G) r^alpha|, the second part taken as fixed; then to a sum of `tasks`. */
static void pace(const gradus_balance *it, const double *norms, const double *losses)
{
    float *weights = it->kept[WEIGHTS];
    double mean = 0, ratio = 0, ratios[GRADUS_TARGETS], sum = 0;
    for (int32_t i = 0; i < it->tasks; i++) {
        mean += weights[i] * norms[i] / it->tasks;
        ratios[i] = losses[i] / (double)it->kept[BEGUN][i];
        ratio += ratios[i] / it->tasks;
    }
    if (!isfinite(mean) || !(ratio > 0) || !isfinite(ratio)) return;
    for (int32_t i = 0; i < it->tasks; i++) {
        const double off = weights[i] * norms[i] - mean * pow(ratios[i] / ratio, it->values[ALPHA].number);
        const double slope = off > 0 ? norms[i] : off < 0 ? -norms[i] : 0;
        const double moved = fmax((double)weights[i] - it->values[RATE].number * slope, least);
        weights[i] = (float)moved;
        sum += moved;
    }
    for (int32_t i = 0; i < it->tasks; i++) weights[i] = (float)(weights[i] * it->tasks / sum);
}

static void join(const gradus_balance *it, int64_t update, const double *losses, gradus_apart *apart)
{
    (void)update;
    double norms[GRADUS_TARGETS];
    for (int64_t k = 0; k < apart->count; k++) {
        double sum = 0;
        for (int32_t i = 0; i < it->tasks; i++) sum += (double)it->kept[WEIGHTS][i] * apart->of[i][k];
        apart->sum[k] = (float)sum;
    }
    for (int32_t i = 0; i < it->tasks; i++) {
        norms[i] = norm_of(apart->of[i] + apart->last, apart->last_count);
        if (it->kept[BEGUN][i] == 0) it->kept[BEGUN][i] = (float)losses[i];
    }
    pace(it, norms, losses);
}

static void weigh(const gradus_balance *it, double epoch, double *factors)
{
    (void)epoch;
    for (int32_t i = 0; i < it->tasks; i++) factors[i] = it->kept[WEIGHTS][i];
}

static const gradus_argument arguments[] = {
    {.name = "alpha",
     .kind = GRADUS_NUMBER,
     .initial = "1.5",
     .low = 0,
     .high = 10,
     .help = "how hard a task that lags behind is pulled along; 0: all gradients are as long",
     .search = "uniform(0, 3)"},
    {.name = "rate",
     .kind = GRADUS_NUMBER,
     .initial = "0.025",
     .low = 0,
     .high = 1,
     .open = "(",
     .help = "of the factors' own steps, which are plain gradient descent",
     .search = "loguniform(1e-3, 0.1)",
     .also = "lr, learning_rate"},
    {.name = NULL},
};

const gradus_balance_row gradus_balance_gradnorm = {
    .member = {.name = "gradnorm",
               .summary = "keeps the gradients of the tasks in proportion to how much each has still to learn",
               .formula =
                   "w <- w - rate d|w G - mean(w G) r^alpha| / dw, then sum(w) = tasks; G = |dL / dW| at the last "
                   "shared weight, r = L / L(0) over its mean",
               .paper = "Chen, Badrinarayanan, Lee, Rabinovich 2018, GradNorm",
               .also = "grad_norm",
               .arguments = arguments,
               .notes = "Every update walks through the net once for each task, forward and back, and holds as many "
                        "gradients."},
    .abi = GRADUS_ABI,
    .tensors = {{.name = "factors", .each = 1, .fill = 1}, {.name = "first_losses", .each = 1}},
    .weigh = weigh,
    .join = join,
};
