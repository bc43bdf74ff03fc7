/* Everything that may follow a schedule: the rate, the rate of one group, momentum, weight decay and the batch. Lengths are in
 * epochs, because with a batch that grows an update is no fixed amount of anything. */
#include "gradus/gradus.h"
#include <math.h>
#include <stdio.h>

enum { BODY = 64, HEAD = 8, SAMPLES = 4096, EPOCHS = 12 };
static float body[BODY], body_gradient[BODY], head[HEAD], head_gradient[HEAD];

double train_batch(int64_t batch); /* gradients of a mean over `batch` samples; returns the loss */

/* ---- what one would write ---- */

static int train_scheduled(gradus_optimizer *optimizer)
{
    gradus_error error = {0};
    gradus_policy *policy = gradus_policy_create(
        &(gradus_policy_config){
            .base = 0.2,
            .schedule = "warmup(25%, from=10%) > cosine(to=1%)",
            .units = {.total = EPOCHS,
                      .total_unit = GRADUS_EPOCHS,
                      .samples_per_update = 32,
                      .updates_per_epoch = SAMPLES / 32.0},
            .scheduled = (gradus_scheduled[]){{"momentum", 0.95, "linear(30%, to=90%) > linear(from=90%, to=1)"},
                                              {"weight_decay", 5e-4, "cosine(to=10%)"},
                                              {"batch", 32, "step(4ep, 2)"},
                                              {"head.lr_scale", 10, "warmup(1ep) > hold"}, /* group.hyperparameter */
                                              {0}}},
        &error);

    for (int64_t update = 0; !gradus_policy_finished(policy) && !error.status; update++) {
        int64_t batch = (int64_t)(gradus_policy_value(policy, "batch") + 0.5);
        gradus_decision decision;
        gradus_policy_observe(policy, "loss", train_batch(batch));
        if (gradus_policy_decide(policy, &decision) != GRADUS_APPLY) continue;
        gradus_optimizer_follow(optimizer, policy, &error); /* momentum, weight_decay, head.lr_scale */
        gradus_optimizer_step(optimizer, &(gradus_step){.rate = decision.rate}, &error);
        gradus_policy_applied(policy, &(gradus_progress){.samples = (double)batch});
        if (update % 100 == 0)
            printf("update %4lld  batch %3lld  rate %.4f  momentum %.4f  head x %.2f\n", (long long)update,
                   (long long)batch, decision.rate, gradus_optimizer_get(optimizer, "momentum"),
                   gradus_policy_value(policy, "head.lr_scale"));
    }
    gradus_policy_destroy(policy);
    if (error.status) fprintf(stderr, "%s (column %d)\n", error.message, (int)error.column);
    return error.status;
}

/* ---- the net behind it: two tensors that are pulled towards a target, with the noise of a batch ---- */

static double pull(float *values, float *gradient, int count, float noise)
{
    static uint64_t state = 1;
    double loss = 0;
    for (int i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const float away = values[i] - sinf((float)i);
        gradient[i] = away + noise * ((float)(state >> 40) / 8388608.0f - 1);
        loss += 0.5 * away * away / count;
    }
    return loss;
}

double train_batch(int64_t batch)
{
    const float noise = 1 / sqrtf((float)batch);
    return pull(body, body_gradient, BODY, noise) + pull(head, head_gradient, HEAD, 0.01f * noise);
}

int main(void)
{
    gradus_error error = {0};
    gradus_optimizer *optimizer = gradus_optimizer_create(
        &(gradus_optimizer_config){.rule = "sgd(momentum=0.9)", .groups = "match(head, lr_scale=10)"}, &error);
    gradus_optimizer_add(
        optimizer,
        &(gradus_parameter){
            .name = "body", .group = "body", .shape = {BODY}, .values = body, .gradient = body_gradient},
        &error);
    gradus_optimizer_add(
        optimizer,
        &(gradus_parameter){
            .name = "head", .group = "head", .shape = {HEAD}, .values = head, .gradient = head_gradient},
        &error);
    if (error.status) return fprintf(stderr, "%s\n", error.message), 1;
    const double first = train_batch(32);
    const int failed = train_scheduled(optimizer);
    const double last = train_batch(32);
    printf("the loss fell from %.4f to %.6f\n", first, last);
    gradus_optimizer_destroy(optimizer);
    return failed || !(last < 0.01 * first);
}
