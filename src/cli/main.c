/* gradus, the program: reads what was asked, lets the verb do it, and sees that what was printed arrived.
 * Each verb is a file of its own, verb_NAME.c. */
#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"

/* A reader that went away (`gradus list | head -1`) is no mistake; a full disk is. */
static cli_exit close_output(const cli_call *call, cli_exit status)
{
    bool lost = ferror(stdout) != 0;
    errno = 0;
    if (fflush(stdout) != 0) lost = true;
    if (!lost || errno == EPIPE || errno == 0 || status != CLI_DONE) return status;
    char why[128];
    snprintf(why, sizeof why, "%s", strerror(errno));
    why[0] = (char)tolower((unsigned char)why[0]);
    return cli_fail(call, GRADUS_CODE_INPUT_OUTPUT, "stdout", "%s", why);
}

static cli_exit run(cli_call *call)
{
    if (call->version || call->help || !call->verb) {
        if (call->version)
            cli_print_version(call);
        else
            cli_print_help(call, call->verb);
        return CLI_DONE;
    }
    if ((call->verb->operands & (CLI_SETTINGS | CLI_FEEDBACK)) && cli_quotes_forgotten(call)) return CLI_MISUSE;
    return call->verb->run(call);
}

/* OpenMP's threads spin while they wait, unless they are told otherwise. On a machine that others use too, a spinning thread keeps
 * off the very one that it waits for: training was 20 to 40 times slower. The runtime listens only when it is loaded, hence the new
 * start; where that fails threads spin, and all else is the same. */
static void wait_without_spinning(char **words)
{
    if (getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT")) return;
    if (setenv("OMP_WAIT_POLICY", "passive", 1) == 0) execv("/proc/self/exe", words);
}

int main(int count, char **words)
{
    wait_without_spinning(words);
    setlocale(LC_CTYPE, ""); /* for the width of characters; numbers stay as they are everywhere */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow (ulimit -f) is one that cannot be written, and said to be */
    cli_call call;
    cli_exit status = CLI_MISUSE;
    if (cli_read(&call, count, words)) status = close_output(&call, run(&call));
    cli_clear(&call);
    return status;
}
