/* A net by hand: two inputs, a hidden layer, one output, learns on which side of a spiral a point lies. The forward and the backward
 * pass are the program's own; the rate, the updates and the average of the weights are libgradus'. */
#include "gradus/gradus.h"
#include <math.h>
#include <stdio.h>

enum { INPUTS = 2, HIDDEN = 32, POINTS = 200, UPDATES = 1500 };

typedef struct net {
    float hidden[HIDDEN][INPUTS], bias[HIDDEN], output[HIDDEN], offset;
} net;

static float points[POINTS][INPUTS], labels[POINTS]; /* labels: 0 or 1 */

static void make_points(void)
{
    for (int i = 0; i < POINTS; i++) {
        const float along = (float)(i / 2) / (POINTS / 2), turn = 5 * along + (i % 2 ? 3.1416f : 0);
        points[i][0] = (0.1f + along) * cosf(turn);
        points[i][1] = (0.1f + along) * sinf(turn);
        labels[i] = (float)(i % 2);
    }
}

static float forward(const net *w, const float *x, float hidden[HIDDEN])
{
    float out = w->offset;
    for (int j = 0; j < HIDDEN; j++) {
        hidden[j] = tanhf(w->hidden[j][0] * x[0] + w->hidden[j][1] * x[1] + w->bias[j]);
        out += w->output[j] * hidden[j];
    }
    return 1 / (1 + expf(-out));
}

/* Adds the mean gradient of the cross entropy to *g, and returns the loss. */
static double backward(const net *w, net *g)
{
    double loss = 0;
    for (int i = 0; i < POINTS; i++) {
        float hidden[HIDDEN];
        const float share = forward(w, points[i], hidden), error = (share - labels[i]) / POINTS;
        loss -= log(labels[i] > 0 ? share : 1 - share) / POINTS;
        g->offset += error;
        for (int j = 0; j < HIDDEN; j++) {
            const float back = error * w->output[j] * (1 - hidden[j] * hidden[j]);
            g->output[j] += error * hidden[j];
            g->bias[j] += back;
            g->hidden[j][0] += back * points[i][0];
            g->hidden[j][1] += back * points[i][1];
        }
    }
    return loss;
}

static int count_right(const net *w)
{
    int right = 0;
    float hidden[HIDDEN];
    for (int i = 0; i < POINTS; i++) right += (forward(w, points[i], hidden) > 0.5f) == (labels[i] > 0);
    return right;
}

static void add(gradus_optimizer *optimizer, const char *name, void *values, void *gradient, int64_t rows,
                int64_t columns, gradus_error *error)
{
    gradus_optimizer_add(
        optimizer, &(gradus_parameter){.name = name, .shape = {rows, columns}, .values = values, .gradient = gradient},
        error);
}

int main(void)
{
    net w = {.offset = 0}, g = {.offset = 0};
    gradus_error error = {0};
    gradus_decision decision = {0};
    make_points();
    for (int j = 0; j < HIDDEN; j++) { /* any start that tells the units apart */
        w.hidden[j][0] = 3 * sinf(1.7f * (float)j), w.hidden[j][1] = 3 * cosf(2.3f * (float)j);
        w.output[j] = 0.3f * sinf(0.9f * (float)j + 1), w.bias[j] = sinf(3.1f * (float)j);
    }
    gradus_policy *policy = gradus_policy_create(
        &(gradus_policy_config){
            .base = 0.02, .schedule = "warmup(2%) > cosine", .feedback = "guard", .units = {.total = UPDATES}},
        &error);
    gradus_optimizer *optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = "adamw(weight_decay=0)", .gradient = "clip_norm(1)", .average = "ema(0.9)"},
        &error);
    add(optimizer, "hidden", w.hidden, g.hidden, HIDDEN, INPUTS, &error);
    add(optimizer, "bias", w.bias, g.bias, HIDDEN, 0, &error);
    add(optimizer, "output", w.output, g.output, HIDDEN, 0, &error);
    add(optimizer, "offset", &w.offset, &g.offset, 1, 0, &error);
    while (!gradus_policy_finished(policy) && !error.status) {
        const double loss = backward(&w, &g);
        if (decision.update % 500 == 0) printf("%5d  %.4f\n", (int)decision.update, loss);
        gradus_update(policy, optimizer, &(gradus_step){.loss = loss, .flags = GRADUS_ZERO_GRADIENTS}, &decision,
                      &error);
    }
    gradus_optimizer_show(optimizer, GRADUS_AVERAGED, &error);
    printf("%s%d of %d points are on the right side\n", error.message, count_right(&w), POINTS);
    const int wrong = POINTS - count_right(&w);
    gradus_optimizer_destroy(optimizer);
    gradus_policy_destroy(policy);
    return error.status || wrong > 2;
}
