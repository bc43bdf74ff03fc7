/* stop: reach(val_accuracy, 98%) ends a run when a measure is as good as was asked for. */
#include <math.h>
#include "stop.h"

enum { METRIC, VALUE, MODE };
enum { AUTO, MIN, MAX };

static const gradus_argument arguments[] = {
    {.name = "metric", .kind = GRADUS_METRIC, .help = "what is watched", .also = "monitor, quantity"},
    {.name = "value", .kind = GRADUS_SHARE, .help = "the target", .also = "target, baseline, threshold"},
    {.name = "mode",
     .kind = GRADUS_WORD,
     .initial = "auto",
     .words = "auto|min|max",
     .help = "whether less or more is better; auto: more of an accuracy, less of anything else",
     .flags = GRADUS_NAMED,
     .also = "direction"},
    {0}};

static void observe(const gradus_call *call, void *state, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    (void)state, (void)now;
    bool rises = call->number[MODE] == AUTO ? gradus_measure_rises(metric) : call->number[MODE] == MAX;
    if (!(rises ? value >= call->number[VALUE] : value <= call->number[VALUE])) return;
    *verdict = (gradus_verdict){.factor = verdict->factor,
                                .action = GRADUS_STOP,
                                .reason = GRADUS_REASON_MEMBER,
                                .rule = "{1=} has reached {2}",
                                .seen = {{metric, value}, {"value", call->number[VALUE]}}};
}

const gradus_feedback_row gradus_stop_reach = {.member = {.name = "reach",
                                                          .summary = "stops when a measure reaches a target",
                                                          .formula = "stop when the measure is as good as value",
                                                          .also = "target, goal, converged",
                                                          .arguments = arguments},
                                               .abi = GRADUS_ABI,
                                               .observe = observe};
