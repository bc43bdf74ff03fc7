/* gradus schedule: what schedules do, as a picture with a table of their phases, as numbers, or as a file; nothing is trained. */
#include "plot.h"
#include "schedule_asked.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct schedules {
    const cli_call *call;
    schedule_asked asked;
    schedule_run run;
    schedule_shown *shown;
    int32_t count;
    double every; /* --every */
} schedules;

/* ---- numbers ---- */

static void print_number(double number)
{
    char text[32];
    gradus_number_print(number, text);
    fputs(text, stdout);
}

/* RFC 4180: quotes around what holds a comma, a quote or a line end, and quotes in it doubled. */
static void print_field(const char *text)
{
    bool quoted = strpbrk(text, ",\"\r\n") != NULL;
    if (quoted) putchar('"');
    for (; *text; text++) {
        if (*text == '"') putchar('"');
        putchar(*text);
    }
    if (quoted) putchar('"');
}

static cli_exit print_csv(const schedules *s)
{
    bool epochs = s->run.shown_in == GRADUS_IN_EPOCHS;
    if (s->run.unit != GRADUS_UPDATES) return schedule_no_updates(s->call, &s->run, "--csv");
    fputs(epochs ? "update,epoch" : "update", stdout);
    for (int32_t i = 0; i < s->count; i++) {
        putchar(',');
        print_field(s->count > 1 ? s->shown[i].name : "rate");
    }
    putchar('\n');
    for (double update = 0; update < s->run.length && !ferror(stdout); update += s->every) {
        print_number(update);
        if (epochs) putchar(','), print_number(schedule_show(&s->run, update));
        for (int32_t i = 0; i < s->count; i++) putchar(','), print_number(schedule_rate(&s->run, &s->shown[i], update));
        putchar('\n');
    }
    return CLI_DONE;
}

/* One number for each schedule, a line each. */
static cli_exit print_at(const schedules *s, const char *text)
{
    static const gradus_argument row = {.name = "--at", .kind = GRADUS_LENGTH, .high = INFINITY};
    gradus_error error = {0};
    gradus_report report;
    gradus_spec_config config = {.family = "value", .language = gradus_train_language(), .argument = &row};
    gradus_spec *spec = gradus_spec_create(text, &config, &error);
    if (!spec) {
        gradus_report_spec(&report, row.name, text, &error);
        report.key[0] = 0;
        return cli_report(s->call, &report);
    }
    const gradus_value *value = gradus_spec_value(spec);
    double at = gradus_length_convert(&s->run.units, value->number, value->unit, s->run.unit);
    gradus_spec_destroy(spec);
    if (isnan(at) && s->run.unit != GRADUS_UPDATES) return schedule_no_updates(s->call, &s->run, "--at");
    if (isnan(at))
        return cli_fail(s->call, GRADUS_CODE_WRONG_UNIT, "schedule", "how many updates --at %s is, is not known", text);
    gradus_json json = {.write = cli_write, .user = stdout, .indent = 2};
    if (s->call->json) gradus_json_open(&json, NULL, '[');
    for (int32_t i = 0; i < s->count; i++) {
        double rate = schedule_rate(&s->run, &s->shown[i], at);
        if (s->call->json)
            gradus_json_number(&json, NULL, rate);
        else
            print_number(rate), putchar('\n');
    }
    if (s->call->json) gradus_json_close(&json, ']'), putchar('\n');
    return CLI_DONE;
}

/* ---- JSON ---- */

static void json_phases(gradus_json *json, const schedules *s, const schedule_shown *shown)
{
    schedule_row row;
    gradus_json_open(json, "phases", '[');
    for (int32_t i = 0; schedule_phase(&s->run, shown, i, &row); i++) {
        gradus_json_open(json, NULL, '{');
        gradus_json_text(json, "name", row.name);
        gradus_json_number(json, "from", row.acts ? row.from : NAN);
        gradus_json_number(json, "to", row.acts ? row.to : NAN);
        gradus_json_number(json, "rate_from", row.acts ? row.rate_from : NAN);
        gradus_json_number(json, "rate_to", row.acts ? row.rate_to : NAN);
        gradus_json_close(json, '}');
    }
    gradus_json_close(json, ']');
}

static void json_point(gradus_json *json, double x, double rate)
{
    gradus_json_open(json, NULL, '[');
    gradus_json_number(json, NULL, x);
    gradus_json_number(json, NULL, rate);
    gradus_json_close(json, ']');
}

/* Every update, or every so many; in other units what the picture is drawn from. */
static void json_curve(gradus_json *json, const schedules *s, const schedule_shown *shown)
{
    gradus_json_open(json, "curve", '[');
    int32_t indent = json->indent;
    json->indent = 0; /* in one line */
    if (s->run.unit == GRADUS_UPDATES)
        for (double update = 0; update < s->run.length && !json->failed; update += s->every)
            json_point(json, schedule_show(&s->run, update), schedule_rate(&s->run, shown, update));
    else
        for (int64_t i = 0; i < shown->count; i++) json_point(json, shown->x[i], shown->y[i]);
    gradus_json_close(json, ']');
    json->indent = indent;
}

