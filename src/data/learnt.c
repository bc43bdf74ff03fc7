/* Scales come from the training part alone: what validation and test hold must not be known before they are asked. */
#include "learnt.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum scale { STANDARD, MINMAX, NONE };

typedef struct spread_of { /* of one group of values, while they pass by */
    double shift;          /* the first of them: what is far from 0 loses no digits */
    double count, sum, squares, low, high;
} spread_of;

static gradus_status no_memory(gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
}

static void meet(spread_of *of, double value)
{
    if (!isfinite(value)) return;
    if (of->count == 0) of->shift = of->low = of->high = value;
    if (value < of->low) of->low = value;
    if (value > of->high) of->high = value;
    value -= of->shift;
    of->count++, of->sum += value, of->squares += value * value;
}

/* What never changes is only moved. */
static void conclude(const spread_of *of, enum scale scale, double *base, double *spread)
{
    *base = 0, *spread = 1;
    if (scale == NONE || of->count == 0) return;
    const double mean = of->sum / of->count, variance = of->squares / of->count - mean * mean;
    *base = scale == MINMAX ? of->low : of->shift + mean;
    *spread = scale == MINMAX ? of->high - of->low : sqrt(variance > 0 ? variance : 0);
    if (!(*spread > 0)) *spread = 1;
}

static int64_t row_at(const gradus_rows *rows, int64_t i) { return rows->index ? rows->index[i] : i; }

static gradus_status learn_inputs(gradus_data *data, enum scale scale, int64_t each, gradus_error *error)
{
    gradus_learnt *learnt = data->memory;
    const gradus_rows *rows = &data->part[GRADUS_TRAINING];
    const int64_t width = rows->from->width, count = width / each;
    if (scale == NONE) return GRADUS_OK;
    spread_of *spreads = calloc((size_t)count, sizeof *spreads);
    float *values = malloc((size_t)width * sizeof *values),
          *room = gradus_arena_take(&data->arena, 2 * (size_t)count * sizeof *room, 64);
    if (spreads && values && room) {
        for (int64_t i = 0; i < rows->count; i++) {
            gradus_example_copy(rows->from, row_at(rows, i), values);
            for (int64_t k = 0; k < width; k++) meet(&spreads[k / each], (double)values[k]);
        }
        for (int64_t i = 0; i < count; i++) {
            double base, spread;
            conclude(&spreads[i], scale, &base, &spread);
            room[i] = (float)base, room[count + i] = (float)(1 / spread);
        }
        learnt->inputs = (gradus_scaled){.count = count, .each = each, .base = room, .factor = room + count};
    }
    free(spreads);
    free(values);
    return learnt->inputs.count ? GRADUS_OK : no_memory(error);
}

static void scale_numbers(const gradus_learnt *learnt, const gradus_examples *examples)
{
    float *numbers = (float *)(uintptr_t)examples->numbers; /* the set's own; nobody has seen them yet */
    for (int64_t i = 0; numbers && i < examples->count; i++)
        for (int64_t k = 0; k < learnt->outputs; k++, numbers++)
            *numbers = (float)(((double)*numbers - learnt->base[k]) / learnt->spread[k]);
}

static gradus_status learn_targets(gradus_data *data, enum scale scale, gradus_error *error)
{
    gradus_learnt *learnt = data->memory;
    const gradus_rows *rows = &data->part[GRADUS_TRAINING];
    const int64_t outputs = learnt->outputs = gradus_target_widths(data->info.targets, data->info.target_count).numbers;
    if (!outputs) return GRADUS_OK;
    learnt->base = gradus_arena_take(&data->arena, 2 * (size_t)outputs * sizeof *learnt->base, 64);
    if (!learnt->base) return no_memory(error);
    learnt->spread = learnt->base + outputs;
    for (int64_t k = 0; k < outputs; k++) {
        spread_of spread = {0};
        for (int64_t i = 0; i < rows->count; i++)
            meet(&spread, (double)rows->from->numbers[row_at(rows, i) * outputs + k]);
        conclude(&spread, scale, &learnt->base[k], &learnt->spread[k]);
    }
    const gradus_examples *examples[] = {&data->training, &data->validation, &data->test};
    for (int32_t i = 0; i < 3; i++) scale_numbers(learnt, examples[i]);
    return GRADUS_OK;
}

static void describe_targets(gradus_data_info *info, const gradus_learnt *learnt)
{
    int64_t at = 0;
    for (int32_t i = 0; i < info->target_count; i++) {
        gradus_target *target = &info->targets[i];
        if (i < learnt->names.count) target->name = learnt->names.text[i];
        if (target->kind != GRADUS_TARGET_NUMBERS || at + target->outputs > learnt->outputs) continue;
        target->base = learnt->base + at, target->spread = learnt->spread + at;
        at += target->outputs;
    }
}

static gradus_status describe(gradus_data *data, gradus_error *error)
{
    const gradus_learnt *learnt = data->memory;
    const gradus_scaled *scaled = &learnt->inputs;
    gradus_data_input *inputs = gradus_arena_take(&data->arena, (size_t)(scaled->count + 1) * sizeof *inputs, 64);
    if (!inputs) return no_memory(error);
    for (int64_t i = 0; i < scaled->count; i++)
        inputs[i] = (gradus_data_input){.values = scaled->each,
                                        .base = (double)scaled->base[i],
                                        .spread = 1 / (double)scaled->factor[i],
                                        .gap = NAN,
                                        .low = -INFINITY,
                                        .high = INFINITY};
    data->info.inputs = scaled->count ? inputs : NULL, data->info.input_count = scaled->count;
    if (learnt->classes.count) data->info.targets[0].class_names = learnt->classes.text;
    describe_targets(&data->info, learnt);
    return GRADUS_OK;
}

