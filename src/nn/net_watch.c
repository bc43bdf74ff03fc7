/* What the units of activations do while batches go forward: which of them never leave 0, how many values stand at the ends of their
 * function, those of gates inside a layer too. A unit at an end passes no gradient back, so a layer of such units has stopped to learn. */
#include <math.h>
#include <string.h>
#include "net.h"

struct gradus_watched {
    gradus_activation function; /* LINEAR: the row itself looks at what is inside */
    const gradus_layer
        *runs; /* the layer that computes it: itself, or the one that takes it along; NULL: nothing is looked at */
    int64_t units;
    gradus_ends ends;
    unsigned char *alive; /* a byte a unit */
};

/* A tanh or a sigmoid counts as saturated within this share of its range from an end. */
static const float end_share = 0.01F;

/* ---- what is watched ---- */

/* Channels of an image; the values of a step of a sequence; else all values. */
static int64_t units_of(const gradus_signal *signal)
{
    if (signal->sequence) return signal->shape[1];
    return gradus_shape_size(signal->shape) / signal->form.pixels;
}

static bool is_watched(const gradus_layer *user)
{
    const gradus_signal *output = user->output;
    const bool activation = user->row->activation != GRADUS_LINEAR;
    return user->row->look || (activation && (!output->sequence || gradus_form_is_plain(output->form, output->shape)));
}

static const gradus_layer *computes(const gradus_net *net, const gradus_layer *user)
{
    for (int32_t i = 0; i < net->layers.count; i++)
        if (net->layers.items[i] == user || (user->absorbed && net->layers.items[i]->output == user->output))
            return net->layers.items[i];
    return NULL;
}

static gradus_status begin(gradus_net *net, gradus_error *error)
{
    if (net->watched) return GRADUS_OK;
    gradus_watched *all = gradus_arena_take(&net->arena, (size_t)net->users.count * sizeof *all, 64);
    if (!all) return gradus_net_no_memory(error);
    for (int32_t i = 0; i < net->users.count; i++) {
        const gradus_layer *user = net->users.items[i];
        if (!is_watched(user)) continue;
        all[i].runs = computes(net, user);
        all[i].units = units_of(user->output);
        all[i].alive = gradus_arena_take(&net->arena, (size_t)all[i].units, 1);
        if (!all[i].alive) return gradus_net_no_memory(error);
        all[i].function = user->row->activation;
    }
    net->watched = all;
    return GRADUS_OK;
}

static void forget(const gradus_net *net)
{
    for (int32_t i = 0; i < net->users.count; i++) {
        gradus_watched *one = &net->watched[i];
        if (one->alive) memset(one->alive, 0, (size_t)one->units);
        one->ends = (gradus_ends){0};
    }
}

/* ---- looking ---- */

static bool at_an_end(gradus_activation function, float value)
{
    if (function == GRADUS_TANH) return fabsf(value) >= 1 - 2 * end_share;
    return function == GRADUS_SIGMOID && (value <= end_share || value >= 1 - end_share);
}

void gradus_ends_add(gradus_ends *found, gradus_activation function, const float *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) found->ended += at_an_end(function, values[i]);
    found->values += count;
}

static void look_at_unit(gradus_watched *one, int64_t unit, float value)
{
    if (value > 0) one->alive[unit] = 1;
    gradus_ends_add(&one->ends, one->function, &value, 1);
}

static void look_at_example(gradus_watched *one, const gradus_signal *signal, const float *values)
{
    const gradus_form form = signal->form;
    for (int64_t block = 0; block < form.blocks; block++)
        for (int64_t pixel = 0; pixel < form.pixels; pixel++)
            for (int64_t i = 0; i < form.width; i++, values++) {
                const int64_t unit = signal->sequence ? pixel : block * form.width + i;
                if (unit < one->units) look_at_unit(one, unit, *values); /* the rest fills up a block */
            }
}

void gradus_net_look(const gradus_layer *layer, const gradus_piece *piece)
{
    const gradus_net *net = layer->net;
    const int64_t size = gradus_form_size(layer->output->form);
    for (int32_t i = 0; i < net->users.count; i++) {
        gradus_watched *one = &net->watched[i];
        if (one->runs != layer) continue;
        if (net->users.items[i]->row->look) {
            layer->row->look(layer, piece, &one->ends);
            continue;
        }
        const float *values = gradus_values(layer->output, piece);
        for (int64_t example = 0; example < piece->count; example++)
            look_at_example(one, layer->output, values + example * size);
    }
}

/* ---- for those who ask ---- */

gradus_status gradus_net_watch(gradus_net *net, const gradus_batch *batch, bool accumulate, gradus_error *error)
{
    gradus_error nobody = {0};
    if (!error) error = &nobody;
    if (error->status || begin(net, error)) return (gradus_status)error->status;
    if (!accumulate) forget(net);
    net->watching = true;
    gradus_net_evaluate(net, batch, NULL, NULL, error);
    net->watching = false;
    return (gradus_status)error->status;
}

bool gradus_net_activity(const gradus_net *net, int32_t layer, gradus_activity *activity)
{
    static const char *const names[] = {[GRADUS_RELU] = "relu", [GRADUS_TANH] = "tanh", [GRADUS_SIGMOID] = "sigmoid"};
    const gradus_watched *one = net->watched ? &net->watched[layer] : NULL;
    if (!one || !one->runs || !one->ends.values) return false;
    const char *inside = net->users.items[layer]->row->looks_at;
    *activity = (gradus_activity){
        .function = inside ? inside : names[one->function], .units = one->units, .values = one->ends.values};
    if (one->function != GRADUS_RELU) activity->ended = one->ends.ended;
    for (int64_t i = 0; one->function == GRADUS_RELU && i < one->units; i++) activity->dead += !one->alive[i];
    return true;
}
