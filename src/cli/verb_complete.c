/* gradus complete -- WORDS: what may stand in the place of the last word; the scripts of `gradus completion` ask this.
 * Everything comes from the tables: verbs, options, settings, families, members, parameters; runs and files from the disk. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cli.h"
#include "complete.h"

enum { WORD = 4096, NAME = 128 };

void cli_candidate(cli_candidates *out, const char *text, size_t length, const char *name, const char *after,
                   const char *about)
{
    char whole[4096];
    snprintf(whole, sizeof whole, "%s%.*s%s%s", out->before, (int)length, text, name, after);
    if (strncmp(whole, out->word, strlen(out->word)) != 0) return;
    printf("%s\t%.*s\n", whole, (int)strcspn(about ? about : "", "\n"), about ? about : "");
    out->count++;
}

/* ---- options ---- */

static void add_options(cli_candidates *out, const cli_option *rows)
{
    for (; rows && rows->name; rows++) {
        char name[72];
        snprintf(name, sizeof name, "--%.60s", rows->name);
        cli_candidate(out, "", 0, name, "", rows->help);
    }
}

static const cli_option *find_option(const cli_option *rows, const char *name)
{
    for (; rows && rows->name; rows++)
        if (strcmp(rows->name, name) == 0) return rows;
    return NULL;
}

static void add_choices(cli_candidates *out, const char *words, const char *about)
{
    for (; words && *words; words += strcspn(words, "|"), words += *words == '|') {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(words, "|"), words);
        cli_candidate(out, "", 0, name, "", about);
    }
}

static void add_verbs(cli_candidates *out)
{
    for (int32_t i = 0; cli_verb_at(i); i++)
        if (!cli_verb_at(i)->hidden) cli_candidate(out, "", 0, cli_verb_at(i)->name, "", cli_verb_at(i)->summary);
}

/* ---- files and runs ---- */

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool has(const char *folder, const char *name)
{
    char path[8192];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return stat(path, &status) == 0;
}

/* The entries of the folder that the word reaches into; `suffix` NULL: all files, "/": none. Folders always, to go on from. */
static void add_files(cli_candidates *out, const char *text, const char *suffix)
{
    const char *slash = strrchr(text, '/');
    size_t head = slash ? (size_t)(slash - text) + 1 : 0;
    char folder[4096];
    snprintf(folder, sizeof folder, "%.*s", head ? (int)head : 1, head ? text : ".");
    DIR *directory = opendir(folder);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        char path[8192];
        const char *dot = strrchr(entry->d_name, '.');
        if (entry->d_name[0] == '.' && text[head] != '.') continue;
        snprintf(path, sizeof path, "%.*s%s", (int)head, text, entry->d_name);
        if (is_folder(path))
            cli_candidate(out, text, head, entry->d_name, "/", "folder");
        else if (!suffix || (dot && strcmp(dot, suffix) == 0))
            cli_candidate(out, text, head, entry->d_name, "", "file");
    }
    if (directory) closedir(directory);
}

static void add_runs(cli_candidates *out)
{
    DIR *directory = opendir("runs");
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        char path[512];
        snprintf(path, sizeof path, "runs/%s", entry->d_name);
        if (entry->d_name[0] != '.' && has(path, "run.yaml")) cli_candidate(out, "", 0, path, "", "run");
    }
    if (directory) closedir(directory);
}

/* ---- members ---- */

static void add_families(cli_candidates *out)
{
    const gradus_language *language = gradus_train_language();
    for (int32_t i = 0; language->families[i]; i++)
        cli_candidate(out, "", 0, language->families[i]->name, "", language->families[i]->summary);
}

static void add_all_members(cli_candidates *out)
{
    const gradus_language *language = gradus_train_language();
    const gradus_member *member;
    for (int32_t i = 0; language->families[i]; i++)
        for (int32_t j = 0; (member = gradus_language_member(language, language->families[i], j)); j++)
            cli_candidate(out, "", 0, member->name, "", member->summary);
}

static void add_sets(cli_candidates *out)
{
    const gradus_known_set *set;
    for (int32_t i = 0; (set = gradus_known_sets(i)); i++) cli_candidate(out, "", 0, set->name, "", set->summary);
}

static void add_spec(cli_candidates *out, const char *family, const char *word)
{
    const gradus_argument row = {.kind = GRADUS_PIPELINE, .family = family};
    cli_candidates_value(out, word, &row);
}

/* ---- settings ---- */

static const char *own_name(const gradus_item *item)
{
    return item->label ? item->label : item->member ? item->member->name : "";
}

