/* gradus save: has a run that trains save its state now. */
#include "ask.h"

static cli_exit run(cli_call *call) { return cli_ask(call, GRADUS_ASK_SAVE, NULL, "is saved"); }

const cli_verb cli_verb_save = {
    .name = "save",
    .summary = "have a run that trains save its state now",
    .usage = "RUN",
    .about = "Asks a run that is being trained to save its state after the update at hand, and waits for it.\n"
             "The signal SIGUSR1 and `touch RUN/ask-save` do the same.",
    .examples = "gradus save runs/mnist",
    .operands = CLI_RUNS,
    .least = 1,
    .most = 1,
    .run = run};
