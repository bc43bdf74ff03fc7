/* Consecutive windows of a run, each of which has to be better than the one before, or the rate falls. A window is as long as its
 * argument says, whatever the measure: all looks of those updates count, be there one an update or one an epoch. */
#include "stretch.h"

enum { WINDOW, METRIC, MIN_DELTA, MIN_DELTA_MODE, PATIENCE, FACTOR, MODE, COOLDOWN, FLOOR };

/* clang-format off */
#define PIECE(piece, type) {.name = #piece, .kind = type, .offset = offsetof(rate_stretch, piece)}
const gradus_field gradus_rate_stretch_fields[] = {
    PIECE(from, GRADUS_DOUBLE), PIECE(sum, GRADUS_DOUBLE), PIECE(before, GRADUS_DOUBLE),
    PIECE(looks, GRADUS_INT64), PIECE(judged, GRADUS_INT64), PIECE(bad, GRADUS_INT64), PIECE(cooling, GRADUS_INT64),
    RATE_HELD_FIELDS(rate_stretch, held), {0}};
#undef PIECE
/* clang-format on */

static void lower(const gradus_call *call, const rate_stretch *state, rate_telling telling, double told,
                  gradus_verdict *verdict)
{
    if (!gradus_rate_lower(verdict, call->number[FACTOR], call->number[FLOOR], 0)) return;
    verdict->reason = GRADUS_REASON_PLATEAU;
    verdict->rule = telling == RATE_MEAN ? "mean {1=} over {4} updates, after {2}, no better by {3}"
                                         : "best {1=} in {4} updates, after {2}, no better by {3}";
    gradus_rate_see(verdict, 0, call->text[METRIC], told);
    gradus_rate_see(verdict, 1, "before", state->before);
    gradus_rate_see(verdict, 2, "min_delta", call->number[MIN_DELTA]);
    gradus_rate_see(verdict, 3, "window", call->number[WINDOW]);
}

/* The end of a window: after one that was better, and after every fall of the rate, the next has to better this one. */
static void judge(const gradus_call *call, rate_stretch *state, rate_telling telling, bool rises,
                  gradus_verdict *verdict)
{
    const rate_margin margin = {
        .threshold = call->number[MIN_DELTA], .mode = (int)call->number[MIN_DELTA_MODE], .rises = rises};
    double told = telling == RATE_MEAN ? state->sum / (double)state->looks : state->sum;
    bool counts = state->judged && state->cooling == 0, better = gradus_rate_is_better(&margin, told, state->before);
    if (state->cooling > 0) state->cooling--;
    state->judged = 1;
    if (counts && !better) {
        if ((double)++state->bad < call->number[PATIENCE]) return;
        lower(call, state, telling, told, verdict);
        state->cooling = (int64_t)call->number[COOLDOWN];
    }
    state->bad = 0;
    state->before = told;
}

/* A look at `time`: so many updates were done when what it tells of was. */
static void enter(const gradus_call *call, rate_stretch *state, rate_telling telling, double value, double time,
                  gradus_verdict *verdict)
{
    double window = fmax(1, call->number[WINDOW]);
    bool rises = gradus_rate_rises(call->text[METRIC], call->number[MODE]);
    if (time < state->from) { /* the clock was set back */
        state->from = time;
        state->looks = 0;
    }
    if (state->looks++ == 0)
        state->sum = value;
    else if (telling == RATE_MEAN)
        state->sum += value;
    else
        state->sum = rises ? fmax(state->sum, value) : fmin(state->sum, value);
    if (time < state->from + window) return;
    judge(call, state, telling, rises, verdict);
    state->from += window * floor((time - state->from) / window);
    state->looks = 0;
}

void gradus_rate_stretch_observe(const gradus_call *call, rate_stretch *state, rate_telling telling, const char *metric,
                                 double value, const gradus_clock *now, gradus_verdict *verdict)
{
    double time;
    if (gradus_rate_hold(&state->held, metric, &value, &time, now)) enter(call, state, telling, value, time, verdict);
}

const gradus_argument gradus_rate_stretch_arguments[] = {
    {.name = "window",
     .kind = GRADUS_LENGTH,
     .initial = "1000",
     .high = INFINITY,
     .open = "(",
     .help = "how long a window is",
     .search = "choice(500, 1000, 2000)"},
    RATE_METRIC_ROW("loss", "the measure to watch"),
    {.name = "min_delta",
     .kind = GRADUS_NUMBER,
     .initial = "1e-4",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "how much better than the window before counts as better",
     .also = "threshold, tolerance"},
    {.name = "min_delta_mode",
     .kind = GRADUS_WORD,
     .initial = "relative",
     .words = "relative|absolute",
     .flags = GRADUS_NAMED,
     .help = "whether min_delta is a share of the size of the measure or a difference",
     .also = "threshold_mode"},
    RATE_WHOLE_ROW("patience", "1", 1, "windows in a row that are no better before the rate falls"),
    RATE_FACTOR_ROW,
    RATE_MODE_ROW,
    RATE_WHOLE_ROW("cooldown", "0", 0, "windows after a reduction that do not count"),
    RATE_FLOOR_ROW("0"),
    {0}};
