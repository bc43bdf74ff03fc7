/* Learns what the columns of a table are and how they are scaled. Kinds are taken from all rows; means, spreads and the texts that
 * become inputs from the training rows alone, so that nothing of the other parts leaks into them. */
#include "csv_walk.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 10000, MOST_COUNTED_CLASS = 20 };

/* ---- first walk: kinds ---- */

typedef struct survey {
    int64_t numbers, texts, commas; /* texts that would be numbers with a point for the comma ... */
    int64_t marks;                  /* ... and without marks between thousands */
    uint32_t counted;               /* bit n: the whole number n was met, up to MOST_COUNTED_CLASS */
    bool other;                     /* a number that is not one of those */
    gradus_texts met;               /* at most one more than is allowed */
} survey;

/* "0,25", as tables of many countries have it. */
static bool has_decimal_comma(const gradus_csv_field *field)
{
    char text[32];
    const char *comma = memchr(field->text, ',', field->length);
    double number;
    if (!comma || field->length >= sizeof text) return false;
    memcpy(text, field->text, field->length);
    text[comma - field->text] = '.';
    return gradus_number_read(text, field->length, &number) == field->length;
}

/* "1,234.5", "12 345", "1'234'567": groups of three digits behind the first. */
static bool has_thousands_mark(const gradus_csv_field *field)
{
    const char *at = field->text, *end = at + field->length;
    int32_t groups = 0, digits = 0;
    if (at < end && (*at == '-' || *at == '+')) at++;
    const char *first = at;
    while (at < end && *at >= '0' && *at <= '9') at++;
    if (at == first || at - first > 3 || at == end) return false;
    for (const char mark = *at; at < end && *at == mark && memchr(", '", mark, 3); groups++)
        for (digits = 0, at++; at < end && *at >= '0' && *at <= '9'; at++)
            if (++digits > 3) return false;
    if (!groups || digits != 3) return false;
    if (at < end && *at == '.')
        for (at++; at < end && *at >= '0' && *at <= '9';) at++;
    return at == end;
}

static bool look(survey *seen, const gradus_csv_field *field, int32_t most, gradus_arena *arena)
{
    double number;
    if (gradus_number_read(field->text, field->length, &number) == field->length) {
        bool counted = number >= 0 && number <= MOST_COUNTED_CLASS && number == (int32_t)number;
        seen->numbers++;
        seen->other |= !counted;
        if (counted) seen->counted |= (uint32_t)1 << (int32_t)number;
    } else {
        seen->texts++;
        seen->commas += has_decimal_comma(field);
        seen->marks += has_thousands_mark(field);
    }
    return seen->met.count > most || gradus_texts_add(&seen->met, arena, field->text, field->length);
}

/* Whole numbers from 0 or 1 up to at most 20 without a gap are classes; 3, 4, 5 are marks, 1900 to 2020 are years. */
static bool counts_classes(const survey *seen)
{
    uint32_t from = seen->counted & 1 ? seen->counted : seen->counted >> 1;
    return !seen->other && from > 1 && (from & (from + 1)) == 0;
}

/* "Name, 'street name'": appends a column, in quotes where a spec needs them. */
static void list_column(char *text, size_t size, const char *name)
{
    size_t used = strlen(text);
    bool bare = strpbrk(name, " \t,()[]=*>#\"':;&|{}<!?@$^`\\") == NULL;
    snprintf(text + used, size - used, "%s%s%s%s", used ? ", " : "", bare ? "" : "\"", name, bare ? "" : "\"");
}

/* Several targets are numbers of one output, unless the model names one for each, or a class among them asks for that. */
static void part_targets(gradus_table *table)
{
    for (int32_t i = 0; i < table->column_count; i++) {
        const gradus_column *column = &table->columns[i];
        if (column->role != GRADUS_COLUMN_TARGET || column->task == GRADUS_TASK_REGRESSION) continue;
        table->apart |= column->task == GRADUS_TASK_CLASSIFICATION || !column->numeric;
    }
    table->apart = table->apart && table->numbers > 1;
}

