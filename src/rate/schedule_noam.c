/* noam: a straight rise, then one over the root of the updates: the schedule of the first transformer. Its peak is 1 here; the paper's
 * rate is lr = 1 / sqrt(model size x warm-up). Counted from update 1, as there, so that no update is spent at rate 0. */
#include "rate.h"

enum { WARMUP };

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    double k = t + call->update, warmup = fmax(call->number[WARMUP], call->update);
    if (warmup > 0) return k < warmup ? k / warmup : sqrt(warmup / k);
    return k > 0 ? 0 : 1;
}

static const gradus_argument arguments[] = {{.name = "warmup",
                                             .kind = GRADUS_LENGTH,
                                             .initial = "4000",
                                             .high = INFINITY,
                                             .help = "how long it takes to the full rate",
                                             .search = "choice(1%, 2%, 5%, 10%)",
                                             .also = "warmup_steps, num_warmup_steps"},
                                            {0}};

const gradus_schedule_row gradus_schedule_noam = {
    .member = {.name = "noam",
               .summary = "rises in a straight line, then falls as one over the root of the updates",
               .formula = "min(k / warmup, sqrt(warmup / k)), k = t + 1",
               .paper = "Vaswani et al. 2017, arXiv 1706.03762",
               .also = "transformer, NoamLR, noam_lr, attention",
               .example = "noam(50)",
               .notes = "the paper's d^-0.5 min(k^-0.5, k warmup^-1.5) is this at a rate of lr = 1 / sqrt(d warmup)",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS,
    .factor = factor};
