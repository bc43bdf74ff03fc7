/* One example as a net is fed with it, from whatever it is kept in: bytes, floats, or a file that is too large to be held. */
#include <string.h>
#include "array.h"
#include "set.h"

/* A byte / 255, correctly rounded, without a division: 1/255 = 2^-8 + 2^-16 + 2^-24 + ..., and the first two terms times a byte are
 * exact in a float. */
static float pixel(unsigned char byte) { return (float)byte * 0x1.01p-8f + (float)byte * 0x1.010102p-24f; }

/* In blocks of a size that the compiler knows, so that it makes vectors of them. */
void gradus_pixels(const unsigned char *restrict bytes, size_t count, float *restrict values)
{
    enum { BLOCK = 16 };
    size_t k = 0;
    for (; k + BLOCK <= count; k += BLOCK)
        for (size_t i = 0; i < BLOCK; i++) values[k + i] = pixel(bytes[k + i]);
    for (; k < count; k++) values[k] = pixel(bytes[k]);
}

static void scale(const gradus_scaled *scaled, float *values)
{
    for (int64_t i = 0; i < scaled->count; i++)
        for (int64_t k = 0; k < scaled->each; k++, values++) *values = (*values - scaled->base[i]) * scaled->factor[i];
}

void gradus_example_copy(const gradus_examples *from, int64_t example, float *values)
{
    const size_t width = (size_t)from->width;
    if (from->stream)
        gradus_array_stream(from->stream, example, values);
    else if (from->bytes)
        gradus_pixels(from->bytes + (size_t)example * width, width, values);
    else
        memcpy(values, from->values + gradus_example_place(from, example), width * sizeof *values);
    if (from->scaled) scale(from->scaled, values);
}
