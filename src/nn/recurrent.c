/* The steps of recurrent layers. What the inputs give to the sums of all steps is one product; the states' part is one for each
 * step, over the examples of a piece. Backward goes the same way back, and leaves the gradients of all sums in memory; then the
 * gradient of each weight is one product over the whole batch.
 *
 * Inputs that come right from an embedding are rows of its table, over and over: the product is done once for each row of the table,
 * and backward with the sum of the gradients of all steps that have the same symbol. */
#include <stdio.h>
#include <string.h>
#include "recurrent.h"

enum { INPUT_WEIGHT, STATE_WEIGHT, INPUT_BIAS, STATE_BIAS };

/* One level in one direction, over the examples of a piece. */
typedef struct lane {
    const gradus_layer *layer;
    const gradus_recurrent *state;
    int64_t level, inputs, sums, count; /* sums: of a step */
    bool reversed;
    int32_t tensor;        /* its first */
    const float *bias;     /* both added up */
    const float *turned;   /* the states' weights, sums x units */
    const float *symbols;  /* of each step, where the inputs are rows of a table; else NULL */
    float *table;          /* what each symbol gives to the sums of a step */
    float *slopes;         /* of the table: those of all steps of a symbol, added up */
    const float *values;   /* what it reads: steps x inputs */
    float *input_gradient; /* NULL: nobody asks */
    bool adds;             /* to the input's gradient; else it is the first */
    float *gates, *extra;  /* steps x sums, steps x extras */
    float *outputs, *gradient;
    int64_t width; /* of a step of the outputs, which both directions share */
} lane;

/* ---- what there is ---- */

extern const gradus_layer_row gradus_layer_embedding;

/* The table that the inputs are rows of, if its product is less work than theirs; else NULL. */
static const gradus_tensor *table_of(const gradus_layer *layer)
{
    const gradus_layer *from = layer->input->from;
    if (!from || from->row != &gradus_layer_embedding) return NULL;
    const gradus_tensor *table = gradus_layer_tensor(from, 0);
    return table->shape[0] <= 2 * layer->input->shape[0] ? table : NULL;
}

static gradus_status add_tensors(gradus_layer *layer, int64_t level, bool reversed, gradus_error *error)
{
    static const char *const names[] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"};
    const gradus_recurrent *state = layer->state;
    const int64_t sums = state->cell->gates * state->units,
                  inputs = level ? state->units * state->directions : state->inputs;
    for (int i = 0; i < (state->bias ? 4 : 2); i++) {
        const int64_t shape[3] = {sums, i == INPUT_WEIGHT ? inputs : i == STATE_WEIGHT ? state->units : 0};
        char name[40];
        gradus_tensor *tensor;
        snprintf(name, sizeof name, "%s_l%d%s", names[i], (int)level, reversed ? "_reverse" : "");
        if (gradus_layer_add_tensor(layer, name, shape, &tensor, error)) return (gradus_status)error->status;
        tensor->fan_in = state->units; /* PyTorch draws all of them by the size of the state */
        tensor->fan_out = state->units;
        if (i >= INPUT_BIAS) continue;
        tensor->layout = GRADUS_TURNED;
        tensor->form = gradus_form_plain((int64_t[]){shape[1], 0});
    }
    return GRADUS_OK;
}

gradus_status gradus_recurrent_infer(gradus_layer *layer, const gradus_cell *cell, gradus_activation activation,
                                     gradus_error *error)
{
    const gradus_value *values = layer->item->values;
    const int64_t *from = layer->input->shape;
    if (gradus_shape_rank(from) != 2 || !(layer->input->sequence || layer->input->untouched))
        return gradus_layer_misfit(layer, "a sequence, steps x values,",
                                   layer->input->symbols ? "put embedding(16) before it"
                                                         : "it comes from embedding, or from data of two dimensions",
                                   error);
    gradus_recurrent *state = layer->state;
    *state = (gradus_recurrent){.cell = cell,
                                .activation = activation,
                                .steps = from[0],
                                .inputs = from[1],
                                .units = (int64_t)values[GRADUS_RECURRENT_UNITS].number,
                                .levels = (int64_t)values[GRADUS_RECURRENT_LAYERS].number,
                                .directions = values[GRADUS_RECURRENT_BOTH].number != 0 ? 2 : 1,
                                .bias = values[GRADUS_RECURRENT_BIAS].number != 0,
                                .last = values[GRADUS_RECURRENT_LAST].number != 0};
    for (int64_t level = 0; level < state->levels; level++)
        for (int64_t direction = 0; direction < state->directions; direction++)
            if (add_tensors(layer, level, direction, error)) return (gradus_status)error->status;
    memset(layer->output->shape, 0, sizeof layer->output->shape);
    layer->output->shape[!state->last] = state->units * state->directions;
    if (!state->last) layer->output->shape[0] = state->steps;
    layer->output->sequence = !state->last;
    layer->output->untouched = false;
    return GRADUS_OK;
}

