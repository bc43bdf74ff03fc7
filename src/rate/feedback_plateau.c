/* plateau: lowers the rate when a measure has not become better for a number of looks. It multiplies, so it goes together
 * with any schedule and with a warm-up. The frameworks differ in five details; each is an argument. */
#include "better.h"
#include <stddef.h>

enum {
    METRIC,
    PATIENCE,
    FACTOR,
    THRESHOLD,
    THRESHOLD_MODE,
    MODE,
    AVERAGE,
    COOLDOWN,
    FLOOR,
    LEAST,
    TRIGGER,
    OVERLAP,
    FURTHER
};
enum { AT, AFTER, EXACTLY };

typedef struct plateau_state {
    double best, mean; /* mean: of the looks that are not yet averaged into one */
    int64_t looks, bad, cooling,
        pending; /* looks that were better; in a row that were not; left of a cool-down; in the mean */
} plateau_state;

static const gradus_field fields[] = {
    {.name = "best", .kind = GRADUS_DOUBLE, .offset = offsetof(plateau_state, best)},
    {.name = "mean", .kind = GRADUS_DOUBLE, .offset = offsetof(plateau_state, mean)},
    {.name = "looks", .kind = GRADUS_INT64, .offset = offsetof(plateau_state, looks)},
    {.name = "bad", .kind = GRADUS_INT64, .offset = offsetof(plateau_state, bad)},
    {.name = "cooling", .kind = GRADUS_INT64, .offset = offsetof(plateau_state, cooling)},
    {.name = "pending", .kind = GRADUS_INT64, .offset = offsetof(plateau_state, pending)},
    {0}};

static bool is_better(const gradus_call *call, const plateau_state *state, double value)
{
    const rate_margin margin = {.threshold = call->number[THRESHOLD],
                                .further = call->number[FURTHER],
                                .mode = (int)call->number[THRESHOLD_MODE],
                                .rises = gradus_rate_rises(call->text[METRIC], call->number[MODE])};
    return state->looks == 0 ? isfinite(value) != 0 : gradus_rate_is_better(&margin, value, state->best);
}

/* Whether so many looks in a row without being better are the end of the patience. */
static bool is_exhausted(const gradus_call *call, const plateau_state *state)
{
    double bad = (double)state->bad, patience = call->number[PATIENCE];
    switch ((int)call->number[TRIGGER]) {
    case AT: return bad > 0 && bad >= patience;
    case AFTER: return bad > patience;
    default: return bad == patience;
    }
}

static void reduce(const gradus_call *call, const plateau_state *state, const char *metric, double value,
                   gradus_verdict *verdict)
{
    if (!gradus_rate_lower(verdict, call->number[FACTOR], call->number[FLOOR], call->number[LEAST])) return;
    verdict->reason = GRADUS_REASON_PLATEAU;
    verdict->rule = "{1=} no better than {2} for {3} looks";
    gradus_rate_see(verdict, 0, metric, value);
    gradus_rate_see(verdict, 1, "best", state->best);
    gradus_rate_see(verdict, 2, "patience", (double)state->bad);
}

static void judge(const gradus_call *call, plateau_state *state, const char *metric, double value,
                  gradus_verdict *verdict)
{
    bool cools = state->cooling > 0, overlap = call->number[OVERLAP] != 0;
    if (cools) state->cooling--;
    if (overlap) cools = state->cooling > 0; /* the last look of a cool-down counts already */
    if (is_better(call, state, value)) {
        state->best = value;
        state->bad = 0;
        state->looks++;
    } else {
        state->bad++;
    }
    if (cools) state->bad = 0;
    if (cools || !is_exhausted(call, state)) return;
    reduce(call, state, metric, value, verdict);
    state->cooling = (int64_t)call->number[COOLDOWN];
    state->bad = 0;
}

static void observe(const gradus_call *call, void *memory, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    (void)now;
    plateau_state *state = memory;
    double pending = (double)state->pending++;
    state->mean = (pending * state->mean + value) / (pending + 1);
    if ((double)state->pending < call->number[AVERAGE]) return;
    value = state->mean;
    state->mean = 0;
    state->pending = 0;
    judge(call, state, metric, value, verdict);
}

