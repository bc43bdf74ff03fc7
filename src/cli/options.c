/* Reads the command line: options are long, written whole, as --name=value or --name value; everything else is a word.
 * Every option is a row, of the verb or common to all, so help and completion say what is accepted here. */
#include <stdlib.h>
#include <string.h>
#include "cli.h"

const cli_option cli_common_options[] = {
    {"help", NULL, "say what the command does and takes"},
    {"version", NULL, "print the version"},
    {"json", NULL, "print JSON, and nothing else, to stdout"},
    {"quiet", NULL, "print errors only"},
    {"color", "auto|always|never", "colour; auto: on a terminal, unless NO_COLOR is set"},
    {"threads", "N", "threads to use; without it, as many as there are"},
    {"data-dir", "DIR", "folder in which data sets are looked for first"},
    {0},
};

static const cli_option *find_option(const cli_option *rows, const char *name, size_t length)
{
    for (; rows && rows->name; rows++)
        if (strlen(rows->name) == length && memcmp(rows->name, name, length) == 0) return rows;
    return NULL;
}

bool cli_has(const cli_call *call, const char *option)
{
    for (int32_t i = 0; i < call->given_count; i++)
        if (strcmp(call->given[i].option->name, option) == 0) return true;
    return false;
}

const char *cli_value(const cli_call *call, const char *option)
{
    for (int32_t i = 0; i < call->given_count; i++)
        if (strcmp(call->given[i].option->name, option) == 0) return call->given[i].value;
    return NULL;
}

static const char *verb_name(const cli_call *call) { return call->verb ? call->verb->name : NULL; }

/* The setting that was written as an option: `--lr 0.1`, `--batch-size=64`, `--optimizer.momentum 0.9`; its path in `path`. */
static bool is_setting(const char *name, size_t length, char path[128])
{
    char key[64];
    size_t head = 0;
    for (; head < length && name[head] != '.' && head + 1 < sizeof key; head++)
        key[head] = name[head] == '-' ? '_' : name[head];
    key[head] = 0;
    const gradus_argument *setting = gradus_setting_find(key);
    if (!setting) setting = gradus_setting_also(key);
    if (setting) snprintf(path, 128, "%s%.*s", setting->name, (int)(length - head), name + head);
    return setting != NULL;
}

static bool unknown_option(const cli_call *call, const char *word, const char *next)
{
    const char *name = word + strspn(word, "-"), *value = strchr(name, '=');
    size_t length = value ? (size_t)(value - name) : strlen(name);
    char path[128];
    if (call->verb && (call->verb->operands & CLI_SETTINGS) && is_setting(name, length, path)) {
        cli_fail(call, GRADUS_CODE_UNKNOWN_OPTION, verb_name(call),
                 "no option '%.*s'; settings are written without dashes: %s=%s", (int)(name - word + (long)length),
                 word, path,
                 value  ? value + 1
                 : next ? next
                        : "...");
        return false;
    }
    const char *names[64];
    int32_t count = 0;
    for (const cli_option *row = call->verb ? call->verb->options : NULL; row && row->name && count < 64; row++)
        names[count++] = row->name;
    for (const cli_option *row = cli_common_options; row->name && count < 64; row++) names[count++] = row->name;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%.*s", (int)length, name);
    const char *near = length > 1 ? gradus_nearest(wanted, names, count) : NULL;
    for (int32_t i = 0; !near && length == 1 && i < count; i++)
        if (names[i][0] == *name) near = names[i];
    char option[72];
    snprintf(option, sizeof option, "--%.60s", near ? near : "");
    cli_unknown(call, GRADUS_CODE_UNKNOWN_OPTION, verb_name(call), near ? option : NULL, "--help lists them",
                "no option '%.*s'", (int)(name - word + (long)length), word);
    return false;
}

static bool is_count(const char *text, int32_t *count)
{
    char *end = NULL;
    long number = *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : 0;
    if (!end || *end || number < 1 || number > 4096) return false;
    *count = (int32_t)number;
    return true;
}

static bool is_one_of(const char *words, const char *text)
{
    size_t length = strlen(text);
    for (const char *at = words; *at; at += strcspn(at, "|"), at += *at == '|')
        if (strcspn(at, "|") == length && memcmp(at, text, length) == 0) return true;
    return false;
}

