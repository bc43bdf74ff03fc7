/* ratings: a table of who thinks what of which. */
#include "ratings.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "csv_text.h"

enum { USER, ITEM, RATING, COLUMNS };
static const char *const parameters[COLUMNS] = {"user", "item", "rating"};

typedef struct table { /* a walk over the rows of a file */
    gradus_source source;
    gradus_csv csv;
    int32_t at[COLUMNS], fields; /* field of each column; fields of the first row */
    bool headed;
} table;

static gradus_status no_memory(gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
}

static bool read_number(const gradus_csv_field *field, double *number)
{
    return field->length && gradus_number_read(field->text, field->length, number) == field->length;
}

/* ---- columns ---- */

static bool is_called(const gradus_csv_field *field, const char *name)
{
    return field->length == strlen(name) && memcmp(field->text, name, field->length) == 0;
}

/* A column by its name, or by its number from 1. Without either they are the first three. */
static gradus_status find_column(const gradus_reading *reading, table *rows, int32_t column, gradus_error *error)
{
    const gradus_value *asked = gradus_item_value(reading->item, parameters[column]);
    const char *name = asked->present ? asked->text : NULL;
    double number = column + 1;
    rows->at[column] = -1;
    for (int32_t i = 0; name && i < rows->csv.count; i++)
        if (is_called(&rows->csv.fields[i], name)) {
            rows->at[column] = i, rows->headed = true;
            return GRADUS_OK;
        }
    if (name && gradus_number_read(name, strlen(name), &number) != strlen(name)) number = 0;
    if (number >= 1 && number <= rows->csv.count && number == (double)(int32_t)number) {
        rows->at[column] = (int32_t)number - 1;
        return GRADUS_OK;
    }
    if (name)
        return gradus_reading_fail(reading, asked, GRADUS_CODE_UNKNOWN_NAME, error,
                                   "%s has no column '%s'; it has %d columns, numbered from 1", rows->source.path, name,
                                   rows->csv.count);
    return gradus_csv_fail(&rows->csv, NULL, error, "%d columns, expected a user, an item and a rating",
                           rows->csv.count);
}

static gradus_status open_table(table *rows, const gradus_reading *reading, const char *path, gradus_sha256 *sum,
                                gradus_error *error)
{
    double number;
    gradus_status status = gradus_source_open(&rows->source, path, sum, error);
    if (!status) status = gradus_csv_begin(&rows->csv, &rows->source, 0, error);
    if (!status && !gradus_csv_next(&rows->csv, error) && !error->status)
        gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: no rows", path);
    for (int32_t i = 0; reading && i < COLUMNS && !error->status; i++) find_column(reading, rows, i, error);
    if (error->status) return (gradus_status)error->status;
    rows->fields = rows->csv.count;
    const gradus_csv_field *last = &rows->csv.fields[rows->at[RATING]];
    if (reading && !read_number(last, &number)) rows->headed = true;
    return GRADUS_OK;
}

static void close_table(table *rows)
{
    gradus_csv_end(&rows->csv);
    gradus_source_close(&rows->source);
}

static bool next_row(table *rows, gradus_error *error)
{
    if (!gradus_csv_next(&rows->csv, error)) return false;
    if (rows->csv.count == rows->fields) return true;
    gradus_csv_fail(&rows->csv, NULL, error, "%d fields, expected %d as the first row has", rows->csv.count,
                    rows->fields);
    return false;
}

static void rewind_rows(table *rows, gradus_error *error)
{
    gradus_csv_rewind(&rows->csv);
    if (rows->headed) gradus_csv_next(&rows->csv, error);
}

/* ---- rows ---- */

static int64_t look(table *rows, gradus_ratings *known, gradus_arena *arena, gradus_error *error)
{
    int64_t count = 0;
    for (rewind_rows(rows, error); next_row(rows, error); count++) {
        const gradus_csv_field *fields = rows->csv.fields, *user = &fields[rows->at[USER]],
                               *item = &fields[rows->at[ITEM]];
        if (!user->length || !item->length) {
            gradus_csv_fail(&rows->csv, user->length ? item : user, error, "nothing stands here, expected %s",
                            user->length ? "an item" : "a user");
            break;
        }
        if (!known) continue;
        if (gradus_texts_add(&known->users, arena, user->text, user->length) &&
            gradus_texts_add(&known->items, arena, item->text, item->length))
            continue;
        no_memory(error);
        break;
    }
    if (!error->status && !count)
        gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: no rows", rows->source.path);
    return count;
}

