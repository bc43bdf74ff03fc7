/* What the folder of a run tells of its course: metrics.csv, measures.csv, decisions.jsonl, summary.json. A file that is not there, in the
 * folder of an older version, tells nothing, and that is no error. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"

/* NULL without an error: the file is not there. */
static gradus_sheet *open_sheet(const gradus_run *run, const char *name, gradus_error *error)
{
    char path[GRADUS_PATH_SIZE];
    gradus_error unread = {0};
    if (error->status || gradus_path_join(run->folder.path, name, path, error)) return NULL;
    gradus_sheet *sheet = gradus_sheet_open(path, &unread);
    if (!sheet && unread.code != GRADUS_CODE_NO_FILE && unread.code != GRADUS_CODE_NO_DATA) *error = unread;
    return sheet;
}

static double number_in(const gradus_sheet *sheet, const char *column, gradus_error *error)
{
    double number = NAN;
    const int32_t at = gradus_sheet_find(sheet, column);
    if (at >= 0) gradus_sheet_number(sheet, at, &number, error);
    return number;
}

static void grow(void *array, int64_t count, size_t size, gradus_error *error)
{
    void **memory = array;
    if (count & (count - 1)) return; /* doubled at powers of two */
    void *larger = realloc(*memory, (size_t)(count ? 2 * count : 1) * size);
    if (larger)
        *memory = larger;
    else
        gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
}

/* ---- metrics.csv ---- */

static gradus_run_row read_row(const gradus_run *run, const gradus_sheet *sheet, gradus_error *error)
{
    const gradus_metric *metric;
    gradus_run_row row = {.update = (int64_t)number_in(sheet, "update", error),
                          .epoch = number_in(sheet, "epoch", error),
                          .rate = number_in(sheet, "rate", error),
                          .schedule_factor = number_in(sheet, "schedule_factor", error),
                          .feedback_factor = number_in(sheet, "feedback_factor", error),
                          .train_loss = number_in(sheet, "train_loss", error),
                          .val_loss = number_in(sheet, "val_loss", error),
                          .gradient_norm = number_in(sheet, "gradient_norm", error),
                          .update_ratio = number_in(sheet, "update_ratio", error)};
    row.validated = !isnan(row.val_loss);
    for (int32_t i = 0; (metric = gradus_run_metric(run, i)); i++) {
        char name[GRADUS_METRIC_NAME];
        snprintf(name, sizeof name, "train_%s", metric->name);
        row.train[i] = number_in(sheet, name, error);
        snprintf(name, sizeof name, "val_%s", metric->name);
        row.val[i] = number_in(sheet, name, error);
    }
    return row;
}

static void read_metrics(const gradus_run *run, gradus_evidence *evidence, gradus_error *error)
{
    gradus_sheet *sheet = open_sheet(run, "metrics.csv", error);
    while (sheet && !error->status && gradus_sheet_next(sheet, true, error)) {
        grow(&evidence->row, evidence->rows, sizeof *evidence->row, error);
        if (!error->status) evidence->row[evidence->rows++] = read_row(run, sheet, error);
    }
    gradus_sheet_close(sheet);
}

/* ---- measures.csv ---- */

static int by_size(const void *a, const void *b)
{
    const double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

static void note_gradient(gradus_evidence *evidence, double update, double loss, double norm)
{
    if (!evidence->gradients++) evidence->first_loss = loss;
    evidence->broken += !isfinite(loss) || isinf(norm);
    if (!isfinite(norm) || norm <= evidence->largest_norm) return;
    evidence->largest_norm = norm;
    evidence->largest_at = (int64_t)update;
}

static void read_measures(const gradus_run *run, gradus_evidence *evidence, gradus_error *error)
{
    double *norms = NULL, loss;
    int64_t count = 0;
    gradus_sheet *sheet = open_sheet(run, "measures.csv", error);
    const int32_t column = sheet ? gradus_sheet_find(sheet, "loss") : -1;
    while (column >= 0 && !error->status && gradus_sheet_next(sheet, true, error)) {
        if (!gradus_sheet_number(sheet, column, &loss, error)) continue;
        const double norm = number_in(sheet, "gradient_norm", error);
        note_gradient(evidence, number_in(sheet, "update", error), loss, norm);
        if (!isfinite(norm)) continue;
        grow(&norms, count, sizeof *norms, error);
        if (!error->status) norms[count++] = norm;
    }
    if (count) {
        qsort(norms, (size_t)count, sizeof *norms, by_size);
        evidence->median_norm = norms[count / 2];
    } else
        evidence->largest_norm = NAN;
    free(norms);
    gradus_sheet_close(sheet);
}

/* ---- decisions.jsonl, summary.json ---- */

static const double least_turn = 0.18; /* log of a fifth more */

typedef struct reading {
    gradus_evidence *evidence;
    double factor; /* of the last turn; 1 at first */
} reading;

static void note_decision(void *user, const gradus_run_decision *decision)
{
    reading *r = user;
    gradus_evidence *evidence = r->evidence;
    evidence->exploding += strcmp(decision->reason, "exploding_gradient") == 0;
    evidence->leaps += strcmp(decision->reason, "diverging") == 0;
    const double factor = decision->factor_after / decision->factor_before;
    if (strcmp(decision->by, "run") == 0 || !(factor > 0) || fabs(log(factor)) < least_turn) return;
    if ((factor > 1) != (r->factor > 1) && r->factor != 1) {
        evidence->turns++;
        snprintf(evidence->turner, sizeof evidence->turner, "%s", decision->by);
    }
    r->factor = factor;
}

static void read_summary(const gradus_run *run, gradus_evidence *evidence)
{
    char path[GRADUS_PATH_SIZE];
    gradus_error unread = {0};
    json_t *summary =
        gradus_path_join(run->folder.path, "summary.json", path, &unread) ? NULL : json_load_file(path, 0, NULL);
    const char *status = json_string_value(json_object_get(summary, "status"));
    evidence->diverged = status && strcmp(status, "failed") == 0;
    json_decref(summary);
}

static bool sums_any(const gradus_run *run)
{
    bool any = false;
    for (int32_t i = 0; i < gradus_net_head_count(run->net); i++) any |= gradus_net_head(run->net, i).sums;
    return any;
}

gradus_status gradus_evidence_read(const gradus_run *run, gradus_evidence *evidence, gradus_error *error)
{
    reading r = {evidence, 1};
    gradus_error unread = {0};
    evidence->first_loss = evidence->median_norm = NAN;
    read_metrics(run, evidence, error);
    read_measures(run, evidence, error);
    if (!error->status) gradus_run_decisions(run->folder.path, note_decision, &r, &unread);
    if (unread.status && unread.code != GRADUS_CODE_NO_FILE) *error = unread;
    read_summary(run, evidence);
    /* as large as that of a guess is told: of an example, and of one number of it */
    const bool classes = gradus_net_head_count(run->net) == 1 && run->about->targets[0].kind == GRADUS_TARGET_CLASS;
    if (sums_any(run)) evidence->first_loss = classes ? evidence->first_loss / run->plan.batch : NAN;
    return error->status;
}
