/* Calls: a bound item as its row wants it, numbers in plain arrays, lengths on one axis, rates as shares of the base.
 * Memory is laid out once; the numbers can be filled in again when the base or the length of the run changes. */
#include "rate.h"
#include <assert.h>
#include <string.h>

static const char *const unit_names[] = {"updates", "samples", "tokens", "epochs", "seconds"};

double gradus_rate_length(const rate_axis *axis, double amount, int32_t unit)
{
    int32_t from = unit == GRADUS_IN_PERCENT ? axis->units->total_unit : unit;
    if (axis->sizes_vary && from != axis->unit) return NAN;
    return gradus_length_convert(axis->units, amount, unit, axis->unit);
}

const char *gradus_rate_unit_name(int32_t unit) { return unit_names[unit]; }

gradus_status gradus_rate_length_fail(const rate_axis *axis, const gradus_value *value, const char *text,
                                      gradus_error *error)
{
    bool percent = value->unit == GRADUS_IN_PERCENT;
    if (percent && !(axis->units->total > 0))
        return gradus_spec_fail(error, text, value->place, GRADUS_CODE_LENGTHS,
                                "a length in per cent needs the length of the run");
    if (value->unit == GRADUS_IN_TOKENS && !(axis->units->tokens_per_update > 0))
        return gradus_spec_fail(error, text, value->place, GRADUS_CODE_WRONG_UNIT,
                                "a length in tokens needs data of text; write it in samples, ep or %s", "%");
    return gradus_spec_fail(error, text, value->place, GRADUS_CODE_WRONG_UNIT,
                            "a length in %s cannot be counted in %s here",
                            unit_names[percent ? axis->units->total_unit : value->unit], unit_names[axis->unit]);
}

/* Short lists, once, when a schedule is made: what is usually in order is looked at and left. */
void gradus_rate_sort(double *rows, int32_t count, int32_t width)
{
    double kept[2];
    assert(width <= 2);
    size_t size = (size_t)width * sizeof *rows;
    for (int32_t i = 1; i < count; i++) {
        int32_t at = i;
        memcpy(kept, rows + i * width, size);
        while (at > 0 && rows[(at - 1) * width] > kept[0]) at--;
        memmove(rows + (at + 1) * width, rows + at * width, (size_t)(i - at) * size);
        memcpy(rows + at * width, kept, size);
    }
}

static bool is_length(const gradus_argument *argument) { return argument->kind == GRADUS_LENGTH; }

/* A single number; a word in place of a length is negative and stays what it is. */
static gradus_status fill_number(double *number, const gradus_value *value, bool length, const char *text,
                                 const rate_axis *axis, gradus_error *error)
{
    if (value->open)
        return gradus_spec_fail(error, text, value->place, GRADUS_CODE_REFUSED,
                                "this value is still open; only a search fills it in");
    *number = value->number;
    if (length && value->number >= 0) {
        *number = gradus_rate_length(axis, value->number, value->unit);
        return isnan(*number) && value->given ? gradus_rate_length_fail(axis, value, text, error) : GRADUS_OK;
    }
    if (!value->absolute) return GRADUS_OK;
    *number = value->number / axis->units->base;
    if (axis->units->base > 0) return GRADUS_OK;
    return gradus_spec_fail(error, text, value->place, GRADUS_CODE_MISSING,
                            "this is a rate, not a share; it needs to know the run's own");
}

gradus_status gradus_rate_number(double *number, const gradus_value *value, const char *text, const rate_axis *axis,
                                 gradus_error *error)
{
    *number = 0;
    return value && value->present ? fill_number(number, value, false, text, axis, error) : GRADUS_OK;
}

/* How many numbers a list takes when it is laid out flat: a point counts as two. */
static int32_t flat_count(const gradus_value *value)
{
    int32_t count = 0;
    for (int32_t i = 0; i < value->count; i++) count += value->items[i].count ? value->items[i].count : 1;
    return count;
}

static gradus_status fill_list(double *numbers, const gradus_value *value, const gradus_argument *argument,
                               const char *text, const rate_axis *axis, gradus_error *error)
{
    for (int32_t i = 0; i < value->count; i++) {
        const gradus_value *item = &value->items[i];
        bool point = item->count > 0;
        for (int32_t j = 0; j < (point ? item->count : 1); j++) {
            bool length = point ? j == 0 : is_length(argument);
            gradus_status status = fill_number(numbers++, point ? &item->items[j] : item, length, text, axis, error);
            if (status != GRADUS_OK) return status;
        }
    }
    return GRADUS_OK;
}

gradus_status gradus_rate_call_fill(gradus_call *call, const gradus_item *item, const char *text, const rate_axis *axis,
                                    gradus_error *error)
{
    const gradus_argument *arguments = item->member->arguments;
    call->base = axis->units->base;
    for (int32_t i = 0; arguments && arguments[i].name; i++) {
        const gradus_value *value = &item->values[i];
        gradus_status status = GRADUS_OK;
        if (value->present && value->items)
            status = fill_list((double *)call->numbers[i], value, &arguments[i], text, axis, error);
        else if (value->present)
            status = fill_number((double *)&call->number[i], value, is_length(&arguments[i]), text, axis, error);
        if (status != GRADUS_OK) return status;
    }
    return GRADUS_OK;
}

/* The arrays of a call, empty; lists and texts only where the row has any. */
static bool lay_out(gradus_call *call, const gradus_item *item, int32_t count, gradus_arena *arena)
{
    double *number = gradus_arena_take(arena, (size_t)count * sizeof *number, sizeof(double));
    int32_t *counts = gradus_arena_take(arena, (size_t)count * sizeof *counts, sizeof(int32_t));
    const double **numbers = NULL;
    const char **text = NULL;
    if (!number || !counts) return false;
    *call = (gradus_call){.member = item->member, .number = number, .counts = counts};
    for (int32_t i = 0; i < count; i++) {
        const gradus_value *value = &item->values[i];
        counts[i] = value->items ? flat_count(value) : value->present;
        if (value->items && !numbers) {
            call->numbers = numbers = gradus_arena_take(arena, (size_t)count * sizeof *numbers, sizeof(void *));
            if (!numbers) return false;
        }
        if (value->items &&
            !(numbers[i] = gradus_arena_take(arena, (size_t)counts[i] * sizeof(double), sizeof(double))))
            return false;
        bool copied = value->text && item->member->arguments[i].kind != GRADUS_WORD;
        if (copied && !text) {
            call->text = text = gradus_arena_take(arena, (size_t)count * sizeof *text, sizeof(void *));
            if (!text) return false;
        }
        if (copied && !(text[i] = gradus_arena_text(arena, value->text, strlen(value->text)))) return false;
    }
    return true;
}

gradus_call *gradus_rate_call_make(const gradus_item *item, const char *text, const rate_axis *axis,
                                   gradus_arena *arena, gradus_error *error)
{
    int32_t count = 0;
    while (item->member->arguments && item->member->arguments[count].name) count++;
    gradus_call *call = gradus_arena_take(arena, sizeof *call, sizeof(void *));
    if (!call || !lay_out(call, item, count, arena)) {
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "no room for '%s'", item->member->name);
        return NULL;
    }
    return gradus_rate_call_fill(call, item, text, axis, error) == GRADUS_OK ? call : NULL;
}
