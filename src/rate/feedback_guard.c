/* guard: looks at every gradient before it reaches the parameters. A non-finite or exploding one is skipped, or clipped; when too many of
 * the last looks were wrong the run goes back to a snapshot from before the trouble began and on at a lower rate, or, where
 * there is no such snapshot, on from here at a lower rate. Statistics see finite numbers of applied updates only. */
#include "better.h"
#include "window.h"
#include <stddef.h>
#include <string.h>

enum {
    Z,
    WINDOW,
    COUNT,
    WITHIN,
    ACTION,
    BACKOFF,
    THIRD,
    REWARM,
    NORM,
    SKIPS,
    ROLLBACKS,
    PER,
    QUIET,
    RECOVER,
    WORSE,
    RISE,
    EXPLODING,
    MANY,
    AMONG
};
enum { ROLL_BACK, BACK_OFF, STOP, ONLY_SKIP };
enum { NOT_USED, CLIPPED };
enum { LOSS = 1, NORM_OF_GRADIENT, NON_FINITE };
enum { FEWEST = 20, FREE_SKIPS = 10, PER_WHEN_ENDLESS = 1000, LONGEST_WITHIN = 64, LONGEST_AMONG = 60 };

typedef struct guard_state {
    /* what was measured of the gradient at hand; non_finite: what of it is not, broken: its value */
    int64_t has_loss, has_norm, non_finite;
    double loss, norm, broken;
    /* what was measured of the update handed out last: enters the windows once it is known to have been applied */
    int64_t held, held_update;
    double held_loss, held_norm;
    /* the windows: how many they hold, and where the next goes */
    int64_t losses, next_loss, norms, next_norm;
    /* how many have ever come of the latest losses, of looks, and of the first losses, whose highest is kept */
    int64_t recents, looks, firsts;
    double first;
    double first_norm; /* median of the first norms; 0: not enough have come yet */
    int64_t highs;     /* a bit a look, the latest lowest: whether its loss was high */
    /* what it has lowered the rate to; updates without trouble; interventions in a row and in all */
    double level;
    int64_t skips, calm, in_a_row, interventions;
    /* it has asked to go back, and has not seen yet whether that was done; the rate rises again since warm_start */
    int64_t asked, asked_update, warming, warm_start;
    double recent[LONGEST_WITHIN]; /* the latest losses: a burst is judged against what came before it */
    int64_t marks[LONGEST_WITHIN]; /* the latest looks: update that looked wrong, -1: fine */
} guard_state;

/* clang-format off */
#define INT(name)              {#name, GRADUS_INT64, offsetof(guard_state, name), 0}
#define REAL(name)             {#name, GRADUS_DOUBLE, offsetof(guard_state, name), 0}
#define BEHIND(name, argument) {name, GRADUS_DOUBLE, 0, (argument) + 1}     /* as long as the argument says, behind the struct */
static const gradus_field fields[] = {
    INT(has_loss), INT(has_norm), INT(non_finite), REAL(loss), REAL(norm), REAL(broken),
    INT(held), INT(held_update), REAL(held_loss), REAL(held_norm),
    INT(losses), INT(next_loss), INT(norms), INT(next_norm),
    INT(recents), INT(looks), INT(firsts), REAL(first), REAL(first_norm), INT(highs),
    REAL(level), INT(skips), INT(calm), INT(in_a_row), INT(interventions),
    INT(asked), INT(asked_update), INT(warming), INT(warm_start),
    {"recent", GRADUS_DOUBLE, offsetof(guard_state, recent), -LONGEST_WITHIN},
    {"marks", GRADUS_INT64, offsetof(guard_state, marks), -LONGEST_WITHIN},
    BEHIND("loss_ring", WINDOW), BEHIND("loss_sorted", WINDOW), BEHIND("norm_ring", WINDOW), BEHIND("norm_sorted", WINDOW),
    BEHIND("intervened", ROLLBACKS), {0}};
#undef INT
#undef REAL
#undef BEHIND
/* clang-format on */

static double *behind(guard_state *state) { return (double *)(state + 1); }

static rate_window loss_window(const gradus_call *call, guard_state *state)
{
    int64_t size = (int64_t)call->number[WINDOW];
    return (rate_window){behind(state), behind(state) + size, size, &state->losses, &state->next_loss};
}

