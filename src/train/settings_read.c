/* Gathers settings: what the run file says, then what the command line says, each found in the table or refused with the nearest name.
 * Nothing is bound here, so an unknown or repeated name is told before anything inside a value. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "settings.h"

/* ---- names ---- */

/* A parameter of an optimizer or of a data set, given as if it were a setting: `momentum: 0.9`. */
static bool is_parameter(const char *name, const char *setting)
{
    const gradus_language *language = gradus_train_language();
    const gradus_family *family = gradus_language_family(language, setting);
    const gradus_member *member;
    for (int32_t i = 0; family && (member = gradus_language_member(language, family, i)); i++)
        if (gradus_language_argument(family, member, name)) return true;
    return false;
}

/* The setting that a member is written in: `dropout: 0.1`. NULL: nothing is called so. */
static const char *setting_of(const char *name)
{
    const gradus_language *language = gradus_train_language();
    const gradus_argument *row;
    for (int32_t i = 0; (row = gradus_setting_at(i)); i++) {
        const gradus_family *family =
            row->kind == GRADUS_PIPELINE ? gradus_language_family(language, row->family) : NULL;
        if (family && gradus_language_find(language, family, name)) return row->name;
    }
    return NULL;
}

/* What other trainers have a switch for, and every run has, or no run. */
static const char *given_anyway(const char *name)
{
    static const char *const given[][2] = {
        {"deterministic, reproducible, use_deterministic_algorithms, deterministic_algorithms, cudnn_deterministic",
         "every run is: one seed gives the same bits with any number of threads"},
        {"threads, num_threads, nthreads, n_jobs, workers, num_workers, jobs",
         "--threads N says how many threads compute"},
        {"device, gpu, gpus, cuda, use_gpu, use_cuda, accelerator, devices", "training runs on the processor alone"},
        {"shuffle", "every epoch has the examples in another order"},
        {"verbose, verbosity, silent, progress", "--quiet says less, --json all of it"},
        {"save_best, save_best_only", "the best model is kept in any case"},
    };
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (gradus_names_hold(given[i][0], name)) return given[i][1];
    return NULL;
}

gradus_status gradus_setting_unknown(const char *name, const char *value, gradus_error *error)
{
    const char *names[GRADUS_SETTINGS_MOST];
    int32_t count = 0;
    for (const gradus_argument *row; (row = gradus_setting_at(count));) names[count++] = row->name;
    const gradus_argument *also = gradus_setting_also(name);
    const char *near = also ? also->name : gradus_nearest(name, names, count), *given = given_anyway(name);
    if (given)
        return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_UNKNOWN_SETTING, "no setting '%s'; %s", name, given);
    if (near) snprintf(error->near, sizeof error->near, "%s", near);
    if (also)
        return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_UNKNOWN_SETTING, "no setting '%s'; it is called '%s'",
                           name, near);
    if (setting_of(name))
        return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_UNKNOWN_SETTING,
                           "no setting '%s'; it belongs in '%s', as gradus explain %s shows", name, setting_of(name),
                           name);
    if (is_parameter(name, "optimizer"))
        return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_UNKNOWN_SETTING,
                           "no setting '%s'; it is a parameter of the optimizer: optimizer.%s=%s", name, name, value);
    if (is_parameter(name, "data"))
        return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_UNKNOWN_SETTING,
                           "no setting '%s'; it is a parameter of the data set: data.%s=%s", name, name, value);
    if (near)
        return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_UNKNOWN_SETTING, "no setting '%s'; did you mean '%s'?",
                           name, near);
    return gradus_fail(error, GRADUS_ERROR_SPEC, GRADUS_CODE_UNKNOWN_SETTING,
                       "no setting '%s'; gradus train --help lists them", name);
}

static gradus_held *find(gradus_settings *settings, const char *key, size_t length)
{
    for (int32_t i = 0; i < settings->count; i++)
        if (strlen(settings->held[i].row->name) == length && memcmp(settings->held[i].row->name, key, length) == 0)
            return &settings->held[i];
    return NULL;
}