static gradus_status judge_targets(gradus_table *table, const gradus_csv *csv, const survey *seen, gradus_error *error)
{
    const int32_t targets = table->numbers;
    part_targets(table);
    if (table->apart && targets > GRADUS_TARGETS)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_LENGTHS,
                           "%s: %d targets, but at most %d can be told "
                           "each by an output of its own",
                           csv->path, targets, GRADUS_TARGETS);
    for (int32_t i = 0; i < table->column_count; i++) {
        gradus_column *column = &table->columns[i];
        if (column->role != GRADUS_COLUMN_TARGET) continue;
        column->class = column->task == GRADUS_TASK_CLASSIFICATION || !column->numeric || counts_classes(&seen[i]);
        if (column->task == GRADUS_TASK_REGRESSION || (targets > 1 && !table->apart)) column->class = false;
        if (!column->class && !column->numeric)
            return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                               "%s: the column '%s' holds texts; the target of a regression can only be numbers",
                               csv->path, column->name);
        if (column->class) column->numeric = seen[i].texts == 0;
        table->classes += column->class;
        table->numbers -= column->class;
    }
    return GRADUS_OK;
}

/* Whether so many texts are numbers in another way of writing, which makes a column of numbers with those that are. */
static bool would_be_numbers(const survey *seen, int64_t others)
{
    return others && seen->numbers + others > 9 * (seen->texts - others);
}

/* A few different texts with marks may be codes: they are left as they are. */
static gradus_status judge_writing(const gradus_column *column, const gradus_csv *csv, const survey *seen,
                                   int32_t categories, gradus_error *error)
{
    const int32_t most = column->role == GRADUS_COLUMN_INPUT ? categories : MOST_COUNTED_CLASS;
    if (csv->separator != ',' && would_be_numbers(seen, seen->commas))
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: the numbers of the column '%s' have a decimal comma; they need a point, for example "
                           "by: tr , .",
                           csv->path, column->name);
    if (seen->met.count > most && would_be_numbers(seen, seen->marks))
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: the numbers of the column '%s' have a mark between thousands; they need none, as in "
                           "1234.5",
                           csv->path, column->name);
    return GRADUS_OK;
}

/* A column is numeric where nine tenths of it are; then a text in it is an error, not a category. */
static gradus_status judge(gradus_table *table, const gradus_csv *csv, const survey *seen, int32_t categories,
                           gradus_error *error)
{
    char many[140] = "", empty[140] = "";
    for (int32_t i = 0; i < table->column_count; i++) {
        gradus_column *column = &table->columns[i];
        column->numeric = seen[i].numbers > 9 * seen[i].texts;
        if (column->role == GRADUS_COLUMN_DROPPED) continue;
        if (judge_writing(column, csv, &seen[i], categories, error)) return error->status;
        if (seen[i].numbers + seen[i].texts == 0) list_column(empty, sizeof empty, column->name);
        if (column->role == GRADUS_COLUMN_INPUT && !column->numeric && seen[i].met.count > categories)
            list_column(many, sizeof many, column->name);
    }
    if (*empty)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: nothing stands in a column; drop=[%s]",
                           csv->path, empty);
    if (*many)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: more than %d different texts in a column; drop=[%s]", csv->path, categories, many);
    return judge_targets(table, csv, seen, error);
}

static gradus_status no_rows(const gradus_table *table, const gradus_table_file *file, gradus_error *error)
{
    const gradus_column *target = NULL;
    int32_t targets = 0;
    for (int32_t i = 0; i < table->column_count; i++)
        if (table->columns[i].role == GRADUS_COLUMN_TARGET) target = &table->columns[i], targets++;
    if (file->without && targets == 1)
        return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                           "%s: nothing stands in the column '%s', which is to be learnt; target=NAME takes another",
                           file->csv.path, target->name);
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: %s", file->csv.path,
                       file->without ? "no row has all its targets" : "a header, but no rows");
}

