/* csv: tables in a text file, one row an example. Columns of numbers are scaled, columns of texts become zeros and ones, the target
 * is a class or a number; what was learnt about the columns is remembered with the model. */
#include "csv_walk.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the user asked for ---- */

static int32_t find_column(const gradus_table *table, const char *text)
{
    double number;
    for (int32_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, text) == 0) return i;
    if (gradus_number_read(text, strlen(text), &number) != strlen(text)) return -1;
    bool counted = number >= 1 && number <= table->column_count && number == (int32_t)number;
    return counted ? (int32_t)number - 1 : -1;
}

static gradus_status no_column(const gradus_reading *reading, const gradus_table *table, const char *path,
                               const gradus_value *value, gradus_error *error)
{
    if (!table->header && !table->named)
        return gradus_reading_fail(reading, value, GRADUS_CODE_UNKNOWN_NAME, error,
                                   "%s has no header, and so no column '%s'; its columns are 1 to %d, and names=[...] "
                                   "names them",
                                   path, value->text, table->column_count);
    const char **names = calloc((size_t)table->column_count, sizeof *names);
    for (int32_t i = 0; names && i < table->column_count; i++) names[i] = table->columns[i].name;
    const char *near = names ? gradus_nearest(value->text, names, table->column_count) : NULL;
    free(names);
    gradus_status status =
        gradus_reading_fail(reading, value, GRADUS_CODE_UNKNOWN_NAME, error, "%s has no column '%s'%s%s%s", path,
                            value->text, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    gradus_suggest(error, near);
    return status;
}

/* names=[...]: what a file without a header does not say. */
static gradus_status name_columns(const gradus_reading *reading, gradus_table *table, const char *path,
                                  gradus_error *error)
{
    const gradus_value *names = gradus_item_value(reading->item, "names");
    if (!names->present) return GRADUS_OK;
    if (table->header)
        return gradus_reading_fail(reading, names, GRADUS_CODE_UNEXPECTED_VALUE, error,
                                   "%s names its columns itself, in its first row; header=false where that is none",
                                   path);
    if (names->count != table->column_count)
        return gradus_reading_fail(reading, names, GRADUS_CODE_LENGTHS, error, "%d names, but %s has %d columns",
                                   names->count, path, table->column_count);
    for (int32_t i = 0; i < names->count; i++) {
        const gradus_value *name = &names->items[i];
        for (int32_t k = 0; k < i; k++)
            if (strcmp(names->items[k].text, name->text) == 0)
                return gradus_reading_fail(reading, name, GRADUS_CODE_REPEATED, error, "a second column is called '%s'",
                                           name->text);
        table->columns[i].name = gradus_arena_text(&reading->data->arena, name->text, strlen(name->text));
        if (!table->columns[i].name)
            return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    }
    table->named = true;
    return GRADUS_OK;
}

/* Gives the columns that a parameter lists their role. */
static gradus_status set_roles(const gradus_reading *reading, gradus_table *table, const char *path,
                               const char *parameter, gradus_column_role role, gradus_error *error)
{
    const gradus_value *list = gradus_item_value(reading->item, parameter);
    for (int32_t i = 0; list && list->present && i < list->count; i++) {
        int32_t at = find_column(table, list->items[i].text);
        if (at < 0) return no_column(reading, table, path, &list->items[i], error);
        if (table->columns[at].role != GRADUS_COLUMN_INPUT)
            return gradus_reading_fail(reading, &list->items[i], GRADUS_CODE_REPEATED, error,
                                       "the column '%s' is already %s", table->columns[at].name,
                                       table->columns[at].role == GRADUS_COLUMN_TARGET ? "the target" : "dropped");
        table->columns[at].role = role;
        table->numbers += role == GRADUS_COLUMN_TARGET; /* until they are judged */
    }
    return GRADUS_OK;
}

/* Without a target= the last column that is not dropped is learnt. */
static gradus_status assign_roles(const gradus_reading *reading, gradus_table *table, const char *path,
                                  gradus_error *error)
{
    gradus_status status = set_roles(reading, table, path, "drop", GRADUS_COLUMN_DROPPED, error);
    if (!status) status = set_roles(reading, table, path, "target", GRADUS_COLUMN_TARGET, error);
    for (int32_t i = table->column_count - 1; i >= 0 && !table->numbers; i--) {
        if (table->columns[i].role != GRADUS_COLUMN_INPUT) continue;
        table->columns[i].role = GRADUS_COLUMN_TARGET;
        table->numbers = 1;
    }
    return status;
}

/* One for all targets, or one for each in the order in which they are listed. */
static gradus_status set_tasks(const gradus_reading *reading, gradus_table *table, gradus_error *error)
{
    const gradus_value *tasks = gradus_item_value(reading->item, "task"),
                       *targets = gradus_item_value(reading->item, "target");
    if (tasks->count > 1 && tasks->count != table->numbers)
        return gradus_reading_fail(reading, tasks, GRADUS_CODE_LENGTHS, error, "%d tasks, but %d target%s; %s",
                                   tasks->count, table->numbers, table->numbers > 1 ? "s" : "",
                                   "write one for each, in their order, or one for all");
    for (int32_t i = 0; i < table->column_count; i++) table->columns[i].task = (int32_t)tasks->items[0].number;
    for (int32_t i = 0; tasks->count > 1 && i < targets->count; i++)
        table->columns[find_column(table, targets->items[i].text)].task = (int32_t)tasks->items[i].number;
    return GRADUS_OK;
}

static gradus_status read_options(const gradus_reading *reading, gradus_table *table, gradus_error *error)
{
    const gradus_value *missing = gradus_item_value(reading->item, "missing");
    const char *separator = gradus_reading_text(reading, "separator");
    if (separator && strcmp(separator, "tab") == 0) separator = "\t";
    if (separator && (strlen(separator) != 1 || strchr("\"\r\n", *separator) || (unsigned char)*separator >= 0x80))
        return gradus_reading_fail(reading, gradus_item_value(reading->item, "separator"), GRADUS_CODE_WRONG_TYPE,
                                   error, "a separator is one ASCII character or tab, and no quote");
    table->separator = separator ? *separator : 0;
    table->encode = (gradus_encode)gradus_reading_count(reading, "encode");
    table->bins = (int32_t)gradus_reading_count(reading, "bins");
    for (int32_t i = 0; i < missing->count; i++)
        if (!gradus_texts_add(&table->missing, &reading->data->arena, missing->items[i].text,
                              strlen(missing->items[i].text)))
            return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    return GRADUS_OK;
}

/* ---- reading ---- */

/* One for each value of an example, in their order (csv_encode.c). */
static void describe_column(const gradus_table *table, const gradus_column *column, gradus_data_input **at)
{
    const char *name = table->header || table->named ? column->name : NULL;
    if (column->role != GRADUS_COLUMN_INPUT) return;
    if (column->numeric && table->encode == GRADUS_ENCODE_PIECEWISE)
        for (int32_t i = 0; i + 1 < column->edge_count; i++)
            *(*at)++ = (gradus_data_input){.column = name,
                                           .values = 1,
                                           .base = column->edges[i],
                                           .spread = column->edges[i + 1] - column->edges[i],
                                           .gap = column->mean,
                                           .low = i ? 0 : -INFINITY,
                                           .high = i + 2 < column->edge_count ? 1 : INFINITY};
    else if (column->numeric)
        *(*at)++ = (gradus_data_input){.column = name,
                                       .values = 1,
                                       .base = column->base,
                                       .spread = column->spread,
                                       .gap = column->mean,
                                       .low = -INFINITY,
                                       .high = INFINITY};
    for (int32_t i = 0; i < column->texts.count && !column->numeric; i++)
        *(*at)++ = (gradus_data_input){.column = name, .text = column->texts.text[i], .values = 1, .spread = 1};
}

static gradus_status describe_inputs(gradus_data *data, gradus_error *error)
{
    const gradus_table *table = data->memory;
    gradus_data_input *inputs = gradus_arena_take(&data->arena, (size_t)(table->width + 1) * sizeof *inputs, 64),
                      *at = inputs;
    if (!inputs) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    if (table->encode == GRADUS_ENCODE_SYMBOLS) return GRADUS_OK; /* no numbers go in */
    for (int32_t i = 0; i < table->column_count; i++) describe_column(table, &table->columns[i], &at);
    data->info.inputs = inputs, data->info.input_count = at - inputs;
    return GRADUS_OK;
}

gradus_status gradus_table_describe(gradus_data *data, gradus_error *error)
{
    const gradus_table *table = data->memory;
    const size_t columns = (size_t)(table->classes + table->numbers);
    double *base = gradus_arena_take(&data->arena, 2 * columns * sizeof *base, sizeof *base), *spread = base + columns;
    if (!base) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    data->info.shape[0] = table->width;
    data->info.symbols = table->symbols;
    data->info.target_count = table->apart ? (int32_t)columns : 1;
    gradus_target *target = NULL;
    for (int32_t i = 0; i < table->column_count; i++) {
        const gradus_column *column = &table->columns[i];
        if (column->role != GRADUS_COLUMN_TARGET) continue;
        if (!target || table->apart) {
            target = target ? target + 1 : data->info.targets;
            *target = (gradus_target){.name = gradus_target_name(data, column->name, "column_"),
                                      .class_counts = target->class_counts};
            if (!column->class) target->base = base, target->spread = spread;
        }
        if (column->class) target->class_names = column->texts.text;
        if (!target->name) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
        for (const gradus_target *other = data->info.targets; other < target; other++)
            if (strcmp(other->name, target->name) == 0)
                return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_REPEATED,
                                   "two targets would be called '%s' by a model; rename one of the columns",
                                   target->name);
        target->kind = column->class ? GRADUS_TARGET_CLASS : GRADUS_TARGET_NUMBERS;
        target->outputs += column->class ? column->texts.count : 1;
        *base++ = column->base, *spread++ = column->spread;
    }
    return describe_inputs(data, error);
}

