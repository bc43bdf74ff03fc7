/* gradus replay: what another feedback would have done with the measures of a run, beside what was done; or with a log that another
 * program wrote. Nothing is trained. */
#include "plot.h"
#include "progress.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct replay_row { /* a decision */
    double update, epoch, before, after;
    char *because, *json;
} replay_row;

typedef struct replay_rows {
    replay_row *row;
    int32_t count, room;
} replay_rows;

typedef struct replay {
    const cli_call *call;
    replay_rows would, did;
    cli_points rate, was; /* of each update, in the replay and in the run */
    char feedback[CLI_LINE], own[CLI_LINE], log[CLI_LINE];
    gradus_replay_facts facts; /* its texts are those above */
    gradus_replay_end end;
    bool failed; /* out of memory */
} replay;

/* ---- what is heard ---- */

static void add_row(replay *r, replay_rows *rows, const gradus_run_decision *decision)
{
    if (rows->count == rows->room) {
        int32_t room = rows->room ? 2 * rows->room : 16;
        replay_row *larger = realloc(rows->row, (size_t)room * sizeof *larger);
        if (!larger) {
            r->failed = true;
            return;
        }
        rows->row = larger;
        rows->room = room;
    }
    replay_row *row = &rows->row[rows->count++];
    *row = (replay_row){(double)decision->update, decision->epoch,        decision->rate_before,
                        decision->rate_after,     strdup(decision->text), strdup(decision->json)};
    r->failed = r->failed || !row->because || !row->json;
}

static void on_would(void *user, const gradus_run_decision *decision)
{
    replay *r = user;
    add_row(r, &r->would, decision);
}

static void on_did(void *user, const gradus_run_decision *decision)
{
    replay *r = user;
    add_row(r, &r->did, decision);
}

static void on_note(void *user, const char *text)
{
    const replay *r = user;
    cli_note(r->call, "%s", text);
}

static void print_number(double number)
{
    char text[CLI_SHORT];
    gradus_number_print(number, text);
    if (!isnan(number)) fputs(text, stdout);
}

static void on_point(void *user, const gradus_replay_point *point)
{
    replay *r = user;
    cli_points_back(&r->rate, (double)point->update);
    cli_points_back(&r->was, (double)point->update);
    cli_points_add(&r->rate, (double)point->update, point->rate);
    cli_points_add(&r->was, (double)point->update, point->was);
    if (!cli_has(r->call, "csv")) return;
    printf("%lld,", (long long)point->update);
    print_number(point->rate);
    if (r->facts.own) putchar(','), print_number(point->was);
    putchar('\n');
}

static void on_start(void *user, const gradus_replay_facts *facts)
{
    replay *r = user;
    r->facts = *facts;
    snprintf(r->feedback, sizeof r->feedback, "%s", facts->feedback);
    snprintf(r->log, sizeof r->log, "%s", facts->log);
    snprintf(r->own, sizeof r->own, "%s", facts->own ? facts->own : "");
    r->facts.feedback = r->feedback;
    r->facts.log = r->log;
    r->facts.own = facts->own ? r->own : NULL;
    if (cli_has(r->call, "csv")) puts(facts->own ? "update,rate,rate_was" : "update,rate");
}

/* ---- the table ---- */

static bool is_same(const replay_row *a, const replay_row *b) { return strcmp(a->json, b->json) == 0; }

static void print_title(const replay *r)
{
    char base[CLI_SHORT], text[CLI_LINE];
    const gradus_replay_facts *facts = &r->facts;
    double epochs = facts->updates / facts->updates_per_epoch;
    if (!facts->own) {
        printf("replay of %s, %lld rows; rates are shares of the base\n", r->call->words[0], (long long)facts->rows);
    } else {
        gradus_number_print(facts->base, base);
        int length = snprintf(text, sizeof text, "replay of %s, %.0f updates, %.*f epochs", r->call->words[0],
                              facts->updates, epochs == floor(epochs) ? 0 : 2, epochs);
        printf("%s%*sbase %s (%s)\n", text, length < 62 ? 62 - length : 3, "", base,
               facts->automatic ? "auto" : "given");
    }
    fputs("would  ", stdout);
    cli_wrap(stdout, r->feedback, 7, r->call->terminal.width);
    if (!facts->own) return;
    fputs("did    ", stdout);
    cli_wrap(stdout, r->own, 7, r->call->terminal.width);
}

