/* plateau: lowers the rate when a measure has not become better for a number of looks. It multiplies, so it goes together
 * with any schedule and with a warm-up. The frameworks differ in four details; each is an argument. */
#include "rate.h"
#include <stddef.h>
#include <string.h>

enum { METRIC, PATIENCE, FACTOR, THRESHOLD, THRESHOLD_MODE, MODE, COOLDOWN, FLOOR, LEAST, TRIGGER, OVERLAP };
enum { RELATIVE, ABSOLUTE, TORCH_RELATIVE, TORCH_ABSOLUTE };
enum { AUTO, MIN, MAX };
enum { AT, AFTER };

typedef struct plateau_state {
    double best;
    int64_t looks, bad, cooling; /* looks at the measure; in a row without being better; left of a cool-down */
} plateau_state;

static const gradus_field fields[] = {
    {.name = "best", .kind = GRADUS_DOUBLE, .offset = offsetof(plateau_state, best)},
    {.name = "looks", .kind = GRADUS_INT64, .offset = offsetof(plateau_state, looks)},
    {.name = "bad", .kind = GRADUS_INT64, .offset = offsetof(plateau_state, bad)},
    {.name = "cooling", .kind = GRADUS_INT64, .offset = offsetof(plateau_state, cooling)},
    {0}};

bool gradus_measure_rises(const char *name)
{
    static const char *const rising[] = {"accuracy", "precision", "recall", "f1",  "auc",
                                         "r2",       "score",     "reward", "bleu"};
    for (size_t i = 0; i < sizeof rising / sizeof *rising; i++)
        if (strstr(name, rising[i])) return true;
    return false;
}

static bool wants_maximum(const gradus_call *call)
{
    return call->number[MODE] == AUTO ? gradus_measure_rises(call->text[METRIC]) : call->number[MODE] == MAX;
}

/* What a measure must pass to be better than `best`. A relative margin is a share of the size of `best`, so that it is a
 * margin for negative measures too; PyTorch's best x (1 - threshold) is none there. */
static double target(const gradus_call *call, double best, bool maximum)
{
    double threshold = call->number[THRESHOLD], sign = maximum ? 1 : -1;
    switch ((int)call->number[THRESHOLD_MODE]) {
    case RELATIVE: return best + sign * threshold * fabs(best);
    case TORCH_RELATIVE: return best * (1 + sign * threshold);
    default: return best + sign * threshold;
    }
}

static bool is_better(const gradus_call *call, const plateau_state *state, double value)
{
    if (!isfinite(value)) return false;
    if (state->looks == 0) return true;
    bool maximum = wants_maximum(call);
    double passed = target(call, state->best, maximum);
    return maximum ? value > passed : value < passed;
}

static void reduce(const gradus_call *call, const plateau_state *state, const char *metric, double value,
                   gradus_verdict *verdict)
{
    double lowered = fmax(verdict->factor * call->number[FACTOR], call->number[FLOOR]);
    if (!(verdict->factor - lowered > call->number[LEAST])) return;
    verdict->factor = lowered;
    verdict->reason = GRADUS_REASON_PLATEAU;
    verdict->rule = "{1=} no better than {2} for {3} looks";
    verdict->seen[0].name = metric, verdict->seen[0].value = value;
    verdict->seen[1].name = "best", verdict->seen[1].value = state->best;
    verdict->seen[2].name = "patience", verdict->seen[2].value = (double)state->bad;
}

static void observe(const gradus_call *call, void *memory, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    (void)now;
    plateau_state *state = memory;
    bool overlap = call->number[OVERLAP] != 0;
    if (state->cooling > 0 && overlap) state->cooling--, state->bad = 0;
    if (is_better(call, state, value)) {
        state->best = value;
        state->bad = 0;
        state->looks++;
    } else if (!overlap || state->cooling == 0) {
        state->bad++;
    }
    if (state->cooling > 0 && !overlap) state->cooling--, state->bad = 0;
    bool late = call->number[TRIGGER] == AFTER;
    if (state->bad == 0 || (double)state->bad < call->number[PATIENCE] + late) return;
    reduce(call, state, metric, value, verdict);
    state->cooling = (int64_t)call->number[COOLDOWN];
    state->bad = 0;
}

