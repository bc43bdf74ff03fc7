/* pytorch: what torch.nn.Linear and Conv2d begin with, and what is used when nothing is said. Biases are drawn too. */
#include <math.h>
#include "initial.h"

/* kaiming_uniform_(weight, a=sqrt(5)) is uniform between -1 / sqrt(fan_in) and 1 / sqrt(fan_in), and so is the bias. */
static gradus_status fill(const gradus_value *values, const gradus_init_tensor *tensor, float *destination,
                          gradus_error *error)
{
    (void)values, (void)error;
    gradus_init_spread(GRADUS_UNIFORM_DISTRIBUTION, sqrt(1 / (3 * (double)tensor->fan_in)), tensor, destination);
    return GRADUS_OK;
}

const gradus_init_row gradus_init_pytorch = {
    .member = {.name = "pytorch",
               .summary = "as PyTorch's layers begin; what is used when nothing is said",
               .formula = "uniform between -1 / sqrt(fan_in) and 1 / sqrt(fan_in), biases too",
               .also = "torch, default",
               .arguments = gradus_no_arguments},
    .abi = GRADUS_ABI,
    .fill = fill,
};
