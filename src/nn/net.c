/* Nets: made from texts and a shape, told about, taken apart. */
#include <stdio.h>
#include <string.h>
#include "net.h"

/* ---- the loss ---- */

static const gradus_family *const families[] = {&gradus_loss_family, &gradus_init_family, NULL};
static const gradus_language losses = {.families = families};

static const gradus_layer *last_layer(const gradus_net *net)
{
    int32_t last = net->users.count - 1;
    while (last > 0 && net->users.items[last]->row->traits & GRADUS_SAME_MEMORY) last--;
    return net->users.items[last];
}

static gradus_status check_outputs(const gradus_net *net, const gradus_net_config *config, gradus_error *error)
{
    const gradus_loss *loss = &net->loss;
    const bool classes = config->target == GRADUS_TARGET_CLASS;
    const bool stepwise = config->positions > 0;
    const bool only_one = classes && loss->row->one_output == GRADUS_ONE_ONLY;
    const bool one_will_do =
        classes && loss->row->one_output != GRADUS_ONE_FOR_EACH && loss->width == 1 && config->outputs == 2;
    const int64_t wanted = only_one ? 1 : config->outputs;
    char sentence[320], shape[120];
    gradus_shape_print(net->output->shape, shape, sizeof shape);
    if (only_one && config->outputs > 2)
        snprintf(sentence, sizeof sentence,
                 "stands before %s, which tells 2 classes apart, but the data have %lld; take cross_entropy",
                 loss->row->member.name, (long long)config->outputs);
    else if (stepwise && !(net->output->sequence && net->output->shape[0] == config->positions))
        snprintf(sentence, sizeof sentence,
                 "gives %s, but the data have a target for each of %lld steps; keep the steps apart to the end", shape,
                 (long long)config->positions);
    else if (classes && net->output->sequence && !stepwise)
        snprintf(sentence, sizeof sentence,
                 "gives %s, a result for each step, but the data have one target for all; take the last step's "
                 "(last=true) or flatten",
                 shape);
    else if (classes && !stepwise && gradus_shape_rank(net->output->shape) != 1)
        snprintf(sentence, sizeof sentence,
                 "gives %s, but the loss wants one value for each class; end in flatten > dense(%lld)", shape,
                 (long long)wanted);
    else if (wanted && loss->width != wanted && !one_will_do)
        snprintf(sentence, sizeof sentence, "gives %s values, but the data have %lld %s; end in dense(%lld)", shape,
                 (long long)config->outputs, classes ? "classes" : "numbers to tell", (long long)wanted);
    else
        return GRADUS_OK;
    return gradus_layer_fail(net->users.items[net->users.count - 1], sentence, error);
}

static gradus_status find_loss(gradus_net *net, const gradus_net_config *config, gradus_error *error)
{
    static const char *const usual[] = {"cross_entropy", "mean_squared"};
    const gradus_spec *spec = config->loss;
    if (!spec || !gradus_spec_chain(spec)->count) {
        const gradus_spec_config how = {.family = "loss", .language = &losses};
        spec = net->spoken = gradus_spec_create(usual[config->target == GRADUS_TARGET_NUMBERS], &how, error);
        if (!spec) return (gradus_status)error->status;
    }
    const gradus_item *item = &gradus_spec_chain(spec)->items[0];
    const gradus_loss_row *row = (const gradus_loss_row *)item->member;
    net->loss = (gradus_loss){.row = row, .values = item->values, .target = config->target, .kernels = net->kernels};
    net->loss.mean = item->values[row->reduction].number == 0;
    if (!(row->targets & 1u << config->target))
        return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_WRONG_TYPE,
                           "loss: '%s' is for %s, but the data have %s; take %s", row->member.name,
                           config->target == GRADUS_TARGET_CLASS ? "numbers" : "classes",
                           config->target == GRADUS_TARGET_CLASS ? "classes" : "numbers",
                           usual[config->target == GRADUS_TARGET_NUMBERS]);
    return GRADUS_OK;
}