/* `epochs` and `updates` are two ways to say one thing. */
static gradus_held *other_length(gradus_settings *settings, const gradus_held *held)
{
    if (strcmp(held->row->name, "epochs") == 0) return find(settings, "updates", 7);
    return strcmp(held->row->name, "updates") == 0 ? find(settings, "epochs", 6) : NULL;
}

/* ---- the run file ---- */

static int32_t line_of(const gradus_yaml *yaml, size_t at)
{
    int32_t line = 1;
    for (size_t i = 0; i < at; i++) line += yaml->text[i] == '\n';
    return line;
}

static bool is_chain(const gradus_argument *row)
{
    const gradus_family *family =
        row->kind == GRADUS_PIPELINE ? gradus_language_family(gradus_train_language(), row->family) : NULL;
    return family && family->flags & GRADUS_CHAIN;
}

static bool take_entry(gradus_settings *settings, const gradus_entry *entry, gradus_report *report)
{
    const gradus_yaml *yaml = &settings->yaml;
    gradus_held *held = find(settings, entry->key, strlen(entry->key));
    if (!held) {
        gradus_error error = {0};
        gradus_setting_unknown(entry->key, entry->text, &error);
        return gradus_yaml_report(yaml, report, &error, entry->key_from, entry->key_to);
    }
    if (held->entry)
        return gradus_yaml_fail(yaml, report, GRADUS_CODE_REPEATED, entry->key_from, entry->key_to,
                                "'%s' is given twice, first in line %d", entry->key,
                                line_of(yaml, held->entry->key_from));
    if (entry->list && !is_chain(held->row))
        return gradus_yaml_fail(yaml, report, GRADUS_CODE_WRONG_TYPE, entry->from, entry->from + 1,
                                "'%s' is one value, not a list; alternatives are written choice(a, b)", entry->key);
    if (!entry->text[strspn(entry->text, " \t\r\n")])
        return gradus_yaml_fail(yaml, report, GRADUS_CODE_MISSING, entry->key_from, entry->key_to,
                                "'%s' has no value; give one, or leave the line out", entry->key);
    const gradus_held *other = other_length(settings, held);
    if (other && other->entry)
        return gradus_yaml_fail(yaml, report, GRADUS_CODE_UNEXPECTED_VALUE, entry->key_from, entry->key_to,
                                "the run's length is given twice, as '%s' in line %d and as '%s'; keep one",
                                other->row->name, line_of(yaml, other->entry->key_from), entry->key);
    held->entry = entry;
    held->written = entry->text;
    held->origin = GRADUS_FROM_FILE;
    return true;
}

/* ---- the command line ---- */

bool gradus_argument_report(const gradus_settings *settings, int32_t argument, gradus_report *report,
                            const gradus_error *error, size_t from, size_t to)
{
    *report = (gradus_report){.error = *error, .argument = settings->numbers[argument]};
    report->error.line = report->error.column = 0;
    snprintf(report->source, sizeof report->source, "argument");
    snprintf(report->where, sizeof report->where, "argument %d", report->argument);
    if (to > from) gradus_report_text(report, settings->arguments[argument], from, to - from);
    return false;
}

bool gradus_argument_fail(const gradus_settings *settings, int32_t argument, gradus_report *report, gradus_code code,
                          size_t from, size_t to, const char *format, ...)
{
    char message[1024];
    gradus_error error = {0};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    gradus_fail(&error, GRADUS_ERROR_SPEC, code, "%s", message);
    return gradus_argument_report(settings, argument, report, &error, from, to);
}

/* The same path twice: most often a shell made two arguments of `optimizer={sgd,adamw}`. */
static bool fail_repeated(const gradus_settings *settings, int32_t first, int32_t second, size_t path,
                          gradus_report *report)
{
    const char *a = settings->arguments[first] + path + 1, *b = settings->arguments[second] + path + 1;
    const char *name = settings->arguments[second];
    if (second == first + 1 && strcmp(a, b) != 0)
        return gradus_argument_fail(settings, second, report, GRADUS_CODE_REPEATED, 0, 0,
                                    "'%.*s' is given twice; alternatives are written 'choice(%s, %s)', in quotes",
                                    (int)path, name, a, b);
    return gradus_argument_fail(settings, second, report, GRADUS_CODE_REPEATED, 0, 0,
                                "'%.*s' is given twice, first in argument %d", (int)path, name,
                                settings->numbers[first]);
}

