/* Reads the words of `gradus schedule`: a word KEY=VALUE is a setting, one that ends in .yaml a run file, any other a spec; and finds
 * the run over which all of that can be shown. No number is needed: what is all in per cent is shown in per cent. */
#include "schedule_asked.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { UPDATES_OF_A_SHAPE = 1000, LIKE = ASKED_COUNT };

const gradus_argument schedule_keys[] = {
    {.name = "lr",
     .kind = GRADUS_NUMBER,
     .initial = "1",
     .high = INFINITY,
     .open = "(",
     .help = "the rate where the schedule stands at 1"},
    {.name = "lr_min", .kind = GRADUS_NUMBER, .initial = "0", .high = INFINITY, .help = "no rate is below it"},
    {.name = "lr_max",
     .kind = GRADUS_NUMBER,
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_OPTIONAL,
     .help = "no rate is above it"},
    {.name = "updates",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 1e15,
     .flags = GRADUS_OPTIONAL,
     .help = "the run's length; without any a shape is shown in per cent of it"},
    {.name = "epochs",
     .kind = GRADUS_NUMBER,
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_OPTIONAL,
     .help = "the run's length in epochs"},
    {.name = "updates_per_epoch",
     .kind = GRADUS_NUMBER,
     .high = 1e15,
     .open = "(",
     .flags = GRADUS_OPTIONAL,
     .help = "how many updates an epoch has: for lengths in epochs beside others"},
    {.name = "batch",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 1e15,
     .flags = GRADUS_OPTIONAL,
     .help = "samples an update: for lengths in samples"},
    {.name = "tokens_per_update",
     .kind = GRADUS_NUMBER,
     .high = 1e15,
     .open = "(",
     .flags = GRADUS_OPTIONAL,
     .help = "for lengths in tokens"},
    {.name = "like",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_OPTIONAL,
     .help = "the framework whose conventions and names hold: torch, keras, ..."},
    {0}};

/* ---- words ---- */

static bool is_run_file(const char *word)
{
    const char *dot = strrchr(word, '.');
    return strcmp(word, "-") == 0 || (dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0));
}

/* How long the path before '=' is; 0: it is a spec, in which '=' stands only within parentheses. */
static size_t path_of(const char *word)
{
    size_t path = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
    return word[path] == '=' ? path : 0;
}

static int32_t find_key(const char *word, size_t length)
{
    for (int32_t i = 0; schedule_keys[i].name; i++)
        if (strlen(schedule_keys[i].name) == length && memcmp(schedule_keys[i].name, word, length) == 0) return i;
    return -1;
}

static cli_exit unknown_key(const cli_call *call, const char *word, size_t length)
{
    const char *names[ASKED_COUNT + 1];
    char name[64], key[64];
    int32_t count = 0;
    snprintf(name, sizeof name, "%.*s", (int)length, word);
    snprintf(key, sizeof key, "%.*s", (int)strcspn(name, "."), name);
    for (; schedule_keys[count].name; count++) names[count] = schedule_keys[count].name;
    const gradus_argument *also = gradus_setting_also(key);
    const char *near =
        also && find_key(also->name, strlen(also->name)) >= 0 ? also->name : gradus_nearest(name, names, count);
    if (!near && gradus_setting_find(key))
        return cli_fail(call, GRADUS_CODE_UNKNOWN_SETTING, "schedule",
                        "'%s' is a setting of a run; name its run file too", key);
    return cli_unknown(call, GRADUS_CODE_UNKNOWN_SETTING, "schedule", near, "gradus help schedule lists them",
                       "no setting '%s' here", name);
}

/* The value of a key as a setting of a run file would be read, and errors told in the same way. */
static bool read_value(schedule_asked *asked, int32_t key, int32_t word, cli_exit *status)
{
    const gradus_argument *row = &schedule_keys[key];
    const char *text = asked->call->words[word] + strlen(row->name) + 1;
    if (key == LIKE) {
        asked->like = text;
        return true;
    }
    gradus_error error = {0};
    gradus_spec_config config = {.family = "value", .language = gradus_train_language(), .argument = row};
    gradus_spec *spec = gradus_spec_create(text, &config, &error);
    if (spec) {
        asked->numbers[key] = gradus_spec_value(spec)->number;
        gradus_spec_destroy(spec);
        return true;
    }
    gradus_report report;
    gradus_report_spec(&report, row->name, text, &error);
    report.argument = asked->call->numbers[word];
    *status = cli_report(asked->call, &report);
    return false;
}

