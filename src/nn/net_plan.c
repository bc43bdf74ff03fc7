/* The flat list of operations and its stages, and memory: what is needed from which stage to which, and who can share it.
 *
 * A stage is a stretch of operations that each chunk of the batch passes through in one go, while it is in a thread's cache; it ends
 * where something is needed of the whole batch. */
#include <string.h>
#include "net.h"

enum {
    ALIGNMENT = 64,
    WORK_OF_VALUE = 4,
    CACHE = 1 << 19 /* bytes of one signal that a thread's cache has room for */
};

/* ---- operations and stages ---- */

static void add_stage(gradus_net *net, bool whole)
{
    const gradus_stage *last = net->stage_count ? &net->stages[net->stage_count - 1] : NULL;
    net->stages[net->stage_count++] = (gradus_stage){.first = last ? last->first + last->count : 0, .whole = whole};
}

static void add_operation(gradus_net *net, gradus_layer *layer, const gradus_layer_pass *pass)
{
    const gradus_stage *last = net->stage_count ? &net->stages[net->stage_count - 1] : NULL;
    const bool whole = pass->whole && !(pass->steps_apart && layer->input->sequence);
    const bool joins =
        last && last->count && !last->whole && !whole && !net->operations[last->first + last->count - 1].pass->conclude;
    if (!joins) add_stage(net, whole);
    gradus_stage *stage = &net->stages[net->stage_count - 1];
    net->operations[stage->first + stage->count++] = (gradus_operation){layer, pass};
    stage->work += layer->work + WORK_OF_VALUE * (double)gradus_form_size(layer->input->form);
}

static gradus_status list_operations(gradus_net *net, gradus_error *error)
{
    const size_t most = (size_t)net->layers.count * 4 + 1;
    net->operations = gradus_arena_take(&net->arena, most * sizeof *net->operations, ALIGNMENT);
    net->stages = gradus_arena_take(&net->arena, most * sizeof *net->stages, ALIGNMENT);
    if (!net->operations || !net->stages) return gradus_net_no_memory(error);
    for (int32_t i = 0; i < net->layers.count; i++)
        for (int k = 0; k < 2 && net->layers.items[i]->row->forward[k].run; k++)
            add_operation(net, net->layers.items[i], &net->layers.items[i]->row->forward[k]);
    net->loss_stage = net->stage_count;
    add_stage(net, true);
    for (int32_t i = net->layers.count; i-- > 0;)
        for (int k = 0; k < 2 && net->layers.items[i]->output->trained && net->layers.items[i]->row->backward[k].run;
             k++)
            add_operation(net, net->layers.items[i], &net->layers.items[i]->row->backward[k]);
    return GRADUS_OK;
}

/* ---- how a batch is cut ---- */

/* Convolutions are made ready for pieces of one size. Anything else may be cut anywhere, but flat examples make so little of a
 * product's rows each that they are better not; sequences are cut so that what flows between two layers stays in the cache. */
static void find_piece(gradus_net *net)
{
    int64_t largest = 1;
    net->piece = GRADUS_CHUNK;
    net->even = false;
    for (int32_t i = 0; i < net->layers.count; i++) {
        const gradus_layer *layer = net->layers.items[i];
        const int64_t size = gradus_form_size(layer->output->form) * (int64_t)sizeof(float);
        if (size > largest) largest = size;
        if (layer->output->sequence) net->even = true;
    }
    for (int32_t i = 0; i < net->layers.count; i++)
        if (net->layers.items[i]->row->ready) net->even = false;
    if (net->even && CACHE / largest < GRADUS_CHUNK) net->piece = CACHE / largest > 1 ? (int32_t)(CACHE / largest) : 1;
}

/* Where they are of equal length, a power of two: 2, 4 or 8 threads have as much to do each. */
int32_t gradus_net_slots(const gradus_net *net, int64_t count)
{
    const int64_t pieces = (count + net->piece - 1) / net->piece;
    int64_t slots = 1;
    while (net->even && slots < pieces) slots *= 2;
    if (!net->even) slots = pieces;
    if (slots > GRADUS_NET_SLOTS) slots = GRADUS_NET_SLOTS;
    return (int32_t)(slots < count ? slots : count);
}

