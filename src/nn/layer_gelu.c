/* gelu: a value times the probability that a normal number is below it. */
#include "net.h"

enum { APPROXIMATE };

static gradus_status infer(gradus_layer *layer, gradus_error *error)
{
    (void)error;
    *(gradus_bend *)layer->state =
        (gradus_bend){.curve = layer->item->values[APPROXIMATE].number != 0 ? GRADUS_GELU_TANH : GRADUS_GELU};
    return GRADUS_OK;
}

static const gradus_argument arguments[] = {
    {.name = "approximate",
     .kind = GRADUS_WORD,
     .initial = "none",
     .words = "none|tanh",
     .flags = GRADUS_NAMED,
     .help = "tanh: by a hyperbolic tangent, as GPT-2 has it, which is faster",
     .also = "approx"},
    {.name = NULL},
};

const gradus_layer_row gradus_layer_gelu = {
    .member = {.name = "gelu",
               .summary = "a value times the probability that a normal number is below it",
               .formula = "y = x (1 + erf(x / sqrt(2))) / 2",
               .paper = "Hendrycks, Gimpel 2016, Gaussian error linear units",
               .also = "gaussian_error_linear",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    GRADUS_BENDS,
};
