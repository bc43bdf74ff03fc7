/* Binds each setting's text to its row, and places what goes wrong there where the user wrote it.
 * Search values are let through only when they are asked for. */
#define _XOPEN_SOURCE 700
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "files.h"
#include "settings.h"

static bool is_word(const gradus_argument *row, const char *text, const char *word)
{
    size_t start = strspn(text, " \t\r\n"), length = strlen(word);
    return row->words && strstr(row->words, word) && strncmp(text + start, word, length) == 0 &&
           !text[start + length + strspn(text + start + length, " \t\r\n")];
}

/* A copy of what a printing function writes. */
static const char *printed(gradus_arena *arena, const gradus_spec *spec, gradus_print how, const char *folder)
{
    size_t size = gradus_spec_print_in(spec, how, folder, NULL, 0) + 1;
    char *text = gradus_arena_take(arena, size, 1);
    if (text) gradus_spec_print_in(spec, how, folder, text, size);
    return text;
}

static bool fail(gradus_error *error, gradus_code code, const char *message, size_t length)
{
    gradus_fail(error, GRADUS_ERROR_SPEC, code, "%s", message);
    error->line = error->column = 1;
    error->length = (int32_t)length;
    return false;
}

/* What no range says: a name that is a folder's, a framework that is known, a count that is whole. */
static bool check(const gradus_held *held, const gradus_spec *spec, gradus_error *error)
{
    const char *key = held->row->name, *text = held->written;
    char message[1024];
    if (strcmp(key, "name") == 0 && (strchr(text, '/') || *text == '.' || *text == '-' || strpbrk(text, "\n\t\r")))
        return fail(
            error, GRADUS_CODE_UNEXPECTED_VALUE,
            "a run's name is a folder's: no '/', and it begins with neither '.' nor '-'; --out chooses where runs lie",
            strlen(text));
    if (strcmp(key, "like") == 0) {
        const char *names[64];
        int32_t count = 0;
        while (count < 64 && gradus_frameworks(count)) names[count] = gradus_frameworks(count), count++;
        for (int32_t i = 0; i < count; i++)
            if (strcmp(names[i], text) == 0) return true;
        const char *near = gradus_nearest(text, names, count);
        snprintf(message, sizeof message, "'%s' is no framework%s%s%s", text, near ? "; did you mean '" : "",
                 near ? near : "", near ? "'?" : "");
        fail(error, GRADUS_CODE_UNKNOWN_NAME, message, strlen(text));
        snprintf(error->near, sizeof error->near, "%s", near ? near : "");
        return false;
    }
    const gradus_value *value = spec ? gradus_spec_value(spec) : NULL;
    if (strcmp(key, "validation") == 0 && value && value->number > 1 && value->number != floor(value->number))
        return fail(error, GRADUS_CODE_WRONG_TYPE, "a number of examples is whole; a share is below 1 or in per cent",
                    strlen(text));
    return true;
}

static bool out_of_memory(gradus_error *error)
{
    gradus_fail(error, GRADUS_ERROR_MEMORY, GRADUS_CODE_MEMORY, "out of memory");
    return false;
}

/* `data: pictures`, where that is a folder: which reader takes it is for the user to say. */
static void tell_folder(const gradus_settings *settings, const gradus_held *held, gradus_error *error)
{
    char path[GRADUS_PATH_SIZE];
    struct stat about;
    const char *folder = gradus_settings_folder(settings, held->row->name), *name = held->written;
    if (error->code != GRADUS_CODE_UNKNOWN_NAME || strcmp(held->row->name, "data") != 0) return;
    const bool below = *folder && *name != '/';
    if (snprintf(path, sizeof path, "%s%s%s", below ? folder : "", below ? "/" : "", name) >= (int)sizeof path) return;
    if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode)) return;
    snprintf(error->message, sizeof error->message,
             "'%.50s' is a folder; folder(%.50s) takes the pictures in it, wav(%.50s) the sounds", name, name, name);
    *error->near = 0;
}

bool gradus_settings_bind(gradus_settings *settings, gradus_held *held, gradus_error *error)
{
    const gradus_argument *row = held->row;
    gradus_arena *arena = &settings->arena;
    if (held->origin == GRADUS_ABSENT || gradus_failed(error)) return !gradus_failed(error);
    held->off = is_word(row, held->written, "none");
    if (held->off || row->kind == GRADUS_TEXT) {
        held->canonical = held->full = held->off ? "none" : held->written;
        return held->off || check(held, NULL, error);
    }
    char prefix[72];
    snprintf(prefix, sizeof prefix, "%s.", row->name);
    gradus_spec_config config = {
        .family = row->kind == GRADUS_PIPELINE ? row->family : "value",
        .language = gradus_train_language(),
        .like = settings->like,
        .changes = held->changes,
        .prefix = prefix,
        .argument = row->kind == GRADUS_PIPELINE ? NULL : row,
    };
    gradus_spec *spec = gradus_spec_create(held->written, &config, error);
    if (!spec) tell_folder(settings, held, error);
    if (!spec) return false;
    const char *canonical = printed(arena, spec, GRADUS_PRINT_CANONICAL, NULL),
               *full = printed(arena, spec, GRADUS_PRINT_FULL, NULL);
    if (!canonical || !full || !check(held, spec, error)) {
        gradus_spec_destroy(spec);
        return gradus_failed(error) ? false : out_of_memory(error);
    }
    gradus_spec_destroy(held->spec);
    held->spec = spec;
    held->canonical = canonical;
    held->full = full;
    return true;
}

