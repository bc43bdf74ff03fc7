/* The state of an optimizer as a record of named entries: counts, state and, if asked for, values of every tensor,
 * keyed by its name and shape. Configuration stands beside it only so that a load can tell what differs; it is never
 * taken over.
 *
 *   update  memory/RULE  config/NAME  config/GROUP.NAME
 *   tensor/NAME/shape  tensor/NAME/updates  tensor/NAME/own/RULE
 *   tensor/NAME/values  tensor/NAME/master  tensor/NAME/state/SLOT  tensor/NAME/scales/SLOT     (optimizer_state_stored.c)
 *   gradient/PLACE.TRANSFORM                                                (optimizer_state_transforms.c)
 *   keeping  tensor/NAME/averaged  tensor/NAME/kept/ARRAY                   (optimizer_state_kept.c)
 *
 * Before its first update a tensor has no state to save. */
#include "optimizer_state.h"
#include <stdio.h>

static const char kind[] = "optimizer";

static bool open_names(gradus_state_names *names, const gradus_optimizer *optimizer, gradus_error *error)
{
    size_t longest = 0;
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        if (strlen(optimizer->tensors[i].name) > longest) longest = strlen(optimizer->tensors[i].name);
    }
    for (int32_t i = 0; i < optimizer->group_count; i++) {
        const gradus_group *group = &optimizer->groups[i];
        if (group->name && strlen(group->name) > longest) longest = strlen(group->name);
        if (group->label && strlen(group->label) > longest) longest = strlen(group->label);
    }
    names->context = optimizer->context;
    names->size = longest + 256; /* of slots and hyperparameters, which are short */
    names->text = gradus_allocate(names->context, names->size);
    if (!names->text) gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for the names of a state");
    return names->text;
}

static void close_names(gradus_state_names *names) { gradus_release(names->context, names->text, names->size); }

const char *gradus_state_tensor_name(gradus_state_names *names, const gradus_tensor *tensor, const char *part)
{
    snprintf(names->text, names->size, "tensor/%s/%s", tensor->name, part);
    return names->text;
}

static const char *own_name(gradus_state_names *names, const gradus_tensor *tensor, const gradus_layer *layer)
{
    snprintf(names->text, names->size, "tensor/%s/own/%s", tensor->name, layer->row->member.name);
    return names->text;
}

static const char *memory_name(gradus_state_names *names, const gradus_layer *layer)
{
    snprintf(names->text, names->size, "memory/%s", layer->row->member.name);
    return names->text;
}

static const char *config_name(gradus_state_names *names, const char *group, const char *name)
{
    snprintf(names->text, names->size, "config/%s%s%s", group ? group : "", group ? "." : "", name);
    return names->text;
}

static const char *group_title(const gradus_group *group) { return group->label ? group->label : group->name; }

/* ---- saving ---- */

/* "lookahead(adamw)": which rules there are, without their hyperparameters. */
static void print_rules(const gradus_optimizer *optimizer, char text[STATE_WORDS])
{
    size_t used = 0;
    int32_t open = 0;
    text[0] = 0;
    for (int32_t i = optimizer->layer_count - 1; i >= 0 && used < STATE_WORDS; i--) {
        if (optimizer->layers[i].alternative) continue;
        used += (size_t)snprintf(text + used, STATE_WORDS - used, "%s%s", open++ ? "(" : "",
                                 optimizer->layers[i].row->member.name);
    }
    while (--open > 0 && used < STATE_WORDS) used += (size_t)snprintf(text + used, STATE_WORDS - used, ")");
}

/* Whether an earlier group has its hyperparameters from the same item. */
static bool is_told(const gradus_optimizer *optimizer, int32_t group)
{
    for (int32_t g = 0; g < group; g++)
        if (optimizer->groups[g].item == optimizer->groups[group].item) return true;
    return false;
}

