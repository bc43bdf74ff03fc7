/* lecun: outputs as large as inputs, whatever the number of inputs. Biases are zero. */
#include <math.h>
#include "initial.h"

enum { DISTRIBUTION };

static gradus_status fill(const gradus_value *values, const gradus_init_tensor *tensor, float *destination,
                          gradus_error *error)
{
    (void)error;
    if (tensor->bias) return GRADUS_OK;
    gradus_init_spread((gradus_distribution)values[DISTRIBUTION].number, sqrt(1 / (double)tensor->fan_in), tensor,
                       destination);
    return GRADUS_OK;
}

static const gradus_argument arguments[] = {GRADUS_DISTRIBUTION_ARGUMENT("normal"), {.name = NULL}};

const gradus_init_row gradus_init_lecun = {
    .member = {.name = "lecun",
               .summary = "outputs as large as inputs, whatever the number of inputs",
               .formula = "standard deviation sqrt(1 / fan_in); biases 0",
               .paper = "LeCun et al. 1998, Efficient backprop",
               .also = "lecun_normal, lecun_uniform",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .fill = fill,
};
