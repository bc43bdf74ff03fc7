/* Logs that can be replayed: measures.csv of a run, its metrics.csv where there is no other, or a file that another program wrote.
 * A column is a measure unless its name says that it is something else. */
#include "replay.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void gradus_replay_log_close(gradus_replay_log *log)
{
    gradus_sheet_close(log->sheet);
    free(log->told);
    free(log->judged);
    *log = (gradus_replay_log){.rows = 0};
}

void gradus_replay_log_rewind(gradus_replay_log *log)
{
    log->row = 0;
    gradus_sheet_rewind(log->sheet);
}

/* What stands beside the measures; the gradient's norm in metrics.csv is a mean that nobody was told. */
static bool is_measure(const gradus_replay_log *log, const char *name)
{
    static const char *const others[] = {"update",          "samples",         "rate",         "epoch",  "tokens",
                                         "schedule_factor", "feedback_factor", "update_ratio", "skipped"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(name, others[i]) == 0) return false;
    return !(log->run && log->reports && strcmp(name, "gradient_norm") == 0);
}

static double number_at(const gradus_replay_log *log, int32_t column, gradus_error *error)
{
    double number = NAN;
    if (column >= 0) gradus_sheet_number(log->sheet, column, &number, error);
    return number;
}

bool gradus_replay_log_next(gradus_replay_log *log, gradus_replay_row *row, gradus_error *error)
{
    double loss;
    if (!gradus_sheet_next(log->sheet, log->run, error)) return false;
    double update = log->update < 0 ? (double)log->row : number_at(log, log->update, error);
    log->row++;
    *row = (gradus_replay_row){.update = (int64_t)update,
                               .samples = number_at(log, log->samples, error),
                               .epoch = log->run ? NAN : number_at(log, log->epoch, error),
                               .rate = log->run ? number_at(log, log->rate, error) : NAN,
                               .gradient = log->reports};
    if (!log->reports) row->gradient = gradus_sheet_number(log->sheet, log->loss, &loss, error);
    if (!error->status && !(update >= 0 && update <= 9e15 && update == floor(update)))
        gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: row %lld: 'update' is not a whole number",
                    log->path, (long long)log->row);
    return !error->status;
}

/* What is no number here is met again, and told of, when somebody listens to it. */
static void count_row(gradus_replay_log *log, const gradus_replay_row *row)
{
    double number;
    log->rows++;
    log->gradients += row->gradient;
    if (row->update >= log->end) log->end = row->update + 1;
    for (int32_t i = 0; i < log->columns; i++) {
        gradus_error unread = {0};
        bool there = log->told[i] >= 0 && (gradus_sheet_number(log->sheet, i, &number, &unread) || unread.status);
        log->told[i] += there;
        log->judged[i] += there && row->gradient;
    }
}

static gradus_status count_rows(gradus_replay_log *log, gradus_error *error)
{
    gradus_replay_row row;
    while (gradus_sheet_column(log->sheet, log->columns)) log->columns++;
    log->told = calloc((size_t)log->columns, sizeof *log->told);
    log->judged = calloc((size_t)log->columns, sizeof *log->judged);
    if (!log->told || !log->judged)
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory for %s", log->path);
    for (int32_t i = 0; i < log->columns; i++)
        if (!is_measure(log, gradus_sheet_column(log->sheet, i))) log->told[i] = log->judged[i] = -1;
    while (gradus_replay_log_next(log, &row, error)) count_row(log, &row);
    gradus_replay_log_rewind(log);
    return error->status;
}

static gradus_status open_path(gradus_replay_log *log, gradus_error *error)
{
    log->sheet = gradus_sheet_open(log->path, error);
    if (!log->sheet) return error->status;
    log->update = gradus_sheet_find(log->sheet, "update");
    log->samples = gradus_sheet_find(log->sheet, "samples");
    log->epoch = gradus_sheet_find(log->sheet, "epoch");
    log->rate = gradus_sheet_find(log->sheet, "rate");
    log->loss = gradus_sheet_find(log->sheet, "loss");
    return count_rows(log, error);
}

/* Whether it begins with the run: one that was begun by a version without this file does not. */
static bool is_from_the_beginning(gradus_replay_log *log)
{
    gradus_error unread = {0};
    gradus_replay_row row;
    bool whole = !log->rows || (gradus_replay_log_next(log, &row, &unread) && row.update == 0);
    gradus_replay_log_rewind(log);
    return whole;
}

gradus_status gradus_replay_log_open(gradus_replay_log *log, const char *source, bool run, gradus_error *error)
{
    *log = (gradus_replay_log){.run = run, .reports = !run};
    if (!run) {
        snprintf(log->path, sizeof log->path, "%s", source);
        return open_path(log, error);
    }
    gradus_error none = {0};
    if (gradus_path_join(source, "measures.csv", log->path, error)) return error->status;
    if (open_path(log, &none) == GRADUS_OK && is_from_the_beginning(log)) return GRADUS_OK;
    if (none.status && none.code != GRADUS_CODE_NO_FILE) {
        *error = none;
        return error->status;
    }
    gradus_replay_log_close(log);
    *log = (gradus_replay_log){.run = true, .reports = true};
    if (gradus_path_join(source, "metrics.csv", log->path, error)) return error->status;
    if (open_path(log, error) == GRADUS_OK && !log->rows)
        gradus_fail(error, GRADUS_ERROR_FILE, GRADUS_CODE_BAD_DATA, "%s: nothing has been measured yet", log->path);
    return error->status;
}

void gradus_replay_log_names(const gradus_replay_log *log, char *text, size_t size)
{
    size_t length = 0;
    *text = 0;
    for (int32_t i = 0; i < log->columns && length < size; i++)
        if (log->told[i] > 0)
            length += (size_t)snprintf(text + length, size - length, "%s%s", length ? ", " : "",
                                       gradus_sheet_column(log->sheet, i));
}