static rate_window norm_window(const gradus_call *call, guard_state *state)
{
    int64_t size = (int64_t)call->number[WINDOW];
    return (rate_window){behind(state) + 2 * size, behind(state) + 3 * size, size, &state->norms, &state->next_norm};
}

/* Updates at which it intervened, the latest ROLLBACKS of them. */
static double *intervened(const gradus_call *call, guard_state *state)
{
    return behind(state) + 4 * (int64_t)call->number[WINDOW];
}

static void start(const gradus_call *call, void *memory)
{
    (void)call;
    guard_state *state = memory;
    state->level = 1;
    for (int i = 0; i < LONGEST_WITHIN; i++) state->marks[i] = -1;
}

/* ---- what it sees ---- */

static void observe(const gradus_call *call, void *memory, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    (void)call, (void)now, (void)verdict;
    guard_state *state = memory;
    int kind = strcmp(metric, "loss") == 0            ? LOSS
               : strcmp(metric, "gradient_norm") == 0 ? NORM_OF_GRADIENT
                                                      : NON_FINITE;
    if (!isfinite(value) || (kind == NON_FINITE && value > 0)) {
        if (state->non_finite == LOSS) return; /* that is why the gradient is not finite either */
        state->non_finite = kind;
        state->broken = value;
    } else if (kind == LOSS) {
        state->has_loss = 1;
        state->loss = value;
    } else if (kind == NORM_OF_GRADIENT) {
        state->has_norm = 1;
        state->norm = value;
    }
}

static void push_loss(const gradus_call *call, guard_state *state, double loss)
{
    int64_t within = (int64_t)call->number[WITHIN], place = state->recents % within;
    if (state->firsts < within) state->first = state->firsts++ ? fmax(state->first, loss) : loss;
    if (state->recents >= within) {
        rate_window window = loss_window(call, state);
        gradus_rate_window_push(&window, state->recent[place]);
    }
    state->recent[place] = loss;
    state->recents++;
}

/* Medians of fewer numbers tell little. */
static bool is_full_enough(const rate_window *window)
{
    int64_t fewest = window->capacity / 4 > FEWEST ? window->capacity / 4 : FEWEST;
    return *window->count >= fewest;
}

static void push_norm(const gradus_call *call, guard_state *state, double norm)
{
    rate_window window = norm_window(call, state);
    gradus_rate_window_push(&window, norm);
    if (!(state->first_norm > 0) && is_full_enough(&window)) state->first_norm = gradus_rate_window_median(&window);
}

static void forget_burst(guard_state *state)
{
    state->recents = state->highs = 0;
    for (int i = 0; i < LONGEST_WITHIN; i++) state->marks[i] = -1;
}

/* What became of the update before this one, and of a wish to go back. */
static void settle(const gradus_call *call, guard_state *state, const gradus_clock *now)
{
    if (state->held && now->updates > state->held_update) {
        if (state->held & 1) push_loss(call, state, state->held_loss);
        if (state->held & 2) push_norm(call, state, state->held_norm);
    }
    state->held = 0;
    if (!state->asked) return;
    forget_burst(state);
    if (now->updates >= state->asked_update)
        state->losses = state->next_loss = 0; /* still here: what was normal is so no longer */
    state->asked = 0;
    state->warming = call->number[REWARM] > 0;
    state->warm_start = now->updates;
}

/* ---- what it makes of it ---- */

/* A loss above what was usual before the latest looks, beyond so many robust deviations, and a real part of the way back to where
 * the run began, so that a converged run may be as noisy as it likes. */
static bool loss_rises(const gradus_call *call, guard_state *state, double deviations)
{
    rate_window window = loss_window(call, state);
    if (!state->has_loss || !is_full_enough(&window)) return false;
    double median = gradus_rate_window_median(&window), excess = state->loss - median;
    return excess > 0 && excess > call->number[RISE] * fabs(state->first - median) &&
           gradus_rate_window_deviates_less(&window, excess / deviations);
}

/* Far above, and above all of them. */
static bool loss_jumps(const gradus_call *call, guard_state *state)
{
    rate_window window = loss_window(call, state);
    return loss_rises(call, state, call->number[Z]) && state->loss > gradus_rate_window_highest(&window);
}

