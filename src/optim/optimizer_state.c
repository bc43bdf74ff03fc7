/* The state of an optimizer as a record of named entries: counts, state and, if asked for, values of every tensor,
 * keyed by its name and shape. Configuration stands beside it only so that a load can tell what differs; it is never
 * taken over.
 *
 *   update  memory  config/NAME  config/GROUP.NAME
 *   tensor/NAME/shape  tensor/NAME/updates  tensor/NAME/values  tensor/NAME/state/SLOT
 *   keeping  tensor/NAME/averaged  tensor/NAME/kept/ARRAY
 *
 * Before its first update a tensor has no state to save. The last line is there while somebody listens to measures of
 * movement; a record that has it turns the keeping on, and one that has not is as if nobody had listened before it. */
#include "optimizer.h"
#include <stdio.h>

enum { WORDS = 48 };  /* of one side of a difference */
enum { KEEPING = 4 }; /* numbers of gradus_keeping */
static const char kind[] = "optimizer";

/* "tensor/NAME/PART" and "config/GROUP.NAME" in memory of their own: names have any length. */
typedef struct naming {
    const gradus_context *context;
    char *text;
    size_t size;
} naming;

static bool open_names(naming *names, const gradus_optimizer *optimizer, gradus_error *error)
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

static void close_names(naming *names) { gradus_release(names->context, names->text, names->size); }

static const char *tensor_name(naming *names, const gradus_tensor *tensor, const char *part)
{
    snprintf(names->text, names->size, "tensor/%s/%s", tensor->name, part);
    return names->text;
}

static const char *slot_name(naming *names, const gradus_tensor *tensor, const gradus_slot *slot)
{
    snprintf(names->text, names->size, "tensor/%s/state/%s", tensor->name, slot->name);
    return names->text;
}

static const char *kept_name(naming *names, const gradus_tensor *tensor, int which)
{
    snprintf(names->text, names->size, "tensor/%s/kept/%s", tensor->name, gradus_kept_names[which]);
    return names->text;
}

static const char *config_name(naming *names, const char *group, const char *name)
{
    snprintf(names->text, names->size, "config/%s%s%s", group ? group : "", group ? "." : "", name);
    return names->text;
}

static const char *group_title(const gradus_group *group) { return group->label ? group->label : group->name; }

/* ---- saving ---- */

static void save_config(const gradus_optimizer *optimizer, gradus_state_writer *writer, naming *names)
{
    char text[WORDS];
    gradus_state_text(writer, config_name(names, NULL, "rule"), optimizer->row->member.name);
    for (int32_t i = 0; i < optimizer->hyper_count; i++) {
        gradus_hyper_print(optimizer, &optimizer->base[i], i, text, sizeof text);
        gradus_state_text(writer, config_name(names, NULL, gradus_hyper_name(optimizer, i)), text);
    }
    for (int32_t g = 0; g < optimizer->group_count; g++) {
        const gradus_group *group = &optimizer->groups[g];
        for (int32_t i = 0; i < optimizer->hyper_count; i++) {
            if (!group->own[i].own) continue;
            gradus_hyper_print(optimizer, &group->own[i], i, text, sizeof text);
            gradus_state_text(writer, config_name(names, group_title(group), gradus_hyper_name(optimizer, i)), text);
        }
    }
}

static void save_tensor(const gradus_optimizer *optimizer, int32_t at, gradus_content content,
                        gradus_state_writer *writer, naming *names)
{
    const gradus_tensor *tensor = &optimizer->tensors[at];
    gradus_state_entry(writer, tensor_name(names, tensor, "shape"), GRADUS_STATE_INT64, tensor->rank, tensor->shape);
    gradus_state_int(writer, tensor_name(names, tensor, "updates"), optimizer->updates[at]);
    if (content == GRADUS_STATE_AND_VALUES && !tensor->elsewhere)
        gradus_state_entry(writer, tensor_name(names, tensor, "values"), GRADUS_STATE_FLOAT32, tensor->count,
                           tensor->values);
    for (int32_t j = 0; j < optimizer->slot_count && optimizer->updates[at] > 0; j++) {
        if (!tensor->state[j]) continue;
        gradus_state_entry(writer, slot_name(names, tensor, &optimizer->row->slots[j]), GRADUS_STATE_FLOAT32,
                           tensor->count, tensor->state[j]);
    }
}

