/* gradus check: what ails a run, where it is seen, and what to try, as text to paste. */
#include "progress.h"
#include <stdlib.h>
#include <string.h>

typedef struct check {
    const cli_call *call;
    gradus_json json;
    const char *run;
    int32_t found;
} check;

/* ---- text ---- */

/* As a shell takes it for one word. */
static void print_word(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/%@";
    if (word[strspn(word, plain)] == 0) {
        fputs(word, stdout);
        return;
    }
    putchar('\'');
    for (; *word; word++) fputs(*word == '\'' ? "'\\''" : (char[]){*word, 0}, stdout);
    putchar('\'');
}

/* One line of a remedy; what follows it. */
static const char *next_setting(const char *line, char word[GRADUS_REMEDY_SIZE])
{
    const size_t length = strcspn(line, "\n");
    snprintf(word, GRADUS_REMEDY_SIZE, "%.*s", (int)length, line);
    return line + length + (line[length] == '\n');
}

static void print_finding(const check *c, const gradus_finding *finding)
{
    printf("%s%s%s%s\n    ", c->found ? "\n" : "", finding->symptom->name, *finding->where ? "  " : "", finding->where);
    cli_wrap(stdout, finding->text, 4, c->call->terminal.width);
    fputs("    try ", stdout);
    for (const char *line = finding->remedy; *line;) {
        char word[GRADUS_REMEDY_SIZE];
        line = next_setting(line, word);
        putchar(' ');
        print_word(word);
    }
    putchar('\n');
}

/* ---- JSON ---- */

static void json_finding(gradus_json *json, const gradus_finding *finding)
{
    gradus_json_open(json, NULL, '{');
    gradus_json_text(json, "symptom", finding->symptom->name);
    if (finding->layer < 0)
        gradus_json_text(json, "layer", NULL);
    else
        gradus_json_number(json, "layer", finding->layer);
    gradus_json_text(json, "where", *finding->where ? finding->where : NULL);
    gradus_json_text(json, "text", finding->text);
    gradus_json_open(json, "seen", '{');
    for (int32_t i = 0; i < finding->count; i++)
        gradus_json_number(json, finding->seen[i].name, finding->seen[i].value);
    gradus_json_close(json, '}');
    gradus_json_open(json, "remedy", '[');
    for (const char *line = finding->remedy; *line;) {
        char word[GRADUS_REMEDY_SIZE];
        line = next_setting(line, word);
        gradus_json_text(json, NULL, word);
    }
    gradus_json_close(json, ']');
    gradus_json_close(json, '}');
}

/* ---- the verb ---- */

static void on_found(void *user, const gradus_finding *finding)
{
    check *c = user;
    if (c->call->json)
        json_finding(&c->json, finding);
    else if (!c->call->quiet)
        print_finding(c, finding);
    c->found++;
}

static void on_note(void *user, const char *text)
{
    const check *c = user;
    cli_note(c->call, "%s", text);
}

static cli_exit look(check *c, gradus_run *run)
{
    gradus_report report;
    if (c->call->json) {
        gradus_json_open(&c->json, NULL, '{');
        gradus_json_text(&c->json, "run", c->run);
        gradus_json_open(&c->json, "findings", '[');
    }
    if (gradus_run_check(run, on_found, on_note, c, &report)) return cli_report(c->call, &report);
    if (c->call->json) {
        gradus_json_close(&c->json, ']');
        gradus_json_close(&c->json, '}');
        putchar('\n');
    } else if (!c->call->quiet && !c->found)
        printf("nothing found in %s\n", c->run);
    return c->found ? CLI_REFUSED : CLI_DONE;
}

static void list_symptoms(const cli_call *call)
{
    const gradus_symptom *symptom;
    gradus_json json = {.write = cli_write, .user = stdout, .indent = 2};
    if (call->json) gradus_json_open(&json, NULL, '[');
    for (int32_t i = 0; (symptom = gradus_symptom_at(i)); i++) {
        if (call->json) {
            gradus_json_open(&json, NULL, '{');
            gradus_json_text(&json, "name", symptom->name);
            gradus_json_text(&json, "summary", symptom->summary);
            gradus_json_text(&json, "threshold", symptom->threshold);
            gradus_json_text(&json, "source", symptom->source);
            gradus_json_close(&json, '}');
            continue;
        }
        printf("%s%s\n    what  ", i ? "\n" : "", symptom->name);
        cli_wrap(stdout, symptom->summary, 10, call->terminal.width);
        fputs("    when  ", stdout);
        cli_wrap(stdout, symptom->threshold, 10, call->terminal.width);
        fputs("    why   ", stdout);
        cli_wrap(stdout, symptom->source, 10, call->terminal.width);
    }
    if (call->json) gradus_json_close(&json, ']'), putchar('\n');
}

static cli_exit run(cli_call *call)
{
    gradus_report report;
    gradus_run_config config = {.data_dir = call->data_dir, .threads = call->threads};
    if (cli_has(call, "symptoms")) {
        list_symptoms(call);
        return CLI_DONE;
    }
    if (!call->word_count)
        return cli_fail(call, GRADUS_CODE_MISSING, "check", "which run? for example: gradus check runs/mnist");
    check c = {.call = call, .run = call->words[0], .json = {.write = cli_write, .user = stdout, .indent = 2}};
    gradus_run *opened = gradus_run_open(c.run, &config, &report);
    cli_exit status = opened ? look(&c, opened) : cli_report(call, &report);
    gradus_run_destroy(opened);
    return status;
}

static const cli_option options[] = {
    {"symptoms", NULL, "say what is looked for, from where on it is found, and why there"},
    {0},
};

const cli_verb cli_verb_check = {
    .name = "check",
    .summary = "what ails a run, in which layer, and what to try",
    .usage = "RUN\n--symptoms",
    .about = "Looks for a dozen symptoms in what a run has written and in what its model does with a thousand "
             "examples.\n"
             "Each comes with the numbers seen and a setting to try. Exit status 3 when something was found.",
    .examples = "gradus check runs/mnist\ngradus check --symptoms",
    .options = options,
    .operands = CLI_RUNS,
    .least = 0,
    .most = 1,
    .run = run,
};