/* Half as far above, this one too and MANY of the latest AMONG. Losses that stay high enter the windows, which a few of them do
 * not move. */
static bool loss_stays_high(const gradus_call *call, guard_state *state)
{
    if (call->number[MANY] < 0) return false;
    bool high = loss_rises(call, state, call->number[Z] / 2);
    uint64_t latest = ((uint64_t)1 << (int)call->number[AMONG]) - 1, count = 0;
    uint64_t highs = ((uint64_t)state->highs << 1 | high) & latest;
    state->highs = (int64_t)highs;
    for (; high && highs; highs &= highs - 1) count++;
    return (double)count >= call->number[MANY];
}

/* Losses that have been worse than at the start for half a window. */
static bool loss_is_lost(const gradus_call *call, guard_state *state)
{
    rate_window window = loss_window(call, state);
    if (!state->has_loss || !(state->first > 0) || !is_full_enough(&window)) return false;
    double limit = call->number[WORSE] * state->first;
    return state->loss > limit && gradus_rate_window_median(&window) > limit;
}

/* What norms are measured against. A converged run has a median near 0, and any hard example is a thousand times that: gradients
 * of the length that the run began with explode nothing. */
static double usual_norm(const gradus_call *call, guard_state *state)
{
    rate_window window = norm_window(call, state);
    return fmax(gradus_rate_window_median(&window), state->first_norm);
}

static bool norm_explodes(const gradus_call *call, guard_state *state)
{
    rate_window window = norm_window(call, state);
    return state->has_norm && is_full_enough(&window) && state->norm > call->number[NORM] * usual_norm(call, state);
}

/* Enters this look among the latest; whether COUNT of them were wrong. *onset is the first of those. */
static bool mark(const gradus_call *call, guard_state *state, bool wrong, int64_t update, int64_t *onset)
{
    int64_t within = (int64_t)call->number[WITHIN], bad = 0;
    state->marks[state->looks++ % within] = wrong ? update : -1;
    for (int64_t i = 0; i < within; i++) {
        if (state->marks[i] < 0) continue;
        if (bad++ == 0 || state->marks[i] < *onset) *onset = state->marks[i];
    }
    return (double)bad >= call->number[COUNT];
}

static void tell(gradus_verdict *verdict, gradus_reason reason, const char *rule)
{
    verdict->reason = reason;
    verdict->rule = rule;
}

/* What is wrong with the gradient at hand. */
typedef struct guard_look {
    bool broken, jumps, stays, lost, explodes;
} guard_look;

static void explain_loss(const gradus_call *call, guard_state *state, const guard_look *look, gradus_verdict *verdict)
{
    rate_window losses = loss_window(call, state);
    double median = gradus_rate_window_median(&losses);
    if (look->jumps) {
        tell(verdict, GRADUS_REASON_DIVERGING, "{1=} is {2} deviations above its median {3}");
        gradus_rate_see(verdict, 0, "loss", state->loss);
        gradus_rate_see(verdict, 1, "z", (state->loss - median) / gradus_rate_window_deviation(&losses));
        gradus_rate_see(verdict, 2, "median", median);
    } else if (look->stays) {
        tell(verdict, GRADUS_REASON_DIVERGING,
             "{2} of the latest {3} losses are far above their median {4}, this one is {1}");
        gradus_rate_see(verdict, 0, "loss", state->loss);
        gradus_rate_see(verdict, 1, "many", call->number[MANY]);
        gradus_rate_see(verdict, 2, "among", call->number[AMONG]);
        gradus_rate_see(verdict, 3, "median", median);
    } else {
        tell(verdict, GRADUS_REASON_DIVERGING, "{1=}, and the median {2}, are above {3} times the first, {4}");
        gradus_rate_see(verdict, 0, "loss", state->loss);
        gradus_rate_see(verdict, 1, "median", median);
        gradus_rate_see(verdict, 2, "worse", call->number[WORSE]);
        gradus_rate_see(verdict, 3, "first", state->first);
    }
}

