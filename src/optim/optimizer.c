/* The life of an optimizer: made from specs, given the caller's tensors, told where they have moved.
 * Parameters and gradients stay the caller's; only state is ours, and it is made when it is first needed. */
#include "optimizer.h"

/* ---- what every function begins with ---- */

gradus_status gradus_optimizer_ready(const gradus_optimizer *optimizer, gradus_error *error)
{
    if (gradus_failed(error)) return (gradus_status)error->status;
    return optimizer ? GRADUS_OK : gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "there is no optimizer");
}

gradus_status gradus_optimizer_shown(const gradus_optimizer *optimizer, gradus_error *error)
{
    if (optimizer->view == GRADUS_TRAINED) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED,
                       "the averaged values are shown; show the trained ones first");
}

gradus_status gradus_optimizer_whole(const gradus_optimizer *optimizer, gradus_error *error)
{
    gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (!status) status = gradus_optimizer_shown(optimizer, error);
    if (status) return status;
    if (optimizer->trial)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED,
                           "the values are a trial point, and the update is not finished");
    return GRADUS_OK;
}

bool gradus_optimizer_grow(gradus_optimizer *optimizer, void *table, int64_t used, int64_t room, size_t size,
                           gradus_error *error)
{
    void *old, *fresh = gradus_arena_take(&optimizer->arena, (size_t)room * size, 64);
    if (!fresh)
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for an optimizer's tables") ==
               GRADUS_OK;
    memcpy(&old, table, sizeof old);
    if (used) memcpy(fresh, old, (size_t)used * size);
    memcpy(table, &fresh, sizeof fresh);
    return true;
}

/* ---- creation ---- */

static const gradus_family *const families[] = {&gradus_optimizer_family, &gradus_gradient_family, &gradus_group_family,
                                                &gradus_average_family,   &gradus_schedule_family, NULL};

/* Binds a text of `family`; NULL text: an empty chain, NULL. Values that a search would fill in are errors here. */
static gradus_spec *bind_text(gradus_optimizer *optimizer, const char *family, const char *text, gradus_error *error)
{
    const gradus_language language = {.families = families, .context = optimizer->context};
    const gradus_spec_config config = {.family = family, .language = &language, .context = optimizer->context};
    if (!text || gradus_failed(error)) return NULL;
    gradus_spec *spec = gradus_spec_create(text, &config, error);
    if (!spec || gradus_spec_open_count(spec) == 0) return spec;
    const gradus_open *open;
    const char *path = gradus_spec_open_path(spec, 0, &open);
    gradus_spec_fail(error, text, open->place, GRADUS_CODE_UNEXPECTED_VALUE, "%s%sis still open: a search fills it in",
                     path, *path ? " " : "the value ");
    return spec;
}

/* Texts outlive their specs' errors: groups are checked when tensors come. */
static const char *keep_text(gradus_optimizer *optimizer, const char *text)
{
    return text ? gradus_arena_text(&optimizer->arena, text, strlen(text)) : NULL;
}

static gradus_status build(gradus_optimizer *optimizer, const gradus_optimizer_config *config, gradus_error *error)
{
    optimizer->isa = gradus_isa_of(optimizer->context, error);
    if (optimizer->isa < 0) return (gradus_status)optimizer->isa;
    optimizer->rule_text = keep_text(optimizer, config->rule);
    optimizer->group_text = keep_text(optimizer, config->groups);
    optimizer->average_text = keep_text(optimizer, config->average);
    if ((config->rule && !optimizer->rule_text) || (config->groups && !optimizer->group_text) ||
        (config->average && !optimizer->average_text))
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for an optimizer");
    if (!config->rule)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "an optimizer needs a rule, such as adamw");
    optimizer->rule_spec = bind_text(optimizer, "optimizer", optimizer->rule_text, error);
    optimizer->gradient_spec = bind_text(optimizer, "gradient", config->gradient, error);
    optimizer->group_spec = bind_text(optimizer, "group", optimizer->group_text, error);
    optimizer->average_spec = bind_text(optimizer, "average", optimizer->average_text, error);
    if (!optimizer->rule_spec || gradus_failed(error)) return error ? (gradus_status)error->status : GRADUS_ERROR_SPEC;
    gradus_status status = gradus_layers_make(optimizer, config->state, error);
    if (!status) optimizer->keeping.values = optimizer->keeping.always = optimizer->layers[0].row->drive != NULL;
    if (!status) status = gradus_hypers_make(optimizer, error);
    return status ? status : gradus_transforms_make(optimizer, config->gradient, error);
}