static void set_title(gradus_reading *reading, int64_t without)
{
    const gradus_table *table = reading->data->memory;
    const char *name = "";
    char what[200], target[80], left_out[40] = "";
    int32_t inputs = 0, targets = 0;
    long long rows = 0;
    for (int32_t i = 0; i < table->column_count; i++) {
        inputs += table->columns[i].role == GRADUS_COLUMN_INPUT;
        targets += table->columns[i].role == GRADUS_COLUMN_TARGET;
        if (table->columns[i].role == GRADUS_COLUMN_TARGET) name = table->columns[i].name;
    }
    for (int32_t part = 0; part < 3; part++)
        if (reading->data->part[part].from == &reading->data->training) rows += reading->data->part[part].count;
    const char *column = table->header || table->named ? "" : "column ";
    int length = gradus_shown(name, strlen(name), 40);
    if (targets > 1)
        snprintf(target, sizeof target, " for %d targets", targets);
    else if (table->classes)
        snprintf(target, sizeof target, ", %lld classes of %s%.*s", (long long)reading->data->info.targets[0].outputs,
                 column, length, name);
    else
        snprintf(target, sizeof target, " for %s%.*s", column, length, name);
    if (without) snprintf(left_out, sizeof left_out, ", %lld without it left out", (long long)without);
    snprintf(what, sizeof what, "%lld row%s of %d column%s%s%s", rows, rows == 1 ? "" : "s", inputs,
             inputs == 1 ? "" : "s", target, left_out);
    gradus_reading_title(reading, what);
}

