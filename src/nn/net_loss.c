/* Which loss is of what: each thing that the net tells finds its target by name, and its loss; whether what the net gives fits both. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "net.h"

static const gradus_family *const families[] = {&gradus_loss_family, &gradus_balance_family, &gradus_init_family, NULL};
static const gradus_language losses = {.families = families};

/* ---- what the text says ---- */

static bool is_sum(const gradus_item *item) { return item->member == &gradus_loss_sum.member; }

/* The losses of a text, one after another; NULL: no more, or none is given. */
static const gradus_item *loss_at(const gradus_net_config *config, int32_t index)
{
    const gradus_chain *chain = config->loss ? gradus_spec_chain(config->loss) : NULL;
    if (!chain || !chain->count) return NULL;
    if (!is_sum(chain->items)) return index ? NULL : chain->items;
    const gradus_value *parts = &chain->items[0].values[0];
    return index < parts->count ? parts->items[index].chain->items : NULL;
}

static const char *output_of(const gradus_item *item)
{
    const gradus_value *output = gradus_item_value(item, "output");
    return output && output->present ? output->text : NULL;
}

static gradus_status fail_at(const gradus_net_config *config, gradus_where place, const char *name, const char *near,
                             const char *sentence, gradus_error *error)
{
    gradus_spec_fail(error, config->loss_text ? config->loss_text : "", place, GRADUS_CODE_REFERENCE,
                     "loss: '%s' %s%s%s%s", name, sentence, near ? "; did you mean '" : "", near ? near : "",
                     near ? "'?" : "");
    if (near) snprintf(error->near, sizeof error->near, "%.47s", near);
    return (gradus_status)error->status;
}

gradus_status gradus_net_find_balance(gradus_net *net, const gradus_net_config *config, gradus_error *error)
{
    const gradus_chain *chain = config->loss ? gradus_spec_chain(config->loss) : NULL;
    if (!chain || !chain->count || !is_sum(chain->items)) return GRADUS_OK;
    const gradus_item *sum = chain->items;
    for (int32_t i = 0; i < sum->values[0].count; i++) {
        const gradus_item *part = sum->values[0].items[i].chain->items;
        if (is_sum(part)) return fail_at(config, part->place, "sum", NULL, "does not stand in a sum", error);
    }
    const gradus_value *balance = gradus_item_value(sum, "balance");
    if (!balance->present || !balance->chain->count) return GRADUS_OK;
    net->balance.row = (const gradus_balance_row *)balance->chain->items[0].member;
    net->balance.values = balance->chain->items[0].values;
    net->balance.seed = net->seed;
    return GRADUS_OK;
}

/* The loss that is said to be of an output; else one that does not say of which; else the target's usual one. */
static gradus_status find_item(gradus_net *net, const gradus_net_config *config, const gradus_told *told,
                               const gradus_item **found, gradus_error *error)
{
    static const char *const usual[] = {"cross_entropy", "mean_squared"};
    const gradus_item *item, *general = NULL;
    *found = NULL;
    for (int32_t i = 0; (item = loss_at(config, i)); i++) {
        const char *output = output_of(item);
        const bool own = output && told->name && !strcmp(output, told->name);
        const gradus_item **place = own ? found : &general;
        if (output && !own) continue;
        if (*place)
            return fail_at(config, item->place, item->member->name, NULL,
                           own ? "is a second loss of that output" : "is a second loss that says no output=", error);
        *place = item;
    }
    if (!*found) *found = general;
    if (*found) return GRADUS_OK;
    const int32_t kind = config->targets[told->target].kind;
    const gradus_spec_config how = {.family = "loss", .language = &losses};
    if (!net->spoken[kind]) net->spoken[kind] = gradus_spec_create(usual[kind == GRADUS_TARGET_NUMBERS], &how, error);
    if (!net->spoken[kind]) return (gradus_status)error->status;
    *found = gradus_spec_chain(net->spoken[kind])->items;
    return GRADUS_OK;
}

static const char *nearest_output(const gradus_net *net, const char *name)
{
    const char *names[GRADUS_TARGETS];
    for (int32_t i = 0; i < net->told_count; i++) names[i] = net->told[i].name ? net->told[i].name : "";
    return gradus_nearest(name, names, net->told_count);
}

/* Each loss is of something that is told. */
static gradus_status check_names(const gradus_net *net, const gradus_net_config *config, gradus_error *error)
{
    const gradus_item *item;
    for (int32_t i = 0; (item = loss_at(config, i)); i++) {
        const char *output = output_of(item);
        bool known = !output;
        for (int32_t k = 0; k < net->told_count; k++)
            known = known || (net->told[k].name && !strcmp(net->told[k].name, output));
        if (!known)
            return fail_at(config, gradus_item_value(item, "output")->place, output, nearest_output(net, output),
                           net->told_by ? "is no output of the model" : "is no output: the model names none", error);
    }
    return GRADUS_OK;
}

