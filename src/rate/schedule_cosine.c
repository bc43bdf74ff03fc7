/* cosine: half a cosine wave from one share of the rate to another. The end is reached after the last update of the phase. */
#include "rate.h"

enum { LENGTH, TO, FROM };

static double factor(const gradus_call *call, double t, double length)
{
    double p = 0.5 - 0.5 * cos(rate_pi * rate_progress(t, length));
    return rate_between(call->number[FROM], call->number[TO], p);
}

static const gradus_argument arguments[] = {{.name = "length",
                                             .kind = GRADUS_LENGTH,
                                             .high = INFINITY,
                                             .flags = GRADUS_OPTIONAL,
                                             .help = "how long it lasts; without it what is left of the run",
                                             .also = "T_max, t_initial, decay_steps"},
                                            {.name = "to",
                                             .kind = GRADUS_SHARE,
                                             .initial = "0",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "share of the rate at the end",
                                             .search = "choice(0, 1%, 10%)",
                                             .also = "eta_min, lr_min, min_lr, alpha, end"},
                                            {.name = "from",
                                             .kind = GRADUS_SHARE,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "share of the rate at the start",
                                             .also = "start"},
                                            {0}};

static const gradus_like like[] = {{"torch", "CosineAnnealingLR", "T_max=length, eta_min=to absolute", "past=mirror"},
                                   {0}};

const gradus_schedule_row gradus_schedule_cosine = {
    .member = {.name = "cosine",
               .summary = "falls along half a cosine wave",
               .formula = "to + (from - to) (1 + cos(pi t / length)) / 2",
               .paper = "Loshchilov, Hutter 2017, arXiv 1608.03983",
               .also = "annealing, cosine_annealing, cosine_decay, CosineAnnealingLR, CosineDecay, CosineLRScheduler",
               .arguments = arguments,
               .like = like},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING | GRADUS_NEEDS_LENGTH,
    .factor = factor};