/* Floats that a lane keeps of an example; and the outputs of a level, with their gradient, where they are not the layer's. */
static int64_t lane_size(const gradus_recurrent *state)
{
    return state->steps * state->units * (state->cell->gates + state->cell->extras);
}

static int64_t level_size(const gradus_recurrent *state) { return state->steps * state->units * state->directions; }

static bool is_inside(const gradus_recurrent *state, int64_t level) { return level + 1 < state->levels || state->last; }

gradus_status gradus_recurrent_prepare(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    gradus_recurrent *state = layer->state;
    const int64_t lanes = state->levels * state->directions, inside = state->levels - !state->last,
                  sums = state->cell->gates * state->units;
    const gradus_tensor *table = table_of(layer);
    state->symbols = table ? table->shape[0] : 0;
    state->size = lanes * lane_size(state) + 2 * inside * level_size(state) + state->steps * state->units;
    layer->kept = state->size * (int64_t)sizeof(float);
    layer->shared = lanes * sums * (1 + state->units) + state->symbols * (sums * state->directions + state->inputs);
    layer->parts = state->symbols * sums * state->directions;
    layer->work = (double)(lanes * state->steps * sums * (state->units + state->inputs));
    layer->output->form = gradus_form_plain(layer->output->shape);
    return GRADUS_OK;
}

/* ---- where it lies ---- */

/* Arrays of all examples, one after another; `offset` of an example's floats come before this one, which has `size`. */
static float *kept(const gradus_layer *layer, const gradus_piece *piece, int64_t offset, int64_t size)
{
    return (float *)(void *)layer->memory + offset * piece->walk->count + piece->first * size;
}

/* Of all steps the state before, for the gradient of its weights. */
static float *states_before(const gradus_layer *layer, const gradus_piece *piece)
{
    const gradus_recurrent *state = layer->state;
    const int64_t size = state->steps * state->units;
    return kept(layer, piece, state->size - size, size);
}

/* In the numbers: biases, turned weights, tables of both directions, the gradient of the embedding's. */
static float *turned_at(const gradus_layer *layer, int64_t index)
{
    const gradus_recurrent *state = layer->state;
    const int64_t sums = state->cell->gates * state->units;
    return layer->numbers + (state->levels * state->directions + index * state->units) * sums;
}

static float *table_at(const gradus_layer *layer, int64_t direction)
{
    const gradus_recurrent *state = layer->state;
    const int64_t sums = state->cell->gates * state->units;
    return turned_at(layer, state->levels * state->directions) + direction * state->symbols * sums;
}

static float *level_at(const gradus_layer *layer, const gradus_piece *piece, int64_t level, bool gradient)
{
    const gradus_recurrent *state = layer->state;
    const int64_t lanes = state->levels * state->directions * lane_size(state), size = level_size(state);
    if (is_inside(state, level)) return kept(layer, piece, lanes + (2 * level + gradient) * size, size);
    return gradient ? gradus_gradient(layer->output, piece) : gradus_values(layer->output, piece);
}

