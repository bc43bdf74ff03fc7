/* he: keeps the size of values from layer to layer under relu, which drops half of them. Biases are zero. */
#include <math.h>
#include "initial.h"

enum { DISTRIBUTION, MODE, GAIN };
enum { FAN_IN };

static gradus_status fill(const gradus_value *values, const gradus_init_tensor *tensor, float *destination,
                          gradus_error *error)
{
    (void)error;
    if (tensor->bias) return GRADUS_OK;
    const double fan = (double)(values[MODE].number == FAN_IN ? tensor->fan_in : tensor->fan_out);
    gradus_init_spread((gradus_distribution)values[DISTRIBUTION].number, values[GAIN].number * sqrt(2 / fan), tensor,
                       destination);
    return GRADUS_OK;
}

static const gradus_argument arguments[] = {
    GRADUS_DISTRIBUTION_ARGUMENT("normal"),
    {.name = "mode",
     .kind = GRADUS_WORD,
     .words = "fan_in|fan_out",
     .initial = "fan_in",
     .flags = GRADUS_NAMED,
     .help = "whether values keep their size forward, or gradients backward"},
    {.name = "gain",
     .kind = GRADUS_NUMBER,
     .initial = "1",
     .low = 0,
     .high = 1e6,
     .flags = GRADUS_NAMED,
     .help = "what the values are multiplied by"},
    {.name = NULL},
};

const gradus_init_row gradus_init_he = {
    .member = {.name = "he",
               .summary = "keeps the size of values from layer to layer under relu",
               .formula = "standard deviation gain sqrt(2 / fan), fan the inputs (or outputs) of a unit; biases 0",
               .paper = "He et al. 2015, Delving deep into rectifiers",
               .also = "kaiming, he_normal, he_uniform, kaiming_normal, kaiming_uniform, msra",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .fill = fill,
};
