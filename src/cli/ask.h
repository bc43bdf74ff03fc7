/* Asking a run that trains in another process: what save, cooldown and stop have in common. */
#ifndef GRADUS_CLI_ASK_H
#define GRADUS_CLI_ASK_H
#include "cli.h"

/* Asks RUN, the first word, and waits a while until it is done; then says `done` of it. */
cli_exit cli_ask(const cli_call *call, gradus_ask what, const char *how, const char *done);

#endif