static bool symbol_of(const table *rows, const gradus_texts *known, int32_t column, const char *noun, int32_t *symbol,
                      gradus_error *error)
{
    const gradus_csv_field *field = &rows->csv.fields[rows->at[column]];
    *symbol = gradus_texts_find(known, field->text, field->length);
    if (*symbol < 0)
        gradus_csv_fail(&rows->csv, field, error, "'%.*s' is no %s of training, which knows %d of them",
                        gradus_shown(field->text, field->length, 40), field->text, noun, known->count);
    return *symbol >= 0;
}

static gradus_status encode(table *rows, const gradus_ratings *known, int64_t count, gradus_arena *arena,
                            gradus_examples *examples, gradus_error *error)
{
    float *pairs = gradus_arena_take(arena, 2 * (size_t)count * sizeof *pairs, 64);
    float *numbers = gradus_arena_take(arena, (size_t)count * sizeof *numbers, 64);
    if (!pairs || !numbers) return no_memory(error);
    *examples = (gradus_examples){
        .count = count, .width = 2, .values = pairs, .numbers = rows->at[RATING] < 0 ? NULL : numbers};
    for (rewind_rows(rows, error); next_row(rows, error); pairs += 2, numbers++) {
        int32_t user, item;
        double rating = 0;
        if (!symbol_of(rows, &known->users, USER, "user", &user, error) ||
            !symbol_of(rows, &known->items, ITEM, "item", &item, error))
            break;
        const gradus_csv_field *field = rows->at[RATING] < 0 ? NULL : &rows->csv.fields[rows->at[RATING]];
        if (field && !read_number(field, &rating)) {
            gradus_csv_fail(&rows->csv, field, error, "'%.*s' is no rating; expected a number",
                            gradus_shown(field->text, field->length, 40), field->text);
            break;
        }
        pairs[0] = (float)user, pairs[1] = (float)(known->users.count + item), *numbers = (float)rating;
    }
    return (gradus_status)error->status;
}

/* ---- the set ---- */

gradus_ratings *gradus_ratings_create(gradus_data *data, gradus_error *error)
{
    gradus_ratings *ratings = data->memory = gradus_arena_take(&data->arena, sizeof *ratings, 64);
    if (ratings)
        *ratings = (gradus_ratings){.users = {0}};
    else
        no_memory(error);
    return ratings;
}

gradus_status gradus_ratings_conclude(gradus_reading *reading, bool has_test, gradus_error *error)
{
    gradus_data *data = reading->data;
    gradus_ratings *ratings = data->memory;
    char what[120];
    data->info.shape[0] = 2;
    data->info.symbols = ratings->users.count + ratings->items.count;
    data->info.targets[0].kind = GRADUS_TARGET_NUMBERS, data->info.targets[0].outputs = 1;
    if (gradus_reading_split(reading, data->training.count, has_test, error) ||
        gradus_learnt_from(reading, 1, NULL, error))
        return (gradus_status)error->status;
    ratings->learnt = *(gradus_learnt *)data->memory;
    data->memory = ratings;
    snprintf(what, sizeof what, "%lld ratings of %d items by %d users", (long long)data->training.count,
             ratings->items.count, ratings->users.count);
    gradus_reading_title(reading, what);
    return GRADUS_OK;
}

static gradus_status read_file(gradus_reading *reading, const char *text, gradus_ratings *known, bool learn,
                               gradus_examples *examples, gradus_error *error)
{
    table rows = {.headed = false};
    char path[GRADUS_DATA_PATH];
    gradus_status status = gradus_reading_path(reading, text, path, error);
    if (!status) status = open_table(&rows, reading, path, &reading->sum, error);
    const int64_t count = status ? 0 : look(&rows, learn ? known : NULL, &reading->data->arena, error);
    if (!error->status) encode(&rows, known, count, &reading->data->arena, examples, error);
    close_table(&rows);
    return (gradus_status)error->status;
}