/* Keeps a common option where everybody finds it. */
static bool take_common(cli_call *call, const cli_option *option, const char *value)
{
    if (strcmp(option->name, "help") == 0) call->help = true;
    if (strcmp(option->name, "version") == 0) call->version = true;
    if (strcmp(option->name, "json") == 0) call->json = true;
    if (strcmp(option->name, "quiet") == 0) call->quiet = true;
    if (strcmp(option->name, "color") == 0) cli_terminal_open(&call->terminal, value);
    if (strcmp(option->name, "data-dir") == 0) call->data_dir = value;
    if (strcmp(option->name, "threads") == 0 && !is_count(value, &call->threads)) {
        cli_fail(call, GRADUS_CODE_OUT_OF_RANGE, verb_name(call),
                 "--threads takes a whole number from 1 to 4096, not '%s'", value);
        return false;
    }
    return true;
}

/* One option; *used tells whether the next word was its value. */
static bool read_option(cli_call *call, const char *word, const char *next, bool *used)
{
    const char *name = word + 2, *value = strchr(name, '=');
    size_t length = value ? (size_t)(value++ - name) : strlen(name);
    const cli_option *own = call->verb ? find_option(call->verb->options, name, length) : NULL;
    const cli_option *option = own ? own : find_option(cli_common_options, name, length);
    if (word[1] != '-' || !option) return unknown_option(call, word, next);
    if (!option->value && value) {
        cli_fail(call, GRADUS_CODE_UNEXPECTED_VALUE, verb_name(call), "--%s takes no value", option->name);
        return false;
    }
    if (option->value && !value) value = next, *used = true;
    if (option->value && !value) {
        cli_fail(call, GRADUS_CODE_MISSING, verb_name(call), "--%s needs a value: --%s %s", option->name, option->name,
                 option->value);
        return false;
    }
    if (cli_has(call, option->name)) {
        cli_fail(call, GRADUS_CODE_REPEATED, verb_name(call), "--%s is given twice", option->name);
        return false;
    }
    if (value && strchr(option->value, '|') && !is_one_of(option->value, value)) {
        cli_fail(call, GRADUS_CODE_UNEXPECTED_VALUE, verb_name(call), "--%s takes %s, not '%s'", option->name,
                 option->value, value);
        return false;
    }
    call->given[call->given_count++] = (cli_given){option, value};
    return own || take_common(call, option, value);
}

static bool read_word(cli_call *call, const char *word, int32_t number)
{
    if (!call->verb) {
        call->verb = cli_verb_find(word);
        if (!call->verb) cli_verb_unknown(call, word);
        return call->verb != NULL;
    }
    call->words[call->word_count] = word;
    call->numbers[call->word_count++] = number;
    return true;
}

static bool count_words(const cli_call *call)
{
    const cli_verb *verb = call->verb;
    if (!verb || call->help || call->version) return true;
    if (call->word_count < verb->least) {
        cli_fail(call, GRADUS_CODE_MISSING, verb->name, "too few words; it is gradus %s %.*s", verb->name,
                 (int)strcspn(verb->usage, "\n"), verb->usage);
        return false;
    }
    if (verb->most >= 0 && call->word_count > verb->most) {
        cli_fail(call, GRADUS_CODE_TOO_MANY, verb->name, "'%s' is one word too many; it is gradus %s %.*s",
                 call->words[verb->most], verb->name, (int)strcspn(verb->usage, "\n"), verb->usage);
        return false;
    }
    return true;
}

bool cli_read(cli_call *call, int count, char **words)
{
    *call = (cli_call){.command = (const char *const *)words};
    cli_terminal_open(&call->terminal, NULL);
    call->words = calloc((size_t)count + 1, sizeof *call->words);
    call->numbers = calloc((size_t)count + 1, sizeof *call->numbers);
    call->given = calloc((size_t)count + 1, sizeof *call->given);
    if (!call->words || !call->numbers || !call->given) {
        cli_fail(call, GRADUS_CODE_MEMORY, NULL, "out of memory");
        return false;
    }
    /* Errors in the words before --json are to be JSON already. */
    for (int i = 1; i < count && strcmp(words[i], "--") != 0; i++)
        if (strcmp(words[i], "--json") == 0) call->json = true;
    int first = 0; /* the verb's place */
    bool ended = false;
    for (int i = 1; i < count; i++) {
        if (!ended && strcmp(words[i], "--") == 0) {
            ended = true;
        } else if (!ended && words[i][0] == '-' && words[i][1]) {
            bool used = false;
            if (!read_option(call, words[i], i + 1 < count ? words[i + 1] : NULL, &used)) return false;
            i += used;
        } else {
            if (!call->verb) first = i;
            if (!read_word(call, words[i], i - first)) return false;
        }
    }
    return count_words(call);
}

void cli_clear(cli_call *call)
{
    free(call->words);
    free(call->numbers);
    free(call->given);
}
