/* A picture seen through a linear map: what rotate and affine do. */
#include "augment.h"
#include <math.h>

/* Between four pixels; what lies outside is 0. */
static float between(const float *values, int64_t height, int64_t width, double y, double x)
{
    const double top = floor(y), left = floor(x);
    const float down = (float)(y - top), right = (float)(x - left);
    float corner[2][2] = {{0}};
    if (!(top >= -1 && top < (double)height && left >= -1 && left < (double)width)) return 0;
    for (int64_t i = 0; i < 2; i++)
        for (int64_t k = 0; k < 2; k++) {
            const int64_t row = (int64_t)top + i, column = (int64_t)left + k;
            if (row >= 0 && row < height && column >= 0 && column < width) corner[i][k] = values[row * width + column];
        }
    const float above = corner[0][0] + right * (corner[0][1] - corner[0][0]);
    const float below = corner[1][0] + right * (corner[1][1] - corner[1][0]);
    return above + down * (below - above);
}

void gradus_augment_warp(const gradus_warp *warp, const int64_t shape[8], const float *values, float *into)
{
    const int64_t height = shape[1], width = shape[2];
    const double middle_y = (double)(height - 1) / 2, middle_x = (double)(width - 1) / 2;
    for (int64_t c = 0; c < shape[0]; c++, values += height * width)
        for (int64_t y = 0; y < height; y++)
            for (int64_t x = 0; x < width; x++) {
                const double dy = (double)y - middle_y, dx = (double)x - middle_x;
                *into++ = between(values, height, width, warp->yx * dx + warp->yy * dy + warp->y + middle_y,
                                  warp->xx * dx + warp->xy * dy + warp->x + middle_x);
            }
}
