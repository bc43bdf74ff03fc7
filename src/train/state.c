/* States: two files, state-a and state-b, written in turn, each aside and renamed, so that one whole state stands at any instant.
 * A state holds all that the next update depends on; what the run file says is not in it, but for a copy to compare with. */
#include <stdlib.h>
#include <string.h>
#include "run.h"

#define KIND "gradus run"
static const char report_due[] = "report_due.samples_per_second"; /* there only if it is */
static const char *const state_names[2] = {"state-a", "state-b"};
enum { NAME_SIZE = 96 };

/* ---- writing ---- */

static void write_settings(const gradus_settings *settings, gradus_state_writer *writer)
{
    const gradus_argument *setting;
    for (int32_t i = 0; (setting = gradus_setting_at(i)); i++) {
        const char *text = gradus_settings_text(settings, setting->name, GRADUS_PRINT_CANONICAL);
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "setting.%s", setting->name);
        if (text) gradus_state_text(writer, name, text);
    }
}

static void write_rate(const gradus_run_rate *rate, gradus_state_writer *writer)
{
    const double numbers[] = {rate->base, rate->automatic, rate->constant, rate->low,
                              rate->high, rate->edge,      rate->lowered};
    gradus_state_entry(writer, "rate", GRADUS_STATE_DOUBLE, sizeof numbers / sizeof *numbers, numbers);
}

enum { ROW_NUMBERS = 12 + 2 * GRADUS_METRICS };

static void write_row(const gradus_run_row *row, gradus_state_writer *writer)
{
    double numbers[ROW_NUMBERS] = {(double)row->update, row->epoch,           row->samples,         row->tokens,
                                   row->rate,           row->schedule_factor, row->feedback_factor, row->train_loss,
                                   row->validated,      row->val_loss,        row->gradient_norm,   row->update_ratio};
    memcpy(numbers + 12, row->train, sizeof row->train);
    memcpy(numbers + 12 + GRADUS_METRICS, row->val, sizeof row->val);
    gradus_state_entry(writer, "row", GRADUS_STATE_DOUBLE, ROW_NUMBERS, numbers);
}

static void write_best(const gradus_run *run, gradus_state_writer *writer)
{
    if (!run->best.known) return;
    gradus_state_double(writer, "best.value", run->best.value);
    gradus_state_int(writer, "best.update", run->best.update);
    gradus_state_double(writer, "best.epoch", run->best.epoch);
    gradus_state_entry(writer, "best.values", GRADUS_STATE_FLOAT32, run->model_values, run->best.values);
}

static void write_policy(const gradus_run *run, gradus_state_writer *writer, gradus_error *error)
{
    gradus_buffer buffer = {0};
    if (gradus_policy_save(run->policy, gradus_buffer_write, &buffer, error) == GRADUS_OK)
        gradus_state_entry(writer, "policy", GRADUS_STATE_BYTES, (int64_t)buffer.size, buffer.bytes);
    gradus_buffer_release(&buffer);
}

static void write_tail(const gradus_journal *journal, int64_t from, const char *name, gradus_state_writer *writer,
                       gradus_error *error)
{
    gradus_buffer tail = {0};
    if (gradus_journal_read(journal, from, &tail, error) == GRADUS_OK && tail.size)
        gradus_state_entry(writer, name, GRADUS_STATE_BYTES, (int64_t)tail.size, tail.bytes);
    gradus_buffer_release(&tail);
}

/* Rows that a rollback may cut off. Where the run is killed after one, the files are shorter than this state knows them, and are
 * made whole from it. */
static void write_rows(const gradus_run *run, gradus_state_writer *writer, gradus_error *error)
{
    int64_t metrics = run->metrics.size, timing = run->timing.size;
    for (int i = 0; i < GRADUS_RUN_SNAPSHOTS; i++) {
        if (!run->snapshots[i].taken || run->snapshots[i].metrics_size >= metrics) continue;
        metrics = run->snapshots[i].metrics_size;
        timing = run->snapshots[i].timing_size;
    }
    write_tail(&run->metrics, metrics, "rows.metrics", writer, error);
    write_tail(&run->timing, timing, "rows.timing", writer, error);
}

static void write_ended(const gradus_ended *ended, gradus_state_writer *writer)
{
    if (!*ended->by) return;
    gradus_state_text(writer, "ended.by", ended->by);
    gradus_state_text(writer, "ended.text", ended->text);
}