static lane lane_of(const gradus_layer *layer, const gradus_piece *piece, int64_t level, int64_t direction)
{
    const gradus_recurrent *state = layer->state;
    const gradus_cell *cell = state->cell;
    const int64_t index = level * state->directions + direction, offset = index * lane_size(state),
                  sums = cell->gates * state->units, shift = direction * state->units;
    float *gradient = level_at(layer, piece, level, true);
    return (lane){.layer = layer,
                  .state = state,
                  .level = level,
                  .inputs = level ? state->units * state->directions : state->inputs,
                  .sums = sums,
                  .count = piece->count,
                  .reversed = direction == 1,
                  .tensor = (int32_t)index * (state->bias ? 4 : 2),
                  .bias = layer->numbers + index * sums,
                  .turned = turned_at(layer, index),
                  .symbols = state->symbols && !level ? gradus_values(layer->input->from->input, piece) : NULL,
                  .table = table_at(layer, direction),
                  .slopes = layer->sums + (piece->slot * state->directions + direction) * state->symbols * sums,
                  .values = level ? level_at(layer, piece, level - 1, false) : gradus_values(layer->input, piece),
                  .input_gradient =
                      level ? level_at(layer, piece, level - 1, true) : gradus_gradient(layer->input, piece),
                  .adds = direction > 0,
                  .gates = kept(layer, piece, offset, state->steps * sums),
                  .extra = kept(layer, piece, offset + state->steps * sums, state->steps * cell->extras * state->units),
                  .outputs = level_at(layer, piece, level, false) + shift,
                  .gradient = gradient ? gradient + shift : NULL,
                  .width = state->units * state->directions};
}

static const float *tensor_of(const lane *it, int32_t which)
{
    return gradus_layer_tensor(it->layer, it->tensor + which)->values;
}

/* The `at`th step in the order of reading, of one example; what lies before the first and after the last is NULL. */
static gradus_cell_step step_of(const lane *it, int64_t example, int64_t at)
{
    const gradus_recurrent *state = it->state;
    const int64_t steps = state->steps, units = state->units, extras = state->cell->extras * units;
    const int64_t way = it->reversed ? -1 : 1, step = example * steps + (it->reversed ? steps - 1 - at : at);
    float *extra = it->extra + step * extras, *output = it->outputs + step * it->width,
          *gradient = it->gradient ? it->gradient + step * it->width : NULL;
    return (gradus_cell_step){.kernels = it->layer->net->kernels,
                              .units = units,
                              .activation = state->activation,
                              .gates = it->gates + step * it->sums,
                              .extra = extra,
                              .state = output,
                              .before = at ? output - way * it->width : NULL,
                              .extra_before = at ? extra - way * extras : NULL,
                              .extra_after = at + 1 < steps ? extra + way * extras : NULL,
                              .bias = state->bias && state->cell->apart ? tensor_of(it, STATE_BIAS) + it->sums - units
                                                                        : NULL,
                              .gradient = gradient,
                              .gradient_before = at && gradient ? gradient - way * it->width : NULL};
}

/* ---- forward ---- */

/* The products that depend on the weights alone. */
static void begin_lane(const gradus_layer *layer, const gradus_walk *walk, int64_t index)
{
    const gradus_recurrent *state = layer->state;
    const gradus_kernels *kernels = layer->net->kernels;
    const int64_t sums = state->cell->gates * state->units, together = sums - (state->cell->apart ? state->units : 0);
    const int32_t first = (int32_t)index * (state->bias ? 4 : 2);
    float *both = layer->numbers + index * sums;
    if (state->bias) {
        memcpy(both, gradus_layer_tensor(layer, first + INPUT_BIAS)->values, (size_t)sums * sizeof(float));
        kernels->add(both, gradus_layer_tensor(layer, first + STATE_BIAS)->values, together);
    }
    if (walk->purpose == GRADUS_WALK_TRAIN)
        kernels->turn(state->units, sums, gradus_layer_tensor(layer, first + STATE_WEIGHT)->values, sums,
                      turned_at(layer, index), state->units);
    if (!state->symbols || index >= state->directions) return;
    const gradus_product shape = {.rows = state->symbols, .columns = sums, .inner = state->inputs};
    gradus_backend_multiply(layer->net->backend, &shape, table_of(layer)->values,
                            gradus_layer_tensor(layer, first + INPUT_WEIGHT)->values, table_at(layer, index));
    if (state->bias) kernels->add_bias(GRADUS_LINEAR, table_at(layer, index), both, state->symbols, sums);
}

void gradus_recurrent_begin(const gradus_layer *layer, const gradus_walk *walk)
{
    const gradus_recurrent *state = layer->state;
    for (int64_t i = 0; i < state->levels * state->directions; i++) begin_lane(layer, walk, i);
}