gradus_optimizer *gradus_optimizer_create(const gradus_optimizer_config *config, gradus_error *error)
{
    gradus_error own = {0};
    if (!error) error = &own;
    if (gradus_failed(error)) return NULL;
    if (!config) {
        gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "an optimizer needs a configuration");
        return NULL;
    }
    gradus_optimizer *optimizer = gradus_allocate(config->context, sizeof *optimizer);
    if (!optimizer) {
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for an optimizer");
        return NULL;
    }
    optimizer->context = config->context;
    optimizer->units = config->units;
    optimizer->seed = config->seed;
    gradus_arena_open(&optimizer->arena, config->context);
    gradus_found_forget(optimizer);
    gradus_measures_forget(&optimizer->measures);
    if (build(optimizer, config, error) == GRADUS_OK) return optimizer;
    gradus_optimizer_destroy(optimizer);
    return NULL;
}

void gradus_optimizer_destroy(gradus_optimizer *optimizer)
{
    if (!optimizer) return;
    gradus_hypers_destroy(optimizer);
    gradus_transforms_destroy(optimizer);
    gradus_lanes_release(optimizer);
    gradus_release(optimizer->context, optimizer->trained, optimizer->trained_size);
    for (const gradus_block *block = optimizer->blocks; block; block = block->next)
        gradus_release(optimizer->context, block->memory, block->size);
    gradus_spec_destroy(optimizer->rule_spec);
    gradus_spec_destroy(optimizer->gradient_spec);
    gradus_spec_destroy(optimizer->group_spec);
    gradus_spec_destroy(optimizer->average_spec);
    gradus_arena_close(&optimizer->arena);
    gradus_release(optimizer->context, optimizer, sizeof *optimizer);
}

/* ---- tensors ---- */

static bool make_room(gradus_optimizer *optimizer, gradus_error *error)
{
    const int64_t used = optimizer->tensor_count, room = 2 * (int64_t)optimizer->tensor_room + 16;
    if (optimizer->tensor_count < optimizer->tensor_room) return true;
    if (!gradus_optimizer_grow(optimizer, &optimizer->tensors, used, room, sizeof *optimizer->tensors, error) ||
        !gradus_optimizer_grow(optimizer, &optimizer->updates, used, room, sizeof *optimizer->updates, error) ||
        !gradus_optimizer_grow(optimizer, &optimizer->group_of, used, room, sizeof *optimizer->group_of, error) ||
        !gradus_optimizer_grow(optimizer, &optimizer->constants_of, used, room, sizeof *optimizer->constants_of, error))
        return false;
    optimizer->tensor_room = (int32_t)room;
    return true;
}

static gradus_status refuse(const char *name, gradus_status status, gradus_code code, const char *reason,
                            gradus_error *error)
{
    return gradus_fail(error, status, code, "tensor '%s' %s", name, reason);
}

/* A vector is one row; of more than two dimensions the last two are a matrix each. */
static void cut_matrices(gradus_shape *shape)
{
    shape->columns = shape->size[shape->rank - 1];
    shape->rows = shape->rank > 1 ? shape->size[shape->rank - 2] : 1;
    shape->matrices = shape->count / shape->columns / shape->rows;
}

static gradus_status take_shape(gradus_tensor *tensor, const gradus_parameter *parameter, gradus_error *error)
{
    gradus_shape *shape = &tensor->shape;
    shape->count = 1;
    for (; shape->rank < 8 && parameter->shape[shape->rank]; shape->rank++) {
        const int64_t size = parameter->shape[shape->rank];
        if (size < 0 || shape->count > INT64_MAX / 64 / size)
            return refuse(tensor->name, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE, "has a shape that cannot be",
                          error);
        shape->size[shape->rank] = size;
        shape->count *= size;
    }
    if (!shape->rank)
        return refuse(tensor->name, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "has no shape; {n} is a vector's", error);
    cut_matrices(shape);
    shape->outputs_last = parameter->outputs_last != 0;
    return GRADUS_OK;
}