/* What prediction must know when the data set itself is gone. */
static void write_data(const gradus_run *run, gradus_state_writer *writer, gradus_error *error)
{
    gradus_buffer buffer = {0};
    gradus_data_save(run->data, gradus_buffer_write, &buffer, error);
    if (!error->status) gradus_state_entry(writer, "data", GRADUS_STATE_BYTES, (int64_t)buffer.size, buffer.bytes);
    gradus_buffer_release(&buffer);
}

static void write_state(const gradus_run *run, const gradus_snapshot *now, gradus_state_writer *writer,
                        gradus_error *error)
{
    const double times[] = {run->times.total, run->times.training, run->times.validation, run->times.data_wait,
                            run->times.find};
    gradus_state_int(writer, "saves", run->saves + 1);
    gradus_state_int(writer, "updates", run->plan.updates);
    gradus_state_int(writer, "ends", run->ends);
    gradus_state_int(writer, "threads", run->plan.threads);
    gradus_state_int(writer, "skips", run->skips);
    gradus_state_int(writer, "decisions_size", run->decisions.size);
    gradus_state_int(writer, "measures_size", run->told.journal.size);
    gradus_state_entry(writer, "times", GRADUS_STATE_DOUBLE, sizeof times / sizeof *times, times);
    gradus_state_double(writer, "policy_seconds", run->times.policy);
    gradus_course_save(&run->course, writer);
    write_settings(run->settings, writer);
    write_rate(&run->rate, writer);
    write_data(run, writer, error);
    if (*run->about->sha256) gradus_state_text(writer, "data.sha256", run->about->sha256);
    write_policy(run, writer, error);
    gradus_stops_save(run->stops, writer);
    write_row(&run->row, writer);
    if (run->report_due) gradus_state_double(writer, report_due, run->row.samples_per_second);
    write_rows(run, writer, error);
    write_ended(&run->ended, writer);
    write_best(run, writer);
    gradus_snapshot_save(now, "now", writer);
    for (int i = 0; i < GRADUS_RUN_SNAPSHOTS; i++) {
        char prefix[NAME_SIZE];
        snprintf(prefix, sizeof prefix, "snapshot.%d", i);
        gradus_snapshot_save(&run->snapshots[i], prefix, writer);
    }
}

gradus_status gradus_run_save_state(const gradus_run *run, const char *path, gradus_error *error)
{
    gradus_snapshot now = {0};
    gradus_aside aside;
    gradus_snapshot_take(run, &now, error);
    if (gradus_aside_open(&aside, path, error) == GRADUS_OK) {
        gradus_state_writer writer;
        gradus_state_begin(&writer, KIND, gradus_aside_write, &aside, error);
        write_state(run, &now, &writer, error);
        gradus_state_end(&writer);
        gradus_aside_close(&aside, error);
    }
    gradus_snapshot_release(&now);
    return error->status;
}

gradus_status gradus_run_save(gradus_run *run, gradus_error *error)
{
    gradus_journal_sync(&run->metrics, error);
    gradus_journal_sync(&run->timing, error);
    gradus_journal_sync(&run->decisions, error);
    gradus_told_flush(&run->told, error);
    gradus_journal_sync(&run->told.journal, error);
    if (run->layers.before) gradus_journal_sync(&run->layers.journal, error);
    gradus_run_save_model(run, error);
    char path[GRADUS_PATH_SIZE];
    gradus_path_join(run->folder.path, state_names[run->saves % 2], path, error);
    if (gradus_run_save_state(run, path, error)) return error->status;
    run->saves++;
    run->saved_update = run->update;
    return GRADUS_OK;
}

/* ---- reading ---- */

bool gradus_saved_int(gradus_saved *saved, const char *name, int64_t *value)
{
    gradus_state_item item;
    if (!gradus_state_find(&saved->reader, name, &item) || item.type != GRADUS_STATE_INT64 || item.count != 1)
        return false;
    gradus_state_copy(&item, value);
    return true;
}

bool gradus_saved_double(gradus_saved *saved, const char *name, double *value)
{
    gradus_state_item item;
    if (!gradus_state_find(&saved->reader, name, &item) || item.type != GRADUS_STATE_DOUBLE || item.count != 1)
        return false;
    gradus_state_copy(&item, value);
    return true;
}