/* Whether what is kept in an array still counts: of the last step, of the mean, of where the window began. */
static bool is_kept(const gradus_optimizer *optimizer, const gradus_kept *kept, int which)
{
    const gradus_keeping *keeping = &optimizer->keeping;
    if (!gradus_keeps_array(keeping, which) || !kept->array[which]) return false;
    if (which == KEPT_VALUES) return optimizer->update > 0 && kept->stepped == optimizer->update;
    if (which == KEPT_MEAN) return kept->averaged > 0 && kept->averaged == gradus_keeps_mean(keeping);
    return keeping->started > 0 && kept->started == keeping->started;
}

static void save_kept(const gradus_optimizer *optimizer, int32_t at, gradus_state_writer *writer, naming *names)
{
    const gradus_tensor *tensor = &optimizer->tensors[at];
    if (!gradus_keeps(optimizer)) return;
    gradus_state_int(writer, tensor_name(names, tensor, "averaged"), tensor->kept.averaged);
    for (int j = 0; j < KEPT_COUNT; j++) {
        if (!is_kept(optimizer, &tensor->kept, j)) continue;
        gradus_state_entry(writer, kept_name(names, tensor, j), GRADUS_STATE_FLOAT32, tensor->count,
                           tensor->kept.array[j]);
    }
}

static uint64_t save(const gradus_optimizer *optimizer, gradus_content content, gradus_write *write, void *user,
                     gradus_error *error)
{
    gradus_state_writer writer;
    naming names;
    if (!open_names(&names, optimizer, error)) return 0;
    gradus_state_begin(&writer, kind, write, user, error);
    gradus_state_int(&writer, "update", optimizer->update);
    if (optimizer->memory_count)
        gradus_state_entry(&writer, "memory", GRADUS_STATE_DOUBLE, optimizer->memory_count, optimizer->memory);
    save_config(optimizer, &writer, &names);
    const gradus_keeping *keeping = &optimizer->keeping;
    const int64_t counts[KEEPING] = {keeping->values, keeping->window, keeping->phase, keeping->started};
    if (gradus_keeps(optimizer)) gradus_state_entry(&writer, "keeping", GRADUS_STATE_INT64, KEEPING, counts);
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        save_tensor(optimizer, i, content, &writer, &names);
        save_kept(optimizer, i, &writer, &names);
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
    const gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status) return status;
    if (!write) return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "a state needs a writer");
    if (content != GRADUS_STATE && content != GRADUS_STATE_AND_VALUES)
        return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE,
                           "a state holds GRADUS_STATE or GRADUS_STATE_AND_VALUES");
    save(optimizer, content, write, user, error);
    return (gradus_status)error->status;
}

/* ---- loading: all is looked at, differences are told, and only then anything is changed ---- */

typedef struct loading {
    gradus_optimizer *optimizer;
    gradus_state_reader *reader;
    const gradus_load *how;
    gradus_error *error;
    naming names;
    int32_t refused;
    char first[160]; /* the first refused difference, in words */
} loading;

static void tell(loading *load, gradus_difference_kind what, const char *name, const char *saved, const char *present)
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

static void tell_slot(loading *load, gradus_difference_kind what, const char *tensor, const char *slot,
                      const char *saved, const char *present)
{
    char name[128];
    snprintf(name, sizeof name, "%s.%s", tensor, slot);
    tell(load, what, name, saved, present);
}

static void print_shape(const int64_t *shape, int64_t rank, char text[WORDS])
{
    size_t used = 0;
    text[0] = 0;
    for (int64_t i = 0; i < rank && used < WORDS; i++)
        used += (size_t)snprintf(text + used, WORDS - used, "%s%lld", i ? " x " : "", (long long)shape[i]);
}

