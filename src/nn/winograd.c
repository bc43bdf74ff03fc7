/* Which convolutions Winograd's algorithm computes, and the memory that it wants. */
#include "winograd.h"
#include <string.h>

/* The orders of weights that the kernels know, by lanes: blocks of filters, of channels, height, width, channel, filter. */
static bool knows(int64_t lanes, const char *weights)
{
    return (lanes == 16 && !strcmp(weights, "OIhw16i16o")) || (lanes == 8 && !strcmp(weights, "OIhw8i8o"));
}

/* By what was measured of both ways: a product takes 5 / 4 of one in a direct convolution, and to transform a point of a channel or a
 * filter takes as long as 10 of these. */
static bool pays(const gradus_winograd *shape)
{
    enum { MOST_WEIGHTS = 128 * 128 };
    const int64_t channels = shape->channels, filters = shape->filters,
                  own = gradus_winograd_points(shape) * (5 * channels * filters + 40 * (channels + filters)),
                  direct = shape->output[0] * shape->output[1] * shape->size * shape->size * channels * filters;
    return channels * filters <= MOST_WEIGHTS && gradus_winograd_tiles(shape) * own < 4 * direct;
}

bool gradus_winograd_suits(const gradus_convolution_config *config, gradus_form from, gradus_form to,
                           const char *weights, gradus_winograd *shape)
{
    if (!config->kernels || config->groups != 1 || !knows(config->kernels->lanes, weights)) return false;
    const int64_t lanes = config->kernels->lanes, size = config->size[0];
    if (from.width != lanes || to.width != lanes || config->channels % lanes || config->filters % lanes) return false;
    if ((size != 3 && size != 5) || config->size[1] != size) return false;
    *shape = (gradus_winograd){.channels = config->channels, .filters = config->filters, .size = size};
    for (int i = 0; i < 2; i++) {
        if (config->stride[i] != 1 || config->dilation[i] != 1 || config->before[i] >= size) return false;
        shape->input[i] = config->input[i];
        shape->output[i] = config->output[i];
        shape->before[i] = config->before[i];
    }
    return pays(shape);
}

gradus_winograd gradus_winograd_mirrored(const gradus_winograd *shape)
{
    gradus_winograd mirrored = {.channels = shape->filters, .filters = shape->channels, .size = shape->size};
    for (int i = 0; i < 2; i++) {
        mirrored.input[i] = shape->output[i];
        mirrored.output[i] = shape->input[i];
        mirrored.before[i] = shape->size - 1 - shape->before[i];
    }
    return mirrored;
}

/* Two windows and a row; then a panel's windows, its outputs, and the gradient of the weights: as kernels_winograd.h lays them out. */
int64_t gradus_winograd_room(const gradus_winograd *shape)
{
    enum { WIDEST = 16 };
    const int64_t most = gradus_winograd_panel(shape), points = gradus_winograd_points(shape),
                  turning = (points + shape->size * shape->size * WIDEST) * WIDEST,
                  running = 3 * points * WIDEST + points * (gradus_winograd_point(most * shape->channels) +
                                                            gradus_winograd_point(most * shape->filters) +
                                                            gradus_winograd_point(shape->channels * shape->filters));
    return turning > running ? turning : running;
}