static bool read_key(schedule_asked *asked, int32_t word, cli_exit *status)
{
    const cli_call *call = asked->call;
    size_t path = path_of(call->words[word]);
    int32_t key = find_key(call->words[word], path);
    if (key < 0) {
        *status = unknown_key(call, call->words[word], path);
        return false;
    }
    for (int32_t i = 0; i < word; i++)
        if (strncmp(call->words[i], call->words[word], path + 1) == 0) {
            *status = cli_fail(call, GRADUS_CODE_REPEATED, "schedule", "'%s' is given twice, first in argument %d",
                               schedule_keys[key].name, (int)call->numbers[i]);
            return false;
        }
    return read_value(asked, key, word, status);
}

/* The run file and what changes it, through the same door as train's. */
static bool read_settings(schedule_asked *asked, cli_exit *status)
{
    cli_call part = *asked->call;
    part.words = calloc((size_t)part.word_count + 1, sizeof *part.words);
    part.numbers = calloc((size_t)part.word_count + 1, sizeof *part.numbers);
    part.word_count = 0;
    for (int32_t i = 0; part.words && part.numbers && i < asked->call->word_count; i++) {
        const char *word = asked->call->words[i];
        size_t path = path_of(word);
        int32_t key = path ? find_key(word, path) : -1;
        if ((path && key != ASKED_EACH && key != ASKED_TOKENS) || is_run_file(word)) {
            part.words[part.word_count] = word;
            part.numbers[part.word_count++] = asked->call->numbers[i];
        }
    }
    asked->settings = cli_settings(&part, NULL); /* reports what is wrong */
    free(part.words);
    free(part.numbers);
    *status = CLI_MISUSE;
    return asked->settings != NULL;
}

static void take_settings(schedule_asked *asked)
{
    for (int32_t key = 0; key < ASKED_COUNT; key++)
        if (gradus_setting_find(schedule_keys[key].name))
            asked->numbers[key] = gradus_settings_number(asked->settings, schedule_keys[key].name);
    const char *like = gradus_settings_text(asked->settings, "like", GRADUS_PRINT_CANONICAL);
    if (like && strcmp(like, "none") != 0) asked->like = like;
    const char *text = gradus_settings_written(asked->settings, "schedule");
    const gradus_spec *spec = gradus_settings_spec(asked->settings, "schedule");
    asked->specs[asked->count++] = (struct asked_spec){.text = spec ? text : "none", .spec = spec};
}

/* How long an epoch is, the data that the run file names tell; where they cannot be had, what is known must do. */
static void ask_run(schedule_asked *asked)
{
    double *numbers = asked->numbers;
    gradus_run_config config = {.settings = asked->settings,
                                .data_dir = asked->call->data_dir,
                                .command = asked->call->command,
                                .threads = asked->call->threads,
                                .overwrite = true}; /* nothing is written before it trains */
    gradus_report unused;
    gradus_units units;
    bool wanted = isnan(numbers[ASKED_EACH]) && gradus_settings_given(asked->settings, "data");
    gradus_run *run = wanted ? gradus_run_create(&config, &unused) : NULL;
    if (!run) return;
    gradus_run_units(run, &units);
    numbers[ASKED_EACH] = units.updates_per_epoch;
    numbers[ASKED_BATCH] = units.samples_per_update;
    if (isnan(numbers[ASKED_EPOCHS])) numbers[ASKED_UPDATES] = units.total;
    gradus_run_destroy(run);
}