int64_t gradus_walk_slot(const gradus_walk *walk, int32_t slot)
{
    const int64_t unit = walk->net->even ? 1 : walk->net->piece, units = (walk->count + unit - 1) / unit;
    const int64_t first = units * slot / walk->slots * unit;
    return first < walk->count ? first : walk->count;
}

/* ---- what is needed when ---- */

static gradus_room *values_room(gradus_signal *signal)
{
    while (signal->same || signal->seen) signal = signal->same ? signal->same : signal->seen;
    return &signal->values;
}

static gradus_room *gradient_room(gradus_signal *signal)
{
    while (signal->same || signal->in_place) signal = signal->same ? signal->same : signal->in_place;
    return &signal->gradient;
}

static void need_room(gradus_room *room, int64_t size, int32_t stage)
{
    if (!room->needed) *room = (gradus_room){true, false, stage, stage, size, NULL};
    if (stage < room->from) room->from = stage;
    if (stage > room->to) room->to = stage;
}

static void need(gradus_room *room, const gradus_signal *signal, int32_t stage)
{
    need_room(room, gradus_form_size(signal->form), stage);
}

static void need_of(gradus_layer *layer, int32_t stage, bool backward)
{
    const uint32_t traits = layer->row->traits;
    const bool activated = layer->activation != GRADUS_LINEAR && traits & GRADUS_KEEPS_ACTIVATED;
    if (!backward || traits & GRADUS_KEEPS_INPUT) need(values_room(layer->input), layer->input, stage);
    if (layer->second && (!backward || traits & GRADUS_KEEPS_INPUT))
        need(values_room(layer->second), layer->second, stage);
    if (!backward || traits & GRADUS_KEEPS_OUTPUT || activated) need(values_room(layer->output), layer->output, stage);
    if (!backward) return;
    if (layer->passing.size) need_room(&layer->passing, layer->passing.size, stage);
    need(gradient_room(layer->output), layer->output, stage);
    if (layer->input->trained) need(gradient_room(layer->input), layer->input, stage);
    if (layer->second && layer->second->trained) need(gradient_room(layer->second), layer->second, stage);
}

static void find_needs(gradus_net *net)
{
    for (int32_t stage = 0; stage < net->stage_count; stage++) {
        const gradus_stage *at = &net->stages[stage];
        for (int32_t i = at->first; i < at->first + at->count; i++)
            need_of(net->operations[i].layer, stage, stage > net->loss_stage);
    }
    need(values_room(net->output), net->output, net->loss_stage);
    if (net->output->trained) need(gradient_room(net->output), net->output, net->loss_stage);
}

gradus_status gradus_net_plan(gradus_net *net, gradus_error *error)
{
    if (list_operations(net, error)) return (gradus_status)error->status;
    find_needs(net);
    find_piece(net);
    const size_t width = (size_t)gradus_form_size(net->output->form);
    net->row = gradus_arena_take(&net->arena, 2 * width * sizeof(float), ALIGNMENT);
    if (!net->row) return gradus_net_no_memory(error);
    net->second_row = net->row + width;
    return GRADUS_OK;
}

/* ---- memory ---- */

typedef struct block { /* a stretch of memory that rooms have one after another */
    size_t offset, size;
    int32_t busy_to; /* the last stage of the last room in it */
} block;

/* Done twice: once without `base`, to find out how much is used. */
typedef struct division {
    const gradus_net *net;
    int64_t count; /* examples */
    unsigned char *base;
    block *blocks;
    int32_t block_count;
    size_t used;
} division;

