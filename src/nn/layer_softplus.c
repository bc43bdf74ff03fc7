/* softplus: a relu with a round corner, above 0 everywhere: for outputs that must be positive. */
#include "net.h"
#include <math.h>

enum { BETA };

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    *(gradus_bend *)layer->state =
        (gradus_bend){.curve = GRADUS_SOFTPLUS, .parameter = (float)layer->item->values[BETA].number};
    return GRADUS_OK;
}

static const gradus_argument arguments[] = {
    {.name = "beta",
     .kind = GRADUS_NUMBER,
     .initial = "1",
     .low = 0,
     .high = INFINITY,
     .open = "(",
     .help = "how sharp the corner is"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_softplus = {
    .member = {.name = "softplus",
               .summary = "a relu with a round corner, above 0 everywhere",
               .formula = "y = log(1 + exp(beta x)) / beta",
               .paper = "Dugas, Bengio, Belisle, Nadeau, Garcia 2001, Incorporating second-order functional knowledge "
                        "for better option pricing",
               .also = "soft_plus, smooth_relu",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    GRADUS_BENDS,
};
