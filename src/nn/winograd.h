/* Convolutions by Winograd's algorithm, which a back end may take in place of its own: kernels_winograd.h computes them. */
#ifndef GRADUS_NN_WINOGRAD_H
#define GRADUS_NN_WINOGRAD_H
#include "backend.h"

/* Whether the algorithm computes this convolution faster than a direct one that takes and gives blocks of channels and has its weights
 * in the order `weights`; *shape says what it is. By its shape alone: the same one on every run. */
bool gradus_winograd_suits(const gradus_convolution_config *config, gradus_form from, gradus_form to,
                           const char *weights, gradus_winograd *shape);
/* The convolution that takes the gradient of the output to that of the input. */
gradus_winograd gradus_winograd_mirrored(const gradus_winograd *shape);
#endif
