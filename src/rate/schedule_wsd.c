/* wsd: warm-up, stable, decay in one call. The long middle can be continued; only the decay needs to know where the end is. */
#include "shapes.h"

enum { WARMUP, DECAY, SHAPE, TO, FROM, RISE, STABLE, UNTIL, OVERLAP, JUMP, CYCLES };
enum { RISE_LINEAR, RISE_COSINE, RISE_ONE_MINUS_SQRT };

typedef struct parts { /* where the decay lies */
    double start, end;
} parts;

static double rise(int shape, double p)
{
    switch (shape) {
    case RISE_COSINE: return 0.5 - 0.5 * cos(rate_pi * p);
    case RISE_ONE_MINUS_SQRT: return 1 - sqrt(1 - p);
    default: return p;
    }
}

static double warmup_at(const gradus_call *call, double t)
{
    int shape = (int)call->number[RISE];
    double warmup = call->number[WARMUP];
    if (call->counts[FROM]) return rate_between(call->number[FROM], 1, rise(shape, t / warmup));
    return rise(shape, fmin((t + call->update) / warmup, 1));
}

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    const parts *made = call->made;
    if (t < call->number[WARMUP]) return warmup_at(call, t);
    if (t < made->start) return 1;
    if (t >= made->end) return call->number[TO];
    double p = (t - made->start) / (made->end - made->start), left;
    int shape = (int)call->number[SHAPE];
    if (shape != SHAPE_COSINE) /* pytorch_optimizer knows the end only behind its decay */
        return rate_between(call->number[JUMP] != 0 ? 0 : call->number[TO], 1, rate_left(shape, p));
    left = 0.5 + 0.5 * cos(2 * rate_pi * call->number[CYCLES] * p);
    return rate_between(call->number[TO], 1, left);
}

/* The decay ends with the phase, and begins no sooner than the warm-up ends, unless a framework says otherwise. */
static bool prepare(const gradus_call *call, gradus_preparation *preparation, const void **made)
{
    double warmup = call->number[WARMUP], decay = call->number[DECAY], length = preparation->length;
    double update = call->update > 0 ? call->update : 1;
    bool stable = call->counts[STABLE];
    if (isnan(warmup) || isnan(decay)) return gradus_rate_needs_run("warmup and decay", preparation);
    if (!stable && !isfinite(length)) return gradus_rate_needs_length(call, preparation);
    parts *known = preparation->take(preparation, sizeof *known);
    if (!known) return false;
    known->start = stable ? warmup + call->number[STABLE] : length - decay;
    if (call->counts[UNTIL]) known->start = floor(call->number[UNTIL] * length / update) * update;
    if (call->number[OVERLAP] == 0) known->start = fmax(known->start, fmin(warmup, length));
    known->end = stable ? known->start + decay : length;
    *made = known;
    return true;
}

static const gradus_argument arguments[] = {
    {.name = "warmup",
     .kind = GRADUS_LENGTH,
     .initial = "5%",
     .high = INFINITY,
     .help = "how long it takes to the full rate",
     .search = "choice(1%, 2%, 5%, 10%)",
     .also = "num_warmup_steps, warmup_steps, warmup_iterations"},
    {.name = "decay",
     .kind = GRADUS_LENGTH,
     .initial = "20%",
     .high = INFINITY,
     .help = "how long before the end it begins to fall",
     .search = "choice(10%, 20%, 40%)",
     .also = "num_decay_steps, cooldown, decay_steps"},
    {.name = "shape",
     .kind = GRADUS_WORD,
     .initial = "1-sqrt",
     .words = RATE_SHAPES,
     .flags = GRADUS_NAMED,
     .help = "form of the way down",
     .search = "choice(linear, cosine, 1-sqrt)",
     .also = "decay_type, cooldown_type"},
    {.name = "to",
     .kind = GRADUS_SHARE,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "share of the rate at the end",
     .search = "choice(0, 1%, 10%)",
     .also = "min_lr_ratio, final_learning_rate_frac"},
    {.name = "from",
     .kind = GRADUS_SHARE,
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "share of the rate at the first update; without it the first of the warm-up has one part of it"},
    {.name = "rise",
     .kind = GRADUS_WORD,
     .initial = "linear",
     .words = "linear|cosine|1-sqrt",
     .flags = GRADUS_NAMED,
     .help = "form of the way up",
     .also = "warmup_type"},
    {.name = "stable",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL | GRADUS_FOREIGN,
     .help = "how long the full rate lasts; ours is what is left"},
    {.name = "until",
     .kind = GRADUS_SHARE,
     .high = 1,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL | GRADUS_FOREIGN,
     .help = "which part of the length is over when the decay begins, in whole updates"},
    {.name = "overlap",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "the clock of the decay does not wait for the warm-up"},
    {.name = "jump",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "all shapes but cosine fall to 0, and the end is reached by a jump"},
    {.name = "cycles",
     .kind = GRADUS_NUMBER,
     .initial = "0.5",
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "waves in a decay of shape cosine"},
    {0}};

static const gradus_like like[] = {
    {"hf", "get_wsd_schedule",
     "num_warmup_steps=warmup, num_decay_steps=decay, num_training_steps=length, num_stable_steps=stable, "
     "warmup_type=rise, decay_type=shape, min_lr_ratio=least, num_cycles=cycles",
     "shape=cosine, from=0, overlap=true"},
    {"pytorch_optimizer", "get_wsd_schedule",
     "num_warmup_steps=warmup, num_stable_steps=stable, num_decay_steps=decay, min_lr_ratio=to, num_cycles=cycles, "
     "cooldown_type=shape",
     "from=0, jump=true"},
    {"llmc", "wsd",
     "learning_rate=peak absolute, warmup_iterations=warmup, train_num_batches=length, final_learning_rate_frac=to",
     "warmup=0, decay=0, until=80%, overlap=true, past=error"},
    {0}};

const gradus_schedule_row gradus_schedule_wsd = {
    .member =
        {.name = "wsd",
         .summary = "warm-up, the full rate, a decay at the end",
         .formula = "(t + 1) / warmup, then 1, then to + (1 - to) left(p) over the last `decay`; left as decay has it",
         .paper = "Hu et al. 2024, arXiv 2404.06395",
         .also = "warmup_stable_decay, get_wsd_schedule, stable_decay",
         .example = "wsd(5%, 20%)",
         .notes =
             "the same as warmup(5%) > hold > decay(20%, shape=1-sqrt), which can be changed part by part.\n"
             "like=pytorch_optimizer: there min_lr_ratio is the end of a cosine only; the other shapes fall to 0 and "
             "then jump to it.",
         .arguments = arguments,
         .like = like},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS,
    .factor = factor,
    .prepare = prepare};