static void print_row(const replay *r, const replay_row *row, const char *who)
{
    char before[CLI_SHORT], after[CLI_SHORT];
    snprintf(before, sizeof before, "%.3g", row->before);
    snprintf(after, sizeof after, "%.3g", row->after);
    printf("%8.0f  %5.2f  %8s  %8s  ", row->update, row->epoch, before, after);
    if (r->facts.own) printf("%-5s  ", who);
    cli_wrap(stdout, row->because, r->facts.own ? 44 : 37, r->call->terminal.width);
}

/* Side by side in the order of updates; returns how many are the same. */
static int32_t print_rows(const replay *r)
{
    int32_t would = 0, did = 0, same = 0;
    printf("  update  epoch    before     after  %sbecause\n", r->facts.own ? "who    " : "");
    while (would < r->would.count || did < r->did.count) {
        const replay_row *one = would < r->would.count ? &r->would.row[would] : NULL;
        const replay_row *other = did < r->did.count ? &r->did.row[did] : NULL;
        bool both = one && other && is_same(one, other);
        bool first = both || (one && (!other || one->update <= other->update));
        print_row(r, first ? one : other, both ? "both" : first ? "would" : "did");
        would += first;
        did += both || !first;
        same += both;
    }
    return same;
}

/* What the numbers are worth. */
static void print_caveat(const replay *r)
{
    char text[CLI_LINE];
    if (!r->facts.own)
        snprintf(text, sizeof text, "the rows are as they were logged: at another rate, other numbers would have come");
    else if (r->end.parts < 0)
        snprintf(text, sizeof text, "the rate would have been what it was");
    else
        snprintf(
            text, sizeof text,
            "the measures are those of the run as it was: from update %lld on its rate would have been another, and "
            "so would they",
            (long long)r->end.parts);
    cli_wrap(stdout, text, 0, r->call->terminal.width);
}

/* The last rate holds to the end of its update. */
static void hold(cli_points *points)
{
    if (points->count) cli_points_add(points, points->x[points->count - 1] + 1, points->y[points->count - 1]);
}

static gradus_plot make_plot(const replay *r, gradus_curve curves[2], char title[CLI_LINE])
{
    snprintf(title, CLI_LINE, "replay of %.200s: %.700s", r->call->words[0], r->feedback);
    curves[0] = (gradus_curve){
        .name = "would", .x = r->rate.x, .y = r->rate.y, .count = r->rate.count, .style = GRADUS_CURVE_STEPS};
    curves[1] =
        (gradus_curve){.name = "did", .x = r->was.x, .y = r->was.y, .count = r->was.count, .style = GRADUS_CURVE_STEPS};
    return (gradus_plot){.title = title,
                         .x_title = "updates",
                         .y_title = r->facts.own ? "rate" : "share of the base rate",
                         .curves = curves,
                         .count = r->facts.own ? 2 : 1,
                         .from_zero = true,
                         .x_whole = true};
}

static void print_text(const replay *r, const gradus_plot *plot)
{
    print_title(r);
    cli_plot_print(r->call, plot, !r->facts.own);
    int32_t same = r->would.count + r->did.count ? print_rows(r) : 0;
    int32_t would = r->would.count, did = r->did.count;
    printf("%d decision%s", (int)would, would == 1 ? "" : "s");
    if (r->facts.own && (same < would || same < did)) printf("; the run made %d", (int)did);
    if (same == would && same == did)
        fputs(r->facts.own ? ", as the run made them" : "", stdout);
    else if (same)
        printf(", of which %d %s the same", (int)same, same == 1 ? "is" : "are");
    putchar('\n');
    if (r->end.stopped >= 0) printf("the run would have been stopped at update %lld\n", (long long)r->end.stopped);
    print_caveat(r);
}

/* ---- JSON ---- */