static const gradus_argument arguments[] = {
    {.name = "metric",
     .kind = GRADUS_METRIC,
     .initial = "val_loss",
     .help = "the measure to watch, usually once an epoch",
     .also = "monitor"},
    {.name = "patience",
     .kind = GRADUS_INTEGER,
     .initial = "10",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "looks in a row that are no better before the rate falls",
     .search = "int(2, 20)",
     .also = "wait"},
    {.name = "factor",
     .kind = GRADUS_SHARE,
     .initial = "10%",
     .high = 1,
     .open = "()",
     .flags = GRADUS_NAMED,
     .help = "what the rate is multiplied by",
     .search = "choice(10%, 20%, 50%)",
     .also = "gamma"},
    {.name = "threshold",
     .kind = GRADUS_NUMBER,
     .initial = "1e-4",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "how much better than the best counts as better",
     .also = "min_delta, tolerance"},
    {.name = "threshold_mode",
     .kind = GRADUS_WORD,
     .initial = "relative",
     .words = "relative|absolute|rel|abs",
     .flags = GRADUS_NAMED,
     .help =
         "whether the threshold is a share of the size of the best or a difference; rel and abs: as torch has them, "
         "rel being best x (1 - threshold), which is wrong for negative measures"},
    {.name = "mode",
     .kind = GRADUS_WORD,
     .initial = "auto",
     .words = "auto|min|max",
     .flags = GRADUS_NAMED,
     .help = "whether lower or higher is better; auto: higher for accuracy, score and the like"},
    {.name = "cooldown",
     .kind = GRADUS_INTEGER,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "looks after a reduction that do not count"},
    {.name = "floor",
     .kind = GRADUS_SHARE,
     .initial = "0",
     .high = 1,
     .flags = GRADUS_NAMED,
     .help = "the factor never falls below this",
     .also = "min_lr, min_scale, min_factor"},
    {.name = "least",
     .kind = GRADUS_SHARE,
     .initial = "0",
     .high = 1,
     .flags = GRADUS_NAMED,
     .help = "a reduction that would not lower the factor by more than this is left out",
     .also = "eps"},
    {.name = "trigger",
     .kind = GRADUS_WORD,
     .initial = "at",
     .words = "at|after",
     .flags = GRADUS_NAMED,
     .help = "whether the rate falls at the look that exhausts the patience or at the one after"},
    {.name = "overlap",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED,
     .help = "the last look of a cool-down counts already"},
    {0}};

static const gradus_like like[] = {
    {"torch", "ReduceLROnPlateau",
     "mode=mode, factor=factor, patience=patience, threshold=threshold, threshold_mode=threshold_mode, "
     "cooldown=cooldown, "
     "min_lr=floor absolute, eps=least absolute",
     "mode=min, threshold_mode=rel, least=1e-8 absolute, trigger=after"},
    {"optax", "reduce_on_plateau",
     "factor=factor, patience=patience, rtol=threshold, cooldown=cooldown, min_scale=floor", "threshold_mode=rel"},
    {"keras", "ReduceLROnPlateau",
     "monitor=metric, factor=factor, patience=patience, mode=mode, min_delta=threshold, cooldown=cooldown, "
     "min_lr=floor absolute",
     "threshold_mode=absolute, overlap=true"},
    {0}};

const gradus_feedback_row gradus_feedback_plateau = {
    .member = {.name = "plateau",
               .summary = "lowers the rate when a measure stops improving",
               .formula = "x factor after `patience` looks none of which was better than best - threshold |best|",
               .also = "reduce_on_plateau, ReduceLROnPlateau, PlateauLRScheduler",
               .arguments = arguments,
               .like = like},
    .abi = GRADUS_ABI,
    .state_size = sizeof(plateau_state),
    .fields = fields,
    .observe = observe};
