/* Between a tensor as it is stored and the float32 that rules see: its 16-bit values and gradients, with a float32 copy that
 * is updated in their place or rounded each time, and its state in 8 bits. */
#include "optimizer.h"

/* State of a smaller tensor takes no room worth saving, and such tensors (biases, norms) are the ones that suffer. */
enum { CODED_AT_LEAST = 4096 };
/* Behind what values are rounded by. */
enum { WHICH_STATE = GRADUS_LAYERS * GRADUS_PASSES + 2 };

bool gradus_slot_is_coded(const gradus_optimizer *optimizer, const gradus_layer *layer, int32_t slot, int32_t tensor)
{
    const gradus_slot *row = &layer->row->slots[slot];
    return layer->coded && gradus_slot_is_per_element(row) && !row->from_values && !row->exact && !row->every &&
           !row->arrays && optimizer->tensors[tensor].shape.count >= CODED_AT_LEAST;
}

/* ---- values and gradients ---- */

void gradus_load_values(const gradus_optimizer *optimizer, const gradus_tensor *tensor, int64_t first, size_t count,
                        float *numbers)
{
    if (tensor->values)
        memcpy(numbers, tensor->values + first, count * sizeof(float));
    else
        gradus_read_numbers(optimizer->isa, tensor->values_type, gradus_stored_at(tensor, first), count, numbers);
}

static unsigned char *gradient_at(const gradus_tensor *tensor, int64_t first)
{
    return (unsigned char *)tensor->gradient + (size_t)first * gradus_size_of_type(tensor->gradient_type);
}

void gradus_load_gradient(const gradus_optimizer *optimizer, const gradus_tensor *tensor, int64_t first, size_t count,
                          float *numbers)
{
    gradus_read_numbers(optimizer->isa, tensor->gradient_type, gradient_at(tensor, first), count, numbers);
}

void gradus_store_gradient(const gradus_optimizer *optimizer, const gradus_tensor *tensor, int64_t first, size_t count,
                           const float *numbers)
{
    if (tensor->gradient_type == GRADUS_FLOAT32)
        memcpy(gradient_at(tensor, first), numbers, count * sizeof(float));
    else
        gradus_write_numbers(optimizer->isa, tensor->gradient_type, numbers, count, gradient_at(tensor, first),
                             &(gradus_dice){0}, 0);
}

void gradus_zero_gradient(const gradus_tensor *tensor, int64_t first, size_t count)
{
    memset(gradient_at(tensor, first), 0, count * gradus_size_of_type(tensor->gradient_type));
}

void gradus_store_values(const gradus_optimizer *optimizer, const gradus_tensor *tensor, int64_t first, size_t count,
                         const float *numbers, uint32_t which)
{
    gradus_dice dice = {0};
    if (tensor->values && numbers != tensor->values + first)
        memcpy(tensor->values + first, numbers, count * sizeof(float));
    if (tensor->values_type == GRADUS_FLOAT32) return;
    if (!tensor->values && tensor->rounding == GRADUS_STOCHASTIC)
        dice = gradus_dice_for(optimizer->seed, optimizer->update, which);
    gradus_write_numbers(optimizer->isa, tensor->values_type, numbers, count,
                         (void *)(uintptr_t)gradus_stored_at(tensor, first), &dice, tensor->first + first);
}

/* ---- state ---- */

static bool is_non_negative(const gradus_optimizer *optimizer, int32_t slot)
{
    const gradus_slot *row;
    gradus_layer_of_slot(optimizer, slot, &row);
    return row->non_negative;
}

void gradus_load_state(const gradus_optimizer *optimizer, const gradus_tensor *tensor, int32_t slot, int64_t first,
                       size_t count, float *numbers)
{
    if (tensor->state[slot])
        memcpy(numbers, tensor->state[slot] + first, count * sizeof(float));
    else
        gradus_read_codes(optimizer->isa, is_non_negative(optimizer, slot), &tensor->codes[slot], first, count,
                          numbers);
}

gradus_dice gradus_state_dice(const gradus_optimizer *optimizer, int32_t slot)
{
    return gradus_dice_for(optimizer->seed, optimizer->update, WHICH_STATE + (uint32_t)slot);
}

void gradus_store_state(const gradus_optimizer *optimizer, const gradus_tensor *tensor, int32_t slot, int64_t first,
                        size_t count, const float *numbers, const gradus_dice *dice)
{
    if (tensor->state[slot]) {
        memcpy(tensor->state[slot] + first, numbers, count * sizeof(float));
        return;
    }
    gradus_write_codes(optimizer->isa, is_non_negative(optimizer, slot), numbers, count, &tensor->codes[slot], first,
                       dice, tensor->first + first);
}
