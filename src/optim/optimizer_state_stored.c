/* Values and state of tensors in records, as they are stored: 16-bit numbers, float32, 8-bit codes with their scales. What was
 * stored in another way is a difference; where that is accepted it is converted. */
#include "optimizer_state.h"
#include <stdio.h>

static const char *slot_name(gradus_state_names *names, const gradus_tensor *tensor, const char *part, const char *slot)
{
    snprintf(names->text, names->size, "tensor/%s/%s/%s", tensor->name, part, slot);
    return names->text;
}

static const char *word_for(gradus_state_type type)
{
    switch (type) {
    case GRADUS_STATE_DOUBLE: return "double";
    case GRADUS_STATE_FLOAT32: return "float32";
    case GRADUS_STATE_BFLOAT16: return "bfloat16";
    case GRADUS_STATE_FLOAT16: return "float16";
    case GRADUS_STATE_BYTES: return "8bit";
    default: return "something else";
    }
}

static gradus_state_type type_for(int32_t type)
{
    static const gradus_state_type types[] = {GRADUS_STATE_FLOAT32, GRADUS_STATE_BFLOAT16, GRADUS_STATE_FLOAT16};
    return types[type];
}

/* The enum gradus_type of an entry; -1: it is none. */
static int32_t number_type(const gradus_state_item *item)
{
    for (int32_t type = GRADUS_FLOAT32; type <= GRADUS_FLOAT16; type++)
        if (item->type == type_for(type)) return type;
    return -1;
}

static int64_t size_of(const gradus_optimizer *optimizer, int32_t slot, int32_t tensor)
{
    const gradus_slot *row;
    const gradus_layer *layer = gradus_layer_of_slot(optimizer, slot, &row);
    return gradus_slot_size(optimizer, layer, slot - layer->first_slot, tensor);
}

static int64_t blocks_of(int64_t count) { return (count + BLOCK - 1) / BLOCK; }

/* ---- saving ---- */

/* Values that have a float32 copy are saved as that: the others follow from it. */
void gradus_state_save_values(const gradus_optimizer *optimizer, int32_t at, gradus_content content,
                              gradus_state_writer *writer, gradus_state_names *names)
{
    const gradus_tensor *tensor = &optimizer->tensors[at];
    if (tensor->elsewhere) return;
    if (content == GRADUS_STATE_AND_VALUES)
        gradus_state_entry(writer, gradus_state_tensor_name(names, tensor, "values"),
                           tensor->values ? GRADUS_STATE_FLOAT32 : type_for(tensor->values_type), tensor->shape.count,
                           tensor->values ? tensor->values : tensor->stored);
    else if (tensor->masters && optimizer->updates[at] > 0)
        gradus_state_entry(writer, gradus_state_tensor_name(names, tensor, "master"), GRADUS_STATE_FLOAT32,
                           tensor->shape.count, tensor->values);
}

void gradus_state_save_slot(const gradus_optimizer *optimizer, int32_t at, int32_t slot, gradus_state_writer *writer,
                            gradus_state_names *names)
{
    const gradus_tensor *tensor = &optimizer->tensors[at];
    const gradus_codes *codes = &tensor->codes[slot];
    const int64_t size = size_of(optimizer, slot, at);
    char title[HYPER_NAME];
    gradus_slot_title(optimizer, slot, title);
    if (tensor->state[slot])
        gradus_state_entry(writer, slot_name(names, tensor, "state", title), GRADUS_STATE_FLOAT32, size,
                           tensor->state[slot]);
    if (!codes->code) return;
    gradus_state_entry(writer, slot_name(names, tensor, "state", title), GRADUS_STATE_BYTES, size, codes->code);
    gradus_state_entry(writer, slot_name(names, tensor, "powers", title), GRADUS_STATE_FLOAT32, blocks_of(size),
                       codes->scale);
}

/* ---- loading ---- */

gradus_status gradus_state_check_entry(gradus_loading *load, const gradus_tensor *tensor, const char *entry,
                                       const char *title, gradus_state_type type, int64_t count)
{
    gradus_state_item item;
    if (!gradus_state_find(load->reader, entry, &item))
        gradus_state_tell(load, GRADUS_MISSING, tensor->name, title, "absent", word_for(type));
    else if (item.type != type)
        gradus_state_tell(load, GRADUS_OTHER_TYPE, tensor->name, title, word_for(item.type), word_for(type));
    else if (item.count != count)
        return gradus_state_damaged(load, item.name);
    return GRADUS_OK;
}

gradus_status gradus_state_check_values(gradus_loading *load, int32_t at, int64_t updates)
{
    const gradus_tensor *tensor = &load->optimizer->tensors[at];
    const gradus_state_type type = tensor->values ? GRADUS_STATE_FLOAT32 : type_for(tensor->values_type);
    gradus_state_item item;
    if (tensor->elsewhere) return GRADUS_OK;
    if (gradus_state_find(load->reader, gradus_state_tensor_name(&load->names, tensor, "values"), &item)) {
        if (item.count != tensor->shape.count && item.type == type) return gradus_state_damaged(load, item.name);
        if (item.type != type)
            gradus_state_tell(load, GRADUS_OTHER_TYPE, tensor->name, "values", word_for(item.type), word_for(type));
        return GRADUS_OK;
    }
    if (!tensor->masters || updates == 0) return GRADUS_OK;
    return gradus_state_check_entry(load, tensor, gradus_state_tensor_name(&load->names, tensor, "master"), "master",
                                    GRADUS_STATE_FLOAT32, tensor->shape.count);
}

