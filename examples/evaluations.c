/* Rules that need the gradient at points of their own choice: the step says GRADUS_EVALUATE, and one loop serves all rules. Here a line
 * search (lbfgs) and sam find the least squares of a line through points, beside plain adam. */
#include "gradus/gradus.h"
#include <math.h>
#include <stdio.h>

enum { POINTS = 20, WEIGHTS = 2 };

/* y = 3 x - 1 at x in [-1, 1]; x counts in a unit a hundred times too small. */
static double loss_and_gradient(const float *weights, float *gradient)
{
    double loss = 0;
    for (int i = 0; i < POINTS; i++) {
        const float x = (float)(2 * i - POINTS + 1) / POINTS, input[WEIGHTS] = {100 * x, 1};
        const float error = weights[0] * input[0] + weights[1] * input[1] - (3 * x - 1);
        loss += 0.5 * error * error / POINTS;
        for (int j = 0; j < WEIGHTS; j++) gradient[j] += error * input[j] / POINTS;
    }
    return loss;
}

static gradus_outcome one_update(gradus_optimizer *optimizer, float *weights, float *gradient, double rate,
                                 int *evaluations, gradus_error *error)
{
    gradus_outcome outcome;
    do {
        const double loss = loss_and_gradient(weights, gradient);
        ++*evaluations;
        outcome = gradus_optimizer_step(
            optimizer, &(gradus_step){.rate = rate, .loss = loss, .flags = GRADUS_ZERO_GRADIENTS}, error);
    } while (outcome == GRADUS_EVALUATE); /* a trial point of the line search, or sam's worst neighbour */
    return outcome;
}

static double fit(const char *rule, double rate, int updates)
{
    float weights[WEIGHTS] = {0}, gradient[WEIGHTS] = {0};
    int evaluations = 0;
    gradus_error error = {0};
    gradus_optimizer *optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = rule}, &error);
    gradus_optimizer_add(
        optimizer, &(gradus_parameter){.name = "weights", .shape = {WEIGHTS}, .values = weights, .gradient = gradient},
        &error);
    for (int i = 0; i < updates && !error.status; i++)
        if (one_update(optimizer, weights, gradient, rate, &evaluations, &error) == GRADUS_CONVERGED) break;
    const double loss = loss_and_gradient(weights, gradient);
    printf("%-32s %5d evaluations  loss %.2g  %s\n", rule, evaluations, loss, error.message);
    gradus_optimizer_destroy(optimizer);
    return error.status ? INFINITY : loss;
}

int main(void)
{
    const double searched = fit("lbfgs", 1, 50), flat = fit("sam(adam, rho=0.001)", 0.01, 2000),
                 plain = fit("adam", 0.01, 2000);
    return searched > 1e-6 || flat > 1e-3 || plain > 1e-3;
}
