/* The events of a run as JSON lines on stdout, with the names of metrics.csv.
 */
#include "listen.h"
#include <math.h>
#include <string.h>

static void open_event(gradus_json *json, const char *event)
{
    *json = (gradus_json){.write = cli_write, .user = stdout};
    gradus_json_open(json, NULL, '{');
    gradus_json_text(json, "event", event);
}

static void close_event(gradus_json *json)
{
    gradus_json_close(json, '}');
    putchar('\n');
    fflush(stdout);
}

static void optional(gradus_json *json, const char *key, double number)
{
    if (isnan(number))
        gradus_json_text(json, key, NULL);
    else
        gradus_json_number(json, key, number);
}

static void on_start(void *user, const gradus_run_facts *facts)
{
    gradus_json json;
    const gradus_argument *setting;
    (void)user;
    open_event(&json, "start");
    gradus_json_text(&json, "run", facts->folder);
    gradus_json_open(&json, "config", '{');
    for (int32_t i = 0; (setting = gradus_setting_at(i)); i++) {
        const char *text = gradus_settings_text(facts->settings, setting->name, GRADUS_PRINT_CANONICAL);
        if (text) gradus_json_text(&json, setting->name, text);
    }
    gradus_json_close(&json, '}');
    gradus_json_open(&json, "lr", '{');
    gradus_json_number(&json, "base", facts->rate.base);
    gradus_json_text(&json, "source", facts->rate.automatic ? "auto" : "given");
    optional(&json, "low", facts->rate.automatic ? facts->rate.low : NAN);
    optional(&json, "high", facts->rate.automatic ? facts->rate.high : NAN);
    optional(&json, "edge", facts->rate.automatic ? facts->rate.edge : NAN);
    gradus_json_close(&json, '}');
    gradus_json_number(&json, "parameters", (double)facts->parameters);
    gradus_json_number(&json, "updates", (double)facts->updates);
    gradus_json_number(&json, "updates_per_epoch", (double)facts->updates_per_epoch);
    gradus_json_number(&json, "threads", facts->threads);
    optional(&json, "foreseen", facts->time.total);
    optional(&json, "resumed", facts->resumed < 0 ? NAN : (double)facts->resumed);
    close_event(&json);
}

static void json_measures(gradus_json *json, const gradus_run *run, const char *part, double loss,
                          const double *metrics)
{
    char name[GRADUS_METRIC_NAME];
    const gradus_metric *metric;
    snprintf(name, sizeof name, "%s_loss", part);
    gradus_json_number(json, name, loss);
    for (int32_t i = 0; (metric = gradus_run_metric(run, i)); i++) {
        if (!metric->in_training && strcmp(part, "train") == 0) continue;
        snprintf(name, sizeof name, "%s_%s", part, metric->name);
        gradus_json_number(json, name, metrics[i]);
    }
}

static void on_epoch(void *user, const gradus_run_row *row)
{
    listen_screen *screen = user;
    gradus_json json;
    open_event(&json, "epoch");
    gradus_json_number(&json, "update", (double)row->update);
    gradus_json_number(&json, "epoch", row->epoch);
    gradus_json_number(&json, "samples", row->samples);
    optional(&json, "tokens", row->tokens);
    gradus_json_number(&json, "rate", row->rate);
    gradus_json_number(&json, "schedule_factor", row->schedule_factor);
    gradus_json_number(&json, "feedback_factor", row->feedback_factor);
    json_measures(&json, screen->run, "train", row->train_loss, row->train);
    if (row->validated) json_measures(&json, screen->run, "val", row->val_loss, row->val);
    optional(&json, "gradient_norm", row->gradient_norm);
    optional(&json, "update_ratio", row->update_ratio);
    gradus_json_number(&json, "skipped", (double)row->skipped);
    gradus_json_number(&json, "seconds", row->seconds);
    gradus_json_number(&json, "samples_per_second", row->samples_per_second);
    close_event(&json);
}

static void on_decision(void *user, const gradus_run_decision *decision)
{
    (void)user;
    printf("{\"event\": \"decision\", %s\n", decision->json + 1);
    fflush(stdout);
}

static void on_note(void *user, const char *text)
{
    gradus_json json;
    (void)user;
    open_event(&json, "note");
    gradus_json_text(&json, "text", text);
    close_event(&json);
}

static void on_end(void *user, const gradus_run_end *end)
{
    listen_screen *screen = user;
    gradus_json json;
    open_event(&json, "end");
    gradus_json_text(&json, "status", gradus_run_status_name(end->status));
    gradus_json_open(&json, "reason", '{');
    gradus_json_text(&json, "code", end->reason);
    gradus_json_text(&json, "text", end->text);
    gradus_json_close(&json, '}');
    gradus_json_text(&json, "run", end->folder);
    gradus_json_text(&json, "model", *end->model ? end->model : NULL);
    gradus_json_number(&json, "update", (double)end->update);
    gradus_json_number(&json, "epoch", end->epochs);
    gradus_json_number(&json, "seconds", end->seconds);
    gradus_json_open(&json, "best", '{');
    if (*end->best_metric) {
        gradus_json_text(&json, "metric", end->best_metric);
        gradus_json_number(&json, "value", end->best_value);
        gradus_json_number(&json, "update", (double)end->best_update);
        gradus_json_number(&json, "epoch", end->best_epoch);
    }
    gradus_json_close(&json, '}');
    gradus_json_open(&json, "test", '{');
    if (!isnan(end->test_loss)) json_measures(&json, screen->run, "test", end->test_loss, end->test);
    gradus_json_close(&json, '}');
    close_event(&json);
}

const gradus_listener listen_json = {
    .start = on_start, .epoch = on_epoch, .decision = on_decision, .note = on_note, .end = on_end};
