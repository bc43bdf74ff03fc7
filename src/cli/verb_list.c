/* gradus list: the families, or the members of one, a line each; made for eyes, grep, cut and fzf alike. */
#include <string.h>
#include "cli.h"

enum { EXAMPLES = 3 };

static int32_t count_members(const gradus_family *family)
{
    int32_t count = 0;
    while (gradus_language_member(gradus_train_language(), family, count)) count++;
    return count;
}

static cli_exit list_families(const cli_call *call)
{
    const gradus_language *language = gradus_train_language();
    int32_t widest = 6, summary = 0;
    for (int32_t i = 0; language->families[i]; i++) {
        int32_t name = (int32_t)strlen(language->families[i]->name),
                about = (int32_t)strlen(language->families[i]->summary);
        widest = name > widest ? name : widest;
        summary = about > summary ? about : summary;
    }
    if (call->terminal.output) printf("%-*s  members  what it is\n", (int)widest, "family");
    for (int32_t i = 0; language->families[i]; i++) {
        const gradus_family *family = language->families[i];
        int32_t count = count_members(family);
        printf("%-*s  %7d  %-*s%s", (int)widest, family->name, count, count ? (int)summary : 0, family->summary,
               count ? "  " : "");
        for (int32_t j = 0; j < count && j < EXAMPLES; j++)
            printf("%s%s", j ? ", " : "", gradus_language_member(language, family, j)->name);
        printf(count > EXAMPLES ? ", ...\n" : "\n");
    }
    return CLI_DONE;
}

static cli_exit list_members(const cli_call *call, const gradus_family *family)
{
    const gradus_language *language = gradus_train_language();
    const gradus_member *member;
    int32_t widest = (int32_t)strlen(family->name);
    for (int32_t i = 0; (member = gradus_language_member(language, family, i)); i++)
        if ((int32_t)strlen(member->name) > widest) widest = (int32_t)strlen(member->name);
    if (call->terminal.output) printf("%-*s  what it does\n", (int)widest, family->name);
    for (int32_t i = 0; (member = gradus_language_member(language, family, i)); i++)
        printf("%-*s  %s\n", (int)widest, member->name, member->summary);
    return CLI_DONE;
}

/* The reasons of the decision log: every number that has a name. */
static cli_exit list_reasons(const cli_call *call)
{
    gradus_json json = {.write = cli_write, .user = stdout, .indent = 2};
    if (call->json) gradus_json_open(&json, NULL, '[');
    for (int32_t i = 1; strcmp(gradus_reason_name(i), "unknown") != 0; i++)
        if (call->json)
            gradus_json_text(&json, NULL, gradus_reason_name(i));
        else
            printf("%s\n", gradus_reason_name(i));
    if (call->json) gradus_json_close(&json, ']'), putchar('\n');
    return CLI_DONE;
}

static cli_exit list_json(const gradus_family *only)
{
    const gradus_language *language = gradus_train_language();
    gradus_json json = {.write = cli_write, .user = stdout, .indent = 2};
    const gradus_member *member;
    gradus_json_open(&json, NULL, '[');
    for (int32_t i = 0; language->families[i]; i++)
        for (int32_t j = 0; (!only || only == language->families[i]) &&
                            (member = gradus_language_member(language, language->families[i], j));
             j++)
            cli_json_member(&json, language->families[i], member);
    gradus_json_close(&json, ']');
    putchar('\n');
    return CLI_DONE;
}

static cli_exit run(cli_call *call)
{
    const char *name = call->word_count ? call->words[0] : NULL;
    if (!name) return call->json ? list_json(NULL) : list_families(call);
    if (strcmp(name, "reason") == 0) return list_reasons(call);
    const gradus_family *family = cli_family(call, name);
    if (!family) return CLI_MISUSE;
    return call->json ? list_json(family) : list_members(call, family);
}

const cli_verb cli_verb_list = {
    .name = "list",
    .summary = "what there is: schedules, optimizers, layers, ...",
    .usage = "[FAMILY]",
    .about = "Lists the families, or the members of one, a line each.\n"
             "gradus explain NAME says more about any of them.",
    .examples = "gradus list\ngradus list optimizer\ngradus list schedule --json | jq -r '.[].name'",
    .operands = CLI_FAMILIES,
    .first = "reason",
    .most = 1,
    .run = run,
};
