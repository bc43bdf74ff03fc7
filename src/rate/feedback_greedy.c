/* greedy: raises the rate while a measure keeps getting better and lowers it when it does not, within bounds, after Subramanian and
 * others. Each change of direction asks for more patience, so that it comes to rest instead of swinging. */
#include "better.h"
#include <stddef.h>

enum {
    METRIC,
    PATIENCE,
    FACTOR,
    FLOOR,
    CEILING,
    THRESHOLD,
    THRESHOLD_MODE,
    MODE,
    COOLDOWN,
    RAISE_COOLDOWN,
    SETTLE,
    SMOOTH,
    WINDOW,
    RESTART,
    LEAST
};

typedef struct greedy_state {
    double best, sum;            /* sum: of the looks in the ring behind */
    int64_t has_best, good, bad; /* looks in a row that were better than ever, that were not */
    int64_t cooling, resting;    /* looks that do not count any more after a fall, after a rise */
    int64_t direction, turns;    /* of the last move: 1 up, -1 down, 0 none yet; how often it has changed */
    int64_t stuck;               /* falls in vain since the last rise */
    int64_t kept, next;          /* in the ring, and where the next goes */
} greedy_state;

/* clang-format off */
#define PIECE(piece, type) {.name = #piece, .kind = type, .offset = offsetof(greedy_state, piece)}
static const gradus_field fields[] = {
    PIECE(best, GRADUS_DOUBLE), PIECE(sum, GRADUS_DOUBLE), PIECE(has_best, GRADUS_INT64),
    PIECE(good, GRADUS_INT64), PIECE(bad, GRADUS_INT64), PIECE(cooling, GRADUS_INT64), PIECE(resting, GRADUS_INT64),
    PIECE(direction, GRADUS_INT64), PIECE(turns, GRADUS_INT64), PIECE(stuck, GRADUS_INT64),
    PIECE(kept, GRADUS_INT64), PIECE(next, GRADUS_INT64),
    {.name = "ring", .kind = GRADUS_DOUBLE, .length_argument = WINDOW + 1}, {0}};
#undef PIECE
/* clang-format on */

/* The mean of the latest WINDOW looks, this one included. */
static double smoothed(const gradus_call *call, greedy_state *state, double value)
{
    double *ring = (double *)(state + 1);
    int64_t size = (int64_t)call->number[WINDOW];
    state->sum += value;
    if (state->kept == size)
        state->sum -= ring[state->next];
    else
        state->kept++;
    ring[state->next] = value;
    state->next = (state->next + 1) % size;
    return state->sum / (double)state->kept;
}

/* A change of direction makes every later one harder. */
static void turn(greedy_state *state, int64_t direction)
{
    state->turns += state->direction == -direction;
    state->direction = direction;
}

static void raise_rate(const gradus_call *call, greedy_state *state, const char *metric, double value,
                       gradus_verdict *verdict)
{
    double raised = fmin(verdict->factor / call->number[FACTOR], call->number[CEILING]);
    if (raised - verdict->factor > call->number[LEAST]) {
        verdict->factor = raised;
        verdict->reason = GRADUS_REASON_IMPROVING;
        verdict->rule = "{1=} better than ever at {2} looks in a row";
        gradus_rate_see(verdict, 0, metric, value);
        gradus_rate_see(verdict, 1, "looks", (double)state->good);
        turn(state, 1);
    }
    state->stuck = 0;
}

static void start_again(greedy_state *state, gradus_verdict *verdict)
{
    verdict->factor = 1;
    verdict->reason = GRADUS_REASON_RATE_AT_MINIMUM;
    verdict->rule = "nothing better after {1} falls to the floor: starts again";
    gradus_rate_see(verdict, 0, "falls", (double)state->stuck);
    *state = (greedy_state){0};
}

static void lower_rate(const gradus_call *call, greedy_state *state, const char *metric, double value,
                       gradus_verdict *verdict)
{
    double restart = call->number[RESTART];
    if (gradus_rate_lower(verdict, call->number[FACTOR], call->number[FLOOR], call->number[LEAST])) {
        verdict->reason = GRADUS_REASON_PLATEAU;
        verdict->rule = "{1=} no better than {2} for {3} looks";
        gradus_rate_see(verdict, 0, metric, value);
        gradus_rate_see(verdict, 1, "best", state->best);
        gradus_rate_see(verdict, 2, "looks", (double)state->bad);
        turn(state, -1);
    }
    if (verdict->factor > call->number[FLOOR]) return;
    state->stuck++;
    if (restart >= 0 && (double)state->stuck >= restart) start_again(state, verdict);
}

