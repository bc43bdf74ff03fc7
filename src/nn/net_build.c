/* From a bound model to layers: names, shapes, tensors; then who runs whose activation, where values are put in order, and how
 * everything lies in memory. */
#include <stdio.h>
#include <string.h>
#include "net.h"

gradus_status gradus_net_no_memory(gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for the net");
}

static int64_t count_layers(const gradus_chain *chain)
{
    int64_t count = 0;
    for (int32_t i = 0; i < chain->count; i++)
        count += chain->items[i].repeat * (chain->items[i].group ? count_layers(chain->items[i].group) : 1);
    return count;
}

/* ---- layers ---- */

static gradus_layer *new_layer(gradus_net *net, const gradus_layer_row *row, gradus_signal *input, gradus_error *error)
{
    gradus_layer *layer = gradus_arena_take(&net->arena, sizeof *layer, 64);
    gradus_signal *output = gradus_arena_take(&net->arena, sizeof *output, 64);
    void *state = row->state_size ? gradus_arena_take(&net->arena, row->state_size, 64) : NULL;
    if (!layer || !output || (row->state_size && !state)) {
        gradus_net_no_memory(error);
        return NULL;
    }
    *layer = (gradus_layer){.row = row, .net = net, .input = input, .output = output, .state = state};
    *output = (gradus_signal){.untouched = input->untouched, .sequence = input->sequence, .from = layer};
    memcpy(output->shape, input->shape, sizeof output->shape);
    return layer;
}

static gradus_status name_layer(gradus_layer *layer, gradus_error *error)
{
    const gradus_item *item = layer->item;
    const gradus_net *net = layer->net;
    snprintf(layer->name, sizeof layer->name, "%d", (int)layer->index);
    if (!item->label) return GRADUS_OK;
    if (strlen(item->label) >= sizeof layer->name)
        return gradus_spec_fail(error, net->model_text, item->place, GRADUS_CODE_TOO_LONG,
                                "a layer's name has at most %d bytes", (int)sizeof layer->name - 1);
    memcpy(layer->name, item->label, strlen(item->label) + 1);
    for (int32_t i = 0; i + 1 < net->user_layers; i++) {
        if (strcmp(net->layers[i]->name, layer->name) != 0) continue;
        if (net->layers[i]->item == item)
            return gradus_spec_fail(error, net->model_text, item->place, GRADUS_CODE_REPEATED,
                                    "a layer that is repeated cannot have a name");
        return gradus_spec_fail(error, net->model_text, item->place, GRADUS_CODE_REPEATED,
                                "the name '%s' is layer %d's already", layer->name, (int)i + 1);
    }
    return GRADUS_OK;
}

static gradus_status add_layer(gradus_net *net, const gradus_item *item, gradus_error *error)
{
    gradus_signal *input = net->user_layers ? net->layers[net->user_layers - 1]->output : net->input;
    gradus_layer *layer = new_layer(net, (const gradus_layer_row *)item->member, input, error);
    if (!layer) return (gradus_status)error->status;
    layer->item = item;
    layer->index = net->user_layers;
    net->layers[net->user_layers++] = layer;
    if (name_layer(layer, error)) return (gradus_status)error->status;
    const gradus_value *tie = gradus_item_value(item, "tie");
    if (tie && tie->present)
        return gradus_spec_fail(error, net->model_text, tie->place, GRADUS_CODE_REFUSED,
                                "layers cannot share weights yet; leave tie= out");
    if (layer->row->infer && layer->row->infer(layer, error)) return (gradus_status)error->status;
    if (gradus_shape_size(layer->output->shape) > INT32_MAX)
        return gradus_layer_fail(layer, "gives more values than a net can hold", error);
    return GRADUS_OK;
}

static gradus_status add_chain(gradus_net *net, const gradus_chain *chain, gradus_error *error)
{
    for (int32_t i = 0; i < chain->count; i++) {
        const gradus_item *item = &chain->items[i];
        for (int32_t again = 0; again < item->repeat; again++)
            if (item->group ? add_chain(net, item->group, error) : add_layer(net, item, error))
                return (gradus_status)error->status;
    }
    return GRADUS_OK;
}

