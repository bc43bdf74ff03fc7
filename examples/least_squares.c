/* A least-squares problem by L-BFGS: a polynomial through noisy points. A line search needs the loss and the gradient at points of its
 * own choice; the step says so (GRADUS_EVALUATE), and the loop is the same for all rules. */
#include "gradus/gradus.h"
#include <math.h>
#include <stdio.h>

enum { POINTS = 200, TERMS = 6 };

static float place[POINTS], height[POINTS];

/* Numbers in [-0.5, 0.5) as if by chance. */
static double noise(int index)
{
    double large = sin(12.9898 * index) * 43758.5453;
    return large - floor(large) - 0.5;
}

static void measure_points(void)
{
    for (int i = 0; i < POINTS; i++) {
        double at = 2.0 * i / (POINTS - 1) - 1;
        place[i] = (float)at;
        height[i] = (float)(1 - 2 * at + 3 * pow(at, 3) - pow(at, 5) + 0.1 * noise(i));
    }
}

/* Half the mean of the squared residuals of c[0] + c[1] x + c[2] x^2 + ..., and its gradient. */
static double loss_of(const float *c, float *gradient)
{
    double loss = 0, sum[TERMS] = {0};
    for (int i = 0; i < POINTS; i++) {
        double power[TERMS] = {1}, residual = -height[i];
        for (int t = 1; t < TERMS; t++) power[t] = power[t - 1] * place[i];
        for (int t = 0; t < TERMS; t++) residual += c[t] * power[t];
        for (int t = 0; t < TERMS; t++) sum[t] += residual * power[t] / POINTS;
        loss += residual * residual / 2 / POINTS;
    }
    for (int t = 0; t < TERMS; t++) gradient[t] = (float)sum[t];
    return loss;
}

int main(void)
{
    static float c[TERMS], gradient[TERMS];
    gradus_error error = {0};
    gradus_optimizer *optimizer = gradus_optimizer_create(&(gradus_optimizer_config){.rule = "lbfgs"}, &error);
    gradus_optimizer_add(optimizer,
                         &(gradus_parameter){.name = "c", .shape = {TERMS}, .values = c, .gradient = gradient}, &error);
    if (error.status) return fprintf(stderr, "%s\n", error.message), 1;
    measure_points();

    int updates = 0, evaluations = 0;
    double loss;
    gradus_outcome outcome;
    do {
        loss = loss_of(c, gradient);
        evaluations++;
        outcome = gradus_optimizer_step(optimizer, &(gradus_step){.rate = 1, .loss = loss}, &error);
        updates += outcome == GRADUS_APPLIED;
    } while (outcome > 0 && outcome != GRADUS_CONVERGED && updates < 100);
    if (error.status) return fprintf(stderr, "%s\n", error.message), 1;

    loss = loss_of(c, gradient);
    double slope = 0;
    for (int t = 0; t < TERMS; t++) slope = fmax(slope, fabs((double)gradient[t]));
    printf("%d updates, %d evaluations: loss %.6f, largest slope %.1e\n", updates, evaluations, loss, slope);
    for (int t = 0; t < TERMS; t++) printf("%+.2f x^%d%s", (double)c[t], t, t + 1 < TERMS ? " " : "\n");
    gradus_optimizer_destroy(optimizer);
    return slope < 1e-4 && outcome == GRADUS_CONVERGED ? 0 : 1;
}