static bool bind(schedule_asked *asked, struct asked_spec *spec, cli_exit *status)
{
    gradus_error error = {0};
    gradus_report report;
    gradus_spec_config config = {.family = "schedule", .language = gradus_train_language(), .like = asked->like};
    if (spec->spec) return true;
    spec->spec = spec->own = gradus_spec_create(spec->text, &config, &error);
    if (spec->spec) return true;
    gradus_report_spec(&report, "schedule", spec->text, &error);
    report.argument = spec->argument;
    *status = cli_report(asked->call, &report);
    return false;
}

bool schedule_read(const cli_call *call, schedule_asked *asked, cli_exit *status)
{
    bool file = false, good = true;
    *asked = (schedule_asked){.call = call, .specs = calloc((size_t)call->word_count + 1, sizeof *asked->specs)};
    for (int32_t i = 0; i < ASKED_COUNT; i++) asked->numbers[i] = NAN;
    if (!asked->specs) {
        *status = cli_fail(call, GRADUS_CODE_MEMORY, NULL, "out of memory");
        return false;
    }
    for (int32_t i = 0; i < call->word_count; i++) file = file || is_run_file(call->words[i]);
    if (file && !read_settings(asked, status)) return false;
    if (file) take_settings(asked);
    for (int32_t i = 0; good && i < call->word_count; i++) {
        const char *word = call->words[i];
        size_t path = path_of(word);
        int32_t key = path ? find_key(word, path) : -1;
        if (path && (!file || key == ASKED_EACH || key == ASKED_TOKENS))
            good = read_key(asked, i, status);
        else if (!path && !is_run_file(word))
            asked->specs[asked->count++] = (struct asked_spec){.text = word, .argument = call->numbers[i]};
    }
    if (file && good) ask_run(asked);
    if (cli_value(call, "like")) asked->like = cli_value(call, "like");
    if (good && asked->like && !cli_framework(call, asked->like)) good = false, *status = CLI_MISUSE;
    for (int32_t i = 0; good && i < asked->count; i++) good = bind(asked, &asked->specs[i], status);
    if (good && !asked->count)
        *status =
            cli_fail(call, GRADUS_CODE_MISSING, "schedule", "no schedule to show; gradus list schedule names them");
    if (good && !isnan(asked->numbers[ASKED_UPDATES]) && !isnan(asked->numbers[ASKED_EPOCHS])) {
        *status = cli_fail(call, GRADUS_CODE_REPEATED, "schedule",
                           "the run's length is given twice, as 'updates' and as 'epochs'; keep one");
        return false;
    }
    return good && asked->count;
}

void schedule_forget(schedule_asked *asked)
{
    for (int32_t i = 0; i < asked->count; i++) gradus_spec_destroy(asked->specs[i].own);
    free(asked->specs);
    gradus_settings_destroy(asked->settings);
}

/* ---- the run: as long as was said, or as suits what the specs say ---- */

typedef struct longest { /* length that is written in the specs, but for shares of the run */
    double amount;
    int32_t unit;
    bool any, mixed;
} longest;

static void see_chain(longest *seen, const gradus_chain *chain, const gradus_units *units);

static void see_length(longest *seen, const gradus_value *value, const gradus_units *units)
{
    if (!value->present || value->unit == GRADUS_IN_PERCENT || !(value->number > 0)) return;
    if (seen->any && value->unit != seen->unit && !seen->mixed) {
        seen->amount = gradus_length_convert(units, seen->amount, seen->unit, GRADUS_UPDATES);
        seen->unit = GRADUS_UPDATES;
        seen->mixed = true;
    }
    double amount =
        seen->mixed ? gradus_length_convert(units, value->number, value->unit, GRADUS_UPDATES) : value->number;
    if (!seen->any) seen->unit = value->unit;
    seen->any = true;
    seen->amount = fmax(seen->amount, amount);
}

