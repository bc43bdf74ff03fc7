/* A search that tries hundreds of settings: bad ones are answers, not accidents. A trial that diverges is ended by the guard and
 * counts as infinite; one context keeps every trial on the calling thread. */
#include "gradus/gradus.h"
#include <math.h>
#include <stdio.h>

enum { SIZE = 50, UPDATES = 200, TRIALS = 300 };

double loss_and_gradient_at(const float *x, float *gradient, int64_t size);
void start_point(float *x, int64_t size);

/* ---- what one would write ---- */

static double trial(const char *rule, double base, const char *schedule, float *x, float *gradient, int64_t size,
                    gradus_context *context)
{
    gradus_error error = {0};
    gradus_policy *policy = gradus_policy_create(&(gradus_policy_config){.base = base,
                                                                         .schedule = schedule,
                                                                         .feedback = "guard(action=stop)",
                                                                         .units = {.total = UPDATES},
                                                                         .context = context},
                                                 &error);
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = rule, .context = context}, &error);
    gradus_optimizer_add(optimizer,
                         &(gradus_parameter){.name = "x", .shape = {size}, .values = x, .gradient = gradient}, &error);
    double loss = INFINITY;
    start_point(x, size);
    while (!error.status && !gradus_policy_finished(policy)) {
        loss = loss_and_gradient_at(x, gradient, size);
        gradus_update(policy, optimizer, &(gradus_step){.loss = loss}, NULL, &error);
    }
    if (error.status) fprintf(stderr, "%s: %s\n", rule, error.message);
    if (gradus_policy_reason(policy) != GRADUS_REASON_COMPLETED) loss = INFINITY;
    gradus_optimizer_destroy(optimizer);
    gradus_policy_destroy(policy);
    return loss;
}

int main(void)
{
    gradus_error error = {0};
    gradus_context *one_thread = gradus_context_create(&(gradus_context_config){.threads = 1}, &error);
    float x[SIZE], gradient[SIZE];
    double best = INFINITY, best_base = 0;
    int diverged = 0;
    for (int i = 0; i < TRIALS && !error.status; i++) {
        char rule[96];
        const double base = pow(10, -4 + 6.0 * (i % 7) / 6);
        snprintf(rule, sizeof rule, "sgd(momentum=%.17g, weight_decay=%.17g)", 0.5 + 0.45 * i / TRIALS,
                 1e-4 * i / TRIALS);
        const double loss = trial(rule, base, "warmup(5%) > cosine", x, gradient, SIZE, one_thread);
        if (isinf(loss)) diverged++;
        if (loss < best) best = loss, best_base = base;
    }
    gradus_context_destroy(one_thread);
    printf("best of %d: loss %.3g at rate %g; %d diverged\n", TRIALS, best, best_base, diverged);
    return error.status || diverged == 0 || diverged == TRIALS || !(best < 1e-6);
}

/* ---- what is minimised: a bowl that is thirty times steeper one way than another ---- */

void start_point(float *x, int64_t size)
{
    for (int64_t i = 0; i < size; i++) x[i] = 1;
}

double loss_and_gradient_at(const float *x, float *gradient, int64_t size)
{
    double loss = 0;
    for (int64_t i = 0; i < size; i++) {
        const float curvature = 0.1f + 3.0f * (float)i / (float)size;
        gradient[i] = curvature * x[i];
        loss += 0.5 * gradient[i] * x[i];
    }
    return loss;
}
