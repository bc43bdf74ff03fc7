/* noise_scale: an instrument. It tells how many examples a batch must have for its gradient's noise to be as large as the gradient, and
 * leaves the rate alone. */
#include "noise.h"
#include <stddef.h>

enum { WINDOW };

typedef struct noise_scale_state {
    rate_noise noise;
} noise_scale_state;

static const gradus_field fields[] = {RATE_NOISE_FIELDS(noise_scale_state), {0}};

static void observe(const gradus_call *call, void *memory, const char *metric, double value, const gradus_clock *now,
                    gradus_verdict *verdict)
{
    (void)call, (void)now, (void)verdict;
    gradus_rate_noise_hear(&((noise_scale_state *)memory)->noise, metric, value);
}

static void decide(const gradus_call *call, void *memory, const gradus_clock *now, gradus_verdict *verdict)
{
    (void)verdict;
    gradus_rate_noise_look(&((noise_scale_state *)memory)->noise, call->number[WINDOW], now);
}

/* B = tr(Sigma) / |G|^2. An estimate of |G|^2 that is not above 0 says that nothing but noise is seen. */
static double value(const gradus_call *call, const void *memory)
{
    (void)call;
    const rate_noise *noise = &((const noise_scale_state *)memory)->noise;
    if (!noise->looks) return NAN;
    if (!(noise->variance > 0)) return 0;
    return noise->signal > 0 ? noise->variance / noise->signal : INFINITY;
}

static const gradus_argument arguments[] = {
    {.name = "window",
     .kind = GRADUS_INTEGER,
     .initial = "100",
     .low = 1,
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "updates over which both estimates are averaged before their ratio is taken",
     .also = "ema, beta"},
    {0}};

const gradus_feedback_row gradus_feedback_noise_scale = {
    .member = {.name = "noise_scale",
               .summary =
                   "measures how large a batch would have to be to drown its gradient's noise; leaves the rate alone",
               .formula =
                   "tr(Sigma) / |G|^2 with |G|^2 = 2 |g|^2 - |h|^2, tr(Sigma) = B (|h|^2 - |g|^2); g the gradient of B "
                   "examples, h that of a half",
               .paper = "McCandlish et al. 2018, An empirical model of large-batch training, arXiv 1812.06162",
               .also = "gradient_noise_scale, gns, critical_batch_size",
               .arguments = arguments,
               .notes = "The batch is computed in two halves, each of which normalises by itself where there is a "
                        "batchnorm, as two "
                        "workers would. A batch much smaller than the noise scale is limited by noise: a larger one, "
                        "or a lower rate, "
                        "helps. One much larger wastes examples."},
    .abi = GRADUS_ABI,
    .needs_samples = true,
    .metrics = RATE_NOISE_METRICS,
    .state_size = sizeof(noise_scale_state),
    .fields = fields,
    .observe = observe,
    .decide = decide,
    .value = value,
    .meaning = "examples; a batch much smaller is limited by noise, one much larger gains little"};
