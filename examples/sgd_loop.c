/* A policy in a loop of your own: plain arrays, stochastic gradient descent written out. The policy is told what was measured and says
 * at which rate to go on, or not to; a plateau lowers the rate, a guard keeps what is broken out of the weights. */
#include "gradus/gradus.h"
#include <math.h>
#include <stdio.h>

enum { INPUTS = 8, BATCH = 16, UPDATES_PER_EPOCH = 50, EPOCHS = 20 };

/* Numbers in [-0.5, 0.5) as if by chance, a pure function of their index: an example is always the same. */
static double noise(uint64_t index)
{
    double large = sin(12.9898 * (double)index) * 43758.5453;
    return large - floor(large) - 0.5;
}

/* A noisy straight line in eight dimensions, whose slopes are to be found. */
static double example(uint64_t number, double x[INPUTS])
{
    double y = 0.5 * noise(9 * number + 8);
    for (int i = 0; i < INPUTS; i++) x[i] = noise(9 * number + (uint64_t)i), y += x[i] * (i - 3);
    return y;
}

/* The mean squared error of so many examples from `first` on, and its gradient. */
static double loss_of(const double w[INPUTS], uint64_t first, int count, double gradient[INPUTS])
{
    double loss = 0, x[INPUTS];
    for (int i = 0; i < INPUTS; i++) gradient[i] = 0;
    for (int n = 0; n < count; n++) {
        double error = -example(first + (uint64_t)n, x);
        for (int i = 0; i < INPUTS; i++) error += w[i] * x[i];
        for (int i = 0; i < INPUTS; i++) gradient[i] += 2 * error * x[i] / count;
        loss += error * error / count;
    }
    return loss;
}

static void say(void *user, const char *json, size_t length) { (void)user, printf("%.*s\n", (int)length, json); }

int main(void)
{
    gradus_error error = {0};
    gradus_policy *policy = gradus_policy_create(
        &(gradus_policy_config){
            .base = 1, /* much too high: it is lowered where nothing is gained any more */
            .schedule = "warmup(1ep) > constant",
            .feedback = "guard > plateau(val_loss, patience=2, factor=0.1, floor=1%)",
            .units = {.total = EPOCHS, .total_unit = GRADUS_EPOCHS, .updates_per_epoch = UPDATES_PER_EPOCH},
            .log = say}, /* every decision, as one line of JSON */
        &error);
    if (!policy) return fprintf(stderr, "%s\n", error.message), 1;

    double w[INPUTS] = {0}, gradient[INPUTS], unused[INPUTS], val_loss = 0;
    for (uint64_t attempt = 0; !gradus_policy_finished(policy); attempt++) {
        double loss = loss_of(w, attempt * BATCH, BATCH, gradient);
        if (attempt == 777) loss = gradient[3] = NAN; /* a broken example: the guard skips this gradient */
        gradus_policy_observe(policy, "loss", loss);
        gradus_decision decision;
        if (gradus_policy_decide(policy, &decision) != GRADUS_APPLY) continue;
        for (int i = 0; i < INPUTS; i++) w[i] -= decision.rate * decision.gradient_scale * gradient[i];
        gradus_policy_applied(policy, NULL);
        if ((decision.update + 1) % UPDATES_PER_EPOCH) continue;
        val_loss = loss_of(w, 1u << 20, 256, unused);
        gradus_policy_observe(policy, "val_loss", val_loss);
    }
    char why[256];
    gradus_policy_explain(policy, why, sizeof why);
    printf("validation loss %.4f, rate %.3g: %s\n", val_loss, gradus_policy_rate(policy), why);
    gradus_policy_destroy(policy);
    return !(val_loss < 0.025);
}
