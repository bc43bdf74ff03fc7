/* What a back end computes for the nets: matrix products and convolutions. backend_*.c fills this in; nothing of the library
 * behind it shows here, so that another one can stand beside it. */
#ifndef GRADUS_NN_BACKEND_H
#define GRADUS_NN_BACKEND_H
#include "kernels.h"

typedef struct gradus_backend gradus_backend;
typedef struct gradus_convolution gradus_convolution;

/* Up to `threads` pieces of a batch may be computed at once, each by a worker of its own, from 0. */
gradus_backend *gradus_backend_create(int32_t threads, gradus_error *error);
void gradus_backend_destroy(gradus_backend *backend);

/* Bytes that convolutions have beside their weights: these again, as their passes need them, and scratch memory for each worker. It grows as
 * they get ready. */
int64_t gradus_backend_memory(const gradus_backend *backend);

/* Threads that the calling thread gives to what it computes from here on; returns what it was. */
int32_t gradus_backend_set_threads(int32_t threads);
/* Which of them runs this; 0 outside of what gradus_parallel runs. */
int32_t gradus_backend_worker(void);

/* Whether products are shared among the caller's threads from here on, as they are at first, or are one thread's work each, because
 * several threads multiply at once. Not while others run. */
void gradus_backend_share(gradus_backend *backend, bool share);

/* Uses the threads of the caller; the bits do not depend on how many they are. */
void gradus_backend_multiply(gradus_backend *backend, const gradus_product *shape, const float *a, const float *b,
                             float *c);

/* Whether anything has failed since this was last asked: products and convolutions report here, once a batch is done. */
bool gradus_backend_failed(gradus_backend *backend);

typedef struct gradus_convolution_config { /* heights, then widths */
    int64_t channels, filters;
    int64_t groups; /* of channels, each with its share of the filters */
    int64_t input[2], output[2], size[2], stride[2];
    int64_t dilation[2];           /* pixels from one value of a filter to the next */
    int64_t before[2], after[2];   /* padding before the first pixel and after the last */
    bool bias, input_gradient;     /* whether there are such */
    int64_t most;                  /* examples that are computed at once, at most */
    const gradus_kernels *kernels; /* that it may take in place of the library's; NULL: none */
    const gradus_convolution
        *like; /* weights are to lie as those of this one do, which have the same shape; NULL: as is best */
} gradus_convolution_config;

/* Takes its input as `from` says; says in `to` how its output lies. */
gradus_convolution *gradus_convolution_create(gradus_backend *backend, const gradus_convolution_config *config,
                                              gradus_form from, gradus_form *to, gradus_error *error);
void gradus_convolution_destroy(gradus_convolution *convolution);

/* Whether the library has nothing but its reference code for some of it: in plain order it might have more. */
bool gradus_convolution_is_slow(const gradus_convolution *convolution);
int64_t
gradus_convolution_weights(const gradus_convolution *convolution); /* how many values the weights take in memory */
const char *gradus_convolution_layout(const gradus_convolution *convolution); /* a word for their order */
/* Weights to and from filters x channels of a group x height x width; false: the library refused, for want of memory. */
bool gradus_convolution_read(const gradus_convolution *convolution, const float *weights, float *plain);
bool gradus_convolution_write(const gradus_convolution *convolution, const float *plain, float *weights);

/* Must come before the first run with so many examples; not while others run. */
gradus_status gradus_convolution_ready(gradus_convolution *convolution, int64_t count, gradus_error *error);
/* The weights as the passes need them, `backward` those of the gradients too; once for each value that they take. */
void gradus_convolution_turn(gradus_convolution *convolution, const float *weights, bool backward);

/* On the calling thread, as worker `worker`. */
void gradus_convolution_forward(const gradus_convolution *convolution, int32_t worker, int64_t count,
                                const float *input, const float *weights, const float *bias, float *output);
void gradus_convolution_backward_input(const gradus_convolution *convolution, int32_t worker, int64_t count,
                                       const float *weights, const float *output_gradient, float *input_gradient);
void gradus_convolution_backward_weights(const gradus_convolution *convolution, int32_t worker, int64_t count,
                                         const float *input, const float *output_gradient, float *weights_gradient,
                                         float *bias_gradient);
#endif
