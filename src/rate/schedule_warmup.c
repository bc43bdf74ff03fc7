/* warmup: rises to the full rate, in a straight line or a gentler shape. Unless `from` is given the first of W updates has the shape's
 * value at 1/W and the last all of it, so that no update is spent at rate 0. */
#include "rate.h"

enum { LENGTH, SHAPE, FROM, POWER };
enum { LINEAR, LOGARITHMIC, POWERED, COSINE, ONE_MINUS_SQRT };

/* From 0 at p = 0 to 1 at p = 1; the logarithm is that of the updates gone by. */
static double rise(const gradus_call *call, double p, double length)
{
    double updates = call->update > 0 ? length / call->update : length;
    switch ((int)call->number[SHAPE]) {
    case LOGARITHMIC: return updates > 0 ? log1p(p * updates) / log1p(updates) : 1;
    case POWERED: return pow(p, call->number[POWER]);
    case COSINE: return 0.5 - 0.5 * cos(rate_pi * p);
    case ONE_MINUS_SQRT: return 1 - sqrt(1 - p);
    default: return p;
    }
}

static double factor(const gradus_call *call, double t, double length)
{
    if (call->counts[FROM]) return rate_between(call->number[FROM], 1, rise(call, rate_progress(t, length), length));
    return rise(call, fmin(rate_progress(t + call->update, length), 1), length);
}

static const gradus_argument arguments[] = {
    {.name = "length",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .help = "how long it takes to the full rate",
     .search = "choice(1%, 2%, 5%, 10%)",
     .also = "warmup_steps, num_warmup_steps, warmup_t, burn_in, warmup_iterations"},
    {.name = "shape",
     .kind = GRADUS_WORD,
     .initial = "linear",
     .words = "linear|logarithmic|power|cosine|1-sqrt",
     .flags = GRADUS_NAMED,
     .help = "form of the way up",
     .search = "choice(linear, cosine)",
     .also = "warmup_type, type"},
    {.name = "from",
     .kind = GRADUS_SHARE,
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "share of the rate at the first update; without it the first of W updates stands at 1/W of the way",
     .also = "start_factor, warmup_lr_init, init_value"},
    {.name = "power",
     .kind = GRADUS_NUMBER,
     .initial = "2",
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED,
     .help = "exponent of shape=power"},
    {0}};

static const gradus_like like[] = {
    {"deepspeed", "WarmupLR",
     "warmup_min_lr=least absolute, warmup_max_lr=peak absolute, warmup_num_steps=ramp, warmup_type=ramp_shape",
     "length=0, ramp=1000, ramp_shape=log, ahead=-1"},
    {0}};

const gradus_schedule_row gradus_schedule_warmup = {
    .member = {.name = "warmup",
               .summary = "rises to the full rate",
               .formula = "rise((t + 1) / length), or from + (1 - from) rise(t / length); rise(p) = p, "
                          "ln(1 + p length) / ln(1 + length), p^power, (1 - cos(pi p)) / 2, 1 - sqrt(1 - p)",
               .paper = "Goyal et al. 2017, arXiv 1706.02677",
               .also = "warm_up, linear_warmup, burn_in, WarmupLR",
               .example = "warmup(50)",
               .arguments = arguments,
               .like = like,
               .notes =
                   "like=deepspeed: its first two updates both have warmup_min_lr, so that all comes an update late."},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_RISING,
    .factor = factor};