static gradus_status open_file(gradus_reading *reading, gradus_error *error)
{
    gradus_data *data = reading->data;
    const char *file = gradus_reading_text(reading, "file"), *test = gradus_reading_text(reading, "test");
    int64_t amount;
    const bool has_test = !gradus_amount_read(test, 0, &amount);
    gradus_ratings *known = gradus_ratings_create(data, error);
    if (!known) return (gradus_status)error->status;
    gradus_stem(file, data->info.name, sizeof data->info.name);
    gradus_status status = read_file(reading, file, known, true, &data->training, error);
    if (!status && has_test) status = read_file(reading, test, known, false, &data->test, error);
    return status ? status : gradus_ratings_conclude(reading, has_test, error);
}

/* A file of users and items: its first two columns. */
gradus_status gradus_ratings_inputs(const gradus_data *like, const char *path, gradus_data *data, gradus_error *error)
{
    const gradus_ratings *known = like->memory;
    table rows = {.at = {0, 1, -1}};
    gradus_status status = gradus_source_open(&rows.source, path, NULL, error);
    if (!status) status = gradus_csv_begin(&rows.csv, &rows.source, 0, error);
    if (!status && gradus_csv_next(&rows.csv, error)) {
        const gradus_csv_field *first = rows.csv.fields;
        rows.fields = rows.csv.count;
        if (rows.fields < 2) gradus_csv_fail(&rows.csv, NULL, error, "1 column, expected a user and an item");
        rows.headed = rows.fields > 1 && gradus_texts_find(&known->users, first[0].text, first[0].length) < 0 &&
                      gradus_texts_find(&known->items, first[1].text, first[1].length) < 0;
    }
    const int64_t count = error->status ? 0 : look(&rows, NULL, &data->arena, error);
    if (!error->status) encode(&rows, known, count, &data->arena, &data->test, error);
    close_table(&rows);
    return (gradus_status)error->status;
}

void gradus_ratings_save(const gradus_data *data, gradus_state_writer *writer)
{
    const gradus_ratings *ratings = data->memory;
    gradus_texts_save(writer, "users", ratings->users.text, ratings->users.count);
    gradus_texts_save(writer, "items", ratings->items.text, ratings->items.count);
    gradus_learnt_save(data, writer);
}

gradus_status gradus_ratings_recall(gradus_data *data, gradus_state_reader *state, gradus_error *error)
{
    if (gradus_learnt_recall(data, state, error)) return (gradus_status)error->status;
    const gradus_learnt *learnt = data->memory;
    gradus_ratings *ratings = gradus_ratings_create(data, error);
    if (!ratings) return (gradus_status)error->status;
    ratings->learnt = *learnt;
    if (gradus_texts_recall(state, "users", &data->arena, &ratings->users) &&
        gradus_texts_recall(state, "items", &data->arena, &ratings->items) &&
        ratings->users.count + ratings->items.count == data->info.symbols && data->info.shape[0] == 2)
        return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA,
                       "what is remembered of users and items does not fit together");
}

static const gradus_argument arguments[] = {
    {.name = "file",
     .kind = GRADUS_TEXT,
     .help = "the file: text (CSV, TSV), or such text compressed by gzip",
     .also = "path, filename"},
    {.name = "user",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "column of users, by name or number; without it the first",
     .also = "user_id, users"},
    {.name = "item",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "column of items, by name or number; without it the second",
     .also = "item_id, items"},
    {.name = "rating",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_OPTIONAL | GRADUS_NAMED,
     .help = "column of ratings, by name or number; without it the third",
     .also = "target, label, ratings"},
    {.name = "test",
     .kind = GRADUS_TEXT,
     .initial = "10%",
     .flags = GRADUS_NAMED,
     .help =
         "what is kept for the test: a share (10%), a number of ratings, none, or a file of the same columns, users "
         "and items",
     .also = "test_size, test_split, test_file"},
    GRADUS_TARGET_SCALE_ARGUMENT,
    GRADUS_LIMIT_ARGUMENT,
    {0},
};

const gradus_reader gradus_reader_ratings = {
    .member = {.name = "ratings",
               .summary = "what users think of items, a rating a row",
               .also = "recommender, movielens, interactions",
               .arguments = arguments,
               .notes =
                   "an example is two symbols, the user and behind all users the item, for an embedding; who is in "
                   "no training row has a symbol too, but nothing is learnt of it"},
    .open = open_file,
    .inputs = gradus_ratings_inputs,
    .save = gradus_ratings_save,
    .recall = gradus_ratings_recall,
};
