/* Settings of a run: created from a run file and arguments, asked for by name, filled in by who knows more, printed as a run file.
 * What is printed reads back to the same settings. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "folder.h"
#include "settings.h"

/* ---- life ---- */

static bool out_of_memory(gradus_report *report)
{
    *report = (gradus_report){0};
    gradus_fail(&report->error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    return false;
}

/* The absolute path of the run whose copy of its run file lies in `folder`, or in what it has kept; false: none does. `data`: what the
 * paths in it are relative to. */
static bool run_of(const char *folder, char run[GRADUS_PATH_SIZE], char data[GRADUS_PATH_SIZE])
{
    char above[GRADUS_PATH_SIZE], unread[GRADUS_PATH_SIZE], *whole = realpath(*folder ? folder : ".", NULL);
    const bool is_run = whole && gradus_folder_base(whole, data) && strlen(whole) < GRADUS_PATH_SIZE;
    if (is_run) strcpy(run, whole);
    free(whole);
    char *last = is_run ? strrchr(run, '/') : NULL;
    const int length = last ? (int)(last - run) - 5 : 0; /* of RUN in RUN/kept/UPDATE */
    if (length <= 0 || strncmp(run + length, "/kept/", 6) != 0) return is_run;
    snprintf(above, sizeof above, "%.*s", length, run);
    if (gradus_folder_base(above, unread)) strcpy(run, above);
    return true;
}

/* Where a new run of it is made: in "runs", but not inside of the run that it comes from. There it is made beside it. */
static bool place_runs(gradus_settings *settings, const char *run)
{
    char *here = realpath(".", NULL), beside[GRADUS_PATH_SIZE] = "..";
    const size_t length = strlen(run);
    const char *below = here && length && strncmp(here, run, length) == 0 ? here + length : "outside";
    for (const char *at = below; *at == '/' && strlen(beside) + 4 < sizeof beside; at += 1 + strcspn(at + 1, "/"))
        strcat(beside, "/..");
    const char *runs = !*below || *below == '/' ? beside : "runs";
    free(here);
    settings->runs = gradus_arena_text(&settings->arena, runs, strlen(runs));
    return settings->runs != NULL;
}

/* The folder that the file's relative paths refer to, and what a run of it is called: the file's own folder and its name, unless it is
 * the copy that a run keeps, RUN/run.yaml, whose name and paths are those of the run. */
static bool place(gradus_settings *settings, const gradus_settings_config *config, const char *name)
{
    const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name, *dot = strrchr(base, '.');
    char folder[GRADUS_PATH_SIZE], run[GRADUS_PATH_SIZE] = "", data[GRADUS_PATH_SIZE] = "";
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - name) + (slash == name) : 0, name);
    const bool copy = settings->copy = strcmp(base, "run.yaml") == 0 && run_of(folder, run, data);
    const char *paths = config->folder ? config->folder : copy && access(data, F_OK) == 0 ? data : folder;
    const char *called = copy ? strrchr(run, '/') + 1 : base;
    const size_t length = copy ? strlen(called) : dot && dot > base ? (size_t)(dot - base) : strlen(base);
    settings->stem = gradus_arena_text(&settings->arena, called, length);
    settings->folder = gradus_arena_text(&settings->arena, paths, strlen(paths));
    return settings->stem && settings->folder && place_runs(settings, run);
}

/* The table, each row at its default; the arguments, copied; the folder and the stem of the file's name. */
static bool prepare(gradus_settings *settings, const gradus_settings_config *config, const char *name,
                    gradus_report *report)
{
    gradus_arena *arena = &settings->arena;
    gradus_arena_open(arena, NULL);
    for (const gradus_argument *row; (row = gradus_setting_at(settings->count)); settings->count++)
        settings->held[settings->count] =
            (gradus_held){.row = row, .written = row->initial, .origin = row->initial ? GRADUS_DEFAULT : GRADUS_ABSENT};
    while (config->arguments && config->arguments[settings->argument_count]) settings->argument_count++;
    size_t count = (size_t)settings->argument_count;
    const char **arguments = gradus_arena_take(arena, (count + 1) * sizeof *arguments, _Alignof(char *));
    int32_t *numbers = gradus_arena_take(arena, (count + 1) * sizeof *numbers, _Alignof(int32_t));
    if (!arguments || !numbers) return out_of_memory(report);
    for (size_t i = 0; i < count; i++) {
        arguments[i] = gradus_arena_text(arena, config->arguments[i], strlen(config->arguments[i]));
        numbers[i] = config->numbers ? config->numbers[i] : (int32_t)i + 1;
        if (!arguments[i]) return out_of_memory(report);
    }
    settings->arguments = arguments;
    settings->numbers = numbers;
    settings->open = config->open;
    settings->yaml.name = gradus_arena_text(arena, name, strlen(name));
    return (place(settings, config, name) && settings->yaml.name) || out_of_memory(report);
}

