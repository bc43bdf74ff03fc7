/* Asks a run that trains in another process, and waits until it has done what it was asked: an answer that comes at once would only say that
 * the question was heard. */
#define _POSIX_C_SOURCE 200809L
#include "ask.h"
#include <time.h>

enum { PATIENCE = 100 }; /* tenths of a second: an update may take long */

static bool is_done(const char *folder, gradus_ask what)
{
    return !gradus_run_is_asked(folder, what) && !(what == GRADUS_ASK_STOP && gradus_run_is_trained(folder));
}

static void print_answer(const cli_call *call, const char *folder, const char *text, bool done)
{
    if (!call->json) {
        printf("%s %s\n", folder, text);
        return;
    }
    gradus_json json = {.write = cli_write, .user = stdout};
    gradus_json_open(&json, NULL, '{');
    gradus_json_text(&json, "run", folder);
    gradus_json_flag(&json, "done", done);
    gradus_json_text(&json, "text", text);
    gradus_json_close(&json, '}');
    putchar('\n');
}

cli_exit cli_ask(const cli_call *call, gradus_ask what, const char *how, const char *done)
{
    const struct timespec tenth = {.tv_nsec = 100000000};
    const char *folder = call->words[0];
    gradus_error error = {0};
    if (gradus_run_ask(folder, what, how, &error)) {
        gradus_report report = {.error = error};
        if (how && error.line) gradus_report_spec(&report, "schedule", how, &error), report.argument = call->numbers[1];
        return cli_report(call, &report);
    }
    int waited = 0;
    for (; waited < PATIENCE && !is_done(folder, what); waited++) nanosleep(&tenth, NULL);
    if (!call->quiet)
        print_answer(call, folder, waited < PATIENCE ? done : "has been asked, and will do it when it can",
                     waited < PATIENCE);
    return CLI_DONE;
}
