/* The life of an optimizer: made from specs, given the caller's tensors, told where they have moved.
 * Parameters and gradients stay the caller's; only state is ours, and it is made when it is first needed. */
#include "optimizer.h"

/* ---- what every function begins with ---- */

gradus_status gradus_optimizer_ready(const gradus_optimizer *optimizer, gradus_error *error)
{
    if (gradus_failed(error)) return (gradus_status)error->status;
    return optimizer ? GRADUS_OK : gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "there is no optimizer");
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

static gradus_status check_state(const gradus_optimizer *optimizer, const char *state, gradus_error *error)
{
    if (state && strcmp(state, "float32") != 0 && strcmp(state, "8bit") != 0)
        return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_UNEXPECTED_VALUE,
                           "state is 'float32' or '8bit', not '%s'", state);
    const gradus_value *own = &optimizer->item->values[gradus_argument_count(&optimizer->row->member) + COMMON_STATE];
    const bool float32 = own->given ? own->number == 0 : !state || !strcmp(state, "float32");
    if (float32) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_REFUSED,
                       "state in 8 bits is not in this version; use float32");
}

/* "scale, step" as a table of names. */
static bool name_constants(gradus_optimizer *optimizer, gradus_error *error)
{
    const char *names = optimizer->row->constants;
    optimizer->constant_count = gradus_count_names(names);
    if (!gradus_optimizer_grow(optimizer, &optimizer->constant_names, 0, optimizer->constant_count + 1, sizeof(char *),
                               error))
        return false;
    for (int32_t i = 0; i < optimizer->constant_count; i++) {
        const size_t length = strcspn(names, ",");
        optimizer->constant_names[i] = gradus_arena_text(&optimizer->arena, names, length);
        names += length;
        names += strspn(names, ", ");
    }
    return true;
}

static gradus_status take_rule(gradus_optimizer *optimizer, const gradus_optimizer_config *config, gradus_error *error)
{
    const gradus_chain *chain = gradus_spec_chain(optimizer->rule_spec);
    if (chain->count != 1)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "an optimizer needs a rule, such as adamw");
    const gradus_rule_row *row = (const gradus_rule_row *)chain->items[0].member;
    optimizer->item = &chain->items[0];
    optimizer->row = row;
    optimizer->memory_count = gradus_count_names(row->memory);
    for (; row->slots && row->slots[optimizer->slot_count].name; optimizer->slot_count++) {
        if (row->slots[optimizer->slot_count].per == GRADUS_PER_ELEMENT) continue;
        return gradus_fail(error, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_REFUSED,
                           "'%s' keeps state that is not one number a value; that is not in this version",
                           row->member.name);
    }
    if (row->update)
        return gradus_fail(error, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_REFUSED,
                           "'%s' is no walk over memory; that is not in this version", row->member.name);
    const int32_t own = gradus_argument_count(&row->member);
    optimizer->maximize = optimizer->item->values[own + COMMON_MAXIMIZE].number != 0;
    if (!name_constants(optimizer, error)) return GRADUS_ERROR_MEMORY;
    if (optimizer->memory_count &&
        !gradus_optimizer_grow(optimizer, &optimizer->memory, 0, optimizer->memory_count, sizeof(double), error))
        return GRADUS_ERROR_MEMORY;
    const gradus_status status = check_state(optimizer, config->state, error);
    return status ? status : gradus_hypers_make(optimizer, error);
}