static void see_value(longest *seen, const gradus_value *value, gradus_kind kind, const gradus_units *units)
{
    if (value->chain) see_chain(seen, value->chain, units);
    for (int32_t i = 0; i < value->count && (kind == GRADUS_LENGTH || kind == GRADUS_PIPELINE); i++)
        see_value(seen, &value->items[i], kind, units);
    for (int32_t i = 0; i < value->count && kind == GRADUS_POINT; i++) /* [length, share], or a list of such */
        if (value->items[i].count || i == 0)
            see_value(seen, &value->items[i], value->items[i].count ? GRADUS_POINT : GRADUS_LENGTH, units);
    if (kind == GRADUS_LENGTH && !value->count) see_length(seen, value, units);
}

static void see_chain(longest *seen, const gradus_chain *chain, const gradus_units *units)
{
    for (int32_t i = 0; i < chain->count; i++)
        for (int32_t j = 0; chain->items[i].member && j < chain->items[i].value_count; j++)
            see_value(seen, &chain->items[i].values[j], gradus_item_argument(&chain->items[i], j)->kind, units);
}

/* 1, 2 or 5 times a power of ten. */
static double round_up(double length)
{
    double power = pow(10, floor(log10(length))), steps[] = {1, 2, 5, 10};
    for (int32_t i = 0; i < 3; i++)
        if (steps[i] * power >= length) return steps[i] * power;
    return steps[3] * power;
}

/* Where a schedule ends that refuses to be asked for more, in updates; 0: it does not. */
static double end_of(const gradus_chain *chain, const schedule_run *run)
{
    const gradus_item *last = chain->count ? &chain->items[chain->count - 1] : NULL;
    const gradus_value *past = last && last->member ? gradus_item_value(last, "past") : NULL;
    if (!past || !past->present || !past->text || strcmp(past->text, "error") != 0) return 0;
    gradus_error error = {0};
    gradus_phase phase = {0};
    gradus_schedule *schedule = gradus_schedule_compile(chain, "", &run->units, NULL, &error);
    if (schedule && gradus_schedule_axis(schedule) == GRADUS_UPDATES)
        gradus_schedule_phase(schedule, chain->count - 1, &phase);
    gradus_schedule_destroy(schedule);
    const double end = phase.start + phase.length;
    return isfinite(end) ? end : 0;
}

static void assume_length(schedule_asked *asked, schedule_run *run)
{
    double end = INFINITY;
    longest seen = {.any = false};
    for (int32_t i = 0; i < asked->count; i++)
        if (asked->specs[i].spec) {
            const gradus_chain *chain = gradus_spec_chain(asked->specs[i].spec);
            const double ends = end_of(chain, run);
            see_chain(&seen, chain, &run->units);
            if (ends > 0) end = fmin(end, ends);
        }
    double in_updates = seen.any ? gradus_length_convert(&run->units, seen.amount, seen.unit, GRADUS_UPDATES) : NAN;
    run->units.total_unit = GRADUS_UPDATES;
    run->units.total = UPDATES_OF_A_SHAPE;
    run->shown_in = seen.any ? GRADUS_IN_UPDATES : GRADUS_IN_PERCENT;
    asked->assumed = seen.any;
    if (in_updates > 0) {
        run->units.total = fmax(round_up(3 * in_updates), 2);
    } else if (seen.any && !seen.mixed) {
        run->units.total_unit = run->shown_in = seen.unit;
        run->units.total = round_up(3 * seen.amount);
    }
    if (isfinite(end)) {
        run->units.total_unit = GRADUS_UPDATES;
        run->units.total = end;
        run->shown_in = GRADUS_IN_UPDATES;
    }
    run->unit = run->units.total_unit;
    run->length = run->units.total;
}

static double or_zero(double number) { return isnan(number) ? 0 : number; }

