/* From a bound model to layers: names, shapes, tensors; then who runs whose activation, where values are put in order, and how
 * everything lies in memory. */
#include <stdio.h>
#include <string.h>
#include "net.h"

gradus_status gradus_net_no_memory(gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for the net");
}

/* The layers in one of an item's arguments; NULL: none. */
static const gradus_chain *chain_in(const gradus_item *item, const char *name)
{
    const gradus_value *value = gradus_item_value(item, name);
    return value && value->present && value->chain && value->chain->count ? value->chain : NULL;
}

static bool is_residual(const gradus_item *item) { return item->member == &gradus_layer_residual.member; }

static bool is_ready(const gradus_item *item) { return ((const gradus_layer_row *)item->member)->write; }

/* With those inside of others, and a fork for each of these; what ready nets stand for is written down for this. */
static int64_t count_layers(gradus_net *net, const gradus_chain *chain, gradus_error *error);

static int64_t count_item(gradus_net *net, const gradus_item *item, gradus_error *error)
{
    static const char *const inside[] = {"body", "shortcut", "activation"};
    int64_t count = 1 + is_residual(item);
    if (is_ready(item)) {
        const gradus_chain *chain = gradus_net_ready_chain(net, item, error);
        return chain ? count_layers(net, chain, error) : 0;
    }
    for (int i = 0; i < 3 && is_residual(item); i++) count += count_layers(net, chain_in(item, inside[i]), error);
    return count;
}

