/* gradus sample: text that the kept model of a run writes. */
#include "cli.h"
#include <math.h>
#include <string.h>

enum { USUAL_LENGTH = 500 };

/* False: it is no number from `low` on, or no whole one, and that was reported. */
static bool read_number(const cli_call *call, const char *option, bool whole, double low, double *number)
{
    const char *text = cli_value(call, option);
    if (!text) return true;
    double value;
    const size_t length = strlen(text);
    const bool read = length && gradus_number_read(text, length, &value) == length;
    if (read && value >= low && value < 1e9 && (!whole || value == floor(value))) {
        *number = value;
        return true;
    }
    cli_fail(call, GRADUS_CODE_WRONG_TYPE, "sample", "--%s takes a %snumber from %g on, not '%s'", option,
             whole ? "whole " : "", low, text);
    return false;
}

static bool print_symbol(void *user, const char *symbol)
{
    const char **prompt = user; /* what is still to be said first: not before it is known that the net can read it */
    if (*prompt) fputs(*prompt, stdout);
    *prompt = NULL;
    return fputs(symbol, stdout) != EOF && fflush(stdout) == 0;
}

static cli_exit run(cli_call *call)
{
    gradus_report report;
    gradus_run_config config = {.data_dir = call->data_dir, .threads = call->threads};
    double length = USUAL_LENGTH, temperature = 1, seed = 0;
    if (!read_number(call, "length", true, 1, &length) || !read_number(call, "temperature", false, 0, &temperature) ||
        !read_number(call, "seed", true, 0, &seed))
        return CLI_MISUSE;
    gradus_run *opened = gradus_run_open(call->words[0], &config, &report);
    if (!opened) return cli_report(call, &report);
    const gradus_sample how = {.length = (int64_t)length,
                               .temperature = temperature,
                               .seed = (uint64_t)seed,
                               .prompt = cli_value(call, "prompt")};
    const char *prompt = how.prompt;
    gradus_status status = gradus_run_sample(opened, &how, print_symbol, &prompt, &report);
    if (!status) putchar('\n');
    gradus_run_destroy(opened);
    return status ? cli_report(call, &report) : CLI_DONE;
}

static const cli_option options[] = {
    {"length", "NUMBER", "how many characters; without it 500"},
    {"temperature", "NUMBER",
     "below 1 the likely becomes likelier, above 1 less likely; 0 takes the "
     "likeliest every time; without it 1"},
    {"prompt", "TEXT", "what it begins with; without it at the beginning of a line"},
    {"seed", "NUMBER", "of the lot that draws; the same seed, the same text; without it 0"},
    {0},
};

const cli_verb cli_verb_sample = {
    .name = "sample",
    .summary = "let the model of a run write text",
    .usage = "RUN",
    .about = "Writes text character by character, each drawn by the "
             "probabilities that the best model of a run gives it\n"
             "after those before. The run was trained on data='text(FILE)'.",
    .examples = "gradus sample runs/shakespeare --length 500 --temperature 0.8",
    .options = options,
    .operands = CLI_RUNS,
    .least = 1,
    .most = 1,
    .run = run,
};
