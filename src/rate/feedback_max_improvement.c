/* max_improvement: lowers the rate when even the best look of a window is no better than the best of the window before. */
#include "stretch.h"

static void observe(const gradus_call *call, void *state, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    gradus_rate_stretch_observe(call, state, RATE_BEST, metric, value, now, verdict);
}

static const char notes[] =
    "The greatest improvement that a window makes is the difference between its best look and the best of the window "
    "before. plateau compares with the best of all time, which one lucky look may put out of reach; here such a look "
    "counts for one window only. The best of many noisy looks is a matter of luck too: for the loss of every update "
    "take average_loss or slope.";

const gradus_feedback_row gradus_feedback_max_improvement = {
    .member = {.name = "max_improvement",
               .summary = "lowers the rate when the best improvement within a window is too small",
               .formula = "x factor when best(window) is no better than best(window before) - min_delta |it|",
               .also = "maximum_improvement, best_improvement",
               .arguments = gradus_rate_stretch_arguments,
               .notes = notes,
               .example = "max_improvement(2ep, val_loss, min_delta=1e-3)"},
    .abi = GRADUS_ABI,
    .state_size = sizeof(rate_stretch),
    .fields = gradus_rate_stretch_fields,
    .observe = observe};
