/* sum: a loss for each output that the model names. It computes nothing itself: the net runs its parts. */
#include "loss.h"

static const gradus_argument arguments[] = {
    {.name = "losses",
     .kind = GRADUS_PIPELINE,
     .family = "loss",
     .flags = GRADUS_MANY,
     .help = "the losses, each with the output=NAME that it is of; one without is of every output that has none"},
    {.name = "balance",
     .kind = GRADUS_PIPELINE,
     .family = "balance",
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "how they are weighed against each other while the net learns; without it by their weight alone",
     .also = "weighting, balancing, loss_weights"},
    {.name = NULL},
};

const gradus_loss_row gradus_loss_sum = {
    .member = {.name = "sum",
               .summary = "a loss for each output that the model names, and how they are balanced",
               .formula = "sum(weight L(output, target))",
               .also = "multi_task, multitask, add, total",
               .arguments = arguments,
               .example = "sum(cross_entropy(output=digit), huber(output=angle, weight=0.3), balance=uncertainty)",
               .notes = "The model ends in outputs(digit=..., angle=...). What is reported as loss is the sum with the "
                        "weights as they are written, whatever the balance makes of them."},
    .abi = GRADUS_ABI,
    .targets = 1 << GRADUS_TARGET_CLASS | 1 << GRADUS_TARGET_NUMBERS,
};
