/* stop: time(2h) ends a run when it has taken so long; what earlier sessions of a resumed run took counts too. */
#include "stop.h"

enum { LIMIT };

static const gradus_argument arguments[] = {{.name = "limit",
                                             .kind = GRADUS_LENGTH,
                                             .help = "seconds of training, validation included: 90s, 30min, 2h",
                                             .also = "seconds, duration, max_time"},
                                            {0}};

static void observe(const gradus_call *call, void *state, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    (void)state, (void)now;
    if (value < call->number[LIMIT]) return;
    *verdict = (gradus_verdict){.factor = verdict->factor,
                                .action = GRADUS_STOP,
                                .reason = GRADUS_REASON_MEMBER,
                                .rule = "{1=} of a limit of {2}",
                                .seen = {{metric, value}, {"limit", call->number[LIMIT]}}};
}

const gradus_feedback_row gradus_stop_time = {.member = {.name = "time",
                                                         .summary = "stops when the run has taken so long",
                                                         .formula = "stop when seconds >= limit",
                                                         .also = "max_time, timeout, duration, budget",
                                                         .arguments = arguments},
                                              .abi = GRADUS_ABI,
                                              .metrics = "seconds",
                                              .observe = observe};
