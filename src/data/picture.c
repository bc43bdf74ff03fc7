/* Decodes pictures by libpng and libjpeg-turbo and brings them to one size.
 *
 * Scaling is by a triangle as wide as one pixel of the coarser of the two grids: between the pixels where a picture grows, a weighted
 * mean of those that a new pixel covers where it shrinks. (Taking single pixels instead would show patterns that are not there.) */
#include "picture.h"
#include <math.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <turbojpeg.h>

static bool fail(char why[GRADUS_PICTURE_WHY], const char *what)
{
    snprintf(why, GRADUS_PICTURE_WHY, "%s", what);
    return false;
}

bool gradus_picture_named(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (strcasecmp(dot, ".png") == 0 || strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0);
}

static bool is_png(const unsigned char *bytes, size_t size)
{
    return size >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static bool is_jpeg(const unsigned char *bytes, size_t size)
{
    return size >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0;
}

static bool set_size(gradus_picture_size *is, int64_t height, int64_t width, int32_t channels,
                     char why[GRADUS_PICTURE_WHY])
{
    if (height > GRADUS_PICTURE_MOST || width > GRADUS_PICTURE_MOST) return fail(why, "it is larger than 16384 pixels");
    if (height < 1 || width < 1) return fail(why, "it has no pixels");
    *is = (gradus_picture_size){(int32_t)height, (int32_t)width, channels};
    return true;
}

/* ---- PNG ---- */

static bool png_open(png_image *image, const unsigned char *bytes, size_t size, gradus_picture_size *is,
                     char why[GRADUS_PICTURE_WHY])
{
    *image = (png_image){.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(image, bytes, size)) return fail(why, image->message);
    if (set_size(is, image->height, image->width, image->format & PNG_FORMAT_FLAG_COLOR ? 3 : 1, why)) return true;
    png_image_free(image);
    return false;
}

/* What is transparent is laid over white. */
static bool png_decode(png_image *image, int32_t channels, unsigned char *pixels, char why[GRADUS_PICTURE_WHY])
{
    const png_color white = {255, 255, 255};
    image->format = channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    const bool whole = png_image_finish_read(image, &white, pixels, 0, NULL) != 0;
    if (!whole) fail(why, image->message);
    png_image_free(image);
    return whole;
}

/* ---- JPEG ---- */

static bool jpeg_open(tjhandle *handle, const unsigned char *bytes, size_t size, gradus_picture_size *is,
                      char why[GRADUS_PICTURE_WHY])
{
    int width, height, sampling, colours;
    *handle = tjInitDecompress();
    if (!*handle) return fail(why, "out of memory");
    if (tjDecompressHeader3(*handle, bytes, (unsigned long)size, &width, &height, &sampling, &colours) == 0 &&
        set_size(is, height, width, colours == TJCS_GRAY ? 1 : 3, why))
        return true;
    if (!*why) fail(why, tjGetErrorStr2(*handle));
    tjDestroy(*handle);
    return false;
}

/* The decoder gives an eighth, a quarter or half of a picture at once, for a fraction of the work: the smallest that still covers
 * what is asked for. */
static void jpeg_shrink(gradus_picture_size *is, const gradus_picture_size *as)
{
    for (int32_t by = 8; by > 1; by /= 2) {
        const int32_t height = (is->height + by - 1) / by, width = (is->width + by - 1) / by;
        if (height < as->height || width < as->width) continue;
        is->height = height, is->width = width;
        return;
    }
}

static bool jpeg_decode(tjhandle handle, const unsigned char *bytes, size_t size, const gradus_picture_size *is,
                        int32_t channels, unsigned char *pixels, char why[GRADUS_PICTURE_WHY])
{
    const bool whole = tjDecompress2(handle, bytes, (unsigned long)size, pixels, is->width, 0, is->height,
                                     channels == 3 ? TJPF_RGB : TJPF_GRAY, TJFLAG_ACCURATEDCT) == 0;
    if (!whole) fail(why, tjGetErrorStr2(handle));
    tjDestroy(handle);
    return whole;
}

bool gradus_picture_measure(const unsigned char *bytes, size_t size, gradus_picture_size *is,
                            char why[GRADUS_PICTURE_WHY])
{
    why[0] = 0;
    if (is_png(bytes, size)) {
        png_image image;
        if (!png_open(&image, bytes, size, is, why)) return false;
        png_image_free(&image);
        return true;
    }
    if (is_jpeg(bytes, size)) {
        tjhandle handle;
        if (!jpeg_open(&handle, bytes, size, is, why)) return false;
        tjDestroy(handle);
        return true;
    }
    return fail(why, "it is neither PNG nor JPEG");
}

/* ---- to one size ---- */

/* Which pixels of a line of `from` make pixel `i` of one of `to`, after scaling by `scale` and cutting out the middle. */
static void reach(int32_t from, int32_t to, double scale, int32_t i, int32_t *first, int32_t *last, double *centre,
                  double *radius)
{
    *radius = scale < 1 ? 1 / scale : 1;
    *centre = ((double)i + 0.5 - (double)to / 2) / scale + (double)from / 2 - 0.5;
    *first = (int32_t)ceil(*centre - *radius), *last = (int32_t)floor(*centre + *radius);
    if (*first < 0) *first = 0;
    if (*last > from - 1) *last = from - 1;
}

/* Scales `lines` lines; the pixels of a line stand `step` apart, lines `stride` (in both the same way: rows, then columns). */
static void scale_lines(const float *from, int32_t length, int32_t step, float *to, int32_t wanted, int32_t wanted_step,
                        int32_t lines, int32_t stride, int32_t wanted_stride, double scale)
{
    for (int32_t i = 0; i < wanted; i++) {
        int32_t first, last;
        double centre, radius, sum = 0;
        reach(length, wanted, scale, i, &first, &last, &centre, &radius);
        for (int32_t k = first; k <= last; k++) sum += 1 - fabs(k - centre) / radius;
        for (int32_t line = 0; line < lines; line++) to[line * wanted_stride + i * wanted_step] = 0;
        for (int32_t k = first; k <= last; k++) {
            const float weight = (float)((1 - fabs(k - centre) / radius) / sum);
            for (int32_t line = 0; line < lines; line++)
                to[line * wanted_stride + i * wanted_step] += weight * from[line * stride + k * step];
        }
    }
}

/* One channel: `whole` has pixels `step` apart. */
static bool scale_channel(const unsigned char *whole, int32_t step, const gradus_picture_size *is,
                          const gradus_picture_size *as, unsigned char *pixels)
{
    const double across = (double)as->width / is->width, down = (double)as->height / is->height;
    const double scale = across > down ? across : down;
    const size_t all = (size_t)is->height * (size_t)is->width, half = (size_t)is->height * (size_t)as->width;
    float *values = malloc((all + half + (size_t)as->height * (size_t)as->width) * sizeof *values);
    if (!values) return false;
    float *narrowed = values + all, *scaled = narrowed + half;
    for (size_t i = 0; i < all; i++) values[i] = whole[i * (size_t)step];
    scale_lines(values, is->width, 1, narrowed, as->width, 1, is->height, is->width, as->width, scale);
    scale_lines(narrowed, is->height, as->width, scaled, as->height, as->width, as->width, 1, 1, scale);
    for (int32_t i = 0; i < as->height * as->width; i++) pixels[i] = (unsigned char)(scaled[i] + 0.5f);
    free(values);
    return true;
}

static bool bring_to_size(const unsigned char *whole, const gradus_picture_size *is, const gradus_picture_size *as,
                          unsigned char *pixels)
{
    const int32_t each = as->height * as->width, channels = as->channels;
    for (int32_t c = 0; c < channels; c++) {
        if (is->height != as->height || is->width != as->width) {
            if (!scale_channel(whole + c, channels, is, as, pixels + (size_t)c * (size_t)each)) return false;
            continue;
        }
        for (int32_t i = 0; i < each; i++) pixels[c * each + i] = whole[i * channels + c];
    }
    return true;
}

bool gradus_picture_read(const unsigned char *bytes, size_t size, const gradus_picture_size *as, unsigned char *pixels,
                         char why[GRADUS_PICTURE_WHY])
{
    gradus_picture_size is;
    png_image image;
    tjhandle handle = NULL;
    why[0] = 0;
    const bool png = is_png(bytes, size);
    if (!png && !is_jpeg(bytes, size)) return fail(why, "it is neither PNG nor JPEG");
    if (!(png ? png_open(&image, bytes, size, &is, why) : jpeg_open(&handle, bytes, size, &is, why))) return false;
    if (!png) jpeg_shrink(&is, as);
    unsigned char *whole = malloc((size_t)is.height * (size_t)is.width * (size_t)as->channels);
    if (!whole) {
        if (png) png_image_free(&image);
        if (!png) tjDestroy(handle);
        return fail(why, "out of memory");
    }
    bool done = png ? png_decode(&image, as->channels, whole, why)
                    : jpeg_decode(handle, bytes, size, &is, as->channels, whole, why);
    if (done && !bring_to_size(whole, &is, as, pixels)) done = fail(why, "out of memory");
    free(whole);
    return done;
}
