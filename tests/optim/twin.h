/* An optimizer in double precision: what an optimizer does with its rules, done again with the rules' twins, so that
 * their arithmetic can be held against references that compute in double. What the rules are, their hyperparameters and
 * the sizes of their state come from an optimizer that was made of the same specs; spans, threads and state files do
 * not. */
#ifndef GRADUS_TESTS_OPTIM_TWIN_H
#define GRADUS_TESTS_OPTIM_TWIN_H
#include "../../src/optim/matrix.h"
#include "../../src/optim/optimizer.h"
#include "check.h"

enum { TWIN_TENSORS = 4, TWIN_SLOTS = GRADUS_LAYERS * GRADUS_SLOTS, TWIN_MEMORY = 48 };

typedef struct twin_tensor {
    float unused[2]; /* stands for the values of the optimizer that says what there is */
    double *values, *gradient, *before, *state[TWIN_SLOTS], own[TWIN_MEMORY];
    double constants[GRADUS_LAYERS][GRADUS_CONSTANTS];
    gradus_now now[GRADUS_LAYERS];
} twin_tensor;

typedef struct twin {
    gradus_optimizer *of;
    int32_t shown[GRADUS_LAYERS][GRADUS_SLOTS];
    double memory[GRADUS_LAYERS][TWIN_MEMORY], hyper[GRADUS_HYPERS];
    int64_t update;
    double rate, loss;
    const gradus_pass *before[GRADUS_LAYERS], *after[GRADUS_LAYERS]; /* by layer: along with the rule */
    twin_tensor tensors[TWIN_TENSORS];
} twin;

typedef struct twin_level {
    gradus_drive drive;
    twin *twin;
    int layer;
    gradus_now now;
} twin_level;

static inline int64_t twin_count(const twin *t, int tensor) { return t->of->tensors[tensor].shape.count; }

/* ---- life ---- */

static inline bool twin_open(twin *t, const gradus_optimizer_config *config, gradus_error *error)
{
    memset(t, 0, sizeof *t);
    t->of = gradus_optimizer_create(config, error);
    return t->of;
}

static inline void twin_add(twin *t, const char *name, const int64_t shape[8], const double *values,
                            gradus_error *error)
{
    const int at = t->of->tensor_count;
    twin_tensor *tensor = &t->tensors[at];
    gradus_parameter parameter = {.name = name, .values = tensor->unused, .gradient = tensor->unused};
    memcpy(parameter.shape, shape, sizeof parameter.shape);
    if (gradus_optimizer_add(t->of, &parameter, error) < 0) return;
    const size_t count = (size_t)twin_count(t, at);
    tensor->values = calloc(count, sizeof(double));
    tensor->gradient = calloc(count, sizeof(double));
    tensor->before = calloc(count, sizeof(double));
    memcpy(tensor->values, values, count * sizeof(double));
    for (int j = 0; j < t->of->slot_count; j++) {
        const gradus_slot *slot;
        const gradus_layer *layer = gradus_layer_of_slot(t->of, j, &slot);
        const int64_t size = gradus_slot_size(t->of, layer, j - layer->first_slot, at);
        tensor->state[j] = size ? calloc((size_t)size, sizeof(double)) : NULL;
        for (int64_t i = 0; i < size; i++) tensor->state[j][i] = slot->from_values ? values[i] : slot->initial;
    }
}

static inline void twin_close(twin *t)
{
    for (int i = 0; t->of && i < t->of->tensor_count; i++) {
        free(t->tensors[i].values);
        free(t->tensors[i].gradient);
        free(t->tensors[i].before);
        for (int j = 0; j < TWIN_SLOTS; j++) free(t->tensors[i].state[j]);
    }
    gradus_optimizer_destroy(t->of);
}

/* ---- passes ---- */

static inline void twin_walk(twin *t, int layer, const gradus_pass *pass, int tensor, double *sums)
{
    const gradus_layer *of = &t->of->layers[layer];
    twin_tensor *at = &t->tensors[tensor];
    double parts[GRADUS_SUMS][GRADUS_PARTS] = {{0}};
    gradus_twin_span span = {.count = (size_t)twin_count(t, tensor),
                             .values = at->values,
                             .gradient = at->gradient,
                             .before = at->before,
                             .sums = parts[0]};
    for (int j = 0; j < of->slot_count; j++)
        span.state[j] = gradus_slot_is_per_element(&of->row->slots[j]) && at->state[of->first_slot + j]
                            ? at->state[of->first_slot + j] + t->shown[layer][j] * twin_count(t, tensor)
                            : NULL;
    pass->twin(&span, 1, at->constants[layer]);
    for (int j = 0; j < pass->sums; j++) sums[j] += gradus_gather(parts[j]);
}