const char *gradus_saved_text(gradus_saved *saved, const char *name)
{
    gradus_state_item item;
    return gradus_state_find(&saved->reader, name, &item) && item.type == GRADUS_STATE_TEXT ? item.data : NULL;
}

void gradus_saved_close(gradus_saved *saved)
{
    free(saved->bytes);
    *saved = (gradus_saved){0};
}

static gradus_status open_state(gradus_saved *saved, const char *path, gradus_error *error)
{
    size_t size;
    *saved = (gradus_saved){0};
    if (gradus_file_read(path, &saved->bytes, &size, error)) return error->status;
    gradus_state_open(&saved->reader, KIND, saved->bytes, size, error);
    if (!error->status && !gradus_saved_int(saved, "saves", &saved->saves))
        gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "it holds no count of saves");
    if (error->status) gradus_saved_close(saved);
    return error->status;
}

gradus_status gradus_saved_open(gradus_saved *saved, const char *folder, gradus_error *error)
{
    gradus_saved both[2] = {{0}, {0}};
    gradus_error why[2] = {{0}, {0}};
    char path[2][GRADUS_PATH_SIZE];
    for (int i = 0; i < 2; i++) {
        if (gradus_path_join(folder, state_names[i], path[i], error)) return error->status;
        open_state(&both[i], path[i], &why[i]);
    }
    bool absent[2] = {why[0].code == GRADUS_CODE_NO_FILE, why[1].code == GRADUS_CODE_NO_FILE};
    if (absent[0] && absent[1]) {
        return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_NO_FILE,
                           "%s holds no state to go on from; start again with --overwrite", folder);
    }
    if (why[0].status && why[1].status) {
        int one = absent[0] ? 1 : 0;
        return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "%s: %.100s; %s", path[one],
                           why[one].message,
                           absent[0] || absent[1] ? "there is no other state; start again with --overwrite"
                                                  : "state-b cannot be read either; start again with --overwrite");
    }
    int newest = !both[0].bytes || (both[1].bytes && both[1].saves > both[0].saves);
    *saved = both[newest];
    if (why[!newest].status && !absent[!newest])
        snprintf(saved->note, sizeof saved->note, "%s cannot be read (%.200s); going on from %s, which is older",
                 path[!newest], why[!newest].message, state_names[newest]);
    gradus_saved_close(&both[!newest]);
    return GRADUS_OK;
}

/* ---- taking over ---- */

static gradus_status lacks(const char *what, gradus_error *error)
{
    return gradus_fail(error, GRADUS_ERROR_STATE, GRADUS_CODE_BAD_DATA, "the state lacks '%s'", what);
}

static bool numbers_of(gradus_saved *saved, const char *name, double *numbers, int64_t count)
{
    gradus_state_item item;
    if (!gradus_state_find(&saved->reader, name, &item) || item.type != GRADUS_STATE_DOUBLE || item.count != count)
        return false;
    gradus_state_copy(&item, numbers);
    return true;
}

gradus_status gradus_saved_rate(gradus_saved *saved, gradus_run_rate *rate, gradus_error *error)
{
    double n[7];
    if (!numbers_of(saved, "rate", n, 7)) return lacks("rate", error);
    *rate = (gradus_run_rate){n[0], n[1] != 0, n[2], n[3], n[4], n[5], n[6] != 0};
    return GRADUS_OK;
}

static gradus_status load_policy(gradus_run *run, gradus_error *error)
{
    gradus_state_item item;
    if (!gradus_state_find(&run->saved.reader, "policy", &item) || item.type != GRADUS_STATE_BYTES)
        return lacks("policy", error);
    return gradus_policy_load(run->policy, item.data, (size_t)item.count, NULL, error);
}

static gradus_status load_row(gradus_run *run, gradus_error *error)
{
    double n[ROW_NUMBERS];
    if (!numbers_of(&run->saved, "row", n, ROW_NUMBERS)) return lacks("row", error);
    run->row = (gradus_run_row){.update = (int64_t)n[0],
                                .epoch = n[1],
                                .samples = n[2],
                                .tokens = n[3],
                                .rate = n[4],
                                .schedule_factor = n[5],
                                .feedback_factor = n[6],
                                .train_loss = n[7],
                                .validated = n[8] != 0,
                                .val_loss = n[9],
                                .gradient_norm = n[10],
                                .update_ratio = n[11],
                                .skipped = run->skips};
    memcpy(run->row.train, n + 12, sizeof run->row.train);
    memcpy(run->row.val, n + 12 + GRADUS_METRICS, sizeof run->row.val);
    run->report_due = gradus_saved_double(&run->saved, report_due, &run->row.samples_per_second);
    return GRADUS_OK;
}

