/* One picture: PNG or JPEG from memory, cut and scaled to a size, channels first. */
#ifndef GRADUS_DATA_PICTURE_H
#define GRADUS_DATA_PICTURE_H
#include "set.h"

enum { GRADUS_PICTURE_MOST = 16384, GRADUS_PICTURE_WHY = 120 }; /* longest side; length of a reason, with its 0 */

typedef struct gradus_picture_size {
    int32_t height, width, channels; /* 1: grey, 3: colour (red, green, blue) */
} gradus_picture_size;

/* Whether a name ends as pictures do that can be read: .png .jpg .jpeg */
bool gradus_picture_named(const char *name);

/* Size and channels, from the head of the file. False: `why` says what is wrong with it. */
bool gradus_picture_measure(const unsigned char *bytes, size_t size, gradus_picture_size *is,
                            char why[GRADUS_PICTURE_WHY]);

/* The picture as `as` asks for: scaled until it covers that size, the middle cut out; colour as luma where grey is asked for.
 * `pixels` takes channels x height x width bytes. Any threads at once. */
bool gradus_picture_read(const unsigned char *bytes, size_t size, const gradus_picture_size *as, unsigned char *pixels,
                         char why[GRADUS_PICTURE_WHY]);

/* A set of pictures in a folder or an archive; `test`: another one for the test, or NULL. */
gradus_status gradus_folder_read(gradus_reading *reading, const char *path, const char *test, gradus_error *error);

/* What `inputs` of a reader of pictures is: pictures of a file, a folder, an archive, brought to the set's size. */
gradus_status gradus_folder_inputs(const gradus_data *like, const char *path, gradus_data *data, gradus_error *error);

#endif
