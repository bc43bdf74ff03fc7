/* normal: normally distributed, with a standard deviation of one's own. Biases are zero. */
#include "initial.h"

enum { DEVIATION };

static gradus_status fill(const gradus_value *values, const gradus_init_tensor *tensor, float *destination,
                          gradus_error *error)
{
    (void)error;
    if (!tensor->bias) gradus_init_spread(GRADUS_NORMAL, values[DEVIATION].number, tensor, destination);
    return GRADUS_OK;
}

static const gradus_argument arguments[] = {
    {.name = "deviation",
     .kind = GRADUS_NUMBER,
     .initial = "0.01",
     .low = 0,
     .high = 1e6,
     .help = "the standard deviation",
     .search = "loguniform(1e-3, 1)",
     .also = "std, stddev, sigma"},
    {.name = NULL},
};

const gradus_init_row gradus_init_normal = {
    .member = {.name = "normal",
               .summary = "normally distributed, with a standard deviation of one's own",
               .formula = "deviation N(0, 1); biases 0",
               .also = "gaussian, random_normal, normal_",
               .arguments = arguments},
    .abi = GRADUS_ABI,
    .fill = fill,
};
