/* layers.csv, a row for each trained tensor and for each activation at each report. The rows are a function of the run alone, and where
 * they end is read from the file itself, so a state knows nothing of it, and a run that goes on writes the bytes of one that did not stop. */
#include "layers.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "run.h"

static const char header[] =
    "update,epoch,layer,tensor,values_norm,gradient_norm,update_ratio,rate_10,rate_50,rate_90,dead,"
    "saturated\n";
enum { LINE = 512 };

/* ---- the file ---- */

/* Where the rows of updates beyond `update` begin: they stand in order. */
static gradus_status find_end(const char *path, int64_t update, int64_t *end, gradus_error *error)
{
    unsigned char *text = NULL;
    size_t size;
    gradus_error unread = {0};
    *end = 0;
    if (gradus_file_read(path, &text, &size, &unread)) {
        if (unread.code != GRADUS_CODE_NO_FILE) *error = unread;
        return error->status;
    }
    for (const char *at = (const char *)text; *at;) {
        const char *next = strchr(at, '\n');
        if (!next || (*end && strtoll(at, NULL, 10) > update)) break; /* the first line names the columns */
        at = next + 1;
        *end = at - (const char *)text;
    }
    free(text);
    return GRADUS_OK;
}

static size_t count_values(const gradus_net *net)
{
    size_t count = 0;
    for (int32_t i = 0; i < gradus_net_tensor_count(net); i++) {
        gradus_net_tensor tensor;
        gradus_net_tensor_at(net, i, &tensor);
        if (tensor.gradient) count += (size_t)tensor.count;
    }
    return count;
}

gradus_status gradus_layers_open(gradus_run *run, gradus_error *error)
{
    char path[GRADUS_PATH_SIZE];
    int64_t end;
    gradus_layer_log *log = &run->layers;
    log->last = log->taken = -1;
    if (error->status || !gradus_settings_value(run->settings, "watch")) return error->status;
    if (gradus_path_join(run->folder.path, "layers.csv", path, error) || find_end(path, run->update, &end, error) ||
        gradus_journal_open(&log->journal, path, end, error))
        return error->status;
    log->last = run->update;
    log->before = malloc((count_values(run->net) + 1) * sizeof *log->before);
    log->gradient = malloc(((size_t)gradus_net_tensor_count(run->net) + 1) * sizeof *log->gradient);
    if (!log->before || !log->gradient)
        return gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory for layers.csv");
    return log->journal.size ? GRADUS_OK : gradus_journal_append(&log->journal, header, sizeof header - 1, error);
}

void gradus_layers_close(gradus_layer_log *log)
{
    gradus_journal_close(&log->journal);
    free(log->before);
    free(log->gradient);
    log->before = NULL;
    log->gradient = NULL;
}

/* ---- numbers ---- */

static double norm_of(const float *values, const float *less, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        const double value = less ? (double)values[i] - less[i] : values[i];
        sum += value * value;
    }
    return sqrt(sum);
}

gradus_status gradus_layers_take(gradus_run *run, gradus_error *error)
{
    gradus_layer_log *log = &run->layers;
    float *before = log->before;
    if (!before) return error->status;
    for (int32_t i = 0; i < gradus_net_tensor_count(run->net); i++) {
        gradus_net_tensor tensor;
        gradus_net_tensor_at(run->net, i, &tensor);
        if (!tensor.gradient) continue;
        memcpy(before, tensor.values, (size_t)tensor.count * sizeof *before);
        before += tensor.count;
        log->gradient[i] = norm_of(tensor.gradient, NULL, tensor.count);
    }
    log->taken = run->update;
    return error->status;
}

/* ---- rows ---- */

typedef struct layer_row {
    char text[LINE];
    size_t length;
} layer_row;

