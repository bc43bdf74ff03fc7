/* stop: gradient_norm(1e-6) ends a run when the gradient has vanished, the textbook's test of a stationary point. A batch's
 * gradient is noisy, so more than one update in a row may be asked for. */
#include <math.h>
#include "stop.h"

enum { BELOW, UPDATES };

static const gradus_argument arguments[] = {{.name = "below",
                                             .kind = GRADUS_NUMBER,
                                             .low = 0,
                                             .high = INFINITY,
                                             .open = "(",
                                             .help = "norm of the gradient over all parameters, before clipping",
                                             .also = "tolerance, tol, epsilon, gtol"},
                                            {.name = "updates",
                                             .kind = GRADUS_INTEGER,
                                             .initial = "1",
                                             .low = 1,
                                             .high = 1e9,
                                             .help = "for so many updates in a row",
                                             .flags = GRADUS_NAMED,
                                             .also = "patience, count"},
                                            {0}};

typedef struct vanished {
    int64_t updates;
} vanished;

static const gradus_field fields[] = {{"updates", GRADUS_INT64, offsetof(vanished, updates), 0}, {0}};

static void observe(const gradus_call *call, void *state, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    (void)now;
    vanished *own = state;
    own->updates = value < call->number[BELOW] ? own->updates + 1 : 0;
    if (own->updates < (int64_t)call->number[UPDATES]) return;
    *verdict =
        (gradus_verdict){.factor = verdict->factor,
                         .action = GRADUS_STOP,
                         .reason = GRADUS_REASON_MEMBER,
                         .rule = "{1=} is below {2} for {3} updates",
                         .seen = {{metric, value}, {"below", call->number[BELOW]}, {"updates", (double)own->updates}}};
}

const gradus_feedback_row gradus_stop_gradient_norm = {
    .member = {.name = "gradient_norm",
               .summary = "stops when the gradient has vanished",
               .formula = "stop when |g| < below, `updates` times in a row",
               .also = "grad_norm, gtol, stationary",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .metrics = "gradient_norm",
    .state_size = sizeof(vanished),
    .fields = fields,
    .observe = observe};
