/* cyclic: up and down between two shares of the rate, again and again, in straight lines or cosines, from peaks that may fall (Smith 2017,
 * "Cyclical learning rates for training neural networks", WACV). */
#include "rate.h"

enum { RISE, FALL, MODE, LOW, HIGH, DECAY };
enum { TRIANGULAR, TRIANGULAR2, EXP_RANGE, COSINE };

static double factor(const gradus_call *call, double t, double length)
{
    (void)length;
    const double *of = call->number;
    double rise = of[RISE], fall = call->counts[FALL] ? of[FALL] : rise, whole = rise + fall;
    double cycle = rate_periods(t, whole), s = fmin(fmax(t - cycle * whole, 0), whole);
    double height = s <= rise ? s / rise : (whole - s) / fall, scale = 1;
    switch ((int)of[MODE]) {
    case TRIANGULAR2: scale = ldexp(1, -(int)fmin(cycle, 2000)); break;
    case EXP_RANGE: scale = pow(of[DECAY], call->update > 0 ? t / call->update : t); break;
    case COSINE: height = 0.5 - 0.5 * cos(rate_pi * height); break;
    default: break;
    }
    return rate_between(of[LOW], of[HIGH], height * fmin(scale, DBL_MAX));
}

static const gradus_argument arguments[] = {
    {.name = "rise",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .open = "(",
     .help = "how long the way up takes",
     .also = "step_size_up, step_size, cycle_first_step_size"},
    {.name = "fall",
     .kind = GRADUS_LENGTH,
     .high = INFINITY,
     .flags = GRADUS_OPTIONAL,
     .help = "how long the way down takes; without it as long as the way up",
     .also = "step_size_down, cycle_second_step_size"},
    {.name = "mode",
     .kind = GRADUS_WORD,
     .initial = "triangular",
     .words = "triangular|triangular2|exp_range|cosine",
     .flags = GRADUS_NAMED,
     .help = "straight lines; half as high in each cycle; lower with every update, by decay; or cosines",
     .search = "choice(triangular, triangular2, cosine)",
     .also = "policy"},
    {.name = "low",
     .kind = GRADUS_SHARE,
     .initial = "25%",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "share of the rate between two cycles",
     .search = "uniform(0.05, 0.5)",
     .also = "base_lr, initial_learning_rate, from, to, eta_min, min_lr"},
    {.name = "high",
     .kind = GRADUS_SHARE,
     .initial = "1",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "share of the rate at the top of the first",
     .also = "max, max_lr, maximal_learning_rate"},
    {.name = "decay",
     .kind = GRADUS_SHARE,
     .initial = "0.9999",
     .high = INFINITY,
     .flags = GRADUS_NAMED,
     .help = "what exp_range multiplies the height by in every update",
     .search = "loguniform(0.99, 0.9999)",
     .also = "gamma"},
    {0}};

static const gradus_like like[] = {
    {"torch", "CyclicLR",
     "base_lr=low absolute, max_lr=high absolute, step_size_up=rise, step_size_down=fall, mode=mode, gamma=decay",
     "rise=2000, decay=1"},
    {"torch", "CyclicLR.momentum",
     "max_momentum=low, base_momentum=high, step_size_up=rise, step_size_down=fall, mode=mode, gamma=decay",
     "low=0.9, high=0.8, rise=2000, decay=1"},
    {0}};

static const char momentum_remedy[] = "momentum has a schedule of its own: "
                                      "momentum=cyclic(2000, low=0.9, high=0.8)";
static const gradus_refusal refuses[] = {
    {"cycle_momentum", momentum_remedy},
    {"base_momentum", momentum_remedy},
    {"max_momentum", momentum_remedy},
    {"scale_fn", "a function of your own is a schedule of your own, or product(cyclic(...), ...)"},
    {0}};

const gradus_schedule_row gradus_schedule_cyclic = {
    .member =
        {.name = "cyclic",
         .summary = "up and down between two shares of the rate",
         .formula =
             "low + (high - low) height scale, height = s / rise, then (rise + fall - s) / fall, s after the start of "
             "cycle n; triangular2: scale = 2^-n; exp_range: scale = decay^t; cosine: height = (1 - cos(pi height)) / "
             "2",
         .paper = "Smith 2017, arXiv 1506.01186",
         .also = "clr, CLR, cyclical, triangular, triangular2, exp_range, CyclicLR, CyclicalLearningRate",
         .arguments = arguments,
         .like = like,
         .refuses = refuses,
         .example = "cyclic(40, 60)",
         .notes = "PyTorch takes base_lr and max_lr in place of the run's rate; here they are shares of it, or rates "
                  "under like=torch.\n"
                  "What PyTorch does to the momentum meanwhile is momentum=cyclic(base_momentum=0.8, max_momentum=0.9, "
                  "like=torch)."},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS,
    .factor = factor};
