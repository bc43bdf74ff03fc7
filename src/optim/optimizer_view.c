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

/* Turns trained values into averaged ones. A tensor that was never updated has no other. */
static void average(const gradus_optimizer *optimizer, const gradus_layer *layer, int32_t at, float *values)
{
    const gradus_tensor *tensor = &optimizer->tensors[at];
    const gradus_pass *show = &layer->row->show;
    const gradus_now now = {
        .update = optimizer->updates[at], .gradient_scale = 1, .own = tensor->own + layer->first_own};
    double hyper[GRADUS_HYPERS], exact[GRADUS_CONSTANTS] = {0};
    float number[GRADUS_CONSTANTS];
    gradus_span span = {.count = (size_t)tensor->shape.count, .values = values};
    if (optimizer->updates[at] == 0) return;
    gradus_hypers_now(optimizer, optimizer->group_of[at], hyper, NULL);
    if (show->conclude) show->conclude(hyper + layer->first_hyper, &now, NULL, layer->memory, exact);
    for (int i = 0; i < GRADUS_CONSTANTS; i++) number[i] = (float)exact[i];
    for (int32_t j = 0; j < layer->slot_count; j++) {
        if (gradus_slot_is_per_element(&layer->row->slots[j])) span.state[j] = tensor->state[layer->first_slot + j];
    }
    gradus_kernel_for(optimizer, show->kernel)(&span, 1, number);
}

/* Where a tensor's trained values are kept while others are shown. */
static float *kept(const gradus_optimizer *optimizer, int32_t at)
{
    float *memory = optimizer->trained;
    for (int32_t i = 0; i < at; i++) memory += optimizer->tensors[i].elsewhere ? 0 : optimizer->tensors[i].shape.count;
    return memory;
}

static gradus_status make_room(gradus_optimizer *optimizer, gradus_error *error)
{
    size_t size = 0;
    for (int32_t i = 0; i < optimizer->tensor_count; i++)
        size += optimizer->tensors[i].elsewhere ? 0 : (size_t)optimizer->tensors[i].shape.count * sizeof(float);
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

static void exchange_tensor(void *job, int64_t index)
{
    const exchange *what = job;
    const gradus_tensor *tensor = &what->optimizer->tensors[index];
    float *memory = kept(what->optimizer, (int32_t)index);
    const size_t size = (size_t)tensor->shape.count * sizeof(float);
    if (tensor->elsewhere) return;
    memcpy(what->layer ? memory : tensor->values, what->layer ? tensor->values : memory, size);
    if (what->layer) average(what->optimizer, what->layer, (int32_t)index, tensor->values);
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
    const bool shown = optimizer->view == GRADUS_AVERAGED;
    const float *trained = shown ? kept(optimizer, index) : tensor->values;
    memcpy(destination, trained, (size_t)tensor->shape.count * sizeof(float));
    if (layer) average(optimizer, layer, index, destination);
    return GRADUS_OK;
}
