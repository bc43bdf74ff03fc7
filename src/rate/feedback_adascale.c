/* adascale: a rate that was made for one batch size, fitted to another while it trains. The more the gradient is noise, the more a larger
 * batch is worth; where it is all noise the rate grows with the batch, where there is none it stays. */
#include "better.h"
#include "noise.h"
#include <stddef.h>

enum { BATCH, WINDOW, RULE, TOLERANCE, HEADROOM };
enum { LINEAR, SQUARE_ROOT };
enum { FEWEST = 10 }; /* updates before it acts: fewer tell too little */

typedef struct adascale_state {
    rate_noise noise;
} adascale_state;

static const gradus_field fields[] = {RATE_NOISE_FIELDS(adascale_state), {0}};

static void observe(const gradus_call *call, void *memory, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    (void)call, (void)now, (void)verdict;
    gradus_rate_noise_hear(&((adascale_state *)memory)->noise, metric, value);
}

/* r = (variance / batch + signal) / (variance / B + signal), which lies between 1 and S = B / batch.
 * With curvature L a step at rate x takes x |G|^2 - x^2 L/2 (|G|^2 + variance / B) from the loss, most at
 * x = |G|^2 / (L (|G|^2 + variance / B)): r is the ratio of these best rates for the two batches, and so right for a rate that is
 * itself the best for the smaller one. A rate that is `headroom` times below that has so much further to go, though never beyond
 * S, with which the noise in the values is the smaller batch's. */
static double gain_of(const gradus_call *call, const rate_noise *noise)
{
    double variance = fmax(noise->variance, 0), signal = fmax(noise->signal, 0);
    double here = variance / noise->samples + signal, there = variance / call->number[BATCH] + signal;
    return here > 0 ? there / here : 1;
}

static double factor_of(const gradus_call *call, const rate_noise *noise, double gain)
{
    double most = noise->samples / call->number[BATCH];
    double factor = fmax(gain, fmin(call->number[HEADROOM] * gain, most));
    return (int)call->number[RULE] == SQUARE_ROOT ? sqrt(factor) : factor;
}

static void tell(const gradus_call *call, const rate_noise *noise, double gain, gradus_verdict *verdict)
{
    double signal = fmax(noise->signal, 0), scale = signal > 0 ? fmax(noise->variance, 0) / signal : INFINITY;
    verdict->reason = GRADUS_REASON_GRADIENT_NOISE;
    verdict->rule = "noise scale {1}: a batch of {2} is worth {3} times one of {4}";
    gradus_rate_see(verdict, 0, "noise_scale", scale);
    gradus_rate_see(verdict, 1, "samples", noise->samples);
    gradus_rate_see(verdict, 2, "gain", gain);
    gradus_rate_see(verdict, 3, "batch", call->number[BATCH]);
}

static void decide(const gradus_call *call, void *memory, const gradus_clock *now, gradus_verdict *verdict)
{
    rate_noise *noise = &((adascale_state *)memory)->noise;
    gradus_rate_noise_look(noise, call->number[WINDOW], now);
    if (noise->looks < FEWEST) return;
    const double gain = gain_of(call, noise), factor = factor_of(call, noise, gain);
    if (fabs(factor - verdict->factor) <= call->number[TOLERANCE] * verdict->factor) return;
    tell(call, noise, gain, verdict);
    verdict->factor = factor;
}

static const gradus_argument arguments[] = {
    {.name = "batch",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = INFINITY,
     .help = "examples of a batch for which the rate was made",
     .also = "batch_size, base_batch"},
    {.name = "window",
     .kind = GRADUS_INTEGER,
     .initial = "30",
     .low = 1,
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "updates over which the noise is averaged",
     .also = "smoothing"},
    {.name = "rule",
     .kind = GRADUS_WORD,
     .initial = "linear",
     .words = "linear|square_root",
     .flags = GRADUS_NAMED,
     .help =
         "the gain itself, for sgd; or its square root, for optimizers that divide by the gradient's size such as adam",
     .also = "scaling_rule"},
    {.name = "tolerance",
     .kind = GRADUS_SHARE,
     .initial = "10%",
     .low = 0,
     .high = 1,
     .flags = GRADUS_NAMED,
     .help = "the factor stays as it is while the gain differs from it by no more than this share"},
    {.name = "headroom",
     .kind = GRADUS_NUMBER,
     .initial = "2",
     .low = 1,
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "how far the rate that was made for `batch` is from the largest that is of use there; 1, as in the paper: "
             "it is that; large: as far as it goes, B / batch"},
    {0}};

const gradus_feedback_row gradus_feedback_adascale = {
    .member =
        {.name = "adascale",
         .summary = "fits a rate that was made for one batch size to the one that is used",
         .formula =
             "x min(headroom r, B / batch), r = (tr(Sigma) / batch + |G|^2) / (tr(Sigma) / B + |G|^2), which is from 1 "
             "to B / batch; rule=square_root: the root of that",
         .paper = "Johnson et al. 2020, AdaScale SGD, arXiv 2007.05105; the square root: Malladi et al. 2022, On the "
                  "SDEs and scaling rules for adaptive gradient algorithms, arXiv 2205.10287",
         .also = "linear_scaling, scale_lr, lr_scaling",
         .arguments = arguments,
         .example = "adascale(batch=64)",
         .notes =
             "The noise is measured as by noise_scale. The paper also lets the schedule and the end of the run wait "
             "until the gains add up to the smaller batch's updates; here the run keeps its length, so that equal "
             "epochs see equal numbers of examples. Its gain is right for a rate that is the best for the smaller "
             "batch at each moment; usual rates are not that high, which is what headroom is for."},
    .abi = GRADUS_ABI,
    .needs_samples = true,
    .metrics = RATE_NOISE_METRICS,
    .state_size = sizeof(adascale_state),
    .fields = fields,
    .observe = observe,
    .decide = decide};