/* What the state of the step before gives to the sums: for a cell that keeps the last sum's part apart, in two products. */
static void add_state(const lane *it, const gradus_cell_step *first)
{
    const gradus_recurrent *state = it->state;
    const int64_t units = state->units, apart = state->cell->apart ? units : 0, extras = state->cell->extras * units;
    const float *weight = tensor_of(it, STATE_WEIGHT);
    gradus_product shape = {.add = true,
                            .rows = it->count,
                            .columns = it->sums - apart,
                            .inner = units,
                            .step_a = state->steps * it->width,
                            .step_b = it->sums,
                            .step_c = state->steps * it->sums};
    const gradus_kernels *kernels = it->layer->net->kernels;
    kernels->multiply(&shape, first->before, weight, first->gates);
    if (!apart) return;
    shape.add = false;
    shape.columns = units;
    shape.step_c = state->steps * extras;
    kernels->multiply(&shape, first->before, weight + it->sums - units, first->extra);
}

/* What the inputs give to the sums of all steps; where they are rows of a table it follows step by step, into the cache. */
static void add_inputs(const lane *it)
{
    const gradus_product shape = {.rows = it->count * it->state->steps, .columns = it->sums, .inner = it->inputs};
    if (it->symbols) return;
    gradus_backend_multiply(it->layer->net->backend, &shape, it->values, tensor_of(it, INPUT_WEIGHT), it->gates);
    if (it->state->bias)
        it->layer->net->kernels->add_bias(GRADUS_LINEAR, it->gates, it->bias, shape.rows, shape.columns);
}

static void add_symbols(const lane *it, int64_t at)
{
    const int64_t steps = it->state->steps, step = it->reversed ? steps - 1 - at : at;
    for (int64_t row = step; it->symbols && row < it->count * steps; row += steps)
        memcpy(it->gates + row * it->sums, it->table + (int64_t)it->symbols[row] * it->sums,
               (size_t)it->sums * sizeof(float));
}

static void run_lane(const lane *it)
{
    const gradus_recurrent *state = it->state;
    add_inputs(it);
    for (int64_t at = 0; at < state->steps; at++) {
        const gradus_cell_step first = step_of(it, 0, at);
        add_symbols(it, at);
        if (at) add_state(it, &first);
        for (int64_t example = 0; example < it->count; example++) {
            const gradus_cell_step step = step_of(it, example, at);
            if (!at && state->cell->apart) memset(step.extra, 0, (size_t)step.units * sizeof(float));
            state->cell->forward(&step);
        }
    }
}

/* Where the state after the whole sequence lies: at its end, or for one that reads from there, at its beginning. */
static int64_t place_of_last(const gradus_recurrent *state, int64_t example, int64_t direction)
{
    return (example * state->steps + (direction ? 0 : state->steps - 1)) * state->units * state->directions +
           direction * state->units;
}

void gradus_recurrent_forward(const gradus_layer *layer, const gradus_piece *piece)
{
    const gradus_recurrent *state = layer->state;
    for (int64_t level = 0; level < state->levels; level++)
        for (int64_t direction = 0; direction < state->directions; direction++) {
            const lane it = lane_of(layer, piece, level, direction);
            run_lane(&it);
        }
    if (!state->last) return;
    const float *all = level_at(layer, piece, state->levels - 1, false);
    float *output = gradus_values(layer->output, piece);
    for (int64_t example = 0; example < piece->count; example++)
        for (int64_t direction = 0; direction < state->directions; direction++)
            memcpy(output + (example * state->directions + direction) * state->units,
                   all + place_of_last(state, example, direction), (size_t)state->units * sizeof(float));
}

/* Gates, and what is written; of a cell without gates the state, where that is a tanh. */
void gradus_recurrent_look(const gradus_layer *layer, const gradus_piece *piece, gradus_ends *found)
{
    const gradus_recurrent *state = layer->state;
    for (int64_t index = 0; index < state->levels * state->directions; index++) {
        const lane it = lane_of(layer, piece, index / state->directions, index % state->directions);
        for (int64_t example = 0; example < piece->count; example++)
            for (int64_t at = 0; at < state->steps; at++) {
                const gradus_cell_step step = step_of(&it, example, at);
                for (int32_t i = 0; i < state->cell->gates; i++)
                    if (state->cell->becomes[i] != GRADUS_LINEAR)
                        gradus_ends_add(found, state->cell->becomes[i], step.gates + i * step.units, step.units);
                    else if (state->activation == GRADUS_TANH)
                        gradus_ends_add(found, GRADUS_TANH, step.state, step.units);
            }
    }
}

