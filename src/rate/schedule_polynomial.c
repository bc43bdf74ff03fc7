/* polynomial: a power of what is left of the phase: power 1 is a straight line, 2 falls fast early, 0.5 fast at the end. With a power
 * of the time besides (k-decay: Zhang, Li 2020, arXiv 2004.05909) it stays up longer. */
#include "rate.h"

enum { POWER, TO, FROM, K_DECAY };

static double factor(const gradus_call *call, double t, double length)
{
    double p = rate_progress(t, length);
    if (call->number[K_DECAY] != 1) p = pow(p, call->number[K_DECAY]);
    double left = pow(1 - p, call->number[POWER]);
    return rate_between(call->number[TO], call->number[FROM], left);
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
                                            {0}};

static const gradus_like like[] = {
    {"torch", "PolynomialLR", "total_iters=length, power=power", "length=5"},
    {"optax", "polynomial_schedule",
     "init_value=from absolute, end_value=to absolute, power=power, transition_steps=length, transition_begin=begin",
     NULL},
    {"hf", "get_polynomial_decay_schedule_with_warmup",
     "num_warmup_steps=ramp, num_training_steps=length, lr_end=to absolute, power=power",
     "to=1e-7 absolute, ramp_clock=within"},
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
         .like = like},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING | GRADUS_NEEDS_LENGTH,
    .factor = factor};
