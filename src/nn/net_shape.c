/* Shapes, and what rows use to look at their input and to say what is wrong with it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net.h"

int32_t gradus_shape_rank(const int64_t *shape)
{
    int32_t rank = 0;
    while (rank < GRADUS_RANK && shape[rank]) rank++;
    return rank;
}

int64_t gradus_shape_size(const int64_t *shape)
{
    int64_t size = 1;
    for (int32_t i = 0; i < GRADUS_RANK && shape[i]; i++) size *= shape[i];
    return size;
}

void gradus_shape_print(const int64_t *shape, char *text, size_t size)
{
    size_t length = 0;
    for (int32_t i = 0; i < GRADUS_RANK && shape[i] && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%lld", i ? "x" : "", (long long)shape[i]);
}

/* Channels first; a flat example is one block. */
gradus_form gradus_form_plain(const int64_t *shape)
{
    const int64_t size = gradus_shape_size(shape);
    if (gradus_shape_rank(shape) <= 1) return (gradus_form){1, 1, size};
    return (gradus_form){shape[0], size / shape[0], 1};
}

bool gradus_form_is_plain(gradus_form form, const int64_t *shape)
{
    return (form.width == 1 || form.pixels == 1) && gradus_form_size(form) == gradus_shape_size(shape);
}

/* ---- for rows ---- */

void gradus_layer_print(const gradus_layer *layer, char *text, size_t size)
{
    gradus_item one = *layer->item;
    one.repeat = 1; /* `3 * relu` is three layers called relu */
    gradus_item_print(&one, GRADUS_PRINT_CANONICAL, text, size);
}

gradus_status gradus_layer_fail(const gradus_layer *layer, const char *sentence, gradus_error *error)
{
    char printed[160];
    gradus_layer_print(layer, printed, sizeof printed);
    return gradus_spec_fail(error, layer->net->model_text, layer->place, GRADUS_CODE_OUT_OF_RANGE, "'%s' (layer %d) %s",
                            printed, (int)layer->index + 1, sentence);
}

gradus_status gradus_layer_divides(const gradus_layer *layer, int64_t groups, int64_t count, const char *what,
                                   gradus_error *error)
{
    char sentence[240];
    int64_t fits = 1; /* the nearest number that does */
    if (count % groups == 0) return GRADUS_OK;
    for (int64_t i = 1; i <= count; i++)
        if (count % i == 0 && llabs(i - groups) < llabs(fits - groups)) fits = i;
    snprintf(sentence, sizeof sentence, "cannot divide %s into %lld equal groups; %lld would do", what,
             (long long)groups, (long long)fits);
    return gradus_layer_fail(layer, sentence, error);
}

gradus_status gradus_layer_misfit(const gradus_layer *layer, const char *wanted, const char *remedy,
                                  gradus_error *error)
{
    char giver[200] = "the data give", shape[120];
    const gradus_layer *before = layer->input->from;
    if (before) {
        char printed[160];
        gradus_layer_print(before, printed, sizeof printed);
        snprintf(giver, sizeof giver, "'%s' (layer %d) gives", printed, (int)before->index + 1);
    }
    gradus_shape_print(layer->input->shape, shape, sizeof shape);
    return gradus_spec_fail(error, layer->net->model_text, layer->place, GRADUS_CODE_WRONG_TYPE,
                            "'%s' (layer %d) wants %s but %s %s; %s", layer->row->member.name, (int)layer->index + 1,
                            wanted, giver, shape, remedy);
}

gradus_status gradus_layer_pair(const gradus_layer *layer, int32_t argument, int64_t pair[2], gradus_error *error)
{
    const gradus_value *value = &layer->item->values[argument];
    if (value->count > 2)
        return gradus_spec_fail(error, layer->net->model_text, value->place, GRADUS_CODE_TOO_MANY,
                                "'%s' is one number or two, [height, width]",
                                layer->row->member.arguments[argument].name);
    for (int i = 0; i < 2; i++) {
        const gradus_value *one = value->count ? &value->items[i < value->count ? i : 0] : value;
        pair[i] = (int64_t)one->number;
    }
    return GRADUS_OK;
}

gradus_status gradus_layer_add_tensor(gradus_layer *layer, const char *name, const int64_t *shape, gradus_tensor **made,
                                      gradus_error *error)
{
    gradus_net *net = layer->net;
    if (net->tensor_count == net->tensor_room) {
        const int32_t room = net->tensor_room ? 2 * net->tensor_room : 16;
        gradus_tensor *more = gradus_arena_take(&net->arena, (size_t)room * sizeof *more, 64);
        if (!more) return gradus_net_no_memory(error);
        if (net->tensor_count) memcpy(more, net->tensors, (size_t)net->tensor_count * sizeof *more);
        net->tensors = more;
        net->tensor_room = room;
    }
    if (!layer->tensors) layer->first_tensor = net->tensor_count;
    layer->tensors++;
    gradus_tensor *tensor = *made = &net->tensors[net->tensor_count++];
    snprintf(tensor->name, sizeof tensor->name, "%s.%s", layer->name, name);
    for (int32_t i = 0; i < GRADUS_RANK && shape[i]; i++) tensor->shape[i] = shape[i];
    tensor->count = gradus_shape_size(tensor->shape);
    tensor->trained = true;
    return GRADUS_OK;
}
