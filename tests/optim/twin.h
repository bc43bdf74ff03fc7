/* An optimizer in double precision: what an optimizer does with its rule, done again with the rule's twin, so that a
 * rule's arithmetic can be held against references that compute in double. Knows nothing of spans, threads or state
 * files. */
#ifndef GRADUS_TESTS_OPTIM_TWIN_H
#define GRADUS_TESTS_OPTIM_TWIN_H
#include "check.h"
#include "gradus/base.h"
#include "gradus/spec.h"

enum { TWIN_TENSORS = 3, TWIN_LARGEST = 64 };

typedef struct twin_tensor {
    int64_t count, shape[8];
    double values[TWIN_LARGEST], gradient[TWIN_LARGEST], state[GRADUS_SLOTS][TWIN_LARGEST];
    double constants[GRADUS_CONSTANTS];
    gradus_now now;
} twin_tensor;

typedef struct twin {
    gradus_spec *spec;
    const gradus_item *item;
    const gradus_rule_row *row;
    double hyper[32], memory[8], sums[GRADUS_SUMS][GRADUS_PARTS];
    bool maximize;
    int count; /* of tensors: all have one group and one number of updates */
    twin_tensor tensors[TWIN_TENSORS];
} twin;

static inline bool twin_slot_exists(const twin *t, int slot)
{
    const char *needs = t->row->slots[slot].only_if;
    return !needs || gradus_item_value(t->item, needs)->number != 0;
}

/* Makes it from a spec; its tensors are the caller's to fill in. False: *error says why. */
static inline bool twin_open(twin *t, const char *rule, gradus_error *error)
{
    static const gradus_family *const families[] = {&gradus_optimizer_family, &gradus_schedule_family, NULL};
    const gradus_language language = {families, NULL};
    memset(t, 0, sizeof *t);
    t->spec = gradus_spec_create(rule, &(gradus_spec_config){.family = "optimizer", .language = &language}, error);
    if (!t->spec) return false;
    t->item = &gradus_spec_chain(t->spec)->items[0];
    t->row = (const gradus_rule_row *)t->item->member;
    for (int i = 0; t->row->member.arguments[i].name; i++) t->hyper[i] = t->item->values[i].number;
    t->maximize = gradus_item_value(t->item, "maximize")->number != 0;
    for (int i = 0; i < TWIN_TENSORS; i++) {
        for (int j = 0; t->row->slots && t->row->slots[j].name; j++)
            for (int k = 0; k < TWIN_LARGEST; k++) t->tensors[i].state[j][k] = t->row->slots[j].initial;
    }
    return true;
}

static inline void twin_close(twin *t) { gradus_spec_destroy(t->spec); }

static inline void twin_walk(const twin *t, const gradus_pass *pass, twin_tensor *tensor, double *sums)
{
    double parts[GRADUS_SUMS][GRADUS_PARTS] = {{0}};
    gradus_twin_span span = {
        .count = (size_t)tensor->count, .values = tensor->values, .gradient = tensor->gradient, .sums = parts[0]};
    for (int j = 0; t->row->slots && t->row->slots[j].name; j++)
        span.state[j] = twin_slot_exists(t, j) ? tensor->state[j] : NULL;
    pass->twin(&span, 1, tensor->constants);
    for (int j = 0; j < pass->sums; j++)
        for (int i = 0; i < GRADUS_PARTS; i++) sums[j] += parts[j][i];
}

static inline void twin_pass(twin *t, const gradus_pass *pass)
{
    double all[GRADUS_SUMS] = {0};
    for (int i = 0; i < t->count; i++) {
        twin_tensor *tensor = &t->tensors[i];
        double own[GRADUS_SUMS] = {0};
        twin_walk(t, pass, tensor, pass->over_all ? all : own);
        tensor->now.columns = tensor->shape[0];
        for (int d = 1; tensor->shape[d]; d++) tensor->now.columns = tensor->shape[d];
        tensor->now.rows = tensor->count / tensor->now.columns;
        if (pass->conclude && !pass->over_all)
            pass->conclude(t->hyper, &tensor->now, own, t->memory, tensor->constants);
    }
    if (!pass->conclude || !pass->over_all) return;
    pass->conclude(t->hyper, &t->tensors[0].now, all, t->memory, t->tensors[0].constants);
    for (int i = 1; i < t->count; i++)
        memcpy(t->tensors[i].constants, t->tensors[0].constants, sizeof t->tensors[i].constants);
}

/* One update, counted from 1; the gradients are in the tensors. */
static inline void twin_step(twin *t, int64_t update, double rate, double scale, double loss)
{
    for (int i = 0; i < t->count; i++) {
        twin_tensor *tensor = &t->tensors[i];
        tensor->now =
            (gradus_now){.update = update, .rate = rate, .loss = loss, .gradient_scale = t->maximize ? -scale : scale};
        memset(tensor->constants, 0, sizeof tensor->constants);
        t->row->prepare(t->hyper, &tensor->now, t->memory, tensor->constants);
    }
    for (int p = 0; p < 3 && t->row->pass[p].twin; p++) twin_pass(t, &t->row->pass[p]);
}

#endif
