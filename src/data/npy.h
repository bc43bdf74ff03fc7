/* The arrays of NumPy: one in a .npy file, several by name in a .npz archive. */
#ifndef GRADUS_DATA_NPY_H
#define GRADUS_DATA_NPY_H
#include "array.h"

/* Reads the header of array->source. */
gradus_status gradus_npy_head(gradus_array *array, gradus_error *error);

#endif
