/* Trains on one point, measures and ships another: an average of the weights, or schedule-free training. Noise that keeps the weights
 * themselves from coming to rest is gone from the average. */
#include "gradus/gradus.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>

enum { WEIGHTS = 64, UPDATES = 2000 };

/* Half the squared distance to 1; its gradient with noise as large as the weights. */
static double distance(const float *weights)
{
    double sum = 0;
    for (int i = 0; i < WEIGHTS; i++) sum += 0.5 * (weights[i] - 1) * (weights[i] - 1) / WEIGHTS;
    return sum;
}

static void noisy_gradient(const float *weights, float *gradient, uint32_t *seed)
{
    for (int i = 0; i < WEIGHTS; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        gradient[i] = weights[i] - 1 + ((float)(*seed >> 8) / (1 << 23) - 1);
    }
}

static int train(const char *rule, const char *average)
{
    float weights[WEIGHTS] = {0}, before[WEIGHTS], gradient[WEIGHTS], shipped[WEIGHTS];
    uint32_t seed = 1;
    gradus_error error = {0};
    gradus_optimizer *optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = rule, .average = average, .units = {.total = UPDATES}}, &error);
    const int32_t at = gradus_optimizer_add(
        optimizer, &(gradus_parameter){.name = "weights", .shape = {WEIGHTS}, .values = weights, .gradient = gradient},
        &error);
    for (int i = 0; i < UPDATES && !error.status; i++) {
        noisy_gradient(weights, gradient, &seed);
        gradus_optimizer_step(optimizer, &(gradus_step){.rate = 0.1}, &error);
    }
    const double trained = distance(weights);
    for (int i = 0; i < WEIGHTS; i++) before[i] = weights[i];
    gradus_optimizer_show(optimizer, GRADUS_AVERAGED, &error);
    const double averaged = distance(weights); /* statistics of a batch normalisation would be measured anew here */
    gradus_optimizer_show(optimizer, GRADUS_TRAINED, &error); /* bit for bit what it was */
    int differ = 0;
    for (int i = 0; i < WEIGHTS; i++) differ += before[i] != weights[i];
    gradus_optimizer_read(optimizer, at, GRADUS_AVERAGED, shipped, &error); /* training goes on undisturbed */
    printf("%-22s %-18s trained %.5f  averaged %.5f  %s\n", rule, average ? average : "", trained, averaged,
           error.message);
    gradus_optimizer_destroy(optimizer);
    return error.status || differ || averaged > trained || fabs(distance(shipped) - averaged) > 1e-9;
}

int main(void)
{
    return train("sgd", "ema(0.99)") | train("sgd(momentum=0.9)", "swa(1, from=75%)") |
           train("schedule_free(sgd)", NULL);
}
