/* IDX files: arrays of numbers behind a big-endian header; MNIST and the sets made after it come so. */
#ifndef GRADUS_DATA_IDX_H
#define GRADUS_DATA_IDX_H
#include "array.h"

gradus_status gradus_idx_open(gradus_reading *reading, const gradus_array_paths *paths, const char *noun,
                              gradus_error *error);
gradus_status gradus_idx_inputs(const gradus_data *like, const char *path, gradus_data *data, gradus_error *error);

/* The open function of a known set of four IDX files. */
gradus_status gradus_idx_open_known(gradus_reading *reading, gradus_error *error);

#endif
