/* cosine_restarts: falls along half a cosine wave and starts again, in cycles that may grow, from peaks that may fall, each after a
 * warm-up of its own. The peak holds at the boundary itself. */
#include "cycles.h"

enum { EVERY, MULTIPLY, DECAY, WARMUP, LIMIT, TO, FROM, CYCLES, K_DECAY, RELATIVE, ABOVE, FOOT, WHOLE };

/* Cycles whose lengths are cut to whole numbers, one from the other: where each starts, up to the first as long as the last. */
typedef struct whole_cycles {
    int32_t count;
    double length; /* of the last, which goes on and on */
    double starts[];
} whole_cycles;

enum { WHOLE_MOST = 65536 };

static double next_whole(const double *of, double length)
{
    return fmax(floor((length - of[WARMUP]) * of[MULTIPLY]), 1) + of[WARMUP];
}

static rate_cycle whole_cycle_at(const whole_cycles *whole, double t)
{
    int32_t first = 0, last = whole->count - 1;
    if (t >= whole->starts[last]) {
        rate_cycle after = rate_cycle_at(t - whole->starts[last], whole->length, 1);
        return (rate_cycle){last + after.index, whole->starts[last] + after.start, whole->length};
    }
    while (first < last) {
        int32_t middle = first + (last - first + 1) / 2;
        if (whole->starts[middle] <= t)
            first = middle;
        else
            last = middle - 1;
    }
    return (rate_cycle){first, whole->starts[first], whole->starts[first + 1] - whole->starts[first]};
}

/* Without a length of their own so many cycles fill the phase. */
static double first_length(const gradus_call *call, double length)
{
    const double *of = call->number;
    if (!call->counts[CYCLES]) return of[EVERY];
    return length / rate_cycle_start(1, of[MULTIPLY], of[CYCLES]);
}

static double factor(const gradus_call *call, double t, double length)
{
    const double *of = call->number;
    double first = first_length(call, length), to = of[RELATIVE] != 0 ? of[TO] * of[FROM] : of[TO];
    if (call->counts[CYCLES] && t >= length) return to;
    rate_cycle cycle = call->made ? whole_cycle_at(call->made, t) : rate_cycle_at(t, first, of[MULTIPLY]);
    if (call->counts[LIMIT] && cycle.index >= of[LIMIT]) return to;
    double base = of[ABOVE] != 0 ? to : 0, peak = base + (of[FROM] - base) * pow(of[DECAY], cycle.index);
    double within = fmin(fmax(t - cycle.start, 0), cycle.length), warmup = of[WARMUP];
    if (within < warmup) {
        double risen = (within + (of[FOOT] != 0 ? 0 : call->update)) / warmup;
        return rate_between(to, peak, fmin(risen, 1));
    }
    double p = rate_progress(within - warmup, cycle.length - warmup);
    if (of[K_DECAY] != 1) p = pow(p, of[K_DECAY]);
    return rate_between(to, peak, 0.5 + 0.5 * cos(rate_pi * p));
}

static const char *check(const gradus_call *call)
{
    bool every = call->counts[EVERY], cycles = call->counts[CYCLES];
    if (every && cycles) return "give the length of the first cycle or the number of cycles, not both";
    if (!every && !cycles) return "give the length of the first cycle, such as 10ep, or how many there are: cycles=4";
    if (call->number[WHOLE] != 0 && call->number[WARMUP] >= call->number[EVERY])
        return "the warm-up must be shorter than the first cycle";
    return NULL;
}

static bool prepare(const gradus_call *call, gradus_preparation *preparation, const void **made)
{
    const double *of = call->number;
    if (call->counts[CYCLES] && isinf(preparation->length)) return gradus_rate_needs_length(call, preparation);
    if (of[WHOLE] == 0) return true;
    int32_t count = 1;
    double length = of[EVERY], start = 0;
    for (double next; count < WHOLE_MOST && (next = next_whole(of, length)) != length; length = next) {
        start += length;
        if (start > preparation->length) break;
        count++;
    }
    whole_cycles *whole = preparation->take(preparation, sizeof *whole + (size_t)count * sizeof(double));
    if (!whole) return false;
    whole->count = count, whole->length = of[EVERY];
    for (int32_t i = 1; i < count; i++) {
        whole->starts[i] = whole->starts[i - 1] + whole->length;
        whole->length = next_whole(of, whole->length);
    }
    *made = whole;
    return true;
}

