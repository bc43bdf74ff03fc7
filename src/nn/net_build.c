/* From a bound model to layers: names, shapes, tensors; then who runs whose activation, where values are put in order, and how
 * everything lies in memory. */
#include <stdio.h>
#include <string.h>
#include "net.h"

gradus_status gradus_net_no_memory(gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no memory for the net");
}

/* ---- lists of layers ---- */

/* Puts a layer at the end of a list, which moves to twice the room where it is full. */
static gradus_status push(gradus_net *net, gradus_layers *list, gradus_layer *layer, gradus_error *error)
{
    if (list->count == list->room) {
        const int32_t room = list->room ? 2 * list->room : 64;
        gradus_layer **items = gradus_arena_take(&net->arena, (size_t)room * sizeof(gradus_layer *), 64);
        if (!items) return gradus_net_no_memory(error);
        if (list->count) memcpy(items, list->items, (size_t)list->count * sizeof(gradus_layer *));
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = layer;
    return GRADUS_OK;
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

/* "3.body." and "head" make "3.body.head". */
static gradus_status join_names(const gradus_net *net, gradus_where place, const char *prefix, const char *label,
                                char name[GRADUS_LAYER_NAME], gradus_error *error)
{
    const size_t before = strlen(prefix), size = strlen(label) + 1;
    if (before + size > GRADUS_LAYER_NAME)
        return gradus_spec_fail(error, net->model_text, place, GRADUS_CODE_TOO_LONG,
                                "a layer's name has at most %d bytes", GRADUS_LAYER_NAME - 1);
    memcpy(name, prefix, before);
    memcpy(name + before, label, size);
    return GRADUS_OK;
}

static gradus_status name_layer(gradus_layer *layer, branch *in, gradus_error *error)
{
    const gradus_item *item = layer->item;
    const gradus_net *net = layer->net;
    char number[16];
    snprintf(number, sizeof number, "%d", (int)in->index++);
    if (join_names(net, layer->place, in->prefix, item->label ? item->label : number, layer->name, error))
        return (gradus_status)error->status;
    for (int32_t i = 0; item->label && i < net->named.count; i++) {
        const gradus_layer *other = net->named.items[i];
        if (strcmp(other->name, layer->name) != 0) continue;
        if (other->item == item)
            return gradus_spec_fail(error, net->model_text, layer->place, GRADUS_CODE_REPEATED,
                                    "a layer that is repeated cannot have a name");
        return gradus_spec_fail(error, net->model_text, layer->place, GRADUS_CODE_REPEATED,
                                "the name '%s' is layer %d's already", layer->name, (int)other->index + 1);
    }
    return GRADUS_OK;
}

static gradus_status add_chain(gradus_net *net, const gradus_chain *chain, branch *in, gradus_error *error);

static gradus_status add_inside(const gradus_layer *layer, const char *name, const gradus_chain *chain,
                                const gradus_item *ready, gradus_signal **at, gradus_error *error)
{
    char prefix[2 * GRADUS_LAYER_NAME + 2];
    snprintf(prefix, sizeof prefix, "%s.%s.", layer->name, name);
    branch inside = {.prefix = prefix, .at = *at, .ready = ready};
    if (chain && add_chain(layer->net, chain, &inside, error)) return (gradus_status)error->status;
    *at = inside.at;
    return GRADUS_OK;
}

/* ---- layers beside each other ---- */

/* The branches of a layer that joins what they give: those under names of the user's own; those of its first argument where that takes
 * many; else what its first two arguments hold. False: no more. */
static bool branch_at(const gradus_item *item, int32_t index, char name[GRADUS_LAYER_NAME], const gradus_chain **chain)
{
    if (item->member->open) {
        if (index >= item->extra_count) return false;
        snprintf(name, GRADUS_LAYER_NAME, "%s", item->extra[index].name);
        *chain = item->extra[index].value.chain;
        return true;
    }
    const gradus_value *first = item->values;
    const bool many = item->member->arguments[0].flags & GRADUS_MANY;
    if (index >= (many ? first->count : 2)) return false;
    const gradus_value *value = many ? &first->items[index] : &item->values[index];
    if (many)
        snprintf(name, GRADUS_LAYER_NAME, "%d", (int)index);
    else
        snprintf(name, GRADUS_LAYER_NAME, "%s", item->member->arguments[index].name);
    *chain = value->present ? value->chain : NULL;
    return true;
}

/* In front of every branch but the last stands a fork, so that each has a gradient of its own to begin; the last one's becomes the
 * signal's, and the forks add theirs to it. */
static gradus_status fork_signal(gradus_net *net, gradus_signal **at, gradus_error *error)
{
    gradus_signal *signal = *at;
    gradus_layer *fork = new_layer(net, &gradus_layer_fork, signal, error);
    if (!fork) return (gradus_status)error->status;
    fork->output->from = signal->from;
    fork->output->seen = signal;
    fork->output->symbols = signal->symbols;
    *at = fork->output;
    return push(net, &net->layers, fork, error);
}

/* What the layer has as `input` and `second` joined by another of its kind, whose output takes the input's place. */
static gradus_status join_before(gradus_net *net, gradus_layer *layer, gradus_error *error)
{
    gradus_layer *join = new_layer(net, layer->row, layer->input, error);
    if (!join) return (gradus_status)error->status;
    join->item = layer->item;
    join->place = layer->place;
    join->index = net->users.count;
    join->second = layer->second;
    memcpy(join->name, layer->name, sizeof join->name);
    layer->input = join->output;
    if (push(net, &net->layers, join, error)) return (gradus_status)error->status;
    return layer->row->infer(join, error);
}

static gradus_status begin_outputs(gradus_net *net, gradus_layer *layer, gradus_error *error)
{
    if (layer->row != &gradus_layer_outputs) return GRADUS_OK;
    if (net->told_by) return gradus_layer_fail(layer, "stands in a model that has outputs already", error);
    net->told_by = layer;
    net->shared_tensors = net->tensor_count;
    return GRADUS_OK;
}

/* A branch of outputs(...) is something that the net tells. */
static gradus_status note_output(gradus_net *net, gradus_layer *layer, int32_t index, const gradus_signal *end,
                                 gradus_error *error)
{
    if (net->told_by != layer) return GRADUS_OK;
    char sentence[64];
    snprintf(sentence, sizeof sentence, "has more than %d outputs", GRADUS_TARGETS);
    if (index == GRADUS_TARGETS) return gradus_layer_fail(layer, sentence, error);
    net->told[index] = (gradus_told){.name = layer->item->extra[index].name, .width = gradus_shape_size(end->shape)};
    net->told_count = index + 1;
    return GRADUS_OK;
}

/* All branches, and joins of two at a time but for the last, which the layer itself is. */
static gradus_status lay_out(gradus_net *net, gradus_layer *layer, const gradus_item *ready, gradus_error *error)
{
    gradus_signal *const from = layer->input;
    const gradus_chain *chain, *after;
    char name[GRADUS_LAYER_NAME], next[GRADUS_LAYER_NAME];
    if (begin_outputs(net, layer, error)) return (gradus_status)error->status;
    for (int32_t i = 0; branch_at(layer->item, i, name, &chain); i++) {
        gradus_signal *at = from;
        if (branch_at(layer->item, i + 1, next, &after) && fork_signal(net, &at, error))
            return (gradus_status)error->status;
        const gradus_target *target = net->told_by == layer ? gradus_net_target(net->config, name) : NULL;
        if (target) net->outputs = target->outputs; /* up to which ready nets go */
        if (add_inside(layer, name, chain, ready, &at, error) || note_output(net, layer, i, at, error))
            return (gradus_status)error->status;
        if (i > 1 && join_before(net, layer, error)) return (gradus_status)error->status;
        *(i ? &layer->second : &layer->input) = at;
    }
    if (!layer->second) return gradus_layer_fail(layer, "joins two or more", error);
    memcpy(layer->output->shape, layer->input->shape, sizeof layer->output->shape);
    layer->output->sequence = layer->input->sequence;
    return GRADUS_OK;
}

/* ---- layers that share weights ---- */

/* tie=NAME: the layer of that name beside this one, else of the whole model. */
static gradus_status find_tied(gradus_layer *layer, const char *prefix, gradus_error *error)
{
    const gradus_net *net = layer->net;
    const gradus_value *tie = gradus_item_value(layer->item, "tie");
    const size_t before = strlen(prefix);
    if (!tie || !tie->present) return GRADUS_OK;
    for (int32_t i = 0; i < net->named.count; i++) {
        const gradus_layer *other = net->named.items[i];
        const bool beside = strncmp(other->name, prefix, before) == 0 && !strcmp(other->name + before, tie->text);
        if (other != layer && (beside || (!layer->tied && !strcmp(other->name, tie->text)))) layer->tied = other;
    }
    if (!layer->tied)
        return gradus_spec_fail(error, net->model_text, tie->place, GRADUS_CODE_REFERENCE,
                                "no layer before this one is named '%s'", tie->text);
    if (layer->tied->tied)
        return gradus_spec_fail(error, net->model_text, tie->place, GRADUS_CODE_REFERENCE,
                                "'%s' has the weights of another layer itself; name that one", tie->text);
    return GRADUS_OK;
}

/* ---- one after another ---- */

static gradus_status add_layer(gradus_net *net, const gradus_item *item, branch *in, gradus_error *error)
{
    gradus_layer *layer = new_layer(net, (const gradus_layer_row *)item->member, in->at, error);
    if (!layer) return (gradus_status)error->status;
    const bool joins = layer->row->traits & GRADUS_JOINS;
    layer->item = item;
    layer->place = in->ready ? in->ready->place : item->place;
    layer->index = net->users.count; /* for what is wrong inside of it */
    if (name_layer(layer, in, error) || push(net, &net->named, layer, error) ||
        (joins && lay_out(net, layer, in->ready, error)))
        return (gradus_status)error->status;
    layer->index = net->users.count;
    if (push(net, &net->users, layer, error) || push(net, &net->layers, layer, error))
        return (gradus_status)error->status;
    in->at = layer->output;
    if (find_tied(layer, in->prefix, error)) return (gradus_status)error->status;
    if (layer->row->infer && layer->row->infer(layer, error)) return (gradus_status)error->status;
    if (net->told_by == layer && gradus_net_add_balance(net, layer, error)) return (gradus_status)error->status;
    if (gradus_shape_size(layer->output->shape) > INT32_MAX)
        return gradus_layer_fail(layer, "gives more values than a net can hold", error);
    const gradus_value *behind = joins ? gradus_item_value(item, "activation") : NULL;
    return behind ? add_inside(layer, "activation", behind->chain, in->ready, &in->at, error) : GRADUS_OK;
}

/* The layers of a ready net stand where it stands, under its names; those of one that has a name, under that. */
static gradus_status add_ready(gradus_net *net, const gradus_item *item, branch *in, gradus_error *error)
{
    char name[GRADUS_LAYER_NAME], prefix[GRADUS_LAYER_NAME + 2];
    const gradus_item *outer = in->ready;
    const gradus_chain *chain = gradus_net_ready_chain(net, item, in->at, error);
    if (!chain) return (gradus_status)error->status;
    branch under = {.prefix = prefix, .at = in->at}, *where = item->label ? &under : in;
    if (item->label) {
        if (join_names(net, item->place, in->prefix, item->label, name, error)) return (gradus_status)error->status;
        snprintf(prefix, sizeof prefix, "%s.", name);
        in->index++;
    }
    where->ready = outer ? outer : item;
    const gradus_status status = add_chain(net, chain, where, error);
    in->at = where->at;
    in->ready = outer;
    return status;
}

static gradus_status add_item(gradus_net *net, const gradus_item *item, branch *in, gradus_error *error)
{
    if (item->group) return add_chain(net, item->group, in, error);
    const bool ready = ((const gradus_layer_row *)item->member)->write;
    return ready ? add_ready(net, item, in, error) : add_layer(net, item, in, error);
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

static gradus_status settle_in_order(gradus_net *net, gradus_signal *signal, gradus_signal **ordered,
                                     gradus_error *error);

/* What follows from how a layer's input lies in memory, which is put in order where the layer wants that after all; the layer joins
 * the list. */
static gradus_status settle(gradus_net *net, gradus_layer *layer, gradus_error *error)
{
    gradus_signal *input = layer->input, *output = layer->output;
    const uint32_t traits = layer->row->traits;
    output->form = input->form;
    output->trained = input->trained || layer->tensors || layer->tied || (layer->second && layer->second->trained);
    if (traits & GRADUS_SAME_MEMORY) output->same = input;
    if (layer->row->prepare && layer->row->prepare(layer, error)) return (gradus_status)error->status;
    if (layer->wants_plain && !gradus_form_is_plain(input->form, input->shape))
        return settle_in_order(net, input, &layer->input, error) ? (gradus_status)error->status
                                                                 : settle(net, layer, error);
    if (push(net, &net->layers, layer, error)) return (gradus_status)error->status;
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

static gradus_status settle_all(gradus_net *net, const gradus_layers *made, gradus_error *error)
{
    for (int32_t i = 0; i < made->count; i++) {
        gradus_layer *layer = made->items[i], *next = i + 1 < made->count ? made->items[i + 1] : NULL;
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
    net->input->form = gradus_form_plain(net->input->shape);
    net->input->untouched = true;
    net->input->symbols = config->symbols;
    branch whole = {.prefix = "", .at = net->input};
    if (add_chain(net, chain, &whole, error) || check_layers(net, chain, error)) return (gradus_status)error->status;
    const gradus_layers made = net->layers;
    net->layers = (gradus_layers){0};
    net->output = whole.at;
    if (net->told_by && net->output->from != net->told_by)
        return gradus_layer_fail(net->told_by, "stands last: behind it nothing tells its outputs apart", error);
    return settle_all(net, &made, error);
}
