/* tanh: falls along the hyperbolic tangent: long near the full rate, then quickly, and gently to the end (Hsueh, Li, Wu 2019,
 * "Stochastic gradient descent with hyperbolic-tangent decay on classification", arXiv 1806.01593). */
#include "cycles.h"

enum { LENGTH, TO, FROM, LOWER, UPPER, DROPS, EVERY, MULTIPLY, DECAY, LIMIT };

static double factor(const gradus_call *call, double t, double length)
{
    const double *of = call->number;
    rate_cycle cycle = {.length = length};
    if (call->counts[EVERY]) cycle = rate_cycle_at(t, of[EVERY], of[MULTIPLY]);
    if (call->counts[EVERY] ? cycle.index >= of[LIMIT] : of[DROPS] != 0 && t >= length) return of[TO];
    double p = fmin(rate_progress(fmax(t - cycle.start, 0), cycle.length), 1);
    double peak = of[FROM] * pow(of[DECAY], cycle.index);
    return rate_between(of[TO], peak, 0.5 - 0.5 * tanh(rate_between(of[LOWER], of[UPPER], p)));
}

static const char *check(const gradus_call *call)
{
    return call->number[LOWER] <= call->number[UPPER] ? NULL : "lower must not be above upper";
}

static bool prepare(const gradus_call *call, gradus_preparation *preparation, const void **made)
{
    (void)made;
    bool known = call->counts[EVERY] || isfinite(preparation->length);
    return known || gradus_rate_needs_length(call, preparation);
}

static const gradus_argument arguments[] = {
    {.name = "length",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .flags = GRADUS_OPTIONAL,
     .help = "how long it lasts; without it what is left of the run",
     .also = "t_initial"},
    {.name = "to",
     .kind = GRADUS_SHARE,
     .initial = "0",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "share of the rate that it comes near to",
     .search = "choice(0, 1%, 10%)",
     .also = "lr_min, min_lr, eta_min"},
    {.name = "from",
     .kind = GRADUS_SHARE,
     .initial = "1",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "share of the rate that it starts near"},
    {.name = "lower",
     .kind = GRADUS_NUMBER,
     .initial = "-7",
     .low = -100,
     .high = 100,
     .flags = GRADUS_NAMED,
     .help = "argument of the tangent at the start; further below 0 it stays up longer",
     .search = "uniform(-8, -4)",
     .also = "lb, L"},
    {.name = "upper",
     .kind = GRADUS_NUMBER,
     .initial = "3",
     .low = -100,
     .high = 100,
     .flags = GRADUS_NAMED,
     .help = "argument of the tangent at the end; further above 0 it comes nearer",
     .search = "uniform(2, 5)",
     .also = "ub, U"},
    {.name = "drops",
     .kind = GRADUS_FLAG,
     .initial = "false",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "past its end it stands at `to`"},
    {.name = "every",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL | GRADUS_FOREIGN,
     .help = "length of the first cycle; ours are repeat(n, tanh)"},
    {.name = "multiply",
     .kind = GRADUS_NUMBER,
     .initial = "1",
     .high = INFINITY,
     .open = "(",
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "what the length of each cycle is multiplied by for the next"},
    {.name = "decay",
     .kind = GRADUS_SHARE,
     .initial = "1",
     .high = INFINITY,
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "what the peak of each cycle is multiplied by for the next"},
    {.name = "limit",
     .kind = GRADUS_INTEGER,
     .initial = "1",
     .high = 1e9,
     .flags = GRADUS_NAMED | GRADUS_FOREIGN,
     .help = "number of cycles after which it stays at the end"},
    {0}};

static const gradus_like like[] = {
    {"timm", "TanhLRScheduler", "t_initial=length, lb=lower, ub=upper, lr_min=to absolute, " RATE_LIKE_TIMM,
     "drops=true, ramp_to=either, ramp_clock=beneath"},
    {"timm", "TanhLRScheduler.cycles",
     "t_initial=every, lb=lower, ub=upper, lr_min=to absolute, cycle_mul=multiply, cycle_decay=decay, "
     "cycle_limit=limit, " RATE_LIKE_TIMM,
     "ramp_to=either, ramp_clock=beneath"},
    {0}};

const gradus_schedule_row gradus_schedule_tanh = {
    .member = {.name = "tanh",
               .summary = "falls along the hyperbolic tangent",
               .formula = "to + (from - to) (1 - tanh(lower (1 - p) + upper p)) / 2, p = t / length",
               .paper = "Hsueh, Li, Wu 2019, arXiv 1806.01593",
               .also = "htd, HTD, hyperbolic_tangent, tanh_decay, TanhLRScheduler",
               .arguments = arguments,
               .like = like},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING,
    .factor = factor,
    .check = check,
    .prepare = prepare};
