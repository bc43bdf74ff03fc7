/* zeros: nothing at all; for the last layer of a branch that is to begin as if it were not there. */
#include "initial.h"

static gradus_status fill(const gradus_value *values, const gradus_init_tensor *tensor, float *destination,
                          gradus_error *error)
{
    (void)values, (void)tensor, (void)destination, (void)error; /* the memory comes zeroed */
    return GRADUS_OK;
}

const gradus_init_row gradus_init_zeros = {
    .member = {.name = "zeros",
               .summary = "all zero; for one layer, not for a whole net",
               .formula = "0",
               .also = "zero, constant",
               .arguments = gradus_no_arguments,
               .notes = "Units that begin alike stay alike: a net of zeros learns next to nothing."},
    .abi = GRADUS_ABI,
    .fill = fill,
};
