/* Several losses in one net: what their balance keeps, and the gradient of each by itself, where it wants that. */
#include <stdio.h>
#include <string.h>
#include "net.h"

/* ---- what is kept ---- */

gradus_status gradus_net_add_balance(gradus_net *net, gradus_layer *layer, gradus_error *error)
{
    const gradus_balance_row *row = net->balance.row;
    for (int32_t i = 0; row && i < GRADUS_BALANCE_TENSORS && row->tensors[i].name; i++) {
        const gradus_balance_tensor *wanted = &row->tensors[i];
        const int64_t shape[GRADUS_RANK] = {wanted->each * net->told_count + wanted->single};
        gradus_tensor *tensor;
        if (gradus_layer_add_tensor(layer, wanted->name, shape, &tensor, error)) return (gradus_status)error->status;
        tensor->fill = wanted->fill;
        tensor->trained = wanted->trained;
    }
    return GRADUS_OK;
}

/* The last weight before the branches, which GradNorm's authors look at. */
static gradus_status find_shared(gradus_net *net, gradus_error *error)
{
    gradus_apart *apart = &net->apart;
    for (int32_t i = 0; i < net->tensor_count; i++) {
        const gradus_tensor *tensor = &net->tensors[i];
        if (!tensor->trained || i >= net->shared_tensors) continue;
        const int64_t first = tensor->gradient - net->gradients;
        apart->shared = first + tensor->count;
        if (gradus_tensor_is_weight(tensor) || !apart->last_count)
            apart->last = first, apart->last_count = tensor->count;
    }
    if (apart->shared) return GRADUS_OK;
    char sentence[160];
    snprintf(sentence, sizeof sentence, "has no weights before its branches, so that balance=%s has nothing to go by",
             net->balance.row->member.name);
    return gradus_layer_fail(net->told_by, sentence, error);
}

gradus_status gradus_net_bind_balance(gradus_net *net, gradus_error *error)
{
    gradus_balance *balance = &net->balance;
    gradus_apart *apart = &net->apart;
    if (!balance->row) return GRADUS_OK;
    for (int32_t i = 0; i < net->told_by->tensors; i++) {
        balance->kept[i] = gradus_layer_tensor(net->told_by, i)->values;
        balance->gradient[i] = gradus_layer_tensor(net->told_by, i)->gradient;
    }
    if (!balance->row->join) return GRADUS_OK;
    apart->count = net->gradient_count;
    apart->sum = net->gradients;
    if (find_shared(net, error)) return (gradus_status)error->status;
    for (int32_t i = 0; i <= net->told_count; i++) { /* one more to work with */
        float *memory = gradus_arena_take(&net->arena, (size_t)apart->count * sizeof *memory, 64);
        if (!memory) return gradus_net_no_memory(error);
        *(i < net->told_count ? &apart->of[i] : &apart->room) = memory;
    }
    return GRADUS_OK;
}

void gradus_net_weigh(const gradus_net *net, double epoch, double *factors)
{
    for (int32_t i = 0; i < net->told_count; i++) factors[i] = 1;
    if (net->balance.row && net->balance.row->weigh) net->balance.row->weigh(&net->balance, epoch, factors);
}