static gradus_status damaged(const loading *load, const char *name)
{
    return gradus_fail(load->error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA,
                       "the state's entry '%s' is not what it should be", name);
}

/* An integer that must be there and not negative; a status otherwise. */
static int64_t read_count(const loading *load, const char *name)
{
    gradus_state_item item;
    int64_t value = -1;
    if (gradus_state_find(load->reader, name, &item) && item.type == GRADUS_STATE_INT64 && item.count == 1)
        gradus_state_copy(&item, &value);
    return value < 0 ? (int64_t)damaged(load, name) : value;
}

/* What the state holds of a tensor of this name and shape. */
typedef enum presence { ABSENT, OTHER_SHAPE, PRESENT } presence;

static presence find_tensor(loading *load, const gradus_tensor *tensor, char saved[WORDS])
{
    gradus_state_item item;
    int64_t shape[8];
    saved[0] = 0;
    if (!gradus_state_find(load->reader, tensor_name(&load->names, tensor, "shape"), &item)) return ABSENT;
    if (item.type != GRADUS_STATE_INT64 || item.count < 1 || item.count > 8) return OTHER_SHAPE;
    gradus_state_copy(&item, shape);
    print_shape(shape, item.count, saved);
    const bool same = item.count == tensor->rank && !memcmp(shape, tensor->shape, (size_t)tensor->rank * sizeof *shape);
    return same ? PRESENT : OTHER_SHAPE;
}

static gradus_status check_numbers(const loading *load, const gradus_tensor *tensor, const gradus_state_item *item)
{
    return item->count == tensor->count ? GRADUS_OK : damaged(load, item->name);
}

static gradus_status check_kept(loading *load, const gradus_tensor *tensor)
{
    gradus_state_item item;
    for (int j = 0; j < KEPT_COUNT; j++) {
        if (!gradus_state_find(load->reader, kept_name(&load->names, tensor, j), &item)) continue;
        if (item.type != GRADUS_STATE_FLOAT32) return damaged(load, item.name);
        if (check_numbers(load, tensor, &item)) return GRADUS_ERROR_STATE;
        if (read_count(load, tensor_name(&load->names, tensor, "averaged")) < 0) return GRADUS_ERROR_STATE;
    }
    return GRADUS_OK;
}

/* The numbers of gradus_keeping; all 0 where nothing was kept. */
static gradus_status read_keeping(const loading *load, int64_t counts[KEEPING])
{
    gradus_state_item item;
    memset(counts, 0, KEEPING * sizeof *counts);
    if (!gradus_state_find(load->reader, "keeping", &item)) return GRADUS_OK;
    if (item.type != GRADUS_STATE_INT64 || item.count != KEEPING) return damaged(load, item.name);
    gradus_state_copy(&item, counts);
    for (int i = 0; i < KEEPING; i++)
        if (counts[i] < 0) return damaged(load, item.name);
    return GRADUS_OK;
}