/* What a path calls an item: its name, with a number where several have it: conv.2. */
static void item_name(const gradus_chain *chain, int32_t index, char name[NAME])
{
    const char *own = own_name(&chain->items[index]);
    int32_t same = 0, number = 0;
    for (int32_t i = 0; i < chain->count; i++) {
        if (strcmp(own_name(&chain->items[i]), own) != 0) continue;
        same++;
        number += i <= index;
    }
    snprintf(name, NAME, same > 1 ? "%s.%d" : "%s", own, (int)number);
}

/* What a path says behind `name.`; NULL: it does not begin so. */
static const char *behind(const char *path, const char *name)
{
    size_t length = strlen(name);
    return length && strncmp(path, name, length) == 0 && path[length] == '.' ? path + length + 1 : NULL;
}

static void add_chain_path(cli_candidates *out, const gradus_chain *chain, const char *path);

/* Inside one call: its parameters, or what lies inside one of them. */
static void add_item_path(cli_candidates *out, const gradus_item *item, const char *path)
{
    for (int32_t i = 0; item->member && i < item->value_count; i++) {
        const gradus_argument *row = gradus_item_argument(item, i);
        if (row != gradus_language_argument(item->family, item->member, row->name)) continue;
        const char *inside = behind(path, row->name);
        if (!inside)
            cli_candidate(out, out->word, (size_t)(path - out->word), row->name, "=", row->help);
        else if (item->values[i].chain)
            add_chain_path(out, item->values[i].chain, inside);
    }
}

/* Inside a chain: its members; a chain of one is as good as its member. */
static void add_chain_path(cli_candidates *out, const gradus_chain *chain, const char *path)
{
    if (chain->count == 1) add_item_path(out, &chain->items[0], path);
    for (int32_t i = 0; chain->count > 1 && i < chain->count; i++) {
        const gradus_item *item = &chain->items[i];
        char name[NAME];
        item_name(chain, i, name);
        const char *inside = behind(path, name);
        if (inside)
            add_item_path(out, item, inside);
        else if (*name)
            cli_candidate(out, out->word, (size_t)(path - out->word), name, ".",
                          item->member ? item->member->summary : NULL);
    }
}

/* Shells hand over what was typed: the quotes around a word or a value are no part of it. */
static void drop_quotes(const char *raw, char word[WORD])
{
    size_t equals = strcspn(raw, "="), at = raw[equals] ? equals + 1 : 0;
    char quote = raw[at] == '\'' || raw[at] == '"' ? raw[at] : 0;
    if (!quote && (*raw == '\'' || *raw == '"')) quote = raw[at = 0];
    snprintf(word, WORD, "%.*s%s", (int)at, raw, raw + at + (quote != 0));
    size_t length = strlen(word);
    if (quote && length > at && word[length - 1] == quote) word[length - 1] = 0;
}

/* Inner paths need the effective text, so the other words are read; when they are wrong, the defaults serve. */
static gradus_settings *read_words(const cli_call *words)
{
    gradus_report report;
    static const gradus_settings_config defaults;
    char(*texts)[WORD] = calloc((size_t)words->word_count + 1, sizeof *texts);
    const char **arguments = calloc((size_t)words->word_count + 1, sizeof *arguments), *file = NULL;
    gradus_settings *settings = NULL;
    for (int32_t i = 1, count = 0; texts && arguments && i + 1 < words->word_count; i++) {
        drop_quotes(words->words[i], texts[i]);
        if (texts[i][0] == '-') continue;
        if (strchr(texts[i], '='))
            arguments[count++] = texts[i];
        else
            file = texts[i];
    }
    gradus_settings_config config = {.file = file, .arguments = arguments, .open = true};
    if (arguments) settings = gradus_settings_create(&config, &report);
    free(texts);
    free(arguments);
    return settings ? settings : gradus_settings_create(&defaults, &report);
}

static void add_inner(cli_candidates *out, const cli_call *words, const char *path)
{
    char key[64];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(path, "."), path);
    gradus_settings *settings = read_words(words);
    const gradus_spec *spec = settings ? gradus_settings_spec(settings, key) : NULL;
    if (spec) add_chain_path(out, gradus_spec_chain(spec), path + strlen(key) + 1);
    gradus_settings_destroy(settings);
}

/* `KEY=` and what has been typed of its value. */
static void add_key_value(cli_candidates *out, const char *word, const gradus_argument *key)
{
    char before[72];
    size_t length = strlen(key->name) + 1;
    snprintf(before, sizeof before, "%.70s=", key->name);
    out->before = before;
    cli_candidates_value(out, word + length, key);
    if (strcmp(key->name, "start_from") == 0 || strcmp(key->name, "data") == 0) add_files(out, word + length, NULL);
    out->before = "";
}

