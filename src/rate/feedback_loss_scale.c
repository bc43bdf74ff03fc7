/* loss_scale: what a loss is multiplied by before it is differentiated, so that gradients of 16 bits neither vanish nor overflow. An
 * overflow says that it was too much: that gradient is not used and the scale falls; after many without one it may rise. */
#include "better.h"
#include <stddef.h>
#include <string.h>

enum { INITIAL, WINDOW, GROWTH, BACKOFF, MINIMUM, MAXIMUM, PATIENCE };
enum { LOWERED = 1, LOWEST };

typedef struct loss_scale_state {
    double scale;
    int64_t good;            /* gradients in a row without an overflow */
    int64_t heard, overflow; /* whether the gradient at hand was measured; 0, or what its overflow has come to */
    int64_t hopeless;        /* in a row that were not finite at the lowest scale */
} loss_scale_state;

static const gradus_field fields[] = {{"scale", GRADUS_DOUBLE, offsetof(loss_scale_state, scale), 0},
                                      {"good", GRADUS_INT64, offsetof(loss_scale_state, good), 0},
                                      {"heard", GRADUS_INT64, offsetof(loss_scale_state, heard), 0},
                                      {"overflow", GRADUS_INT64, offsetof(loss_scale_state, overflow), 0},
                                      {"hopeless", GRADUS_INT64, offsetof(loss_scale_state, hopeless), 0},
                                      {0}};

static void start(const gradus_call *call, void *memory)
{
    ((loss_scale_state *)memory)->scale = call->number[INITIAL];
}

static void tell(gradus_verdict *verdict, const char *rule, double first, const char *name, double second)
{
    verdict->rule = rule;
    gradus_rate_see(verdict, 0, "loss_scale", first);
    gradus_rate_see(verdict, 1, name, second);
}

/* It answers at once: a guard, wherever it stands in the chain, is to know that this gradient is no trouble. At the lowest scale
 * nothing can be lowered, and it may be. */
static void observe(const gradus_call *call, void *memory, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    (void)now;
    loss_scale_state *state = memory;
    bool counts = strcmp(metric, "non_finite") == 0, bad = counts ? value != 0 : !isfinite(value);
    double before = state->scale;
    state->heard = 1;
    if (!bad || state->overflow) return;
    state->good = 0;
    state->scale = fmax(before * call->number[BACKOFF], call->number[MINIMUM]);
    state->overflow = state->scale < before ? LOWERED : LOWEST;
    if (state->overflow == LOWEST) return;
    verdict->action = GRADUS_SKIP;
    verdict->reason = GRADUS_REASON_OVERFLOW;
    tell(verdict, "the gradient overflows at a loss scale of {1}, which is {2} from now on", before, "lowered",
         state->scale);
}

static void give_up_slowly(const gradus_call *call, loss_scale_state *state, gradus_verdict *verdict)
{
    verdict->action = (double)++state->hopeless >= call->number[PATIENCE] ? GRADUS_STOP : GRADUS_SKIP;
    verdict->reason = GRADUS_REASON_NON_FINITE;
    tell(verdict, "the gradient is not finite at the lowest loss scale, {1} ({2} in a row)", state->scale, "times",
         (double)state->hopeless);
}

static void decide(const gradus_call *call, void *memory, const gradus_clock *now, gradus_verdict *verdict)
{
    (void)now;
    loss_scale_state *state = memory;
    double before = state->scale;
    if (state->overflow == LOWEST)
        give_up_slowly(call, state, verdict);
    else if (state->heard)
        state->hopeless = 0;
    if (state->heard && !state->overflow && (double)++state->good >= call->number[WINDOW]) {
        state->good = 0;
        state->scale = fmin(before * call->number[GROWTH], call->number[MAXIMUM]);
        if (state->scale > before)
            tell(verdict, "no overflow in {2} gradients: the loss scale is {1} from now on", state->scale, "window",
                 call->number[WINDOW]);
    }
    state->heard = state->overflow = 0;
}

static double value(const gradus_call *call, const void *memory)
{
    (void)call;
    return ((const loss_scale_state *)memory)->scale;
}

static const char *check(const gradus_call *call)
{
    const double *number = call->number;
    return number[INITIAL] < number[MINIMUM] || number[INITIAL] > number[MAXIMUM]
               ? "initial= must lie between minimum= and maximum="
               : NULL;
}

#define SCALE .kind = GRADUS_NUMBER, .high = INFINITY, .open = "()", .flags = GRADUS_NAMED
static const gradus_argument arguments[] = {
    {.name = "initial", SCALE, .initial = "65536", .help = "the scale that it begins with", .also = "init_scale"},
    {.name = "window",
     .kind = GRADUS_INTEGER,
     .initial = "2000",
     .low = 1,
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "gradients in a row without an overflow after which the scale rises",
     .also = "growth_interval, loss_scale_window, scale_window, period"},
    {.name = "growth",
     .kind = GRADUS_NUMBER,
     .initial = "2",
     .low = 1,
     .high = INFINITY,
     .open = ")",
     .flags = GRADUS_NAMED,
     .help = "what it is then multiplied by; 1: it never rises",
     .also = "growth_factor, scale_factor"},
    {.name = "backoff",
     .kind = GRADUS_SHARE,
     .initial = "0.5",
     .high = 1,
     .open = "()",
     .flags = GRADUS_NAMED,
     .help = "what it is multiplied by at an overflow",
     .also = "backoff_factor"},
    {.name = "minimum",
     SCALE,
     .initial = "1",
     .help = "it never falls below this: what overflows even then is no matter of scale",
     .also = "min_loss_scale, min_scale"},
    {.name = "maximum", SCALE, .initial = "16777216", .help = "it never rises above this", .also = "max_loss_scale"},
    {.name = "patience",
     .kind = GRADUS_INTEGER,
     .initial = "20",
     .low = 1,
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "gradients in a row that are not finite at the lowest scale before the run is stopped"},
    {0}};
#undef SCALE

static const gradus_like like[] = {
    {.framework = "torch",
     .title = "GradScaler",
     .names = "init_scale=initial, growth_factor=growth, backoff_factor=backoff, growth_interval=window",
     .initial = "minimum=1.1754943508222875e-38, maximum=1.7014118346046923e38"},
    {0}};

const gradus_feedback_row gradus_feedback_loss_scale = {
    .member =
        {.name = "loss_scale",
         .summary = "finds what the loss is to be multiplied by for gradients of 16 bits",
         .formula =
             "scale / 2, and the gradient not used, at each overflow; scale x 2 after `window` gradients without one",
         .paper = "Micikevicius et al. 2018, Mixed precision training, arXiv 1710.03740",
         .also = "grad_scaler, gradscaler, dynamic_loss_scale, mixed_precision, amp",
         .arguments = arguments,
         .like = like,
         .notes =
             "Read gradus_policy_value(policy, \"loss_scale\") before the forward pass, differentiate that many times "
             "the loss, "
             "and hand 1 / scale to gradus_optimizer_measure and gradus_optimizer_step. `gradus train` computes in "
             "float32 "
             "and needs none. A guard in the same chain leaves overflows to it, until the scale is at its lowest."},
    .abi = GRADUS_ABI,
    .metrics = "gradient_norm, non_finite",
    .state_size = sizeof(loss_scale_state),
    .fields = fields,
    .start = start,
    .observe = observe,
    .decide = decide,
    .value = value,
    .meaning = "times the loss is what gradients of 16 bits are taken of",
    .check = check};
