/* A loop of one's own, over one's own arrays, whose rate is learnt on the way: the trainer makes its updates itself and tells
 * the policy what hypergradient goes by, the gradient's product with the last update and the lengths of both. */
#include "gradus/gradus.h"
#include <math.h>
#include <stdio.h>

enum { WEIGHTS = 8, ROWS = 200, UPDATES = 400 };

static float inputs[ROWS][WEIGHTS], targets[ROWS];

/* The mean squared error of all rows, and its gradient. */
static double forward_backward(const float *weights, float *gradient)
{
    double loss = 0, sum[WEIGHTS] = {0};
    for (int row = 0; row < ROWS; row++) {
        double away = -targets[row];
        for (int i = 0; i < WEIGHTS; i++) away += weights[i] * inputs[row][i];
        loss += away * away / ROWS;
        for (int i = 0; i < WEIGHTS; i++) sum[i] += 2 * away * inputs[row][i] / ROWS;
    }
    for (int i = 0; i < WEIGHTS; i++) gradient[i] = (float)sum[i];
    return loss;
}

static double dot(const float *a, const float *b)
{
    double sum = 0;
    for (int i = 0; i < WEIGHTS; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

/* ---- what one would write ---- */

/* Plain SGD with the rate as the policy has it; the loss in the end. */
static double train(const char *feedback, gradus_error *error)
{
    float weights[WEIGHTS] = {0}, gradient[WEIGHTS], update[WEIGHTS]; /* update: what the last one has added */
    gradus_decision decision = {0};
    gradus_policy *policy = gradus_policy_create(
        &(gradus_policy_config){.base = 0.001, .feedback = feedback, .units = {.total = UPDATES}}, error);
    for (int made = 0; !gradus_policy_finished(policy); made++) {
        gradus_policy_observe(policy, "loss", forward_backward(weights, gradient));
        if (made > 0) { /* before the first update there is none to tell of */
            gradus_policy_observe(policy, "gradient_dot_last_update", dot(gradient, update));
            gradus_policy_observe(policy, "update_norm", sqrt(dot(update, update)));
            gradus_policy_observe(policy, "gradient_norm", sqrt(dot(gradient, gradient)));
        }
        if (gradus_policy_decide(policy, &decision) != GRADUS_APPLY) break;
        for (int i = 0; i < WEIGHTS; i++) {
            update[i] = -(float)decision.rate * gradient[i];
            weights[i] += update[i];
        }
        gradus_policy_applied(policy, NULL);
    }
    double loss = forward_backward(weights, gradient);
    printf("%-15s ends at rate %.4f with a loss of %.2e\n", feedback ? feedback : "no feedback", decision.rate, loss);
    gradus_policy_destroy(policy);
    return loss;
}

static float noise(int index) /* in [-1, 1) */
{
    unsigned bits = (unsigned)index * 2654435761u;
    bits = (bits ^ bits >> 15) * 2246822519u;
    return (float)((bits ^ bits >> 13) >> 8) / 8388608.0f - 1;
}

int main(void)
{
    gradus_error error = {0};
    for (int row = 0; row < ROWS; row++)
        for (int i = 0; i < WEIGHTS; i++) {
            inputs[row][i] = noise(row * WEIGHTS + i);
            targets[row] += inputs[row][i] * (float)(i - 3);
        }
    double alone = train(NULL, &error), learnt = train("hypergradient", &error); /* 0.001 is much too small */
    if (error.status) fprintf(stderr, "%s\n", error.message);
    return error.status || !(learnt < 1e-3 * alone);
}