static const gradus_argument arguments[] = {
    {.name = "every",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_OPTIONAL,
     .help = "length of the first cycle, its warm-up included",
     .also = "T_0, t_initial, first_decay_steps, first_cycle_steps, first"},
    {.name = "multiply",
     .kind = GRADUS_NUMBER,
     .initial = "1",
     .high = INFINITY,
     .open = "(",
     .help = "what the length of each cycle is multiplied by for the next",
     .search = "choice(1, 1.5, 2)",
     .also = "T_mult, t_mul, cycle_mul, cycle_mult"},
    {.name = "decay",
     .kind = GRADUS_SHARE,
     .initial = "1",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "what the peak of each cycle is multiplied by for the next",
     .search = "choice(50%, 80%, 1)",
     .also = "m_mul, cycle_decay, gamma"},
    {.name = "warmup",
     .kind = GRADUS_LENGTH,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "rise at the beginning of every cycle, the first of W updates 1/W of the way up",
     .also = "warmup_steps, warmup_t"},
    {.name = "limit",
     .kind = GRADUS_INTEGER,
     .low = 1,
     .high = 1e9,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "number of cycles after which it stays at the end; without it there is always another",
     .also = "cycle_limit"},
    {.name = "to",
     .kind = GRADUS_SHARE,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "share of the rate at the end of every cycle",
     .search = "choice(0, 1%, 10%)",
     .also = "eta_min, lr_min, min_lr, alpha"},
    {.name = "from",
     .kind = GRADUS_SHARE,
     .initial = "1",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "share of the rate at the first peak"},
    {.name = "cycles",
     .kind = GRADUS_NUMBER,
     .high = 1e9,
     .open = "(",
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "number of cycles that fill the phase, in place of the length of the first",
     .search = "int(2, 8)",
     .also = "num_cycles"},
    {.name = "k_decay",
     .kind = GRADUS_NUMBER,
     .initial = "1",
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "power of the time within a cycle"},
    {.name = "relative",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "the end is a share of the first peak"},
    {.name = "above",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "what falls from peak to peak is the part above the end"},
    {.name = "foot",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "the first update of a warm-up stands at the end value"},
    {.name = "whole",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "each cycle without its warm-up is cut to a whole number"},
    {0}};

static const gradus_like like[] = {
    {"torch", "CosineAnnealingWarmRestarts", "T_0=every, T_mult=multiply, eta_min=to absolute", NULL},
    {"keras", "CosineDecayRestarts",
     "initial_learning_rate=from absolute, first_decay_steps=every, t_mul=multiply, m_mul=decay, alpha=to",
     "multiply=2, relative=true, above=true"},
    {"timm", "CosineLRScheduler",
     "t_initial=every, lr_min=to absolute, cycle_mul=multiply, cycle_decay=decay, cycle_limit=limit, "
     "k_decay=k_decay, " RATE_LIKE_TIMM,
     "limit=1, ramp_to=peak, ramp_clock=beneath"},
    {"hf", "get_cosine_with_hard_restarts_schedule_with_warmup",
     "num_warmup_steps=ramp, num_training_steps=length, num_cycles=cycles", "cycles=1, ramp_clock=within"},
    {"pytorch_optimizer", "CosineAnnealingWarmupRestarts",
     "first_cycle_steps=every, cycle_mult=multiply, max_lr=from absolute, min_lr=to absolute, warmup_steps=warmup, "
     "gamma=decay",
     "to=1e-6 absolute, decay=0.9, foot=true, whole=true"},
    {0}};

const gradus_schedule_row gradus_schedule_cosine_restarts = {
    .member =
        {
            .name = "cosine_restarts",
            .summary = "falls along half a cosine wave again and again",
            .formula = "to + (peak - to) (1 + cos(pi (s - warmup) / (L - warmup))) / 2 in cycle n, s after its start, "
                       "L = every multiply^n, peak = from decay^n; while s < warmup: to + (peak - to) (s + 1) / warmup",
            .paper = "Loshchilov, Hutter 2017, arXiv 1608.03983",
            .also = "sgdr, SGDR, warm_restarts, cosine_warm_restarts, cosine_annealing_warm_restarts, snapshot, "
                    "CosineAnnealingWarmRestarts, CosineDecayRestarts, CosineAnnealingWarmupRestarts, sgdr_schedule",
            .arguments = arguments,
            .like = like,
            .example = "cosine_restarts(50, multiply=1.5, decay=0.8, warmup=5)",
            .notes = "Cycles each of a form of its own, as in Optax' sgdr_schedule, are a chain: cosine(10ep) > "
                     "cosine(20ep, from=50%).\n"
                     "CosineAnnealingWarmupRestarts of pytorch_optimizer starts at min_lr even without a warm-up; "
                     "like= does what it documents.",
        },
    .abi = GRADUS_ABI,
    .factor = factor,
    .check = check,
    .prepare = prepare};
