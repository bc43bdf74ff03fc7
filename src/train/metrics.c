/* What a run measures besides its loss, and the lines of metrics.csv and timing.csv. The first has no clock time in it, so that
 * the file of a resumed run equals that of an uninterrupted one. */
#include "metrics.h"
#include <math.h>
#include <string.h>
#include "grades.h"

static double accuracy(const gradus_grades *grades) { return grades->score.correct / (double)grades->score.count; }
static double top5(const gradus_grades *grades) { return grades->top / (double)grades->score.count; }
static double rmse(const gradus_grades *grades) { return sqrt(grades->score.squared / (double)grades->score.count); }
static double mae(const gradus_grades *grades) { return grades->score.absolute / (double)grades->score.count; }

static double loss(const gradus_grades *grades) { return grades->score.loss / grades->score.weight; }

/* What is told, of which head. */
typedef struct asked {
    const gradus_target *target;
    int64_t positions;
    bool probabilities, several;
} asked;

static bool always(const asked *of) { return of != NULL; }
static bool one_of_several(const asked *of) { return of->several; }
static bool many_classes(const asked *of) { return of->target->outputs > GRADUS_TOP; }
static bool two_classes(const asked *of) { return of->target->outputs == 2; }
static bool in_steps(const asked *of) { return of->positions && of->probabilities; }

typedef struct kind {
    gradus_metric metric;
    bool (*applies)(const asked *of);
} kind;

static const kind of_classes[] = {
    {{"loss", "loss", false, .in_training = true, .of = loss}, one_of_several},
    {{"accuracy", "acc", true, .in_training = true, .of = accuracy}, always},
    {{"f1", "f1", true, .of = gradus_grades_f1}, always},
    {{"top5", "top5", true, .of = top5}, many_classes},
    {{"auc", "auc", true, .of = gradus_grades_auc}, two_classes},
    {{"perplexity", "perplexity", false, .of = gradus_grades_perplexity}, in_steps},
    {{0}, NULL},
};
static const kind of_numbers[] = {
    {{"loss", "loss", false, .in_training = true, .of = loss}, one_of_several},
    {{"rmse", "rmse", false, .in_training = true, .in_units = true, .of = rmse}, always},
    {{"mae", "mae", false, .in_training = true, .in_units = true, .of = mae}, always},
    {{"r2", "r2", true, .of = gradus_grades_r2}, always},
    {{0}, NULL},
};

static void list(gradus_measured *measured, const gradus_metric *metric, int32_t head, const char *of)
{
    if (measured->count == GRADUS_METRICS) return;
    const int32_t at = measured->count++;
    gradus_metric *own = &measured->metrics[at];
    *own = *metric;
    own->head = head;
    if (!of) return;
    snprintf(measured->names[at], sizeof measured->names[at], "%s_%s", of, metric->name);
    snprintf(measured->titles[at], sizeof measured->titles[at], "%s %s", of, metric->title);
    own->name = measured->names[at];
    own->title = measured->titles[at];
}

void gradus_measured_list(gradus_measured *measured, const gradus_subject *subject)
{
    *measured = (gradus_measured){.count = 0};
    for (int32_t i = 0; i < subject->head_count; i++) {
        const gradus_head *head = &subject->heads[i];
        const asked of = {.target = &subject->data->targets[head->target],
                          .positions = subject->data->positions,
                          .probabilities = head->probabilities,
                          .several = subject->head_count > 1};
        const kind *at = of.target->kind == GRADUS_TARGET_CLASS ? of_classes : of_numbers;
        for (; at->applies; at++)
            if (at->applies(&of)) list(measured, &at->metric, i, of.several ? head->name : NULL);
    }
}

const gradus_metric *gradus_metric_of(const gradus_measured *measured, int32_t index)
{
    return index < measured->count ? &measured->metrics[index] : NULL;
}

/* ---- lines ---- */

typedef struct csv_line {
    char *text;
    size_t length;
} csv_line;

static void add_text(csv_line *line, const char *text)
{
    line->length += (size_t)snprintf(line->text + line->length, GRADUS_ROW_SIZE - line->length, "%s%s",
                                     line->length ? "," : "", text);
}

static void add_number(csv_line *line, double number)
{
    char text[32];
    gradus_number_print(number, text);
    add_text(line, text);
}

/* What was not measured here is an empty field, unlike what was measured and is not a number. */
static void add_measure(csv_line *line, bool measured, double number)
{
    if (measured)
        add_number(line, number);
    else
        add_text(line, "");
}

static size_t end_line(csv_line *line)
{
    line->text[line->length++] = '\n';
    line->text[line->length] = 0;
    return line->length;
}

/* What only validation measures came later, and columns are added at the end. */
static void add_names(csv_line *line, const gradus_measured *measured, const char *part, bool in_training)
{
    char name[GRADUS_METRIC_NAME];
    const gradus_metric *metric;
    snprintf(name, sizeof name, "%s_loss", part);
    if (in_training) add_text(line, name);
    for (int32_t i = 0; (metric = gradus_metric_of(measured, i)); i++) {
        snprintf(name, sizeof name, "%s_%s", part, metric->name);
        if (metric->in_training == in_training) add_text(line, name);
    }
}

static void add_measures(csv_line *line, const gradus_measured *measured, bool there, const double *values,
                         bool in_training)
{
    const gradus_metric *metric;
    for (int32_t i = 0; (metric = gradus_metric_of(measured, i)); i++)
        if (metric->in_training == in_training) add_measure(line, there, values[i]);
}

size_t gradus_metrics_header(const gradus_measured *measured, char text[GRADUS_ROW_SIZE])
{
    csv_line line = {text, 0};
    add_text(&line, "update,epoch,samples,tokens,rate,schedule_factor,feedback_factor");
    add_names(&line, measured, "train", true);
    add_names(&line, measured, "val", true);
    add_text(&line, "gradient_norm,update_ratio,skipped");
    add_names(&line, measured, "val", false);
    return end_line(&line);
}

size_t gradus_metrics_line(const gradus_measured *measured, const gradus_run_row *row, char text[GRADUS_ROW_SIZE])
{
    csv_line line = {text, 0};
    add_number(&line, (double)row->update);
    add_number(&line, row->epoch);
    add_number(&line, row->samples);
    add_measure(&line, !isnan(row->tokens), row->tokens);
    add_number(&line, row->rate);
    add_number(&line, row->schedule_factor);
    add_number(&line, row->feedback_factor);
    add_number(&line, row->train_loss);
    add_measures(&line, measured, true, row->train, true);
    add_measure(&line, row->validated, row->val_loss);
    add_measures(&line, measured, row->validated, row->val, true);
    add_measure(&line, !isnan(row->gradient_norm), row->gradient_norm);
    add_measure(&line, !isnan(row->update_ratio), row->update_ratio);
    add_number(&line, (double)row->skipped);
    add_measures(&line, measured, row->validated, row->val, false);
    return end_line(&line);
}

size_t gradus_timing_header(char text[GRADUS_ROW_SIZE])
{
    return (size_t)snprintf(text, GRADUS_ROW_SIZE, "update,seconds,samples_per_second,data_wait_seconds\n");
}

size_t gradus_timing_line(const gradus_run_row *row, char text[GRADUS_ROW_SIZE])
{
    csv_line line = {text, 0};
    add_number(&line, (double)row->update);
    add_number(&line, round(row->seconds * 1e3) / 1e3);
    add_number(&line, round(row->samples_per_second));
    add_number(&line, round(row->data_wait * 1e3) / 1e3);
    return end_line(&line);
}
