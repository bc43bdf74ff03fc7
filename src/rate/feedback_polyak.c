/* polyak: the step that would bring a linear loss down to its lower bound, from the loss and the gradient of each batch. Its
 * rate stands in for the base, which only caps it: right where the bound can be reached, no smaller towards the end where
 * it cannot. */
#include "better.h"
#include "heard.h"

enum { LOWER_BOUND, C, EPSILON, CAP, GROWTH, OVER };
enum { LOSS, NORM, MEASURES };
static const char *const measures[RATE_HEARD] = {"loss", "gradient_norm"};

typedef struct polyak_state {
    rate_heard heard;
    rate_trial step;
    double before; /* the last step above 0 that was made; 0: none yet */
    double told;   /* mean step that was told of last; 0: none yet */
    double logs;   /* sum of the logarithms of steps since then, of those above 0, ... */
    int64_t count; /* ... and how many */
} polyak_state;

static const gradus_field fields[] = {RATE_HEARD_FIELDS(polyak_state, heard),
                                      RATE_TRIAL_FIELDS(polyak_state, step),
                                      {"before", GRADUS_DOUBLE, offsetof(polyak_state, before), 0},
                                      {"told", GRADUS_DOUBLE, offsetof(polyak_state, told), 0},
                                      {"logs", GRADUS_DOUBLE, offsetof(polyak_state, logs), 0},
                                      {"count", GRADUS_INT64, offsetof(polyak_state, count), 0},
                                      {0}};

static void start(const gradus_call *call, void *memory)
{
    (void)call;
    ((polyak_state *)memory)->step.update = -1;
}

static void observe(const gradus_call *call, void *memory, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    (void)call, (void)now, (void)verdict;
    rate_hear(&((polyak_state *)memory)->heard, measures, metric, value);
}

/* min { (loss - bound) / (c |g|^2 + epsilon), cap, growth^(1/over) times the step before } */
static double next_step(const gradus_call *call, const polyak_state *state)
{
    const double *given = call->number, norm = state->heard.value[NORM];
    double gap = fmax(state->heard.value[LOSS] - given[LOWER_BOUND], 0);
    double most = given[CAP] > 0 ? given[CAP] * call->base : INFINITY;
    double under = given[C] * norm * norm + given[EPSILON];
    double step = under > 0 ? gap / under : gap > 0 ? INFINITY : 0;
    if (given[GROWTH] >= 1) {
        double before = state->before > 0 ? state->before : fmin(call->base, most);
        step = fmin(step, before * pow(given[GROWTH], 1 / (double)rate_whole_window(given[OVER])));
    }
    return fmin(step, most);
}

/* Steps of single batches go up and down; what is told is their mean, once a window at most, with a step on its side. */
static void tell(const gradus_call *call, polyak_state *state, gradus_verdict *verdict)
{
    if (verdict->factor > 0) state->logs += log(verdict->factor), state->count++;
    if (state->count < rate_whole_window(call->number[OVER])) return;
    double mean = exp(state->logs / (double)state->count), told = state->told > 0 ? state->told : call->base;
    if (rate_is_noticeable(told, mean)) {
        if (mean > told ? verdict->factor <= told : verdict->factor >= told) return;
        verdict->was = told;
        verdict->reason = GRADUS_REASON_LOSS_GAP;
        verdict->rule = "steps of {1} on the mean of {2} updates, this one with {3=} and {4=}";
        gradus_rate_see(verdict, 0, "mean", mean);
        gradus_rate_see(verdict, 1, "count", (double)state->count);
        for (int i = 0; i < MEASURES; i++) gradus_rate_see(verdict, 2 + i, measures[i], state->heard.value[i]);
        state->told = mean;
    }
    state->logs = 0;
    state->count = 0;
}

/* A step of 0 is no measure for the next one. */
static void decide(const gradus_call *call, void *memory, const gradus_clock *now, gradus_verdict *verdict)
{
    polyak_state *state = memory;
    if (rate_trial_settle(&state->step, now) && state->step.kept > 0) state->before = state->step.kept;
    if (!rate_heard_all(&state->heard, MEASURES)) return;
    verdict->factor = rate_trial_try(&state->step, next_step(call, state), now);
    tell(call, state, verdict);
}

static const gradus_argument arguments[] = {
    {.name = "lower_bound",
     .kind = GRADUS_NUMBER,
     .initial = "0",
     .help = "what the loss of a batch can come down to",
     .also = "f_star, f_min, fstar"},
    {.name = "c",
     .kind = GRADUS_NUMBER,
     .initial = "0.5",
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED,
     .help = "divides the step: 0.5 is the greatest that keeps its proof, 1 Polyak's own",
     .search = "choice(0.2, 0.5, 1)"},
    {.name = "epsilon",
     .kind = GRADUS_NUMBER,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "added to the squared norm; ALI-G: 1e-5",
     .also = "eps, delta"},
    {.name = "cap",
     .kind = GRADUS_SHARE,
     .initial = "1",
     .high = INFINITY,
     .open = "(",
     .words = "none",
     .flags = GRADUS_NAMED,
     .help = "the rate never rises above this share of the base, which is what lr is for here",
     .also = "max_lr, gamma_b, eta_max"},
    {.name = "growth",
     .kind = GRADUS_NUMBER,
     .initial = "2",
     .low = 1,
     .high = INFINITY,
     .words = "none",
     .flags = GRADUS_NAMED,
     .help = "how many times the rate may grow ...",
     .also = "smoothing, gamma"},
    {.name = "over",
     .kind = GRADUS_LENGTH,
     .initial = "1ep",
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED,
     .help = "... in this many updates; where epochs are not known 100"},
    {0}};

static const gradus_like like[] = {
    {"optax", "polyak_sgd", "max_learning_rate=cap absolute, f_min=lower_bound, eps=epsilon",
     "cap=1 absolute, c=1, growth=none"},
    {"pytorch_optimizer", "AliG", "max_lr=cap absolute", "cap=none, c=1, epsilon=1e-6, growth=none"},
    {0}};

const gradus_feedback_row gradus_feedback_polyak = {
    .member = {.name = "polyak",
               .summary = "the rate that would bring the loss of each batch to its lower bound",
               .formula = "lr = min((loss - lower_bound) / (c |g|^2 + epsilon), cap lr, growth^(1/over) lr(t-1))",
               .paper =
                   "Loizou et al., Stochastic Polyak Step-size for SGD, AISTATS 2021, arXiv:2002.10542; Berrada et "
                   "al., Training Neural Networks for and by Interpolation, ICML 2020, arXiv:1906.05661",
               .also = "sps, sps_max, alig, ali_g, polyak_sgd, stochastic_polyak",
               .example = "polyak(c=1, epsilon=1e-5, growth=none)",
               .arguments = arguments,
               .like = like,
               .notes =
                   "The rate is its own; lr caps it, the schedule multiplies it. Where the loss cannot come down to "
                   "lower_bound (noisy\n"
                   "labels, label smoothing, weight decay in the loss, regression), steps do not become smaller: "
                   "let a schedule do it.\n"
                   "It is meant for plain SGD; with c=1, epsilon=1e-5, growth=none it is ALI-G."},
    .abi = GRADUS_ABI,
    .absolute = true,
    .metrics = "loss, gradient_norm",
    .state_size = sizeof(polyak_state),
    .fields = fields,
    .start = start,
    .observe = observe,
    .decide = decide};