static size_t rounded(int64_t bytes) { return ((size_t)bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

static void *append(division *all, int64_t bytes)
{
    void *memory = all->base ? all->base + all->used : NULL;
    all->used += rounded(bytes);
    return memory;
}

/* From the block that fits closest among those that are free by then, or from a new one. */
static void *take(division *all, int64_t bytes, int32_t from, int32_t to)
{
    const size_t size = rounded(bytes);
    block *best = NULL;
    for (int32_t i = 0; i < all->block_count; i++) {
        block *one = &all->blocks[i];
        if (one->busy_to < from && one->size >= size && (!best || one->size < best->size)) best = one;
    }
    if (!best) {
        best = &all->blocks[all->block_count++];
        *best = (block){.offset = all->used, .size = size};
        all->used += size;
    }
    best->busy_to = to;
    return all->base ? all->base + best->offset : NULL;
}

static void divide_room(division *all, gradus_room *room)
{
    room->local = room->from == room->to && !all->net->stages[room->from].whole;
    const int64_t examples = room->local ? (int64_t)all->net->threads * GRADUS_CHUNK : all->count;
    room->memory = take(all, room->size * examples * (int64_t)sizeof(float), room->from, room->to);
}

/* Memory of the layers themselves lasts; signals share theirs, in the order of their first stages. */
static void divide(division *all)
{
    const gradus_net *net = all->net;
    const int64_t slots = gradus_net_slots(net, all->count);
    all->used = 0;
    all->block_count = 0;
    for (int32_t i = 0; i < net->layers.count; i++) {
        gradus_layer *layer = net->layers.items[i];
        layer->memory = append(all, layer->kept * all->count);
        layer->sums = append(all, layer->parts * slots * (int64_t)sizeof(float));
        layer->numbers = append(all, layer->shared * (int64_t)sizeof(float));
    }
    for (int32_t stage = 0; stage < net->stage_count; stage++)
        for (int32_t i = 0; i < net->layers.count; i++) {
            gradus_room *passing = &net->layers.items[i]->passing;
            gradus_signal *signal = net->layers.items[i]->output;
            gradus_room *values = &signal->values, *gradient = &signal->gradient;
            if (passing->needed && passing->from == stage) divide_room(all, passing);
            if (values_room(signal) == values && values->needed && values->from == stage) divide_room(all, values);
            if (gradient_room(signal) == gradient && gradient->needed && gradient->from == stage)
                divide_room(all, gradient);
        }
    for (int32_t i = 0; i < net->layers.count; i++) { /* who shares a room gets to know it */
        gradus_signal *signal = net->layers.items[i]->output;
        signal->values = *values_room(signal);
        signal->gradient = *gradient_room(signal);
    }
}

static gradus_status get_memory(gradus_net *net, int64_t count, gradus_error *error)
{
    const size_t block_bytes = 3 * (size_t)net->layers.count * sizeof(block);
    division all = {.net = net, .count = count, .blocks = gradus_allocate(NULL, block_bytes)};
    if (!all.blocks) return gradus_net_no_memory(error);
    divide(&all);
    gradus_release(NULL, net->memory, net->memory_bytes);
    net->capacity = 0;
    net->memory_bytes = all.used;
    net->memory = all.base = gradus_allocate(NULL, all.used);
    if (all.base) divide(&all);
    gradus_release(NULL, all.blocks, block_bytes);
    if (!net->memory)
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY,
                           "no memory for a batch of %lld examples; take a smaller one", (long long)count);
    net->capacity = count;
    return GRADUS_OK;
}

static gradus_status get_ready(gradus_net *net, int64_t count, gradus_error *error)
{
    if (count <= 0 || net->ready[count]) return GRADUS_OK;
    for (int32_t i = 0; i < net->layers.count; i++) {
        gradus_layer *layer = net->layers.items[i];
        if (layer->row->ready && layer->row->ready(layer, count, error)) return (gradus_status)error->status;
    }
    net->ready[count] = true;
    return GRADUS_OK;
}

gradus_status gradus_net_reserve(gradus_net *net, int64_t count, gradus_error *error)
{
    if (gradus_failed(error)) return (gradus_status)error->status;
    if (count > net->capacity && get_memory(net, count, error)) return (gradus_status)error->status;
    if (count >= GRADUS_CHUNK && get_ready(net, GRADUS_CHUNK, error)) return (gradus_status)error->status;
    return get_ready(net, count % GRADUS_CHUNK, error);
}
