/* cosine: half a cosine wave from one share of the rate to another. The end is reached after the last update of the phase. A power of
 * the wave or of the time (k-decay: Zhang, Li 2020, arXiv 2004.05909) holds the rate up longer, or lets it fall earlier. */
#include "rate.h"

enum { LENGTH, TO, FROM, EXPONENT, K_DECAY, CYCLES, RELATIVE };

static double factor(const gradus_call *call, double t, double length)
{
    const double *of = call->number;
    double p = rate_progress(t, length), to = of[RELATIVE] != 0 ? of[TO] * of[FROM] : of[TO];
    if (of[K_DECAY] != 1) p = pow(p, of[K_DECAY]);
    double left = 0.5 + 0.5 * cos(2 * rate_pi * of[CYCLES] * p);
    if (of[EXPONENT] != 1) left = pow(left, of[EXPONENT]);
    return rate_between(to, of[FROM], left);
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
                                             .also = "eta_min, lr_min, min_lr, alpha, end, final_learning_rate_frac"},
                                            {.name = "from",
                                             .kind = GRADUS_SHARE,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "share of the rate at the start",
                                             .also = "start"},
                                            {.name = "exponent",
                                             .kind = GRADUS_NUMBER,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .open = "(",
                                             .flags = GRADUS_NAMED,
                                             .help = "power of what is left of the way; above 1 it falls earlier",
                                             .search = "choice(0.5, 1, 2)",
                                             .also = "power"},
                                            {.name = "k_decay",
                                             .kind = GRADUS_NUMBER,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .open = "(",
                                             .flags = GRADUS_NAMED,
                                             .help = "power of the time; above 1 it stays up longer",
                                             .search = "choice(0.5, 1, 1.5)",
                                             .also = "k"},
                                            {.name = "cycles",
                                             .kind = GRADUS_NUMBER,
                                             .initial = "0.5",
                                             .high = INFINITY,
                                             .open = "(",
                                             .flags = GRADUS_NAMED,
                                             .help = "waves in the phase; half a one falls, a whole one comes back",
                                             .also = "num_cycles"},
                                            {.name = "relative",
                                             .kind = GRADUS_FLAG,
                                             .initial = "false",
                                             .flags = GRADUS_NAMED | GRADUS_FOREIGN,
                                             .help = "the end is a share of the start"},
                                            {0}};

static const gradus_like like[] = {
    {"torch", "CosineAnnealingLR", "T_max=length, eta_min=to absolute", "past=mirror"},
    {"optax", "cosine_decay_schedule", "init_value=from absolute, decay_steps=length, alpha=to, exponent=exponent",
     "relative=true"},
    {"optax", "warmup_cosine_decay_schedule",
     "init_value=ramp_from absolute, peak_value=from absolute, warmup_steps=ramp, decay_steps=length, "
     "end_value=to absolute, exponent=exponent",
     "ramp_clock=within"},
    {"keras", "CosineDecay", "initial_learning_rate=from absolute, decay_steps=length, alpha=to", "relative=true"},
    {"keras", "CosineDecay.warmup",
     "initial_learning_rate=ramp_from absolute, warmup_target=from absolute, warmup_steps=ramp, decay_steps=length, "
     "alpha=to",
     "relative=true"},
    {"timm", "CosineLRScheduler", "t_initial=length, lr_min=to absolute, k_decay=k_decay, " RATE_LIKE_TIMM,
     "ramp_to=peak, ramp_clock=beneath"},
    {"hf", "get_cosine_schedule_with_warmup", "num_warmup_steps=ramp, num_training_steps=length, num_cycles=cycles",
     "ramp_clock=within, endless=true"},
    {"hf", "get_cosine_with_min_lr_schedule_with_warmup",
     "num_warmup_steps=ramp, num_training_steps=length, num_cycles=cycles, min_lr=to absolute, min_lr_rate=to",
     "ramp_clock=within, endless=true"},
    {"hf", "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
     "num_warmup_steps=ramp, num_training_steps=length, num_cycles=cycles, min_lr=to absolute, min_lr_rate=to, "
     "warmup_lr_rate=ramp_start",
     "ramp_clock=within, ahead=1, endless=true"},
    {"deepspeed", "WarmupCosineLR",
     "total_num_steps=length, warmup_min_ratio=ramp_from, warmup_num_steps=ramp, warmup_type=ramp_shape, "
     "cos_min_ratio=to",
     "to=0.0001, ramp=1000, ramp_shape=log, ramp_clock=within, ramp_ahead=-1"},
    {"pytorch_optimizer", "CosineScheduler",
     "t_max=length, max_lr=from absolute, min_lr=to absolute, init_lr=ramp_from absolute, warmup_steps=ramp",
     "ramp_clock=within, endless=true"},
    {"llmc", "cosine", "warmup_iterations=ramp, train_num_batches=length, final_learning_rate_frac=to",
     "ramp_clock=within, ramp_ahead=1, past=error"},
    {0}};

static const gradus_refusal refuses[] = {
    {"cycle_mul", "rounds are cosine_restarts(t_initial=..., cycle_mul=%s, like=timm)"},
    {"cycle_decay", "rounds are cosine_restarts(t_initial=..., cycle_decay=%s, like=timm)"},
    {"cycle_limit", "rounds are cosine_restarts(t_initial=..., cycle_limit=%s, like=timm)"},
    {0}};

const gradus_schedule_row gradus_schedule_cosine = {
    .member =
        {.name = "cosine",
         .summary = "falls along half a cosine wave",
         .formula = "to + (from - to) ((1 + cos(2 pi cycles (t / length)^k_decay)) / 2)^exponent",
         .paper = "Loshchilov, Hutter 2017, arXiv 1608.03983",
         .also = "annealing, cosine_annealing, cosine_decay, half_cosine, k_decay, CosineAnnealingLR, CosineDecay, "
                 "CosineLRScheduler, WarmupCosineLR, warmup_cosine_decay_schedule, cosine_decay_schedule",
         .arguments = arguments,
         .like = like,
         .refuses = refuses,
         .notes =
             "like=torch and like=hf rise again past the end, as those do. Keras computes its cosine in float32.\n"
             "DeepSpeed's first update has rate 0 and its ramp is one update late; its cosine is not.\n"
             "The noise of timm's schedulers is drawn once for every whole unit of the axis, an epoch or an update."},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING | GRADUS_NEEDS_LENGTH,
    .factor = factor};