static gradus_status read_test(gradus_reading *reading, const char *text, gradus_error *error)
{
    gradus_data *data = reading->data;
    gradus_table_file file = {0};
    gradus_source source = {0};
    char path[GRADUS_DATA_PATH];
    gradus_status status = gradus_reading_path(reading, text, path, error);
    if (!status) status = gradus_source_open(&source, path, &reading->sum, error);
    if (!status) status = gradus_table_open(data->memory, &file, &source, true, error);
    if (!status) status = gradus_table_encode(&file, &data->arena, &data->test, error);
    gradus_table_close(&file);
    gradus_source_close(&source);
    return status;
}

/* Survey, split, learn, encode: the order keeps what is learnt of scales within the training part. */
static gradus_status read_training(gradus_reading *reading, const gradus_source *source, bool has_test,
                                   gradus_error *error)
{
    gradus_data *data = reading->data;
    gradus_table *table = data->memory;
    gradus_table_file file = {0};
    const gradus_value *header = gradus_item_value(reading->item, "header");
    int64_t rows = 0, without = 0;
    gradus_status status =
        gradus_table_create(table, &file, source, header->present ? header->number > 0 : -1, &data->arena, error);
    table->apart = reading->config->apart;
    if (!status) status = name_columns(reading, table, source->path, error);
    if (!status) status = assign_roles(reading, table, source->path, error);
    if (!status) status = set_tasks(reading, table, error);
    if (!status)
        status = gradus_table_survey(table, &file, (int32_t)gradus_reading_count(reading, "categories"), &data->arena,
                                     &rows, error);
    without = file.without;
    if (!status) status = gradus_reading_split(reading, rows, has_test, error);
    if (!status)
        status = gradus_table_learn(table, &file, &data->part[GRADUS_TRAINING],
                                    (gradus_scale)gradus_reading_count(reading, "scale"),
                                    (gradus_scale)gradus_reading_count(reading, "target_scale"), &data->arena, error);
    if (!status) status = gradus_table_encode(&file, &data->arena, &data->training, error);
    if (!status) status = gradus_table_describe(data, error);
    if (!status) set_title(reading, without);
    gradus_table_close(&file);
    return status;
}

