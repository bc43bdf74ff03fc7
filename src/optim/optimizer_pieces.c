/* Kernels as they are called for piece after piece of a span: where their state lies is found once, since that takes as long as
 * a small piece does. */
#include "pieces.h"

float *gradus_state_seen(const gradus_optimizer *optimizer, const gradus_layer *layer, int32_t slot, int32_t tensor)
{
    float *state = optimizer->tensors[tensor].state[layer->first_slot + slot];
    if (!state || !gradus_slot_is_per_element(&layer->row->slots[slot])) return NULL;
    if (!layer->shown[slot]) return state;
    return state + layer->shown[slot] *
                       gradus_slot_before(optimizer, layer, slot, tensor, optimizer->tensors[tensor].shape.count);
}

void gradus_call_add_state(call *into, const piece *at, const gradus_layer *layer)
{
    const gradus_optimizer *optimizer = at->optimizer;
    const int32_t index = optimizer->plan.tensor_of[at->span];
    for (int32_t j = 0; j < layer->slot_count; j++) {
        const int32_t slot = into->slots++;
        into->state[slot] = gradus_state_seen(optimizer, layer, j, index);
        into->every[slot] = gradus_slot_every(optimizer, layer, j, index);
        if (!at->state || !optimizer->tensors[index].codes[layer->first_slot + j].code) continue;
        into->state[slot] = at->state + (size_t)(layer->first_slot + j) * at->stride;
        into->every[slot] = 0;
    }
}

void gradus_call_add_bytes(call *into, const piece *at, const gradus_layer *layer)
{
    const gradus_tensor *tensor = &at->optimizer->tensors[at->optimizer->plan.tensor_of[at->span]];
    for (int32_t j = 0; j < layer->slot_count; j++) {
        const int32_t slot = layer->first_slot + j;
        if (!tensor->codes[slot].code) continue;
        into->bytes[j] = (gradus_bytes){.from = tensor->codes[slot],
                                        .dice = gradus_state_dice(at->optimizer, slot),
                                        .position = (uint64_t)tensor->first,
                                        .isa = at->optimizer->isa};
        into->has_bytes = true;
    }
}

void gradus_call_prepare(call *into, const piece *at, const gradus_layer *layer, double *sums)
{
    into->span = (gradus_span){.sums = sums};
    into->slots = 0;
    into->has_bytes = false;
    memset(into->bytes, 0, sizeof into->bytes);
    gradus_call_add_state(into, at, layer);
}

const gradus_span *gradus_call_span(call *of, const piece *at)
{
    gradus_span *span = &of->span;
    span->count = at->count;
    span->first = at->first;
    span->values = at->values;
    span->gradient = at->gradient;
    span->before = at->before;
    for (int32_t j = 0; j < of->slots; j++)
        if (of->state[j]) span->state[j] = of->state[j] + gradus_slot_place(of->every[j], (int64_t)at->first);
    if (!of->has_bytes) return span;
    span->bytes = of->here;
    for (int32_t j = 0; j < of->slots; j++) {
        of->here[j] = of->bytes[j];
        if (!of->bytes[j].from.code) continue;
        of->here[j].from.code += at->first;
        of->here[j].from.scale += at->first / BLOCK;
        of->here[j].position += at->first;
    }
    return span;
}