/* Says which of its rules was broken; the reason is that of the gradient at hand. */
static void explain(const gradus_call *call, guard_state *state, const guard_look *look, gradus_verdict *verdict)
{
    if (look->broken) {
        bool counted = state->non_finite == NON_FINITE;
        tell(verdict, GRADUS_REASON_NON_FINITE,
             counted ? "{1} values of the gradient are not finite" : "{1=} is not finite");
        gradus_rate_see(verdict, 0,
                        counted                     ? "non_finite"
                        : state->non_finite == LOSS ? "loss"
                                                    : "gradient_norm",
                        state->broken);
    } else if (look->explodes && !look->jumps) {
        tell(verdict, GRADUS_REASON_EXPLODING_GRADIENT, "{1=} is more than {2} times what is usual, {3}");
        gradus_rate_see(verdict, 0, "gradient_norm", state->norm);
        gradus_rate_see(verdict, 1, "norm", call->number[NORM]);
        gradus_rate_see(verdict, 2, "usual", usual_norm(call, state));
    } else {
        explain_loss(call, state, look, verdict);
    }
}

static double per_of(const gradus_call *call)
{
    return isfinite(call->number[PER]) ? call->number[PER] : PER_WHEN_ENDLESS;
}

/* Whether it has intervened ROLLBACKS times within the latest PER updates. What was gone back over does not count: a run that comes to
 * the same place again and again, however long it takes to get there, would never end. */
static bool too_often(const gradus_call *call, guard_state *state, const gradus_clock *now)
{
    int64_t most = (int64_t)call->number[ROLLBACKS];
    if (state->interventions < most) return false;
    return (double)now->updates - intervened(call, state)[state->interventions % most] <= per_of(call);
}

static void stop_for_trouble(const gradus_call *call, guard_state *state, gradus_verdict *verdict)
{
    verdict->action = GRADUS_STOP;
    if ((int)call->number[ACTION] == STOP) return;
    gradus_verdict cause = *verdict;
    tell(verdict, GRADUS_REASON_TOO_MANY_ROLLBACKS, "trouble again, {1=}, after {2} interventions within {3} updates");
    verdict->seen[0] = cause.seen[0];
    gradus_rate_see(verdict, 1, "rollbacks", call->number[ROLLBACKS]);
    gradus_rate_see(verdict, 2, "per", fmin(per_of(call), (double)state->looks));
    gradus_rate_see(verdict, 3, NULL, 0);
}

static void intervene(const gradus_call *call, guard_state *state, const gradus_clock *now, int64_t onset,
                      gradus_verdict *verdict)
{
    if ((int)call->number[ACTION] == STOP || too_often(call, state, now)) {
        stop_for_trouble(call, state, verdict);
        return;
    }
    intervened(call, state)[state->interventions++ % (int64_t)call->number[ROLLBACKS]] = (double)now->updates;
    state->in_a_row++;
    verdict->was = state->level;
    state->level *= state->in_a_row % 3 == 0 ? call->number[THIRD] : call->number[BACKOFF];
    state->asked = 1;
    state->asked_update = now->updates;
    verdict->factor = state->level;
    verdict->onset = onset;
    verdict->action = (int)call->number[ACTION] == ROLL_BACK ? GRADUS_ROLL_BACK : GRADUS_SKIP;
}

/* The factor on its way up after an intervention. */
static double warmed(const gradus_call *call, guard_state *state, const gradus_clock *now)
{
    if (!state->warming) return state->level;
    double done = (double)(now->updates - state->warm_start + 1) / call->number[REWARM];
    if (done >= 1 || done <= 0) state->warming = 0; /* through, or set back by somebody else */
    return state->warming ? state->level * done : state->level;
}

/* A gradient that is not used leaves the factor where it was, also on the way up; one that is only too long may be clipped. */
static void skip(const gradus_call *call, guard_state *state, const gradus_clock *now, bool too_long,
                 gradus_verdict *verdict)
{
    state->skips++;
    verdict->action = GRADUS_SKIP;
    if ((double)state->skips > fmax(FREE_SKIPS, call->number[SKIPS] * (double)now->attempts)) {
        verdict->action = GRADUS_STOP;
        tell(verdict, GRADUS_REASON_TOO_MANY_SKIPS, "{1} of {2} gradients could not be used, this one with {3=}");
        verdict->seen[2] = verdict->seen[0];
        gradus_rate_see(verdict, 0, "skips", (double)state->skips);
        gradus_rate_see(verdict, 1, "attempts", (double)now->attempts);
        gradus_rate_see(verdict, 3, NULL, 0);
    } else if (too_long && (int)call->number[EXPLODING] == CLIPPED) {
        verdict->action = GRADUS_APPLY;
        verdict->was = verdict->factor = warmed(call, state, now);
        verdict->gradient_scale = usual_norm(call, state) / state->norm;
    }
}

