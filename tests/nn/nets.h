/* What the tests of nets share: nets from texts, and plain twins of three update rules, so that a net is judged by itself. */
#ifndef GRADUS_TESTS_NETS_H
#define GRADUS_TESTS_NETS_H
#include "check.h"
#include "gradus/base.h"
#include "gradus/nn.h"

typedef struct nets_texts {
    const char *model, *loss, *init;
    int64_t input[8];
    int32_t target;
    int64_t outputs, positions, symbols;
    const int64_t *class_counts;
    const gradus_target *targets; /* several; NULL: the one above */
    int32_t target_count;
    int32_t batch, threads;
    uint64_t seed;
} nets_texts;

typedef struct nets_net {
    gradus_net *net;
    gradus_spec *model, *loss, *init;
} nets_net;

static inline const gradus_language *nets_language(void)
{
    static const gradus_family *const families[] = {&gradus_model_family, &gradus_loss_family, &gradus_balance_family,
                                                    &gradus_init_family, NULL};
    static const gradus_language language = {.families = families};
    return &language;
}

static inline gradus_spec *nets_bind(const char *family, const char *text, gradus_error *error)
{
    const gradus_spec_config config = {.family = family, .language = nets_language()};
    return text && !error->status ? gradus_spec_create(text, &config, error) : NULL;
}

static inline void nets_close(nets_net *it)
{
    gradus_net_destroy(it->net);
    gradus_spec_destroy(it->model);
    gradus_spec_destroy(it->loss);
    gradus_spec_destroy(it->init);
    *it = (nets_net){0};
}

/* it->net is NULL where *error says why. */
static inline nets_net nets_try(const nets_texts *texts, gradus_error *error)
{
    nets_net it = {.model = nets_bind("model", texts->model, error),
                   .loss = nets_bind("loss", texts->loss, error),
                   .init = nets_bind("init", texts->init, error)};
    const gradus_target only = {.kind = texts->target, .outputs = texts->outputs, .class_counts = texts->class_counts};
    gradus_net_config config = {.model = it.model,
                                .loss = it.loss,
                                .init = it.init,
                                .model_text = texts->model,
                                .loss_text = texts->loss,
                                .targets = texts->targets ? texts->targets : &only,
                                .target_count = texts->targets ? texts->target_count : 1,
                                .positions = texts->positions,
                                .symbols = texts->symbols,
                                .batch = texts->batch ? texts->batch : 4,
                                .threads = texts->threads ? texts->threads : 1,
                                .seed = texts->seed};
    for (int i = 0; i < 8 && texts->input[i]; i++) config.input[i] = texts->input[i];
    if (!error->status) it.net = gradus_net_create(&config, error);
    return it;
}

static inline nets_net nets_open(const nets_texts *texts)
{
    gradus_error error = {0};
    nets_net it = nets_try(texts, &error);
    if (error.status) fail_msg("%s: %s", texts->model, error.message);
    assert_non_null(it.net);
    return it;
}

static inline int64_t nets_size(const int64_t *shape)
{
    int64_t size = 1;
    for (int i = 0; i < 8 && shape[i]; i++) size *= shape[i];
    return size;
}

/* The index of a tensor by name. */
static inline int32_t nets_tensor(const gradus_net *net, const char *name)
{
    gradus_net_tensor tensor;
    for (int32_t i = 0; i < gradus_net_tensor_count(net); i++) {
        gradus_net_tensor_at(net, i, &tensor);
        if (!strcmp(tensor.name, name)) return i;
    }
    fail_msg("no tensor is named %s", name);
    return -1;
}

/* ---- update rules, plain, as PyTorch has them by default ---- */

typedef enum nets_rule { NETS_SGD, NETS_NESTEROV, NETS_RMSPROP, NETS_ADAM, NETS_ADAMW } nets_rule;
typedef struct nets_optimizer {
    nets_rule rule;
    double rate;
    int64_t update;
    double *state[64][2]; /* of each tensor */
    bool still[64];       /* tensors that are left alone */
} nets_optimizer;

static inline double nets_direction(const nets_optimizer *optimizer, double gradient, double *first, double *second)
{
    const double update = (double)optimizer->update;
    switch (optimizer->rule) {
    case NETS_SGD: /* momentum 0.9; the first update begins with the gradient itself, which a zero state gives too */
        *first = 0.9 * *first + gradient;
        return *first;
    case NETS_NESTEROV: *first = 0.9 * *first + gradient; return gradient + 0.9 * *first;
    case NETS_RMSPROP: *first = 0.99 * *first + 0.01 * gradient * gradient; return gradient / (sqrt(*first) + 1e-8);
    default:
        *first = 0.9 * *first + 0.1 * gradient;
        *second = 0.999 * *second + 0.001 * gradient * gradient;
        return *first / (1 - pow(0.9, update)) / (sqrt(*second / (1 - pow(0.999, update))) + 1e-8);
    }
}

static inline void nets_step(nets_optimizer *optimizer, gradus_net *net)
{
    optimizer->update++;
    for (int32_t i = 0; i < gradus_net_tensor_count(net); i++) {
        gradus_net_tensor tensor;
        gradus_net_tensor_at(net, i, &tensor);
        if (!tensor.gradient || optimizer->still[i]) continue;
        for (int k = 0; k < 2; k++)
            if (!optimizer->state[i][k]) optimizer->state[i][k] = calloc((size_t)tensor.count, sizeof(double));
        const double decay = optimizer->rule == NETS_NESTEROV ? 1e-4 : 0,
                     apart = optimizer->rule == NETS_ADAMW ? 0.1 : 0; /* decay that Adam's means do not see */
        for (int64_t k = 0; k < tensor.count; k++) {
            const double direction = nets_direction(optimizer, tensor.gradient[k] + decay * tensor.values[k],
                                                    &optimizer->state[i][0][k], &optimizer->state[i][1][k]);
            tensor.values[k] -= (float)(optimizer->rate * (direction + apart * tensor.values[k]));
        }
    }
}

static inline void nets_free(nets_optimizer *optimizer)
{
    for (int i = 0; i < 64; i++) {
        free(optimizer->state[i][0]);
        free(optimizer->state[i][1]);
    }
}

#endif
