/* gradus explain RUN: why the rate was what it was, update by update: where the
 * base came from, which phase of the schedule began when, what was decided on
 * the way and why, how it ended. All of it is read back from the run's folder.
 */
#include "plot.h"
#include "progress.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct explain_row {
    double update, rate, factor; /* factor: of the feedback, from here on */
    int32_t order;               /* of rows with the same update */
    char *because;
} explain_row;

typedef struct explain_run {
    const cli_call *call;
    const char *folder;
    json_t *summary;
    double base, each, planned; /* updates of an epoch, of the whole run */
    explain_row *rows;
    int32_t count, room, decisions;
    bool failed; /* out of memory */
} explain_run;

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void add_row(explain_run *run, double update, double rate, double factor, const char *because)
{
    if (run->count == run->room) {
        int32_t room = run->room ? 2 * run->room : 16;
        explain_row *rows = realloc(run->rows, (size_t)room * sizeof *rows);
        if (!rows) {
            run->failed = true;
            return;
        }
        run->rows = rows;
        run->room = room;
    }
    run->rows[run->count] = (explain_row){update, rate, factor, run->count, strdup(because)};
    if (run->rows[run->count].because)
        run->count++;
    else
        run->failed = true;
}

static int by_update(const void *a, const void *b)
{
    const explain_row *first = a, *second = b;
    if (first->update != second->update) return first->update < second->update ? -1 : 1;
    return first->order < second->order ? -1 : 1;
}

/* ---- what was decided ---- */

static void on_decision(void *user, const gradus_run_decision *decision)
{
    explain_run *run = user;
    run->decisions++;
    if (strcmp(decision->action, "stop") == 0) return; /* the last line tells of it */
    add_row(run, (double)decision->update, decision->rate_after, decision->factor_after, decision->text);
}

/* ---- phases of the schedule ---- */

static double factor_at(const explain_run *run, int32_t decisions, double update)
{
    double factor = 1;
    for (int32_t i = 0; i < decisions && run->rows[i].update <= update; i++) factor = run->rows[i].factor;
    return factor;
}

/* The first update of a phase; the schedule counts in units of its own. */
static double first_update(const gradus_schedule *schedule, const gradus_phase *phase, const gradus_units *units)
{
    double updates = gradus_length_convert(units, phase->start, gradus_schedule_axis(schedule), GRADUS_UPDATES);
    return ceil(updates * (1 - 1e-12)); /* 0.1 epochs of 30 updates are 3, not a little more */
}

static void add_phases(explain_run *run, const gradus_chain *chain, const gradus_schedule *schedule,
                       const gradus_units *units)
{
    int32_t decisions = run->count;
    double updates = number_of(run->summary, "updates");
    gradus_phase phase;
    for (int32_t i = 0; i < chain->count && gradus_schedule_phase(schedule, i, &phase); i++) {
        char spec[256], text[300];
        double first = first_update(schedule, &phase, units), factor = factor_at(run, decisions, first);
        if (first > updates) break;
        gradus_item_print(&chain->items[i], GRADUS_PRINT_CANONICAL, spec, sizeof spec);
        snprintf(text, sizeof text, "%s begins", spec);
        double at = gradus_length_convert(units, first, GRADUS_IN_UPDATES, gradus_schedule_axis(schedule));
        add_row(run, first, run->base * gradus_schedule_at(schedule, at) * factor, factor, text);
    }
}

/* Lengths in seconds cannot be placed beforehand: such a schedule is shown as
 * one line. */
static void read_phases(explain_run *run)
{
    gradus_error unread = {0};
    const char *text = text_of(json_object_get(run->summary, "config"), "schedule");
    const gradus_units units = {.total = run->planned,
                                .total_unit = GRADUS_UPDATES,
                                .updates_per_epoch = run->each,
                                .samples_per_update =
                                    number_of(run->summary, "samples") / number_of(run->summary, "updates"),
                                .base = run->base};
    gradus_spec_config config = {.family = "schedule", .language = gradus_train_language()};
    gradus_spec *spec = gradus_spec_create(*text ? text : "none", &config, &unread);
    gradus_schedule *schedule = *text ? gradus_schedule_create(text, &units, NULL, &unread) : NULL;
    if (spec && schedule && gradus_schedule_axis(schedule) != GRADUS_SECONDS)
        add_phases(run, gradus_spec_chain(spec), schedule, &units);
    gradus_schedule_destroy(schedule);
    gradus_spec_destroy(spec);
}

/* ---- what is printed ---- */

/* Where lr: auto came from, in a sentence. */
static void describe_auto(const json_t *lr, char text[CLI_LINE])
{
    double low = number_of(lr, "low"), high = number_of(lr, "high"), edge = number_of(lr, "edge");
    double usual = number_of(lr, "usual"), base = number_of(lr, "base");
    size_t length = (size_t)snprintf(text, CLI_LINE,
                                     "auto: this optimizer usually starts from "
                                     "%.2g; in a sweep of rising rates the loss ",
                                     usual);
    if (!isnan(low) && !isnan(high))
        length += (size_t)snprintf(text + length, CLI_LINE - length, "fell steadily from %.2g to %.2g and ", low, high);
    if (isnan(edge))
        snprintf(text + length, CLI_LINE - length, "rose nowhere");
    else
        snprintf(text + length, CLI_LINE - length, "rose from %.2g on%s", edge,
                 base < usual ? ", so a third of that is taken" : "");
}