/* ---- backward ---- */

static void take_state(const lane *it, const gradus_cell_step *first)
{
    const gradus_recurrent *state = it->state;
    const gradus_kernels *kernels = it->layer->net->kernels;
    const int64_t units = state->units, apart = state->cell->apart ? units : 0, extras = state->cell->extras * units;
    gradus_product shape = {.add = true,
                            .rows = it->count,
                            .columns = units,
                            .inner = it->sums - apart,
                            .step_a = state->steps * it->sums,
                            .step_c = state->steps * it->width};
    kernels->multiply(&shape, first->gates, it->turned, first->gradient_before);
    if (!apart) return;
    shape.inner = units;
    shape.step_a = state->steps * extras;
    kernels->multiply(&shape, first->extra, it->turned + (it->sums - units) * units, first->gradient_before);
}

static void sum_symbols(const lane *it, int64_t at)
{
    const int64_t steps = it->state->steps, step = it->reversed ? steps - 1 - at : at;
    for (int64_t row = step; it->symbols && row < it->count * steps; row += steps)
        it->layer->net->kernels->add(it->slopes + (int64_t)it->symbols[row] * it->sums, it->gates + row * it->sums,
                                     it->sums);
}

static void run_lane_back(const lane *it, bool opens)
{
    const gradus_recurrent *state = it->state;
    if (opens && it->symbols) memset(it->slopes, 0, (size_t)(state->symbols * it->sums) * sizeof(float));
    for (int64_t at = state->steps; at-- > 0;) {
        for (int64_t example = 0; example < it->count; example++) {
            const gradus_cell_step step = step_of(it, example, at);
            state->cell->backward(&step);
        }
        sum_symbols(it, at);
        const gradus_cell_step first = step_of(it, 0, at);
        if (at) take_state(it, &first);
    }
    const gradus_product shape = {
        .turn_b = true, .add = it->adds, .rows = it->count * state->steps, .columns = it->inputs, .inner = it->sums};
    if (it->input_gradient && !it->symbols)
        gradus_backend_multiply(it->layer->net->backend, &shape, it->gates, tensor_of(it, INPUT_WEIGHT),
                                it->input_gradient);
}

void gradus_recurrent_backward(const gradus_layer *layer, const gradus_piece *piece)
{
    const gradus_recurrent *state = layer->state;
    if (state->last) {
        const float *gradient = gradus_gradient(layer->output, piece);
        float *all = level_at(layer, piece, state->levels - 1, true);
        memset(all, 0, (size_t)(piece->count * level_size(state)) * sizeof(float));
        for (int64_t example = 0; example < piece->count; example++)
            for (int64_t direction = 0; direction < state->directions; direction++)
                memcpy(all + place_of_last(state, example, direction),
                       gradient + (example * state->directions + direction) * state->units,
                       (size_t)state->units * sizeof(float));
    }
    for (int64_t level = state->levels; level-- > 0;)
        for (int64_t direction = 0; direction < state->directions; direction++) {
            const lane it = lane_of(layer, piece, level, direction);
            run_lane_back(&it, piece->opens);
        }
}

/* ---- gradients of the weights ---- */

static float *gradient_of(const lane *it, int32_t which)
{
    return gradus_layer_tensor(it->layer, it->tensor + which)->gradient;
}

static void gather_states(const lane *it, float *before)
{
    const int64_t steps = it->state->steps, units = it->state->units, begin = it->reversed ? steps - 1 : 0;
    const size_t size = (size_t)units * sizeof(float);
    for (int64_t row = 0; row < it->count * steps; row++) {
        const int64_t from = it->reversed ? row + 1 : row - 1;
        if (row % steps == begin)
            memset(before + row * units, 0, size);
        else
            memcpy(before + row * units, it->outputs + from * it->width, size);
    }
}

