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
    bool phase;                        /* a phase of the schedule begins */
    bool other;                        /* the run goes on with another schedule */
    double base_before, length_before; /* what the run was given another one of here; NaN: nothing */
    double length;                     /* in updates, from here on, where that is so */
} explain_row;

typedef struct explain_run {
    const cli_call *call;
    const char *folder;
    json_t *summary;
    double base, each, planned; /* updates of an epoch, of the whole run */
    explain_row *rows;
    int32_t count, room, decisions;
    bool told;   /* what was decided: its file is there */
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

/* What was added; NULL: out of memory. */
static explain_row *add_row(explain_run *run, double update, double rate, double factor, const char *because)
{
    if (run->count == run->room) {
        int32_t room = run->room ? 2 * run->room : 16;
        explain_row *rows = realloc(run->rows, (size_t)room * sizeof *rows);
        run->failed = run->failed || !rows;
        if (!rows) return NULL;
        run->rows = rows;
        run->room = room;
    }
    explain_row *row = &run->rows[run->count];
    *row = (explain_row){.update = update,
                         .rate = rate,
                         .factor = factor,
                         .order = run->count,
                         .because = strdup(because),
                         .base_before = NAN,
                         .length_before = NAN};
    run->failed = run->failed || !row->because;
    run->count += row->because != NULL;
    return row->because ? row : NULL;
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
    explain_row *row =
        add_row(run, (double)decision->update, decision->rate_after, decision->factor_after, decision->text);
    if (!row || strcmp(decision->by, "run") != 0) return;
    row->other = strcmp(decision->action, "resume") == 0 && strstr(decision->text, "schedule: ");
    if (strcmp(decision->action, "set_base") == 0) row->base_before = decision->seen[0].value;
    if (strcmp(decision->action, "extend") != 0) return;
    row->length_before = decision->seen[0].value;
    row->length = decision->seen[1].value;
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

/* What the rate stood on at an update: the run may have been given another base later. */
static double base_at(const explain_run *run, int32_t decisions, double update)
{
    for (int32_t i = 0; i < decisions; i++)
        if (!isnan(run->rows[i].base_before) && run->rows[i].update > update) return run->rows[i].base_before;
    return run->base;
}

/* A stretch of the run in which it had one length. */
typedef struct stretch {
    const gradus_chain *chain;
    const char *schedule;
    gradus_context *context; /* that reads its files */
    gradus_units units;
    double from, to;   /* updates; the last stretch has no end */
    int32_t decisions; /* rows of decisions, which come first */
} stretch;

static void add_phase(explain_run *run, const stretch *at, const gradus_schedule *schedule, int32_t index,
                      double update, const char *what)
{
    char spec[256], text[300];
    double factor = factor_at(run, at->decisions, update);
    double position = gradus_length_convert(&at->units, update, GRADUS_IN_UPDATES, gradus_schedule_axis(schedule));
    double rate = base_at(run, at->decisions, update) * gradus_schedule_at(schedule, position) * factor;
    gradus_item_print(&at->chain->items[index], GRADUS_PRINT_CANONICAL, spec, sizeof spec);
    snprintf(text, sizeof text, "%s %s", spec, what);
    explain_row *row = add_row(run, update, rate, factor, text);
    if (row) row->phase = true;
}

/* The phases that begin in a stretch, and the one that goes on where the run was given another length within it. */
static void add_stretch(explain_run *run, const stretch *at)
{
    gradus_error unread = {0};
    gradus_schedule *schedule = gradus_schedule_create(at->schedule, &at->units, at->context, &unread);
    double updates = number_of(run->summary, "updates"), first = 0;
    bool counted = schedule && gradus_schedule_axis(schedule) != GRADUS_SECONDS; /* seconds have no place beforehand */
    gradus_phase phase;
    int32_t before = -1, count = 0;
    for (; counted && count < at->chain->count && gradus_schedule_phase(schedule, count, &phase); count++) {
        first = first_update(schedule, &phase, &at->units);
        if (first < at->from && phase.length > 0) before = count;
    }
    bool begins = false;
    for (int32_t i = 0; i < count && gradus_schedule_phase(schedule, i, &phase); i++) {
        first = first_update(schedule, &phase, &at->units);
        begins = begins || first == at->from;
        if (first >= at->from && first < at->to && first <= updates) add_phase(run, at, schedule, i, first, "begins");
    }
    if (before >= 0 && !begins && at->from < updates) add_phase(run, at, schedule, before, at->from, "goes on");
    gradus_schedule_destroy(schedule);
}

/* Stretch by stretch; what came before another schedule was taken is not known. */
static void read_phases(explain_run *run)
{
    gradus_error unread = {0};
    const char *text = text_of(json_object_get(run->summary, "config"), "schedule");
    gradus_spec_config config = {.family = "schedule", .language = gradus_train_language()};
    gradus_spec *spec = *text ? gradus_spec_create(text, &config, &unread) : NULL;
    gradus_reader reader = {.folder = text_of(json_object_get(run->summary, "data"), "folder")};
    stretch at = {.chain = gradus_spec_chain(spec), .schedule = text, .decisions = run->count};
    at.context = gradus_context_create(&(gradus_context_config){.read = gradus_reader_read, .user = &reader}, &unread);
    at.units =
        (gradus_units){.total = run->planned,
                       .total_unit = GRADUS_UPDATES,
                       .updates_per_epoch = run->each,
                       .samples_per_update = number_of(run->summary, "samples") / number_of(run->summary, "updates"),
                       .base = run->base};
    int32_t first = 0;
    for (int32_t i = 0; i < at.decisions; i++)
        if (run->rows[i].other) first = i, at.from = run->rows[i].update;
    for (int32_t i = at.decisions - 1; i >= first; i--)
        if (!isnan(run->rows[i].length_before)) at.units.total = run->rows[i].length_before;
    for (int32_t i = first; spec && i < at.decisions; i++) {
        explain_row row = run->rows[i];
        if (isnan(row.length_before)) continue;
        at.to = row.update;
        if (at.from < at.to) add_stretch(run, &at);
        at.from = row.update;
        at.units.total = row.length;
    }
    at.to = INFINITY;
    if (spec) add_stretch(run, &at);
    gradus_context_destroy(at.context);
    gradus_spec_destroy(spec);
}

/* Limits and feedback that has a rate of its own are in the rates that were really taken. */
static void read_rates(explain_run *run)
{
    char path[4200];
    gradus_error unread = {0};
    double update, rate;
    snprintf(path, sizeof path, "%.4000s/measures.csv", run->folder);
    gradus_sheet *sheet = gradus_sheet_open(path, &unread);
    int32_t updates = sheet ? gradus_sheet_find(sheet, "update") : -1,
            rates = sheet ? gradus_sheet_find(sheet, "rate") : -1;
    while (updates >= 0 && rates >= 0 && gradus_sheet_next(sheet, true, &unread)) {
        if (!gradus_sheet_number(sheet, updates, &update, &unread)) continue;
        if (!gradus_sheet_number(sheet, rates, &rate, &unread)) continue;
        for (int32_t i = 0; i < run->count; i++)
            if (run->rows[i].phase && run->rows[i].update == update) run->rows[i].rate = rate;
    }
    gradus_sheet_close(sheet);
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
    int length =
        snprintf(text, sizeof text, "rate of %s, %.0f updates, %.*f epoch%s", run->folder,
                 number_of(run->summary, "updates"), epochs == floor(epochs) ? 0 : 2, epochs, epochs == 1 ? "" : "s");
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
    if (run->told)
        printf("%d decision%s; every number: %s/decisions.jsonl\n", run->decisions, run->decisions == 1 ? "" : "s",
               run->folder);
    else
        printf("what else was decided is not known: %s/decisions.jsonl is missing\n", run->folder);
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

/* Why it ended, which is told last, and the rate then: what the last look has made of it, else that of the last update. */
static void add_end(explain_run *run)
{
    double update = number_of(run->summary, "updates");
    const json_t *last = json_object_get(json_object_get(run->summary, "final"), "rate");
    double rate = json_is_number(last) ? json_number_value(last) : run->base;
    for (int32_t i = 0; i < run->count; i++)
        if (run->rows[i].update == update || (!json_is_number(last) && run->rows[i].update <= update))
            rate = run->rows[i].rate;
    add_row(run, update, rate, factor_at(run, run->count, update),
            text_of(json_object_get(run->summary, "reason"), "text"));
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
    run->told = !gradus_run_decisions(run->folder, on_decision, run, &error);
    if (!run->told && error.code != GRADUS_CODE_NO_FILE) return cli_error(run->call, NULL, &error);
    sort_rows(run);
    read_phases(run);
    sort_rows(run);
    read_rates(run);
    add_end(run);
    if (run->failed) return cli_fail(run->call, GRADUS_CODE_MEMORY, NULL, "out of memory");
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
    gradus_error error = {0};
    char *text = gradus_run_summary(folder, &error);
    if (!text) return cli_error(call, NULL, &error);
    explain_run run = {.call = call, .folder = folder, .summary = json_loads(text, 0, NULL)};
    free(text);
    cli_exit status = explain(&run);
    for (int32_t i = 0; i < run.count; i++) free(run.rows[i].because);
    free(run.rows);
    json_decref(run.summary);
    return status;
}
