/* Random initial values: pure functions of the seed and of the tensor's own stream of numbers. */
#include <math.h>
#include "initial.h"

void gradus_init_spread(gradus_distribution distribution, double deviation, const gradus_init_tensor *tensor,
                        float *destination)
{
    const double bound = sqrt(3.0) * deviation;
    for (int64_t i = 0; i < tensor->count; i++) {
        const uint64_t index = (uint64_t)i;
        destination[i] = (float)(distribution == GRADUS_NORMAL
                                     ? deviation * gradus_random_normal(tensor->seed, tensor->stream, index)
                                     : bound * (2 * gradus_random_unit(tensor->seed, tensor->stream, index) - 1));
    }
}