gradus_status gradus_learnt_from(gradus_reading *reading, int64_t each, const gradus_texts *classes,
                                 gradus_error *error)
{
    gradus_data *data = reading->data;
    const gradus_value *inputs = gradus_item_value(reading->item, "scale"),
                       *targets = gradus_item_value(reading->item, "target_scale");
    gradus_learnt *learnt = data->memory = gradus_arena_take(&data->arena, sizeof *learnt, 64);
    if (!learnt) return no_memory(error);
    *learnt = (gradus_learnt){.classes = classes ? *classes : (gradus_texts){0}};
    gradus_status status = learn_inputs(data, inputs ? (enum scale)inputs->number : NONE, each, error);
    if (!status) status = learn_targets(data, targets ? (enum scale)targets->number : NONE, error);
    if (status) return status;
    if (learnt->inputs.count) data->training.scaled = data->validation.scaled = data->test.scaled = &learnt->inputs;
    return describe(data, error);
}

void gradus_learnt_inputs(const gradus_data *like, gradus_data *data)
{
    const gradus_learnt *learnt = like->memory;
    if (learnt->inputs.count) data->test.scaled = &learnt->inputs;
}

/* ---- in a state ---- */

void gradus_learnt_save(const gradus_data *data, gradus_state_writer *writer)
{
    const gradus_learnt *learnt = data->memory;
    gradus_state_int(writer, "each", learnt->inputs.each);
    gradus_state_entry(writer, "base", GRADUS_STATE_FLOAT32, learnt->inputs.count, learnt->inputs.base);
    gradus_state_entry(writer, "factor", GRADUS_STATE_FLOAT32, learnt->inputs.count, learnt->inputs.factor);
    gradus_state_entry(writer, "target_base", GRADUS_STATE_DOUBLE, learnt->outputs, learnt->base);
    gradus_state_entry(writer, "target_spread", GRADUS_STATE_DOUBLE, learnt->outputs, learnt->spread);
    gradus_texts_save(writer, "classes", learnt->classes.text, learnt->classes.count);
    const char *names[GRADUS_TARGETS];
    for (int32_t i = 0; i < data->info.target_count; i++) names[i] = data->info.targets[i].name;
    if (data->info.target_count > 1) gradus_texts_save(writer, "target_names", names, data->info.target_count);
}

static int64_t count_of(gradus_state_reader *state, const char *name)
{
    gradus_state_item item;
    return gradus_state_find(state, name, &item) ? item.count : -1;
}

/* Only where there are several is there a need for names. */
static bool recall_names(gradus_data *data, gradus_learnt *learnt, gradus_state_reader *state)
{
    if (data->info.target_count == 1) return true;
    return gradus_texts_recall(state, "target_names", &data->arena, &learnt->names) &&
           learnt->names.count == data->info.target_count;
}

static bool recall_all(gradus_data *data, gradus_learnt *learnt, gradus_state_reader *state)
{
    const int64_t inputs = count_of(state, "base"), outputs = count_of(state, "target_base");
    int64_t each, width = 1, anything = 0; /* where inputs are targets, what was learnt of others says nothing */
    gradus_state_take(state, "inputs_are_targets", GRADUS_STATE_INT64, 1, &anything);
    for (int32_t i = 0; i < 8 && data->info.shape[i]; i++) {
        if (data->info.shape[i] < 0 || data->info.shape[i] > INT32_MAX || width > INT32_MAX) return false;
        width *= data->info.shape[i];
    }
    if (inputs < 0 || !gradus_state_take(state, "each", GRADUS_STATE_INT64, 1, &each)) return false;
    if (inputs && (each < 1 || each > width || inputs > width || inputs * each != width)) return false;
    const int32_t targets = data->info.target_count;
    if (outputs < 0 || (!anything && outputs != gradus_target_widths(data->info.targets, targets).numbers))
        return false;
    float *scales = gradus_arena_take(&data->arena, 2 * (size_t)(inputs + 1) * sizeof *scales, 64);
    double *numbers = gradus_arena_take(&data->arena, 2 * (size_t)(outputs + 1) * sizeof *numbers, 64);
    if (!scales || !numbers) return false;
    learnt->inputs = (gradus_scaled){.count = inputs, .each = each, .base = scales, .factor = scales + inputs};
    if (outputs) learnt->outputs = outputs, learnt->base = numbers, learnt->spread = numbers + outputs;
    return gradus_state_take(state, "base", GRADUS_STATE_FLOAT32, inputs, scales) &&
           gradus_state_take(state, "factor", GRADUS_STATE_FLOAT32, inputs, scales + inputs) &&
           gradus_state_take(state, "target_base", GRADUS_STATE_DOUBLE, outputs, numbers) &&
           gradus_state_take(state, "target_spread", GRADUS_STATE_DOUBLE, outputs, numbers + outputs) &&
           gradus_texts_recall(state, "classes", &data->arena, &learnt->classes) &&
           (anything || !learnt->classes.count || learnt->classes.count == data->info.targets[0].outputs) &&
           recall_names(data, learnt, state);
}

gradus_status gradus_learnt_recall(gradus_data *data, gradus_state_reader *state, gradus_error *error)
{
    gradus_learnt *learnt = data->memory = gradus_arena_take(&data->arena, sizeof *learnt, 64);
    if (!learnt) return no_memory(error);
    *learnt = (gradus_learnt){0};
    if (!recall_all(data, learnt, state))
        return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA,
                           "what is remembered of the inputs does not fit together");
    return describe(data, error);
}
