/* What is remembered of a table, as entries of a state and back: names, kinds and scales of columns, texts and classes. */
#include "csv_walk.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_EDGES = 1001 };      /* of 1000 parts */
enum { OPTIONS = 5, KINDS = 3 }; /* header, apart, separator, encode, named; of a column: role, numeric, class */

/* ---- saving ---- */

static void texts_name(char name[32], int32_t column) { snprintf(name, 32, "texts.%d", column); }

static void edges_name(char name[32], int32_t column) { snprintf(name, 32, "edges.%d", column); }

void gradus_table_save(const gradus_data *data, gradus_state_writer *writer)
{
    const gradus_table *table = data->memory;
    size_t count = (size_t)table->column_count;
    int64_t options[OPTIONS] = {table->header, table->apart, table->separator, table->encode, table->named};
    int64_t *kinds = calloc(KINDS * count, sizeof *kinds);
    double *scales = calloc(3 * count, sizeof *scales);
    const char **names = calloc(count, sizeof *names);
    for (size_t i = 0; kinds && scales && names && i < count; i++) {
        const gradus_column *column = &table->columns[i];
        kinds[KINDS * i] = column->role, kinds[KINDS * i + 1] = column->numeric, kinds[KINDS * i + 2] = column->class;
        scales[3 * i] = column->mean, scales[3 * i + 1] = column->base, scales[3 * i + 2] = column->spread;
        names[i] = column->name;
    }
    if (!kinds || !scales || !names)
        gradus_fail(writer->error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    else {
        gradus_state_entry(writer, "options", GRADUS_STATE_INT64, OPTIONS, options);
        gradus_texts_save(writer, "missing", table->missing.text, table->missing.count);
        gradus_texts_save(writer, "columns", names, table->column_count);
        gradus_state_entry(writer, "kinds", GRADUS_STATE_INT64, KINDS * (int64_t)count, kinds);
        gradus_state_entry(writer, "scales", GRADUS_STATE_DOUBLE, 3 * (int64_t)count, scales);
        for (int32_t i = 0; i < table->column_count; i++) {
            char name[32];
            const gradus_column *column = &table->columns[i];
            texts_name(name, i);
            gradus_texts_save(writer, name, column->texts.text, column->texts.count);
            edges_name(name, i);
            if (table->encode != GRADUS_ENCODE_NUMBERS)
                gradus_state_entry(writer, name, GRADUS_STATE_DOUBLE, column->edge_count, column->edges);
        }
    }
    free(kinds);
    free(scales);
    free(names);
}

/* ---- recalling ---- */

/* In their order, none twice: a part has a length. Those of a piecewise number are two at least. */
static bool edges_fit(const gradus_column *column, gradus_encode encode)
{
    const bool pieces = encode == GRADUS_ENCODE_PIECEWISE && column->numeric && column->role == GRADUS_COLUMN_INPUT;
    for (int32_t i = 1; i < column->edge_count; i++)
        if (!(column->edges[i] > column->edges[i - 1])) return false;
    return !pieces || column->edge_count >= 2;
}

static bool recall_edges(gradus_column *column, int32_t index, gradus_encode encode, gradus_state_reader *state,
                         gradus_arena *arena)
{
    gradus_state_item item;
    char name[32];
    edges_name(name, index);
    if (!gradus_state_find(state, name, &item) || item.count < 0 || item.count > MOST_EDGES) return false;
    column->edge_count = (int32_t)item.count;
    column->edges = gradus_arena_take(arena, (size_t)(item.count + 1) * sizeof *column->edges, sizeof *column->edges);
    return column->edges && gradus_state_take(state, name, GRADUS_STATE_DOUBLE, item.count, column->edges) &&
           edges_fit(column, encode);
}

static bool recall_columns(gradus_table *table, const gradus_texts *names, gradus_state_reader *state,
                           gradus_arena *arena)
{
    size_t count = (size_t)table->column_count;
    int64_t *kinds = gradus_arena_take(arena, KINDS * count * sizeof *kinds, sizeof *kinds);
    double *scales = gradus_arena_take(arena, 3 * count * sizeof *scales, sizeof *scales);
    table->columns = gradus_arena_take(arena, count * sizeof *table->columns, sizeof(void *));
    if (!kinds || !scales || !table->columns) return false;
    if (!gradus_state_take(state, "kinds", GRADUS_STATE_INT64, KINDS * (int64_t)count, kinds)) return false;
    if (!gradus_state_take(state, "scales", GRADUS_STATE_DOUBLE, 3 * (int64_t)count, scales)) return false;
    for (size_t i = 0; i < count; i++) {
        char name[32];
        gradus_column *column = &table->columns[i];
        const int64_t *kind = &kinds[KINDS * i];
        *column = (gradus_column){
            .name = names->text[i], .role = (int32_t)kind[0], .numeric = kind[1] != 0, .class = kind[2] != 0};
        column->mean = scales[3 * i], column->base = scales[3 * i + 1], column->spread = scales[3 * i + 2];
        texts_name(name, (int32_t)i);
        if (!gradus_texts_recall(state, name, arena, &column->texts)) return false;
        if (kind[0] < GRADUS_COLUMN_INPUT || kind[0] > GRADUS_COLUMN_DROPPED || !(column->spread > 0) ||
            (column->class && column->role != GRADUS_COLUMN_TARGET))
            return false;
        if (table->encode != GRADUS_ENCODE_NUMBERS && !recall_edges(column, (int32_t)i, table->encode, state, arena))
            return false;
        table->classes += column->class;
        table->numbers += column->role == GRADUS_COLUMN_TARGET && !column->class;
    }
    gradus_table_lay_out(table);
    return true;
}

gradus_status gradus_table_recall(gradus_data *data, gradus_state_reader *state, gradus_error *error)
{
    gradus_arena *arena = &data->arena;
    gradus_table *table = data->memory = gradus_arena_take(arena, sizeof *table, sizeof(void *));
    gradus_texts names;
    int64_t options[OPTIONS];
    bool whole = table && gradus_state_take(state, "options", GRADUS_STATE_INT64, OPTIONS, options) &&
                 gradus_texts_recall(state, "missing", arena, &table->missing) &&
                 gradus_texts_recall(state, "columns", arena, &names);
    if (whole) {
        table->header = options[0] != 0, table->apart = options[1] != 0, table->separator = (char)options[2];
        table->encode = (gradus_encode)options[3], table->named = options[4] != 0;
        table->column_count = names.count;
        whole = options[3] >= GRADUS_ENCODE_NUMBERS && options[3] <= GRADUS_ENCODE_PIECEWISE && names.count > 0 &&
                recall_columns(table, &names, state, arena);
    }
    const int32_t columns = whole ? table->classes + table->numbers : 0;
    whole = whole && table->width == data->info.shape[0] && columns > 0 &&
            (table->apart ? columns <= GRADUS_TARGETS : !table->classes || columns == 1);
    if (whole) return gradus_table_describe(data, error);
    return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA,
                       "what is remembered of the table does not fit together");
}
