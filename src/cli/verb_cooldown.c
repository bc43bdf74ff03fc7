/* gradus cooldown: has a run that trains begin to cool down now, so that what it has learnt is worth using soon. */
#include "ask.h"
#include <string.h>

static cli_exit run(cli_call *call)
{
    const char *how = call->words[1];
    char length[256];
    if (how && strspn(how, "0123456789.") > 0) { /* a length alone */
        snprintf(length, sizeof length, "decay(%.200s, shape=1-sqrt)", how);
        how = length;
    }
    return cli_ask(call, GRADUS_ASK_COOL_DOWN, how, "cools down");
}

const cli_verb cli_verb_cooldown = {
    .name = "cooldown",
    .summary = "have a run that trains begin its cool-down now",
    .usage = "RUN [LENGTH]\nRUN SCHEDULE",
    .about =
        "Asks a run that is being trained to lower its rate from here on, to nothing at its end or after a LENGTH such "
        "as 2ep,\n"
        "with which it ends then; a SCHEDULE says otherwise how. The signal SIGUSR2 does the same, without a length.",
    .examples = "gradus cooldown runs/mnist\ngradus cooldown runs/mnist 2ep\ngradus cooldown runs/mnist 'cooldown(500, "
                "power=2)'",
    .operands = CLI_RUNS,
    .least = 1,
    .most = 2,
    .run = run};