gradus_status gradus_state_check_slot(gradus_loading *load, int32_t at, int32_t slot)
{
    const gradus_tensor *tensor = &load->optimizer->tensors[at];
    const bool coded = tensor->codes[slot].code;
    const int64_t size = size_of(load->optimizer, slot, at);
    gradus_state_item item;
    char title[HYPER_NAME];
    if (!tensor->state[slot] && !coded) return GRADUS_OK;
    gradus_slot_title(load->optimizer, slot, title);
    const gradus_status status =
        gradus_state_check_entry(load, tensor, slot_name(&load->names, tensor, "state", title), title,
                                 coded ? GRADUS_STATE_BYTES : GRADUS_STATE_FLOAT32, size);
    if (status || !gradus_state_find(load->reader, slot_name(&load->names, tensor, "state", title), &item) ||
        item.type != GRADUS_STATE_BYTES)
        return status;
    if (!gradus_state_find(load->reader, slot_name(&load->names, tensor, "powers", title), &item) ||
        item.type != GRADUS_STATE_FLOAT32 || item.count != blocks_of(size))
        return gradus_state_damaged(load, title);
    return GRADUS_OK;
}

/* ---- taking over ---- */

/* Numbers [start, start + count) of an entry of 16 or 32 bits, as float32. */
static void read_numbers(const gradus_optimizer *optimizer, const gradus_state_item *item, int32_t type, int64_t start,
                         size_t count, float *numbers)
{
    gradus_state_item part = *item;
    union {
        float float32[BLOCK];
        uint16_t narrow[BLOCK];
    } copied;
    part.data = (const unsigned char *)item->data + (size_t)start * gradus_size_of_type(type);
    part.count = (int64_t)count;
    gradus_state_copy(&part, &copied);
    gradus_read_numbers(optimizer->isa, type, &copied, count, numbers);
}

void gradus_state_apply_values(gradus_loading *load, int32_t at)
{
    static const gradus_dice nearest;
    const gradus_optimizer *optimizer = load->optimizer;
    const gradus_tensor *tensor = &optimizer->tensors[at];
    gradus_state_item item;
    if (tensor->elsewhere) return;
    if (!gradus_state_find(load->reader, gradus_state_tensor_name(&load->names, tensor, "values"), &item) &&
        (!tensor->masters ||
         !gradus_state_find(load->reader, gradus_state_tensor_name(&load->names, tensor, "master"), &item)))
        return;
    const int32_t type = number_type(&item);
    for (int64_t start = 0; start < tensor->shape.count && type >= 0 && item.count == tensor->shape.count;
         start += BLOCK) {
        const int64_t left = tensor->shape.count - start;
        const size_t count = (size_t)(left < BLOCK ? left : BLOCK);
        float numbers[BLOCK];
        read_numbers(optimizer, &item, type, start, count, numbers);
        if (tensor->values) memcpy(tensor->values + start, numbers, count * sizeof(float));
        if (tensor->values_type != GRADUS_FLOAT32)
            gradus_write_numbers(optimizer->isa, tensor->values_type, numbers, count,
                                 (void *)(uintptr_t)gradus_stored_at(tensor, start), &nearest, 0);
    }
}

/* A stretch of 8-bit state of a record; its scales stand beside it. */
static void read_coded(gradus_loading *load, const gradus_state_item *code, const gradus_state_item *scales,
                       bool non_negative, int64_t start, size_t count, float *numbers)
{
    uint8_t codes[BLOCK] = {0};
    float scale;
    gradus_state_item part = *scales;
    part.data = (const unsigned char *)scales->data + (size_t)(start / BLOCK) * sizeof(float);
    part.count = 1;
    gradus_state_copy(&part, &scale);
    memcpy(codes, (const unsigned char *)code->data + start, count);
    gradus_read_codes(load->optimizer->isa, non_negative, &(gradus_codes){codes, &scale}, 0, count, numbers);
}

void gradus_state_apply_slot(gradus_loading *load, int32_t at, int32_t slot)
{
    static const gradus_dice nearest;
    const gradus_optimizer *optimizer = load->optimizer;
    const gradus_tensor *tensor = &optimizer->tensors[at];
    const int64_t size = size_of(optimizer, slot, at);
    const gradus_slot *row;
    gradus_state_item item, scales;
    char title[HYPER_NAME];
    gradus_layer_of_slot(optimizer, slot, &row);
    gradus_slot_title(optimizer, slot, title);
    if ((!tensor->state[slot] && !tensor->codes[slot].code) ||
        !gradus_state_find(load->reader, slot_name(&load->names, tensor, "state", title), &item) || item.count != size)
        return;
    const bool coded = item.type == GRADUS_STATE_BYTES;
    if (coded && !gradus_state_find(load->reader, slot_name(&load->names, tensor, "powers", title), &scales)) return;
    if (coded && tensor->codes[slot].code) { /* as it was, bit by bit */
        gradus_state_copy(&item, tensor->codes[slot].code);
        gradus_state_copy(&scales, tensor->codes[slot].scale);
        return;
    }
    if (!coded && number_type(&item) < 0) return;
    for (int64_t start = 0; start < size; start += BLOCK) {
        const size_t count = (size_t)(size - start < BLOCK ? size - start : BLOCK);
        float numbers[BLOCK];
        if (coded)
            read_coded(load, &item, &scales, row->non_negative, start, count, numbers);
        else
            read_numbers(optimizer, &item, number_type(&item), start, count, numbers);
        gradus_store_state(optimizer, tensor, slot, start, count, numbers, &nearest);
    }
}
