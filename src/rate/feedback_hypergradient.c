/* hypergradient: learns the rate as the net learns its values, by going down the derivative of the loss with respect to the
 * rate, which is the product of the present gradient and the last update. Its step is small against the rate, so that noise
 * of single batches averages out, and its factor never leaves its bounds. */
#include "better.h"
#include "heard.h"

enum { FORM, RATE, LOW, HIGH, TARGET };
enum { MULTIPLICATIVE, SGD, ADAM };

/* Baydin et al. (2018): for SGD 1e-3, for Adam 1e-7. */
static const double usual[] = {[MULTIPLICATIVE] = 0.05, [SGD] = 1e-3, [ADAM] = 1e-7};

typedef struct hypergradient_state {
    rate_heard heard;
    rate_trial factor;
    double rate;          /* of the last update that was applied; 0: none yet */
    double told, cosines; /* factor that was told of last; sum of cosines since then ... */
    int64_t count;        /* ... and how many */
} hypergradient_state;

static const gradus_field fields[] = {RATE_HEARD_FIELDS(hypergradient_state, heard),
                                      RATE_TRIAL_FIELDS(hypergradient_state, factor),
                                      {"rate", GRADUS_DOUBLE, offsetof(hypergradient_state, rate), 0},
                                      {"told", GRADUS_DOUBLE, offsetof(hypergradient_state, told), 0},
                                      {"cosines", GRADUS_DOUBLE, offsetof(hypergradient_state, cosines), 0},
                                      {"count", GRADUS_INT64, offsetof(hypergradient_state, count), 0},
                                      {0}};

static void start(const gradus_call *call, void *memory)
{
    (void)call;
    hypergradient_state *state = memory;
    state->told = 1;
    state->factor = (rate_trial){.kept = 1, .update = -1};
}

static void observe(const gradus_call *call, void *memory, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    (void)call, (void)now, (void)verdict;
    hypergradient_state *state = memory;
    if (strcmp(metric, "rate") == 0) state->rate = value;
    rate_hear(&state->heard, rate_last_update, metric, value);
}

static double bounded(const gradus_call *call, double factor)
{
    return fmin(fmax(factor, call->number[LOW]), call->number[HIGH]);
}

/* With the update u = -(w(t) - w(t-1)) / rate, dL/drate = -g u. */
static double next_factor(const gradus_call *call, const hypergradient_state *state, double cosine)
{
    int form = (int)call->number[FORM];
    double step = call->counts[RATE] ? call->number[RATE] : usual[form], factor = state->factor.kept;
    if (form == MULTIPLICATIVE) return factor * (1 - step * (cosine - call->number[TARGET]));
    return factor - step / call->base * state->heard.value[0] / state->rate;
}

static void tell(hypergradient_state *state, gradus_verdict *verdict)
{
    verdict->was = state->told;
    verdict->reason = GRADUS_REASON_RATE_DERIVATIVE;
    verdict->rule = "{1=} of gradient and last update, mean of {2} updates";
    gradus_rate_see(verdict, 0, "cosine", state->cosines / (double)state->count);
    gradus_rate_see(verdict, 1, "count", (double)state->count);
    state->told = verdict->factor;
    state->cosines = 0;
    state->count = 0;
}

static void decide(const gradus_call *call, void *memory, const gradus_clock *now, gradus_verdict *verdict)
{
    hypergradient_state *state = memory;
    bool whole = rate_heard_all(&state->heard, RATE_HEARD);
    double cosine = rate_cosine(&state->heard);
    rate_trial_settle(&state->factor, now);
    verdict->factor = state->factor.kept;
    if (!whole || isnan(cosine) || !(state->rate > 0)) return;
    verdict->factor = rate_trial_try(&state->factor, bounded(call, next_factor(call, state, cosine)), now);
    state->cosines += cosine;
    state->count++;
    if (rate_is_noticeable(state->told, verdict->factor)) tell(state, verdict);
}

static const gradus_argument arguments[] = {
    {.name = "form",
     .kind = GRADUS_WORD,
     .initial = "multiplicative",
     .words = "multiplicative|sgd|adam",
     .help = "multiplicative: in steps that are shares of the rate and know no scale; sgd, adam: in steps of the rate "
             "itself, of the usual size for these optimizers"},
    {.name = "rate",
     .kind = GRADUS_NUMBER,
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "how fast the rate is learnt; if not given 0.05, for sgd 1e-3, for adam 1e-7",
     .search = "loguniform(1e-3, 0.1)",
     .also = "beta, hypergrad_lr"},
    {.name = "low",
     .kind = GRADUS_SHARE,
     .initial = "1%",
     .high = 1,
     .open = "(",
     .flags = GRADUS_NAMED,
     .help = "the factor never falls below this",
     .also = "min_factor"},
    {.name = "high",
     .kind = GRADUS_SHARE,
     .initial = "100",
     .low = 1,
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "the factor never rises above this",
     .also = "max_factor"},
    {.name = "target",
     .kind = GRADUS_NUMBER,
     .initial = "0",
     .low = -1,
     .high = 1,
     .flags = GRADUS_NAMED,
     .help = "multiplicative: cosine of gradient and last update at which the rate stands still; above 0 it is held "
             "higher than one update ahead would have it"},
    {0}};

const gradus_feedback_row gradus_feedback_hypergradient = {
    .member = {.name = "hypergradient",
               .summary = "learns the rate from the gradient and the update before it",
               .formula = "multiplicative: x (1 + rate cos(g(t), u(t-1))); sgd, adam: lr + rate g(t) u(t-1); u: what "
                          "the last update took from the values, over its rate",
               .paper = "Baydin et al., Online Learning Rate Adaptation with Hypergradient Descent, ICLR 2018, "
                        "arXiv:1703.04782",
               .also = "hypergradient_descent, hd, sgd_hd, adam_hd, hypergrad",
               .example = "hypergradient(rate=0.1, high=10)",
               .arguments = arguments,
               .notes = "It looks one update ahead. Near the end, where the gradients are noise that the last update "
                        "has followed,\n"
                        "it lowers the rate sooner than is best in the long run; a schedule multiplies on top of it.\n"
                        "rate= of the forms sgd and adam goes with the square of the gradients' size, that of "
                        "multiplicative does not."},
    .abi = GRADUS_ABI,
    .by_group = true,
    .metrics = RATE_LAST_UPDATE ", rate",
    .state_size = sizeof(hypergradient_state),
    .fields = fields,
    .start = start,
    .observe = observe,
    .decide = decide};