static gradus_status open_file(gradus_reading *reading, gradus_error *error)
{
    gradus_data *data = reading->data;
    gradus_source source = {0};
    char path[GRADUS_DATA_PATH];
    const char *test = gradus_reading_text(reading, "test");
    int64_t amount;
    bool has_test = test && !gradus_amount_read(test, 0, &amount);
    data->memory = gradus_arena_take(&data->arena, sizeof(gradus_table), sizeof(void *));
    if (!data->memory) return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    gradus_status status = read_options(reading, data->memory, error);
    if (!status) status = gradus_reading_path(reading, gradus_reading_text(reading, "file"), path, error);
    if (!status) status = gradus_source_open(&source, path, &reading->sum, error);
    if (!status) gradus_stem(path, data->info.name, sizeof data->info.name);
    if (!status) status = read_training(reading, &source, has_test, error);
    if (!status && has_test) status = read_test(reading, test, error);
    gradus_source_close(&source);
    return status;
}

static gradus_status open_inputs(const gradus_data *like, const char *path, gradus_data *data, gradus_error *error)
{
    gradus_table_file file = {0};
    gradus_source source = {0};
    gradus_status status = gradus_source_open(&source, path, NULL, error);
    if (!status) status = gradus_table_open(like->memory, &file, &source, false, error);
    if (!status) status = gradus_table_encode(&file, &data->arena, &data->test, error);
    gradus_table_close(&file);
    gradus_source_close(&source);
    return status;
}

/* ---- the row ---- */