static void print_source(const explain_run *run)
{
    char base[CLI_SHORT], text[CLI_LINE];
    double epochs = number_of(run->summary, "epochs");
    const json_t *lr = json_object_get(run->summary, "lr");
    bool automatic = strcmp(text_of(lr, "source"), "auto") == 0;
    gradus_number_print(run->base, base);
    int length = snprintf(text, sizeof text, "rate of %s, %.0f updates, %.*f epochs", run->folder,
                          number_of(run->summary, "updates"), epochs == floor(epochs) ? 0 : 2, epochs);
    printf("%s%*sbase %s (%s)\n", text, length < 62 ? 62 - length : 3, "", base, automatic ? "auto" : "given");
    if (!automatic) return;
    describe_auto(lr, text);
    cli_wrap(stdout, text, 0, run->call->terminal.width);
}

static void print_rows(const explain_run *run)
{
    char rate[CLI_SHORT];
    printf("  update  epoch      rate  because\n");
    for (int32_t i = 0; i < run->count; i++) {
        const explain_row *row = &run->rows[i];
        snprintf(rate, sizeof rate, "%.3g", row->rate);
        printf("%8.0f  %5.2f  %8s  ", row->update, row->update / run->each, rate);
        cli_wrap(stdout, row->because, 27, run->call->terminal.width);
    }
    printf("%d decision%s; every number: %s/decisions.jsonl\n", run->decisions, run->decisions == 1 ? "" : "s",
           run->folder);
}

/* What a feedback knew in the end, under its own name. */
static void print_value(const explain_run *run, const gradus_feedback_row *row)
{
    const json_t *value = json_object_get(json_object_get(run->summary, "final"), row->member.name);
    char number[CLI_SHORT], text[CLI_LINE];
    if (!row->meaning || !value) return;
    if (json_is_number(value))
        snprintf(number, sizeof number, "%.4g", json_number_value(value));
    else
        snprintf(number, sizeof number, "%s", json_string_value(value)); /* "inf" */
    snprintf(text, sizeof text, "%s %s %s", row->member.name, number, row->meaning);
    cli_wrap(stdout, text, 0, run->call->terminal.width);
}

static void print_values(const explain_run *run)
{
    gradus_error unread = {0};
    const char *text = text_of(json_object_get(run->summary, "config"), "feedback");
    gradus_spec_config config = {.family = "feedback", .language = gradus_train_language()};
    gradus_spec *spec = gradus_spec_create(*text ? text : "none", &config, &unread);
    const gradus_chain *chain = spec ? gradus_spec_chain(spec) : NULL;
    for (int32_t i = 0; chain && i < chain->count; i++)
        print_value(run, (const gradus_feedback_row *)chain->items[i].member);
    gradus_spec_destroy(spec);
}

static void print_json(const explain_run *run)
{
    gradus_json json = {.write = cli_write, .user = stdout, .indent = 2};
    gradus_json_open(&json, NULL, '[');
    for (int32_t i = 0; i < run->count; i++) {
        gradus_json_open(&json, NULL, '{');
        gradus_json_number(&json, "update", run->rows[i].update);
        gradus_json_number(&json, "epoch", run->rows[i].update / run->each);
        gradus_json_number(&json, "rate", run->rows[i].rate);
        gradus_json_text(&json, "because", run->rows[i].because);
        gradus_json_close(&json, '}');
    }
    gradus_json_close(&json, ']');
    putchar('\n');
}

/* ---- the whole ---- */

static void add_end(explain_run *run)
{
    double update = number_of(run->summary, "updates"), factor = factor_at(run, run->count, update);
    const json_t *rate = json_object_get(json_object_get(run->summary, "final"), "rate");
    const char *status = text_of(run->summary, "status"),
               *text = text_of(json_object_get(run->summary, "reason"), "text");
    if (strcmp(status, "running") != 0 && json_is_number(rate))
        add_row(run, update, json_number_value(rate), factor, text);
}

static void sort_rows(explain_run *run)
{
    if (run->count)
        qsort(run->rows, (size_t)run->count, sizeof *run->rows, by_update); /* without rows there is no array */
}

static cli_exit explain(explain_run *run)
{
    gradus_error error = {0};
    const json_t *lr = json_object_get(run->summary, "lr"), *plan = json_object_get(run->summary, "plan");
    run->base = number_of(lr, "base");
    run->planned = number_of(plan, "updates");
    run->each = number_of(plan, "updates_per_epoch");
    if (isnan(run->base) || !(run->each > 0))
        return cli_fail(run->call, GRADUS_CODE_BAD_DATA, run->folder, "its summary.json is not whole");
    if (gradus_run_decisions(run->folder, on_decision, run, &error)) return cli_error(run->call, NULL, &error);
    sort_rows(run);
    read_phases(run);
    add_end(run);
    if (run->failed) return cli_fail(run->call, GRADUS_CODE_MEMORY, NULL, "out of memory");
    sort_rows(run);
    bool text = !run->call->json && !run->call->quiet;
    if (text) print_source(run);
    cli_exit status = cli_explain_picture(run->call, run->folder);
    if (run->call->json) print_json(run);
    if (text) print_rows(run);
    if (text) print_values(run);
    return status;
}

cli_exit cli_explain_run(const cli_call *call, const char *folder)
{
    char path[4200];
    snprintf(path, sizeof path, "%.4000s/summary.json", folder);
    explain_run run = {.call = call, .folder = folder, .summary = json_load_file(path, 0, NULL)};
    if (!run.summary)
        return cli_fail(call, GRADUS_CODE_NO_FILE, path, "no such file, or not whole; is %s a run?", folder);
    cli_exit status = explain(&run);
    for (int32_t i = 0; i < run.count; i++) free(run.rows[i].because);
    free(run.rows);
    json_decref(run.summary);
    return status;
}
