/* gradus spec: reads one text of the language and prints it as gradus understands it, or says where it is wrong.
 * For editors, for tests, and for anybody who wonders. */
#include <stdlib.h>
#include <string.h>
#include "cli.h"

static cli_exit print_spec(const cli_call *call, const gradus_spec *spec)
{
    if (call->json) {
        gradus_json json = {.write = cli_write, .user = stdout, .indent = 2};
        cli_json_spec(&json, spec);
        putchar('\n');
        return CLI_DONE;
    }
    size_t size = gradus_spec_print(spec, GRADUS_PRINT_CANONICAL, NULL, 0) + 1;
    char *text = malloc(size);
    if (!text) return cli_fail(call, GRADUS_CODE_MEMORY, NULL, "out of memory");
    gradus_spec_print(spec, GRADUS_PRINT_CANONICAL, text, size);
    puts(text);
    free(text);
    return CLI_DONE;
}

static cli_exit run(cli_call *call)
{
    const char *family = call->words[0], *text = call->words[1];
    if (strcmp(family, "value") != 0 && !cli_family(call, family)) return CLI_MISUSE;
    if (cli_value(call, "like") && !cli_framework(call, cli_value(call, "like"))) return CLI_MISUSE;
    gradus_error error = {0};
    gradus_spec_config config = {
        .family = family, .language = gradus_train_language(), .like = cli_value(call, "like")};
    gradus_spec *spec = gradus_spec_create(text, &config, &error);
    if (!spec) {
        gradus_report report;
        gradus_report_spec(&report, family, text, &error);
        report.argument = call->numbers[1];
        return cli_report(call, &report);
    }
    cli_exit status = call->quiet && !call->json ? CLI_DONE : print_spec(call, spec);
    gradus_spec_destroy(spec);
    return status;
}

static const cli_option options[] = {
    {"like", "FRAMEWORK", "read it under that framework's conventions and names"},
    {0},
};

const cli_verb cli_verb_spec = {
    .name = "spec",
    .summary = "check a text and print it as gradus understands it",
    .usage = "FAMILY SPEC",
    .about = "Reads a text of the spec language, binds it to its family, and prints it in its canonical form.\n"
             "With --json: the bound tree, every call and value with its place; with --quiet only the exit status.",
    .examples = "gradus spec schedule 'warmup(5%) > cosine'\ngradus spec optimizer 'sgd(momentum=0.9)' --json",
    .options = options,
    .operands = CLI_FAMILIES | CLI_SPEC,
    .least = 2,
    .most = 2,
    .run = run,
};
