/* gradus explain: a member of any family, a word of other texts, a setting; or why the rate of a run was what it was. */
#include <string.h>
#include <sys/stat.h>
#include "plot.h"

static bool is_run(const char *name)
{
    char path[4096];
    struct stat status;
    snprintf(path, sizeof path, "%.4000s/run.yaml", name);
    return stat(path, &status) == 0;
}

/* A rule around another one, or one that is none, whose framework calls it so. */
static const gradus_member *titled(const char *title, const gradus_family *family, bool wraps)
{
    const gradus_family *found;
    const gradus_member *member;
    for (int32_t i = 0; (member = cli_find(title, CLI_BY_TITLE, i, &found)); i++) {
        bool around = false;
        for (const gradus_argument *row = member->arguments; row && row->name; row++)
            around |= row->kind == GRADUS_PIPELINE && !row->family && !(row->flags & GRADUS_NAMED);
        if (found == family && around == wraps) return member;
    }
    return NULL;
}

/* What another framework's name is here; of two rules of one title one is around the other, and that is said once. */
static void print_title(const char *title, const gradus_family *family, const gradus_member *member, bool first)
{
    const char *framework = cli_like_of(member, title)->framework;
    const gradus_member *outer = titled(title, family, true), *inner = titled(title, family, false);
    if (!outer || !inner)
        printf("%s of %s is %s here; with like=%s it does the same\n\n", title, framework, member->name, framework);
    else if (first)
        printf("%s of %s is %s(%s) here; with like=%s in both it does the same\n\n", title, framework, outer->name,
               inner->name, framework);
}

/* Every member that is found so, one after the other; returns how many. */
static int32_t explain_members(const cli_call *call, const char *name, cli_match kind)
{
    const gradus_family *family;
    const gradus_member *member;
    int32_t count = 0;
    for (; (member = cli_find(name, kind, count, &family)); count++) {
        if (count) putchar('\n');
        if (kind == CLI_BY_TITLE)
            print_title(name, family, member, count == 0);
        else if (count == 0 && kind != CLI_BY_NAME)
            printf("%s is called %s here\n\n", name, member->name);
        cli_explain(call, family, member);
    }
    return count;
}

/* The formula as such texts have it, and what it is here; below it where that does not fit. */
static void print_readings(const cli_call *call, const gradus_family *family, const gradus_member *phrase)
{
    char spec[512];
    int32_t widest = 0, ours = 0;
    for (const gradus_argument *reading = phrase->arguments; reading->name; reading++) {
        if (!cli_reading(family, reading, spec, sizeof spec)) continue;
        if ((int32_t)strlen(reading->help) > widest) widest = (int32_t)strlen(reading->help);
        if ((int32_t)strlen(spec) > ours) ours = (int32_t)strlen(spec);
    }
    bool beside = 2 + widest + 3 + ours <= call->terminal.width;
    for (const gradus_argument *reading = phrase->arguments; reading->name; reading++) {
        if (!cli_reading(family, reading, spec, sizeof spec)) continue;
        if (beside)
            printf("  %-*s   %s\n", (int)widest, reading->help, spec);
        else
            printf("  %s\n      %s\n", reading->help, spec);
    }
}

/* Words such as linear_decay, which mean one thing here and another there: every reading with its formula. */
static int32_t explain_phrases(const cli_call *call, const char *name, bool follows)
{
    const gradus_family *family;
    const gradus_member *phrase;
    int32_t count = 0;
    for (; (phrase = cli_find(name, CLI_BY_PHRASE, count, &family)); count++) {
        printf("%s%s (%s): %s\n\n", count || follows ? "\n" : "", phrase->name, family->name, phrase->summary);
        print_readings(call, family, phrase);
    }
    return count;
}

static int32_t explain_setting(const cli_call *call, const char *name, bool follows)
{
    const gradus_argument *setting = gradus_setting_find(name);
    char type[512], title[1024];
    if (!setting) return 0;
    cli_describe(setting, NULL, type, sizeof type);
    snprintf(title, sizeof title, "%s (setting): %s", name, setting->help);
    if (follows) putchar('\n');
    cli_wrap(stdout, title, 0, call->terminal.width);
    printf("\n  %s%s%s\n", type, setting->initial ? "   default " : "", setting->initial ? setting->initial : "");
    if (setting->kind == GRADUS_PIPELINE) printf("  gradus list %s\n", setting->family);
    return 1;
}