static void find_run(schedule_asked *asked, schedule_run *run)
{
    const double *given = asked->numbers;
    *run = (schedule_run){.base = isnan(given[ASKED_LR]) ? 1 : given[ASKED_LR],
                          .least = or_zero(given[ASKED_LR_MIN]),
                          .most = isnan(given[ASKED_LR_MAX]) ? INFINITY : given[ASKED_LR_MAX],
                          .is_share = isnan(given[ASKED_LR])};
    run->units = (gradus_units){.updates_per_epoch = or_zero(given[ASKED_EACH]),
                                .samples_per_update = or_zero(given[ASKED_BATCH]),
                                .tokens_per_update = or_zero(given[ASKED_TOKENS]),
                                .base = run->base};
    double epochs = given[ASKED_EPOCHS], updates = given[ASKED_UPDATES];
    if (epochs > 0 && run->units.updates_per_epoch > 0) updates = fmax(1, round(epochs * run->units.updates_per_epoch));
    if (isnan(updates) && isnan(epochs)) {
        assume_length(asked, run);
        return;
    }
    run->units.total = run->length = isnan(updates) ? epochs : updates;
    run->units.total_unit = run->unit = isnan(updates) ? GRADUS_EPOCHS : GRADUS_UPDATES;
    run->shown_in = run->unit;
}

/* ---- schedules ---- */

static const char *const no_each = "how many updates an epoch has is not known; add updates_per_epoch=N";
static const char *const no_seconds = "how long an update takes is known only when it runs";

cli_exit schedule_no_updates(const cli_call *call, const schedule_run *run, const char *what)
{
    const char *why = run->unit == GRADUS_SECONDS  ? no_seconds
                      : run->unit == GRADUS_EPOCHS ? no_each
                      : run->unit == GRADUS_TOKENS
                          ? "how many tokens an update has is not known; add tokens_per_update=N"
                          : "how many samples an update has is not known; add batch=N";
    return cli_fail(call, GRADUS_CODE_WRONG_UNIT, "schedule", "%s counts updates, and %s", what, why);
}

static cli_exit report_spec(const schedule_asked *asked, const struct asked_spec *spec, const gradus_error *error)
{
    gradus_report report;
    if (spec->argument) {
        gradus_report_spec(&report, "schedule", spec->text, error);
        report.argument = spec->argument;
    } else {
        gradus_settings_place(asked->settings, "schedule", error, &report);
    }
    return cli_report(asked->call, &report);
}

/* The run counts in one unit, the schedule in another, and nothing leads from one to the other. */
static cli_exit report_axis(const schedule_asked *asked, const struct asked_spec *spec, const schedule_run *run,
                            int32_t axis)
{
    bool seconds = axis == GRADUS_SECONDS || run->unit == GRADUS_SECONDS;
    gradus_error error = {0};
    const gradus_where place = {.length = (int32_t)strlen(spec->text)};
    gradus_spec_fail(&error, spec->text, place, GRADUS_CODE_WRONG_UNIT, "this counts in %s and what is shown in %s; %s",
                     schedule_unit_name(axis), schedule_unit_name(run->unit), seconds ? no_seconds : no_each);
    return report_spec(asked, spec, &error);
}

static bool open_shown(schedule_asked *asked, const struct asked_spec *spec, const schedule_run *run,
                       schedule_shown *shown, cli_exit *status)
{
    gradus_error error = {0};
    const char *folder = spec->argument ? "" : gradus_settings_folder(asked->settings, "schedule");
    if (!schedule_open(shown, spec->spec, spec->text, folder, run, &error))
        *status = report_spec(asked, spec, &error);
    else if (isnan(schedule_rate(run, shown, 0)))
        *status = report_axis(asked, spec, run, gradus_schedule_axis(shown->schedule));
    else
        return true;
    return false;
}

bool schedule_make(schedule_asked *asked, schedule_run *run, schedule_shown *shown, cli_exit *status)
{
    const char *unit = cli_value(asked->call, "unit");
    find_run(asked, run);
    if (unit) run->shown_in = strcmp(unit, "epoch") == 0 ? GRADUS_IN_EPOCHS : GRADUS_IN_UPDATES;
    if (isnan(schedule_show(run, run->length))) {
        *status = run->shown_in == GRADUS_IN_EPOCHS
                      ? cli_fail(asked->call, GRADUS_CODE_WRONG_UNIT, "schedule", "%s", no_each)
                      : schedule_no_updates(asked->call, run, "--unit update");
        return false;
    }
    for (int32_t i = 0; i < asked->count; i++)
        if (!open_shown(asked, &asked->specs[i], run, &shown[i], status)) return false;
    return true;
}
