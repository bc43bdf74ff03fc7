/* mixup: each example blended with another of its batch, and its target likewise, so that a net goes straight from one to the other between
 * them (Zhang, Cisse, Dauphin, Lopez-Paz 2018). */
#include "augment.h"
#include <math.h>

enum { ALPHA, SHARE };

/* ---- Beta(alpha, alpha), as the share of one of two gamma numbers in their sum ---- */

typedef struct chance {
    uint64_t key, index;
} chance;

static double even(chance *from) { return gradus_augment_even(from->key, from->index++, 0, 1); }

static double normal(chance *from)
{
    const double pi = 3.14159265358979323846, radius = sqrt(-2 * log1p(-even(from)));
    return radius * cos(2 * pi * even(from));
}

/* The logarithm, as a small alpha makes numbers that are 0 in a double. Marsaglia, Tsang 2000, A simple method for generating gamma
 * variables; below 1 that of alpha + 1 times U^(1 / alpha). */
static double log_gamma(double alpha, chance *from)
{
    const double below = alpha < 1 ? log1p(-even(from)) / alpha : 0, d = (alpha < 1 ? alpha + 1 : alpha) - 1.0 / 3;
    for (;;) {
        const double x = normal(from), root = 1 + x / sqrt(9 * d), v = root * root * root;
        if (root > 0 && log1p(-even(from)) < 0.5 * x * x + d * (1 - v + log(v))) return log(d * v) + below;
    }
}

double gradus_augment_beta(double alpha, uint64_t key, uint64_t index)
{
    chance from = {key, index};
    const double one = log_gamma(alpha, &from), two = log_gamma(alpha, &from);
    return 1 / (1 + exp(two - one));
}

/* ---- ---- */

static double mix(const gradus_item *item, const int64_t shape[8], const float *other, float *values, uint64_t key)
{
    if (gradus_augment_even(key, 0, 0, 1) >= item->values[SHARE].number) return 1;
    const size_t size = gradus_augment_size(shape);
    const float share = (float)gradus_augment_beta(item->values[ALPHA].number, key, 1);
    for (size_t i = 0; i < size; i++) values[i] = share * values[i] + (1 - share) * other[i];
    return (double)share;
}

const gradus_augmentation gradus_augment_mixup = {
    .member = {.name = "mixup",
               .summary = "each example blended with another, and its target likewise",
               .formula = "x = s x + (1 - s) x', loss = s loss(y) + (1 - s) loss(y'), s from Beta(alpha, alpha)",
               .paper = "Zhang, Cisse, Dauphin, Lopez-Paz 2018, mixup: beyond empirical risk minimization",
               .also = "mix_up, mix",
               .arguments =
                   (const gradus_argument[]){
                       [ALPHA] = GRADUS_ALPHA_ARGUMENT("0.2"), [SHARE] = GRADUS_MIXED_ARGUMENT, {0}},
               .notes = "It stands last. The other example is of the same batch, with what else was done to it."},
    .mix = mix,
};