/* The states before all steps, times gradients of their sums. */
static void weigh_states(const lane *it, const float *before, bool add)
{
    const gradus_recurrent *state = it->state;
    gradus_backend *backend = it->layer->net->backend;
    const int64_t units = state->units, apart = state->cell->apart ? units : 0;
    float *weight = gradient_of(it, STATE_WEIGHT);
    gradus_product shape = {.turn_a = true,
                            .add = add,
                            .rows = units,
                            .columns = it->sums - apart,
                            .inner = it->count * state->steps,
                            .step_b = it->sums,
                            .step_c = it->sums};
    gradus_backend_multiply(backend, &shape, before, it->gates, weight);
    if (!apart) return;
    shape.columns = units;
    shape.step_b = state->cell->extras * units;
    gradus_backend_multiply(backend, &shape, before, it->extra, weight + it->sums - units);
}

/* An embedding adds up what it is told of each symbol: it is told at the symbol's first step, and of 0 at the others. */
static void spread_rows(const lane *it, float *rows)
{
    for (int64_t i = 0; i < it->count * it->state->steps; i++) {
        float *row = rows + (int64_t)it->symbols[i] * it->inputs, *to = it->input_gradient + i * it->inputs;
        if (it->adds)
            it->layer->net->kernels->add(to, row, it->inputs);
        else
            memcpy(to, row, (size_t)it->inputs * sizeof(float));
        memset(row, 0, (size_t)it->inputs * sizeof(float));
    }
}

/* Where the inputs are rows of a table: by what all stretches of the batch have added up. */
static void weigh_table(const lane *it, const gradus_walk *walk)
{
    const gradus_recurrent *state = it->state;
    gradus_backend *backend = it->layer->net->backend;
    float *rows = table_at(it->layer, state->directions);
    for (int32_t slot = 1; slot < walk->slots; slot++)
        it->layer->net->kernels->add(it->slopes, it->slopes + slot * it->layer->parts, state->symbols * it->sums);
    const gradus_product shape = {
        .turn_a = true, .add = walk->accumulate, .rows = it->inputs, .columns = it->sums, .inner = state->symbols};
    gradus_backend_multiply(backend, &shape, table_of(it->layer)->values, it->slopes, gradient_of(it, INPUT_WEIGHT));
    if (!it->input_gradient) return;
    const gradus_product back = {.turn_b = true, .rows = state->symbols, .columns = it->inputs, .inner = it->sums};
    gradus_backend_multiply(backend, &back, it->slopes, tensor_of(it, INPUT_WEIGHT), rows);
    spread_rows(it, rows);
}

static void weigh_inputs(const lane *it, const gradus_walk *walk)
{
    const gradus_product shape = {.turn_a = true,
                                  .add = walk->accumulate,
                                  .rows = it->inputs,
                                  .columns = it->sums,
                                  .inner = it->count * it->state->steps};
    gradus_backend_multiply(it->layer->net->backend, &shape, it->values, it->gates, gradient_of(it, INPUT_WEIGHT));
}

static void weigh_biases(const lane *it, bool add)
{
    const gradus_recurrent *state = it->state;
    const gradus_kernels *kernels = it->layer->net->kernels;
    const int64_t rows = it->count * state->steps, units = state->units, together = it->sums - units;
    float *slopes = it->symbols ? it->slopes : it->gates; /* of symbols: added up already */
    float *one = gradient_of(it, INPUT_BIAS), *other = gradient_of(it, STATE_BIAS);
    if (!add) memset(one, 0, (size_t)it->sums * sizeof(float));
    kernels->add_bias_backward(GRADUS_LINEAR, NULL, slopes, one, it->symbols ? state->symbols : rows, it->sums);
    if (!state->cell->apart) {
        memcpy(other, one, (size_t)it->sums * sizeof(float));
        return;
    }
    memcpy(other, one, (size_t)together * sizeof(float));
    if (!add) memset(other + together, 0, (size_t)units * sizeof(float));
    kernels->add_bias_backward(GRADUS_LINEAR, NULL, it->extra, other + together, rows, units);
}

void gradus_recurrent_weights(const gradus_layer *layer, const gradus_piece *piece)
{
    const gradus_recurrent *state = layer->state;
    const bool add = piece->walk->accumulate;
    float *before = states_before(layer, piece);
    for (int64_t index = 0; index < state->levels * state->directions; index++) {
        const lane it = lane_of(layer, piece, index / state->directions, index % state->directions);
        (it.symbols ? weigh_table : weigh_inputs)(&it, piece->walk);
        gather_states(&it, before);
        weigh_states(&it, before, add);
        if (state->bias) weigh_biases(&it, add);
    }
}