/* ---- targets ---- */

static void list_targets(const gradus_net_config *config, char *text, size_t size)
{
    size_t used = 0;
    *text = 0;
    for (int32_t i = 0; i < config->target_count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "",
                                 config->targets[i].name ? config->targets[i].name : "one thing without a name");
}

const gradus_target *gradus_net_target(const gradus_net_config *config, const char *name)
{
    for (int32_t i = 0; i < config->target_count; i++)
        if (config->targets[i].name && !strcmp(config->targets[i].name, name)) return &config->targets[i];
    return NULL;
}

/* Outputs and targets, each of the one with one of the other. */
static gradus_status match_targets(gradus_net *net, const gradus_net_config *config, gradus_error *error)
{
    char known[160], sentence[320];
    list_targets(config, known, sizeof known);
    if (!net->told_by) {
        net->told_count = 1;
        if (config->target_count == 1) return GRADUS_OK;
        snprintf(sentence, sizeof sentence, "tells one thing, but the data have %s; end in outputs(%s=dense(...), ...)",
                 known, config->targets[0].name);
        return gradus_layer_fail(net->users.items[net->users.count - 1], sentence, error);
    }
    for (int32_t i = 0; i < net->told_count; i++) {
        const gradus_target *target = gradus_net_target(config, net->told[i].name);
        snprintf(sentence, sizeof sentence, "names an output '%s', but the data have %s", net->told[i].name, known);
        if (!target) return gradus_layer_fail(net->told_by, sentence, error);
        net->told[i].target = (int32_t)(target - config->targets);
    }
    for (int32_t i = 0; i < config->target_count; i++) {
        bool told = false;
        for (int32_t k = 0; k < net->told_count; k++) told = told || net->told[k].target == i;
        snprintf(sentence, sizeof sentence, "has no output for '%s' of the data; name one so", config->targets[i].name);
        if (!told) return gradus_layer_fail(net->told_by, sentence, error);
    }
    return GRADUS_OK;
}

/* ---- whether they fit ---- */

static const gradus_layer *last_layer(const gradus_net *net)
{
    int32_t last = net->users.count - 1;
    while (last > 0 && net->users.items[last]->row->traits & GRADUS_SAME_MEMORY) last--;
    return net->users.items[last];
}

static gradus_status check_width(const gradus_net *net, const gradus_net_config *config, const gradus_told *told,
                                 const gradus_loss *loss, gradus_error *error)
{
    const gradus_target *target = &config->targets[told->target];
    const bool classes = target->kind == GRADUS_TARGET_CLASS;
    const bool stepwise = config->positions > 0;
    const bool only_one = classes && loss->row->one_output == GRADUS_ONE_ONLY;
    const bool one_will_do =
        classes && loss->row->one_output != GRADUS_ONE_FOR_EACH && loss->width == 1 && target->outputs == 2;
    const int64_t wanted = only_one ? 1 : target->outputs;
    char sentence[400], shape[120], of[80] = "";
    gradus_shape_print(net->output->shape, shape, sizeof shape);
    if (told->name) snprintf(shape, sizeof shape, "%lld", (long long)told->width);
    if (told->name) snprintf(of, sizeof of, " for '%.60s'", told->name);
    if (only_one && target->outputs > 2)
        snprintf(sentence, sizeof sentence,
                 "stands before %s, which tells 2 classes apart, but the data have %lld%s; take cross_entropy",
                 loss->row->member.name, (long long)target->outputs, of);
    else if (stepwise && told->name)
        snprintf(sentence, sizeof sentence,
                 "tells several things, but the data have a target for each of %lld steps; that goes with one alone",
                 (long long)config->positions);
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
        snprintf(sentence, sizeof sentence, "gives %s values%s, but the data have %lld %s; end in dense(%lld)", shape,
                 of, (long long)target->outputs,
                 classes                ? "classes"
                 : target->outputs == 1 ? "number to tell"
                                        : "numbers to tell",
                 (long long)wanted);
    else
        return GRADUS_OK;
    return gradus_layer_fail(net->users.items[net->users.count - 1], sentence, error);
}

/* ---- weights of classes ---- */

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

static gradus_status weigh_classes(gradus_net *net, gradus_loss *loss, const int64_t *counts, gradus_error *error)
{
    const int32_t at = loss->row->class_weights;
    if (!at || !loss->values[at].present) return GRADUS_OK;
    const int64_t classes = loss->width == 1 ? 2 : loss->width;
    double *weights = gradus_arena_take(&net->arena, (size_t)classes * sizeof *weights, 64);
    if (!weights) return gradus_net_no_memory(error);
    loss->weights = weights;
    if (read_weights(&loss->values[at], counts, classes, weights)) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_LENGTHS,
                       "loss: '%s' has a number for each of the %lld classes%s, or is the word balanced%s",
                       loss->row->member.arguments[at].name, (long long)classes,
                       classes == 2 ? ", or one from 0 to 1 that is the second's" : "",
                       counts ? "" : ", where it is known how often each occurs");
}