static cli_exit print_json(const schedules *s)
{
    gradus_json json = {.write = cli_write, .user = stdout, .indent = 2};
    gradus_json_open(&json, NULL, '{');
    gradus_json_text(&json, "unit", schedule_unit_name(s->run.shown_in));
    gradus_json_number(&json, "length", schedule_show(&s->run, s->run.length));
    gradus_json_number(&json, "lr", s->run.base);
    gradus_json_open(&json, "schedules", '[');
    for (int32_t i = 0; i < s->count; i++) {
        gradus_json_open(&json, NULL, '{');
        gradus_json_text(&json, "spec", s->shown[i].name);
        json_phases(&json, s, &s->shown[i]);
        json_curve(&json, s, &s->shown[i]);
        gradus_json_close(&json, '}');
    }
    gradus_json_close(&json, ']');
    gradus_json_close(&json, '}');
    putchar('\n');
    return CLI_DONE;
}

/* ---- the verb ---- */

/* Updates of a run of no length are those of one that was made up. */
static void tell_length(const schedules *s)
{
    char length[32];
    gradus_number_print(s->run.length, length);
    cli_note(s->call, "no length is given: shown over %s %s; updates=N or epochs=N sets it", length,
             schedule_unit_name(s->run.unit));
}

static void print_picture(const schedules *s, const gradus_plot *plot)
{
    if (s->asked.assumed) tell_length(s);
    if (s->call->quiet) return;
    cli_plot_print(s->call, plot, s->run.is_share);
    schedule_print_phases(s->call, &s->run, s->shown, s->count);
}

static cli_exit show(const schedules *s)
{
    const char *at = cli_value(s->call, "at");
    gradus_curve *curves = calloc((size_t)s->count, sizeof *curves);
    if (!curves) return cli_fail(s->call, GRADUS_CODE_MEMORY, NULL, "out of memory");
    gradus_plot plot = schedule_plot(&s->run, s->shown, s->count, curves);
    cli_exit status = cli_plot_save(s->call, &plot);
    const bool made_up = s->asked.assumed || s->run.shown_in == GRADUS_IN_PERCENT;
    if (status == CLI_DONE && at)
        status = print_at(s, at);
    else if (status == CLI_DONE && s->call->json)
        status = print_json(s);
    else if (status == CLI_DONE && cli_has(s->call, "csv"))
        status = print_csv(s);
    else if (status == CLI_DONE)
        print_picture(s, &plot);
    if (status == CLI_DONE && made_up && (at ? !strchr(at, '%') : cli_has(s->call, "csv"))) tell_length(s);
    free(curves);
    return status;
}

/* What goes only with something else; false: reported. */
static bool read_options(const cli_call *call, schedules *s)
{
    const char *every = cli_value(call, "every");
    bool csv = cli_has(call, "csv"), at = cli_has(call, "at");
    size_t length = every ? strlen(every) : 0;
    s->every = 1;
    if (every &&
        (gradus_number_read(every, length, &s->every) != length || s->every != floor(s->every) || s->every < 1))
        cli_fail(call, GRADUS_CODE_WRONG_TYPE, "schedule", "--every takes a whole number from 1, not '%s'", every);
    else if (every && !csv && !call->json)
        cli_fail(call, GRADUS_CODE_UNEXPECTED_VALUE, "schedule", "--every goes with --csv or --json");
    else if (csv && (call->json || at))
        cli_fail(call, GRADUS_CODE_UNEXPECTED_VALUE, "schedule", "--csv and --%s say the same in two ways; keep one",
                 at ? "at" : "json");
    else
        return true;
    return false;
}

static cli_exit run(cli_call *call)
{
    schedules s = {.call = call};
    cli_exit status = CLI_MISUSE;
    if (!read_options(call, &s)) return status;
    bool good = schedule_read(call, &s.asked, &status);
    s.count = s.asked.count;
    s.shown = calloc((size_t)s.count + 1, sizeof *s.shown);
    if (good && !s.shown) status = cli_fail(call, GRADUS_CODE_MEMORY, NULL, "out of memory");
    if (good && s.shown && schedule_make(&s.asked, &s.run, s.shown, &status)) status = show(&s);
    for (int32_t i = 0; s.shown && i < s.count; i++) schedule_clear(&s.shown[i]);
    free(s.shown);
    schedule_forget(&s.asked);
    return status;
}

static const cli_option options[] = {
    {"csv", NULL, "print update,rate, a line for each update"},
    {"every", "N", "with --csv and --json: only every N-th update"},
    {"unit", "update|epoch", "what the picture and its table count in; with --csv: the epoch too"},
    {"at", "UPDATE", "print the rate at this update, or at 30ep or 50%, and nothing else"},
    CLI_PLOT_OPTIONS,
    {"like", "FRAMEWORK", "read the schedules under that framework's conventions and names"},
    {0},
};

const cli_verb cli_verb_schedule = {
    .name = "schedule",
    .summary = "show what schedules do: a picture, a table, numbers",
    .usage = "SPEC... [KEY=VALUE ...]\nRUN.yaml [SPEC...] [KEY=VALUE ...]",
    .about = "Draws the rate over a run, several schedules in one picture, with a table of their phases.\n"
             "Without a length the shape is shown in per cent of the run; of a run file its own schedule is.",
    .examples = "gradus schedule 'warmup(5%) > cosine(to=1%)' lr=0.1 updates=1000\n"
                "gradus schedule cosine 'step(30ep, 0.1)' lr=0.1 epochs=90 updates_per_epoch=391 --svg compare.svg\n"
                "gradus schedule 'cosine(T_max=20, like=torch)' lr=0.1 updates=40 --csv\n"
                "gradus schedule 'polynomial(2)' lr=0.01 updates=10000 --at 5000",
    .options = options,
    .keys = schedule_keys,
    .operands = CLI_SETTINGS | CLI_SCHEDULES,
    .least = 1,
    .most = -1,
    .run = run,
};
