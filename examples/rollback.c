/* Plateau, warm-up and a guard that rolls back: the trainer owns the snapshots, the policy says when to keep one and which to go
 * back to. Half-way through a cosmic ray strikes the weights; the run goes back, takes other batches, and ends well. */
#include "gradus/gradus.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SNAPSHOTS = 3, WEIGHTS = 16, BATCH = 8, UPDATES_PER_EPOCH = 100, EPOCHS = 12, STRUCK = 650 };

typedef struct trainer {
    float weights[WEIGHTS], gradient[WEIGHTS];
    uint64_t shuffle_seed;
    int64_t cursor;
    int struck;
} trainer;

float forward_backward(trainer *t);
float evaluate(const trainer *t);

/* ---- what one would write ---- */

typedef struct blob {
    unsigned char *bytes;
    size_t size, room;
} blob;

typedef struct snapshot {
    int64_t cursor;
    blob tensors; /* values and optimizer state */
} snapshot;

static int append(void *user, const void *bytes, size_t size)
{
    blob *b = user;
    if (b->size + size > b->room) {
        unsigned char *more = realloc(b->bytes, b->room = 2 * (b->size + size));
        if (!more) return 1;
        b->bytes = more;
    }
    memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
    return 0;
}

static void keep(snapshot *s, const trainer *t, const gradus_optimizer *optimizer, gradus_error *error)
{
    s->cursor = t->cursor;
    s->tensors.size = 0;
    gradus_optimizer_save(optimizer, GRADUS_STATE_AND_VALUES, append, &s->tensors, error);
}

static void restore(trainer *t, const snapshot *s, gradus_optimizer *optimizer, const gradus_decision *decision,
                    gradus_error *error)
{
    t->cursor = s->cursor;
    t->shuffle_seed += (uint64_t)decision->rollbacks; /* the same place, other batches */
    gradus_optimizer_load(optimizer, s->tensors.bytes, s->tensors.size, NULL, error);
}

static int32_t train_guarded(trainer *t, gradus_optimizer *optimizer, snapshot ring[SNAPSHOTS], gradus_error *error)
{
    gradus_policy *policy = gradus_policy_create(
        &(gradus_policy_config){
            .base = 0.1,
            .schedule = "warmup(5%) > hold",
            .feedback = "guard > plateau(val_loss, patience=3, factor=0.5)",
            .units = {.total = EPOCHS, .total_unit = GRADUS_EPOCHS, .updates_per_epoch = UPDATES_PER_EPOCH},
            .snapshots = SNAPSHOTS},
        error);
    int32_t rollbacks = 0;
    char why[256];
    for (int64_t update = 0; !gradus_policy_finished(policy) && !error->status;) {
        gradus_decision decision;
        gradus_measures measures;
        double loss = forward_backward(t);
        gradus_optimizer_measure(optimizer, 1, &measures, error);
        gradus_policy_observe(policy, "loss", loss);
        gradus_policy_observe_measures(policy, &measures);
        switch (gradus_policy_decide(policy, &decision)) {
        case GRADUS_APPLY:
            gradus_optimizer_step(optimizer, &(gradus_step){.rate = decision.rate}, error);
            gradus_policy_applied(policy, NULL);
            if (decision.keep >= 0) keep(&ring[decision.keep], t, optimizer, error);
            if (++update % UPDATES_PER_EPOCH == 0) gradus_policy_observe(policy, "val_loss", evaluate(t));
            break;
        case GRADUS_SKIP: break;
        case GRADUS_ROLL_BACK:
            restore(t, &ring[decision.restore], optimizer, &decision, error);
            update = decision.update;
            break;
        case GRADUS_STOP: break; /* finished() is now true and says why */
        }
        if (decision.action == GRADUS_ROLL_BACK) {
            gradus_policy_explain(policy, why, sizeof why);
            printf("%s\n", why);
        }
        rollbacks = decision.rollbacks;
    }
    gradus_policy_explain(policy, why, sizeof why);
    printf("%s\n", why);
    gradus_policy_destroy(policy);
    return rollbacks;
}

/* ---- the trainer: a linear model of noisy numbers ---- */

static float random_number(uint64_t seed, uint64_t index) /* in [-1, 1), a pure function of both */
{
    uint64_t bits = (seed + 1) * 0x9e3779b97f4a7c15u + index * 0xd1342543de82ef95u;
    bits = (bits ^ bits >> 32) * 0xd6e8feb86659fd93u;
    return (float)(bits >> 40) / 8388608.0f - 1;
}

static float target(int64_t i) { return (float)(i % 5) - 2; }

/* The mean squared error of rows of one batch, and its gradient unless that is NULL. */
static float batch_loss(const float *weights, uint64_t seed, int64_t batch, float *gradient)
{
    float loss = 0;
    if (gradient) memset(gradient, 0, WEIGHTS * sizeof *gradient);
    for (int64_t row = 0; row < BATCH; row++) {
        const uint64_t first = (uint64_t)(batch * BATCH + row) * (WEIGHTS + 1);
        float away = 0.2f * random_number(seed, first + WEIGHTS), inputs[WEIGHTS];
        for (int i = 0; i < WEIGHTS; i++) {
            inputs[i] = random_number(seed, first + (uint64_t)i);
            away += inputs[i] * (weights[i] - target(i));
        }
        loss += away * away / BATCH;
        for (int i = 0; gradient && i < WEIGHTS; i++) gradient[i] += 2 * away * inputs[i] / BATCH;
    }
    return loss;
}

float forward_backward(trainer *t)
{
    if (t->cursor == STRUCK && !t->struck) {
        t->struck = 1;
        t->weights[3] = 1e4f;
    }
    return batch_loss(t->weights, t->shuffle_seed, t->cursor++, t->gradient);
}

float evaluate(const trainer *t)
{
    float loss = 0;
    for (int64_t batch = 0; batch < 32; batch++) loss += batch_loss(t->weights, 999, batch, NULL) / 32;
    return loss;
}

int main(void)
{
    static trainer t;
    snapshot ring[SNAPSHOTS] = {0};
    gradus_error error = {0};
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = "sgd(momentum=0.9)"}, &error);
    gradus_optimizer_add(
        optimizer,
        &(gradus_parameter){.name = "weights", .shape = {WEIGHTS}, .values = t.weights, .gradient = t.gradient},
        &error);
    int32_t rollbacks = train_guarded(&t, optimizer, ring, &error);
    if (error.status) fprintf(stderr, "%s\n", error.message);
    printf("validation loss %.4f after %d rollback\n", evaluate(&t), (int)rollbacks);
    gradus_optimizer_destroy(optimizer);
    for (int i = 0; i < SNAPSHOTS; i++) free(ring[i].tensors.bytes);
    return error.status || rollbacks != 1 || !(evaluate(&t) < 0.05f);
}