static inline const double *twin_hyper(const twin *t, int layer) { return t->hyper + t->of->layers[layer].first_hyper; }

static inline void twin_conclude(twin *t, int layer, const gradus_pass *pass, double sums[][GRADUS_SUMS])
{
    double all[GRADUS_SUMS] = {0};
    const gradus_now now = {.update = t->update, .rate = t->rate, .loss = t->loss, .gradient_norm = NAN};
    for (int i = 0; i < t->of->tensor_count; i++)
        for (int j = 0; j < pass->sums; j++) all[j] += sums[i][j];
    if (pass->learn) pass->learn(twin_hyper(t, layer), &now, all, t->memory[layer]);
    for (int i = 0; i < t->of->tensor_count && pass->conclude; i++) {
        if (!gradus_layer_has(t->of, &t->of->layers[layer], i)) continue;
        pass->conclude(twin_hyper(t, layer), &t->tensors[i].now[layer], pass->over_all ? all : sums[i],
                       t->memory[layer], t->tensors[i].constants[layer]);
    }
}

static inline void twin_pass(twin *t, int layer, const gradus_pass *pass)
{
    double sums[TWIN_TENSORS][GRADUS_SUMS] = {{0}};
    for (int i = 0; i < t->of->tensor_count; i++)
        if (gradus_layer_has(t->of, &t->of->layers[layer], i)) twin_walk(t, layer, pass, i, sums[i]);
    twin_conclude(t, layer, pass, sums);
}

/* ---- the rule and what is around it ---- */

static inline void twin_update(twin *t, int layer, int tensor)
{
    const gradus_layer *of = &t->of->layers[layer];
    twin_tensor *at = &t->tensors[tensor];
    const gradus_shape *shape = &t->of->tensors[tensor].shape;
    const gradus_inside inside = {0};
    const size_t room = of->row->scratch ? (size_t)of->row->scratch(twin_hyper(t, layer), shape) : 0;
    gradus_twin_work work = {.shape = shape,
                             .values = at->values,
                             .gradient = at->gradient,
                             .scratch = malloc((room + 1) * sizeof(double)),
                             .hyper = twin_hyper(t, layer),
                             .now = &at->now[layer],
                             .key = t->of->tensors[tensor].key,
                             .constants = at->constants[layer],
                             .multiply = gradus_multiply_twin,
                             .inside = &inside};
    for (int j = 0; j < of->slot_count; j++) work.state[j] = at->state[of->first_slot + j];
    for (size_t i = 0; i < room; i++) work.scratch[i] = NAN; /* nothing may be expected there */
    of->row->update_twin(&work);
    free(work.scratch);
}

static inline void twin_rule(twin *t, int layer)
{
    const gradus_rule_row *row = t->of->layers[layer].row;
    for (int p = 0; p < GRADUS_PASSES && row->pass[p].kernel[0]; p++)
        if (gradus_pass_is_made(t->of, &t->of->layers[layer], &row->pass[p])) twin_pass(t, layer, &row->pass[p]);
    for (int i = 0; i < t->of->tensor_count && row->update[0]; i++) {
        double scale = t->tensors[i].now[layer].gradient_scale;
        if (!gradus_layer_has(t->of, &t->of->layers[layer], i)) continue;
        for (int64_t j = 0; j < twin_count(t, i); j++) t->tensors[i].gradient[j] *= scale;
        twin_update(t, layer, i);
        for (int64_t j = 0; j < twin_count(t, i); j++) t->tensors[i].gradient[j] /= scale;
    }
}

static inline gradus_outcome twin_run(twin *t, int layer);

static inline void twin_flush(twin *t)
{
    for (int l = GRADUS_LAYERS - 1; l >= 0; l--) {
        if (t->before[l]) twin_pass(t, l, t->before[l]);
        t->before[l] = NULL;
    }
}

static inline gradus_outcome twin_innermost(twin *t)
{
    twin_flush(t);
    for (int i = 0; i < t->of->tensor_count; i++)
        memcpy(t->tensors[i].before, t->tensors[i].values, (size_t)twin_count(t, i) * sizeof(double));
    twin_rule(t, 0);
    if (t->of->layer_count > 1 && t->of->layers[1].alternative) twin_rule(t, 1);
    for (int l = 0; l < GRADUS_LAYERS; l++) {
        if (t->after[l]) twin_pass(t, l, t->after[l]);
        t->after[l] = NULL;
    }
    return GRADUS_APPLIED;
}

