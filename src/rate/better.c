/* Whether a measure has become better, as the feedbacks that watch one ask it: by a share or by a difference, for measures that are
 * to fall and for those that are to rise. */
#include "better.h"
#include <string.h>

bool gradus_measure_rises(const char *name)
{
    static const char *const rising[] = {"accuracy", "precision", "recall", "f1",   "auc",
                                         "r2",       "score",     "reward", "bleu", "top5"};
    if (strstr(name, "loss")) return false;
    for (size_t i = 0; i < sizeof rising / sizeof *rising; i++)
        if (strstr(name, rising[i])) return true;
    return false;
}

bool gradus_rate_rises(const char *metric, double mode)
{
    return mode == RATE_AUTO ? gradus_measure_rises(metric) : mode == RATE_MAX;
}

/* What a value must pass. A relative margin is a share of the size of `best`, so that it is a margin for negative measures
 * too; PyTorch's best x (1 - threshold) is none there. */
static double target(const rate_margin *margin, double best)
{
    double sign = margin->rises ? 1 : -1, threshold = margin->threshold;
    switch (margin->mode) {
    case RATE_RELATIVE: best += sign * threshold * fabs(best); break;
    case RATE_TORCH_RELATIVE: best *= 1 + sign * threshold; break;
    default: best += sign * threshold;
    }
    return best + sign * margin->further;
}

bool gradus_rate_is_better(const rate_margin *margin, double value, double best)
{
    if (!isfinite(value)) return false;
    double passed = target(margin, best);
    return margin->rises ? value > passed : value < passed;
}

bool gradus_rate_is_of_gradient(const char *metric)
{
    static const char *const measured[] = {"loss",        "gradient_norm",       "update_norm",
                                           "values_norm", "gradient_dot_update", "effective_rate"};
    for (size_t i = 0; i < sizeof measured / sizeof *measured; i++)
        if (strcmp(metric, measured[i]) == 0) return true;
    return false;
}

bool gradus_rate_hold(rate_held *held, const char *metric, double *value, double *time, const gradus_clock *now)
{
    if (!gradus_rate_is_of_gradient(metric)) {
        *time = (double)now->updates;
        return isfinite(*value);
    }
    const rate_held last = *held;
    *held = (rate_held){.value = *value, .held = isfinite(*value), .update = now->updates};
    *value = last.value;
    *time = (double)(last.update + 1);
    return last.held && now->updates > last.update;
}

bool gradus_rate_lower(gradus_verdict *verdict, double factor, double floor, double least)
{
    double lowered = fmax(verdict->factor * factor, floor), rounding = 1e-12 * verdict->factor;
    if (!(verdict->factor - lowered > fmax(least, rounding))) return false; /* 0.1 x 0.1 is a little more than 1 % */
    verdict->factor = lowered;
    return true;
}