static gradus_status check_tensor(loading *load, int32_t at)
{
    const gradus_tensor *tensor = &load->optimizer->tensors[at];
    char saved[WORDS], present[WORDS];
    gradus_state_item item;
    print_shape(tensor->shape, tensor->rank, present);
    const presence there = find_tensor(load, tensor, saved);
    if (there == ABSENT) tell(load, GRADUS_MISSING, tensor->name, "absent", present);
    if (there == OTHER_SHAPE) tell(load, GRADUS_OTHER_SHAPE, tensor->name, saved, present);
    if (there != PRESENT) return GRADUS_OK;
    const int64_t updates = read_count(load, tensor_name(&load->names, tensor, "updates"));
    if (updates < 0) return (gradus_status)updates;
    if (gradus_state_find(load->reader, tensor_name(&load->names, tensor, "values"), &item)) {
        if (item.type != GRADUS_STATE_FLOAT32)
            tell(load, GRADUS_OTHER_TYPE, tensor->name, "not float32", "float32");
        else if (check_numbers(load, tensor, &item))
            return GRADUS_ERROR_STATE;
    }
    for (int32_t j = 0; j < load->optimizer->slot_count && updates > 0; j++) {
        const gradus_slot *slot = &load->optimizer->row->slots[j];
        if (!tensor->state[j]) continue;
        if (!gradus_state_find(load->reader, slot_name(&load->names, tensor, slot), &item))
            tell_slot(load, GRADUS_MISSING, tensor->name, slot->name, "absent", "float32");
        else if (item.type != GRADUS_STATE_FLOAT32)
            tell_slot(load, GRADUS_OTHER_TYPE, tensor->name, slot->name, "not float32", "float32");
        else if (check_numbers(load, tensor, &item))
            return GRADUS_ERROR_STATE;
    }
    return check_kept(load, tensor);
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

static void check_extra_slot(loading *load, const char *name, size_t length, const char *slot)
{
    const int32_t at = tensor_called(load->optimizer, name, length);
    if (at < 0) return;
    for (int32_t j = 0; j < load->optimizer->slot_count; j++) {
        if (!strcmp(load->optimizer->row->slots[j].name, slot) && load->optimizer->tensors[at].state[j]) return;
    }
    tell_slot(load, GRADUS_EXTRA, load->optimizer->tensors[at].name, slot, "there", "absent");
}

static void check_extra(loading *load, const gradus_state_item *item)
{
    static const char prefix[] = "tensor/", shape[] = "/shape", state[] = "/state";
    if (strncmp(item->name, prefix, sizeof prefix - 1) != 0) return;
    const char *name = item->name + sizeof prefix - 1, *last = strrchr(name, '/');
    if (!last) return;
    const size_t length = (size_t)(last - name);
    if (!strcmp(last, shape) && item->type == GRADUS_STATE_INT64 && tensor_called(load->optimizer, name, length) < 0) {
        char saved[WORDS], title[128];
        int64_t sizes[8] = {0};
        if (item->count <= 8) gradus_state_copy(item, sizes);
        print_shape(sizes, item->count <= 8 ? item->count : 0, saved);
        snprintf(title, sizeof title, "%.*s", (int)length, name);
        tell(load, GRADUS_EXTRA, title, saved, "absent");
    } else if (ends_in(name, length, state))
        check_extra_slot(load, name, length - (sizeof state - 1), last + 1);
}

/* ---- configuration: told, never taken ---- */

static void compare_text(loading *load, const char *entry, const char *present)
{
    gradus_state_item item;
    if (!gradus_state_find(load->reader, entry, &item) || item.type != GRADUS_STATE_TEXT) return;
    if (strcmp(item.data, present) != 0) tell(load, GRADUS_OTHER_VALUE, strchr(entry, '/') + 1, item.data, present);
}

static void check_config(loading *load)
{
    const gradus_optimizer *optimizer = load->optimizer;
    char text[WORDS];
    compare_text(load, config_name(&load->names, NULL, "rule"), optimizer->row->member.name);
    for (int32_t i = 0; i < optimizer->hyper_count; i++) {
        gradus_hyper_print(optimizer, &optimizer->base[i], i, text, sizeof text);
        compare_text(load, config_name(&load->names, NULL, gradus_hyper_name(optimizer, i)), text);
    }
    for (int32_t g = 0; g < optimizer->group_count; g++) {
        for (int32_t i = 0; i < optimizer->hyper_count; i++) {
            if (!optimizer->groups[g].own[i].own) continue;
            gradus_hyper_print(optimizer, &optimizer->groups[g].own[i], i, text, sizeof text);
            compare_text(load,
                         config_name(&load->names, group_title(&optimizer->groups[g]), gradus_hyper_name(optimizer, i)),
                         text);
        }
    }
}

/* ---- taking over ---- */

static void apply_tensor(loading *load, int32_t at)
{
    gradus_optimizer *optimizer = load->optimizer;
    gradus_tensor *tensor = &optimizer->tensors[at];
    char saved[WORDS];
    gradus_state_item item;
    gradus_tensor_fresh(optimizer, at);
    if (find_tensor(load, tensor, saved) != PRESENT) return;
    optimizer->updates[at] = read_count(load, tensor_name(&load->names, tensor, "updates"));
    if (!tensor->elsewhere && gradus_state_find(load->reader, tensor_name(&load->names, tensor, "values"), &item) &&
        item.type == GRADUS_STATE_FLOAT32)
        gradus_state_copy(&item, tensor->values);
    for (int32_t j = 0; j < optimizer->slot_count && optimizer->updates[at] > 0; j++) {
        if (tensor->state[j] &&
            gradus_state_find(load->reader, slot_name(&load->names, tensor, &optimizer->row->slots[j]), &item) &&
            item.type == GRADUS_STATE_FLOAT32)
            gradus_state_copy(&item, tensor->state[j]);
    }
}

/* After the counts of the whole. */
static void apply_kept(loading *load, int32_t at)
{
    gradus_optimizer *optimizer = load->optimizer;
    gradus_tensor *tensor = &optimizer->tensors[at];
    gradus_kept *kept = &tensor->kept;
    char saved[WORDS];
    gradus_state_item item;
    bool found[KEPT_COUNT];
    kept->stepped = kept->averaged = kept->started = 0;
    if (!gradus_keeps(optimizer) || find_tensor(load, tensor, saved) != PRESENT) return;
    for (int j = 0; j < KEPT_COUNT; j++) {
        found[j] = kept->array[j] && gradus_state_find(load->reader, kept_name(&load->names, tensor, j), &item);
        if (found[j]) gradus_state_copy(&item, kept->array[j]);
    }
    if (found[KEPT_VALUES]) kept->stepped = optimizer->update;
    if (found[KEPT_MEAN]) kept->averaged = read_count(load, tensor_name(&load->names, tensor, "averaged"));
    if (found[KEPT_START] && found[KEPT_BEFORE]) kept->started = optimizer->keeping.started;
}

/* Turned on where the state has it; memory is all that may be lacking. */
static gradus_status apply_keeping(loading *load)
{
    gradus_keeping *keeping = &load->optimizer->keeping;
    int64_t counts[KEEPING];
    read_keeping(load, counts);
    keeping->values |= counts[0] != 0;
    if (!keeping->window) keeping->window = counts[1];
    gradus_keep_forget(load->optimizer);
    if (keeping->window == counts[1]) keeping->phase = counts[2], keeping->started = counts[3];
    load->optimizer->plan.valid = false;
    return gradus_plan_settle(load->optimizer, load->error);
}

static gradus_status check_all(loading *load, int64_t *update)
{
    gradus_optimizer *optimizer = load->optimizer;
    gradus_state_item item;
    size_t cursor = 0;
    *update = read_count(load, "update");
    if (*update < 0) return (gradus_status)*update;
    if (optimizer->memory_count && (!gradus_state_find(load->reader, "memory", &item) ||
                                    item.type != GRADUS_STATE_DOUBLE || item.count != optimizer->memory_count))
        tell(load, GRADUS_MISSING, "memory", "absent", "there");
    int64_t unread[KEEPING];
    gradus_status status = read_keeping(load, unread);
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

static void apply_all(loading *load, int64_t update)
{
    gradus_optimizer *optimizer = load->optimizer;
    gradus_state_item item;
    optimizer->update = update;
    for (int32_t i = 0; i < optimizer->memory_count; i++) optimizer->memory[i] = 0;
    if (optimizer->memory_count && gradus_state_find(load->reader, "memory", &item) &&
        item.type == GRADUS_STATE_DOUBLE && item.count == optimizer->memory_count)
        gradus_state_copy(&item, optimizer->memory);
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        apply_tensor(load, i);
        apply_kept(load, i);
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
    loading load = {.optimizer = optimizer, .reader = &reader, .how = how, .error = error};
    int64_t update;
    gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status || (status = gradus_plan_settle(optimizer, error)) ||
        (status = gradus_state_open(&reader, kind, state, size, error)))
        return status;
    if (!open_names(&load.names, optimizer, error)) return GRADUS_ERROR_MEMORY;
    status = check_all(&load, &update);
    if (!status) status = apply_keeping(&load);
    if (!status) apply_all(&load, update);
    close_names(&load.names);
    return status;
}
