/* Which group rule is for which tensor, where tensors stand in the net, and who takes part in an update. */
#include "optimizer.h"

const gradus_chain *gradus_groups_chain(const gradus_optimizer *optimizer)
{
    static const gradus_chain nothing;
    return optimizer->group_spec ? gradus_spec_chain(optimizer->group_spec) : &nothing;
}

static const gradus_group_row *row_of(const gradus_item *item) { return (const gradus_group_row *)item->member; }

const gradus_item *gradus_item_that_takes(const gradus_optimizer *optimizer, const char *tensor, const char *name)
{
    const gradus_chain *chain = gradus_groups_chain(optimizer);
    for (int32_t i = 0; i < chain->count; i++) {
        const gradus_item *item = &chain->items[i];
        if (row_of(item)->gives && row_of(item)->takes(item, tensor, name)) return item;
    }
    return NULL;
}

bool gradus_groups_are_single(const gradus_optimizer *optimizer)
{
    const gradus_chain *chain = gradus_groups_chain(optimizer);
    bool single = false;
    for (int32_t i = 0; i < chain->count; i++) single |= row_of(&chain->items[i])->scale != NULL;
    return single;
}

/* ---- places ---- */

/* How much of a name says its layer: up to its first part that is a number ("blocks.3" of "blocks.3.attn.weight"), else all
 * but its last part. */
static size_t layer_name(const char *name)
{
    const char *last = strrchr(name, '.');
    for (const char *part = name; *part;) {
        const size_t length = strcspn(part, ".");
        if (length && strspn(part, "0123456789") == length) return (size_t)(part - name) + length;
        part += length + (part[length] == '.');
    }
    return last ? (size_t)(last - name) : strlen(name);
}

/* The layer of a tensor: that of an earlier one with the same name of its layer, or the next. */
static int32_t layer_of(const gradus_optimizer *optimizer, int32_t at, const int32_t *layers, int32_t count)
{
    const char *name = optimizer->tensors[at].name;
    const size_t length = layer_name(name);
    for (int32_t i = at - 1; i >= 0; i--) { /* mostly the one before */
        const char *other = optimizer->tensors[i].name;
        if (layer_name(other) == length && !strncmp(name, other, length)) return layers[i];
    }
    return count;
}

static void set_width(gradus_place_in_net *place)
{
    const gradus_shape *shape = place->shape;
    const bool last = shape->outputs_last;
    place->outputs = (double)(shape->rank == 1 ? shape->count : last ? shape->columns : shape->size[0]);
    if (shape->rank > 1) place->inputs = (double)(last ? shape->size[shape->rank - 2] : shape->size[1]);
}

static double scale_of(const gradus_optimizer *optimizer, const gradus_place_in_net *place)
{
    const gradus_chain *chain = gradus_groups_chain(optimizer);
    double scale = 1;
    for (int32_t i = 0; i < chain->count; i++)
        if (row_of(&chain->items[i])->scale) scale *= row_of(&chain->items[i])->scale(&chain->items[i], place);
    return scale;
}

static gradus_status place_all(gradus_optimizer *optimizer, gradus_error *error)
{
    const size_t size = (size_t)optimizer->tensor_count * sizeof(int32_t);
    int32_t *layers = size ? gradus_allocate(optimizer->context, size) : NULL, count = 0, first = -1, last = -1;
    if (!size) return GRADUS_OK;
    if (!layers) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for groups");
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        layers[i] = layer_of(optimizer, i, layers, count);
        if (layers[i] == count) count++;
        if (optimizer->tensors[i].shape.rank < 2) continue;
        if (first < 0) first = i;
        last = i;
    }
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        gradus_place_in_net place = {.shape = &optimizer->tensors[i].shape,
                                     .layer = layers[i],
                                     .layers = count,
                                     .first = i == first,
                                     .last = last >= 0 && layers[i] == layers[last]};
        set_width(&place);
        optimizer->groups[optimizer->group_of[i]].scale = scale_of(optimizer, &place);
    }
    gradus_release(optimizer->context, layers, size);
    return GRADUS_OK;
}

/* ---- who takes part ---- */

static bool freezes_any(const gradus_optimizer *optimizer)
{
    const gradus_chain *chain = gradus_groups_chain(optimizer);
    bool any = false;
    for (int32_t i = 0; i < chain->count; i++) any |= row_of(&chain->items[i])->freezes;
    return any;
}

static bool is_frozen(const gradus_optimizer *optimizer, const gradus_tensor *tensor, const char *group)
{
    const gradus_chain *chain = gradus_groups_chain(optimizer);
    for (int32_t i = 0; i < chain->count; i++) {
        const gradus_item *item = &chain->items[i];
        const gradus_value *until = gradus_item_value(item, "until");
        if (!row_of(item)->freezes || !row_of(item)->takes(item, tensor->name, group)) continue;
        if (!until || !until->present) return true;
        const double end = gradus_length_convert(&optimizer->units, until->number, until->unit, GRADUS_UPDATES);
        if ((double)optimizer->update < end - 1e-9) return true;
    }
    return false;
}

/* A length that cannot be converted is found here, before anything is updated. */
static gradus_status check_lengths(const gradus_optimizer *optimizer, gradus_error *error)
{
    const gradus_chain *chain = gradus_groups_chain(optimizer);
    for (int32_t i = 0; i < chain->count; i++) {
        const gradus_value *until = gradus_item_value(&chain->items[i], "until");
        if (until && until->present &&
            isnan(gradus_length_convert(&optimizer->units, until->number, until->unit, GRADUS_UPDATES)))
            return gradus_spec_fail(error, optimizer->group_text, until->place, GRADUS_CODE_LENGTHS,
                                    "how many updates that is was not said in `units`");
    }
    return GRADUS_OK;
}

/* Those whose time has come, or that have come since the last update, join in or drop out. */
static gradus_status settle_frozen(gradus_optimizer *optimizer, gradus_error *error)
{
    const gradus_status status = check_lengths(optimizer, error);
    if (status) return status;
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        gradus_tensor *tensor = &optimizer->tensors[i];
        const bool frozen = is_frozen(optimizer, tensor, optimizer->groups[optimizer->group_of[i]].name);
        if (frozen == tensor->frozen) continue;
        tensor->frozen = frozen;
        optimizer->plan.valid = optimizer->lanes.valid = false;
        gradus_found_forget(optimizer);
    }
    return GRADUS_OK;
}

gradus_status gradus_groups_settle(gradus_optimizer *optimizer, gradus_error *error)
{
    gradus_status status = GRADUS_OK;
    if (optimizer->trial) return GRADUS_OK;
    if (!optimizer->placed && gradus_groups_are_single(optimizer)) status = place_all(optimizer, error);
    if (status) return status;
    optimizer->placed = true;
    return freezes_any(optimizer) ? settle_frozen(optimizer, error) : GRADUS_OK;
}