static gradus_status take_transforms(gradus_optimizer *optimizer, gradus_error *error)
{
    const gradus_chain *chain = optimizer->gradient_spec ? gradus_spec_chain(optimizer->gradient_spec) : NULL;
    if (!chain || chain->count == 0) return GRADUS_OK;
    if (!gradus_optimizer_grow(optimizer, &optimizer->transforms, 0, chain->count, sizeof(gradus_transform), error) ||
        !gradus_optimizer_grow(optimizer, &optimizer->stages, 0, chain->count, sizeof(gradus_stage), error))
        return GRADUS_ERROR_MEMORY;
    for (int32_t i = 0; i < chain->count; i++) {
        const gradus_item *item = &chain->items[i];
        const int32_t own = gradus_argument_count(item->member);
        double *arguments = NULL;
        if (own && !gradus_optimizer_grow(optimizer, &arguments, 0, own, sizeof(double), error))
            return GRADUS_ERROR_MEMORY;
        for (int32_t j = 0; j < own; j++) arguments[j] = item->values[j].number;
        optimizer->transforms[i] = (gradus_transform){(const gradus_gradient_row *)item->member, arguments};
    }
    optimizer->transform_count = chain->count;
    return GRADUS_OK;
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
    if ((config->rule && !optimizer->rule_text) || (config->groups && !optimizer->group_text))
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for an optimizer");
    if (!config->rule)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "an optimizer needs a rule, such as adamw");
    optimizer->rule_spec = bind_text(optimizer, "optimizer", optimizer->rule_text, error);
    optimizer->gradient_spec = bind_text(optimizer, "gradient", config->gradient, error);
    optimizer->group_spec = bind_text(optimizer, "group", optimizer->group_text, error);
    gradus_spec_destroy(
        bind_text(optimizer, "average", config->average, error)); /* only `none` stands in its table so far */
    if (!optimizer->rule_spec || gradus_failed(error)) return error ? (gradus_status)error->status : GRADUS_ERROR_SPEC;
    const gradus_status status = take_rule(optimizer, config, error);
    return status ? status : take_transforms(optimizer, error);
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
    for (const gradus_block *block = optimizer->blocks; block; block = block->next)
        gradus_release(optimizer->context, block->memory, block->size);
    gradus_spec_destroy(optimizer->rule_spec);
    gradus_spec_destroy(optimizer->gradient_spec);
    gradus_spec_destroy(optimizer->group_spec);
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

static gradus_status take_shape(gradus_tensor *tensor, const gradus_parameter *parameter, gradus_error *error)
{
    tensor->count = 1;
    for (; tensor->rank < 8 && parameter->shape[tensor->rank]; tensor->rank++) {
        const int64_t size = parameter->shape[tensor->rank];
        if (size < 0 || tensor->count > INT64_MAX / 64 / size)
            return refuse(tensor->name, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE, "has a shape that cannot be",
                          error);
        tensor->shape[tensor->rank] = size;
        tensor->count *= size;
    }
    if (tensor->rank) return GRADUS_OK;
    return refuse(tensor->name, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "has no shape; {n} is a vector's", error);
}

static gradus_status check_kind(const gradus_parameter *p, gradus_error *error)
{
    if (p->values_type < GRADUS_FLOAT32 || p->values_type > GRADUS_FLOAT16 || p->gradient_type < GRADUS_FLOAT32 ||
        p->gradient_type > GRADUS_FLOAT16 || p->place < GRADUS_HERE || p->place > GRADUS_ELSEWHERE)
        return refuse(p->name, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE, "has a type or a place that is none",
                      error);
    if (p->place == GRADUS_ELSEWHERE) return GRADUS_OK;
    if (p->values_type != GRADUS_FLOAT32 || p->gradient_type != GRADUS_FLOAT32)
        return refuse(p->name, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_REFUSED,
                      "holds 16-bit numbers; in this version values and gradients are float32", error);
    if (!p->values) return refuse(p->name, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "has no values", error);
    return GRADUS_OK;
}

static gradus_status check_unique(const gradus_optimizer *optimizer, const gradus_tensor *tensor, gradus_error *error)
{
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        const gradus_tensor *other = &optimizer->tensors[i];
        if (other->key == tensor->key && !strcmp(other->name, tensor->name))
            return refuse(tensor->name, GRADUS_ERROR_USE, GRADUS_CODE_REPEATED, "was added already", error);
        if (other->values == tensor->values && tensor->values)
            return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REPEATED,
                               "tensor '%s' has the values of '%s'; shared values are added once", tensor->name,
                               other->name);
    }
    return GRADUS_OK;
}

