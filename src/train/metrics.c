/* What a run measures besides its loss, and the lines of metrics.csv and timing.csv. The first has no clock time in it, so that
 * the file of a resumed run equals that of an uninterrupted one. */
#include "metrics.h"
#include <math.h>
#include <string.h>

static double accuracy(const gradus_score *score) { return score->correct / (double)score->count; }
static double rmse(const gradus_score *score) { return sqrt(score->squared / (double)score->count); }
static double mae(const gradus_score *score) { return score->absolute / (double)score->count; }

static const gradus_metric of_classes[] = {{"accuracy", "acc", true, accuracy}, {0}};
static const gradus_metric of_numbers[] = {{"rmse", "rmse", false, rmse}, {"mae", "mae", false, mae}, {0}};

const gradus_metric *gradus_metric_of(int32_t target, int32_t index)
{
    const gradus_metric *metrics = target == GRADUS_TARGET_CLASS ? of_classes : of_numbers;
    for (int32_t i = 0; i < index; i++)
        if (!metrics[i].name) return NULL;
    return index >= 0 && metrics[index].name ? &metrics[index] : NULL;
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

size_t gradus_metrics_header(int32_t target, char text[GRADUS_ROW_SIZE])
{
    csv_line line = {text, 0};
    add_text(&line, "update,epoch,samples,tokens,rate,schedule_factor,feedback_factor");
    const char *parts[] = {"train", "val"};
    for (int part = 0; part < 2; part++) {
        char name[64];
        snprintf(name, sizeof name, "%s_loss", parts[part]);
        add_text(&line, name);
        const gradus_metric *metric;
        for (int32_t i = 0; (metric = gradus_metric_of(target, i)); i++) {
            snprintf(name, sizeof name, "%s_%s", parts[part], metric->name);
            add_text(&line, name);
        }
    }
    add_text(&line, "gradient_norm,update_ratio,skipped");
    return end_line(&line);
}

size_t gradus_metrics_line(int32_t target, const gradus_run_row *row, char text[GRADUS_ROW_SIZE])
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
    for (int32_t i = 0; gradus_metric_of(target, i); i++) add_number(&line, row->train[i]);
    add_measure(&line, row->validated, row->val_loss);
    for (int32_t i = 0; gradus_metric_of(target, i); i++) add_measure(&line, row->validated, row->val[i]);
    add_measure(&line, !isnan(row->gradient_norm), row->gradient_norm);
    add_measure(&line, !isnan(row->update_ratio), row->update_ratio);
    add_number(&line, (double)row->skipped);
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
