/* table: shares of the rate from a file, or given in place, at even distances or at positions of their own; held until the next one or
 * interpolated. The last one holds for ever. */
#include "number_file.h"
#include <stdio.h>

enum { FILE_NAME, VALUES, EVERY, COLUMN, AT, INTERPOLATE, RATES };

typedef struct table {
    const double *values, *at; /* at NULL: at even distances */
    double unit;               /* what a value is divided by: the base of rates */
    int32_t count;
} table;

/* The last that has come, and how far it is to the next one. */
static int32_t find(const table *made, double t, double *progress)
{
    int32_t first = 0, last = made->count - 1;
    while (first < last) {
        int32_t middle = first + (last - first + 1) / 2;
        if (rate_has_come(made->at[middle], t))
            first = middle;
        else
            last = middle - 1;
    }
    bool between = first < made->count - 1 && t > made->at[first];
    *progress = between ? (t - made->at[first]) / (made->at[first + 1] - made->at[first]) : 0;
    return first;
}

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    const table *made = call->made;
    double every = call->number[EVERY], progress, periods = rate_periods(t, every);
    int32_t now;
    if (made->at) {
        now = find(made, t / every, &progress);
    } else {
        now = (int32_t)fmin(periods, made->count - 1);
        progress = fmin(fmax(t / every - periods, 0), 1);
    }
    if (call->number[INTERPOLATE] == 0 || now == made->count - 1) return made->values[now] / made->unit;
    return rate_between(made->values[now], made->values[now + 1], progress) / made->unit;
}

static bool read_table(const gradus_call *call, gradus_preparation *preparation, table *made)
{
    rate_number_file file = {
        .preparation = preparation, .path = call->text[FILE_NAME], .column = call->text[COLUMN], .at = call->text[AT]};
    if (!preparation->read(preparation, file.path, gradus_rate_number_file_parse, &file) || file.count == 0)
        return false;
    made->values = file.values, made->at = file.positions, made->count = file.count;
    return true;
}

static bool prepare(const gradus_call *call, gradus_preparation *preparation, const void **made)
{
    table *whole = preparation->take(preparation, sizeof *whole);
    if (!whole) return false;
    *made = whole;
    whole->unit = call->number[RATES] != 0 ? preparation->base : 1;
    if (!(whole->unit > 0)) {
        preparation->code = GRADUS_CODE_MISSING;
        snprintf(preparation->message, sizeof preparation->message,
                 "a table of rates needs to know the run's own; leave out `rates` if these are shares of it");
        return false;
    }
    if (call->counts[FILE_NAME]) return read_table(call, preparation, whole);
    whole->values = call->numbers[VALUES], whole->count = call->counts[VALUES];
    return true;
}

static const char *check(const gradus_call *call)
{
    bool file = call->counts[FILE_NAME], values = call->counts[VALUES];
    if (file == values) return "give it a file or a list of values: table(rates.csv), table([1, 0.5, 0.1])";
    bool columns = call->counts[COLUMN] || call->counts[AT];
    return columns && values ? "only a file has columns" : NULL;
}

static const gradus_argument arguments[] = {
    {.name = "file",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_OPTIONAL | GRADUS_PATH,
     .help = "a CSV with a header, or numbers alone, one a line",
     .also = "path, csv"},
    {.name = "values",
     .kind = GRADUS_SHARE,
     .high = INFINITY,
     .flags = GRADUS_LIST | GRADUS_OPTIONAL,
     .help = "the shares of the rate themselves, in place of a file: [1, 0.5, 0.1]"},
    {.name = "every",
     .kind = GRADUS_LENGTH,
     .initial = "1",
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED,
     .help = "how long each value lasts; with `at` the unit of the positions",
     .also = "interval, step"},
    {.name = "column",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "which column of the file: its name, or its number where there is no header; without it the only one"},
    {.name = "at",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "the column of the positions; without it the rows follow each other at even distances",
     .also = "position, time"},
    {.name = "interpolate",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .help = "in straight lines from one value to the next"},
    {.name = "rates",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .help = "the values are rates, not shares of the run's own",
     .also = "absolute"},
    {0}};

const gradus_schedule_row gradus_schedule_table = {
    .member =
        {.name = "table",
         .summary = "shares of the rate from a file or a list",
         .formula = "values[floor(t / every)]; interpolated: a + (b - a) p between two of them",
         .also = "from_file, csv, lookup",
         .example = "table([1, 0.5, 0.1], every=100)",
         .notes =
             "What `gradus schedule SPEC --csv` prints reads back: table(rates.csv, column=rate, at=update, rates).\n"
             "A path is relative to the run file, or to the working folder on the command line. The file is read when "
             "the "
             "schedule is made, and again when a run is resumed or changed.",
         .arguments = arguments},
    .abi = GRADUS_ABI,
    .factor = factor,
    .check = check,
    .prepare = prepare};