/* ---- each loss ---- */

gradus_widths gradus_target_widths(const gradus_target *targets, int32_t count)
{
    gradus_widths widths = {0, 0};
    for (int32_t i = 0; i < count; i++)
        *(targets[i].kind == GRADUS_TARGET_CLASS ? &widths.classes : &widths.numbers) +=
            targets[i].kind == GRADUS_TARGET_CLASS ? 1 : targets[i].outputs;
    return widths;
}

/* Where the targets of an example stand among those of their kind. */
static void place_target(gradus_loss *loss, const gradus_net_config *config, int32_t target)
{
    const gradus_widths before = gradus_target_widths(config->targets, target),
                        all = gradus_target_widths(config->targets, config->target_count);
    const bool classes = loss->target == GRADUS_TARGET_CLASS;
    loss->target_first = classes ? before.classes : before.numbers;
    loss->target_row = classes ? all.classes : all.numbers ? all.numbers : loss->width;
}

static gradus_status choose(gradus_net *net, const gradus_net_config *config, int32_t index, gradus_error *error)
{
    const gradus_told *told = &net->told[index];
    const int32_t kind = config->targets[told->target].kind;
    const gradus_item *item;
    if (find_item(net, config, told, &item, error)) return (gradus_status)error->status;
    const gradus_loss_row *row = (const gradus_loss_row *)item->member;
    net->losses[index] = (gradus_loss){.row = row,
                                       .values = item->values,
                                       .target = kind,
                                       .mean = item->values[row->reduction].number == 0,
                                       .weight = gradus_item_value(item, "weight")->number,
                                       .kernels = net->kernels};
    if (row->targets & 1u << kind) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_WRONG_TYPE, "loss: '%s' is for %s, but %s%s%s %s; take %s",
                       row->member.name, kind == GRADUS_TARGET_CLASS ? "numbers" : "classes",
                       told->name ? "'" : "the data have", told->name ? told->name : "", told->name ? "' is" : "",
                       kind == GRADUS_TARGET_CLASS ? (told->name ? "a class" : "classes") : "numbers",
                       kind == GRADUS_TARGET_CLASS ? "cross_entropy" : "mean_squared");
}

static gradus_status fit(gradus_net *net, const gradus_net_config *config, int32_t index, gradus_error *error)
{
    gradus_loss *loss = &net->losses[index];
    gradus_told *told = &net->told[index];
    const gradus_layer *last = last_layer(net);
    if (loss->row->applies && !strcmp(last->row->member.name, loss->row->applies)) {
        char sentence[160];
        snprintf(sentence, sizeof sentence, "stands before %s, which applies %s itself; leave it out",
                 loss->row->member.name, loss->row->applies);
        return gradus_layer_fail(last, sentence, error);
    }
    loss->positions = config->positions > 0 ? config->positions : 1;
    loss->row_width = gradus_shape_size(net->output->shape) / loss->positions;
    if (!told->name) told->width = loss->row_width;
    loss->width = told->width;
    loss->share = loss->mean ? 1 / (double)loss->width : 1;
    for (int32_t i = 0; i < index; i++) loss->first += net->losses[i].width;
    place_target(loss, config, told->target);
    net->balance.targets[index] = loss->target;
    if (check_width(net, config, told, loss, error)) return (gradus_status)error->status;
    return weigh_classes(net, loss, config->targets[told->target].class_counts, error);
}

gradus_status gradus_net_fit_losses(gradus_net *net, const gradus_net_config *config, gradus_error *error)
{
    if (match_targets(net, config, error) || check_names(net, config, error)) return (gradus_status)error->status;
    if (net->balance.row && !net->told_by)
        return fail_at(config, gradus_item_value(gradus_spec_chain(config->loss)->items, "balance")->place,
                       net->balance.row->member.name, NULL, "weighs several outputs, but the model names none", error);
    net->balance.tasks = net->told_count;
    for (int32_t i = 0; i < net->told_count; i++)
        if (choose(net, config, i, error) || fit(net, config, i, error)) return (gradus_status)error->status;
    return GRADUS_OK;
}

int32_t gradus_net_head_count(const gradus_net *net) { return net->told_count; }

gradus_head gradus_net_head(const gradus_net *net, int32_t index)
{
    const gradus_told *told = &net->told[index];
    const gradus_loss *loss = &net->losses[index];
    double factors[GRADUS_TARGETS];
    gradus_net_weigh(net, NAN, factors);
    return (gradus_head){.name = told->name,
                         .target = told->target,
                         .first = loss->first,
                         .count = loss->width,
                         .weight = loss->weight,
                         .balance = factors[index],
                         .probabilities = loss->row->predict != NULL,
                         .sums = !loss->mean};
}
