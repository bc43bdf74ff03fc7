/* gradus reference: the manual's reference pages, written from the tables, in Markdown; and the man page.
 * tools/reference keeps docs/reference with it, and a test sees that nothing there is old. */
#include <string.h>
#include "cli.h"

/* Text in a cell of a table. */
static void put_cell(const char *text)
{
    for (; text && *text; text++) {
        if (*text == '|') putchar('\\');
        putchar(*text == '\n' ? ' ' : *text);
    }
}

static void put_rows(const gradus_argument *rows, const gradus_family *family)
{
    char type[512];
    for (; rows && rows->name; rows++) {
        cli_describe(rows, family, type, sizeof type);
        printf("| `%s` | ", rows->name);
        put_cell(type);
        if (rows->flags & GRADUS_FOREIGN) printf("; only by the names of `like=`");
        if (rows->flags & GRADUS_SCHEDULED) printf("; or a schedule");
        printf(" | %s", rows->initial ? "`" : "");
        put_cell(rows->initial);
        printf("%s | ", rows->initial ? "`" : "");
        put_cell(rows->help);
        printf(" |\n");
    }
}

static void put_head(void) { printf("| parameter | takes | default | what it is |\n|---|---|---|---|\n"); }

static void put_member(const gradus_family *family, const gradus_member *member)
{
    char usage[512];
    cli_usage(family, member, usage, sizeof usage);
    printf("\n## %s\n\n`%s`: %s.\n", member->name, usage, member->summary);
    if (member->formula) printf("\n    %s\n", member->formula);
    if ((member->arguments && member->arguments->name) || member->open) {
        putchar('\n');
        put_head();
        put_rows(member->arguments, family);
        put_rows(member->open, family);
    }
    if (member->like && member->like->framework) putchar('\n');
    for (const gradus_like *like = member->like; like && like->framework; like++) {
        printf("- `like=%s`", like->framework);
        if (like->title) printf(" (%s)", like->title);
        if (like->names) printf(": `%s`", like->names);
        if (like->initial) printf("; unless given `%s`", like->initial);
        putchar('\n');
    }
    if (member->notes) printf("\n%s\n", member->notes);
    if (member->example) printf("\nExample: `%s`.\n", member->example);
    if (member->paper) printf("\nPaper: %s.\n", member->paper);
    if (member->also) printf("\nAlso known as: %s.\n", member->also);
}

/* Words that mean several things in other texts. */
static void put_phrases(const gradus_family *family)
{
    char spec[512];
    if (!family->phrases) return;
    printf("\n## Words of other texts\n\n| word | what such texts mean | here |\n|---|---|---|\n");
    for (const gradus_member *const *phrase = family->phrases; *phrase; phrase++)
        for (const gradus_argument *reading = (*phrase)->arguments; reading->name; reading++) {
            if (!cli_reading(family, reading, spec, sizeof spec)) continue;
            printf("| `%s` | ", (*phrase)->name);
            put_cell(reading->help);
            printf(" | `%s` |\n", spec);
        }
}

static void put_family(const gradus_family *family)
{
    const gradus_language *language = gradus_train_language();
    const gradus_member *member;
    printf("# %s\n\n%s. %s\n", family->name, family->summary,
           family->flags & GRADUS_CHAIN ? "A chain: members joined by `>`, `none` for nothing." : "One call.");
    if (family->common && family->common->name) {
        printf("\nEvery member takes these too:\n\n");
        put_head();
        put_rows(family->common, family);
    }
    for (int32_t i = 0; (member = gradus_language_member(language, family, i)); i++) put_member(family, member);
    put_phrases(family);
}

static void put_families(void)
{
    const gradus_language *language = gradus_train_language();
    printf(
        "# Reference\n\nWritten from the tables by `tools/reference`; what stands here is what this version reads.\n\n"
        "- [commands](commands.md)\n- [settings](settings.md)\n");
    for (int32_t i = 0; language->families[i]; i++)
        printf("- [%s](%s.md): %s\n", language->families[i]->name, language->families[i]->name,
               language->families[i]->summary);
}

/* What a setting takes; families have pages of their own. */
static void put_takes(const gradus_argument *row)
{
    char type[512];
    cli_describe(row, NULL, type, sizeof type);
    if (row->kind == GRADUS_PIPELINE) printf("[%s](%s.md)", row->family, row->family);
    put_cell(type + (row->kind == GRADUS_PIPELINE ? strlen(row->family) : 0));
}