gradus_status gradus_table_survey(gradus_table *table, gradus_table_file *file, int32_t categories, gradus_arena *arena,
                                  int64_t *rows, gradus_error *error)
{
    survey *seen = calloc((size_t)table->column_count, sizeof *seen);
    bool memory = seen != NULL;
    *rows = 0;
    gradus_table_rewind(file);
    for (; memory && gradus_table_next(file, error); ++*rows)
        for (int32_t i = 0; memory && i < table->column_count; i++) {
            const gradus_csv_field *field = gradus_table_field(file, i);
            if (!gradus_table_gap(table, field)) memory = look(&seen[i], field, categories, arena);
        }
    gradus_status status = error->status;
    if (!memory)
        status = gradus_csv_no_memory(&file->csv, error);
    else if (!status && *rows == 0)
        status = no_rows(table, file, error);
    if (!status) status = judge(table, &file->csv, seen, categories, error);
    free(seen);
    return status;
}

/* ---- second walk: scales and texts ---- */

typedef struct running { /* Welford 1962: mean and sum of squared deviations in one pass, without cancellation */
    int64_t count;
    double mean, squares, low, high;
    double *all; /* every number, where they are to be cut into parts; else NULL */
    int64_t room;
} running;

static void add(running *sums, double number)
{
    double away = number - sums->mean;
    sums->low = sums->count && sums->low < number ? sums->low : number;
    sums->high = sums->count && sums->high > number ? sums->high : number;
    sums->mean += away / (double)++sums->count;
    sums->squares += away * (number - sums->mean);
}

