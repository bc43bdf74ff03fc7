/* Where the state lies and how the work is cut: spans of at most CHUNK values, gathered into tasks of a fixed size,
 * so that two thousand small tensors cost what one big one costs and the number of threads changes no bit. */
#include "optimizer.h"

enum { TASK = 4 * CHUNK, ALIGNMENT = 64 };

/* ---- state ---- */

size_t gradus_state_bytes(int64_t numbers)
{
    return ((size_t)numbers * sizeof(float) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* A slot as it starts. */
static void fresh_slot(const gradus_optimizer *optimizer, int32_t at, int32_t slot)
{
    static const gradus_dice nearest;
    const gradus_tensor *tensor = &optimizer->tensors[at];
    const gradus_slot *row;
    const gradus_layer *layer = gradus_layer_of_slot(optimizer, slot, &row);
    const int64_t size = gradus_slot_size(optimizer, layer, slot - layer->first_slot, at);
    for (int64_t start = 0; start < size; start += BLOCK) {
        const size_t count = (size_t)(size - start < BLOCK ? size - start : BLOCK);
        float numbers[BLOCK];
        if (row->from_values)
            gradus_load_values(optimizer, tensor, start, count, numbers);
        else
            for (size_t i = 0; i < count; i++) numbers[i] = (float)row->initial;
        gradus_store_state(optimizer, tensor, slot, start, count, numbers, &nearest);
    }
}

void gradus_tensor_fresh(gradus_optimizer *optimizer, int32_t at)
{
    gradus_tensor *tensor = &optimizer->tensors[at];
    optimizer->updates[at] = 0;
    optimizer->constants_of[at] = -1;
    for (int64_t start = 0; start < tensor->shape.count && tensor->masters; start += BLOCK) {
        const int64_t left = tensor->shape.count - start;
        float numbers[BLOCK];
        const size_t count = (size_t)(left < BLOCK ? left : BLOCK);
        gradus_read_numbers(optimizer->isa, tensor->values_type, gradus_stored_at(tensor, start), count, numbers);
        memcpy(tensor->values + start, numbers, count * sizeof(float));
    }
    for (int32_t i = 0; i < optimizer->own_count; i++) tensor->own[i] = 0;
    for (int32_t j = 0; j < optimizer->slot_count; j++)
        if (tensor->state[j] || tensor->codes[j].code) fresh_slot(optimizer, at, j);
}

static int64_t slot_size(const gradus_optimizer *optimizer, int32_t slot, int32_t tensor)
{
    const gradus_slot *row;
    const gradus_layer *layer = gradus_layer_of_slot(optimizer, slot, &row);
    return gradus_slot_size(optimizer, layer, slot - layer->first_slot, tensor);
}

void *gradus_block_take(gradus_optimizer *optimizer, size_t size, gradus_error *error)
{
    gradus_block *block = gradus_arena_take(&optimizer->arena, sizeof *block, sizeof(void *));
    if (block) block->memory = gradus_allocate(optimizer->context, size);
    if (!block || !block->memory) {
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for the optimizer's state");
        return NULL;
    }
    block->size = size;
    block->next = optimizer->blocks;
    optimizer->blocks = block;
    return block->memory;
}

static bool is_coded(const gradus_optimizer *optimizer, int32_t slot, int32_t tensor)
{
    const gradus_slot *row;
    const gradus_layer *layer = gradus_layer_of_slot(optimizer, slot, &row);
    return gradus_slot_is_coded(optimizer, layer, slot - layer->first_slot, tensor);
}

/* Arrays that are 2^28 bytes apart push one another out of the first-level cache of some processors (AMD's tell lines by
 * bits 12 to 27 of their addresses): large ones begin on pages of their own, and a line further each. */
static size_t apart(size_t used, int32_t slot)
{
    enum { LARGE = 1 << 20, PAGE = 4096 };
    return used < LARGE ? 0 : (size_t)(slot + 1) * (PAGE + ALIGNMENT);
}

/* Gives out a tensor's pieces of `*next`; NULL: how much it takes is all that is asked for. */
static size_t place_state(const gradus_optimizer *optimizer, int32_t at, unsigned char *next)
{
    gradus_tensor *tensor = &optimizer->tensors[at];
    size_t used = 0;
    if (tensor->masters) {
        if (next) tensor->values = (float *)(void *)next;
        used += gradus_state_bytes(tensor->shape.count);
    }
    for (int32_t j = 0; j < optimizer->slot_count; j++) {
        const int64_t size = slot_size(optimizer, j, at);
        if (!size) continue;
        used += apart(used, j);
        if (!is_coded(optimizer, j, at)) {
            if (next) tensor->state[j] = (float *)(void *)(next + used);
            used += gradus_state_bytes(size);
            continue;
        }
        const size_t codes = ((size_t)size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (next) tensor->codes[j] = (gradus_codes){next + used, (float *)(void *)(next + used + codes)};
        used += codes + gradus_state_bytes((size + BLOCK - 1) / BLOCK);
        if (next) tensor->staged = true;
    }
    return used;
}

/* One block for all tensors that have no state yet. */
static gradus_status settle_state(gradus_optimizer *optimizer, gradus_error *error)
{
    size_t size = 0;
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        const gradus_tensor *tensor = &optimizer->tensors[i];
        if (!tensor->settled && !tensor->elsewhere) size += place_state(optimizer, i, NULL);
    }
    unsigned char *next = size ? gradus_block_take(optimizer, size, error) : NULL;
    if (size && !next) return GRADUS_ERROR_MEMORY;
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        gradus_tensor *tensor = &optimizer->tensors[i];
        if (tensor->settled || tensor->elsewhere) continue;
        if (next) next += place_state(optimizer, i, next);
        tensor->settled = true;
        gradus_tensor_fresh(optimizer, i);
    }
    return GRADUS_OK;
}

uint64_t gradus_optimizer_state_memory(const gradus_optimizer *optimizer)
{
    uint64_t size = 0;
    for (const gradus_block *block = optimizer ? optimizer->blocks : NULL; block; block = block->next)
        size += block->size;
    for (int32_t i = 0; optimizer && i < optimizer->tensor_count; i++)
        if (!optimizer->tensors[i].settled && !optimizer->tensors[i].elsewhere) size += place_state(optimizer, i, NULL);
    return size;
}

/* ---- spans and tasks ---- */

bool gradus_takes_part(const gradus_tensor *tensor)
{
    return !tensor->elsewhere && tensor->gradient && !tensor->frozen;
}

static int64_t count_spans(const gradus_optimizer *optimizer)
{
    int64_t spans = 0;
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        if (gradus_takes_part(&optimizer->tensors[i])) spans += (optimizer->tensors[i].shape.count + CHUNK - 1) / CHUNK;
    }
    return spans;
}

