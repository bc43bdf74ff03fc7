/* Views of the values: the trained ones stand in the caller's memory, and what an average or a rule that averages makes
 * of them can be put in their place, or copied. The trained values are kept aside meanwhile, so that going back is exact.
 */
#include "optimizer.h"

/* The outermost layer that averages; NULL: none does. */
static const gradus_layer *averaging(const gradus_optimizer *optimizer, gradus_error *error)
{
    for (int32_t i = optimizer->layer_count - 1; i >= 0; i--) {
        if (optimizer->layers[i].row->show.kernel[0]) return &optimizer->layers[i];
    }
    gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_REFUSED,
                "nothing is averaged here: neither the rule nor `average` does");
    return NULL;
}

void gradus_viewer_run(const gradus_viewer *by, int64_t first, size_t count, float *values)
{
    const gradus_layer *layer = by->layer;
    const gradus_tensor *tensor = &by->optimizer->tensors[by->tensor];
    float state[GRADUS_SLOTS][BLOCK];
    gradus_span span = {.count = count, .first = (size_t)first, .values = values};
    for (int32_t j = 0; j < layer->slot_count; j++) {
        const int32_t slot = layer->first_slot + j;
        if (tensor->codes[slot].code)
            gradus_load_state(by->optimizer, tensor, slot, first, count, span.state[j] = state[j]);
        else if (tensor->state[slot] && gradus_slot_is_per_element(&layer->row->slots[j]))
            span.state[j] = tensor->state[slot] + gradus_slot_before(by->optimizer, layer, j, by->tensor, first);
    }
    gradus_kernel_for(by->optimizer, by->pass->kernel)(&span, 1, by->number);
}

void gradus_viewer_conclude(gradus_viewer *viewer, const gradus_now *now, double exact[GRADUS_CONSTANTS])
{
    const gradus_layer *layer = viewer->layer;
    double hyper[GRADUS_HYPERS];
    gradus_hypers_now(viewer->optimizer, viewer->optimizer->group_of[viewer->tensor], hyper, NULL);
    if (viewer->pass->conclude) viewer->pass->conclude(hyper + layer->first_hyper, now, NULL, layer->memory, exact);
    for (int i = 0; i < GRADUS_CONSTANTS; i++) viewer->number[i] = (float)exact[i];
}

static gradus_viewer averager_for(const gradus_optimizer *optimizer, const gradus_layer *layer, int32_t at)
{
    gradus_viewer made = {.optimizer = optimizer, .layer = layer, .pass = &layer->row->show, .tensor = at};
    double exact[GRADUS_CONSTANTS] = {0};
    gradus_viewer_conclude(&made,
                           &(gradus_now){.update = optimizer->updates[at],
                                         .gradient_scale = 1,
                                         .own = optimizer->tensors[at].own + layer->first_own},
                           exact);
    return made;
}

/* Turns trained values into averaged ones. A tensor that was never updated has no other. */
static void average(const gradus_viewer *by, int64_t first, size_t count, float *values)
{
    if (by->optimizer->updates[by->tensor] > 0) gradus_viewer_run(by, first, count, values);
}

/* Bytes of a tensor's values that are kept while others are shown: none where a float32 copy holds them. */
static size_t kept_size(const gradus_tensor *tensor)
{
    const bool here = !tensor->elsewhere && (!tensor->values || tensor->values == tensor->stored);
    return here ? (size_t)tensor->shape.count * gradus_size_of_type(tensor->values_type) : 0;
}

/* Where a tensor's trained values are kept while others are shown. */
static unsigned char *kept(const gradus_optimizer *optimizer, int32_t at)
{
    unsigned char *memory = (unsigned char *)optimizer->trained;
    for (int32_t i = 0; i < at; i++) memory += (kept_size(&optimizer->tensors[i]) + 3) / 4 * 4;
    return memory;
}

static gradus_status make_room(gradus_optimizer *optimizer, gradus_error *error)
{
    const size_t size = (size_t)(kept(optimizer, optimizer->tensor_count) - kept(optimizer, 0));
    if (optimizer->trained_size >= size) return GRADUS_OK;
    gradus_release(optimizer->context, optimizer->trained, optimizer->trained_size);
    optimizer->trained_size = 0;
    optimizer->trained = gradus_allocate(optimizer->context, size);
    if (!optimizer->trained)
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY,
                           "no memory to keep the trained values while the averaged ones are shown");
    optimizer->trained_size = size;
    return GRADUS_OK;
}

typedef struct exchange {
    gradus_optimizer *optimizer;
    const gradus_layer *layer; /* NULL: back to the trained values */
} exchange;