static void json_rows(gradus_json *json, const char *key, const replay_rows *rows)
{
    gradus_json_open(json, key, '[');
    for (int32_t i = 0; i < rows->count; i++) gradus_json_value(json, NULL, rows->row[i].json);
    gradus_json_close(json, ']');
}

static void json_update(gradus_json *json, const char *key, int64_t update)
{
    if (update < 0)
        gradus_json_text(json, key, NULL);
    else
        gradus_json_number(json, key, (double)update);
}

static void print_json(const replay *r)
{
    gradus_json json = {.write = cli_write, .user = stdout, .indent = 2};
    gradus_json_open(&json, NULL, '{');
    gradus_json_text(&json, "source", r->call->words[0]);
    gradus_json_text(&json, "log", r->log);
    gradus_json_flag(&json, "reports", r->facts.reports);
    gradus_json_number(&json, "rows", (double)r->facts.rows);
    gradus_json_number(&json, "gradients", (double)r->facts.gradients);
    gradus_json_text(&json, "feedback", r->feedback);
    gradus_json_text(&json, "own", r->facts.own);
    gradus_json_number(&json, "base", r->facts.base);
    json_update(&json, "parts", r->end.parts);
    json_update(&json, "stopped", r->end.stopped);
    json_rows(&json, "would", &r->would);
    json_rows(&json, "did", &r->did);
    gradus_json_close(&json, '}');
    putchar('\n');
}

/* ---- the verb ---- */

static cli_exit show(replay *r)
{
    gradus_report report;
    gradus_error error = {0};
    gradus_replay_config config = {.source = r->call->words[0], .feedback = r->call->words[1]};
    gradus_replay_listener listener = {
        .user = r, .start = on_start, .decision = on_would, .note = on_note, .point = on_point};
    if (gradus_replay(&config, &listener, &r->end, &report)) {
        report.argument = report.error.line ? r->call->numbers[1] : 0;
        return cli_report(r->call, &report);
    }
    if (r->facts.own && gradus_run_decisions(r->call->words[0], on_did, r, &error))
        return cli_error(r->call, NULL, &error);
    hold(&r->rate);
    hold(&r->was);
    if (r->failed || r->rate.failed || r->was.failed)
        return cli_fail(r->call, GRADUS_CODE_MEMORY, NULL, "out of memory");
    gradus_curve curves[2];
    char title[CLI_LINE];
    gradus_plot plot = make_plot(r, curves, title);
    if (r->call->json)
        print_json(r);
    else if (!cli_has(r->call, "csv") && !r->call->quiet)
        print_text(r, &plot);
    return cli_plot_save(r->call, &plot);
}

static void forget(replay_rows *rows)
{
    for (int32_t i = 0; i < rows->count; i++) free(rows->row[i].because), free(rows->row[i].json);
    free(rows->row);
}

static cli_exit run(cli_call *call)
{
    replay r = {.call = call};
    if (cli_has(call, "csv") && call->json)
        return cli_fail(call, GRADUS_CODE_UNEXPECTED_VALUE, "replay",
                        "--csv and --json say the same in two ways; keep one");
    cli_exit status = show(&r);
    forget(&r.would);
    forget(&r.did);
    cli_points_clear(&r.rate);
    cli_points_clear(&r.was);
    return status;
}

static const cli_option options[] = {
    {"csv", NULL, "print update,rate,rate_was, a line for each gradient"},
    CLI_PLOT_OPTIONS,
    {0},
};

const cli_verb cli_verb_replay = {
    .name = "replay",
    .summary = "what another feedback would have done with a run's measures",
    .usage = "RUN [FEEDBACK]\nFILE.csv FEEDBACK",
    .about = "Tells the measures of a run to another feedback and shows what it would have decided, beside what was "
             "decided.\n"
             "Without one, the run's own decides again. A CSV file, a row a look, has columns called as measures are.",
    .examples = "gradus replay runs/mnist 'plateau(patience=3)'\n"
                "gradus replay runs/mnist 'guard(z=5) > plateau(val_accuracy)' --json\n"
                "gradus replay losses.csv 'plateau(loss, patience=3)'",
    .options = options,
    .operands = CLI_RUNS | CLI_FEEDBACK,
    .least = 1,
    .most = 2,
    .run = run,
};