static void save_config(const gradus_optimizer *optimizer, gradus_state_writer *writer, gradus_state_names *names)
{
    char text[STATE_WORDS], name[HYPER_NAME];
    print_rules(optimizer, text);
    gradus_state_text(writer, config_name(names, NULL, "rule"), text);
    for (int32_t i = 0; i < optimizer->hyper_count; i++) {
        if (gradus_hyper_argument(optimizer, i)->kind == GRADUS_PIPELINE) continue;
        gradus_hyper_print(optimizer, &optimizer->base[i], i, text, sizeof text);
        gradus_state_text(writer, config_name(names, NULL, gradus_hyper_name(optimizer, i, name)), text);
    }
    for (int32_t g = 0; g < optimizer->group_count; g++) {
        const gradus_group *group = &optimizer->groups[g];
        for (int32_t i = 0; i < optimizer->hyper_count && !is_told(optimizer, g); i++) {
            if (!group->own[i].own) continue;
            gradus_hyper_print(optimizer, &group->own[i], i, text, sizeof text);
            gradus_state_text(writer, config_name(names, group_title(group), gradus_hyper_name(optimizer, i, name)),
                              text);
        }
    }
}

static void save_tensor(const gradus_optimizer *optimizer, int32_t at, gradus_content content,
                        gradus_state_writer *writer, gradus_state_names *names)
{
    const gradus_tensor *tensor = &optimizer->tensors[at];
    gradus_state_entry(writer, gradus_state_tensor_name(names, tensor, "shape"), GRADUS_STATE_INT64, tensor->shape.rank,
                       tensor->shape.size);
    gradus_state_int(writer, gradus_state_tensor_name(names, tensor, "updates"), optimizer->updates[at]);
    gradus_state_save_values(optimizer, at, content, writer, names);
    for (int32_t l = 0; l < optimizer->layer_count && optimizer->updates[at] > 0; l++) {
        const gradus_layer *layer = &optimizer->layers[l];
        if (layer->own_count && gradus_layer_has(optimizer, layer, at))
            gradus_state_entry(writer, own_name(names, tensor, layer), GRADUS_STATE_DOUBLE, layer->own_count,
                               tensor->own + layer->first_own);
    }
    for (int32_t j = 0; j < optimizer->slot_count && optimizer->updates[at] > 0; j++)
        gradus_state_save_slot(optimizer, at, j, writer, names);
}

static uint64_t save(const gradus_optimizer *optimizer, gradus_content content, gradus_write *write, void *user,
                     gradus_error *error)
{
    gradus_state_writer writer;
    gradus_state_names names;
    if (!open_names(&names, optimizer, error)) return 0;
    gradus_state_begin(&writer, kind, write, user, error);
    gradus_state_int(&writer, "update", optimizer->update);
    for (int32_t l = 0; l < optimizer->layer_count; l++) {
        const gradus_layer *layer = &optimizer->layers[l];
        if (layer->memory_count)
            gradus_state_entry(&writer, memory_name(&names, layer), GRADUS_STATE_DOUBLE, layer->memory_count,
                               layer->memory);
    }
    save_config(optimizer, &writer, &names);
    gradus_state_save_keeping(optimizer, &writer);
    gradus_state_save_transforms(optimizer, &writer);
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        save_tensor(optimizer, i, content, &writer, &names);
        gradus_state_save_kept(optimizer, i, &writer, &names);
    }
    close_names(&names);
    return gradus_state_end(&writer);
}

uint64_t gradus_optimizer_state_size(const gradus_optimizer *optimizer, gradus_content content)
{
    gradus_error error = {0};
    return optimizer ? save(optimizer, content, NULL, NULL, &error) : 0;
}

gradus_status gradus_optimizer_save(const gradus_optimizer *optimizer, gradus_content content, gradus_write *write,
                                    void *user, gradus_error *error)
{
    gradus_error own = {0};
    if (!error) error = &own;
    const gradus_status status = gradus_optimizer_whole(optimizer, error);
    if (status) return status;
    if (!write) return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "a state needs a writer");
    if (content != GRADUS_STATE && content != GRADUS_STATE_AND_VALUES)
        return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE,
                           "a state holds GRADUS_STATE or GRADUS_STATE_AND_VALUES");
    save(optimizer, content, write, user, error);
    return (gradus_status)error->status;
}

/* ---- loading: all is looked at, differences are told, and only then anything is changed ---- */

