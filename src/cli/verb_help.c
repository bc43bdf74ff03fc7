/* gradus help: what there is, and what each verb does and takes; all of it read from the rows of the verbs. */
#include <string.h>
#include "cli.h"

static int32_t wider(int32_t a, size_t b) { return a > (int32_t)b ? a : (int32_t)b; }

static void print_verbs(int32_t width)
{
    int32_t widest = 0;
    cli_wrap(stdout, "gradus decides, applies and explains the learning rate of neural-network training", 0, width);
    putchar('\n');
    for (int32_t i = 0; cli_verb_at(i); i++)
        if (!cli_verb_at(i)->hidden) widest = wider(widest, strlen(cli_verb_at(i)->name));
    for (int32_t i = 0; cli_verb_at(i); i++)
        if (!cli_verb_at(i)->hidden) {
            printf("  %-*s  ", (int)widest, cli_verb_at(i)->name);
            cli_wrap(stdout, cli_verb_at(i)->summary, widest + 4, width);
        }
    printf("\nfirst   gradus train\n"
           "then    gradus train RUN.yaml lr=0.1\n"
           "help    gradus help COMMAND     gradus list     gradus explain cosine\n");
}

/* Lines of `text`, each behind `before`. */
static void print_lines(const char *before, const char *text)
{
    for (; text && *text; text += strcspn(text, "\n"), text += *text == '\n')
        printf("  %s%.*s\n", before, (int)strcspn(text, "\n"), text);
}

/* "--threads N", the left column. */
static size_t option_left(const cli_option *option, char left[96])
{
    return (size_t)snprintf(left, 96, "--%s%s%s", option->name, option->value ? " " : "",
                            option->value ? option->value : "");
}

static void print_options(const cli_option *options, int32_t widest, int32_t terminal)
{
    char left[96];
    for (; options && options->name; options++) {
        option_left(options, left);
        printf("  %-*s  ", (int)widest, left);
        cli_wrap(stdout, options->help, widest + 4, terminal);
    }
}

/* The index-th of a verb's keys, or of the settings where it has none of its own; NULL: no more. */
static const gradus_argument *key_at(const cli_verb *verb, int32_t index)
{
    if (!verb->keys) return gradus_setting_at(index);
    return verb->keys[index].name ? &verb->keys[index] : NULL;
}

static void print_keys(const cli_verb *verb, int32_t terminal)
{
    const gradus_argument *key;
    int32_t widest = 0;
    char text[1024];
    for (int32_t i = 0; (key = key_at(verb, i)); i++) widest = wider(widest, strlen(key->name));
    printf("\nsettings (KEY=VALUE%s) [default]\n",
           verb->keys ? "" : ", or lines KEY: VALUE of a run file; KEY.PARAMETER=VALUE reaches into one");
    for (int32_t i = 0; (key = key_at(verb, i)); i++) {
        bool told = key->initial && strcmp(key->initial, "none") != 0;
        snprintf(text, sizeof text, told ? "%s [%s]" : "%s", key->help, key->initial);
        printf("  %-*s  ", (int)widest, key->name);
        cli_wrap(stdout, text, widest + 4, terminal);
    }
}

static void print_verb(const cli_call *call, const cli_verb *verb)
{
    char text[96];
    snprintf(text, sizeof text, "gradus %s ", verb->name);
    cli_wrap_joined(stdout, verb->about, 0, call->terminal.width);
    putchar('\n');
    print_lines(text, verb->usage);
    if (verb->examples) printf("\nexamples\n");
    print_lines("", verb->examples);
    int32_t widest = 0;
    for (const cli_option *row = verb->options; row && row->name; row++) widest = wider(widest, option_left(row, text));
    for (const cli_option *row = cli_common_options; row->name; row++) widest = wider(widest, option_left(row, text));
    if (verb->operands & CLI_SETTINGS) print_keys(verb, call->terminal.width);
    printf("\noptions\n");
    print_options(verb->options, widest, call->terminal.width);
    print_options(cli_common_options, widest, call->terminal.width);
}

static void json_options(gradus_json *json, const cli_option *options)
{
    for (; options && options->name; options++) {
        gradus_json_open(json, NULL, '{');
        gradus_json_text(json, "name", options->name);
        gradus_json_text(json, "value", options->value);
        gradus_json_text(json, "help", options->help);
        gradus_json_close(json, '}');
    }
}

static void json_verb(gradus_json *json, const cli_verb *verb)
{
    gradus_json_open(json, NULL, '{');
    gradus_json_text(json, "name", verb->name);
    gradus_json_text(json, "summary", verb->summary);
    gradus_json_text(json, "about", verb->about);
    gradus_json_text(json, "usage", verb->usage);
    gradus_json_text(json, "examples", verb->examples);
    gradus_json_open(json, "options", '[');
    json_options(json, verb->options);
    json_options(json, cli_common_options);
    gradus_json_close(json, ']');
    gradus_json_close(json, '}');
}

void cli_print_help(const cli_call *call, const cli_verb *verb)
{
    if (call->json) {
        gradus_json json = {.write = cli_write, .user = stdout, .indent = 2};
        gradus_json_open(&json, NULL, '[');
        for (int32_t i = 0; cli_verb_at(i); i++)
            if (verb ? cli_verb_at(i) == verb : !cli_verb_at(i)->hidden) json_verb(&json, cli_verb_at(i));
        gradus_json_close(&json, ']');
        fputc('\n', stdout);
    } else if (verb) {
        print_verb(call, verb);
    } else {
        print_verbs(call->terminal.width);
    }
}

void cli_print_version(const cli_call *call)
{
    int32_t version = gradus_version();
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", version / 10000, version / 100 % 100, version % 100);
    printf(call->json ? "{\"gradus\": \"%s\"}\n" : "gradus %s\n", text);
}

static cli_exit run(cli_call *call)
{
    const cli_verb *verb = call->word_count ? cli_verb_find(call->words[0]) : NULL;
    if (call->word_count && !verb) return cli_verb_unknown(call, call->words[0]);
    cli_print_help(call, verb);
    return CLI_DONE;
}

const cli_verb cli_verb_help = {
    .name = "help",
    .summary = "what the commands do and take",
    .usage = "[COMMAND]",
    .about = "Says what a command does, what it takes, and how it is typed.\n"
             "Without a command it lists them.",
    .examples = "gradus help train\ngradus train --help",
    .operands = CLI_VERBS,
    .most = 1,
    .run = run,
};
