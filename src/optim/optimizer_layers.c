/* What an optimizer is made of: the innermost rule, the alternative for tensors that it does not take, the wrappers
 * around it, and the average around all. Each is a layer with its row, its slots and its hyperparameters. */
#include "optimizer.h"
#include <stdio.h>

/* ---- rules inside rules ---- */

/* The rule that stands in an argument: the one that is wrapped, or the alternative, which goes by name. NULL: none. */
static const gradus_item *inner_item(const gradus_item *item, bool alternative)
{
    const gradus_argument *arguments = item->member->arguments;
    for (int32_t i = 0; arguments && arguments[i].name; i++) {
        const bool named = arguments[i].flags & GRADUS_NAMED;
        const gradus_chain *chain = item->values[i].chain;
        if (arguments[i].kind == GRADUS_PIPELINE && !arguments[i].family && named == alternative && chain &&
            chain->count)
            return &chain->items[0];
    }
    return NULL;
}

static gradus_status refuse(const gradus_item *item, const char *reason, gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_REFUSED, "'%s' %s", item->member->name, reason);
}

static gradus_status add_layer(gradus_optimizer *optimizer, const gradus_item *item, bool alternative,
                               gradus_error *error)
{
    if (optimizer->layer_count == GRADUS_LAYERS) return refuse(item, "is one rule too many inside one another", error);
    for (int32_t i = 0; i < optimizer->layer_count && !alternative; i++) {
        if (optimizer->layers[i].item->member == item->member)
            return refuse(item, "cannot wrap itself: its state would have two meanings", error);
    }
    optimizer->layers[optimizer->layer_count++] =
        (gradus_layer){.item = item, .row = (const gradus_rule_row *)item->member, .alternative = alternative};
    return GRADUS_OK;
}

/* From the innermost outwards: how deep it lies is known only at the end. */
static gradus_status collect(gradus_optimizer *optimizer, const gradus_item *item, gradus_error *error)
{
    const gradus_item *inner = inner_item(item, false), *other = inner_item(item, true);
    gradus_status status = GRADUS_OK;
    if (inner) status = collect(optimizer, inner, error);
    if (!status) status = add_layer(optimizer, item, false, error);
    if (!other || status) return status;
    if (inner || !((const gradus_rule_row *)item->member)->takes)
        return refuse(item, "has an alternative that it never uses", error);
    if (inner_item(other, false) || inner_item(other, true))
        return refuse(other, "wraps a rule, which an alternative cannot", error);
    return add_layer(optimizer, other, true, error);
}

/* ---- what a layer needs ---- */

static gradus_status take_state(gradus_layer *layer, const char *state, gradus_error *error)
{
    const gradus_item *item = layer->item;
    if (state && strcmp(state, "float32") != 0 && strcmp(state, "8bit") != 0)
        return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_UNEXPECTED_VALUE,
                           "state is 'float32' or '8bit', not '%s'", state);
    const gradus_value *own = &item->values[gradus_argument_count(item->member) + COMMON_STATE];
    layer->coded = own->given ? own->number != 0 : state && strcmp(state, "float32") != 0;
    return GRADUS_OK;
}

/* "scale, step" as a table of names. */
static bool name_constants(gradus_optimizer *optimizer, gradus_error *error)
{
    const char *names = optimizer->layers[0].row->constants;
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

static gradus_status place_layer(gradus_optimizer *optimizer, gradus_layer *layer, gradus_error *error)
{
    const gradus_rule_row *row = layer->row;
    layer->first_slot = optimizer->slot_count;
    layer->first_own = optimizer->own_count;
    layer->own_count = gradus_count_names(row->own);
    layer->memory_count = gradus_count_names(row->memory);
    while (row->slots && row->slots[layer->slot_count].name) layer->slot_count++;
    optimizer->slot_count += layer->slot_count;
    optimizer->own_count += layer->own_count;
    if (layer->memory_count &&
        !gradus_optimizer_grow(optimizer, &layer->memory, 0, layer->memory_count, sizeof(double), error))
        return GRADUS_ERROR_MEMORY;
    return GRADUS_OK;
}

gradus_status gradus_layers_make(gradus_optimizer *optimizer, const char *state, gradus_error *error)
{
    const gradus_chain *chain = gradus_spec_chain(optimizer->rule_spec),
                       *average = optimizer->average_spec ? gradus_spec_chain(optimizer->average_spec) : NULL;
    if (chain->count != 1)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "an optimizer needs a rule, such as adamw");
    gradus_status status = collect(optimizer, &chain->items[0], error);
    if (!status && average && average->count) status = add_layer(optimizer, &average->items[0], false, error);
    for (int32_t i = 0; i < optimizer->layer_count && !status; i++) {
        const gradus_item *item = optimizer->layers[i].item;
        const int32_t own = gradus_argument_count(item->member);
        status = place_layer(optimizer, &optimizer->layers[i], error);
        if (status || item->family != &gradus_optimizer_family) continue;
        optimizer->maximize |= item->values[own + COMMON_MAXIMIZE].number != 0;
        status = take_state(&optimizer->layers[i], state, error);
    }
    if (!status && !name_constants(optimizer, error)) status = GRADUS_ERROR_MEMORY;
    return status;
}