static void add_text(layer_row *row, const char *text)
{
    if (row->length + strlen(text) + 2 < sizeof row->text)
        row->length += (size_t)snprintf(row->text + row->length, sizeof row->text - row->length, "%s%s",
                                        row->length ? "," : "", text);
}

/* NaN: not measured. */
static void add_number(layer_row *row, double number)
{
    char text[32] = "";
    if (!isnan(number)) gradus_number_print(number, text);
    add_text(row, text);
}

static layer_row begin_row(const gradus_run *run, int32_t layer, const char *tensor)
{
    layer_row row = {.length = 0};
    gradus_layer_info info;
    gradus_net_layer(run->net, layer, &info);
    add_number(&row, (double)run->update);
    add_number(&row, (double)run->update / (double)run->plan.updates_per_epoch);
    add_text(&row, info.name);
    add_text(&row, tensor);
    return row;
}

static gradus_status end_row(gradus_run *run, layer_row *row, gradus_error *error)
{
    row->text[row->length++] = '\n';
    return gradus_journal_append(&run->layers.journal, row->text, row->length, error);
}

/* `index`: of the tensor among all; `trained`: among those that the optimizer has. */
static gradus_status tell_tensor(gradus_run *run, int32_t index, int32_t trained, const float *before,
                                 gradus_error *error)
{
    static const double shares[3] = {0.1, 0.5, 0.9};
    double rates[3] = {NAN, NAN, NAN};
    const gradus_layer_log *log = &run->layers;
    gradus_net_tensor tensor;
    gradus_error none = {0}; /* it had no part in the update */
    gradus_net_tensor_at(run->net, index, &tensor);
    layer_row row = begin_row(run, tensor.layer, tensor.name);
    const bool known = log->taken == run->update - 1;
    const double norm = norm_of(tensor.values, NULL, tensor.count),
                 change = known ? norm_of(tensor.values, before, tensor.count) : NAN;
    gradus_optimizer_rates(run->optimizer, trained, shares, rates, 3, &none);
    add_number(&row, norm);
    add_number(&row, known ? log->gradient[index] : NAN);
    add_number(&row, norm > 0 ? change / norm : NAN);
    for (int i = 0; i < 3; i++) add_number(&row, rates[i]);
    add_text(&row, "");
    add_text(&row, "");
    return end_row(run, &row, error);
}

static gradus_status tell_activation(gradus_run *run, int32_t layer, gradus_error *error)
{
    gradus_activity activity;
    if (!gradus_net_activity(run->net, layer, &activity)) return error->status;
    const bool relu = strcmp(activity.function, "relu") == 0;
    layer_row row = begin_row(run, layer, "");
    for (int i = 0; i < 6; i++) add_text(&row, "");
    add_number(&row, relu ? (double)activity.dead / (double)activity.units : NAN);
    add_number(&row, relu ? NAN : (double)activity.ended / (double)activity.values);
    return end_row(run, &row, error);
}

gradus_status gradus_layers_report(gradus_run *run, const gradus_batch *batch, gradus_error *error)
{
    gradus_layer_log *log = &run->layers;
    const float *before = log->before;
    int64_t end;
    int32_t trained = 0;
    if (error->status || !before) return error->status;
    if (run->update <= log->last &&
        (find_end(log->journal.path, run->update - 1, &end, error) || gradus_journal_cut(&log->journal, end, error)))
        return error->status;
    if (batch->count && gradus_net_watch(run->net, batch, false, error)) return error->status;
    for (int32_t i = 0; i < gradus_net_tensor_count(run->net); i++) {
        gradus_net_tensor tensor;
        gradus_net_tensor_at(run->net, i, &tensor);
        if (!tensor.gradient) continue;
        if (tell_tensor(run, i, trained++, before, error)) return error->status;
        before += tensor.count;
    }
    for (int32_t i = 0; i < gradus_net_layer_count(run->net) && batch->count; i++)
        if (tell_activation(run, i, error)) return error->status;
    log->last = run->update;
    return error->status;
}
