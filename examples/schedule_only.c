/* Our schedule in somebody else's trainer: the trainer keeps its own update, and nothing is allocated. First as darknet would use
 * it, a rate before every batch; then as a callback that fills in an optimizer's parameters, as ggml asks for. */
#include "gradus/gradus.h"
#include <stdio.h>

/* ---- a trainer that owns its update: one weight, pulled towards 3 ---- */

typedef struct network {
    float learning_rate, weight;
    int64_t seen_batches, max_batches;
} network;

static void network_train_batch(network *net) { net->weight -= net->learning_rate * (net->weight - 3); }

static int darknet_train(network *net, const char *policy_line)
{
    gradus_schedule_storage storage;
    gradus_error error = {0};
    const gradus_schedule *schedule =
        gradus_schedule_place(&storage, policy_line, &(gradus_units){.total = (double)net->max_batches}, &error);
    if (!schedule) return error.column;
    const float base = net->learning_rate;
    for (; net->seen_batches < net->max_batches; net->seen_batches++) {
        net->learning_rate = base * (float)gradus_schedule_at(schedule, (double)net->seen_batches);
        network_train_batch(net);
    }
    return 0;
}

/* ---- a callback that is asked before each step ---- */

typedef struct optimizer_params {
    struct {
        float alpha, beta1, beta2, eps, wd;
    } adamw;
} optimizer_params;

typedef struct scheduled_rate {
    const gradus_schedule *schedule;
    int64_t update;
} scheduled_rate;

static optimizer_params params_now(void *userdata)
{
    scheduled_rate *rate = userdata;
    const float alpha = 1e-3f * (float)gradus_schedule_at(rate->schedule, (double)rate->update++);
    return (optimizer_params){{alpha, 0.9f, 0.999f, 1e-8f, 0.1f}};
}

int main(void)
{
    network net = {.learning_rate = 0.1f, .max_batches = 1000};
    int wrong = darknet_train(&net, "warmup(100) > hold > decay(20%, shape=1-sqrt)");
    printf("weight %.6f after %lld batches, rate %g\n", net.weight, (long long)net.seen_batches, net.learning_rate);

    int column = darknet_train(&net, "warmup(100) > holt"); /* a mistake is a column, before anything has begun */
    printf("a mistake in column %d\n", column);

    gradus_schedule_storage storage;
    scheduled_rate rate = {gradus_schedule_place(&storage, "warmup(2) > cosine(4)", NULL, NULL), 0};
    for (int i = 0; i < 6; i++) printf("alpha %g\n", params_now(&rate).adamw.alpha);
    return wrong || column != 15 || net.weight < 2.999f;
}
