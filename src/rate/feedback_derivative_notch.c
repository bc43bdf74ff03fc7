/* derivative_notch: the rate stands on the notches of a falling list and moves to the next one when its own derivative says
 * that the loss would rise with it: when, on the mean of a window, gradients point along the updates before them. */
#include "better.h"
#include "heard.h"

enum { NOTCHES, THRESHOLD, WINDOW, UNTIL };

typedef struct notch_state {
    rate_heard heard;
    rate_trial cosine; /* of a gradient that is not used, or whose update is rolled back, none is counted */
    double cosines;    /* their sum in this window */
    int64_t count, notch;
} notch_state;

static const gradus_field fields[] = {RATE_HEARD_FIELDS(notch_state, heard),
                                      RATE_TRIAL_FIELDS(notch_state, cosine),
                                      {"cosines", GRADUS_DOUBLE, offsetof(notch_state, cosines), 0},
                                      {"count", GRADUS_INT64, offsetof(notch_state, count), 0},
                                      {"notch", GRADUS_INT64, offsetof(notch_state, notch), 0},
                                      {0}};

static void start(const gradus_call *call, void *memory)
{
    (void)call;
    ((notch_state *)memory)->cosine.update = -1;
}

static void observe(const gradus_call *call, void *memory, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    (void)call, (void)now, (void)verdict;
    rate_hear(&((notch_state *)memory)->heard, rate_last_update, metric, value);
}

/* A notch as a factor: its share of the first. */
static double factor_of(const gradus_call *call, int64_t notch)
{
    return call->numbers[NOTCHES][notch] / call->numbers[NOTCHES][0];
}

/* Whether the run ends instead of going to the next notch: that is `until` or below, or there is none. */
static bool is_over(const gradus_call *call, int64_t next)
{
    if (!call->counts[UNTIL]) return false;
    return next >= call->counts[NOTCHES] || call->numbers[NOTCHES][next] <= call->number[UNTIL];
}

static void move(const gradus_call *call, notch_state *state, double mean, gradus_verdict *verdict)
{
    int64_t next = state->notch + 1;
    bool over = is_over(call, next);
    if (!over && next >= call->counts[NOTCHES]) return; /* on the last one it stays */
    verdict->reason = over ? GRADUS_REASON_RATE_AT_MINIMUM : GRADUS_REASON_RATE_DERIVATIVE;
    verdict->rule = over ? "{1=} of gradient and last update, mean of {2} updates, is above {3}; {4=}"
                         : "{1=} of gradient and last update, mean of {2} updates, is above {3}";
    gradus_rate_see(verdict, 0, "cosine", mean);
    gradus_rate_see(verdict, 1, "window", (double)state->count);
    gradus_rate_see(verdict, 2, "threshold", call->number[THRESHOLD]);
    if (over) {
        gradus_rate_see(verdict, 3, "until", call->number[UNTIL]);
        verdict->action = GRADUS_STOP;
        return;
    }
    state->notch = next;
    verdict->factor = factor_of(call, next);
}

static void decide(const gradus_call *call, void *memory, const gradus_clock *now, gradus_verdict *verdict)
{
    notch_state *state = memory;
    bool whole = rate_heard_all(&state->heard, RATE_HEARD);
    double cosine = rate_cosine(&state->heard);
    if (rate_trial_settle(&state->cosine, now)) state->cosines += state->cosine.kept, state->count++;
    if (whole && !isnan(cosine)) rate_trial_try(&state->cosine, cosine, now);
    if (state->count < rate_whole_window(call->number[WINDOW])) return;
    double mean = state->cosines / (double)state->count;
    if (mean > call->number[THRESHOLD]) move(call, state, mean, verdict);
    state->cosines = 0;
    state->count = 0;
}

static const char *check(const gradus_call *call)
{
    const double *notches = call->numbers[NOTCHES];
    for (int32_t i = 1; i < call->counts[NOTCHES]; i++)
        if (!(notches[i] < notches[i - 1])) return "each notch must be below the one before it";
    if (call->counts[UNTIL] && !(call->number[UNTIL] < notches[0])) return "until= must be below the first notch";
    return NULL;
}

static const gradus_argument arguments[] = {
    {.name = "notches",
     .kind = GRADUS_NUMBER,
     .initial = "[1, 0.3, 0.1, 0.03]",
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_LIST,
     .help = "falling rates, of which only the ratio to the first counts: [0.1, 0.05] and [1, 0.5] are the same, and "
             "the first is the base",
     .also = "rates, lrs"},
    {.name = "threshold",
     .kind = GRADUS_NUMBER,
     .initial = "0",
     .low = -1,
     .high = 1,
     .flags = GRADUS_NAMED,
     .help = "mean cosine of gradient and last update above which the next notch is taken; 0: where the loss would "
             "begin to rise with the rate"},
    {.name = "window",
     .kind = GRADUS_LENGTH,
     .initial = "1ep",
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED,
     .help = "updates that the mean is taken of; where epochs are not known 100"},
    {.name = "until",
     .kind = GRADUS_NUMBER,
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "the run ends when the next notch would be this or lower, or there is none left; a rate like the notches; "
             "not given: it stays on the last one",
     .also = "stop_at, final"},
    {0}};

const gradus_feedback_row gradus_feedback_derivative_notch = {
    .member = {.name = "derivative_notch",
               .summary = "takes the next rate of a list when the loss would rise with the rate",
               .formula = "next notch where mean cos(g(t), w(t) - w(t-1)) > threshold; dL/drate = g(t) (w(t) - w(t-1)) "
                          "/ rate",
               .paper = "the derivative: Almeida et al., Parameter adaptation in stochastic optimization, 1998",
               .also = "notch, rate_derivative, derivative_threshold",
               .example = "derivative_notch([0.1, 0.05], threshold=0, window=1ep, until=0.01)",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .by_group = true,
    .metrics = RATE_LAST_UPDATE,
    .state_size = sizeof(notch_state),
    .fields = fields,
    .start = start,
    .observe = observe,
    .decide = decide,
    .check = check};
