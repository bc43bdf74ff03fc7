/* noise: a normal number is added to each gradient value, less and less from update to update, which helps deep nets out of
 * poor beginnings (Neelakantan et al., 2015).
 *
 *     g <- g + N(0, variance / t^decay)                     t: the update, from 1
 *
 * The number is a function of the seed, the tensor's name, the update and the place, so that a resumed run draws the same. */
#include "rules.h"
#include <math.h>

enum { VARIANCE, DECAY };

static void change(const double *arguments, const gradus_spot *spot, double scale, const float *gradient, float *values,
                   size_t count)
{
    const double deviation = sqrt(arguments[VARIANCE] / pow((double)spot->update, arguments[DECAY]));
    const uint64_t stream = spot->key + (uint64_t)spot->update;
    for (size_t i = 0; i < count; i++) {
        const double drawn = gradus_random_normal(spot->seed, stream, (uint64_t)spot->first + i);
        values[i] = (float)(scale * (double)gradient[i] + deviation * drawn);
    }
}

static const gradus_argument arguments[] = {
    [VARIANCE] = {"variance", GRADUS_NUMBER, .initial = "0.01", .low = 0, .high = INFINITY,
                  .help = "of the noise in the first update", .flags = GRADUS_SCHEDULED,
                  .search = "loguniform(0.001, 1)", .also = "eta"},
    [DECAY] = {"decay", GRADUS_NUMBER, .initial = "0.55", .low = 0, .high = INFINITY,
               .help = "power of the update by which the variance falls", .flags = GRADUS_NAMED, .also = "gamma"},
    {0}};

static const gradus_like like[] = {{"optax", "add_noise", "eta=variance, gamma=decay", NULL}, {0}};

const gradus_gradient_row gradus_gradient_noise = {
    .member = {.name = "noise",
               .summary = "adds normal numbers to the gradients, less and less",
               .formula = "g <- g + N(0, variance / t^decay)",
               .paper = "Neelakantan et al. 2015",
               .also = "gradient_noise, add_noise, gaussian",
               .arguments = arguments,
               .like = like,
               .notes = "Other frameworks draw other numbers; their spread is the same."},
    .change = change,
};