/* ---- forms ---- */

static bool takes(const gradus_layer_row *row, const gradus_signal *signal)
{
    return gradus_form_is_plain(signal->form, signal->shape) || row->traits & GRADUS_ANY_ORDER ||
           (row->traits & GRADUS_BLOCKS && gradus_shape_rank(signal->shape) > 1);
}

/* What follows from how a layer's input lies in memory; the layer joins the list. */
static gradus_status settle(gradus_net *net, gradus_layer *layer, gradus_error *error)
{
    gradus_signal *input = layer->input, *output = layer->output;
    const uint32_t traits = layer->row->traits;
    net->layers[net->layer_count++] = layer;
    output->form = input->form;
    output->trained = input->trained || layer->tensors;
    if (traits & GRADUS_SAME_MEMORY) output->same = input;
    if (layer->row->prepare && layer->row->prepare(layer, error)) return (gradus_status)error->status;
    if (traits & GRADUS_IN_PLACE) {
        while (input->same) input = input->same;
        input->in_place = output;
    }
    return GRADUS_OK;
}

static gradus_status settle_in_order(gradus_net *net, gradus_signal *signal, gradus_signal **ordered,
                                     gradus_error *error)
{
    gradus_layer *layer = new_layer(net, &gradus_layer_arrange, signal, error);
    if (!layer) return (gradus_status)error->status;
    *ordered = layer->output;
    return settle(net, layer, error);
}

static gradus_status settle_all(gradus_net *net, gradus_layer **users, gradus_error *error)
{
    for (int32_t i = 0; i < net->user_layers; i++) {
        gradus_layer *layer = users[i], *next = i + 1 < net->user_layers ? users[i + 1] : NULL;
        if (layer->absorbed) continue;
        if (i) layer->input = users[i - 1]->output;
        if (!takes(layer->row, layer->input) && settle_in_order(net, layer->input, &layer->input, error))
            return (gradus_status)error->status;
        if (next && layer->row->traits & GRADUS_RUNS_ACTIVATION && next->row->activation != GRADUS_LINEAR) {
            layer->activation = next->row->activation;
            layer->output = next->output;
            next->absorbed = true;
        }
        if (settle(net, layer, error)) return (gradus_status)error->status;
    }
    net->output = users[net->user_layers - 1]->output;
    if (!gradus_form_is_plain(net->output->form, net->output->shape))
        return settle_in_order(net, net->output, &net->output, error);
    return GRADUS_OK;
}

/* ---- all of it ---- */

static gradus_status check_layers(const gradus_net *net, const gradus_chain *chain, gradus_error *error)
{
    for (int32_t i = 0; i < net->tensor_count; i++)
        if (net->tensors[i].trained) return GRADUS_OK;
    return gradus_spec_fail(error, net->model_text, chain->place, GRADUS_CODE_MISSING,
                            "this model has nothing to learn; it ends in a layer such as dense(10)");
}

gradus_status gradus_net_build(gradus_net *net, const gradus_net_config *config, gradus_error *error)
{
    const gradus_chain *chain = gradus_spec_chain(config->model);
    const int64_t count = count_layers(chain);
    gradus_layer **users = gradus_arena_take(&net->arena, (size_t)(count + 1) * sizeof(gradus_layer *), 64);
    net->input = gradus_arena_take(&net->arena, sizeof *net->input, 64);
    /* one may be put in before each layer, and one at the end */
    gradus_layer **all = gradus_arena_take(&net->arena, (size_t)(2 * count + 2) * sizeof(gradus_layer *), 64);
    if (!users || !net->input || !all) return gradus_net_no_memory(error);
    memcpy(net->input->shape, config->input, sizeof net->input->shape);
    net->input->form = gradus_form_plain(net->input->shape);
    net->input->untouched = true;
    net->input->symbols = config->symbols;
    net->layers = users;
    if (add_chain(net, chain, error) || check_layers(net, chain, error)) return (gradus_status)error->status;
    net->users = users;
    net->layers = all;
    return settle_all(net, users, error);
}