static void json_phrases(gradus_json *json, const char *name)
{
    const gradus_family *family;
    const gradus_member *phrase;
    char spec[512];
    for (int32_t i = 0; (phrase = cli_find(name, CLI_BY_PHRASE, i, &family)); i++) {
        gradus_json_open(json, NULL, '{');
        gradus_json_text(json, "family", family->name);
        gradus_json_text(json, "name", phrase->name);
        gradus_json_text(json, "summary", phrase->summary);
        gradus_json_open(json, "readings", '[');
        for (const gradus_argument *reading = phrase->arguments; reading->name; reading++) {
            if (!cli_reading(family, reading, spec, sizeof spec)) continue;
            gradus_json_open(json, NULL, '{');
            gradus_json_text(json, "formula", reading->help);
            gradus_json_text(json, "member", reading->name);
            gradus_json_text(json, "spec", spec);
            gradus_json_close(json, '}');
        }
        gradus_json_close(json, ']');
        gradus_json_close(json, '}');
    }
}

static cli_exit explain_json(const char *name)
{
    gradus_json json = {.write = cli_write, .user = stdout, .indent = 2};
    const gradus_family *family;
    const gradus_member *member;
    int32_t count = 0;
    gradus_json_open(&json, NULL, '[');
    for (cli_match kind = CLI_BY_NAME; kind <= CLI_BY_ALSO && !count; kind++)
        for (; (member = cli_find(name, kind, count, &family)); count++) cli_json_member(&json, family, member);
    json_phrases(&json, name);
    gradus_json_close(&json, ']');
    putchar('\n');
    return CLI_DONE;
}

static bool is_known(const char *name)
{
    const gradus_family *family;
    for (cli_match kind = CLI_BY_NAME; kind <= CLI_BY_PHRASE; kind++)
        if (cli_find(name, kind, 0, &family)) return true;
    return gradus_setting_find(name) != NULL;
}

/* No name holds a '/': a folder is meant. Says which run is near. */
static cli_exit no_such_run(const cli_call *call, const char *folder)
{
    enum { PATH = 1024 }; /* what gradus_run_source writes */
    char file[PATH], base[PATH];
    gradus_error error = {0};
    gradus_run_source(folder, file, base, &error);
    return cli_error(call, NULL, &error);
}

static cli_exit run(cli_call *call)
{
    const char *name = call->words[0];
    if (is_run(name)) return cli_explain_run(call, name);
    if (strchr(name, '/')) return no_such_run(call, name);
    if (cli_value(call, "svg") || cli_value(call, "png"))
        return cli_fail(call, GRADUS_CODE_UNEXPECTED_VALUE, "explain",
                        "only of a run is there a picture; of schedules: gradus schedule");
    if (!is_known(name))
        return cli_unknown(call, GRADUS_CODE_UNKNOWN_NAME, "explain", cli_nearest_member(name),
                           "gradus list shows what there is", "nothing is called '%s'", name);
    if (call->json) return explain_json(name);
    int32_t count = explain_members(call, name, CLI_BY_NAME);
    count += explain_setting(call, name, count > 0);
    count += explain_phrases(call, name, count > 0);
    if (!count) count = explain_members(call, name, CLI_BY_TITLE);
    if (!count) explain_members(call, name, CLI_BY_ALSO);
    return CLI_DONE;
}

static const cli_option options[] = {CLI_PLOT_OPTIONS, {0}};

const cli_verb cli_verb_explain = {
    .name = "explain",
    .summary = "what a name means, and why a run's rate was what it was",
    .usage = "NAME\nRUN",
    .about = "Says what a member of any family or a setting does, takes and computes, and where it comes from.\n"
             "Of a run it says where the rate came from and what changed it, and draws it.",
    .examples = "gradus explain cosine\ngradus explain ReduceLROnPlateau\ngradus explain runs/mnist --svg rate.svg",
    .options = options,
    .operands = CLI_MEMBERS | CLI_RUNS,
    .least = 1,
    .most = 1,
    .run = run,
};
