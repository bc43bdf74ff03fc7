/* Nets: made from texts and a shape, told about, taken apart. */
#include <stdio.h>
#include <string.h>
#include "net.h"

/* ---- life ---- */

static gradus_status check_config(const gradus_net_config *config, gradus_error *error)
{
    if (!config->model || !config->input[0] || config->batch < 1 || config->threads < 0 || config->target_count < 1 ||
        config->target_count > GRADUS_TARGETS)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING,
                           "a net needs a model, a shape of its input, one to %d targets and a batch", GRADUS_TARGETS);
    if (gradus_spec_open_count(config->model) || (config->init && gradus_spec_open_count(config->init)) ||
        (config->loss && gradus_spec_open_count(config->loss)))
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_UNEXPECTED_VALUE,
                           "a net cannot be made while values are still open");
    return GRADUS_OK;
}

static gradus_status make(gradus_net *net, const gradus_net_config *config, gradus_error *error)
{
    net->model_text = config->model_text ? config->model_text : "";
    net->seed = config->seed;
    net->config = config;
    net->outputs = config->targets[0].outputs;
    net->threads = config->threads ? config->threads : gradus_threads(NULL);
    net->kernels = gradus_kernels_best(error);
    if (!net->kernels) return (gradus_status)error->status;
    net->backend = gradus_backend_create(net->threads, error);
    if (!net->backend || gradus_net_find_balance(net, config, error) || gradus_net_build(net, config, error) ||
        gradus_net_fit_losses(net, config, error) || gradus_net_fill(net, config, error) ||
        gradus_net_bind_balance(net, error) || gradus_net_plan(net, error))
        return (gradus_status)error->status;
    net->config = NULL;
    return gradus_net_reserve(net, config->batch, error);
}

gradus_net *gradus_net_create(const gradus_net_config *config, gradus_error *error)
{
    gradus_error nobody = {0};
    if (!error) error = &nobody;
    if (error->status || check_config(config, error)) return NULL;
    gradus_net *net = gradus_allocate(NULL, sizeof *net);
    if (!net) {
        gradus_net_no_memory(error);
        return NULL;
    }
    gradus_arena_open(&net->arena, NULL);
    if (!make(net, config, error)) return net;
    gradus_net_destroy(net);
    return NULL;
}

void gradus_net_destroy(gradus_net *net)
{
    if (!net) return;
    for (int32_t i = 0; i < net->layers.count; i++)
        if (net->layers.items[i]->row->release) net->layers.items[i]->row->release(net->layers.items[i]);
    gradus_backend_destroy(net->backend);
    for (int i = 0; i < 2; i++) gradus_spec_destroy(net->spoken[i]);
    for (gradus_ready *at = net->ready_nets; at; at = at->next) gradus_spec_destroy(at->spec);
    gradus_release(NULL, net->tensor_memory, net->tensor_bytes);
    gradus_release(NULL, net->memory, net->memory_bytes);
    gradus_arena_close(&net->arena);
    gradus_release(NULL, net, sizeof *net);
}

/* ---- what it is ---- */

int32_t gradus_net_layer_count(const gradus_net *net) { return net->users.count; }

static int64_t count_parameters(const gradus_net *net, int32_t first, int32_t count)
{
    int64_t sum = 0;
    for (int32_t i = first; i < first + count; i++)
        if (net->tensors[i].trained) sum += gradus_shape_size(net->tensors[i].shape);
    return sum;
}

void gradus_net_layer(const gradus_net *net, int32_t index, gradus_layer_info *info)
{
    const gradus_layer *layer = net->users.items[index];
    *info = (gradus_layer_info){.parameters = count_parameters(net, layer->first_tensor, layer->tensors)};
    if (layer->second) /* what it goes round stands above it */
        snprintf(info->spec, sizeof info->spec, "%s(...)", layer->row->member.name);
    else
        gradus_layer_print(layer, info->spec, sizeof info->spec);
    memcpy(info->name, layer->name, sizeof info->name);
    memcpy(info->output, layer->output->shape, sizeof info->output);
}

int64_t gradus_net_parameters(const gradus_net *net) { return count_parameters(net, 0, net->tensor_count); }

gradus_net_memory gradus_net_memory_of(const gradus_net *net)
{
    gradus_net_memory memory = {.activations = (int64_t)net->memory_bytes,
                                .workspace = gradus_backend_memory(net->backend)};
    for (int32_t i = 0; i < net->tensor_count; i++) {
        const int64_t bytes = net->tensors[i].count * (int64_t)sizeof(float);
        memory.parameters += bytes;
        memory.gradients += net->tensors[i].trained ? bytes : 0;
    }
    return memory;
}

const int64_t *gradus_net_output(const gradus_net *net) { return net->output->shape; }