static const gradus_argument arguments[] = {
    {.name = "file",
     .kind = GRADUS_TEXT,
     .help = "the file: text, or text compressed by gzip",
     .also = "path, filename"},
    {.name = "target",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_LIST | GRADUS_OPTIONAL | GRADUS_NAMED,
     .help =
         "column that is learnt, by name or number (the first is 1); several: [a, b], where numbers are told by one "
         "output unless the model names one for each; without it the last",
     .also = "label, y, target_column, label_column"},
    {.name = "header",
     .kind = GRADUS_FLAG,
     .flags = GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "whether the first row names the columns; without it, it does when no number stands in it"},
    {.name = "names",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_LIST | GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "what the columns of a file without a header are called, all of them",
     .also = "columns, column_names, col_names"},
    {.name = "separator",
     .kind = GRADUS_TEXT,
     .words = "tab",
     .flags = GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "what stands between fields; without it the one of , ; tab | that the first line has most of",
     .also = "sep, delimiter, delim"},
    {.name = "drop",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_LIST | GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "columns that are left out, by name or number",
     .also = "ignore, exclude, drop_columns"},
    {.name = "missing",
     .kind = GRADUS_TEXT,
     .initial = "[\"?\", NA, N/A, nan, NaN, null]",
     .flags = GRADUS_LIST | GRADUS_NAMED,
     .help = "texts that stand for a gap, beside nothing at all; a gap counts as the mean, or as none of the texts",
     .also = "na_values, na"},
    {.name = "scale",
     .kind = GRADUS_WORD,
     .words = "standard|minmax|none",
     .initial = "standard",
     .flags = GRADUS_NAMED,
     .help = "how inputs that are numbers are scaled, by the training part: to mean 0 and deviation 1, or to 0 to 1",
     .also = "scaler, normalize, standardize"},
    {.name = "encode",
     .kind = GRADUS_WORD,
     .words = "numbers|symbols|piecewise",
     .initial = "numbers",
     .flags = GRADUS_NAMED,
     .help =
         "numbers: numbers are scaled, a text is a one among zeros; symbols: each column is a symbol, for nets that "
         "begin with an embedding, numbers by the part of the training rows that they are in; piecewise: as numbers, "
         "but a number is a value for each such part, 0 in the parts above it, 1 in those below, a share in its own",
     .also = "categorical, encoding, cat_names"},
    {.name = "bins",
     .kind = GRADUS_INTEGER,
     .initial = "16",
     .low = 2,
     .high = 1000,
     .flags = GRADUS_NAMED,
     .help = "into how many parts of as many rows numbers are cut, with encode=symbols and piecewise",
     .also = "quantiles, n_bins"},
    {.name = "target_scale",
     .kind = GRADUS_WORD,
     .words = "standard|minmax|none",
     .initial = "standard",
     .flags = GRADUS_NAMED,
     .help = "how targets that are numbers are scaled for learning; predictions come in the numbers of the file"},
    {.name = "task",
     .kind = GRADUS_WORD,
     .words = "auto|classification|regression",
     .initial = "auto",
     .flags = GRADUS_LIST | GRADUS_NAMED,
     .help =
         "whether the target is a class or a number; auto: texts are classes, so are 0, 1, ... or 1, 2, ... up to 20; "
         "for several targets one for all, or one for each: [classification, regression]"},
    {.name = "categories",
     .kind = GRADUS_INTEGER,
     .initial = "100",
     .low = 2,
     .high = 1e5,
     .flags = GRADUS_NAMED,
     .help = "most different texts that a column may hold; each becomes an input"},
    {.name = "test",
     .kind = GRADUS_TEXT,
     .initial = "10%",
     .flags = GRADUS_NAMED,
     .help = "what is kept for the test: a share (10%), a number of rows, none, or a file of the same columns",
     .also = "test_size, test_split, test_file"},
    GRADUS_LIMIT_ARGUMENT,
    {0},
};

const gradus_reader gradus_reader_csv = {
    .member = {.name = "csv",
               .summary = "a table in a text file, one row an example (CSV, TSV)",
               .formula = "(x - mean) / deviation for numbers, 0 or 1 for each text",
               .paper =
                   "RFC 4180; piecewise: Gorishniy, Rubachev, Babenko 2022, On embeddings for numerical features in "
                   "tabular deep learning",
               .also = "tsv, table, read_csv",
               .arguments = arguments,
               .notes =
                   "with encode=symbols a model begins as embedding(8) > flatten does; what training has not met is a "
                   "symbol of its own in each column; with encode=piecewise the first part goes on below it, the last "
                   "above it, and what never changes is one part; sizes, means, parts and texts are those of the "
                   "training part; a column is numeric when nine tenths of it are; rows without a target are left out; "
                   "a class of the test may have a full stop behind it (UCI's Adult)"},
    .endings = ".csv .tsv .csv.gz .tsv.gz",
    .open = open_file,
    .inputs = open_inputs,
    .save = gradus_table_save,
    .recall = gradus_table_recall,
};