/* After a long calm the rate may rise again, never above what the schedule says. */
static void recover(const gradus_call *call, guard_state *state, gradus_verdict *verdict)
{
    double quiet = fmin(call->number[QUIET], per_of(call)); /* where nothing happened for so long, all is forgiven */
    if ((double)++state->calm < quiet) return;
    state->calm = 0;
    state->in_a_row = 0;
    if (state->level >= 1 || call->number[RECOVER] <= 1) return;
    state->level = fmin(1, state->level * call->number[RECOVER]);
    verdict->rule = "{1} updates without trouble";
    gradus_rate_see(verdict, 0, "quiet", ceil(quiet));
}

/* Where the trouble began, as far back as the rule that saw it looks. */
static int64_t onset_of(const gradus_call *call, const guard_state *state, const guard_look *look, int64_t first)
{
    int64_t window = (int64_t)call->number[WINDOW];
    if (look->lost) return first - (state->losses < window ? state->losses : window);
    return look->stays && !look->jumps ? first - (int64_t)call->number[AMONG] : first;
}

static guard_look look_at(const gradus_call *call, guard_state *state)
{
    guard_look look = {.broken = state->non_finite != 0, .explodes = norm_explodes(call, state)};
    look.stays = loss_stays_high(call, state);
    look.jumps = !look.broken && loss_jumps(call, state);
    look.lost = !look.jumps && loss_is_lost(call, state);
    return look;
}

/* What is done about it. */
static void answer(const gradus_call *call, guard_state *state, const gradus_clock *now, gradus_verdict *verdict)
{
    guard_look look = look_at(call, state);
    bool wrong = look.broken || look.jumps || look.stays || look.lost || look.explodes;
    int64_t first = now->updates;
    bool trouble = mark(call, state, wrong, now->updates, &first) || look.stays;
    if (!wrong) {
        recover(call, state, verdict);
        verdict->factor = warmed(call, state, now);
        return;
    }
    state->calm = 0;
    explain(call, state, &look, verdict);
    if (trouble && (int)call->number[ACTION] != ONLY_SKIP) {
        intervene(call, state, now, onset_of(call, state, &look, first), verdict);
    } else if (trouble || look.broken || look.explodes) {
        skip(call, state, now, look.explodes && !look.broken && !trouble, verdict);
    } else { /* a single bad loss is not yet anything */
        verdict->rule = NULL, verdict->reason = GRADUS_REASON_NONE;
        verdict->factor = warmed(call, state, now);
    }
}

static void decide(const gradus_call *call, void *memory, const gradus_clock *now, gradus_verdict *verdict)
{
    guard_state *state = memory;
    settle(call, state, now);
    if (verdict->pending == GRADUS_REASON_OVERFLOW && state->non_finite != LOSS)
        state->has_norm = state->non_finite = 0; /* its loss was scaled too much, and somebody takes care of that */
    answer(call, state, now, verdict);
    if (verdict->action == GRADUS_APPLY) {
        state->held = (state->has_loss ? 1 : 0) | (state->has_norm ? 2 : 0);
        state->held_update = now->updates;
        state->held_loss = state->loss;
        state->held_norm = state->norm;
    }
    state->has_loss = state->has_norm = state->non_finite = 0;
}