static void add_settings(cli_candidates *out, const cli_call *words, const char *word)
{
    size_t path = strcspn(word, "="), key = strcspn(word, ".=");
    char name[64];
    snprintf(name, sizeof name, "%.*s", key < 63 ? (int)key : 63, word);
    const gradus_argument *setting = gradus_setting_find(name);
    if (word[path] && key == path && setting)
        add_key_value(out, word, setting);
    else if (word[key] == '.' && setting && !word[path])
        add_inner(out, words, word);
    for (int32_t i = 0; !word[path] && (setting = gradus_setting_at(i)); i++)
        cli_candidate(out, "", 0, setting->name, "=", setting->help);
}

/* Of a verb that has keys of its own. */
static void add_keys(cli_candidates *out, const cli_verb *verb, const char *word)
{
    size_t path = strcspn(word, "=");
    for (const gradus_argument *key = verb->keys; key->name; key++)
        if (!word[path])
            cli_candidate(out, "", 0, key->name, "=", key->help);
        else if (strlen(key->name) == path && strncmp(key->name, word, path) == 0)
            add_key_value(out, word, key);
}

/* ---- the word at hand ---- */

static void add_operands(cli_candidates *out, const cli_call *words, const cli_verb *verb, int32_t position)
{
    const char *word = out->word;
    if (position == 0) add_choices(out, verb->first, NULL);
    if (verb->operands & CLI_VERBS) add_verbs(out);
    if (verb->operands & CLI_FAMILIES && position == 0) add_families(out);
    if (verb->operands & CLI_SPEC && position == 1) add_spec(out, words->words[1], word);
    if (verb->operands & CLI_FEEDBACK && position == 0) add_files(out, word, ".csv");
    if (verb->operands & CLI_FEEDBACK && position == 1) add_spec(out, "feedback", word);
    if (verb->operands & CLI_MEMBERS) add_all_members(out);
    if (verb->operands & CLI_RUNS && position == 0) add_runs(out);
    if (verb->operands & CLI_SCHEDULES) add_spec(out, "schedule", word);
    if (verb->keys)
        add_keys(out, verb, word);
    else if (verb->operands & CLI_SETTINGS)
        add_settings(out, words, word);
    if (verb->operands & CLI_SETTINGS && !strpbrk(word, "=")) add_files(out, word, ".yaml");
    if (verb->operands & CLI_SETS && position > 0) add_sets(out);
    if (verb->operands & CLI_FILES && position > 0) add_files(out, word, NULL);
}

/* The option whose value the word is: after `--color ` or within `--color=`; NULL: none. */
static const cli_option *option_here(const cli_verb *verb, const char *word, const char *previous)
{
    char name[72];
    const char *text = word[0] == '-' ? word : previous;
    if (strncmp(text, "--", 2) != 0 || (text == word && !strchr(word, '='))) return NULL;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(text + 2, "="), text + 2);
    if (text == previous && strchr(previous, '=')) return NULL;
    const cli_option *option = find_option(verb ? verb->options : NULL, name);
    if (!option) option = find_option(cli_common_options, name);
    return option && option->value ? option : NULL;
}

static void add_option_value(cli_candidates *out, const cli_option *option, const char *word)
{
    char before[72] = "";
    const char *text = word;
    if (word[0] == '-') text = word + snprintf(before, sizeof before, "--%.60s=", option->name);
    out->before = before;
    if (strchr(option->value, '|')) add_choices(out, option->value, option->help);
    if (strcmp(option->value, "RUN") == 0) add_runs(out);
    if (strcmp(option->value, "DIR") == 0) add_files(out, text, "/");
    if (strcmp(option->value, "FILE") == 0) add_files(out, text, NULL);
    out->before = "";
}

static cli_exit run(cli_call *call)
{
    int32_t last = call->word_count - 1, position = 0; /* of the last word among the verb's own */
    if (last < 0) return CLI_DONE;
    char word[WORD];
    drop_quotes(call->words[last], word);
    cli_candidates out = {.word = word, .before = ""};
    const cli_verb *verb = last > 0 ? cli_verb_find(call->words[0]) : NULL;
    const cli_option *option = option_here(verb, word, last > 0 ? call->words[last - 1] : "");
    for (int32_t i = 1; i < last; i++) position += call->words[i][0] != '-';
    if (option) {
        add_option_value(&out, option, word);
    } else if (word[0] == '-') {
        if (verb) add_options(&out, verb->options);
        add_options(&out, cli_common_options);
    } else if (last == 0) {
        add_verbs(&out);
    } else if (verb) {
        add_operands(&out, call, verb, position);
    }
    return CLI_DONE;
}

const cli_verb cli_verb_complete = {
    .name = "complete",
    .summary = "what may stand in the place of the last word",
    .usage = "-- WORD...",
    .about = "Prints the candidates for the last word, each with a tab and what it is.\n"
             "The scripts of gradus completion call it.",
    .most = -1,
    .hidden = true,
    .run = run,
};
