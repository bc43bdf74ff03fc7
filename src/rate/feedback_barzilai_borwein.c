/* barzilai_borwein: one over the curvature along the way that the values have gone, from how far they have moved and how much
 * the gradient has changed on that way. On single batches the change is noise, so it looks at a window, usually an epoch,
 * and at means of gradients; its growth is capped and it never leaves its bounds. */
#include "better.h"
#include "heard.h"

enum { FORM, WINDOW, LEAST, GROWTH, LOW, HIGH };
enum { LONG, SHORT, ALTERNATING };
static const double usual_least = 0.1;
enum { MOVEMENT, PRODUCT, CHANGE };
static const char *const measures[RATE_HEARD] = {"movement_norm", "gradient_change_dot_movement",
                                                 "gradient_change_norm"};

typedef struct borwein_state {
    rate_heard heard;
    rate_trial rate; /* kept 0: none yet */
    int64_t windows; /* that have come to a rate */
    double told;     /* rate that was told of last; 0: none yet */
} borwein_state;

static const gradus_field fields[] = {RATE_HEARD_FIELDS(borwein_state, heard),
                                      RATE_TRIAL_FIELDS(borwein_state, rate),
                                      {"windows", GRADUS_INT64, offsetof(borwein_state, windows), 0},
                                      {"told", GRADUS_DOUBLE, offsetof(borwein_state, told), 0},
                                      {0}};

static void start(const gradus_call *call, void *memory)
{
    (void)call;
    ((borwein_state *)memory)->rate.update = -1;
}

static void observe(const gradus_call *call, void *memory, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    (void)call, (void)now, (void)verdict;
    rate_hear(&((borwein_state *)memory)->heard, measures, metric, value);
}

/* s: the movement, y: the change. A movement of m updates is one step of m times the rate. NaN: it tells nothing, as the
 * gradient has hardly changed along the way, but by noise or across it. */
static double curvature_step(const gradus_call *call, const borwein_state *state)
{
    const double *heard = state->heard.value;
    double s_s = heard[MOVEMENT] * heard[MOVEMENT], s_y = heard[PRODUCT], y_y = heard[CHANGE] * heard[CHANGE];
    int64_t window = rate_whole_window(call->number[WINDOW]), length = window - window / 10;
    double least = call->counts[LEAST] ? call->number[LEAST] : window > 1 ? usual_least : 0;
    if (!(s_y > 0) || s_y < least * sqrt(s_s) * sqrt(y_y)) return NAN;
    int form = (int)call->number[FORM];
    bool takes_short = form == SHORT || (form == ALTERNATING && state->windows % 2 == 1);
    double step = (takes_short ? s_y / y_y : s_s / s_y) / (double)length;
    return isfinite(step) ? step : NAN;
}

static double bounded(const gradus_call *call, double rate, double before)
{
    const double *given = call->number;
    if (given[GROWTH] >= 1) rate = fmin(rate, before * given[GROWTH]);
    return fmin(fmax(rate, given[LOW] * call->base), given[HIGH] * call->base);
}

static void tell(borwein_state *state, double before, double step, gradus_verdict *verdict)
{
    verdict->was = before;
    verdict->reason = GRADUS_REASON_CURVATURE;
    verdict->rule = "a step of {1} by the curvature: {2=}, {3=}, {4=}";
    gradus_rate_see(verdict, 0, "step", step);
    for (int i = 0; i < RATE_HEARD; i++) gradus_rate_see(verdict, 1 + i, measures[i], state->heard.value[i]);
    state->told = verdict->factor;
}

static void decide(const gradus_call *call, void *memory, const gradus_clock *now, gradus_verdict *verdict)
{
    borwein_state *state = memory;
    if (rate_trial_settle(&state->rate, now)) state->windows++;
    double before = state->rate.kept > 0 ? state->rate.kept : call->base,
           told = state->told > 0 ? state->told : call->base;
    if (state->rate.kept > 0) verdict->factor = before;
    if (!rate_heard_all(&state->heard, RATE_HEARD)) return;
    double step = curvature_step(call, state);
    if (isnan(step)) return;
    verdict->factor = rate_trial_try(&state->rate, bounded(call, step, before), now);
    if (rate_is_noticeable(told, verdict->factor)) tell(state, told, step, verdict);
}

static const char *check(const gradus_call *call)
{
    return call->number[LOW] > call->number[HIGH] ? "low= cannot be above high=" : NULL;
}

static const gradus_argument arguments[] = {
    {.name = "form",
     .kind = GRADUS_WORD,
     .initial = "bb1",
     .words = "bb1|bb2|alternating",
     .help = "with movement s and change of the gradient y: bb1 is s s / s y, bb2 s y / y y, which is never longer; or "
             "by turns",
     .also = "variant"},
    {.name = "window",
     .kind = GRADUS_LENGTH,
     .initial = "1ep",
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED,
     .help = "updates from one look to the next, between means of the gradients of a tenth of that; 1: each gradient "
             "against the one before, for gradients without noise; where epochs are not known 100"},
    {.name = "least",
     .kind = GRADUS_NUMBER,
     .high = 1,
     .open = ")",
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help =
         "cosine of movement and change below which a look tells nothing and the rate stays; if not given 0.1, for a "
         "window of 1 it is 0"},
    {.name = "growth",
     .kind = GRADUS_NUMBER,
     .initial = "2",
     .low = 1,
     .high = INFINITY,
     .words = "none",
     .flags = GRADUS_NAMED,
     .help = "how many times the rate may grow from one look to the next"},
    {.name = "low",
     .kind = GRADUS_SHARE,
     .initial = "1%",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "the rate never falls below this share of the base"},
    {.name = "high",
     .kind = GRADUS_SHARE,
     .initial = "100",
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED,
     .help = "the rate never rises above this share of the base"},
    {0}};

const gradus_feedback_row gradus_feedback_barzilai_borwein = {
    .member = {.name = "barzilai_borwein",
               .summary = "the rate that fits the curvature along the way that the values have gone",
               .formula =
                   "s: movement, y: change of the gradient on it; bb1: s s / s y / m, bb2: s y / y y / m; over m "
                   "updates",
               .paper =
                   "Barzilai and Borwein, Two-point step size gradient methods, 1988; Tan et al., Barzilai-Borwein "
                   "Step Size for Stochastic Gradient Descent, NeurIPS 2016, arXiv:1605.04131",
               .also = "bb, barzilai-borwein, sgd_bb, two_point",
               .example = "barzilai_borwein(alternating, window=1ep)",
               .arguments = arguments,
               .notes = "The rate is its own, from the second window on; until then it is lr. The schedule multiplies "
                        "it.\n"
                        "It is meant for plain SGD, and where there is no noise for window=1."},
    .abi = GRADUS_ABI,
    .absolute = true,
    .by_group = true,
    .metrics = "movement_norm, gradient_change_dot_movement, gradient_change_norm",
    .state_size = sizeof(borwein_state),
    .fields = fields,
    .start = start,
    .observe = observe,
    .decide = decide,
    .check = check,
    .window_argument = WINDOW + 1};
