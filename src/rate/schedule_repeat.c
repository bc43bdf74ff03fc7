/* repeat: the same schedule over and over, each round lower than the last where `shrink` says so. Per cents in it are of one round. */
#include "rate.h"

enum { COUNT, SCHEDULE, SHRINK };

static double round_of(const gradus_call *call, double length) { return length / call->number[COUNT]; }

/* What is left over after the last round stays where that ended. */
static double factor(const gradus_call *call, double t, double length)
{
    const gradus_schedule *schedule = call->inner[SCHEDULE][0];
    double own = gradus_rate_schedule_length(schedule), each = isfinite(own) ? own : round_of(call, length);
    double rounds = each > 0 && isfinite(each) ? rate_periods(t, each) : 0, last = call->number[COUNT] - 1;
    if (rounds > last) rounds = last, t = fmin(t, each * (last + 1));
    return pow(call->number[SHRINK], rounds) * gradus_schedule_at(schedule, t - rounds * each);
}

static const gradus_argument arguments[] = {
    {.name = "count",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 1e9,
     .help = "how many rounds",
     .search = "int(2, 8)",
     .also = "num_cycles, cycles"},
    {.name = "schedule", .kind = GRADUS_PIPELINE, .help = "one round; per cents in it are of the round"},
    {.name = "shrink",
     .kind = GRADUS_SHARE,
     .initial = "1",
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED,
     .help = "what each round is multiplied by, after the first",
     .search = "choice(50%, 80%, 1)",
     .also = "cycle_decay, decay"},
    {0}};

const gradus_schedule_row gradus_schedule_repeat = {
    .member = {.name = "repeat",
               .summary = "a schedule over and over, each round a share of the last",
               .formula = "shrink^n schedule(t - n round), n = floor(t / round)",
               .also = "loop, cycle",
               .example = "repeat(4, warmup(10%) > cosine, shrink=0.8)",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .factor = factor,
    .round = round_of};
