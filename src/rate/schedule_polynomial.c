/* polynomial: a power of what is left of the phase: power 1 is a straight line, 2 falls fast early, 0.5 fast at the end. With a power
 * of the time besides (k-decay: Zhang, Li 2020, arXiv 2004.05909) it stays up longer. */
#include "cycles.h"

enum { POWER, TO, FROM, K_DECAY, STRETCH, MULTIPLY, DECAY, LIMIT, GROW };

/* pytorch_optimizer: a power of the updates gone by, which rises; the first has the whole rate as well. */
static double grown(const gradus_call *call, double t)
{
    double updates = fmax(call->update > 0 ? t / call->update : t, 1);
    return call->number[TO] + (call->number[FROM] - call->number[TO]) * pow(updates, call->number[POWER]);
}

/* Past the first length timm begins again, some times; Keras takes as many lengths as are needed for one. */
static double factor(const gradus_call *call, double t, double length)
{
    const double *of = call->number;
    double from = of[FROM];
    if (of[GROW] != 0) return grown(call, t);
    if (of[STRETCH] != 0) {
        length *= fmax(ceil(t / length * (1 - 2 * DBL_EPSILON)), 1);
    } else if (t >= length && of[LIMIT] > 1) {
        rate_cycle cycle = rate_cycle_at(t, length, of[MULTIPLY]);
        if (cycle.index >= of[LIMIT]) return of[TO];
        t -= cycle.start, length = cycle.length, from *= pow(of[DECAY], cycle.index);
    }
    double p = fmin(fmax(rate_progress(t, length), 0), 1);
    if (of[K_DECAY] != 1) p = pow(p, of[K_DECAY]);
    return rate_between(of[TO], from, pow(1 - p, of[POWER]));
}

static const gradus_argument arguments[] = {{.name = "power",
                                             .kind = GRADUS_NUMBER,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .open = "(",
                                             .help = "exponent of what is left of the phase",
                                             .search = "choice(0.5, 1, 2)",
                                             .also = "order, exponent"},
                                            {.name = "to",
                                             .kind = GRADUS_SHARE,
                                             .initial = "0",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "share of the rate at the end",
                                             .also = "end_learning_rate, lr_end, end_value, lr_min"},
                                            {.name = "from",
                                             .kind = GRADUS_SHARE,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "share of the rate at the start",
                                             .also = "initial_learning_rate, init_value"},
                                            {.name = "k_decay",
                                             .kind = GRADUS_NUMBER,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .open = "(",
                                             .flags = GRADUS_NAMED,
                                             .help = "power of the time; above 1 it stays up longer",
                                             .search = "choice(0.5, 1, 1.5)",
                                             .also = "k"},
                                            {.name = "stretch",
                                             .kind = GRADUS_FLAG,
                                             .initial = "false",
                                             .flags = GRADUS_NAMED | GRADUS_FOREIGN,
                                             .help = "past its end it is as many lengths long as are needed"},
                                            {.name = "multiply",
                                             .kind = GRADUS_NUMBER,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .open = "(",
                                             .flags = GRADUS_NAMED | GRADUS_FOREIGN,
                                             .help = "how much longer each round is than the one before"},
                                            {.name = "decay",
                                             .kind = GRADUS_SHARE,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .open = "(",
                                             .flags = GRADUS_NAMED | GRADUS_FOREIGN,
                                             .help = "what the start is multiplied by with each round"},
                                            {.name = "limit",
                                             .kind = GRADUS_INTEGER,
                                             .initial = "1",
                                             .low = 1,
                                             .high = 1e9,
                                             .flags = GRADUS_NAMED | GRADUS_FOREIGN,
                                             .help = "how many rounds"},
                                            {.name = "grow",
                                             .kind = GRADUS_FLAG,
                                             .initial = "false",
                                             .flags = GRADUS_NAMED | GRADUS_FOREIGN,
                                             .help = "a power of the updates gone by in place of what is left"},
                                            {0}};

static const gradus_like like[] = {
    {"torch", "PolynomialLR", "total_iters=length, power=power", "length=5"},
    {"optax", "polynomial_schedule",
     "init_value=from absolute, end_value=to absolute, power=power, transition_steps=length, transition_begin=begin",
     NULL},
    {"hf", "get_polynomial_decay_schedule_with_warmup",
     "num_warmup_steps=ramp, num_training_steps=length, lr_end=to absolute, power=power",
     "to=1e-7 absolute, ramp_clock=within"},
    {"keras", "PolynomialDecay",
     "initial_learning_rate=from absolute, decay_steps=length, end_learning_rate=to absolute, power=power, "
     "cycle=stretch",
     "to=1e-4 absolute, endless=true"},
    {"timm", "PolyLRScheduler",
     "t_initial=length, power=power, lr_min=to absolute, cycle_mul=multiply, cycle_decay=decay, cycle_limit=limit, "
     "k_decay=k_decay, " RATE_LIKE_TIMM,
     "power=0.5, ramp_to=peak, ramp_clock=beneath, endless=true"},
    {"pytorch_optimizer", "PolyScheduler",
     "t_max=length, max_lr=from absolute, min_lr=to absolute, init_lr=ramp_from absolute, warmup_steps=ramp, "
     "poly_order=power",
     "power=0.5, ramp_clock=within, grow=true, endless=true"},
    {0}};

const gradus_schedule_row gradus_schedule_polynomial = {
    .member =
        {.name = "polynomial",
         .summary = "falls as a power of what is left",
         .formula = "to + (from - to) (1 - (t / length)^k_decay)^power",
         .also =
             "poly, PolynomialLR, PolynomialDecay, PolyLRScheduler, polynomial_schedule, polynomial_decay_with_warmup",
         .paper = "Zhang, Li 2020, arXiv 2004.05909",
         .example = "polynomial(2)",
         .arguments = arguments,
         .like = like,
         .notes = "like=timm: what its training script calls decay_rate is this power.\n"
                  "like=pytorch_optimizer: as documented there, the rate rises as a power of the updates after the "
                  "warm-up, without bound; what is meant by a polynomial elsewhere is like=hf."},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING | GRADUS_NEEDS_LENGTH,
    .factor = factor};