static void put_settings(void)
{
    const gradus_argument *row;
    printf("# Settings\n\nLines `KEY: VALUE` of a run file; `KEY=VALUE` on the command line replaces one, "
           "`KEY.PARAMETER=VALUE` reaches\n"
           "into its call, `KEY.MEMBER.PARAMETER=VALUE` into one member of a chain. `like` takes ");
    for (int32_t i = 0; gradus_frameworks(i); i++) printf("%s`%s`", i ? ", " : "", gradus_frameworks(i));
    printf(".\n\n| setting | takes | default | what it is |\n|---|---|---|---|\n");
    for (int32_t i = 0; (row = gradus_setting_at(i)); i++) {
        printf("| `%s` | ", row->name);
        put_takes(row);
        printf(row->initial ? " | `%s` | " : " | %s | ", row->initial ? row->initial : "");
        put_cell(row->help);
        printf(" |\n");
    }
}

static void put_options(const cli_option *rows, const char *format)
{
    for (; rows && rows->name; rows++)
        printf(format, rows->name, rows->value ? " " : "", rows->value ? rows->value : "", rows->help);
}

static void put_lines(const char *before, const char *text)
{
    for (; text && *text; text += strcspn(text, "\n"), text += *text == '\n')
        printf("%s%.*s\n", before, (int)strcspn(text, "\n"), text);
}

static void put_commands(void)
{
    char before[80];
    printf("# Commands\n\nOptions of every command:\n\n");
    put_options(cli_common_options, "- `--%s%s%s`: %s\n");
    for (int32_t i = 0; cli_verb_at(i); i++) {
        const cli_verb *verb = cli_verb_at(i);
        if (verb->hidden) continue;
        snprintf(before, sizeof before, "    gradus %s ", verb->name);
        printf("\n## %s\n\n%s\n\n", verb->name, verb->about);
        put_lines(before, verb->usage);
        if (verb->options) putchar('\n');
        for (const gradus_argument *key = verb->keys; key && key->name; key++)
            printf("%s- `%s=`: %s\n", key == verb->keys && !verb->options ? "\n" : "", key->name, key->help);
        put_options(verb->options, "- `--%s%s%s`: %s\n");
        if (verb->examples) printf("\n```\n%s\n```\n", verb->examples);
    }
}

/* ---- the man page ---- */

static void put_manual(void)
{
    int32_t version = gradus_version();
    printf(".TH GRADUS 1 \"\" \"gradus %d.%d.%d\"\n.SH NAME\ngradus \\- decides, applies and explains the learning "
           "rate of "
           "neural-network training\n.SH SYNOPSIS\n.nf\n",
           version / 10000, version / 100 % 100, version % 100);
    for (int32_t i = 0; cli_verb_at(i); i++) {
        char before[80];
        snprintf(before, sizeof before, "gradus %s ", cli_verb_at(i)->name);
        if (!cli_verb_at(i)->hidden) put_lines(before, cli_verb_at(i)->usage);
    }
    printf(".fi\n.SH COMMANDS\n");
    for (int32_t i = 0; cli_verb_at(i); i++) {
        const cli_verb *verb = cli_verb_at(i);
        if (verb->hidden) continue;
        printf(".TP\n.B %s\n%s\n", verb->name, verb->about);
        for (const gradus_argument *key = verb->keys; key && key->name; key++)
            printf(".IP \"%s=\" 8\n%s\n", key->name, key->help);
        put_options(verb->options, ".IP \"\\-\\-%s%s%s\" 8\n%s\n");
    }
    printf(".SH OPTIONS\n");
    put_options(cli_common_options, ".TP\n.B \\-\\-%s%s%s\n%s\n");
    printf(".SH SETTINGS\n");
    const gradus_argument *row;
    for (int32_t i = 0; (row = gradus_setting_at(i)); i++) printf(".TP\n.B %s\n%s\n", row->name, row->help);
    printf(".SH EXIT STATUS\n.TP\n.B 0\ndone; an early stop is a result\n.TP\n.B 1\nit failed: data, file, memory, "
           "divergence\n"
           ".TP\n.B 2\nit was asked wrongly: spec, setting, option, run file\n.TP\n.B 3\nit ran and the answer is no\n"
           ".TP\n.B 128+n\nended by signal n; the state is saved\n");
}

static cli_exit run(cli_call *call)
{
    const char *page = call->words[0];
    const gradus_family *family;
    if (strcmp(page, "README") == 0)
        put_families();
    else if (strcmp(page, "commands") == 0)
        put_commands();
    else if (strcmp(page, "settings") == 0)
        put_settings();
    else if (strcmp(page, "gradus.1") == 0)
        put_manual();
    else if ((family = cli_family(call, page)))
        put_family(family);
    else
        return CLI_MISUSE;
    return CLI_DONE;
}

const cli_verb cli_verb_reference = {
    .name = "reference",
    .summary = "a page of the reference, written from the tables",
    .usage = "README|commands|settings|FAMILY|gradus.1",
    .about = "Prints a page of the reference in Markdown, or the man page.\n"
             "tools/reference writes all of them.",
    .least = 1,
    .most = 1,
    .hidden = true,
    .run = run,
};
