/* xavier: keeps values forward and gradients backward at one size, as far as both can be had. Biases are zero. */
#include <math.h>
#include "initial.h"

enum { DISTRIBUTION, GAIN };

static gradus_status fill(const gradus_value *values, const gradus_init_tensor *tensor, float *destination,
                          gradus_error *error)
{
    (void)error;
    if (tensor->bias) return GRADUS_OK;
    gradus_init_spread((gradus_distribution)values[DISTRIBUTION].number,
                       values[GAIN].number * sqrt(2 / (double)(tensor->fan_in + tensor->fan_out)), tensor, destination);
    return GRADUS_OK;
}

static const gradus_argument arguments[] = {
    GRADUS_DISTRIBUTION_ARGUMENT("uniform"),
    {.name = "gain",
     .kind = GRADUS_NUMBER,
     .initial = "1",
     .low = 0,
     .high = 1e6,
     .flags = GRADUS_NAMED,
     .help = "what the values are multiplied by"},
    {.name = NULL},
};

const gradus_init_row gradus_init_xavier = {
    .member = {.name = "xavier",
               .summary = "keeps values forward and gradients backward at one size, for tanh and its like",
               .formula = "standard deviation gain sqrt(2 / (fan_in + fan_out)); biases 0",
               .paper =
                   "Glorot, Bengio 2010, Understanding the difficulty of training deep feedforward neural networks",
               .also = "glorot, glorot_uniform, glorot_normal, xavier_uniform, xavier_normal",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .fill = fill,
};