/* A single weight is the second of two classes', and the first has what is left to 1 (Lin et al. 2017, alpha). Balanced: examples of
 * each class together weigh as much as those of any other, and all of them as much as they would without weights. */
static bool read_weights(const gradus_value *given, const int64_t *counts, int64_t classes, double *weights)
{
    const bool balanced = given->count == 1 && given->items[0].text, second = given->count == 1 && classes == 2;
    double examples = 0;
    for (int64_t i = 0; balanced && counts && i < classes; i++) examples += (double)counts[i];
    for (int64_t i = 0; i < classes; i++) {
        const double number = given->items[given->count == classes ? i : 0].number;
        if (balanced)
            weights[i] = counts ? examples / ((double)classes * (double)(counts[i] ? counts[i] : 1)) : -1;
        else if (second)
            weights[i] = i ? number : 1 - number;
        else
            weights[i] = given->count == classes ? number : -1;
        if (!(weights[i] >= 0)) return false;
    }
    return true;
}

static gradus_status weigh_classes(gradus_net *net, const gradus_net_config *config, gradus_error *error)
{
    gradus_loss *loss = &net->loss;
    const int32_t at = loss->row->class_weights;
    if (!at || !loss->values[at].present) return GRADUS_OK;
    const int64_t classes = loss->width == 1 ? 2 : loss->width;
    double *weights = gradus_arena_take(&net->arena, (size_t)classes * sizeof *weights, 64);
    if (!weights) return gradus_net_no_memory(error);
    loss->weights = weights;
    if (read_weights(&loss->values[at], config->class_counts, classes, weights)) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_LENGTHS,
                       "loss: '%s' has a number for each of the %lld classes%s, or is the word balanced%s",
                       loss->row->member.arguments[at].name, (long long)classes,
                       classes == 2 ? ", or one from 0 to 1 that is the second's" : "",
                       config->class_counts ? "" : ", where it is known how often each occurs");
}

static gradus_status fit_loss(gradus_net *net, const gradus_net_config *config, gradus_error *error)
{
    gradus_loss *loss = &net->loss;
    const gradus_layer *last = last_layer(net);
    if (loss->row->applies && !strcmp(last->row->member.name, loss->row->applies)) {
        char sentence[160];
        snprintf(sentence, sizeof sentence, "stands before %s, which applies %s itself; leave it out",
                 loss->row->member.name, loss->row->applies);
        return gradus_layer_fail(last, sentence, error);
    }
    loss->positions = config->positions > 0 ? config->positions : 1;
    loss->width = gradus_shape_size(net->output->shape) / loss->positions;
    loss->share = loss->mean ? 1 / (double)loss->width : 1;
    return check_outputs(net, config, error) ? (gradus_status)error->status : weigh_classes(net, config, error);
}

/* ---- life ---- */

static gradus_status check_config(const gradus_net_config *config, gradus_error *error)
{
    if (!config->model || !config->input[0] || config->batch < 1 || config->threads < 0)
        return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_MISSING,
                           "a net needs a model, a shape of its input and a batch");
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
    net->outputs = config->outputs;
    net->threads = config->threads ? config->threads : gradus_threads(NULL);
    net->kernels = gradus_kernels_best(error);
    if (!net->kernels) return (gradus_status)error->status;
    net->backend = gradus_backend_create(net->threads, error);
    if (!net->backend || find_loss(net, config, error) || gradus_net_build(net, config, error) ||
        fit_loss(net, config, error) || gradus_net_fill(net, config, error) || gradus_net_plan(net, error))
        return (gradus_status)error->status;
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
    gradus_spec_destroy(net->spoken);
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
    gradus_net_memory memory = {.activations = (int64_t)net->memory_bytes};
    for (int32_t i = 0; i < net->tensor_count; i++) {
        const int64_t bytes = net->tensors[i].count * (int64_t)sizeof(float);
        memory.parameters += bytes;
        memory.gradients += net->tensors[i].trained ? bytes : 0;
    }
    return memory;
}

bool gradus_net_tells_probabilities(const gradus_net *net) { return net->loss.row->predict != NULL; }

const int64_t *gradus_net_output(const gradus_net *net) { return net->output->shape; }
