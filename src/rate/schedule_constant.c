/* constant: one share of the rate throughout. What PyTorch calls ConstantLR is a lowered start instead: like=torch. */
#include "rate.h"

enum { AT };

static double factor(const gradus_call *call, double t, double length)
{
    (void)t, (void)length;
    return call->number[AT];
}

static const gradus_argument arguments[] = {{.name = "at",
                                             .kind = GRADUS_SHARE,
                                             .initial = "1",
                                             .high = INFINITY,
                                             .help = "share of the rate",
                                             .also = "value"},
                                            {0}};

static const gradus_like like[] = {
    {"torch", "ConstantLR", "factor=at, total_iters=length", "at=1/3, length=5, past=peak"},
    {"optax", "constant_schedule", "value=at absolute", NULL},
    {"optax", "warmup_constant_schedule", "init_value=ramp_from absolute, peak_value=at absolute, warmup_steps=ramp",
     NULL},
    {"hf", "get_constant_schedule_with_warmup", "num_warmup_steps=ramp", NULL},
    {"llmc", "constant", "learning_rate=at absolute", NULL},
    {0}};

const gradus_schedule_row gradus_schedule_constant = {
    .member = {.name = "constant",
               .summary = "the same rate throughout",
               .formula = "at",
               .also = "fixed, ConstantLR, constant_schedule, warmup_constant_schedule, constant_with_warmup",
               .arguments = arguments,
               .like = like},
    .abi = GRADUS_ABI,
    .promises = GRADUS_CONTINUOUS | GRADUS_FALLING | GRADUS_RISING,
    .factor = factor};