static void load_ended(gradus_run *run)
{
    const char *by = gradus_saved_text(&run->saved, "ended.by"), *text = gradus_saved_text(&run->saved, "ended.text");
    snprintf(run->ended.by, sizeof run->ended.by, "%s", by ? by : "");
    snprintf(run->ended.text, sizeof run->ended.text, "%s", text ? text : "");
}

/* The rows that gradus_saved_rows puts back; 0: none. */
static int64_t rows_of(gradus_saved *saved, const char *name, gradus_state_item *item)
{
    return gradus_state_find(&saved->reader, name, item) && item->type == GRADUS_STATE_BYTES ? item->count : 0;
}

gradus_status gradus_saved_rows(gradus_run *run, gradus_error *error)
{
    gradus_state_item item = {0};
    if (!run->saved.bytes) return error->status;
    int64_t size = rows_of(&run->saved, "rows.metrics", &item);
    gradus_journal_append(&run->metrics, item.data, (size_t)size, error);
    size = rows_of(&run->saved, "rows.timing", &item);
    return gradus_journal_append(&run->timing, item.data, (size_t)size, error);
}

static gradus_status load_best(gradus_run *run, gradus_error *error)
{
    gradus_state_item item;
    run->best.known = gradus_saved_double(&run->saved, "best.value", &run->best.value);
    if (!run->best.known) return GRADUS_OK;
    if (!gradus_saved_int(&run->saved, "best.update", &run->best.update) ||
        !gradus_saved_double(&run->saved, "best.epoch", &run->best.epoch) ||
        !gradus_state_find(&run->saved.reader, "best.values", &item) || item.type != GRADUS_STATE_FLOAT32 ||
        item.count != run->model_values)
        return lacks("best", error);
    gradus_state_copy(&item, run->best.values);
    return GRADUS_OK;
}

static gradus_status load_snapshots(gradus_run *run, gradus_error *error)
{
    gradus_snapshot now = {0};
    gradus_snapshot_load(&now, "now", &run->saved.reader, error);
    if (!error->status && !now.taken) lacks("now", error);
    gradus_snapshot_restore(run, &now, error);
    gradus_state_item item;
    run->metrics.size = now.metrics_size - rows_of(&run->saved, "rows.metrics", &item);
    run->timing.size = now.timing_size - rows_of(&run->saved, "rows.timing", &item);
    gradus_snapshot_release(&now);
    for (int i = 0; i < GRADUS_RUN_SNAPSHOTS; i++) {
        char prefix[NAME_SIZE];
        snprintf(prefix, sizeof prefix, "snapshot.%d", i);
        gradus_snapshot_load(&run->snapshots[i], prefix, &run->saved.reader, error);
    }
    return error->status;
}

gradus_status gradus_run_load(gradus_run *run, gradus_error *error)
{
    if (error->status) return error->status;
    double times[5];
    if (!gradus_saved_int(&run->saved, "skips", &run->skips) || !numbers_of(&run->saved, "times", times, 5) ||
        !gradus_saved_int(&run->saved, "decisions_size", &run->decisions.size))
        return lacks("skips", error);
    gradus_saved_int(&run->saved, "measures_size",
                     &run->told.journal.size); /* a run of an older version has no such file */
    run->times = (gradus_times){times[0], times[1], times[2], times[3], times[4], 0};
    gradus_saved_int(&run->saved, "ends", &run->ends);
    gradus_saved_double(&run->saved, "policy_seconds", &run->times.policy);
    gradus_course_load(&run->course, &run->saved.reader);
    run->saves = run->saved.saves;
    load_policy(run, error);
    load_snapshots(run, error);
    if (!error->status) load_row(run, error);
    if (!error->status) load_best(run, error);
    gradus_stops_load(run->stops, &run->saved.reader);
    load_ended(run);
    run->resumed = run->saved_update = run->update;
    return error->status;
}