/* A text that is a path, from the folder that it is relative to. */
static const char *path_in(gradus_arena *arena, const char *folder, const char *text)
{
    char path[GRADUS_PATH_SIZE];
    const int length = snprintf(path, sizeof path, "%s/%s", folder, text);
    return length < (int)sizeof path ? gradus_arena_text(arena, path, (size_t)length) : NULL;
}

gradus_status gradus_settings_settle(gradus_settings *settings, const char *base, gradus_error *error)
{
    for (int32_t i = 0; i < settings->count && !gradus_failed(error); i++) {
        gradus_held *held = &settings->held[i];
        const char *folder = gradus_settings_folder(settings, held->row->name);
        const bool path = held->row->flags & GRADUS_PATH && held->canonical && !held->off && *held->canonical != '/';
        char *absolute = held->spec || path ? realpath(*folder ? folder : ".", NULL) : NULL;
        if (absolute && path && strcmp(absolute, base) != 0) {
            held->canonical = held->full = path_in(&settings->arena, absolute, held->written);
            if (!held->canonical) out_of_memory(error);
        } else if (absolute && strcmp(absolute, base) != 0) {
            held->canonical = printed(&settings->arena, held->spec, GRADUS_PRINT_CANONICAL, absolute);
            held->full = printed(&settings->arena, held->spec, GRADUS_PRINT_FULL, absolute);
            if (!held->canonical || !held->full) out_of_memory(error);
        }
        free(absolute);
    }
    return error->status;
}

/* ---- places ---- */

void gradus_settings_place(const gradus_settings *settings, const char *key, const gradus_error *error,
                           gradus_report *report)
{
    const gradus_held *held = gradus_settings_held(settings, key);
    *report = (gradus_report){.error = *error};
    report->error.line = report->error.column = 0;
    snprintf(report->key, sizeof report->key, "%s", key);
    size_t offset = (size_t)error->offset, length = (size_t)error->length;
    bool placed = error->line > 0 || error->source > 0;
    if (placed && held && error->source > 0 && error->source <= held->change_count) {
        int32_t argument = held->change_arguments[error->source - 1];
        size_t from = strlen(key) + 1 + offset;
        gradus_argument_report(settings, argument, report, error, from, from + (length ? length : 1));
    } else if (placed && held && held->origin == GRADUS_FROM_FILE) {
        size_t from = gradus_entry_place(&settings->yaml, held->entry, offset);
        size_t to = length ? gradus_entry_place(&settings->yaml, held->entry, offset + length - 1) + 1 : from + 1;
        gradus_yaml_report(&settings->yaml, report, error, from, to);
    } else if (placed && held && held->origin == GRADUS_FROM_ARGUMENT) {
        gradus_report_spec(report, key, held->written, error);
        report->argument = settings->numbers[held->argument];
    }
    snprintf(report->key, sizeof report->key, "%s", key);
}

/* ---- values that only a search may leave open ---- */

/* A value to try in place of an open one: the first alternative, or the middle of the range in one digit. */
static void suggest(const gradus_open *open, char *text, size_t size)
{
    const gradus_chain *chain = open->search == GRADUS_CHOICE ? open->chains : NULL;
    if (chain && chain->count == 1 && chain->items[0].member) { /* its values may be open in turn */
        snprintf(text, size, "%s", chain->items[0].member->name);
        return;
    }
    if (open->search == GRADUS_CHOICE) {
        snprintf(text, size, "...");
        return;
    }
    bool logarithmic = open->logarithmic || open->search == GRADUS_LOGUNIFORM;
    double middle = logarithmic ? sqrt(open->low * open->high) : (open->low + open->high) / 2;
    if (open->search == GRADUS_INT) {
        snprintf(text, size, "%.0f", floor(middle));
        return;
    }
    double digit = pow(10, floor(log10(fabs(middle))));
    char number[32];
    gradus_number_print(middle == 0 ? 0 : round(middle / digit) / (1 / digit), number);
    snprintf(text, size, "%s", number);
}

/* What lies inside an open value is open only if that is chosen: it does not count. */
static bool lies_inside(const char *path, const char *outer)
{
    size_t length = strlen(outer);
    return length == 0 || (strncmp(path, outer, length) == 0 && path[length] == '.');
}

bool gradus_settings_refuse_open(const gradus_settings *settings, gradus_report *report)
{
    char paths[1024] = "", first[1024] = "", value[48] = "";
    int32_t count = 0;
    for (int32_t i = 0; i < settings->count; i++) {
        const gradus_held *held = &settings->held[i];
        const char *outer = NULL;
        int32_t open_count = held->spec ? gradus_spec_open_count(held->spec) : 0;
        for (int32_t j = 0; j < open_count; j++) {
            const gradus_open *open;
            const char *path = gradus_spec_open_path(held->spec, j, &open);
            if (outer && lies_inside(path, outer)) continue;
            outer = path;
            size_t used = strlen(paths);
            snprintf(paths + used, sizeof paths - used, "%s%s%s%s", used ? ", " : "", held->row->name, *path ? "." : "",
                     path);
            if (count++ > 0) continue;
            snprintf(first, sizeof first, "%s", paths);
            suggest(open, value, sizeof value);
        }
    }
    if (!count) return true;
    *report = (gradus_report){0};
    gradus_fail(&report->error, GRADUS_ERROR_SPEC, GRADUS_CODE_UNEXPECTED_VALUE,
                "%d value%s still open (%s); gradus tune searches %s, or set %s: %s=%s%s", count,
                count == 1 ? " is" : "s are", paths, count == 1 ? "it" : "them", count == 1 ? "it" : "them", first,
                value, count == 1 ? "" : " ...");
    return false;
}
