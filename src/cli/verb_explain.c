/* gradus explain: a member of any family, a word of other texts, a setting; or why the rate of a run was what it was. */
#include <string.h>
#include <sys/stat.h>
#include "cli.h"

static bool is_run(const char *name)
{
    char path[4096];
    struct stat status;
    snprintf(path, sizeof path, "%.4000s/run.yaml", name);
    return stat(path, &status) == 0;
}

/* Every member that is found so, one after the other; returns how many. */
static int32_t explain_members(const cli_call *call, const char *name, cli_match kind)
{
    const gradus_family *family;
    const gradus_member *member;
    int32_t count = 0;
    for (; (member = cli_find(name, kind, count, &family)); count++) {
        if (count) putchar('\n');
        const gradus_like *like = cli_like_of(member, name);
        if (kind == CLI_BY_TITLE && like)
            printf("%s of %s is %s here; with like=%s it does the same\n\n", name, like->framework, member->name,
                   like->framework);
        else if (count == 0 && kind != CLI_BY_NAME)
            printf("%s is called %s here\n\n", name, member->name);
        cli_explain(call, family, member);
    }
    return count;
}

/* Words such as linear_decay, which mean one thing here and another there: every reading with its formula. */
static int32_t explain_phrases(const cli_call *call, const char *name, bool follows)
{
    const gradus_family *family;
    const gradus_member *phrase;
    int32_t count = 0;
    for (; (phrase = cli_find(name, CLI_BY_PHRASE, count, &family)); count++) {
        printf("%s%s (%s): %s\n\n", count || follows ? "\n" : "", phrase->name, family->name, phrase->summary);
        if (phrase->formula) fputs("  ", stdout), cli_wrap(stdout, phrase->formula, 2, call->terminal.width);
        if (phrase->notes) fputs("  ", stdout), cli_wrap(stdout, phrase->notes, 2, call->terminal.width);
        for (const char *at = phrase->also; at && *at; at += strcspn(at, ","), at += strspn(at, ", ")) {
            char meant[64];
            snprintf(meant, sizeof meant, "%.*s", (int)strcspn(at, ","), at);
            const gradus_member *member = gradus_language_find(gradus_train_language(), family, meant);
            if (member) printf("  %-16s  %s\n", meant, member->formula ? member->formula : member->summary);
        }
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

static cli_exit explain_json(const char *name)
{
    gradus_json json = {.write = cli_write, .user = stdout, .indent = 2};
    const gradus_family *family;
    const gradus_member *member;
    int32_t count = 0;
    gradus_json_open(&json, NULL, '[');
    for (cli_match kind = CLI_BY_NAME; kind <= CLI_BY_ALSO && !count; kind++)
        for (; (member = cli_find(name, kind, count, &family)); count++) cli_json_member(&json, family, member);
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

static cli_exit run(cli_call *call)
{
    const char *name = call->words[0];
    if (is_run(name)) return cli_explain_run(call, name);
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

const cli_verb cli_verb_explain = {
    .name = "explain",
    .summary = "what a name means, and why a run's rate was what it was",
    .usage = "NAME\nRUN",
    .about = "Says what a member of any family or a setting does, takes and computes, and where it comes from.\n"
             "Of a run it says where the rate came from and what changed it.",
    .examples = "gradus explain cosine\ngradus explain ReduceLROnPlateau\ngradus explain runs/mnist",
    .operands = CLI_MEMBERS | CLI_RUNS,
    .least = 1,
    .most = 1,
    .run = run,
};
