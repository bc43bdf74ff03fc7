/* Where the state lies and how the work is cut: spans of at most CHUNK values, gathered into tasks of a fixed size,
 * so that two thousand small tensors cost what one big one costs and the number of threads changes no bit. */
#include "optimizer.h"

enum { TASK = 4 * CHUNK, ALIGNMENT = 64 };

/* ---- state ---- */

bool gradus_slot_exists(const gradus_optimizer *optimizer, int32_t tensor, int32_t slot)
{
    const char *needs = optimizer->row->slots[slot].only_if;
    if (!needs) return true;
    for (int32_t i = 0; i < optimizer->hyper_count; i++) {
        if (strcmp(gradus_hyper_name(optimizer, i), needs) != 0) continue;
        const gradus_hyper *value = gradus_hyper_of(optimizer, optimizer->group_of[tensor], i);
        return value->schedule || value->number != 0;
    }
    return true;
}

size_t gradus_slot_size(const gradus_tensor *tensor)
{
    return ((size_t)tensor->count * sizeof(float) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void gradus_tensor_fresh(gradus_optimizer *optimizer, int32_t at)
{
    gradus_tensor *tensor = &optimizer->tensors[at];
    optimizer->updates[at] = 0;
    optimizer->constants_of[at] = -1;
    for (int32_t j = 0; j < optimizer->slot_count; j++) {
        const float initial = (float)optimizer->row->slots[j].initial;
        for (int64_t i = 0; tensor->state[j] && i < tensor->count; i++) tensor->state[j][i] = initial;
    }
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

/* One block for all tensors that have no state yet. */
static gradus_status settle_state(gradus_optimizer *optimizer, gradus_error *error)
{
    size_t size = 0;
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        const gradus_tensor *tensor = &optimizer->tensors[i];
        for (int32_t j = 0; j < optimizer->slot_count && !tensor->settled && !tensor->elsewhere; j++) {
            if (gradus_slot_exists(optimizer, i, j)) size += gradus_slot_size(tensor);
        }
    }
    if (size == 0) return GRADUS_OK;
    unsigned char *next = gradus_block_take(optimizer, size, error);
    if (!next) return GRADUS_ERROR_MEMORY;
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        gradus_tensor *tensor = &optimizer->tensors[i];
        if (tensor->settled || tensor->elsewhere) continue;
        for (int32_t j = 0; j < optimizer->slot_count; j++) {
            if (!gradus_slot_exists(optimizer, i, j)) continue;
            tensor->state[j] = (float *)(void *)next;
            next += gradus_slot_size(tensor);
        }
        tensor->settled = true;
        gradus_tensor_fresh(optimizer, i);
    }
    return GRADUS_OK;
}

/* ---- spans and tasks ---- */

static bool takes_part(const gradus_tensor *tensor) { return !tensor->elsewhere && tensor->gradient; }

static int64_t count_spans(const gradus_optimizer *optimizer)
{
    int64_t spans = 0;
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        if (takes_part(&optimizer->tensors[i])) spans += (optimizer->tensors[i].count + CHUNK - 1) / CHUNK;
    }
    return spans;
}

static bool make_room(gradus_optimizer *optimizer, int64_t spans, gradus_error *error)
{
    gradus_plan *plan = &optimizer->plan;
    if (spans < plan->room) return true;
    const int64_t room = spans + spans / 2 + 1;
    if (!gradus_optimizer_grow(optimizer, &plan->spans, 0, room, sizeof *plan->spans, error) ||
        !gradus_optimizer_grow(optimizer, &plan->tensor_of, 0, room, sizeof *plan->tensor_of, error) ||
        !gradus_optimizer_grow(optimizer, &plan->sums, 0, room, sizeof *plan->sums, error) ||
        !gradus_optimizer_grow(optimizer, &plan->tasks, 0, room, sizeof *plan->tasks, error))
        return false;
    plan->room = room;
    return true;
}

static void cut_tensor(const gradus_optimizer *optimizer, int32_t at, gradus_plan *plan)
{
    const gradus_tensor *tensor = &optimizer->tensors[at];
    for (int64_t start = 0; start < tensor->count; start += CHUNK) {
        const int64_t left = tensor->count - start;
        gradus_span *span = &plan->spans[plan->span_count];
        *span = (gradus_span){.count = (size_t)(left < CHUNK ? left : CHUNK),
                              .values = tensor->values + start,
                              .gradient = tensor->gradient + start};
        for (int32_t j = 0; j < optimizer->slot_count; j++) {
            if (tensor->state[j]) span->state[j] = tensor->state[j] + start;
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
    if (status || (status = gradus_keep_settle(optimizer, error))) return status;
    if (!make_room(optimizer, count_spans(optimizer), error)) return GRADUS_ERROR_MEMORY;
    plan->span_count = 0;
    for (int32_t i = 0; i < optimizer->tensor_count; i++) {
        if (takes_part(&optimizer->tensors[i])) cut_tensor(optimizer, i, plan);
    }
    gather_tasks(plan);
    plan->valid = true;
    return GRADUS_OK;
}