/* ---- looked up ---- */

const gradus_layer *gradus_layer_of_slot(const gradus_optimizer *optimizer, int32_t slot, const gradus_slot **row)
{
    const gradus_layer *layer = optimizer->layers;
    while (slot >= layer->first_slot + layer->slot_count) layer++;
    *row = &layer->row->slots[slot - layer->first_slot];
    return layer;
}

const char *gradus_slot_title(const gradus_optimizer *optimizer, int32_t slot, char text[HYPER_NAME])
{
    const gradus_slot *row;
    const gradus_layer *layer = gradus_layer_of_slot(optimizer, slot, &row);
    if (layer == optimizer->layers || layer->alternative)
        snprintf(text, HYPER_NAME, "%s", row->name);
    else
        snprintf(text, HYPER_NAME, "%s.%s", layer->row->member.name, row->name);
    return text;
}

/* A hyperparameter that a slot needs may follow a schedule, which is not always 0. */
static bool is_needed(const gradus_optimizer *optimizer, const gradus_layer *layer, const char *needs, int32_t group)
{
    for (int32_t i = layer->first_hyper; needs && i < layer->first_hyper + layer->hyper_count; i++) {
        if (strcmp(gradus_hyper_argument(optimizer, i)->name, needs) != 0) continue;
        const gradus_hyper *value = gradus_hyper_of(optimizer, group, i);
        return value->schedule || value->number != 0;
    }
    return true;
}

int64_t gradus_slot_every(const gradus_optimizer *optimizer, const gradus_layer *layer, int32_t slot, int32_t tensor)
{
    const char *called = layer->row->slots[slot].every;
    for (int32_t i = layer->first_hyper; called && i < layer->first_hyper + layer->hyper_count; i++) {
        if (strcmp(gradus_hyper_argument(optimizer, i)->name, called) != 0) continue;
        return (int64_t)gradus_hyper_of(optimizer, optimizer->group_of[tensor], i)->number;
    }
    return 1;
}

int64_t gradus_slot_before(const gradus_optimizer *optimizer, const gradus_layer *layer, int32_t slot, int32_t tensor,
                           int64_t count)
{
    return gradus_slot_place(gradus_slot_every(optimizer, layer, slot, tensor), count);
}

bool gradus_layer_has(const gradus_optimizer *optimizer, const gradus_layer *layer, int32_t tensor)
{
    const int32_t at = (int32_t)(layer - optimizer->layers);
    return (at > 0 && !layer->alternative) || optimizer->tensors[tensor].rule == at;
}

int64_t gradus_slot_arrays(const gradus_optimizer *optimizer, const gradus_layer *layer, const gradus_slot *slot)
{
    double hyper[GRADUS_HYPERS];
    if (!slot->arrays) return 1;
    gradus_hypers_now(optimizer, -1, hyper, NULL);
    return slot->arrays(hyper + layer->first_hyper);
}

int64_t gradus_slot_size(const gradus_optimizer *optimizer, const gradus_layer *layer, int32_t slot, int32_t tensor)
{
    const gradus_slot *row = &layer->row->slots[slot];
    const gradus_shape *shape = &optimizer->tensors[tensor].shape;
    const int32_t group = optimizer->group_of[tensor];
    if (!gradus_layer_has(optimizer, layer, tensor)) return 0;
    if (!is_needed(optimizer, layer, row->only_if, group)) return 0;
    if (row->size) {
        double hyper[GRADUS_HYPERS];
        gradus_hypers_now(optimizer, group, hyper, NULL);
        return row->size(hyper + layer->first_hyper, shape);
    }
    switch (row->per) {
    case GRADUS_PER_ROW: return shape->matrices * shape->rows;
    case GRADUS_PER_COLUMN: return shape->matrices * shape->columns;
    case GRADUS_PER_TENSOR: return 1;
    default:
        return gradus_slot_arrays(optimizer, layer, row) *
               gradus_slot_before(optimizer, layer, slot, tensor, shape->count);
    }
}

bool gradus_pass_is_made(const gradus_optimizer *optimizer, const gradus_layer *layer, const gradus_pass *pass)
{
    return pass->kernel[0] && is_needed(optimizer, layer, pass->only_if, -1);
}

bool gradus_layers_share(const gradus_optimizer *optimizer)
{
    bool share = optimizer->own_count == 0;
    for (int32_t i = 0; i < optimizer->layer_count; i++) {
        const gradus_pass *pass = optimizer->layers[i].row->pass;
        for (int p = 0; p < GRADUS_PASSES && pass[p].kernel[0]; p++) share &= !pass[p].conclude || pass[p].over_all;
    }
    return share;
}
