/* Recurrent layers as nodes of ONNX, which has operators for them: one for each level, both directions in it. Its gates stand in another
 * order than PyTorch's, and directions and biases in one tensor each; taking rows by number makes the one of the other. */
#include <stdio.h>
#include "recurrent.h"

enum { INPUT_WEIGHT, STATE_WEIGHT, INPUT_BIAS, TENSORS = 4 };

/* The rows of PyTorch's tensors, one behind the other, as the operator has them: directions x (parts x sums). */
static const char *write_places(const gradus_layer *layer, gradus_onnx *onnx, const char *what, int64_t parts)
{
    const gradus_recurrent *state = layer->state;
    const int64_t sums = state->cell->gates * state->units, count = state->directions * parts * sums;
    int64_t *rows = gradus_allocate(NULL, (size_t)count * sizeof *rows);
    for (int64_t i = 0; rows && i < count; i++) {
        const int64_t within = i % sums;
        rows[i] = i - within + state->cell->onnx_places[within / state->units] * state->units + within % state->units;
    }
    const char *name = gradus_onnx_whole(onnx, layer, what, (int64_t[]){state->directions, parts * sums, 0}, rows);
    gradus_release(NULL, rows, (size_t)count * sizeof *rows);
    return name;
}

static const char *name_of(const gradus_layer *layer, gradus_onnx *onnx, const char *what, int64_t level)
{
    char name[48];
    snprintf(name, sizeof name, "%s_l%d", what, (int)level);
    return gradus_onnx_inside(onnx, layer, name);
}

/* `parts` tensors of each direction of a level, from the `first` on, as one tensor of the operator. */
static const char *write_tensor(const gradus_layer *layer, gradus_onnx *onnx, int64_t level, int32_t first,
                                int64_t parts, const char *places)
{
    static const char *const behind[] = {"input_weights", "state_weights", "biases"};
    static const char *const placed[] = {"input_weight", "state_weight", "bias"};
    const gradus_recurrent *state = layer->state;
    const char *tensors[TENSORS] = {NULL};
    int32_t count = 0;
    for (int64_t direction = 0; direction < state->directions; direction++)
        for (int64_t part = 0; part < parts; part++)
            tensors[count++] = gradus_onnx_tensor(
                onnx, layer, (int32_t)((level * state->directions + direction) * (state->bias ? 4 : 2) + first + part));
    const char *all = tensors[0];
    if (count > 1) {
        all = gradus_onnx_node(onnx, "Concat", name_of(layer, onnx, behind[first], level), tensors[0], tensors[1],
                               tensors[2], tensors[3], NULL);
        gradus_onnx_int(onnx, "axis", 0);
    }
    return gradus_onnx_node(onnx, "Gather", name_of(layer, onnx, placed[first], level), all, places, NULL);
}

/* The operator of one level, from steps x examples x values; its outputs are for all steps, or with `last` the states at the end. */
static const char *write_level(const gradus_layer *layer, gradus_onnx *onnx, int64_t level, const char *values,
                               const char *const places[2])
{
    const gradus_recurrent *state = layer->state;
    const bool last = state->last && level + 1 == state->levels, both = state->directions == 2;
    const char *weight = write_tensor(layer, onnx, level, INPUT_WEIGHT, 1, places[0]),
               *carry = write_tensor(layer, onnx, level, STATE_WEIGHT, 1, places[0]),
               *bias = state->bias ? write_tensor(layer, onnx, level, INPUT_BIAS, 2, places[1]) : NULL,
               *states = name_of(layer, onnx, "states", level);
    gradus_onnx_node(onnx, state->cell->onnx, last ? "" : states, values, weight, carry, bias, NULL);
    if (last) gradus_onnx_also(onnx, states);
    gradus_onnx_int(onnx, "hidden_size", state->units);
    gradus_onnx_word(onnx, "direction", both ? "bidirectional" : "forward");
    if (state->cell->apart) gradus_onnx_int(onnx, "linear_before_reset", 1);
    if (state->activation == GRADUS_RELU) gradus_onnx_words(onnx, "activations", "Relu", (int32_t)state->directions);
    return states;
}

/* Between levels: steps x directions x examples x units becomes steps x examples x (directions x units). */
static const char *write_between(const gradus_layer *layer, gradus_onnx *onnx, int64_t level, const char *states,
                                 const char *together)
{
    const char *turned = gradus_onnx_node(onnx, "Transpose", name_of(layer, onnx, "turned", level), states, NULL);
    gradus_onnx_ints(onnx, "perm", (int64_t[]){0, 2, 1, 3}, 4);
    return gradus_onnx_node(onnx, "Reshape", name_of(layer, onnx, "together", level), turned, together, NULL);
}

void gradus_recurrent_onnx(const gradus_layer *layer, gradus_onnx *onnx)
{
    const gradus_recurrent *state = layer->state;
    const char *places[] = {write_places(layer, onnx, "places", 1),
                            state->bias ? write_places(layer, onnx, "bias_places", 2) : NULL},
               *together = state->last && state->levels == 1
                               ? NULL
                               : gradus_onnx_whole(onnx, layer, "together", (int64_t[]){3, 0}, (int64_t[]){0, 0, -1}),
               *output = gradus_onnx_output(onnx, layer);
    const char *input = gradus_onnx_input(onnx, layer);
    const char *at = gradus_onnx_node(onnx, "Transpose", gradus_onnx_inside(onnx, layer, "steps"), input, NULL);
    gradus_onnx_ints(onnx, "perm", (int64_t[]){1, 0, 2}, 3);
    for (int64_t level = 0; level < state->levels; level++) {
        at = write_level(layer, onnx, level, at, places);
        if (level + 1 < state->levels) at = write_between(layer, onnx, level, at, together);
    }
    const char *turned = gradus_onnx_node(onnx, "Transpose", gradus_onnx_inside(onnx, layer, "turned"), at, NULL);
    if (state->last) { /* directions x examples x units */
        gradus_onnx_ints(onnx, "perm", (int64_t[]){1, 0, 2}, 3);
        gradus_onnx_node(onnx, "Flatten", output, turned, NULL);
    } else {
        gradus_onnx_ints(onnx, "perm", (int64_t[]){2, 0, 1, 3}, 4);
        gradus_onnx_node(onnx, "Reshape", output, turned, together, NULL);
    }
}
