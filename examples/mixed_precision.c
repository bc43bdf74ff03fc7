/* Gradients of 16 bits, a dynamic loss scale, updates that are skipped. The gradients here are rounded as float16 has them: what is above
 * 65504 becomes infinite, what is below 6e-8 vanishes. Trained without a scale the small weights stop where their gradients vanish. */
#include "gradus/gradus.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WEIGHTS = 9, BATCH = 16, UPDATES = 3000 };

typedef struct model {
    float weights[WEIGHTS], gradient[WEIGHTS]; /* the gradient holds numbers that float16 has, and no others */
    int64_t batch;
} model;

double forward_backward_scaled(model *m, double loss_scale); /* returns the unscaled loss */

/* ---- what one would write ---- */

static void train_half(model *m, const char *feedback, double *lowest, double *last, gradus_error *error)
{
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = "adamw(weight_decay=0, epsilon=1e-14)"}, error);
    gradus_optimizer_add(
        optimizer,
        &(gradus_parameter){.name = "weights", .shape = {WEIGHTS}, .values = m->weights, .gradient = m->gradient},
        error);
    gradus_policy *policy = gradus_policy_create(
        &(gradus_policy_config){
            .base = 0.1, .schedule = "warmup(50) > cosine(to=1%)", .feedback = feedback, .units = {.total = UPDATES}},
        error);
    gradus_decision decision = {0};
    for (*lowest = INFINITY; !gradus_policy_finished(policy) && !error->status;) {
        double scale = gradus_policy_value(policy, "loss_scale"); /* read before the forward pass, and kept */
        gradus_measures measures;
        double loss = forward_backward_scaled(m, scale);
        *lowest = fmin(*lowest, scale);
        *last = scale;
        gradus_optimizer_measure(optimizer, 1 / scale, &measures, error);
        gradus_policy_observe(policy, "loss", loss);
        gradus_policy_observe_measures(policy, &measures);
        if (gradus_policy_decide(policy, &decision) != GRADUS_APPLY) continue; /* the clock stands still */
        gradus_step step = {.rate = decision.rate, .gradient_scale = decision.gradient_scale / scale};
        gradus_optimizer_step(optimizer, &step, error);
        gradus_policy_applied(policy, NULL);
    }
    printf("%-52s %2d skipped, loss scale %g to %g", feedback, (int)decision.skips, *lowest, *last);
    gradus_policy_destroy(policy);
    gradus_optimizer_destroy(optimizer);
}

/* ---- the trainer: a weight whose loss is large at first, and others whose loss counts little ---- */

static float random_number(uint64_t index) /* in [-1, 1) */
{
    uint64_t bits = (index + 1) * 0xd1342543de82ef95u;
    bits = (bits ^ bits >> 32) * 0xd6e8feb86659fd93u;
    return (float)(bits >> 40) / 8388608.0f - 1;
}

static float target(int i) { return i == 0 ? 50 : (float)(i % 5) - 2; }

/* The nearest number that float16 has: 11 bits, multiples of 2^-24, nothing above 65504. */
static float half(double number)
{
    int exponent;
    frexp(number, &exponent);
    double step = ldexp(1, exponent > -13 ? exponent - 11 : -24), rounded = nearbyint(number / step) * step;
    return fabs(rounded) > 65504 ? copysignf(INFINITY, (float)rounded) : (float)rounded;
}

double forward_backward_scaled(model *m, double loss_scale)
{
    const double part = 1e-8 / BATCH; /* of the loss that is an example's */
    double far = (double)m->weights[0] - target(0), loss = far * far, gradient[WEIGHTS] = {2 * far};
    for (uint64_t row = 0; row < BATCH; row++) {
        const uint64_t first = ((uint64_t)m->batch * BATCH + row) * WEIGHTS;
        double away = 0;
        for (int i = 1; i < WEIGHTS; i++)
            away += random_number(first + (uint64_t)i) * ((double)m->weights[i] - target(i));
        loss += part * away * away;
        for (int i = 1; i < WEIGHTS; i++) gradient[i] += part * 2 * away * random_number(first + (uint64_t)i);
    }
    for (int i = 0; i < WEIGHTS; i++) m->gradient[i] = half(loss_scale * gradient[i]);
    m->batch++;
    return loss;
}

static double error_of(const model *m)
{
    double most = 0;
    for (int i = 0; i < WEIGHTS; i++) most = fmax(most, fabs((double)m->weights[i] - target(i)));
    printf(", weights within %.2g\n", most);
    return most;
}

int main(void)
{
    gradus_error error = {0};
    model scaled = {.batch = 0}, plain = {.batch = 0};
    double lowest, last, unscaled[2];
    train_half(&scaled, "loss_scale(initial=65536, window=100) > guard", &lowest, &last, &error);
    double scaled_error = error_of(&scaled);
    train_half(&plain, "loss_scale(initial=1, maximum=1) > guard", &unscaled[0], &unscaled[1], &error);
    double plain_error = error_of(&plain);
    if (error.status) fprintf(stderr, "%s\n", error.message);
    /* it fell until nothing overflowed, rose as the gradients shrank, and was worth it */
    return error.status || !(lowest < 65536) || !(last > 65536) || !(scaled_error < 0.05) || !(plain_error > 0.5);
}