static void tell(gradus_loading *load, gradus_difference_kind what, const char *name, const char *saved,
                 const char *present)
{
    static const char *const words[] = {"is missing in the state", "is in the state but not here",
                                        "has another shape there", "has another type there", "has another value there"};
    gradus_difference difference = {.kind = what, .name = name};
    const uint32_t accept = load->how ? load->how->accept : 0;
    difference.refused = what != GRADUS_OTHER_VALUE && !(accept & 1u << what);
    snprintf(difference.saved, sizeof difference.saved, "%s", saved);
    snprintf(difference.present, sizeof difference.present, "%s", present);
    if (load->how && load->how->difference) load->how->difference(load->how->user, &difference);
    if (difference.refused && load->refused++ == 0)
        snprintf(load->first, sizeof load->first, "'%.80s' %s", name, words[what]);
}

void gradus_state_tell(gradus_loading *load, gradus_difference_kind what, const char *tensor, const char *slot,
                       const char *saved, const char *present)
{
    char name[128];
    snprintf(name, sizeof name, "%s.%s", tensor, slot);
    tell(load, what, name, saved, present);
}

static void print_shape(const int64_t *shape, int64_t rank, char text[STATE_WORDS])
{
    size_t used = 0;
    text[0] = 0;
    for (int64_t i = 0; i < rank && used < STATE_WORDS; i++)
        used += (size_t)snprintf(text + used, STATE_WORDS - used, "%s%lld", i ? " x " : "", (long long)shape[i]);
}

gradus_status gradus_state_damaged(const gradus_loading *load, const char *name)
{
    return gradus_fail(load->error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA,
                       "the state's entry '%s' is not what it should be", name);
}

int64_t gradus_state_count(const gradus_loading *load, const char *name)
{
    gradus_state_item item;
    int64_t value = -1;
    if (gradus_state_find(load->reader, name, &item) && item.type == GRADUS_STATE_INT64 && item.count == 1)
        gradus_state_copy(&item, &value);
    return value < 0 ? (int64_t)gradus_state_damaged(load, name) : value;
}

gradus_presence gradus_state_tensor(gradus_loading *load, const gradus_tensor *tensor, char saved[STATE_WORDS])
{
    gradus_state_item item;
    int64_t shape[8];
    saved[0] = 0;
    if (!gradus_state_find(load->reader, gradus_state_tensor_name(&load->names, tensor, "shape"), &item))
        return STATE_ABSENT;
    if (item.type != GRADUS_STATE_INT64 || item.count < 1 || item.count > 8) return STATE_OTHER_SHAPE;
    gradus_state_copy(&item, shape);
    print_shape(shape, item.count, saved);
    const bool same = item.count == tensor->shape.rank &&
                      !memcmp(shape, tensor->shape.size, (size_t)tensor->shape.rank * sizeof *shape);
    return same ? STATE_PRESENT : STATE_OTHER_SHAPE;
}

static gradus_status check_slots(gradus_loading *load, int32_t at)
{
    const gradus_optimizer *optimizer = load->optimizer;
    const gradus_tensor *tensor = &optimizer->tensors[at];
    gradus_status status = GRADUS_OK;
    for (int32_t l = 0; l < optimizer->layer_count && !status; l++) {
        const gradus_layer *layer = &optimizer->layers[l];
        if (layer->own_count && gradus_layer_has(optimizer, layer, at))
            status = gradus_state_check_entry(load, tensor, own_name(&load->names, tensor, layer), "own",
                                              GRADUS_STATE_DOUBLE, layer->own_count);
    }
    for (int32_t j = 0; j < optimizer->slot_count && !status; j++) status = gradus_state_check_slot(load, at, j);
    return status;
}

static gradus_status check_tensor(gradus_loading *load, int32_t at)
{
    const gradus_tensor *tensor = &load->optimizer->tensors[at];
    char saved[STATE_WORDS], present[STATE_WORDS];
    print_shape(tensor->shape.size, tensor->shape.rank, present);
    const gradus_presence there = gradus_state_tensor(load, tensor, saved);
    if (there == STATE_ABSENT) tell(load, GRADUS_MISSING, tensor->name, "absent", present);
    if (there == STATE_OTHER_SHAPE) tell(load, GRADUS_OTHER_SHAPE, tensor->name, saved, present);
    if (there != STATE_PRESENT) return GRADUS_OK;
    const int64_t updates = gradus_state_count(load, gradus_state_tensor_name(&load->names, tensor, "updates"));
    if (updates < 0) return (gradus_status)updates;
    gradus_status status = gradus_state_check_values(load, at, updates);
    if (!status && updates > 0) status = check_slots(load, at);
    return status ? status : gradus_state_check_kept(load, tensor);
}

