/* rex: a straight line that is held up: it falls slowly at first and fast at the end, for runs of any budget (Chen, Wolfe, Kyrillidis
 * 2022, "REX: revisiting budgeted training with an improved schedule", MLSys). */
#include "rate.h"

enum { LENGTH, TO, FROM };

static double factor(const gradus_call *call, double t, double length)
{
    double left = 1 - rate_progress(t, length);
    return rate_between(call->number[TO], call->number[FROM], left / (0.5 + 0.5 * left));
}

static const gradus_argument arguments[] = {{.name = "length",
                                             .kind = GRADUS_LENGTH,
                                             .high = INFINITY,
                                             .flags = GRADUS_OPTIONAL,
                                             .help = "how long it lasts; without it what is left of the run",
                                             .also = "total_steps"},
                                            {.name = "to",
                                             .kind = GRADUS_SHARE,
                                             .initial = "0",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "share of the rate at the end",
                                             .search = "choice(0, 1%, 10%)",
                                             .also = "min_lr, eta_min"},
                                            {.name = "from",
                                             .kind = GRADUS_SHARE,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "share of the rate at the start",
                                             .also = "max_lr"},
                                            {0}};

static const gradus_like like[] = {
    {"pytorch_optimizer", "REXScheduler", "total_steps=length, max_lr=from absolute, min_lr=to absolute", NULL}, {0}};

const gradus_schedule_row gradus_schedule_rex = {
    .member =
        {.name = "rex",
         .summary = "falls slowly at first and fast at the end",
         .formula = "to + (from - to) (1 - p) / (1/2 + (1 - p) / 2), p = t / length",
         .paper = "Chen, Wolfe, Kyrillidis 2022, arXiv 2107.04197",
         .also = "REX, reflected_exponential, REXScheduler",
         .arguments = arguments,
         .like = like,
         .notes =
             "pytorch_optimizer's first update has min_lr and its peak is never used; like= does what it documents."},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING | GRADUS_NEEDS_LENGTH,
    .factor = factor};
