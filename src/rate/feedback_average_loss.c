/* average_loss: lowers the rate when the mean of a measure over a window is no better than over the window before. Means of many
 * losses do what single looks cannot: they show a slow fall below the noise. */
#include "stretch.h"

static void observe(const gradus_call *call, void *state, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    gradus_rate_stretch_observe(call, state, RATE_MEAN, metric, value, now, verdict);
}

static const char notes[] =
    "Windows follow each other without overlap. As long as every window is better than the one before by min_delta "
    "the rate stays; with patience=2 a single window that is no better is forgiven, and the next is measured against "
    "the same one. Losses of updates that were skipped, and what is not finite, enter no mean. A window is measured "
    "in updates or epochs, not in looks: average_loss(5ep, val_loss) takes the means of five epochs.\n"
    "How long? The mean of n losses of spread s is sure to about s/sqrt(n), and a window has to fall by some times "
    "that. slope works this out by itself.";

const gradus_feedback_row gradus_feedback_average_loss = {
    .member = {.name = "average_loss",
               .summary = "lowers the rate when the mean loss of a window stops falling",
               .formula = "x factor when mean(window) is no better than mean(window before) - min_delta |it|",
               .also = "mean_loss, windowed_loss, loss_average",
               .arguments = gradus_rate_stretch_arguments,
               .notes = notes,
               .example = "average_loss(1ep, factor=0.5)"},
    .abi = GRADUS_ABI,
    .state_size = sizeof(rate_stretch),
    .fields = gradus_rate_stretch_fields,
    .observe = observe};
