/* A loop like llm.c's: 148 tensors, decay on matrices only, warm-up and cosine, norm clipping, gradients that add up
 * over micro steps. The transformer is a stand-in of the same 148 tensors, each pulled towards a target; all else is
 * what one would write. */
#include "gradus/gradus.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LAYERS = 12, TENSORS = 4 + 12 * LAYERS, MICRO_STEPS = 8, BATCH = 64, CONTEXT = 1024, UPDATES = 400 };
enum { ROWS = 24, COLUMNS = 16 }; /* of the stand-in; GPT-2 has 768 x 3072 and the like */

typedef struct tensor {
    char name[64];
    float *values, *gradient;
    int64_t rows, columns;
} tensor;

typedef struct gpt2 {
    tensor tensors[TENSORS];
} gpt2;

float gpt2_forward_backward(gpt2 *model); /* adds to the gradients, returns the mean loss */
int gpt2_open(gpt2 *model);
void gpt2_close(gpt2 *model);

/* ---- what one would write ---- */

static int complain(const gradus_error *error)
{
    fprintf(stderr, "%s: %s (column %d)\n", gradus_status_name(error->status), error->message, (int)error->column);
    return 1;
}

static int train(gpt2 *model)
{
    gradus_error error = {0};
    gradus_policy *policy = gradus_policy_create(
        &(gradus_policy_config){.base = 1e-2,
                                .schedule = "warmup(5%) > cosine(to=10%)",
                                .feedback = "guard",
                                .units = {.total = UPDATES, .tokens_per_update = MICRO_STEPS * BATCH * CONTEXT}},
        &error);
    gradus_optimizer *optimizer =
        gradus_optimizer_create(&(gradus_optimizer_config){.rule = "adamw(beta2=0.95, weight_decay=0.1)",
                                                           .gradient = "clip_norm(1)",
                                                           .groups = "match(vectors, weight_decay=0)"},
                                &error);
    for (int i = 0; i < TENSORS; i++) {
        tensor *t = &model->tensors[i];
        gradus_optimizer_add(optimizer,
                             &(gradus_parameter){.name = t->name,
                                                 .group = t->columns ? "matrices" : "vectors",
                                                 .shape = {t->rows, t->columns},
                                                 .values = t->values,
                                                 .gradient = t->gradient},
                             &error);
    }
    if (error.status) return complain(&error); /* the one check of the whole set-up */

    double first = 0, loss = 0;
    while (!gradus_policy_finished(policy) && !error.status) {
        loss = 0;
        for (int micro = 0; micro < MICRO_STEPS; micro++) loss += gpt2_forward_backward(model) / MICRO_STEPS;
        gradus_decision decision;
        gradus_update(policy, optimizer,
                      &(gradus_step){.loss = loss, .gradient_scale = 1.0 / MICRO_STEPS, .flags = GRADUS_ZERO_GRADIENTS},
                      &decision, &error);
        if (decision.update == 0) first = loss;
        if (decision.update % 50 == 0)
            printf("%6lld  loss %.5f  rate %.3e\n", (long long)decision.update, loss, decision.rate);
    }
    gradus_optimizer_destroy(optimizer);
    gradus_policy_destroy(policy);
    printf("the loss fell from %.5f to %.5f\n", first, loss);
    return error.status ? complain(&error) : loss > 0.1 * first;
}

/* ---- the stand-in ---- */

static float noise(void) { return (float)rand() / (float)RAND_MAX - 0.5f; }

int gpt2_open(gpt2 *model)
{
    for (int i = 0; i < TENSORS; i++) {
        tensor *t = &model->tensors[i];
        const int matrix = i < 2 || i % 3 == 0;
        snprintf(t->name, sizeof t->name, i < 2 ? "w%ce" : "h%d", i < 2 ? "tp"[i] : i);
        t->rows = ROWS;
        t->columns = matrix ? COLUMNS : 0;
        const size_t count = ROWS * (matrix ? COLUMNS : 1);
        t->values = calloc(count, sizeof(float));
        t->gradient = calloc(count, sizeof(float));
        if (!t->values || !t->gradient) return 0;
    }
    return 1;
}

float gpt2_forward_backward(gpt2 *model)
{
    double loss = 0;
    int64_t all = 0;
    for (int i = 0; i < TENSORS; i++) {
        tensor *t = &model->tensors[i];
        const int64_t count = t->rows * (t->columns ? t->columns : 1);
        for (int64_t j = 0; j < count; j++) {
            const float away = t->values[j] - sinf((float)(i + j)); /* the target */
            loss += 0.5 * away * away;
            t->gradient[j] += away + 0.1f * noise(); /* a batch is never the whole truth */
        }
        all += count;
    }
    return (float)(loss / (double)all);
}

void gpt2_close(gpt2 *model)
{
    for (int i = 0; i < TENSORS; i++) {
        free(model->tensors[i].values);
        free(model->tensors[i].gradient);
    }
}

int main(void)
{
    static gpt2 model;
    const int failed = gpt2_open(&model) ? train(&model) : 1;
    gpt2_close(&model);
    return failed;
}
