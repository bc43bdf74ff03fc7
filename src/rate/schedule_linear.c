/* linear: a straight line from one share of the rate to another, up or down. */
#include "rate.h"

enum { LENGTH, TO, FROM };

static double factor(const gradus_call *call, double t, double length)
{
    return rate_between(call->number[FROM], call->number[TO], rate_progress(t, length));
}

static const gradus_argument arguments[] = {{.name = "length",
                                             .kind = GRADUS_LENGTH,
                                             .high = INFINITY,
                                             .flags = GRADUS_OPTIONAL,
                                             .help = "how long it lasts; without it what is left of the run",
                                             .also = "total_iters, transition_steps"},
                                            {.name = "to",
                                             .kind = GRADUS_SHARE,
                                             .initial = "0",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "share of the rate at the end",
                                             .search = "choice(0, 1%, 10%)",
                                             .also = "end_factor, end_value, end"},
                                            {.name = "from",
                                             .kind = GRADUS_SHARE,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .flags = GRADUS_NAMED,
                                             .help = "share of the rate at the start",
                                             .also = "start_factor, init_value, start"},
                                            {0}};

static const gradus_like like[] = {
    {"torch", "LinearLR", "start_factor=from, end_factor=to, total_iters=length", "from=1/3, to=1, length=5"},
    {"optax", "linear_schedule",
     "init_value=from absolute, end_value=to absolute, transition_steps=length, transition_begin=begin", NULL},
    {"hf", "get_linear_schedule_with_warmup", "num_warmup_steps=ramp, num_training_steps=length", "ramp_clock=within"},
    {"deepspeed", "WarmupDecayLR",
     "total_num_steps=length, warmup_min_lr=least absolute, warmup_max_lr=peak absolute, warmup_num_steps=ramp, "
     "warmup_type=ramp_shape",
     "ramp=1000, ramp_shape=log, ramp_clock=within, ahead=-1"},
    {"pytorch_optimizer", "LinearScheduler",
     "t_max=length, max_lr=from absolute, min_lr=to absolute, init_lr=ramp_from absolute, warmup_steps=ramp",
     "ramp_clock=within"},
    {"llmc", "linear",
     "learning_rate=from absolute, warmup_iterations=ramp, train_num_batches=length, final_learning_rate_frac=to",
     "ramp_clock=within, ramp_ahead=1, past=error"},
    {0}};

const gradus_schedule_row gradus_schedule_linear = {
    .member =
        {.name = "linear",
         .summary = "a straight line from one share of the rate to another",
         .formula = "from + (to - from) t / length",
         .also = "LinearLR, linear_schedule, lerp, LinearScheduler, WarmupDecayLR, linear_schedule_with_warmup",
         .arguments = arguments,
         .like = like,
         .notes =
             "like=deepspeed: its first two updates both have warmup_min_lr, so that all comes an update late; where "
             "warmup_max_lr is left out, which is 0.001 there, the run's own rate stands.\n"
             "like=pytorch_optimizer: there the rate falls on below 0 after t_max; here it stays at min_lr."},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING | GRADUS_NEEDS_LENGTH,
    .factor = factor};