/* ---- what the state has and we do not ---- */

static int32_t tensor_called(const gradus_optimizer *optimizer, const char *name, size_t length)
{
    const uint64_t key = gradus_checksum(0, name, length);
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        const gradus_tensor *tensor = &optimizer->tensors[i];
        if (tensor->key == key && strlen(tensor->name) == length && !memcmp(tensor->name, name, length)) return i;
    }
    return -1;
}

static bool ends_in(const char *name, size_t length, const char *end)
{
    const size_t size = strlen(end);
    return length > size && !memcmp(name + length - size, end, size);
}

static void check_extra_slot(gradus_loading *load, const char *name, size_t length, const char *slot)
{
    const int32_t at = tensor_called(load->optimizer, name, length);
    if (at < 0) return;
    for (int32_t j = 0; j < load->optimizer->slot_count; j++) {
        char title[HYPER_NAME];
        const gradus_tensor *tensor = &load->optimizer->tensors[at];
        if (!strcmp(gradus_slot_title(load->optimizer, j, title), slot) && (tensor->state[j] || tensor->codes[j].code))
            return;
    }
    gradus_state_tell(load, GRADUS_EXTRA, load->optimizer->tensors[at].name, slot, "there", "absent");
}

static void check_extra(gradus_loading *load, const gradus_state_item *item)
{
    static const char prefix[] = "tensor/", shape[] = "/shape", state[] = "/state";
    if (strncmp(item->name, prefix, sizeof prefix - 1) != 0) return;
    const char *name = item->name + sizeof prefix - 1, *last = strrchr(name, '/');
    if (!last) return;
    const size_t length = (size_t)(last - name);
    if (!strcmp(last, shape) && item->type == GRADUS_STATE_INT64 && tensor_called(load->optimizer, name, length) < 0) {
        char saved[STATE_WORDS], title[128];
        int64_t sizes[8] = {0};
        if (item->count <= 8) gradus_state_copy(item, sizes);
        print_shape(sizes, item->count <= 8 ? item->count : 0, saved);
        snprintf(title, sizeof title, "%.*s", (int)length, name);
        tell(load, GRADUS_EXTRA, title, saved, "absent");
    } else if (ends_in(name, length, state))
        check_extra_slot(load, name, length - (sizeof state - 1), last + 1);
}

/* ---- configuration: told, never taken ---- */

static void compare_text(gradus_loading *load, const char *entry, const char *present)
{
    gradus_state_item item;
    if (!gradus_state_find(load->reader, entry, &item) || item.type != GRADUS_STATE_TEXT) return;
    if (strcmp(item.data, present) != 0) tell(load, GRADUS_OTHER_VALUE, strchr(entry, '/') + 1, item.data, present);
}

static void check_config(gradus_loading *load)
{
    const gradus_optimizer *optimizer = load->optimizer;
    char text[STATE_WORDS], name[HYPER_NAME];
    print_rules(optimizer, text);
    compare_text(load, config_name(&load->names, NULL, "rule"), text);
    for (int32_t i = 0; i < optimizer->hyper_count; i++) {
        if (gradus_hyper_argument(optimizer, i)->kind == GRADUS_PIPELINE) continue;
        gradus_hyper_print(optimizer, &optimizer->base[i], i, text, sizeof text);
        compare_text(load, config_name(&load->names, NULL, gradus_hyper_name(optimizer, i, name)), text);
    }
    for (int32_t g = 0; g < optimizer->group_count; g++) {
        const gradus_group *group = &optimizer->groups[g];
        for (int32_t i = 0; i < optimizer->hyper_count && !is_told(optimizer, g); i++) {
            if (!group->own[i].own) continue;
            gradus_hyper_print(optimizer, &group->own[i], i, text, sizeof text);
            compare_text(load, config_name(&load->names, group_title(group), gradus_hyper_name(optimizer, i, name)),
                         text);
        }
    }
}

/* ---- taking over ---- */