int32_t gradus_optimizer_add(gradus_optimizer *optimizer, const gradus_parameter *parameter, gradus_error *error)
{
    gradus_error own = {0};
    if (!error) error = &own;
    gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status) return status;
    if (!parameter || !parameter->name || !*parameter->name)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING,
                           "a tensor without a name, which is the key of its state");
    gradus_tensor tensor = {.name = parameter->name,
                            .key = gradus_checksum(0, parameter->name, strlen(parameter->name)),
                            .elsewhere = parameter->place == GRADUS_ELSEWHERE,
                            .values = parameter->values,
                            .gradient = parameter->gradient};
    if ((status = check_kind(parameter, error)) || (status = take_shape(&tensor, parameter, error)) ||
        (status = check_unique(optimizer, &tensor, error)))
        return status;
    tensor.name = gradus_arena_text(&optimizer->arena, parameter->name, strlen(parameter->name));
    if (!tensor.name || !make_room(optimizer, error))
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for tensor '%s'",
                           parameter->name);
    const int32_t group = gradus_hypers_group(optimizer, tensor.name, parameter->group, error),
                  at = optimizer->tensor_count;
    if (group < 0) return group;
    optimizer->tensors[at] = tensor;
    optimizer->updates[at] = 0;
    optimizer->group_of[at] = group;
    optimizer->constants_of[at] = -1;
    optimizer->tensor_count++;
    optimizer->plan.valid = false;
    gradus_found_forget(optimizer);
    return at;
}

static gradus_status check_index(const gradus_optimizer *optimizer, int32_t index, gradus_error *error)
{
    if (index >= 0 && index < optimizer->tensor_count) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE, "there is no tensor %d; %d were added",
                       (int)index, (int)optimizer->tensor_count);
}

gradus_status gradus_optimizer_bind(gradus_optimizer *optimizer, int32_t index, void *values, void *gradient,
                                    gradus_error *error)
{
    gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status || (status = check_index(optimizer, index, error))) return status;
    gradus_tensor *tensor = &optimizer->tensors[index];
    if (values) tensor->values = values;
    tensor->gradient = gradient;
    optimizer->plan.valid = false;
    gradus_found_forget(optimizer);
    return GRADUS_OK;
}

gradus_status gradus_optimizer_reset(gradus_optimizer *optimizer, gradus_error *error)
{
    const gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status) return status;
    for (int32_t i = 0; i < optimizer->tensor_count; i++) gradus_tensor_fresh(optimizer, i);
    for (int32_t i = 0; i < optimizer->memory_count; i++) optimizer->memory[i] = 0;
    optimizer->update = 0;
    gradus_keep_forget(optimizer);
    gradus_found_forget(optimizer);
    gradus_measures_forget(&optimizer->measures);
    return GRADUS_OK;
}

/* ---- looking in ---- */

gradus_status gradus_optimizer_show(gradus_optimizer *optimizer, gradus_view view, gradus_error *error)
{
    const gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status || view == GRADUS_TRAINED) return status;
    return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED,
                       "nothing is averaged here: neither the rule nor `average` does");
}

gradus_status gradus_optimizer_read(const gradus_optimizer *optimizer, int32_t index, gradus_view view,
                                    float *destination, gradus_error *error)
{
    gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status || (status = check_index(optimizer, index, error))) return status;
    const gradus_tensor *tensor = &optimizer->tensors[index];
    if (view != GRADUS_TRAINED)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED,
                           "nothing is averaged here: neither the rule nor `average` does");
    if (tensor->elsewhere)
        return refuse(tensor->name, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_REFUSED, "lives elsewhere and cannot be read",
                      error);
    if (!destination) return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "no place to read to");
    memcpy(destination, tensor->values, (size_t)tensor->count * sizeof(float));
    return GRADUS_OK;
}

const char *gradus_optimizer_constant_name(const gradus_optimizer *optimizer, int32_t constant)
{
    return optimizer && constant >= 0 && constant < optimizer->constant_count ? optimizer->constant_names[constant]
                                                                              : NULL;
}

int32_t gradus_optimizer_constants(const gradus_optimizer *optimizer, int32_t index, double *values, int32_t capacity)
{
    if (!optimizer || index < 0 || index >= optimizer->tensor_count || optimizer->constants_of[index] < 0) return 0;
    const gradus_constants *set = &optimizer->sets[optimizer->constants_of[index]];
    for (int32_t i = 0; i < capacity && i < optimizer->constant_count; i++) values[i] = set->exact[i];
    return optimizer->constant_count;
}
