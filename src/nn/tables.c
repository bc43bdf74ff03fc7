/* The tables of the nets: layers, losses, balances of losses, initial values. A new member is one file and one line in a .def file. */
#include "net.h"

#define GRADUS_MEMBER(name) extern const gradus_layer_row gradus_layer_##name;
#include "layers.def"
#undef GRADUS_MEMBER
#define GRADUS_MEMBER(name) &gradus_layer_##name.member,
static const gradus_member *const layers[] = {
#include "layers.def"
    NULL};
#undef GRADUS_MEMBER

#define GRADUS_MEMBER(name) extern const gradus_loss_row gradus_loss_##name;
#include "losses.def"
#undef GRADUS_MEMBER
#define GRADUS_MEMBER(name) &gradus_loss_##name.member,
static const gradus_member *const losses[] = {
#include "losses.def"
    NULL};
#undef GRADUS_MEMBER

#define GRADUS_MEMBER(name) extern const gradus_balance_row gradus_balance_##name;
#include "balances.def"
#undef GRADUS_MEMBER
#define GRADUS_MEMBER(name) &gradus_balance_##name.member,
static const gradus_member *const balances[] = {
#include "balances.def"
    NULL};
#undef GRADUS_MEMBER

#define GRADUS_MEMBER(name) extern const gradus_init_row gradus_init_##name;
#include "inits.def"
#undef GRADUS_MEMBER
#define GRADUS_MEMBER(name) &gradus_init_##name.member,
static const gradus_member *const inits[] = {
#include "inits.def"
    NULL};
#undef GRADUS_MEMBER

static const gradus_argument names[] = {
    {.name = "name",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL | GRADUS_LABEL,
     .help = "what its tensors are called after, in place of its number; and what paths and tie= call it"},
    {.name = NULL},
};

const gradus_family gradus_model_family = {.name = "model",
                                           .noun = "layer",
                                           .summary = "the layers of a net, from the data to the outputs",
                                           .flags = GRADUS_CHAIN | GRADUS_REPEATS,
                                           .members = layers,
                                           .common = names};

static const gradus_argument of_output[] = {
    {.name = "output",
     .kind = GRADUS_TEXT,
     .flags = GRADUS_NAMED | GRADUS_OPTIONAL,
     .help = "which of the outputs that the model names it is of"},
    {.name = "weight",
     .kind = GRADUS_NUMBER,
     .initial = "1",
     .low = 0,
     .high = 1e9,
     .flags = GRADUS_NAMED,
     .help = "by what it is multiplied",
     .search = "loguniform(0.1, 10)",
     .also = "loss_weight, coefficient"},
    {.name = NULL},
};

const gradus_family gradus_loss_family = {
    .name = "loss", .summary = "what is wrong with the outputs, as one number", .members = losses, .common = of_output};

const gradus_family gradus_balance_family = {
    .name = "balance",
    .summary = "how the losses of several outputs are weighed while a net learns them",
    .members = balances};

const gradus_family gradus_init_family = {
    .name = "init", .noun = "initialisation", .summary = "what weights and biases begin with", .members = inits};