static void apply_tensor(gradus_loading *load, int32_t at)
{
    gradus_optimizer *optimizer = load->optimizer;
    gradus_tensor *tensor = &optimizer->tensors[at];
    char saved[STATE_WORDS];
    gradus_state_item item;
    const bool present = gradus_state_tensor(load, tensor, saved) == STATE_PRESENT;
    if (present) gradus_state_apply_values(load, at);
    gradus_tensor_fresh(optimizer, at); /* some state starts from the values */
    if (!present) return;
    if (tensor->masters) gradus_state_apply_values(load, at);
    optimizer->updates[at] = gradus_state_count(load, gradus_state_tensor_name(&load->names, tensor, "updates"));
    for (int32_t l = 0; l < optimizer->layer_count && optimizer->updates[at] > 0; l++) {
        const gradus_layer *layer = &optimizer->layers[l];
        if (layer->own_count && gradus_state_find(load->reader, own_name(&load->names, tensor, layer), &item) &&
            item.type == GRADUS_STATE_DOUBLE)
            gradus_state_copy(&item, tensor->own + layer->first_own);
    }
    for (int32_t j = 0; j < optimizer->slot_count && optimizer->updates[at] > 0; j++)
        gradus_state_apply_slot(load, at, j);
}

/* Whether the state has what a layer keeps between updates. */
static bool find_memory(gradus_loading *load, const gradus_layer *layer, gradus_state_item *item)
{
    return gradus_state_find(load->reader, memory_name(&load->names, layer), item) &&
           item->type == GRADUS_STATE_DOUBLE && item->count == layer->memory_count;
}

static gradus_status check_all(gradus_loading *load, int64_t *update)
{
    gradus_optimizer *optimizer = load->optimizer;
    gradus_state_item item;
    size_t cursor = 0;
    *update = gradus_state_count(load, "update");
    if (*update < 0) return (gradus_status)*update;
    for (int32_t l = 0; l < optimizer->layer_count; l++) {
        const gradus_layer *layer = &optimizer->layers[l];
        if (layer->memory_count && !find_memory(load, layer, &item))
            tell(load, GRADUS_MISSING, memory_name(&load->names, layer), "absent", "there");
    }
    gradus_status status = gradus_state_check_keeping(load);
    if (status) return status;
    check_config(load);
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        if ((status = check_tensor(load, i))) return status;
    }
    while (gradus_state_next(load->reader, &cursor, &item)) check_extra(load, &item);
    if (!load->refused) return GRADUS_OK;
    if (load->refused == 1) return gradus_fail(load->error, GRADUS_ERROR_STATE, GRADUS_CODE_REFUSED, "%s", load->first);
    return gradus_fail(load->error, GRADUS_ERROR_STATE, GRADUS_CODE_REFUSED, "%s, and %d more differ", load->first,
                       (int)load->refused - 1);
}

static void apply_all(gradus_loading *load, int64_t update)
{
    gradus_optimizer *optimizer = load->optimizer;
    gradus_state_item item;
    optimizer->update = update;
    for (int32_t l = 0; l < optimizer->layer_count; l++) {
        const gradus_layer *layer = &optimizer->layers[l];
        for (int32_t i = 0; i < layer->memory_count; i++) layer->memory[i] = 0;
        if (layer->memory_count && find_memory(load, layer, &item)) gradus_state_copy(&item, layer->memory);
    }
    optimizer->trial = false;
    gradus_state_apply_transforms(load);
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        apply_tensor(load, i);
        gradus_state_apply_kept(load, i);
    }
    gradus_found_forget(optimizer);
    gradus_measures_forget(&optimizer->measures);
}

gradus_status gradus_optimizer_load(gradus_optimizer *optimizer, const void *state, size_t size, const gradus_load *how,
                                    gradus_error *error)
{
    gradus_error own = {0};
    gradus_state_reader reader;
    if (!error) error = &own;
    gradus_loading load = {.optimizer = optimizer, .reader = &reader, .how = how, .error = error};
    int64_t update;
    gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status || (status = gradus_optimizer_shown(optimizer, error)) ||
        (status = gradus_plan_settle(optimizer, error)) ||
        (status = gradus_state_open(&reader, kind, state, size, error)))
        return status;
    if (!open_names(&load.names, optimizer, error)) return GRADUS_ERROR_MEMORY;
    status = check_all(&load, &update);
    if (!status) status = gradus_state_apply_keeping(&load);
    if (!status) apply_all(&load, update);
    close_names(&load.names);
    return status;
}