#define WHOLE(text) .kind = GRADUS_INTEGER, .initial = text, .flags = GRADUS_NAMED
static const gradus_argument arguments[] = {
    {.name = "z",
     .kind = GRADUS_NUMBER,
     .initial = "8",
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED,
     .help = "robust deviations above the median loss that are too many",
     .also = "zscore, sigma"},
    {.name = "window",
     WHOLE("200"),
     .low = FEWEST,
     .high = 100000,
     .help = "losses and norms that the medians are taken of"},
    {.name = "count", WHOLE("3"), .low = 1, .high = LONGEST_WITHIN, .help = "wrong looks that make trouble ..."},
    {.name = "within", WHOLE("5"), .low = 1, .high = LONGEST_WITHIN, .help = "... out of this many"},
    {.name = "action",
     .kind = GRADUS_WORD,
     .initial = "roll_back",
     .words = "roll_back|back_off|stop|skip",
     .flags = GRADUS_NAMED,
     .help = "what is done about trouble; without snapshots roll_back is back_off; skip: no more than leaving out what "
             "is wrong",
     .also = "rollback"},
    {.name = "backoff",
     .kind = GRADUS_SHARE,
     .initial = "0.5",
     .high = 1,
     .open = "(",
     .flags = GRADUS_NAMED,
     .help = "what the rate is then multiplied by",
     .also = "factor"},
    {.name = "third",
     .kind = GRADUS_SHARE,
     .initial = "0.1",
     .high = 1,
     .open = "(",
     .flags = GRADUS_NAMED,
     .help = "the same at every third time in a row"},
    {.name = "rewarm",
     WHOLE("50"),
     .high = INFINITY,
     .help = "updates over which the rate then rises to where it was put"},
    {.name = "norm",
     .kind = GRADUS_NUMBER,
     .initial = "20",
     .low = 1,
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "a gradient this many times longer than the median, of the latest and of the first ones, has exploded"},
    {.name = "skips",
     .kind = GRADUS_SHARE,
     .initial = "1%",
     .high = 1,
     .flags = GRADUS_NAMED,
     .help = "share of the gradients that may be skipped or clipped, ten at least, before the run is stopped"},
    {.name = "rollbacks",
     WHOLE("4"),
     .low = 1,
     .high = 1000,
     .help = "times that it may intervene ...",
     .also = "retries"},
    {.name = "per",
     .kind = GRADUS_LENGTH,
     .initial = "10%",
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED,
     .help = "... in this many updates, those gone back over not counted, before the run is stopped; in a run without "
             "an end 1000"},
    {.name = "quiet",
     WHOLE("1000"),
     .low = 1,
     .high = INFINITY,
     .help = "updates without trouble, but no more than per=, after which the rate may rise ..."},
    {.name = "recover",
     .kind = GRADUS_NUMBER,
     .initial = "1.25",
     .low = 1,
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "... by this factor, never above the schedule; 1: it stays down"},
    {.name = "worse",
     .kind = GRADUS_NUMBER,
     .initial = "1.5",
     .low = 1,
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "a median loss this many times the first losses is trouble too"},
    {.name = "rise",
     .kind = GRADUS_SHARE,
     .initial = "10%",
     .high = 1,
     .flags = GRADUS_NAMED,
     .help = "a loss is too high only when it has lost this share of what had been gained"},
    {.name = "exploding",
     .kind = GRADUS_WORD,
     .initial = "skip",
     .words = "skip|clip",
     .flags = GRADUS_NAMED,
     .help = "what becomes of a gradient that has exploded: it is not used, or scaled down to the median length"},
    {.name = "many",
     WHOLE("15"),
     .low = 1,
     .high = LONGEST_AMONG,
     .words = "never",
     .help = "losses half of z too high that make trouble as well ..."},
    {.name = "among", WHOLE("20"), .low = 1, .high = LONGEST_AMONG, .help = "... out of this many"},
    {0}};
#undef WHOLE

static const char *check(const gradus_call *call)
{
    if (call->number[MANY] > call->number[AMONG]) return "many= cannot be more than among=";
    return call->number[COUNT] > call->number[WITHIN] ? "count= cannot be more than within=" : NULL;
}

const gradus_feedback_row gradus_feedback_guard = {
    .member = {.name = "guard",
               .summary = "skips broken gradients and goes back when the loss diverges",
               .formula = "wrong: not finite, (loss - median) > z 1.4826 MAD, norm > 20 times the median and the first "
                          "ones; trouble: 3 of 5 wrong, or (loss - median) > z/2 1.4826 MAD for 15 of 20",
               .paper = "going back and on with other batches: Chowdhery et al. 2022, PaLM, arXiv 2204.02311",
               .also = "nan_guard, skip_nonfinite, terminate_on_nan, spike_detector",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .metrics = "loss, gradient_norm, non_finite",
    .state_size = sizeof(guard_state),
    .fields = fields,
    .start = start,
    .observe = observe,
    .decide = decide,
    .check = check};