static inline void twin_drive_pass(gradus_drive *drive, int32_t pass)
{
    const twin_level *here = drive->inside;
    twin_flush(here->twin);
    twin_pass(here->twin, here->layer, &here->twin->of->layers[here->layer].row->pass[pass]);
}

static inline void twin_drive_prepare(gradus_drive *drive)
{
    const twin_level *here = drive->inside;
    for (int i = 0; i < here->twin->of->tensor_count; i++)
        here->twin->of->layers[here->layer].row->prepare(
            twin_hyper(here->twin, here->layer), &here->twin->tensors[i].now[here->layer],
            here->twin->memory[here->layer], here->twin->tensors[i].constants[here->layer]);
}

static inline gradus_outcome twin_drive_inner(gradus_drive *drive, int32_t before, int32_t after)
{
    const twin_level *here = drive->inside;
    const gradus_pass *pass = here->twin->of->layers[here->layer].row->pass;
    here->twin->before[here->layer] = before < 0 ? NULL : &pass[before];
    here->twin->after[here->layer] = after < 0 ? NULL : &pass[after];
    return twin_run(here->twin, here->layer - 1);
}

static inline gradus_outcome twin_run(twin *t, int layer)
{
    const gradus_layer *of = &t->of->layers[layer];
    if (of->alternative) return twin_run(t, layer - 1);
    if (layer == 0 && !of->row->drive) return twin_innermost(t);
    twin_level here = {.twin = t,
                       .layer = layer,
                       .now = {.update = t->update, .rate = t->rate, .loss = t->loss, .gradient_norm = NAN}};
    here.drive = (gradus_drive){.hyper = twin_hyper(t, layer),
                                .now = &here.now,
                                .memory = t->memory[layer],
                                .at = t->shown[layer],
                                .prepare = twin_drive_prepare,
                                .pass = twin_drive_pass,
                                .inner = twin_drive_inner,
                                .inside = &here};
    if (of->row->drive) return of->row->drive(&here.drive);
    return twin_drive_inner(&here.drive, -1, of->row->pass[0].kernel[0] ? 0 : -1);
}

/* One call of a step; the gradients are in the tensors. `update` counts from 1. */
static inline gradus_outcome twin_step(twin *t, int64_t update, double rate, double loss)
{
    t->update = update, t->rate = rate, t->loss = loss;
    gradus_hypers_now(t->of, -1, t->hyper, NULL);
    double made = rate; /* by the layers inside */
    for (int l = 0; l < t->of->layer_count; l++) {
        const gradus_layer *layer = &t->of->layers[l];
        for (int i = 0; i < t->of->tensor_count; i++) {
            const gradus_shape *shape = &t->of->tensors[i].shape;
            t->tensors[i].now[l] = (gradus_now){.update = update,
                                                .rate = rate,
                                                .inner_rate = made,
                                                .loss = t->of->maximize ? -loss : loss,
                                                .gradient_norm = NAN,
                                                .gradient_scale = t->of->maximize ? -1 : 1,
                                                .rows = shape->matrices * shape->rows,
                                                .columns = shape->columns,
                                                .own = t->tensors[i].own + layer->first_own};
            memset(t->tensors[i].constants[l], 0, sizeof t->tensors[i].constants[l]);
            if (layer->row->prepare)
                layer->row->prepare(twin_hyper(t, l), &t->tensors[i].now[l], t->memory[l], t->tensors[i].constants[l]);
        }
        made = gradus_rate_made(layer, twin_hyper(t, l), &t->tensors[0].now[l], t->memory[l]);
    }
    const gradus_outcome outcome = twin_run(t, t->of->layer_count - 1);
    if (outcome == GRADUS_APPLIED) t->of->update = update; /* where schedules stand */
    return outcome;
}

/* What is shown for a tensor's values, where a layer averages. */
static inline void twin_show(twin *t, int tensor, double *shown)
{
    for (int l = t->of->layer_count - 1; l >= 0; l--) {
        const gradus_layer *layer = &t->of->layers[l];
        twin_tensor *at = &t->tensors[tensor];
        const gradus_now now = {.update = t->update, .gradient_scale = 1, .own = at->own + layer->first_own};
        double constants[GRADUS_CONSTANTS] = {0};
        gradus_twin_span span = {.count = (size_t)twin_count(t, tensor), .values = shown};
        if (!layer->row->show.kernel[0]) continue;
        memcpy(shown, at->values, span.count * sizeof(double));
        if (layer->row->show.conclude) layer->row->show.conclude(twin_hyper(t, l), &now, NULL, t->memory[l], constants);
        for (int j = 0; j < layer->slot_count; j++) span.state[j] = at->state[layer->first_slot + j];
        layer->row->show.twin(&span, 1, constants);
        return;
    }
}

#endif