static bool keep(running *sums, double number)
{
    if (sums->count > sums->room) {
        const int64_t room = sums->room ? 2 * sums->room : 1024;
        double *more = realloc(sums->all, (size_t)room * sizeof *more);
        if (!more) return false;
        sums->all = more, sums->room = room;
    }
    sums->all[sums->count - 1] = number;
    return true;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Parts of as many training rows each, as far as equal numbers let them be. Piecewise, the least and the largest number are edges
 * too, and a column that never changes is one part, of length 1. */
static bool cut(gradus_column *column, const running *sums, int32_t bins, bool ends, gradus_arena *arena)
{
    const double least = sums->count ? sums->low : 0;
    double *edges = column->edges =
        gradus_arena_take(arena, (size_t)(bins + 1) * sizeof *column->edges, sizeof *column->edges);
    if (!edges) return false;
    if (sums->count) qsort(sums->all, (size_t)sums->count, sizeof *sums->all, by_size);
    if (ends) edges[column->edge_count++] = least;
    for (int32_t i = 1; sums->count && i < bins + ends; i++) {
        const double edge = i < bins ? sums->all[sums->count * i / bins] : sums->high;
        if (edge > (column->edge_count ? edges[column->edge_count - 1] : least)) edges[column->edge_count++] = edge;
    }
    if (ends && column->edge_count == 1) edges[column->edge_count++] = fmax(least + 1, nextafter(least, INFINITY));
    return true;
}

static void set_scale(gradus_column *column, const running *sums, gradus_scale scale)
{
    column->mean = sums->mean;
    column->base = 0, column->spread = 1;
    if (scale == GRADUS_SCALE_STANDARD) {
        column->base = sums->mean;
        column->spread = sums->count ? sqrt(sums->squares / (double)sums->count) : 0;
    } else if (scale == GRADUS_SCALE_MINMAX) {
        column->base = sums->low;
        column->spread = sums->high - sums->low;
    }
    if (!(column->spread > 0) || !isfinite(column->spread)) column->spread = 1; /* a column that never changes */
}

/* One field that is no gap; false: *error says why. Classes are learnt from every row, all else from training rows. */
static bool learn_field(gradus_table_file *file, gradus_table *table, int32_t i, bool training, running *sums,
                        gradus_arena *arena, gradus_error *error)
{
    gradus_column *column = &table->columns[i];
    const gradus_csv_field *field = gradus_table_field(file, i);
    const bool class = column->class;
    bool fits = true;
    double number;
    if (column->numeric && !gradus_table_number(file, i, &number, error)) return false;
    if (class && column->numeric) {
        char text[32];
        fits = gradus_texts_add(&column->texts, arena, text, gradus_number_print(number, text));
    } else if (column->numeric) {
        if (training) add(&sums[i], number);
        if (training && table->encode != GRADUS_ENCODE_NUMBERS && column->role == GRADUS_COLUMN_INPUT)
            fits = keep(&sums[i], number);
    } else if (class || training) {
        fits = gradus_texts_add(&column->texts, arena, field->text, field->length);
    }
    if (!fits) gradus_csv_no_memory(&file->csv, error);
    if (class && column->texts.count > MOST_CLASSES)
        gradus_csv_fail(&file->csv, field, error, "'%s' has more than %d classes", column->name, MOST_CLASSES);
    return !error->status;
}

/* A number takes one value, or one for each part, a text as many as it may be; or each a symbol, of which a column has one more, for
 * what is unknown. */
void gradus_table_lay_out(gradus_table *table)
{
    table->width = table->symbols = 0;
    for (int32_t i = 0; i < table->column_count; i++) {
        gradus_column *column = &table->columns[i];
        if (column->role != GRADUS_COLUMN_INPUT) continue;
        column->first_symbol = table->symbols;
        if (table->encode == GRADUS_ENCODE_SYMBOLS) {
            table->width++;
            table->symbols += (column->numeric ? column->edge_count + 1 : column->texts.count) + 1;
        } else {
            const bool pieces = column->numeric && table->encode == GRADUS_ENCODE_PIECEWISE;
            table->width += pieces ? column->edge_count - 1 : column->numeric ? 1 : column->texts.count;
        }
    }
}

static gradus_status finish(gradus_table *table, const gradus_csv *csv, const running *sums, gradus_scale inputs,
                            gradus_scale target, gradus_arena *arena, gradus_error *error)
{
    for (int32_t i = 0; i < table->column_count; i++) {
        gradus_column *column = &table->columns[i];
        const bool input = column->role == GRADUS_COLUMN_INPUT;
        set_scale(column, &sums[i], input ? inputs : target);
        if (table->encode != GRADUS_ENCODE_NUMBERS && input && column->numeric &&
            !cut(column, &sums[i], table->bins, table->encode == GRADUS_ENCODE_PIECEWISE, arena))
            return gradus_csv_no_memory(csv, error);
        if (column->class && column->texts.count < 2)
            return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA,
                               "%s: '%s' is always the same; there is nothing to learn", csv->path, column->name);
    }
    gradus_table_lay_out(table);
    if (table->width > 0) return GRADUS_OK;
    return gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: no column is left to learn from",
                       csv->path);
}

gradus_status gradus_table_learn(gradus_table *table, gradus_table_file *file, const gradus_rows *training,
                                 gradus_scale inputs, gradus_scale target, gradus_arena *arena, gradus_error *error)
{
    running *sums = calloc((size_t)table->column_count, sizeof *sums);
    if (!sums) return gradus_csv_no_memory(&file->csv, error);
    int64_t next = 0;
    gradus_table_rewind(file);
    for (int64_t row = 0; gradus_table_next(file, error); row++) {
        bool learnt = next < training->count && (training->index ? training->index[next] : next) == row;
        next += learnt;
        for (int32_t i = 0; i < table->column_count; i++) {
            if (table->columns[i].role == GRADUS_COLUMN_DROPPED) continue;
            if (gradus_table_gap(table, gradus_table_field(file, i))) continue;
            if (!learn_field(file, table, i, learnt, sums, arena, error)) break;
        }
    }
    gradus_status status = error->status;
    if (!status) status = finish(table, &file->csv, sums, inputs, target, arena, error);
    for (int32_t i = 0; i < table->column_count; i++) free(sums[i].all);
    free(sums);
    return status;
}