/* The name that a run has was asked for when it was made; a new run of its file is called after it, as one without a name= is. */
static void leave_name(gradus_settings *settings)
{
    gradus_held *name = gradus_settings_held(settings, "name");
    if (name->origin != GRADUS_FROM_FILE || strcmp(name->written, settings->stem) != 0) return;
    *name = (gradus_held){.row = name->row, .origin = GRADUS_ABSENT};
}

static bool bind_all(gradus_settings *settings, gradus_report *report)
{
    gradus_held *like = gradus_settings_held(settings, "like");
    for (int32_t i = -1; i < settings->count; i++) { /* like= first: the others are bound by it */
        gradus_held *held = i < 0 ? like : &settings->held[i];
        gradus_error error = {0};
        if (held->change_count && (held->origin == GRADUS_ABSENT || strcmp(held->written, "none") == 0)) {
            int32_t argument = held->change_arguments[0];
            const char *key = held->row->name, *text = settings->arguments[argument];
            return gradus_argument_fail(settings, argument, report, GRADUS_CODE_MISSING, 0, strcspn(text, "="),
                                        "there is no %s to reach into; give it whole: %s=...", key, key);
        }
        if (!gradus_settings_bind(settings, held, &error)) {
            gradus_settings_place(settings, held->row->name, &error, report);
            return false;
        }
        if (i < 0) settings->like = like->off || like->origin == GRADUS_ABSENT ? NULL : like->written;
    }
    return settings->open || gradus_settings_refuse_open(settings, report);
}

static gradus_settings *create(const gradus_settings_config *config, const char *name, const char *text, size_t size,
                               gradus_report *report)
{
    gradus_settings *settings = calloc(1, sizeof *settings);
    if (!settings) {
        out_of_memory(report);
        return NULL;
    }
    *report = (gradus_report){0};
    bool whole = prepare(settings, config, name, report);
    if (whole && text) settings->yaml.text = text, settings->yaml.size = size;
    if (whole && !text && config->file) {
        whole = gradus_yaml_load(&settings->yaml, config->file, report);
        settings->file = (void *)settings->yaml.text;
    }
    if (whole && settings->yaml.text) whole = gradus_settings_entries(settings, report);
    if (whole && settings->copy && !config->folder) leave_name(settings);
    whole = whole && gradus_settings_arguments(settings, report) && bind_all(settings, report);
    if (whole) return settings;
    gradus_settings_destroy(settings);
    return NULL;
}

gradus_settings *gradus_settings_create(const gradus_settings_config *config, gradus_report *report)
{
    const char *file = config->file && strcmp(config->file, "-") != 0 ? config->file : "";
    return create(config, file, NULL, 0, report);
}

gradus_settings *gradus_settings_read(const char *name, const char *text, size_t size,
                                      const gradus_settings_config *config, gradus_report *report)
{
    static const gradus_settings_config nothing;
    return create(config ? config : &nothing, name, text, size, report);
}

void gradus_settings_destroy(gradus_settings *settings)
{
    if (!settings) return;
    for (int32_t i = 0; i < settings->count; i++) gradus_spec_destroy(settings->held[i].spec);
    gradus_arena_close(&settings->arena);
    free(settings->file);
    free(settings);
}

/* ---- asking ---- */

gradus_held *gradus_settings_held(const gradus_settings *settings, const char *key)
{
    for (int32_t i = 0; i < settings->count; i++)
        if (strcmp(settings->held[i].row->name, key) == 0) return (gradus_held *)&settings->held[i];
    return NULL;
}

bool gradus_settings_given(const gradus_settings *settings, const char *key)
{
    const gradus_held *held = gradus_settings_held(settings, key);
    return held && (held->origin == GRADUS_FROM_FILE || held->origin == GRADUS_FROM_ARGUMENT || held->change_count > 0);
}

const gradus_spec *gradus_settings_spec(const gradus_settings *settings, const char *key)
{
    const gradus_held *held = gradus_settings_held(settings, key);
    return held && !held->off && held->row->kind == GRADUS_PIPELINE ? held->spec : NULL;
}

const gradus_value *gradus_settings_value(const gradus_settings *settings, const char *key)
{
    const gradus_held *held = gradus_settings_held(settings, key);
    return held && !held->off && held->spec && held->row->kind != GRADUS_PIPELINE ? gradus_spec_value(held->spec)
                                                                                  : NULL;
}