static void judge(const gradus_call *call, greedy_state *state, const char *metric, double value,
                  gradus_verdict *verdict)
{
    const rate_margin margin = {.threshold = call->number[THRESHOLD],
                                .mode = (int)call->number[THRESHOLD_MODE],
                                .rises = gradus_rate_rises(metric, call->number[MODE])};
    double patience = call->number[PATIENCE];
    if (state->turns > 0) patience *= pow(call->number[SETTLE], (double)state->turns);
    if (state->has_best ? gradus_rate_is_better(&margin, value, state->best) : isfinite(value)) {
        state->best = value;
        state->has_best = 1;
        state->good++;
        state->bad = 0;
    } else {
        state->bad++;
        state->good = 0;
    }
    if ((double)state->good > patience) {
        raise_rate(call, state, metric, value, verdict);
        state->resting = (int64_t)call->number[RAISE_COOLDOWN];
        state->good = 0;
    } else if ((double)state->bad > patience) {
        lower_rate(call, state, metric, value, verdict);
        state->cooling = (int64_t)call->number[COOLDOWN];
        state->bad = 0;
    }
}

static void observe(const gradus_call *call, void *memory, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    (void)now;
    greedy_state *state = memory;
    if (call->number[SMOOTH] != 0 && isfinite(value)) value = smoothed(call, state, value);
    int64_t *pause = state->cooling > 0 ? &state->cooling : state->resting > 0 ? &state->resting : NULL;
    if (!pause) {
        judge(call, state, metric, value, verdict);
        return;
    }
    --*pause;
    state->good = state->bad = 0;
}

static const gradus_argument arguments[] = {
    RATE_METRIC_ROW("val_loss", "the measure to watch"),
    {.name = "patience",
     .kind = GRADUS_INTEGER,
     .initial = "4",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "the rate moves at the look after so many in a row that were better than ever, or that were not",
     .search = "int(1, 20)",
     .also = "wait"},
    {.name = "factor",
     .kind = GRADUS_SHARE,
     .initial = "0.8",
     .high = 1,
     .open = "()",
     .flags = GRADUS_NAMED,
     .help = "what the rate is multiplied by when it falls, and divided by when it rises",
     .search = "choice(0.5, 0.8, 0.95)",
     .also = "gamma"},
    RATE_FLOOR_ROW("1%"),
    {.name = "ceiling",
     .kind = GRADUS_SHARE,
     .initial = "10",
     .low = 1,
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "the factor never rises above this",
     .also = "max_lr, max_factor"},
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
     .help =
         "whether the threshold is a share of the size of the best or a difference; rel and abs: as torch has them"},
    RATE_MODE_ROW,
    RATE_WHOLE_ROW("cooldown", "0", 0, "looks after a fall that do not count"),
    RATE_WHOLE_ROW("raise_cooldown", "0", 0, "looks after a rise that do not count"),
    {.name = "settle",
     .kind = GRADUS_NUMBER,
     .initial = "2",
     .low = 1,
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "what the patience is multiplied by at each change of direction; 1: nothing"},
    {.name = "smooth",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED,
     .help = "judges the mean of the latest looks, for a measure of every update"},
    {.name = "window",
     .kind = GRADUS_INTEGER,
     .initial = "50",
     .low = 1,
     .high = 100000,
     .flags = GRADUS_NAMED,
     .help = "how many looks are in that mean"},
    {.name = "restart",
     .kind = GRADUS_INTEGER,
     .initial = "never",
     .words = "never",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "falls in vain, being at the floor, after which everything starts again at the rate of the beginning"},
    {.name = "least",
     .kind = GRADUS_SHARE,
     .initial = "0",
     .high = 1,
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "a move that would not change the factor by more than this is left out"},
    {0}};

static const gradus_like like[] = {
    {"hf", "GreedyLR",
     "mode=mode, factor=factor, patience=patience, threshold=threshold, threshold_mode=threshold_mode, "
     "cooldown=cooldown, warmup=raise_cooldown, min_lr=floor absolute, max_lr=ceiling absolute, eps=least absolute, "
     "smooth=smooth, window_size=window, reset_start=restart",
     "mode=min, factor=0.95, patience=10, threshold=1e-6, threshold_mode=abs, floor=1e-3 absolute, "
     "ceiling=1 absolute, least=1e-8 absolute, restart=500, settle=1"},
    {0}};

static const char notes[] =
    "Better than ever at more than `patience` looks in a row raises the rate, no better at as many lowers it. The "
    "factor stays between floor and ceiling. Where a measure goes up and down in turn the first look of each kind "
    "ends the row of the other, so that the rate does not follow it; longer waves are met by settle=2, which doubles "
    "the patience at each change of direction: n looks see no more than about log2(n / patience) of them.\n"
    "A rate that rises as long as it helps ends close to where it hurts: set a guard beside it. like=hf has a floor "
    "of 1e-3 and a ceiling of 1 unless given, whatever the rate: one that begins below that floor can only rise.";

const gradus_feedback_row gradus_feedback_greedy = {
    .member = {.name = "greedy",
               .summary = "raises the rate while a measure improves and lowers it when it does not",
               .formula = "/ factor after `patience` better looks in a row, x factor after as many that are not",
               .paper = "Subramanian, Krishnamoorthy and Murthy 2025, arXiv:2512.14527",
               .also = "greedylr, GreedyLR, bold_driver",
               .arguments = arguments,
               .like = like,
               .notes = notes,
               .example = "greedy(loss, smooth, patience=20, ceiling=3)"},
    .abi = GRADUS_ABI,
    .state_size = sizeof(greedy_state),
    .fields = fields,
    .observe = observe};