static const gradus_argument arguments[] = {
    RATE_METRIC_ROW("val_loss", "the measure to watch, usually once an epoch"),
    {.name = "patience",
     .kind = GRADUS_INTEGER,
     .initial = "10",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "looks in a row that are no better before the rate falls",
     .search = "int(2, 20)",
     .also = "wait"},
    RATE_FACTOR_ROW,
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
     .words = RATE_MARGINS,
     .flags = GRADUS_NAMED,
     .help = "whether the threshold is a share of the size of the best or a difference; rel and abs: as torch has "
             "them, rel being best x (1 - threshold), which is wrong for negative measures"},
    RATE_MODE_ROW,
    {.name = "average",
     .kind = GRADUS_INTEGER,
     .initial = "1",
     .low = 1,
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "looks that are averaged into one first, for a measure of every update",
     .also = "accumulation_size"},
    RATE_WHOLE_ROW("cooldown", "0", 0, "looks after a reduction that do not count"),
    RATE_FLOOR_ROW("0"),
    {.name = "least",
     .kind = GRADUS_SHARE,
     .initial = "0",
     .high = 1,
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "a reduction that would not lower the factor by more than this is left out"},
    {.name = "trigger",
     .kind = GRADUS_WORD,
     .initial = "at",
     .words = "at|after|exactly",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "whether the rate falls at the look that exhausts the patience or at the one after; exactly: when just so "
             "many were no better, so that with a patience of 0 it falls whenever the measure improves"},
    {.name = "overlap",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "the last look of a cool-down counts already"},
    {.name = "further",
     .kind = GRADUS_NUMBER,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "a difference by which a measure must be better besides the threshold"},
    {0}};

#define AS_TORCH "threshold_mode=rel, least=1e-8 absolute, trigger=after"
static const gradus_like like[] = {
    {"torch", "ReduceLROnPlateau",
     "mode=mode, factor=factor, patience=patience, threshold=threshold, threshold_mode=threshold_mode, "
     "cooldown=cooldown, min_lr=floor absolute, eps=least absolute",
     "mode=min, " AS_TORCH},
    {"timm", "PlateauLRScheduler",
     "mode=mode, decay_rate=factor, patience_t=patience, threshold=threshold, cooldown_t=cooldown, "
     "lr_min=floor absolute",
     "mode=max, " AS_TORCH},
    {"optax", "reduce_on_plateau",
     "factor=factor, patience=patience, rtol=threshold, atol=further, cooldown=cooldown, accumulation_size=average, "
     "min_scale=floor",
     "mode=min, threshold_mode=rel, trigger=exactly"},
    {"keras", "ReduceLROnPlateau",
     "monitor=metric, factor=factor, patience=patience, mode=mode, min_delta=threshold, cooldown=cooldown, "
     "min_lr=floor absolute",
     "threshold_mode=absolute, overlap=true"},
    {0}};
#undef AS_TORCH

static const gradus_refusal refuses[] = {
    {"warmup_t", "a warm-up is the schedule's: schedule='warmup(%s)'"},
    {"warmup_lr_init", "a warm-up is the schedule's: schedule='warmup(5ep, from=%s)'"},
    {0}};

/* What optax refuses. */
static const char *check(const gradus_call *call)
{
    if ((int)call->number[TRIGGER] != EXACTLY) return NULL;
    if (call->number[THRESHOLD] > 1) return "rtol= cannot be more than 1";
    return call->number[THRESHOLD] + call->number[FURTHER] > 0 ? NULL : "rtol= and atol= cannot both be 0";
}

static const char notes[] =
    "It multiplies, so that it goes together with any schedule and any other feedback: 'warmup(5%) > constant' with "
    "a plateau warms up once, and what the plateau has taken away stays away. A look at which the measure is not "
    "finite counts as no better. It compares single looks: where these are noisy, as a loss of every update is, "
    "write average= or take average_loss or slope.\n"
    "The frameworks differ in when the rate falls: with patience=2 at the third look that is no better (torch, "
    "timm), or at the second (keras, optax). optax with a patience of 0 lowers at every improvement and never at a "
    "plateau; so does like=optax. A margin in per cent of a negative best is none in torch and optax: "
    "threshold_mode=relative is right.";

const gradus_feedback_row gradus_feedback_plateau = {
    .member = {.name = "plateau",
               .summary = "lowers the rate when a measure stops improving",
               .formula = "x factor after `patience` looks none of which was better than best - threshold |best|",
               .paper = "Krizhevsky, Sutskever and Hinton 2012, section 5",
               .also = "reduce_on_plateau, ReduceLROnPlateau, PlateauLRScheduler",
               .arguments = arguments,
               .like = like,
               .refuses = refuses,
               .notes = notes,
               .example = "plateau(val_loss, patience=5, factor=0.5)"},
    .abi = GRADUS_ABI,
    .state_size = sizeof(plateau_state),
    .fields = fields,
    .observe = observe,
    .check = check};