double gradus_settings_number(const gradus_settings *settings, const char *key)
{
    const gradus_value *value = gradus_settings_value(settings, key);
    return value && !value->text && !value->open ? value->number : NAN;
}

const char *gradus_settings_text(const gradus_settings *settings, const char *key, gradus_print how)
{
    const gradus_held *held = gradus_settings_held(settings, key);
    if (!held || held->origin == GRADUS_ABSENT) return NULL;
    return how == GRADUS_PRINT_FULL ? held->full : held->canonical;
}

const char *gradus_settings_written(const gradus_settings *settings, const char *key)
{
    const gradus_held *held = gradus_settings_held(settings, key);
    return held ? held->written : NULL;
}

const char *gradus_settings_folder(const gradus_settings *settings, const char *key)
{
    const gradus_held *held = gradus_settings_held(settings, key);
    return held && held->origin == GRADUS_FROM_FILE ? settings->folder : "";
}

const char *gradus_settings_stem(const gradus_settings *settings) { return settings->stem; }
const char *gradus_settings_runs(const gradus_settings *settings) { return settings->runs; }

gradus_status gradus_settings_set(gradus_settings *settings, const char *key, const char *text, gradus_error *error)
{
    gradus_held *held = gradus_settings_held(settings, key);
    if (gradus_failed(error)) return error->status;
    if (!held) return gradus_fail(error, GRADUS_ERROR_USE, GRADUS_CODE_UNKNOWN_SETTING, "no setting '%s'", key);
    gradus_held before = *held;
    gradus_error problem = {0};
    held->written = gradus_arena_text(&settings->arena, text, strlen(text));
    held->origin = GRADUS_FILLED_IN;
    held->changes = NULL;
    held->change_count = 0;
    if (held->written && gradus_settings_bind(settings, held, &problem)) return GRADUS_OK;
    if (!held->written) gradus_fail(&problem, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    *held = before;
    if (error) *error = problem;
    return problem.status;
}

/* ---- printing ---- */

typedef struct output {
    char *text;
    size_t size, length;
} output;

static void put(output *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++, out->length++)
        if (out->length + 1 < out->size) out->text[out->length] = text[i];
}

/* Whether YAML reads the text back as it stands. */
static bool is_plain(const char *text)
{
    size_t length = strlen(text);
    if (!length || strchr(" \t", *text) || strchr(" \t:", text[length - 1])) return false;
    if (strchr("-?:,[]{}#&*!|>'\"%@`", *text) && !(strchr("-?:", *text) && text[1] && text[1] != ' ')) return false;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if (*at < 0x20 || *at == 0x7f) return false;
    return !strstr(text, ": ") && !strstr(text, " #") && strncmp(text, "---", 3) != 0;
}

static void put_value(output *out, const char *text)
{
    if (is_plain(text)) {
        put(out, text, strlen(text));
        return;
    }
    put(out, "\"", 1);
    for (; *text; text++) {
        char escape[8];
        if (*text == '"' || *text == '\\')
            put(out, escape, (size_t)snprintf(escape, sizeof escape, "\\%c", *text));
        else if ((unsigned char)*text < 0x20 || *text == 0x7f)
            put(out, escape, (size_t)snprintf(escape, sizeof escape, "\\x%02x", (unsigned)(unsigned char)*text));
        else
            put(out, text, 1);
    }
    put(out, "\"", 1);
}

/* A default that is `none` goes without saying; in full nothing does. */
static bool is_shown(const gradus_held *held, gradus_print how)
{
    if (held->origin == GRADUS_ABSENT) return false;
    return how == GRADUS_PRINT_FULL || !(held->origin == GRADUS_DEFAULT && held->off);
}

size_t gradus_settings_print(const gradus_settings *settings, gradus_print how, char *text, size_t size)
{
    output out = {text, size, 0};
    size_t widest = 0;
    for (int32_t i = 0; i < settings->count; i++) {
        size_t length = strlen(settings->held[i].row->name);
        if (is_shown(&settings->held[i], how) && length > widest) widest = length;
    }
    for (int32_t i = 0; i < settings->count; i++) {
        const gradus_held *held = &settings->held[i];
        if (!is_shown(held, how)) continue;
        size_t length = strlen(held->row->name);
        put(&out, held->row->name, length);
        put(&out, ":", 1);
        for (; length <= widest; length++) put(&out, " ", 1);
        put_value(&out, how == GRADUS_PRINT_FULL ? held->full : held->canonical);
        put(&out, "\n", 1);
    }
    if (size) text[out.length < size ? out.length : size - 1] = 0;
    return out.length;
}