/* Of tensors that live elsewhere only constants can be said: nothing that needs their values, or a second layer. */
static gradus_status check_place(const gradus_optimizer *optimizer, const gradus_tensor *tensor, gradus_error *error)
{
    const gradus_rule_row *row = optimizer->layers[0].row;
    bool needs = optimizer->layer_count > 1 || row->update[0] || row->drive;
    for (int p = 0; p < GRADUS_PASSES && row->pass[p].kernel[0]; p++) needs |= row->pass[p].sums > 0;
    if (!tensor->elsewhere || !needs) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_REFUSED,
                       "tensor '%s' lives elsewhere, and '%s' needs to see the values", tensor->name,
                       optimizer->layers[optimizer->layer_count - 1].row->member.name);
}

/* Which rule updates it: the innermost, or its alternative. */
static gradus_status choose_rule(const gradus_optimizer *optimizer, gradus_tensor *tensor, int32_t group,
                                 gradus_error *error)
{
    const gradus_layer *innermost = &optimizer->layers[0];
    double hyper[GRADUS_HYPERS];
    if (!innermost->row->takes) return GRADUS_OK;
    gradus_hypers_now(optimizer, group, hyper, NULL);
    if (innermost->row->takes(hyper + innermost->first_hyper, &tensor->shape)) return GRADUS_OK;
    tensor->rule = 1;
    if (optimizer->layer_count > 1 && optimizer->layers[1].alternative) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED,
                       "'%s' does not take tensors of the shape of '%s', and there is no other rule for them",
                       innermost->row->member.name, tensor->name);
}

static gradus_status check_kind(const gradus_parameter *p, gradus_error *error)
{
    if (p->values_type < GRADUS_FLOAT32 || p->values_type > GRADUS_FLOAT16 || p->gradient_type < GRADUS_FLOAT32 ||
        p->gradient_type > GRADUS_FLOAT16 || p->place < GRADUS_HERE || p->place > GRADUS_ELSEWHERE)
        return refuse(p->name, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE, "has a type or a place that is none",
                      error);
    if (p->rounding < 0 || p->rounding > GRADUS_NEAREST)
        return refuse(p->name, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE,
                      "is rounded in a way that is none: 0 keeps a float32 copy, 1 rounds by chance, 2 to the nearest",
                      error);
    if (p->place == GRADUS_ELSEWHERE) return GRADUS_OK;
    if (p->master && p->values_type == GRADUS_FLOAT32)
        return refuse(p->name, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED, "is float32 and has a float32 copy too", error);
    if (!p->values) return refuse(p->name, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "has no values", error);
    return GRADUS_OK;
}

static gradus_status check_unique(const gradus_optimizer *optimizer, const gradus_tensor *tensor, gradus_error *error)
{
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        const gradus_tensor *other = &optimizer->tensors[i];
        if (other->key == tensor->key && !strcmp(other->name, tensor->name))
            return refuse(tensor->name, GRADUS_ERROR_USE, GRADUS_CODE_REPEATED, "was added already", error);
        if (other->stored == tensor->stored && tensor->stored)
            return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REPEATED,
                               "tensor '%s' has the values of '%s'; shared values are added once", tensor->name,
                               other->name);
    }
    return GRADUS_OK;
}

/* Room for where its state will be, and for what is kept of it. */
static gradus_status take_tables(gradus_optimizer *optimizer, gradus_tensor *tensor, gradus_error *error)
{
    tensor->name = gradus_arena_text(&optimizer->arena, tensor->name, strlen(tensor->name));
    tensor->state = gradus_arena_take(&optimizer->arena, (size_t)(optimizer->slot_count + 1) * sizeof(float *), 64);
    tensor->codes =
        gradus_arena_take(&optimizer->arena, (size_t)(optimizer->slot_count + 1) * sizeof(gradus_codes), 64);
    tensor->own = gradus_arena_take(&optimizer->arena, (size_t)(optimizer->own_count + 1) * sizeof(double), 64);
    if (tensor->name && tensor->state && tensor->codes && tensor->own && make_room(optimizer, error)) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for a tensor");
}

/* Where its values are updated; room for a float32 copy of ours comes with its state. */
static void take_storage(const gradus_optimizer *optimizer, gradus_tensor *tensor, const gradus_parameter *parameter)
{
    const int32_t before = optimizer->tensor_count - 1;
    const gradus_tensor *last = before >= 0 ? &optimizer->tensors[before] : NULL;
    const bool narrow = tensor->values_type != GRADUS_FLOAT32;
    tensor->first = last ? last->first + last->shape.count : 0;
    tensor->values = narrow ? parameter->master : tensor->stored;
    tensor->masters = narrow && !tensor->values && !tensor->rounding && !tensor->elsewhere;
    tensor->staged = narrow || tensor->gradient_type != GRADUS_FLOAT32;
}

