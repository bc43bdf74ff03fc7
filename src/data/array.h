/* Arrays of numbers in files, whatever their header looks like: of any width, sign and order of bytes, rows or columns first. What is
 * too large for memory stays in its file, from which each example is fetched when it is asked for. */
#ifndef GRADUS_DATA_ARRAY_H
#define GRADUS_DATA_ARRAY_H
#include "set.h"

enum { GRADUS_ARRAY_RANK = 8 };

typedef enum gradus_array_kind { GRADUS_ARRAY_UNSIGNED, GRADUS_ARRAY_SIGNED, GRADUS_ARRAY_FLOAT } gradus_array_kind;

typedef struct gradus_array {
    gradus_source source;
    gradus_array_kind kind;
    int32_t bytes;   /* of a value: 1, 2, 4, 8 */
    bool big_endian; /* the first byte is worth most */
    bool columns;    /* the first index runs fastest (Fortran), not the last */
    bool truth;      /* bytes are 0 or 1 and mean themselves, not shares of 255 */
    int32_t rank;
    int64_t size[GRADUS_ARRAY_RANK];
    int64_t width; /* values of an example */
    size_t head;   /* bytes before the values */
} gradus_array;

/* Reads an array: the reader's own. */
typedef gradus_status gradus_array_read(gradus_array *array, void *user, const char *path, const char *noun,
                                        gradus_sha256 *sum, gradus_error *error);

/* Checks the sizes and sets the width; then that the values are all there. `noun`: what they are ("images"). */
gradus_status gradus_array_check(gradus_array *array, const char *noun, gradus_error *error);

double gradus_array_value(const gradus_array *array, int64_t example, int64_t k); /* not of a stream */
void gradus_array_stream(const gradus_array *array, int64_t example, float *values);

/* Hands the inputs over: bytes as they stand in the file, which the set keeps; other types as floats. */
gradus_status gradus_array_inputs(gradus_data *data, gradus_array *array, gradus_examples *examples,
                                  gradus_error *error);
/* n x h x w is one channel; n x c x h x w has them in front; n x k is a flat row. */
void gradus_array_shape(const gradus_array *array, int64_t shape[8]);
gradus_status gradus_array_same_shape(const gradus_array *array, const int64_t expected[8], const char *noun,
                                      gradus_error *error);

/* Of the training part and of the test; that without inputs: the test part comes out of training. */
typedef struct gradus_array_paths {
    const char *inputs[2], *labels[2][GRADUS_TARGETS];
    int32_t label_count;                     /* files of labels that belong to each file of inputs; 0: one */
    const char *label_names[GRADUS_TARGETS]; /* of several: as a model may call the outputs that tell them */
} gradus_array_paths;

/* A whole set from such files, read and divided; and its title. */
gradus_status gradus_array_open(gradus_reading *reading, const gradus_array_paths *paths, gradus_array_read *read,
                                void *user, const char *noun, gradus_error *error);
void gradus_array_title(gradus_reading *reading, const char *noun);
gradus_status gradus_array_open_inputs(const gradus_data *like, const char *path, gradus_array_read *read, void *user,
                                       const char *noun, gradus_data *data, gradus_error *error);

#endif