static bool make_room(gradus_optimizer *optimizer, int64_t spans, gradus_error *error)
{
    gradus_plan *plan = &optimizer->plan;
    const int64_t sums = gradus_plan_sum_count(optimizer);
    if (plan->tensor_room < optimizer->tensor_count) {
        if (!gradus_optimizer_grow(optimizer, &plan->first_span, 0, optimizer->tensor_room, sizeof *plan->first_span,
                                   error))
            return false;
        plan->tensor_room = optimizer->tensor_room;
    }
    if (spans < plan->room) return true;
    const int64_t room = spans + spans / 2 + 1;
    if (!gradus_optimizer_grow(optimizer, &plan->spans, 0, room, sizeof *plan->spans, error) ||
        !gradus_optimizer_grow(optimizer, &plan->tensor_of, 0, room, sizeof *plan->tensor_of, error) ||
        !gradus_optimizer_grow(optimizer, &plan->sums, 0, room * sums, sizeof *plan->sums, error) ||
        !gradus_optimizer_grow(optimizer, &plan->tasks, 0, room, sizeof *plan->tasks, error))
        return false;
    plan->room = room;
    return true;
}

static void cut_tensor(const gradus_optimizer *optimizer, int32_t at, gradus_plan *plan)
{
    const gradus_tensor *tensor = &optimizer->tensors[at];
    const gradus_layer *layer = &optimizer->layers[tensor->rule];
    const float *gradient = tensor->gradient_type == GRADUS_FLOAT32 ? tensor->gradient : NULL;
    plan->first_span[at] = plan->span_count;
    for (int64_t start = 0; start < tensor->shape.count; start += CHUNK) {
        const int64_t left = tensor->shape.count - start;
        gradus_span *span = &plan->spans[plan->span_count];
        *span = (gradus_span){.count = (size_t)(left < CHUNK ? left : CHUNK),
                              .first = (size_t)start,
                              .values = tensor->values ? tensor->values + start : NULL,
                              .gradient = gradient ? gradient + start : NULL};
        for (int32_t j = 0; j < layer->slot_count; j++) {
            float *state = tensor->state[layer->first_slot + j];
            if (state && gradus_slot_is_per_element(&layer->row->slots[j]))
                span->state[j] = state + gradus_slot_before(optimizer, layer, j, at, start);
        }
        plan->tensor_of[plan->span_count++] = at;
    }
}

static void gather_tasks(gradus_plan *plan)
{
    size_t gathered = TASK; /* the first span opens the first task */
    plan->task_count = 0;
    for (int64_t i = 0; i < plan->span_count; i++) {
        if (gathered >= TASK) {
            plan->tasks[plan->task_count++] = i;
            gathered = 0;
        }
        gathered += plan->spans[i].count;
    }
    plan->tasks[plan->task_count] = plan->span_count;
}

gradus_status gradus_plan_settle(gradus_optimizer *optimizer, gradus_error *error)
{
    gradus_plan *plan = &optimizer->plan;
    if (plan->valid) return GRADUS_OK;
    gradus_status status = settle_state(optimizer, error);
    if (status || (status = gradus_keep_settle(optimizer, error)) || (status = gradus_units_settle(optimizer, error)))
        return status;
    if (!make_room(optimizer, count_spans(optimizer), error)) return GRADUS_ERROR_MEMORY;
    plan->span_count = 0;
    plan->staged = false;
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        plan->first_span[i] = optimizer->tensors[i].elsewhere && !optimizer->tensors[i].frozen ? NOT_HERE : NO_PART;
        plan->staged |= optimizer->tensors[i].staged;
        if (gradus_takes_part(&optimizer->tensors[i])) cut_tensor(optimizer, i, plan);
    }
    gather_tasks(plan);
    plan->valid = true;
    return GRADUS_OK;
}