static bool take_whole(gradus_settings *settings, gradus_held *held, int32_t argument, size_t path,
                       gradus_report *report)
{
    gradus_held *other = other_length(settings, held);
    if (other && other->origin == GRADUS_FROM_ARGUMENT && strcmp(other->written, "none") != 0)
        return gradus_argument_fail(settings, argument, report, GRADUS_CODE_UNEXPECTED_VALUE, 0, path,
                                    "the run's length is given twice, as '%s' and as '%s'; keep one", other->row->name,
                                    held->row->name);
    if (other && other->origin == GRADUS_FROM_FILE) other->origin = GRADUS_ABSENT, other->written = NULL;
    held->origin = GRADUS_FROM_ARGUMENT;
    held->written = settings->arguments[argument] + path + 1;
    held->argument = argument;
    return true;
}

static bool take_change(gradus_settings *settings, gradus_held *held, int32_t argument, gradus_report *report)
{
    const char *text = settings->arguments[argument];
    size_t key = strlen(held->row->name);
    if (held->row->kind != GRADUS_PIPELINE)
        return gradus_argument_fail(settings, argument, report, GRADUS_CODE_UNEXPECTED_VALUE, key, strcspn(text, "="),
                                    "'%s' has nothing inside; write %s=%s", held->row->name, held->row->name,
                                    text + strcspn(text, "=") + 1);
    if (!held->changes) {
        size_t size = (size_t)settings->argument_count + 1;
        held->changes = gradus_arena_take(&settings->arena, size * sizeof *held->changes, _Alignof(char *));
        held->change_arguments =
            gradus_arena_take(&settings->arena, size * sizeof *held->change_arguments, _Alignof(int32_t));
        if (!held->changes || !held->change_arguments)
            return gradus_argument_fail(settings, argument, report, GRADUS_CODE_MEMORY, 0, 0, "out of memory");
    }
    held->change_arguments[held->change_count] = argument;
    held->changes[held->change_count++] = text + key + 1;
    return true;
}

static bool take_argument(gradus_settings *settings, int32_t argument, gradus_report *report)
{
    const char *text = settings->arguments[argument];
    size_t path = strcspn(text, "="), key = strcspn(text, ".=");
    if (!text[path])
        return gradus_argument_fail(settings, argument, report, GRADUS_CODE_SYNTAX, 0, path, "'%s' is no KEY=VALUE",
                                    text);
    gradus_held *held = find(settings, text, key);
    if (!held) {
        gradus_error error = {0};
        const char *name = gradus_arena_text(&settings->arena, text, key);
        gradus_setting_unknown(name ? name : "", text + path + 1, &error);
        return gradus_argument_report(settings, argument, report, &error, 0, key);
    }
    for (int32_t i = 0; i < argument; i++)
        if (strncmp(settings->arguments[i], text, path + 1) == 0)
            return fail_repeated(settings, i, argument, path, report);
    if (!text[path + 1 + strspn(text + path + 1, " \t\r\n")])
        return gradus_argument_fail(settings, argument, report, GRADUS_CODE_MISSING, 0, path, "'%.*s' has no value",
                                    (int)path, text);
    return path == key ? take_whole(settings, held, argument, path, report)
                       : take_change(settings, held, argument, report);
}

bool gradus_settings_arguments(gradus_settings *settings, gradus_report *report)
{
    for (int32_t i = 0; i < settings->argument_count; i++)
        if (!take_argument(settings, i, report)) return false;
    return true;
}

bool gradus_settings_entries(gradus_settings *settings, gradus_report *report)
{
    if (!gradus_yaml_read(&settings->yaml, &settings->arena, report)) {
        gradus_yaml_refuse_data(&settings->yaml, report);
        return false;
    }
    for (const gradus_entry *entry = settings->yaml.entries; entry; entry = entry->next)
        if (!take_entry(settings, entry, report)) return false;
    return true;
}