int32_t gradus_optimizer_add(gradus_optimizer *optimizer, const gradus_parameter *parameter, gradus_error *error)
{
    gradus_error own = {0};
    if (!error) error = &own;
    gradus_status status = gradus_optimizer_whole(optimizer, error);
    if (status) return status;
    if (!parameter || !parameter->name || !*parameter->name)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING,
                           "a tensor without a name, which is the key of its state");
    gradus_tensor tensor = {.name = parameter->name,
                            .key = gradus_checksum(0, parameter->name, strlen(parameter->name)),
                            .elsewhere = parameter->place == GRADUS_ELSEWHERE,
                            .values_type = parameter->values_type,
                            .gradient_type = parameter->gradient_type,
                            .rounding = parameter->rounding,
                            .stored = parameter->values,
                            .gradient = parameter->gradient};
    if ((status = check_kind(parameter, error)) || (status = take_shape(&tensor, parameter, error)) ||
        (status = check_unique(optimizer, &tensor, error)) || (status = check_place(optimizer, &tensor, error)) ||
        (status = take_tables(optimizer, &tensor, error)))
        return status;
    const int32_t group = gradus_hypers_group(optimizer, tensor.name, parameter->group, error),
                  at = optimizer->tensor_count;
    if (group < 0) return group;
    if ((status = choose_rule(optimizer, &tensor, group, error))) return status;
    take_storage(optimizer, &tensor, parameter);
    optimizer->tensors[at] = tensor;
    optimizer->updates[at] = 0;
    optimizer->group_of[at] = group;
    optimizer->constants_of[at] = -1;
    optimizer->tensor_count++;
    optimizer->placed = false;
    optimizer->plan.valid = optimizer->lanes.valid = false;
    gradus_found_forget(optimizer);
    return at;
}

gradus_status gradus_optimizer_index(const gradus_optimizer *optimizer, int32_t index, gradus_error *error)
{
    if (index >= 0 && index < optimizer->tensor_count) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE, "there is no tensor %d; %d were added",
                       (int)index, (int)optimizer->tensor_count);
}

gradus_status gradus_optimizer_bind(gradus_optimizer *optimizer, int32_t index, void *values, void *gradient,
                                    gradus_error *error)
{
    gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status || (status = gradus_optimizer_index(optimizer, index, error))) return status;
    gradus_tensor *tensor = &optimizer->tensors[index];
    if (optimizer->trial && !gradient != !tensor->gradient) /* the others would go back without it */
        return gradus_optimizer_whole(optimizer, error);
    if (values) tensor->stored = values;
    if (values && tensor->values_type == GRADUS_FLOAT32) tensor->values = values;
    tensor->gradient = gradient;
    optimizer->plan.valid = optimizer->lanes.valid = false;
    gradus_found_forget(optimizer);
    return GRADUS_OK;
}

gradus_status gradus_optimizer_reset(gradus_optimizer *optimizer, gradus_error *error)
{
    const gradus_status status = gradus_optimizer_whole(optimizer, error);
    if (status) return status;
    for (int32_t i = 0; i < optimizer->tensor_count; i++) gradus_tensor_fresh(optimizer, i);
    for (int32_t l = 0; l < optimizer->layer_count; l++) {
        const gradus_layer *layer = &optimizer->layers[l];
        for (int32_t i = 0; i < layer->memory_count; i++) layer->memory[i] = 0;
    }
    optimizer->update = 0;
    gradus_transforms_forget(optimizer);
    gradus_keep_forget(optimizer);
    gradus_found_forget(optimizer);
    gradus_measures_forget(&optimizer->measures);
    return GRADUS_OK;
}

/* ---- for callers that launch their own kernels ---- */

const char *gradus_optimizer_constant_name(const gradus_optimizer *optimizer, int32_t constant)
{
    return optimizer && constant >= 0 && constant < optimizer->constant_count ? optimizer->constant_names[constant]
                                                                              : NULL;
}

int32_t gradus_optimizer_constants(const gradus_optimizer *optimizer, int32_t index, double *values, int32_t capacity)
{
    if (!optimizer || index < 0 || index >= optimizer->tensor_count || optimizer->constants_of[index] < 0) return 0;
    const gradus_constants *set = &optimizer->layers[0].sets[optimizer->constants_of[index]];
    for (int32_t i = 0; i < capacity && i < optimizer->constant_count; i++) values[i] = set->exact[i];
    return optimizer->constant_count;
}
