/* gradus stop: ends a run that trains, with its state saved. */
#include "ask.h"

static cli_exit run(cli_call *call)
{
    return cli_ask(call, GRADUS_ASK_STOP, cli_has(call, "epoch") ? "epoch" : NULL,
                   "has stopped, its state is saved; gradus train --resume goes on with it");
}

static const cli_option options[] = {{"epoch", NULL, "let it finish the epoch under way"}, {0}};

const cli_verb cli_verb_stop = {
    .name = "stop",
    .summary = "have a run that trains save its state and end",
    .usage = "RUN",
    .about =
        "Asks a run that is being trained to end after the update at hand, with its state saved, and waits for it.\n"
        "gradus train --resume RUN goes on with it.",
    .examples = "gradus stop runs/mnist\ngradus stop runs/mnist --epoch",
    .options = options,
    .operands = CLI_RUNS,
    .least = 1,
    .most = 1,
    .run = run};
