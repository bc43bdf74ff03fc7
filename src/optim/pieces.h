/* pieces.h - a span on its way through the first-level cache: some of its values, and kernels as they are called for them. For
 * optimizer_walk.c. */
#ifndef GRADUS_OPTIM_PIECES_H
#define GRADUS_OPTIM_PIECES_H
#include "optimizer.h"

typedef double summed[GRADUS_PARTS];

typedef struct piece { /* some values of a span, on their way through */
    const gradus_optimizer *optimizer;
    int64_t span;
    size_t first, count;            /* in the tensor */
    float *values;                  /* of its first value */
    const float *raw;               /* the gradient as it is */
    const float *gradient, *before; /* before NULL: not kept */
    float *state; /* of 8 bits, as float32, each slot `stride` after the one before; NULL: there is none */
    size_t stride;
    summed *parts; /* [gradus_plan_sum_count] */
} piece;

/* A kernel as it is called for piece after piece of a span: what does not depend on the piece is found once, since that
 * takes as long as a small piece does. */
typedef struct call {
    gradus_kernel *kernel;
    const float *number;
    gradus_span span;            /* of the piece at hand, with its layer's own state */
    float *state[GRADUS_SLOTS];  /* where that of the tensor's first value would lie; NULL: it has none */
    int64_t every[GRADUS_SLOTS]; /* values that share a number of it; 0: each piece's lies in the same place */
    int32_t slots;
    gradus_bytes bytes[GRADUS_SLOTS],
        here[GRADUS_SLOTS]; /* of the tensor's first value, of the piece's; code NULL: none */
    bool has_bytes;
    float joined[GRADUS_CONSTANTS]; /* of two layers */
} call;

/* For pieces of the span of `at`, with the layer's own state and its `sums`. */
void gradus_call_prepare(call *into, const piece *at, const gradus_layer *layer, double *sums);
/* The layer's state behind what is there. */
void gradus_call_add_state(call *into, const piece *at, const gradus_layer *layer);
/* The layer's state as it is kept in 8 bits, for a kernel that takes it so. */
void gradus_call_add_bytes(call *into, const piece *at, const gradus_layer *layer);
/* What is handed to the kernel for a piece. */
const gradus_span *gradus_call_span(call *of, const piece *at);
/* Where the numbers of a tensor's first values lie that passes see; NULL: nowhere, or in 8 bits. */
float *gradus_state_seen(const gradus_optimizer *optimizer, const gradus_layer *layer, int32_t slot, int32_t tensor);

#endif
