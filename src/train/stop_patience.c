/* stop: patience(val_loss, 10) ends a run when a measure has not improved for so many looks.
 * Prechelt, "Early stopping - but when?" (1998), criterion UP with strips of one look. */
#include <math.h>
#include "stop.h"

enum { METRIC, PATIENCE, MIN_DELTA, MODE };
enum { AUTO, MIN, MAX };

static const gradus_argument arguments[] = {
    {.name = "metric",
     .kind = GRADUS_METRIC,
     .initial = "val_loss",
     .help = "what is watched",
     .also = "monitor, quantity"},
    {.name = "patience",
     .kind = GRADUS_INTEGER,
     .initial = "10",
     .low = 1,
     .high = 1e9,
     .help = "how many looks without improvement end the run; one look an epoch",
     .also = "looks, wait, n_iter_no_change"},
    {.name = "min_delta",
     .kind = GRADUS_NUMBER,
     .initial = "0",
     .low = 0,
     .high = INFINITY,
     .help = "an improvement is more than this",
     .flags = GRADUS_NAMED,
     .also = "threshold, delta, tol"},
    {.name = "mode",
     .kind = GRADUS_WORD,
     .initial = "auto",
     .words = "auto|min|max",
     .help = "whether less or more is better; auto: more of an accuracy, less of anything else",
     .flags = GRADUS_NAMED,
     .also = "direction"},
    {0}};

typedef struct patience {
    int64_t seen, waited;
    double best;
} patience;

static const gradus_field fields[] = {{"seen", GRADUS_INT64, offsetof(patience, seen), 0},
                                      {"waited", GRADUS_INT64, offsetof(patience, waited), 0},
                                      {"best", GRADUS_DOUBLE, offsetof(patience, best), 0},
                                      {0}};

static void observe(const gradus_call *call, void *state, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    (void)now;
    patience *own = state;
    bool rises = call->number[MODE] == AUTO ? gradus_measure_rises(metric) : call->number[MODE] == MAX;
    double gain = rises ? value - own->best : own->best - value;
    bool better = isfinite(value) && (!own->seen || gain > call->number[MIN_DELTA]);
    if (better) own->best = value, own->seen = 1;
    own->waited = better ? 0 : own->waited + 1;
    if (own->waited < (int64_t)call->number[PATIENCE]) return;
    *verdict = (gradus_verdict){.factor = verdict->factor,
                                .action = GRADUS_STOP,
                                .reason = GRADUS_REASON_MEMBER,
                                .rule = "{1=} no better than {2} for {3} looks",
                                .seen = {{metric, value}, {"best", own->best}, {"patience", (double)own->waited}}};
}

const gradus_feedback_row gradus_stop_patience = {
    .member = {.name = "patience",
               .summary = "stops when a measure has not improved for so many looks",
               .formula = "stop when looks since the best >= patience",
               .paper = "Prechelt 1998, Early stopping - but when?",
               .also = "early_stopping, EarlyStopping, no_improvement",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .state_size = sizeof(patience),
    .fields = fields,
    .observe = observe};