/* Trained values as float32, whichever are shown. */
static void load_trained(const gradus_optimizer *optimizer, int32_t at, bool shown, int64_t first, size_t count,
                         float *numbers)
{
    const gradus_tensor *tensor = &optimizer->tensors[at];
    if (!shown || !kept_size(tensor))
        gradus_load_values(optimizer, tensor, first, count, numbers);
    else
        gradus_read_numbers(optimizer->isa, tensor->values_type,
                            kept(optimizer, at) + (size_t)first * gradus_size_of_type(tensor->values_type), count,
                            numbers);
}

/* To the nearest: an average is no step of the training. */
static void exchange_tensor(void *job, int64_t index)
{
    static const gradus_dice nearest;
    const exchange *what = job;
    const gradus_optimizer *optimizer = what->optimizer;
    const gradus_tensor *tensor = &optimizer->tensors[index];
    const size_t size = kept_size(tensor);
    if (tensor->elsewhere) return;
    if (size && what->layer) memcpy(kept(optimizer, (int32_t)index), tensor->stored, size);
    if (size && !what->layer) {
        memcpy(tensor->stored, kept(optimizer, (int32_t)index), size);
        return;
    }
    gradus_viewer by = {0};
    if (what->layer) by = averager_for(optimizer, what->layer, (int32_t)index);
    for (int64_t first = 0; first < tensor->shape.count; first += BLOCK) {
        const int64_t left = tensor->shape.count - first;
        const size_t count = (size_t)(left < BLOCK ? left : BLOCK);
        float numbers[BLOCK];
        load_trained(optimizer, (int32_t)index, what->layer != NULL, first, count, numbers);
        if (what->layer) average(&by, first, count, numbers);
        gradus_write_numbers(optimizer->isa, tensor->values_type, numbers, count,
                             (void *)(uintptr_t)gradus_stored_at(tensor, first), &nearest, 0);
    }
}

gradus_status gradus_optimizer_show(gradus_optimizer *optimizer, gradus_view view, gradus_error *error)
{
    gradus_error own = {0};
    if (!error) error = &own;
    gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status || view == optimizer->view) return status;
    if (view != GRADUS_TRAINED && view != GRADUS_AVERAGED)
        return gradus_fail(error, GRADUS_ERROR_RANGE, GRADUS_CODE_OUT_OF_RANGE,
                           "a view is GRADUS_TRAINED or GRADUS_AVERAGED");
    exchange what = {.optimizer = optimizer};
    if (view == GRADUS_AVERAGED) {
        if ((status = gradus_optimizer_whole(optimizer, error))) return status;
        what.layer = averaging(optimizer, error);
        if (!what.layer) return GRADUS_ERROR_USE;
        if ((status = make_room(optimizer, error))) return status;
    }
    gradus_parallel(optimizer->context, optimizer->tensor_count, exchange_tensor, &what);
    optimizer->view = view;
    gradus_found_forget(optimizer);
    return GRADUS_OK;
}

gradus_status gradus_optimizer_read(const gradus_optimizer *optimizer, int32_t index, gradus_view view,
                                    float *destination, gradus_error *error)
{
    gradus_error own = {0};
    if (!error) error = &own;
    gradus_status status = gradus_optimizer_ready(optimizer, error);
    if (status || (status = gradus_optimizer_index(optimizer, index, error))) return status;
    if (optimizer->trial) return gradus_optimizer_whole(optimizer, error);
    const gradus_tensor *tensor = &optimizer->tensors[index];
    const gradus_layer *layer = view == GRADUS_TRAINED ? NULL : averaging(optimizer, error);
    if (error->status) return (gradus_status)error->status;
    if (tensor->elsewhere)
        return gradus_fail(error, GRADUS_ERROR_UNSUPPORTED, GRADUS_CODE_REFUSED,
                           "tensor '%s' lives elsewhere and cannot be read", tensor->name);
    if (!destination) return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING, "no place to read to");
    gradus_viewer by = {0};
    if (layer) by = averager_for(optimizer, layer, index);
    for (int64_t first = 0; first < tensor->shape.count; first += BLOCK) {
        const int64_t left = tensor->shape.count - first;
        const size_t count = (size_t)(left < BLOCK ? left : BLOCK);
        float numbers[BLOCK];
        load_trained(optimizer, index, optimizer->view == GRADUS_AVERAGED, first, count, numbers);
        if (layer) average(&by, first, count, numbers);
        memcpy(destination + first, numbers, count * sizeof(float));
    }
    return GRADUS_OK;
}