static int64_t count_layers(gradus_net *net, const gradus_chain *chain, gradus_error *error)
{
    int64_t count = 0;
    for (int32_t i = 0; chain && i < chain->count; i++) {
        const gradus_item *item = &chain->items[i];
        count += item->repeat * (item->group ? count_layers(net, item->group, error) : count_item(net, item, error));
    }
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

/* Where layers come to stand: under what name, the how manieth there, and behind which signal. */
typedef struct branch {
    const char *prefix; /* "3.body." */
    int32_t index;
    gradus_signal *at;
    const gradus_item *ready; /* the ready net that they are of; NULL: none */
} branch;

static gradus_status name_layer(gradus_layer *layer, branch *in, gradus_error *error)
{
    const gradus_item *item = layer->item;
    const gradus_net *net = layer->net;
    const char *label = item->label;
    char number[16];
    snprintf(number, sizeof number, "%d", (int)in->index++);
    if (!label) label = number;
    if (strlen(in->prefix) + strlen(label) >= sizeof layer->name)
        return gradus_spec_fail(error, net->model_text, layer->place, GRADUS_CODE_TOO_LONG,
                                "a layer's name has at most %d bytes", (int)sizeof layer->name - 1);
    memcpy(layer->name, in->prefix, strlen(in->prefix));
    memcpy(layer->name + strlen(in->prefix), label, strlen(label) + 1);
    for (int32_t i = 0; item->label && net->layers[i] != layer; i++) {
        if (strcmp(net->layers[i]->name, layer->name) != 0) continue;
        if (net->layers[i]->item == item)
            return gradus_spec_fail(error, net->model_text, layer->place, GRADUS_CODE_REPEATED,
                                    "a layer that is repeated cannot have a name");
        return gradus_spec_fail(error, net->model_text, layer->place, GRADUS_CODE_REPEATED,
                                "the name '%s' is layer %d's already", layer->name, (int)net->layers[i]->index + 1);
    }
    return GRADUS_OK;
}

static gradus_status add_chain(gradus_net *net, const gradus_chain *chain, branch *in, gradus_error *error);

static gradus_status add_inside(const gradus_layer *layer, const char *argument, const gradus_item *ready,
                                gradus_signal **at, gradus_error *error)
{
    char prefix[sizeof layer->name + 16];
    const gradus_chain *chain = chain_in(layer->item, argument);
    snprintf(prefix, sizeof prefix, "%s.%s.", layer->name, argument);
    branch inside = {.prefix = prefix, .at = *at, .ready = ready};
    if (chain && add_chain(layer->net, chain, &inside, error)) return (gradus_status)error->status;
    *at = inside.at;
    return GRADUS_OK;
}

/* The fork, the body, the shortcut; then the layer itself takes its place behind them. */
static gradus_status lay_out(gradus_net *net, gradus_layer *layer, const gradus_item *ready, gradus_error *error)
{
    gradus_layer *fork = new_layer(net, &gradus_layer_fork, layer->input, error);
    if (!fork) return (gradus_status)error->status;
    fork->output->from = layer->input->from;
    fork->output->seen = layer->input;
    fork->output->symbols = layer->input->symbols;
    net->layers[net->layer_count++] = fork;
    layer->second = layer->input;
    layer->input = fork->output;
    if (add_inside(layer, "body", ready, &layer->input, error) ||
        add_inside(layer, "shortcut", ready, &layer->second, error))
        return (gradus_status)error->status;
    memcpy(layer->output->shape, layer->input->shape, sizeof layer->output->shape);
    layer->output->sequence = layer->input->sequence;
    return GRADUS_OK;
}

static gradus_status add_layer(gradus_net *net, const gradus_item *item, branch *in, gradus_error *error)
{
    gradus_layer *layer = new_layer(net, (const gradus_layer_row *)item->member, in->at, error);
    if (!layer) return (gradus_status)error->status;
    layer->item = item;
    layer->place = in->ready ? in->ready->place : item->place;
    layer->index = net->user_layers;
    net->layers[net->layer_count] = layer; /* seen by its name's check, and taken over by what is laid out before it */
    if (name_layer(layer, in, error)) return (gradus_status)error->status;
    if (is_residual(item) && lay_out(net, layer, in->ready, error)) return (gradus_status)error->status;
    layer->index = net->user_layers++;
    net->layers[net->layer_count++] = layer;
    in->at = layer->output;
    const gradus_value *tie = gradus_item_value(item, "tie");
    if (tie && tie->present)
        return gradus_spec_fail(error, net->model_text, tie->place, GRADUS_CODE_REFUSED,
                                "layers cannot share weights yet; leave tie= out");
    if (layer->row->infer && layer->row->infer(layer, error)) return (gradus_status)error->status;
    if (gradus_shape_size(layer->output->shape) > INT32_MAX)
        return gradus_layer_fail(layer, "gives more values than a net can hold", error);
    return is_residual(item) ? add_inside(layer, "activation", in->ready, &in->at, error) : GRADUS_OK;
}

/* The layers of a ready net stand where it stands, under its names. */
static gradus_status add_ready(gradus_net *net, const gradus_item *item, branch *in, gradus_error *error)
{
    const gradus_item *outer = in->ready;
    if (!outer) in->ready = item;
    const gradus_status status = add_chain(net, gradus_net_ready_chain(net, item, error), in, error);
    in->ready = outer;
    return status;
}

static gradus_status add_item(gradus_net *net, const gradus_item *item, branch *in, gradus_error *error)
{
    if (item->group) return add_chain(net, item->group, in, error);
    return is_ready(item) ? add_ready(net, item, in, error) : add_layer(net, item, in, error);
}

static gradus_status add_chain(gradus_net *net, const gradus_chain *chain, branch *in, gradus_error *error)
{
    for (int32_t i = 0; i < chain->count; i++) {
        const gradus_item *item = &chain->items[i];
        for (int32_t again = 0; again < item->repeat; again++)
            if (add_item(net, item, in, error)) return (gradus_status)error->status;
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
    output->trained = input->trained || layer->tensors || (layer->second && layer->second->trained);
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

/* What is added lies in one form. */
static gradus_status settle_second(gradus_net *net, gradus_layer *layer, gradus_error *error)
{
    const gradus_form one = layer->input->form, two = layer->second->form;
    if (one.blocks == two.blocks && one.pixels == two.pixels && one.width == two.width) return GRADUS_OK;
    gradus_signal **const both[] = {&layer->input, &layer->second};
    for (int i = 0; i < 2; i++)
        if (!gradus_form_is_plain((*both[i])->form, (*both[i])->shape) &&
            settle_in_order(net, *both[i], both[i], error))
            return (gradus_status)error->status;
    return GRADUS_OK;
}

static gradus_status settle_all(gradus_net *net, gradus_layer **made, int32_t count, gradus_error *error)
{
    for (int32_t i = 0; i < count; i++) {
        gradus_layer *layer = made[i], *next = i + 1 < count ? made[i + 1] : NULL;
        if (layer->absorbed) continue;
        if (!takes(layer->row, layer->input) && settle_in_order(net, layer->input, &layer->input, error))
            return (gradus_status)error->status;
        if (layer->second && settle_second(net, layer, error)) return (gradus_status)error->status;
        if (next && layer->row->traits & GRADUS_RUNS_ACTIVATION && next->row->activation != GRADUS_LINEAR &&
            next->input == layer->output) {
            layer->activation = next->row->activation;
            layer->output = next->output;
            next->absorbed = true;
        }
        if (settle(net, layer, error)) return (gradus_status)error->status;
    }
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
    net->input = gradus_arena_take(&net->arena, sizeof *net->input, 64);
    if (!net->input) return gradus_net_no_memory(error);
    memcpy(net->input->shape, config->input, sizeof net->input->shape);
    const size_t most = (size_t)count_layers(net, chain, error);
    if (error->status) return (gradus_status)error->status;
    gradus_layer **made = gradus_arena_take(&net->arena, (most + 1) * sizeof(gradus_layer *), 64);
    net->users = gradus_arena_take(&net->arena, (most + 1) * sizeof(gradus_layer *), 64);
    /* two may be put in before each layer, and one at the end */
    gradus_layer **all = gradus_arena_take(&net->arena, (3 * most + 2) * sizeof(gradus_layer *), 64);
    if (!made || !net->users || !all) return gradus_net_no_memory(error);
    net->input->form = gradus_form_plain(net->input->shape);
    net->input->untouched = true;
    net->input->symbols = config->symbols;
    net->layers = made;
    branch whole = {.prefix = "", .at = net->input};
    if (add_chain(net, chain, &whole, error) || check_layers(net, chain, error)) return (gradus_status)error->status;
    const int32_t count = net->layer_count;
    for (int32_t i = 0, user = 0; i < count; i++)
        if (made[i]->item) net->users[user++] = made[i];
    net->layers = all;
    net->layer_count = 0;
    net->output = whole.at;
    return settle_all(net, made, count, error);
}
